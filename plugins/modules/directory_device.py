#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.directory_device. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: directory_device
short_description: Enable, disable, tag or delete device objects of a Microsoft Entra tenant
version_added: 0.1.0
description:
  - Enables, disables, tags or deletes many device objects of the directory in one task, 20 in one request.
  - Everything is checked before anything changes. A name or an id that the tenant does not have, a name that several
    devices have, more deletions than O(max_deletions) and anchors of Windows Autopilot end the task with nothing done.
  - When some of the writes fail the task fails, and RV(devices) says of each device whether it was changed. A further
    run does the rest.
  - Devices are named one by one, by id or by their whole name. There are no patterns.
options:
  state:
    description:
      - V(present) changes nothing but O(extension_attributes).
      - A device that is V(disabled) can get no token; its users cannot sign in with Microsoft Entra on it.
      - V(absent) deletes the objects. They can be restored for 30 days. The Windows device itself does not change, and
        stops working with the tenant. The object of a hybrid joined device comes back by itself, because Entra Connect
        restores it at its next synchronization; delete the computer object in AD, or take it out of the scope of
        synchronization, first. The task warns of such objects.
    type: str
    choices: [present, enabled, disabled, absent]
    default: present
  extension_attributes:
    description:
      - Values of C(extensionAttribute1) to C(extensionAttribute15). An empty one clears the attribute; those not named
        stay as they are.
    type: dict
  records:
    description:
      - Devices by what they have told themselves, as C(record) of M(winops.entra.disconnect) has it, or a report. Each
        must have proved that it holds the key by which the directory knows its C(device_id), and have the name of that
        object; else it is left out, the others go on, and the task fails with C(ownership_uncertain).
      - Ids that a device tells belong here, those that you know yourself in O(device_ids).
    type: list
    elements: dict
  max_deletions:
    description:
      - How many objects the task may delete. With more than that to delete it fails before the first.
    type: int
    default: 5
  allow_autopilot:
    description:
      - Also enable, disable or delete objects that a Windows Autopilot registration is anchored to (a C([ZTDID]) among
        the physical ids). Without the object the next deployment of the device fails. Tagging them is always allowed.
    type: bool
    default: false
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
  - winops.entra.tenant
  - winops.entra.named_devices
notes:
  - The application permissions are C(Device.Read.All) to read (check mode) and C(Device.ReadWrite.All) to write; the
    delegated ones C(Device.Read.All) and C(Directory.AccessAsUser.All), with the role Cloud Device Administrator or
    Intune Administrator.
  - Of devices that do not run Windows an application may change the extension attributes only.
  - While a Windows Autopilot registration points at an object, the service refuses to delete it. The order of a full
    removal is Intune, Windows Autopilot, directory.
seealso:
  - module: winops.entra.directory_device_info
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Clean up the directory
  hosts: localhost
  gather_facts: false
  module_defaults:
    group/winops.entra.tenant:
      tenant_id: contoso.onmicrosoft.com
      client_id: 0c1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8
      client_secret: "{{ vault_entra_client_secret }}"
  tasks:
    - name: Find joined devices that nobody has used for half a year
      winops.entra.directory_device_info:
        join_type: entra
        stale_days: 180
      register: stale

    - name: Disable them first, in case somebody misses one
      winops.entra.directory_device:
        object_ids: "{{ stale.devices | map(attribute='object_id') }}"
        state: disabled

    - name: Delete two devices
      winops.entra.directory_device:
        names: [KIOSK-017, KIOSK-018]
        state: absent

    - name: Mark the devices of this rollout, for a dynamic group
      winops.entra.directory_device:
        device_ids: "{{ ansible_play_hosts | map('extract', hostvars, ['entra', 'device_id']) }}"
        extension_attributes:
          extensionAttribute1: rollout-2026-11
"""

RETURN = r"""
devices:
  description:
    - The devices that were named and exist, as in M(winops.entra.directory_device_info), with C(state) (present devices
      are V(enabled) or V(disabled), else V(absent)), C(outcome) and C(error).
    - The outcome is V(unchanged), V(changed), V(failed) (C(error) says why), V(unknown) (no answer came, and
      nobody knows whether the change arrived) or V(skipped) (not tried after that, or left out, as C(error) says).
    - At the end those that a device id or a record names so that nobody can look for them, with that as C(name).
  returned: when the devices could be read
  type: list
  elements: dict
missing:
  description: Names and ids that the tenant does not have; with O(state=absent) alone this is not a failure.
  returned: when the devices could be read
  type: list
  elements: str
changes:
  description: What was changed, or in check mode would be, each with C(what), C(before) and C(after).
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
    "state": {"type": "str", "choices": ["present", "enabled", "disabled", "absent"], "default": "present"},
    "extension_attributes": {"type": "dict"},
    "records": {"type": "list", "elements": "dict"},
    "max_deletions": {"type": "int", "default": 5},
    "allow_autopilot": {"type": "bool", "default": False},
}
CONSTRAINTS = {"required_one_of": [["device_ids", "object_ids", "names", "records"]]}
