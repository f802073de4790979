#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.autopilot_device. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: autopilot_device
short_description: Register devices with Windows Autopilot, assign users, group tags and names, or remove them
version_added: 0.1.0
description:
  - Registers many devices with Windows Autopilot in one task, from a list, from a CSV file, or from both. Of devices
    that are registered already it sets the group tag, the assigned user and the name, as far as they are given.
  - The tenant's registrations and the users to assign are read before anything is sent. A user must exist, be enabled,
    not be a guest, and have a service plan of Intune, because the service checks only the domain, and a mistyped user
    can lock the device out at its first start. A device with a bad user is left out.
  - Devices are imported in chunks of at most 100; the next chunk is sent when the one before is done. The task polls
    its own import receipts by their ids with growing pauses, shows the progress, and deletes the receipts.
  - Each device has an outcome of its own in RV(devices). A device that fails does not keep the others from being
    registered; the task fails in the end and names those that are not done.
  - A task that was cut off can be run again. Imports that are still open are found by serial number and hardware hash,
    and continued. An import whose answer was lost is looked up and is not sent a second time.
options:
  devices:
    description:
      - The devices. Each needs C(serial_number) or C(autopilot_id).
      - An entry that has the serial number of another one must not contradict it. Both have the outcome of that device.
    type: list
    elements: dict
    suboptions:
      serial_number:
        description:
          - The serial number of the firmware, as M(winops.entra.autopilot_hash) returns it. Upper and lower case, and
            spaces at the ends, make no difference.
          - Placeholders such as C(Default string), which many devices share, are refused without C(autopilot_id).
        type: str
      autopilot_id:
        description: The id of a registration. It selects exactly that one, whatever its serial number is.
        type: str
      hardware_hash:
        description:
          - The 4K hardware hash in base64, as M(winops.entra.autopilot_hash) returns it. A device that is not
            registered yet needs it. A registered device does not.
        type: str
      product_id:
        description: The Windows product id. Microsoft lets it be empty.
        type: str
      group_tag:
        description: The group tag, which rules of dynamic groups can use. If it is not given, it stays as it is.
        type: str
      assigned_user:
        description:
          - The user principal name of the user who will unpack the device. If it is not given, the assignment stays as
            it is.
        type: str
      addressable_user_name:
        description:
          - The name that greets the user. If it is not given, it stays as it is. A newly assigned user, or one who has
            no such name, is greeted by the display name of the account.
        type: str
      display_name:
        description: The name of the device in Windows Autopilot. If it is not given, it stays as it is.
        type: str
      clear:
        description:
          - What to remove from the registration. V(assigned_user) unassigns the user and the greeting.
          - An empty text does not do this, because an empty variable would unassign a whole list by mistake.
        type: list
        elements: str
        choices: [assigned_user, group_tag, display_name]
        default: []
  csv:
    description:
      - A CSV file on the controller with devices, such as Get-WindowsAutopilotInfo and M(winops.entra.autopilot_hash)
        write and the Intune admin center takes, in any usual encoding. An empty cell is a value that is not given. A
        warning names the columns that are not used.
      - A row that cannot be used is left out with its line in RV(devices), and the task continues with the others. A
        file without a line of column names is refused.
    type: path
  state:
    description:
      - V(present) registers the devices that are not registered yet, and sets what is given.
      - V(absent) unassigns their users and removes the registrations. Serial numbers or ids are enough. The task waits
        until they are not listed any more. A serial number that is not registered is not an error. Intune keeps the
        record of an enrolled device, and Microsoft Entra its object; M(winops.entra.device_removal) removes all three
        in the right order.
    type: str
    choices: [present, absent]
    default: present
  require_licence:
    description:
      - Whether a user must have a service plan of Intune to be assigned. Without one the device joins, but its
        enrollment fails.
    type: bool
    default: true
  max_deletions:
    description:
      - The maximum number of registrations that the task may remove. With more it fails before the first.
    type: int
    default: 5
  import_timeout:
    description:
      - Seconds of waiting within which a chunk must be imported. Devices that are still pending then have the outcome
        V(pending), their receipts stay, and the task fails in the end. The next run continues with them.
    type: int
    default: 1200
  listing_timeout:
    description:
      - Seconds of waiting until registrations are listed after their import, with their new values after a change, or
        not listed any more after their removal.
      - If some are missing after the import, the task asks the service for one synchronization, unless the last one was
        asked for less than ten minutes ago, which the service refuses.
    type: int
    default: 900
  poll_interval:
    description:
      - Seconds before the first look at an import. The pauses grow to a minute, or stay at this value if it is longer.
    type: int
    default: 15
  timeout:
    description:
      - How many seconds the task may wait in all. The import of a chunk takes a minute or more, so that 5,000 devices
        need at least an hour.
      - A single request ends after 120 seconds, or after what is left of this time, at least 10 seconds.
    type: int
    default: 7200
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
  - winops.entra.tenant
  - winops.entra.approval
