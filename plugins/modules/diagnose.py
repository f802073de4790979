#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.diagnose. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: diagnose
short_description: Find out why a join, an MDM enrollment or a sign-in of a Windows device failed
version_added: 0.1.0
description:
  - Reads everything on a device about a failed join to Microsoft Entra ID (formerly Azure AD join), a failed MDM
    enrollment or a failed sign-in, with one command on the device, and names the cause.
  - Reads the event logs by their data fields (messages are localised), the results that the provisioning engine
    records in the registry, the diagnostic part of C(dsregcmd /status), and the state of the device.
  - One failure leaves many traces. Traces of the same failure become one finding, with the most specific code. Findings
    are sorted by weight.
  - M(winops.entra.join) explains its own failures in the same way.
  - Also works on a bundle that was saved earlier, without the device.
options:
  topics:
    description: What to diagnose.
    type: list
    elements: str
    choices: [join, mdm, sign_in]
    default: [join, mdm, sign_in]
  since:
    description:
      - Only events after this time count. It is a time by the device's own clock, with a time zone, such as
        V(2026-11-21T08:00:00Z).
    type: str
  hours:
    description:
      - Only events of the last hours count, this many, by the device's clock. The default is 72, unless O(since) is
        given.
    type: int
  tenant_id:
    description: Id of the tenant that the device should be joined to, a GUID. A join to another tenant is then a
      finding.
    type: str
  method:
    description: How the device was joined, or should have been, as in M(winops.entra.join).
    type: str
    choices: [provisioning_package, azure_vm]
    default: provisioning_package
  fail_on:
    description:
      - Only results are accepted here, not ids, because every code of Windows may be an id.
  limit:
    description: How many findings to return, those with the highest weight first.
    type: int
    default: 20
  src:
    description:
      - Path of a bundle on the controller. The device of the task is then not asked, and need not exist.
      - A relative path begins at the current directory, as that of O(dest) does. What is not there is looked for as
        playbooks look for files.
      - If it is damaged or too large, the task fails with the error C(damaged_bundle).
    type: path
  dest:
    description:
      - Where on the controller to save the device's answers, as a JSON bundle that only its owner can read. The file is
        not written if it already has the same contents, or in check mode.
      - A relative path begins at the current directory.
      - A path that ends with a slash is a directory, in which the file is named after the device in the inventory. What
        cannot be part of a file name is spelled as in URLs (C(a%2Fb.json)).
      - A regular file or a new one. Another directory, a device file, a pipe, a link, and the bundle of another device
        are refused before the device is asked.
      - Tokens, passwords and binary values are removed. Names of people, devices and tenants stay in it.
    type: path
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.device
  - winops.entra.findings
  - winops.entra.recorded
notes:
  - Nothing is written on the device.
  - Run it as a local administrator with a full token. Without it some parts cannot be read; each of them causes a
    warning.
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
    var: why.conclusion

- name: Collect now, to diagnose elsewhere
  winops.entra.diagnose:
    dest: bundles/

- name: Diagnose from a bundle that somebody has sent
  winops.entra.diagnose:
    src: bundles/PC-0042.json
    hours: 720
