#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.device_removal. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: device_removal
short_description: Remove devices that have left from Intune, Windows Autopilot and Microsoft Entra
version_added: 0.1.0
description:
  - Removes what a tenant still holds of devices, many in one task, 20 in one request, in the order in which it can be
    found and deleted. The Intune record comes first, then the Windows Autopilot registration, then the Entra device
    object. Each is waited for until it is gone, within O(timeout), before the next.
  - Devices are named by the ids that M(winops.entra.disconnect) recorded. An object is removed only where exactly one
    carries these ids. Names and serial numbers never select anything.
  - Nothing is removed on a device's word alone. The device must have proved, when it left, that it holds the private
    key of a certificate by which the directory knows the id, or the id must have been recorded before; and its name,
    its serial number and its Intune record must agree with what the tenant has. A device of which this is not certain
    is left out, RV(devices) says why, the others go on, and the task fails with C(ownership_uncertain) in the end.
  - Everything is checked before anything changes. When some of the deletions fail the task fails, RV(devices) says of
    each object whether it was removed, and the device's objects in the places that follow stay. A further run with the
    same ids does the rest.
  - Warns of the BitLocker recovery keys and LAPS passwords that go with Entra device objects, by their ids. The secrets
    themselves are never read.
options:
  devices:
    description:
      - The devices, each with C(device_id) and, where they are known, C(intune_device_id), C(autopilot_id),
        C(serial_number) and C(hostname). C(record) of M(winops.entra.disconnect) and what
        P(winops.entra.rollout_outcome#filter) makes of it can be given as they are.
      - With C(proof) V(proved), C(proved_thumbprint) must be that of a certificate of the Entra object. With
        V(recorded), or without C(proof), the id counts as recorded before. So give a device that you know yourself by
        its C(device_id), without what it has told. With V(not_yet) (check mode) it counts in check mode only, with
        another one it does not.
      - Of several devices with one id none is believed, but for the only one that has proved it.
      - An Intune record is found by the device id, and must be the one of C(intune_device_id) where that is given.
      - A Windows Autopilot registration is found by the device id, the Intune record or the Entra object that it is
        anchored to; by C(autopilot_id) only where the record is without C(proof). It must not have another serial
        number than C(serial_number).
      - A device that the tenant does not know is not a failure.
    type: list
    elements: dict
    required: true
  intune:
    description: Whether the record in Intune is removed.
    type: bool
    default: true
  autopilot:
    description:
      - Whether the registration with Windows Autopilot is removed. Without it the Entra object of a registered device
        cannot be deleted.
    type: bool
    default: true
  directory:
    description:
      - Whether the Entra device object is deleted, and with it its BitLocker recovery keys and LAPS password.
    type: bool
    default: true
  max_deletions:
    description:
      - How many devices the task may remove objects of. With more than that it fails before the first.
    type: int
    default: 5
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
  - winops.entra.tenant
notes:
  - Permissions to read (check mode) are C(Device.Read.All), C(DeviceManagementManagedDevices.Read.All) and
    C(DeviceManagementServiceConfig.Read.All); to remove, C(Device.ReadWrite.All) (delegated
    C(Directory.AccessAsUser.All)), C(DeviceManagementManagedDevices.ReadWrite.All) and
    C(DeviceManagementServiceConfig.ReadWrite.All). Intune and Windows Autopilot need
    none where they are switched off.
  - The warnings need C(BitlockerKey.ReadBasic.All) and C(DeviceLocalCredential.ReadBasic.All). Without them the task
    goes on, and warns that it could not look.
  - Joined, hybrid joined and registered Entra objects can be restored for 30 days, with their keys and passwords; those
    of Azure VMs cannot. The object of a hybrid joined device comes back by itself, because Entra Connect restores it
    at its next synchronization. Delete the computer object in AD, or take it out of the scope of synchronization,
    first. The task warns of both.
  - A Windows Autopilot registration may stay listed for minutes after it was deleted. Give O(timeout) enough.
seealso:
  - module: winops.entra.disconnect
  - module: winops.entra.directory_device
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Remove from the tenant what has left, by the report of playbooks/disconnect.yml
  winops.entra.device_removal:
    devices: >-
      {{ (lookup('ansible.builtin.file', 'disconnect-report.json') | from_json).devices
         | selectattr('outcome', 'equalto', 'disconnected') }}
    max_deletions: 40
  delegate_to: localhost
  run_once: true

- name: Remove one device, but let it stay registered with Windows Autopilot and in the directory
  winops.entra.device_removal:
    devices:
      - device_id: 3b6f2c51-0d4e-4c8a-9b7f-5f2f4f1d9a10
    autopilot: false
    directory: false
"""

RETURN = r"""
devices:
  description:
    - Each device with C(device) (its name in the inventory, where the record has it), C(device_id), C(name),
      C(evidence) (V(proved), V(recorded), or what else C(proof) says), C(problem) (why it was left out, null else),
      C(bitlocker_key_ids), C(laps_password) (null where not known) and, as C(intune), C(autopilot) and C(directory),
      what the tenant had of it, C(id), C(outcome) and C(error); null where it had nothing, was not asked, or was left
      out.
    - The outcome is V(changed) (removed), V(failed) (C(error) says why), V(unknown) (no answer came, and nobody
      knows whether the deletion arrived) or V(skipped) (not tried after that). A V(changed) object with an C(error) was
      still shown at the end of O(timeout).
  returned: when the devices could be read
  type: list
  elements: dict
changes:
  description: What was removed, or in check mode would be, each with C(what), C(before) and C(after).
  returned: always
  type: list
  elements: dict
error:
  description:
    - Why the task has failed. C(side) is tenant, network or controller. C(cause) and C(fix) say what is known about it.
    - C(permissions) are those that the tenant has not granted, where that is known.
  returned: failure
  type: dict
"""

ARGUMENT_SPEC = {
    "devices": {"type": "list", "elements": "dict", "required": True},
    "intune": {"type": "bool", "default": True},
    "autopilot": {"type": "bool", "default": True},
    "directory": {"type": "bool", "default": True},
    "max_deletions": {"type": "int", "default": 5, "least": 0},
}