notes:
  - Permissions to read (check mode) are C(DeviceManagementServiceConfig.Read.All) and, if users are assigned,
    C(User.Read.All); to change, C(DeviceManagementServiceConfig.ReadWrite.All).
  - There is no dry run of an import. Check mode cannot know which devices the service will refuse, such as those that
    are registered in another tenant.
  - A registration does nothing to a device that is set up. The profile applies at the next start of its out-of-box
    experience.
  - C(ZtdDeviceAlreadyAssigned) is a success as soon as the registration is listed. C(ZtdDeviceAssignedToOtherTenant)
    and C(ZtdDeviceAssignedToAnotherTenant) stay until the other tenant removes the device. C(StorageError) is tried
    again later, twice.
seealso:
  - module: winops.entra.autopilot_hash
  - module: winops.entra.autopilot_device_info
  - module: winops.entra.device_removal
  - name: Windows Autopilot registration
    description: Microsoft's overview, with the CSV file and the order in which a device is deregistered.
    link: https://learn.microsoft.com/autopilot/registration-overview
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Register the devices of a CSV file
  winops.entra.autopilot_device:
    csv: "{{ playbook_dir }}/devices.csv"
  delegate_to: localhost
  run_once: true

- name: Tag one registered device, and assign its user
  winops.entra.autopilot_device:
    devices:
      - serial_number: PF3XK4T1
        group_tag: branch-042
        assigned_user: ada@contoso.com
        addressable_user_name: Ada

- name: Unassign the user of a device that goes to somebody else
  winops.entra.autopilot_device:
    devices:
      - serial_number: PF3XK4T1
        clear: [assigned_user]

- name: Remove two registrations
  winops.entra.autopilot_device:
    devices:
      - serial_number: PF3XK4T1
      - autopilot_id: 5f0e1d2c-3b4a-4958-8676-a5b4c3d2e1f0
    state: absent
"""

RETURN = r"""
devices:
  description:
    - Each entry of O(devices), then each row of O(csv), in this order.
  returned: when the devices could be read
  type: list
  elements: dict
  contains:
    serial_number:
      description: Its serial number as the tenant has it, or as it was given. Null if only an unknown id was given.
      type: str
    line:
      description: The line of O(csv) that it comes from, null for an entry of O(devices).
      type: int
    autopilot_id:
      description: The id of its registration, null if it is not registered or not listed.
      type: str
    device_id:
      description: The id of its Entra device object, null if there is none yet.
      type: str
    managed_device_id:
      description: The id of its Intune record, null if it is not enrolled.
      type: str
    registered:
      description: Whether the tenant lists the registration at the end, null if that is not known. In check mode, as it
        would be.
      type: bool
    group_tag:
      description: Its group tag at the end, null if it has none.
      type: str
    assigned_user:
      description: Its user at the end, null if it has none.
      type: str
    display_name:
      description: Its name in Windows Autopilot at the end, null if it has none.
      type: str
    outcome:
      description: V(unchanged), V(changed), V(pending) (the import was accepted and had not ended), V(failed)
        (C(error) says why), V(unknown) (there was no answer, so it is not known whether the change arrived) or
        V(skipped) (not tried, or left out, as C(error) says).
      type: str
    import_error:
      description: The name of the service for the error of its import, such as V(InvalidZtdHardwareHash), otherwise
        null.
      type: str
    error:
      description: Why it is not done, or not known to be, otherwise null. The fields are those of RV(error), and
        C(msg), one sentence.
      type: dict
      contains:
        msg:
          description: The failure in one sentence.
          type: str
summary:
  description: How many devices have each outcome. Entries for the same device count once.
  returned: when the devices could be read
  type: dict
  sample: {changed: 241, failed: 2, pending: 0, skipped: 1, unchanged: 6, unknown: 0}
phases:
  description: Name and seconds of each phase.
  returned: when the devices could be read
  type: list
  elements: dict
  contains:
    name:
      description: The phase.
      type: str
    seconds:
      description: How long it took.
      type: float
  sample:
    - {name: users, seconds: 1.2}
    - {name: import, seconds: 96.4}
    - {name: listing, seconds: 61.0}
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

DEVICE_SPEC = {
    "serial_number": {"type": "str"},
    "autopilot_id": {"type": "str", "holds": "guid"},
    "hardware_hash": {"type": "str", "holds": "hardware_hash", "no_log": False},
    "product_id": {"type": "str"},
    "group_tag": {"type": "str"},
    "assigned_user": {"type": "str"},
    "addressable_user_name": {"type": "str"},
    "display_name": {"type": "str"},
    "clear": {
        "type": "list",
        "elements": "str",
        "choices": ["assigned_user", "group_tag", "display_name"],
        "default": [],
    },
}
ARGUMENT_SPEC = {
    "devices": {"type": "list", "elements": "dict", "options": DEVICE_SPEC},
    "csv": {"type": "path"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "require_licence": {"type": "bool", "default": True},
    "max_deletions": {"type": "int", "default": 5, "least": 0},
    "import_timeout": {"type": "int", "default": 1200},
    "listing_timeout": {"type": "int", "default": 900},
    "poll_interval": {"type": "int", "default": 15},
    "timeout": {"type": "int", "default": 7200},
}
CONSTRAINTS = {"required_one_of": [["devices", "csv"]]}
