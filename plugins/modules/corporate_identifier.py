#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.corporate_identifier. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: corporate_identifier
short_description: Tell Intune which Windows devices are the company's
version_added: 0.1.0
description:
  - Uploads corporate identifiers of Windows devices (manufacturer, model and serial number) to Intune, reports them,
    and removes them, many devices in one task.
  - As soon as the tenant has one such identifier, Intune counts every Windows device that a user enrolls as personal,
    unless it is listed or is corporate for another reason (Windows Autopilot, device association, a provisioning
    package, group policy, co-management, an enrollment manager). Where personal devices are blocked, such an enrollment
    then fails. The task warns before the first identifier.
  - Identifiers count when a device enrolls. They do not make a personal device corporate that is enrolled already.
  - Manufacturer, model and serial number must be exactly as the firmware says them, because Intune compares them.
  - Rows that Intune would refuse are left out and named before anything is sent, and the task fails in the end. These
    are rows with an empty or a very long value, a comma, or a placeholder serial number such as C(Default string). An
    empty value in O(devices) is refused like in every option.
  - If Intune refuses many rows because of one, the task sends smaller parts until it knows which row it is.
  - An upload that gets no answer is not repeated. The task reads the list again to see whether it arrived.
options:
  devices:
    description: The devices. Either this or O(src) is needed.
    type: list
    elements: dict
    suboptions:
      manufacturer:
        description: The manufacturer, as the firmware says it.
        type: str
        required: true
      model:
        description: The model, as the firmware says it.
        type: str
        required: true
      serial_number:
        description: The serial number, as the firmware says it.
        type: str
        required: true
  src:
    description:
      - A CSV file on the controller, as the portal takes it, with a manufacturer, a model and a serial number in each
        line, and without a header, or as a spreadsheet exports it, with commas, semicolons or tabs.
      - A line of headings is skipped, with a warning. If headings name the three columns, these may be in any order and
        among others.
      - A file with more than 5,000 rows or 5 MB is refused.
    type: path
  periods:
    description:
      - What to do with periods in the values, which Microsoft says to remove.
      - V(remove) removes them, and a warning names the rows. V(keep) sends them as they are, but leaves out a row with
        a period at the end of a value, which Intune would refuse.
    type: str
    choices: [remove, keep]
    default: remove
  state:
    description:
      - V(present) uploads the identifiers that the tenant does not have.
      - V(absent) removes them. Devices that are enrolled keep their ownership.
    type: str
    choices: [present, absent]
    default: present
  max_deletions:
    description:
      - The maximum number of identifiers that the task may remove. With more it fails before the first.
    type: int
    default: 5
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
  - winops.entra.tenant
  - winops.entra.approval
notes:
  - The permissions, application or delegated, are C(DeviceManagementServiceConfig.Read.All) to read (check mode) and
    C(DeviceManagementServiceConfig.ReadWrite.All) to change.
  - The identifiers are in Graph's beta only.
seealso:
  - module: winops.entra.device_association
  - module: winops.entra.readiness_info
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Upload the identifiers of a delivery
  winops.entra.corporate_identifier:
    src: /srv/rollout/delivery.csv

- name: The devices of the inventory are the company's
  winops.entra.corporate_identifier:
    devices:
      - {manufacturer: LENOVO, model: 21FV0012GE, serial_number: PF3K9Z1A}
      - {manufacturer: Microsoft Corporation, model: Surface Laptop 6, serial_number: "0F33V4T22513JH"}

- name: This device is sold
  winops.entra.corporate_identifier:
    devices:
      - {manufacturer: LENOVO, model: 21FV0012GE, serial_number: PF3K9Z1A}
    state: absent
"""

RETURN = r"""
identifiers:
  description: Each device that was given, in the order in which it was given.
  returned: when the devices could be read
  type: list
  elements: dict
  contains:
    line:
      description: Its line in O(src), or its number in O(devices).
      type: int
    identifier:
      description: What Intune has or would have, C(manufacturer,model,serial number), null if the row was left out.
      type: str
    id:
      description: The id of the identifier, null if the tenant does not have it.
      type: str
    state:
      description: V(present) or V(absent), in check mode what it would be, or V(unknown) if nobody could look.
      type: str
    enrollment_state:
      description: What Intune says about a device with this identifier, such as V(enrolled), otherwise null.
      type: str
    outcome:
      description:
        - V(changed), V(unchanged), V(failed), V(unknown) (there was no answer, so it is not known whether the change
          arrived) or V(skipped) (not tried, C(problem) or C(error) says why).
      type: str
    problem:
      description: Why the row was left out, otherwise null.
      type: str
    error:
      description: Why it was not done, otherwise null. The fields are those of RV(error) and C(msg), one sentence.
      type: dict
      contains:
        msg:
          description: The failure in one sentence.
          type: str
total:
  description: How many identifiers of Windows devices the tenant has, in check mode would have.
  returned: when the devices could be read
  type: int
  sample: 250
tenant:
  description:
    - The tenant that the task works on and who signs in there, and where each was said. None of it is secret.
    - C(tenant_id_from) and C(client_id_from) are C(option), C(task_environment) (the keyword C(environment) of the
      task, its block, role or play), C(controller_environment) (the environment that Ansible runs in), or
      C(access_token) for an id that only the token says, as with the Azure CLI. An id that nobody says is null.
  returned: when the options to sign in are not refused
  type: dict
  sample:
    auth: client_secret
    tenant_id: d10f84e2-ba05-45c0-90b7-994f1fafa537
    tenant_id_from: task_environment
    client_id: 0c1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8
    client_id_from: controller_environment
changes:
  description: What was changed, or in check mode would be changed, each with C(what), C(before) and C(after).
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
  description:
    - Why the task has failed. C(side) is tenant, network or controller. C(cause) and C(fix) say what is known about it.
    - C(permissions) are those that the tenant has not granted, if that is known.
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
    "devices": {
        "type": "list",
        "elements": "dict",
        "options": {
            "manufacturer": {"type": "str", "required": True},
            "model": {"type": "str", "required": True},
            "serial_number": {"type": "str", "required": True},
        },
    },
    "src": {"type": "path"},
    "periods": {"type": "str", "choices": ["remove", "keep"], "default": "remove"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "max_deletions": {"type": "int", "default": 5, "least": 0},
}
CONSTRAINTS = {
    "mutually_exclusive": [["devices", "src"]],
    "required_one_of": [["devices", "src"]],
}
