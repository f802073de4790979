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
  - Removes the objects that a tenant still has for devices that have left, many devices in one task, 20 in one request.
    The Intune record comes first, then the user of the Windows Autopilot registration, then that registration, then
    the device association (M(winops.entra.device_association)), then the Entra device object if it is still there. This
    is the order that Microsoft gives. The task waits until each is gone, within O(timeout), before it deletes the next.
  - Devices are named by the ids that M(winops.entra.disconnect) recorded. An object is removed only if it is the only
    one with these ids. Names never select an object. A serial number selects only an association, and only if Intune or
    Windows Autopilot has it for the device, or the record has no C(proof).
  - Nothing is removed because of the device's own claim alone. The device must have proved, when it left, that it holds
    the private key of a certificate that the directory has for the id, or the id must have been recorded before. Its
    name, its serial number and its Intune record must also match the tenant's. If this is not certain, the device is
    left out, RV(devices) says why, the task continues with the others, and fails with C(ownership_uncertain) in the
    end.
  - A device about which a question to the tenant is not answered completely (refused, throttled, cut off, unreadable on
    any page) is left out in the same way, in all places. The task then fails in the end, and C(error) is the reason for
    the first of these devices. If the list of all Windows Autopilot registrations cannot be read, nothing is removed.
  - Everything is checked before anything changes. If some of the deletions fail, the task fails, RV(devices) says for
    each object whether it was removed, and the following objects of that device stay. Run the task again with the same
    ids to remove the rest.
  - Warns about the BitLocker recovery keys and LAPS passwords that are deleted with Entra device objects, by their ids.
    The secrets themselves are never read.
