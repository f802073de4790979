#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.first_contact. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: first_contact
short_description: Wait for a new Windows device that a provisioning package sets up, and verify it
version_added: 0.1.0
description:
  - Waits until a device that was set up from a stick (M(winops.entra.ppkg_media)) answers for the first time, and until
    it is what it should be. It has the expected name and serial number, the package is applied, and it is joined.
  - Use it in the play after the sticks have left the house. The devices are in the inventory, with the address that
    they will have. WinRM is off on a new Windows; a command of the package has to turn it on.
  - It ends early with what waiting cannot mend. That is a device with another serial number, a join to another tenant,
    a package that has failed for good, or a controller that cannot connect at all.
  - Nothing is changed on the device.
options:
  computer_name:
    description:
      - Pattern of the computer name that the device should have, as in the package, V(PC-%SERIAL%) or V(PC-%RAND:5%).
        Case does not matter. Without C(%SERIAL%) and C(%RAND:n%) it is the whole name.
      - Windows changes its name with a restart, so another name counts as not yet.
    type: str
  serial_number:
    description:
      - The serial number that the device should have. A device with another one ends the wait, because something else
        answers at this address.
    type: str
  tenant_id:
    description:
      - The tenant that the device should be joined to. A join to another one ends the wait.
      - With O(joined=false) it is refused.
    type: str
  joined:
    description: Whether to wait until the device is Entra joined.
    type: bool
    default: true
  package_id:
    description:
      - Id of the package that should be applied, a GUID, such as
        RV(winops.entra.ppkg_media#module:media[].package_id).
      - Until this package is there, a failed join is that of an earlier try, and does not end the wait.
    type: str
  timeout:
    description:
      - Seconds within which the device must answer and be as expected, at most a day. V(0) looks once.
      - The task holds one of Ansible's forks while it waits.
    type: int
    default: 3600
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.device
  - winops.entra.attributes.facts
  - winops.entra.fact_name
  - winops.entra.waiting
attributes:
  diff_mode:
    details: It changes nothing.
    support: none
notes:
  - A device that has not answered when the time is over is unreachable, and one that has answered and is not as
    expected has failed.
  - Credentials that the device refuses are tried three times, a minute apart, because a package may make the account
    after it has turned on WinRM. Then the wait ends, because more wrong passwords would lock the account.
seealso:
  - module: winops.entra.ppkg_media
  - module: winops.entra.device_facts
  - module: winops.entra.directory_device_info
  - module: ansible.builtin.wait_for_connection
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Wait for a device that was set up from a stick, and verify it
  winops.entra.first_contact:
    computer_name: PC-%SERIAL%
    serial_number: "{{ serial_number }}"
    tenant_id: "{{ entra_tenant_id }}"
    package_id: 4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111
    timeout: 7200

- name: Look once, without waiting
  winops.entra.first_contact:
    joined: false
    timeout: 0
"""

RETURN = r"""
ansible_facts:
  description:
    - The subsets C(join), C(mdm), C(packages) and C(os) of the device, as M(winops.entra.device_facts) returns them.
  returned: success
  type: dict
computer_name:
  description: The name of the device now.
  returned: when the device has answered
  type: str
  sample: PC-5CG1234XYZ
serial_number:
  description: The serial number of the firmware, null if it could not be read.
  returned: when the device has answered
  type: str
  sample: 5CG1234XYZ
findings:
  description:
    - One for each expectation, in the order C(serial_number), C(computer_name), C(package), C(join). Those that were
      not asked for are left out.
    - C(result) is V(pass), V(fail), or V(unknown) if it could not be read.
  returned: when the device has answered
  type: list
  elements: dict
  contains:
    id:
      description: The expectation.
      type: str
    result:
      description: V(pass), V(fail) or V(unknown).
      type: str
    subject:
      description: Always null. An expectation is about the device.
      type: str
    observed:
      description: What the device shows.
      type: str
    expected:
      description: What would be right.
      type: str
    cause:
      description: Why it is not so, null on a pass.
      type: str
    fix:
      description: What to do, null on a pass.
      type: str
    side:
      description: Where the problem is, always V(device).
      type: str
    doc:
      description: Always null.
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
    - id: package
      result: pass
      subject: null
      observed: Contoso join (4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111) is applied
      expected: 4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111
      cause: null
      fix: null
      side: device
      doc: null
      permissions: []
      evidence: []
waited:
  description: Seconds until the device was as expected, or the task has ended.
  returned: when the device has answered
  type: float
  sample: 812.4
connections_lost:
  description: How often the device could not be reached, or its connection broke.
  returned: when the device has answered
  type: int
  sample: 37
changes:
  description: Always empty. The module only reads.
  returned: always
  type: list
  elements: dict
  sample: []
error:
  description:
    - Why the task has failed. C(side) is device, network or controller. C(cause) and C(fix) say what is known about it.
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
    "computer_name": {"type": "str"},
    "serial_number": {"type": "str"},
    "tenant_id": {"type": "str", "holds": "guid"},
    "joined": {"type": "bool", "default": True},
    "package_id": {"type": "str", "holds": "guid"},
    "timeout": {"type": "int", "default": 3600, "least": 0, "most": 86400},
}
