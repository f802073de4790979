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
  - Everything is checked before anything changes. The task fails without a change if the tenant does not have a name or
    an id, if several devices have a name, if there are more deletions than O(max_deletions), or if a device is an
    anchor of Windows Autopilot. With O(state=absent), a name or an id that the tenant does not have is not an error,
    also if it is mistyped; RV(missing) lists it.
  - If some of the writes fail, the task fails, and RV(devices) says for each device whether it was changed. Run the
    task again to change the rest.
  - Devices are named one by one, by id or by their full name. There are no patterns.
options:
  state:
    description:
      - V(present) changes only O(extension_attributes).
      - A V(disabled) device cannot get a token; users cannot sign in to Microsoft Entra on it.
      - V(absent) deletes the objects. They can be restored for 30 days. The Windows device itself does not change, but
        stops working with the tenant. The object of a hybrid joined device comes back by itself, because Entra Connect
        restores it at its next synchronization. Delete the computer object in AD, or take it out of the scope of
        synchronization, first. The task warns about such objects.
    type: str
    choices: [present, enabled, disabled, absent]
    default: present
  extension_attributes:
    description:
      - Values of C(extensionAttribute1) to C(extensionAttribute15). An empty value clears the attribute. Attributes
        that are not named stay as they are.
    type: dict
  records:
    description:
      - Devices by their own claim, as in C(record) of M(winops.entra.disconnect) or in a report. Each must have proved
        that it holds the key that the directory has for its C(device_id), and its name must be the name of that object.
        Otherwise it is left out, the task continues with the others, and fails with C(ownership_uncertain) in the end.
      - Give ids that come from a device here, and ids that you know yourself in O(device_ids).
    type: list
    elements: dict
  max_deletions:
    description:
      - The maximum number of objects that the task may delete. With more objects it fails before the first.
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
  - For devices that do not run Windows, an application may change only the extension attributes.
  - While an object belongs to a Windows Autopilot registration, the service refuses to delete it. The order of a full
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

    - name: Disable them first, in case somebody still needs one
      winops.entra.directory_device:
        object_ids: "{{ stale.devices | map(attribute='object_id') }}"
        state: disabled

    - name: Delete two devices
      winops.entra.directory_device:
        names: [KIOSK-017, KIOSK-018]
        state: absent

- name: Mark the joined devices for a dynamic group
  hosts: devices
  gather_facts: false
  tasks:
    - name: Read the id of each device, null if it is not joined
      winops.entra.device_facts:
        gather_subset: [join]

    - name: Mark them all, with the credential from the environment
      winops.entra.directory_device:
        device_ids: >-
          {{ ansible_play_hosts | map('extract', hostvars, ['ansible_facts', 'entra', 'join', 'device_id']) | select }}
        extension_attributes:
          extensionAttribute1: rollout-2026-11
      run_once: true
"""

RETURN = r"""
devices:
  description:
    - The devices that were named and exist, with what M(winops.entra.directory_device_info) returns of the directory,
      and with C(state), C(outcome) and C(error).
    - The outcome is V(unchanged), V(changed), V(failed) (C(error) says why), V(unknown) (there was no answer, so it is
      not known whether the change arrived) or V(skipped) (not tried, or left out, as C(error) says).
    - A device id or a record that nobody can look for comes last, with that text as C(name), and with C(state) null.
  returned: once each name is known to mean one device
  type: list
  elements: dict
  contains:
    state:
      description: V(enabled), V(disabled) or V(absent).
      type: str
    outcome:
      description: V(unchanged), V(changed), V(failed), V(unknown) or V(skipped).
      type: str
    error:
      description: Why it is not changed, or not known to be, otherwise null. The fields are those of RV(error), and
        C(msg), one sentence.
      type: dict
      contains:
        msg:
          description: The failure in one sentence.
          type: str
missing:
  description: Names and ids that the tenant does not have; with O(state=absent) alone this is not a failure.
  returned: once each name is known to mean one device
  type: list
  elements: str
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
    "state": {"type": "str", "choices": ["present", "enabled", "disabled", "absent"], "default": "present"},
    "extension_attributes": {"type": "dict"},
    "records": {"type": "list", "elements": "dict"},
    "max_deletions": {"type": "int", "default": 5, "least": 0},
    "allow_autopilot": {"type": "bool", "default": False},
}
CONSTRAINTS = {"required_one_of": [["device_ids", "object_ids", "names", "records"]]}
