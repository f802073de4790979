#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.managed_device_reset. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: managed_device_reset
short_description: Wipe devices by Intune, or allow their next deployment
version_added: 0.1.0
description:
  - Sends the wipe of Intune to Windows devices that cannot be reached any more, many in one task. B(All data of such a
    device are lost), except what O(keep) names. A device that Ansible reaches is better reset by
    M(winops.entra.device_reset), which sees its recovery environment, its power and its volumes, and that it goes.
  - Or allows the next deployment of self-deploying and pre-provisioned devices (O(action=unblock)). They deploy once,
    and then end in 0x80180014 until this was done, or their record in Intune is gone.
  - Each record is read first. It must have exactly the serial number that the task gives. A device that does not match
    is left out, RV(devices) says why, the task does the others, and fails with C(devices_left_out) in the end.
  - A wipe is queued. The device carries it out when it contacts Intune the next time, if it does. A device whose wipe
    is already under way is unchanged. One that was wiped before is wiped again, unless O(unless_wiped_after) says
    otherwise.
  - A request that gets no answer is not repeated. The task reads the record again to learn its outcome.
options:
  action:
    description:
      - V(wipe) wipes the devices, V(unblock) allows their next deployment.
    type: str
    choices: [wipe, unblock]
    required: true
  devices:
    description: The devices, each by the id of its record, and its serial number to confirm it.
    type: list
    elements: dict
    required: true
    suboptions:
      serial_number:
        description: The serial number, exactly as the record has it.
        type: str
        required: true
      intune_device_id:
        description: The id of its record in Intune, a GUID. Needed for V(wipe).
        type: str
      autopilot_id:
        description: The id of its registration with Windows Autopilot, a GUID. Needed for V(unblock).
        type: str
      device_id:
        description:
          - Its id in Entra, a GUID. The record must have it, if it is given.
          - Needed for a device whose serial number is a placeholder, such as C(Default string).
        type: str
  keep:
    description:
      - What the wipe keeps. V(user_data) keeps the users' files, V(enrollment) keeps the device enrolled in Intune.
    type: str
    choices: [nothing, user_data, enrollment]
    default: nothing
  protected:
    description:
      - Use the protected wipe, which tries again until it has succeeded. B(It can leave a device that does not start
        any more). Only with O(keep=nothing).
    type: bool
    default: false
  unless_wiped_after:
    description:
      - Do not wipe a device that has answered to a wipe which was requested after this time, UTC, such as
        V(2026-11-30T08:00:00Z). Such a device is unchanged. With the time at which a rollout began, a task that was
        stopped can be repeated without wiping a device twice, also with O(keep=enrollment), where the record stays.
      - Intune's own clock has dated the request, and Intune does not tell what that wipe has kept. A device is left out
        if Intune knows of a wipe without its time. Only for O(action=wipe).
    type: str
  max_resets:
    description:
      - The maximum number of devices that the task may wipe. With more it fails before the first.
    type: int
    default: 5
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
  - winops.entra.tenant
  - winops.entra.approval
notes:
  - Permissions to read (check mode) are C(DeviceManagementManagedDevices.Read.All) for V(wipe), and
    C(DeviceManagementServiceConfig.Read.All) for V(unblock); to change,
    C(DeviceManagementManagedDevices.PrivilegedOperations.All), and C(DeviceManagementServiceConfig.ReadWrite.All).
  - A wipe deregisters nothing. The device stays registered with Windows Autopilot.
  - Both actions use the beta version of Microsoft Graph.
seealso:
  - module: winops.entra.device_reset
  - module: winops.entra.device_removal
  - module: winops.entra.autopilot_device_info
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Allow a kiosk to deploy once more
  winops.entra.managed_device_reset:
    action: unblock
    devices:
      - serial_number: PF3K9Z1B
        autopilot_id: 5f6e7d8c-9b0a-4c1d-8e2f-3a4b5c6d7e8f
  delegate_to: localhost
  run_once: true

- name: Wipe a device that nobody reaches any more
  winops.entra.managed_device_reset:
    action: wipe
    devices:
      - serial_number: PF3K9Z1B
        intune_device_id: 8c1f4a4e-3f2b-4b6f-9f0c-1a2b3c4d5e6f
    keep: enrollment
    # When this work was begun: a second run leaves alone what was wiped since.
    unless_wiped_after: "2026-11-30T08:00:00Z"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
devices:
  description: Each device that was given, in the order in which it was given.
  returned: when the devices could be read
  type: list
  elements: dict
  contains:
    serial_number:
      description: Its serial number, as it was given.
      type: str
    id:
      description: The id of its record, as it was given.
      type: str
    name:
      description: Its name in the record, null if that has none or could not be read.
      type: str
    before:
      description:
        - For a wipe, the state of the last one that Intune knows of the device, such as V(pending) or V(done).
        - For V(unblock), whether its next deployment is allowed, V(allowed), V(blocked) or V(unknown). Null if the
          record says nothing, or could not be read.
      type: str
    outcome:
      description:
        - V(changed), V(unchanged), V(failed), V(unknown) (there was no answer, so it is not known whether the request
          arrived) or V(skipped) (not tried, C(problem) or C(error) says why).
      type: str
    problem:
      description: Why the device was left out, otherwise null.
      type: str
    error:
      description: Why it was not done, otherwise null. The fields are those of RV(error) and C(msg), one sentence.
      type: dict
      contains:
        msg:
          description: The failure in one sentence.
          type: str
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
    "action": {"type": "str", "choices": ["wipe", "unblock"], "required": True},
    "devices": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "serial_number": {"type": "str", "required": True},
            "intune_device_id": {"type": "str", "holds": "guid"},
            "autopilot_id": {"type": "str", "holds": "guid"},
            "device_id": {"type": "str", "holds": "guid"},
        },
    },
    "keep": {"type": "str", "choices": ["nothing", "user_data", "enrollment"], "default": "nothing"},
    "protected": {"type": "bool", "default": False},
    "unless_wiped_after": {"type": "str"},
    "max_resets": {"type": "int", "default": 5, "least": 0},
}