options:
  devices:
    description:
      - The devices, each with C(device_id) and, if known, C(intune_device_id), C(autopilot_id), C(serial_number) and
        C(hostname). C(record) of M(winops.entra.disconnect), and what P(winops.entra.rollout_outcome#filter) makes from
        it, can be given unchanged.
      - With C(proof) V(proved), C(proved_thumbprint) must belong to a certificate of the Entra object. With
        V(recorded), or without C(proof), the id counts as recorded before. So give a device that you know yourself by
        its C(device_id) only, without values from the device. With V(not_yet) (check mode) it counts in check mode
        only, with any other value it does not count.
      - If several devices have the same id, none of them is accepted, unless exactly one has proved it.
      - An Intune record is found by the device id. If C(intune_device_id) is given, it must be that record.
      - A Windows Autopilot registration is found by the device id, the Intune record or the Entra object that it is
        anchored to. It is found by C(autopilot_id) only if the record has no C(proof). Its serial number must not
        differ from C(serial_number).
      - A device that the tenant does not know is not a failure.
    type: list
    elements: dict
    required: true
  intune:
    description: Whether to remove the record in Intune.
    type: bool
    default: true
  autopilot:
    description:
      - Whether to remove the registration with Windows Autopilot. Otherwise the Entra object of a registered device
        cannot be deleted.
    type: bool
    default: true
  association:
    description:
      - Whether to remove the device association. A tenant without associations is not a failure;
        RV(associations_unread) says why they could not be read.
      - The mark that an associated device has in its firmware stays until the device has cleared it. Until then its
        record is pending removal, and a reset leads the device back to this tenant. The task warns about it.
    type: bool
    default: true
  directory:
    description:
      - Whether to delete the Entra device object, and with it its BitLocker recovery keys and LAPS password.
    type: bool
    default: true
  max_deletions:
    description:
      - The maximum number of devices whose objects the task may remove. With more devices it fails before the first.
    type: int
    default: 5
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
  - winops.entra.tenant
  - winops.entra.approval
notes:
  - Permissions to read (check mode) are C(Device.Read.All), C(DeviceManagementManagedDevices.Read.All) and
    C(DeviceManagementServiceConfig.Read.All); to remove, C(Device.ReadWrite.All) (delegated
    C(Directory.AccessAsUser.All)), C(DeviceManagementManagedDevices.ReadWrite.All) and
    C(DeviceManagementServiceConfig.ReadWrite.All). If Intune, or Windows Autopilot and the
    associations, are switched off, their permission is not needed.
  - The warnings need C(BitlockerKey.ReadBasic.All) and C(DeviceLocalCredential.ReadBasic.All). Without them the task
    continues, and warns that it could not read them.
  - Joined, hybrid joined and registered Entra objects can be restored for 30 days, with their keys and passwords; those
    of Azure VMs cannot. The object of a hybrid joined device comes back by itself, because Entra Connect restores it at
    its next synchronization. Delete the computer object in AD, or take it out of the scope of synchronization, first.
    The task warns about both.
  - A Windows Autopilot registration may stay listed for minutes after its deletion. The task waits until the list does
    not have it any more. Make O(timeout) long enough.
seealso:
  - module: winops.entra.disconnect
  - module: winops.entra.directory_device
  - module: winops.entra.device_association
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Remove the devices that have left from the tenant, from the report of playbooks/disconnect.yml
  winops.entra.device_removal:
    # A lookup searches beside the playbook, but the report lies in the directory in which the playbook was started, so
    # give the whole path. A device of which only a left enrollment was removed has no id.
    devices: >-
      {{ (lookup('ansible.builtin.file', '/srv/rollout/disconnect-report.json') | from_json).devices
         | selectattr('outcome', 'equalto', 'disconnected') | selectattr('device_id') }}
    max_deletions: 40
  delegate_to: localhost
  run_once: true

- name: Remove one device from Intune, but keep it in Windows Autopilot and in the directory
  winops.entra.device_removal:
    devices:
      - device_id: 3b6f2c51-0d4e-4c8a-9b7f-5f2f4f1d9a10
    autopilot: false
    directory: false
"""

RETURN = r"""
devices:
  description:
    - Each device that was given, with the tenant's objects of it. An object is null if the tenant has none, if it was
      not asked for, or if the device was left out.
    - The outcome is V(changed) (removed), V(failed) (C(error) says why), V(unknown) (there was no answer, so it is not
      known whether the deletion arrived) or V(skipped) (not tried). A V(changed) object with an C(error) was
      still shown at the end of O(timeout), or nobody could look whether it is gone.
    - A record that names no device comes last. Only C(device) and C(problem) are not null then.
  returned: when the devices could be read
  type: list
  elements: dict
  contains:
    device:
      description: Its name in the inventory, null if the record does not have it.
      type: str
    device_id:
      description: Its id in Entra.
      type: str
    name:
      description: Its name in the tenant, null if the tenant has nothing of it.
      type: str
    evidence:
      description: V(proved), V(recorded), or another value of C(proof) in the record.
      type: str
    problem:
      description: Why it was left out, otherwise null.
      type: str
    bitlocker_key_ids:
      description: Ids of the recovery keys that go with its object in the directory, null if not known or not asked.
      type: list
      elements: str
    laps_password:
      description: Whether a LAPS password goes with that object, null if not known or not asked.
      type: bool
    intune:
      description: Its record in Intune, or null.
      type: dict
      contains:
        id:
          description: Its id.
          type: str
        outcome:
          description: V(changed), V(failed), V(unknown) or V(skipped).
          type: str
        error:
          description: Why it is not removed, or not known to be gone, otherwise null. The fields are those of RV(error)
            and C(msg), one sentence.
          type: dict
          contains:
            msg:
              description: The failure in one sentence.
              type: str
    autopilot:
      description: Its registration in Windows Autopilot, or null.
      type: dict
      contains:
        id:
          description: Its id.
          type: str
        outcome:
          description: V(changed), V(failed), V(unknown) or V(skipped).
          type: str
        error:
          description: Why it is not removed, or not known to be gone, otherwise null. The fields are those of RV(error)
            and C(msg), one sentence.
          type: dict
          contains:
            msg:
              description: The failure in one sentence.
              type: str
    association:
      description: Its association, or null.
      type: dict
      contains:
        id:
          description: Its id.
          type: str
        outcome:
          description: V(changed), V(failed), V(unknown) or V(skipped).
          type: str
        error:
          description: Why it is not removed, or not known to be gone, otherwise null. The fields are those of RV(error)
            and C(msg), one sentence.
          type: dict
          contains:
            msg:
              description: The failure in one sentence.
              type: str
    directory:
      description: Its object in the directory, or null.
      type: dict
      contains:
        id:
          description: Its id.
          type: str
        outcome:
          description: V(changed), V(failed), V(unknown) or V(skipped).
          type: str
        error:
          description: Why it is not removed, or not known to be gone, otherwise null. The fields are those of RV(error)
            and C(msg), one sentence.
          type: dict
          contains:
            msg:
              description: The failure in one sentence.
              type: str
associations_unread:
  description: Why the tenant's associations could not be read, null if they could or were not asked for.
  returned: when the devices could be read
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
  description: What was removed, or in check mode would be, each with C(what), C(before) and C(after).
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
    "devices": {"type": "list", "elements": "dict", "required": True},
    "intune": {"type": "bool", "default": True},
    "autopilot": {"type": "bool", "default": True},
    "association": {"type": "bool", "default": True},
    "directory": {"type": "bool", "default": True},
    "max_deletions": {"type": "int", "default": 5, "least": 0},
}
