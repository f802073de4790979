#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.device_link_info. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: device_link_info
short_description: Read the DeviceLink of a running device for Windows Autopilot device association
version_added: 0.1.0
description:
  - Reads the DeviceLink of a running Windows device, which M(winops.entra.device_association) imports. The DeviceLink
    is a text that the device signs with a key of its TPM. It is not a secret that opens anything, but it identifies the
    device, so keep it as you would keep a hardware hash.
  - First it checks whether the device can be associated at all, and reports for each check what was found, what was
    expected, why it matters and what to do. On a device that cannot be associated nothing is read.
  - Then C(MdmDiagnosticsTool.exe -area Autopilot) runs as SYSTEM, in a scheduled task that is removed afterwards, and
    writes its cabinet into a directory that is removed as well. The DeviceLink is in a CSV file of the cabinet. This
    takes a minute or two.
  - The DeviceLink must name the serial number and the SMBIOS UUID of the device. One that does not is not returned.
  - This module is experimental. What Windows writes into the cabinet is not documented.
options:
  fail_on:
    default: [fail]
  timeout:
    description: Seconds within which C(MdmDiagnosticsTool.exe) must end.
    type: int
    default: 300
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.device
  - winops.entra.findings
  - winops.entra.waiting
attributes:
  check_mode:
    details: The checks are made, and no DeviceLink is read, because that starts a task.
    support: partial
  diff_mode:
    details: It changes nothing.
    support: none
notes:
  - Connect with an account that is an administrator.
  - Whether a tenant's mark is in the firmware (an UEFI variable of the namespace
    C({B3DE75DA-819C-4FD5-9F01-C3D49E8CBBD7})) is not read, because Windows gives such variables only to compiled code.
    RV(association_hints) are what the registry has instead. M(winops.entra.device_association) reports what the tenant
    knows about it.
seealso:
  - module: winops.entra.device_association
  - module: winops.entra.corporate_identifier
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Read the DeviceLink
  winops.entra.device_link_info:
  register: link

- name: Read it where the device can be associated, and go on with the other devices
  winops.entra.device_link_info:
    fail_on: []
  register: link
"""

RETURN = r"""
device_link:
  description:
    - What M(winops.entra.device_association) takes as one of its O(winops.entra.device_association#module:devices).
    - Null if the device cannot be associated, if the DeviceLink could not be read, and in check mode. RV(findings) say
      why.
  returned: once the device's state has been read
  type: dict
  contains:
    serial_number:
      description: The serial number that the DeviceLink names.
      type: str
    smbios_uuid:
      description: The SMBIOS UUID that it names.
      type: str
    device_link:
      description: The DeviceLink, in base64.
      type: str
identifier:
  description:
    - What M(winops.entra.corporate_identifier) takes as one of its
      O(winops.entra.corporate_identifier#module:devices), as the firmware says it. Values that could not be read are
      null.
  returned: once the device's state has been read
  type: dict
  contains:
    manufacturer:
      description: The manufacturer.
      type: str
    model:
      description: The model.
      type: str
    serial_number:
      description: The serial number.
      type: str
link_id:
  description: The id by which the service knows this DeviceLink, null without one.
  returned: once the device's state has been read
  type: str
firmware_mark:
  description: Whether the mark of a tenant is in the firmware. Always null, because it is not read.
  returned: once the device's state has been read
  type: bool
association_hints:
  description:
    - The ids of the tenants of which the association service has told Windows that the device is theirs, as the
      registry names them. Such a hint comes before the mark in the firmware, stays when the mark has been cleared, and
      is gone after a reset or a new installation, which leave the mark.
    - An empty text stands for a hint without the id of a tenant. Null if the registry could not be read.
  returned: once the device's state has been read
  type: list
  elements: str
  sample: [11111111-2222-3333-4444-555555555555]
findings:
  description:
    - One for each check, in a fixed order.
    - C(result) is V(pass), V(warn) (it works, or may work), V(fail) (the device cannot be associated) or V(unknown) (it
      could not be read on the device).
  returned: once the device's state has been read
  type: list
  elements: dict
  contains:
    id:
      description:
        - The check. V(build) (Windows and its update), V(virtual_machine) (not one), V(tpm) (TPM 2.0),
          V(serial_number) (not a placeholder) or V(device_link) (it was read, and is of this device).
      type: str
    result:
      description: V(pass), V(warn), V(fail) or V(unknown).
      type: str
    subject:
      description: Always null. A check is about the device.
      type: str
    observed:
      description: What the device shows.
      type: str
    expected:
      description: What would be right.
      type: str
    cause:
      description: Why that matters, null on a pass.
      type: str
    fix:
      description: What to do, null on a pass.
      type: str
    side:
      description: Where the problem is, V(device) or V(network).
      type: str
    doc:
      description: Where to read more, otherwise null.
      type: str
    permissions:
      description: Always empty.
      type: list
      elements: str
    evidence:
      description: Always empty. C(observed) has everything.
      type: list
      elements: dict
  sample:
    - id: build
      result: fail
      subject: null
      observed: "26100.4061"
      expected: 26100.9278, 26200.9278, or later
      cause: this Windows cannot make a DeviceLink
      fix: install KB5120998 or a later update
      side: device
      doc: https://learn.microsoft.com/autopilot/device-preparation/device-association/requirements
      permissions: []
      evidence: []
summary:
  description: The number of findings for each result.
  returned: once the device's state has been read
  type: dict
  sample: {pass: 5, warn: 0, fail: 1, unknown: 0}
changes:
  description: Always empty. The module only reads.
  returned: always
  type: list
  elements: dict
  sample: []
error:
  description: The first finding that O(fail_on) names, with all of them in C(evidence).
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
  sample:
    code: null
    name: preflight_clock
    side: device
    cause: the device's clock is 200 days behind the controller's
    fix: correct the clock
    evidence:
      - id: clock
        result: fail
        subject: null
        observed: "-17280000.0 s"
        expected: within 300 s of the controller
    request_id: null
    permissions: []
    doc: null
"""

ARGUMENT_SPEC = {
    "fail_on": {"type": "list", "elements": "str", "default": ["fail"]},
    "timeout": {"type": "int", "default": 300, "most": 540},
}
