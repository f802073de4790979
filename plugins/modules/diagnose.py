#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.diagnose. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: diagnose
short_description: Tell why a join, an MDM enrollment or a sign-in of a Windows device failed
version_added: 0.1.0
description:
  - Reads everything on a device that tells of a failed join to Microsoft Entra ID (formerly Azure AD join), a failed
    MDM enrollment or a failed sign-in, with one command on the device, and says what it comes down to.
  - Reads the event logs by their data fields (messages are localised), the results that the provisioning engine
    records in the registry, the diagnostic part of C(dsregcmd /status), and the state of the device.
  - One failure leaves many traces. Traces of the same failure become one finding, with the code that tells most;
    findings are ranked by weight.
  - M(winops.entra.join) explains its own failures in the same way.
  - Also works on a bundle that was saved earlier, without the device.
options:
  topics:
    description: What to look into.
    type: list
    elements: str
    choices: [join, mdm, sign_in]
    default: [join, mdm, sign_in]
  since:
    description:
      - Only events after this time count. It is a time on the device's own clock, with a time zone, like
        V(2026-11-21T08:00:00Z).
    type: str
  hours:
    description:
      - Only events of the last so many hours before now on the device's clock count. 72, unless O(since) is given.
    type: int
  tenant_id:
    description: Id of the tenant that the device ought to be joined to, a GUID. A join to another tenant is then a
      finding.
    type: str
  method:
    description: How the device was to be joined, as in M(winops.entra.join).
    type: str
    choices: [provisioning_package, azure_vm]
    default: provisioning_package
  limit:
    description: How many findings to return, the weightiest first.
    type: int
    default: 20
  src:
    description:
      - Path of a bundle on the controller. The device of the task is then not asked anything, and need not exist.
    type: path
  dest:
    description:
      - Where on the controller to save what the device has said, as a JSON bundle that only its owner can read. It is
        left alone where it says the same already, and not written in check mode.
      - Tokens, passwords and binary values are taken out. Names of people, machines and tenants stay in.
    type: path
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.device
notes:
  - Nothing is written on the device.
  - Run it as a local administrator with a full token. Without one, parts cannot be read; each such part is a warning.
seealso:
  - module: winops.entra.join
  - module: winops.entra.preflight
  - plugin: winops.entra.join_error
    plugin_type: filter
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Why is this device not joined?
  winops.entra.diagnose:
  register: why

- name: The short answer
  ansible.builtin.debug:
    var: why.summary

- name: Collect now, to look at it elsewhere
  winops.entra.diagnose:
    dest: "bundles/{{ inventory_hostname }}.json"

- name: Look at a bundle that somebody has sent
  winops.entra.diagnose:
    src: bundles/PC-0042.json
    hours: 720
"""

RETURN = r"""
findings:
  description:
    - What went wrong, the weightiest first.
    - C(weight) is 0 to 100. From 60 on it is a cause by the device's own words. Up to 20 it is over (the device has
      joined or enrolled since), or only might have been a cause.
    - C(what) failed is join, mdm, sign_in or device. C(code) is the most telling code, an AADSTS code before an
      HRESULT; null where the state of the device tells and no code.
    - C(side) says where the fix is, in the device, tenant, network or controller.
    - C(evidence) are the traces, newest first. C(device_utc) is on the device's clock; C(data) are an event's own
      fields; C(hresult_signed) is the form that event viewers and dsregcmd print; C(request_id) is what Microsoft's
      support asks for.
  returned: success
  type: list
  elements: dict
  sample:
    - weight: 90
      what: join
      code: AADSTS700082
      name: ExpiredOrRevokedGrantInactiveToken
      side: tenant
      cause: The bulk token has expired.
      fix: Make a new package.
      doc: null
      evidence:
        - log: Microsoft-Windows-User Device Registration/Admin
          event: 305
          device_utc: "2026-11-21T08:00:00.000Z"
          data: ["0xcaa20003", "AADSTS700082: The refresh token has expired due to inactivity.", Managed, common]
          hresult_hex: "0xcaa20003"
          hresult_signed: -895352829
          aadsts: AADSTS700082
          request_id: 4f0e9d0b-7a55-4f0e-9d0b-0a52f3a7c111
healthy:
  description: Whether nothing weighs more than 20.
  returned: success
  type: bool
  sample: false
summary:
  description: The first finding as one sentence.
  returned: success
  type: str
  sample: "join: The bulk token has expired. (AADSTS700082)"
omitted:
  description: How many findings O(limit) has left out.
  returned: success
  type: int
  sample: 0
since:
  description: The time on the device's clock before which events did not count.
  returned: success
  type: str
  sample: "2026-11-18T08:00:00.000Z"
device_utc:
  description: The device's clock when it was asked.
  returned: success
  type: str
  sample: "2026-11-21T08:00:00.000Z"
state:
  description: C(join) and C(mdm) as M(winops.entra.device_facts) returns them.
  returned: success
  type: dict
source:
  description: Whether V(device) or V(bundle) has told it.
  returned: success
  type: str
  sample: device
bundle:
  description: The host that the bundle is of, and the controller's time when it was collected.
  returned: with O(src)
  type: dict
  sample: {host: PC-0042, collected: "2026-11-21T08:00:00Z"}
dest:
  description: Where the bundle lies.
  returned: with O(dest)
  type: str
  sample: /home/ops/bundles/PC-0042.json
changes:
  description: The bundle that was written, or in check mode would be, with C(what), C(before) and C(after).
  returned: always
  type: list
  elements: dict
error:
  description: Why there is no diagnosis.
  returned: failure
  type: dict
"""

ARGUMENT_SPEC = {
    "topics": {
        "type": "list",
        "elements": "str",
        "choices": ["join", "mdm", "sign_in"],
        "default": ["join", "mdm", "sign_in"],
    },
    "since": {"type": "str"},
    "hours": {"type": "int"},
    "tenant_id": {"type": "str"},
    "method": {"type": "str", "choices": ["provisioning_package", "azure_vm"], "default": "provisioning_package"},
    "limit": {"type": "int", "default": 20},
    "src": {"type": "path"},
    "dest": {"type": "path"},
}
CONSTRAINTS = {"mutually_exclusive": [("since", "hours"), ("src", "dest")]}