"""

RETURN = r"""
findings:
  description:
    - What went wrong, the highest weight first. A healthy device has none.
  returned: once the device or the bundle has been read
  type: list
  elements: dict
  contains:
    id:
      description:
        - The name of the failure or of the failed check. V(unknown_code) if nobody knows the code that C(code) has.
        - U(https://github.com/winops/entra/blob/main/docs/errors.md) lists them.
      type: str
    result:
      description: V(fail), or V(warn) up to weight 20.
      type: str
    subject:
      description: What failed, V(join), V(mdm), V(sign_in) or V(device).
      type: str
    observed:
      description: Where its newest trace was seen, or what the check saw.
      type: str
    expected:
      description: What would be right, null if it does not come from a check.
      type: str
    cause:
      description: Why that matters, null on a pass.
      type: str
    fix:
      description: What to do, null on a pass.
      type: str
    side:
      description: Where the fix is, V(device), V(tenant), V(network) or V(controller).
      type: str
    doc:
      description: Where to read more, otherwise null.
      type: str
    permissions:
      description: Always empty.
      type: list
      elements: str
    evidence:
      description:
        - The traces, newest first, those without a code of their own at the end. C(device_utc) is by the device's
          clock. C(data) has the fields of an event. C(hresult_signed) is the form that event viewers and dsregcmd
          print. C(request_id) is what Microsoft's support asks for.
        - What a trace does not have is null.
      type: list
      elements: dict
      contains:
        log:
          description: The event log, the registry key or the check that it was read from.
          type: str
        event:
          description: The id of the event.
          type: int
        device_utc:
          description: When it was written.
          type: str
        data:
          description: The fields of the event, or what else was read.
          type: list
          elements: str
        hresult_hex:
          description: The HRESULT.
          type: str
        hresult_signed:
          description: The same as a signed number.
          type: int
        aadsts:
          description: The code of the sign-in.
          type: str
        request_id:
          description: The request at Entra.
          type: str
    code:
      description: The most specific code, an AADSTS code before an HRESULT. Null if the finding comes from the device's
        state.
      type: str
    weight:
      description:
        - How strong the finding is, 0 to 100. From 60 on, the device itself names the cause. Up to 20 it is a V(warn),
          because it is over (the device has joined or enrolled since) or only a possible cause.
      type: int
  sample:
    - id: ExpiredOrRevokedGrantInactiveToken
      result: fail
      subject: join
      observed: AADSTS700082 in Microsoft-Windows-User Device Registration/Admin, event 305
      expected: null
      cause: The bulk token has expired.
      fix: Make a new package.
      side: tenant
      doc: null
      permissions: []
      evidence:
        - log: Microsoft-Windows-User Device Registration/Admin
          event: 305
          device_utc: "2026-11-21T08:00:00.000Z"
          data: ["0xcaa20003", "AADSTS700082: The refresh token has expired due to inactivity.", Managed, common]
          hresult_hex: "0xcaa20003"
          hresult_signed: -895352829
          aadsts: AADSTS700082
          request_id: 4f0e9d0b-7a55-4f0e-9d0b-0a52f3a7c111
      code: AADSTS700082
      weight: 90
summary:
  description: The number of findings for each result.
  returned: once the device or the bundle has been read
  type: dict
  sample: {pass: 0, warn: 1, fail: 1, unknown: 0}
healthy:
  description: Whether there is no V(fail).
  returned: once the device or the bundle has been read
  type: bool
  sample: false
conclusion:
  description: The first finding as one sentence.
  returned: once the device or the bundle has been read
  type: str
  sample: "join: The bulk token has expired. (AADSTS700082)"
omitted:
  description: How many findings O(limit) has left out.
  returned: once the device or the bundle has been read
  type: int
  sample: 0
since:
  description: The time by the device's clock before which events did not count.
  returned: once the device or the bundle has been read
  type: str
  sample: "2026-11-18T08:00:00.000Z"
device_utc:
  description: The device's clock when it was asked.
  returned: once the device or the bundle has been read
  type: str
  sample: "2026-11-21T08:00:00.000Z"
state:
  description: C(join) and C(mdm) as M(winops.entra.device_facts) returns them.
  returned: once the device or the bundle has been read
  type: dict
  contains:
    join:
      description: The join, as M(winops.entra.device_facts) returns it.
      type: dict
    mdm:
      description: The MDM enrollment, as M(winops.entra.device_facts) returns it.
      type: dict
source:
  description: Where the answers come from, V(device) or V(bundle).
  returned: once the device or the bundle has been read
  type: str
  sample: device
bundle:
  description: The host of the bundle, and the controller's time when it was collected.
  returned: with O(src)
  type: dict
  sample: {host: PC-0042, collected: "2026-11-21T08:00:00Z"}
dest:
  description: Path of the bundle.
  returned: with O(dest)
  type: str
  sample: /home/ops/bundles/PC-0042.json
changes:
  description: The bundle that was written, or in check mode would be written, with C(what), C(before) and C(after).
  returned: always
  type: list
  elements: dict
  contains:
    what:
      description: What it is.
      type: str
    before:
      description: How it was, null if it was not there.
      type: raw
    after:
      description: How it is afterwards, null if it is gone.
      type: raw
error:
  description: Why there is no diagnosis, or the first finding that O(fail_on) names, with all of them in C(evidence).
  returned: failure
  type: dict
  contains:
    code:
      description: The code that the device or the tenant gave, such as an HRESULT, otherwise null.
      type: str
    name:
      description: A name for programs, which stays the same. All names are in the guide on errors (docs/errors.md).
      type: str
    side:
      description: Where to mend it, V(device), V(tenant), V(network) or V(controller).
      type: str
    cause:
      description: What is known about why.
      type: str
    fix:
      description: What to do.
      type: str
    evidence:
      description: What was read or answered, as texts or as dictionaries.
      type: list
      elements: raw
    request_id:
      description: What Microsoft's support asks for, null if no request of Microsoft Graph failed.
      type: str
    permissions:
      description: The permissions that are missing, as far as that is known.
      type: list
      elements: str
    doc:
      description: Where to read more, otherwise null.
      type: str
"""

ARGUMENT_SPEC = {
    "topics": {
        "type": "list",
        "elements": "str",
        "choices": ["join", "mdm", "sign_in"],
        "default": ["join", "mdm", "sign_in"],
    },
    "since": {"type": "str"},
    "hours": {"type": "int", "most": 87600},
    "tenant_id": {"type": "str", "holds": "guid"},
    "method": {"type": "str", "choices": ["provisioning_package", "azure_vm"], "default": "provisioning_package"},
    "limit": {"type": "int", "default": 20},
    "src": {"type": "path"},
    "dest": {"type": "path"},
}
CONSTRAINTS = {"mutually_exclusive": [("since", "hours"), ("src", "dest")]}
