#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.directory_device_info. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: directory_device_info
short_description: Find device objects of a Microsoft Entra tenant
version_added: 0.1.0
description:
  - Finds device objects by id, name, owner, join type, staleness and compliance, or lists all of them. What Intune and
    Windows Autopilot know about a device can be added, by device id.
  - Named devices are looked up together, 300 ids or 20 names in one request, so a task that verifies a rollout of a
    thousand devices sends only a few requests.
  - A device must match all options that describe devices. With ids or names these options filter the named devices.
options:
  names:
    description: Full names, compared without regard to case. All devices with a name are returned.
  owner:
    description: Only devices with this owner, a user principal name or an object id.
    type: str
  join_type:
    description: Only devices that are Entra joined, hybrid joined, or registered.
    type: str
    choices: [entra, hybrid, registered]
  stale_days:
    description:
      - Only devices whose last sign-in is at least this many days ago. The directory updates this time only about every
        14 days, so numbers below 20 mean little.
      - Devices that never signed in are judged by their registration, except objects of Windows Autopilot devices that
        have not been deployed yet, which are never stale.
    type: int
  enabled:
    description: Only devices that are, or are not, enabled.
    type: bool
  compliant:
    description: Only devices that are, or are not, marked as compliant. Devices without an MDM are not.
    type: bool
  managed:
    description: Only devices that are, or are not, managed by an MDM.
    type: bool
  intune:
    description:
      - Also return what Intune knows, as RV(devices[].intune). Devices that only Intune has are returned as well, if
        they are named or if there is no other option, with RV(devices[].object_id) null.
    type: bool
    default: false
  autopilot:
    description: Also return what Windows Autopilot knows, as RV(devices[].autopilot), in the same way.
    type: bool
    default: false
  extension_attributes:
    description: Also return the extension attributes, for which the beta version of Microsoft Graph is read.
    type: bool
    default: false
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
  - winops.entra.tenant
  - winops.entra.named_devices
attributes:
  diff_mode:
    details: It changes nothing.
    support: none
notes:
  - The permissions are C(Device.Read.All), with O(owner) also C(User.Read.All), with O(intune)
    C(DeviceManagementManagedDevices.Read.All), with O(autopilot) C(DeviceManagementServiceConfig.Read.All), application
    or delegated.
  - It may take a minute until a newly joined device shows. Use C(until) with RV(missing).
seealso:
  - module: winops.entra.directory_device
  - module: winops.entra.device_facts
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Read the id of each device, null if it is not joined
  winops.entra.device_facts:
    gather_subset: [join]

- name: Check that every joined device is in the directory and in Intune
  winops.entra.directory_device_info:
    tenant_id: contoso.onmicrosoft.com
    client_id: 0c1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8
    client_secret: "{{ vault_entra_client_secret }}"
    device_ids: >-
      {{ ansible_play_hosts | map('extract', hostvars, ['ansible_facts', 'entra', 'join', 'device_id']) | select }}
    intune: true
  register: directory
  until: directory is failed or not directory.missing.device_ids
  retries: 5
  delay: 30
  run_once: true

- name: List the devices that nobody has used for half a year
  winops.entra.directory_device_info:
    join_type: entra
    stale_days: 180

- name: List the devices of a user
  winops.entra.directory_device_info:
    owner: ada@contoso.com
"""

RETURN = r"""
devices:
  description: The devices found. What the tenant does not say about a device is null.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name.
      type: str
    device_id:
      description: The device's own id.
      type: str
    object_id:
      description: The id of the object in the directory, null if there is none.
      type: str
    enabled:
      description: Whether it may sign in.
      type: bool
    join_type:
      description: V(entra), V(hybrid), V(registered), or null for an object that has not joined.
      type: str
    last_sign_in:
      description: The approximate time of its last sign-in (UTC), null for never.
      type: str
    registered:
      description: When it was registered (UTC).
      type: str
    inactive_days:
      description: Whole days since the last sign-in, or since the registration of a device that never signed in. Null
        if neither is known, and for Windows Autopilot objects that have not been deployed.
      type: int
    operating_system:
      description: The operating system.
      type: str
    os_version:
      description: Its version.
      type: str
    compliant:
      description: Whether it is marked as compliant, null without an MDM.
      type: bool
    managed:
      description: Whether an MDM manages it.
      type: bool
    mdm_app_id:
      description: The application id of that MDM.
      type: str
    manufacturer:
      description: The manufacturer.
      type: str
    model:
      description: The model.
      type: str
    ownership:
      description: V(company), V(personal) or V(unknown), null without an MDM.
      type: str
    enrollment_profile:
      description: The name of the enrollment profile.
      type: str
    profile_type:
      description: V(RegisteredDevice), V(SecureVM), V(Shared), V(Printer) or V(IoT).
      type: str
    autopilot_anchor:
      description: Whether a Windows Autopilot registration is anchored to it.
      type: bool
    group_tag:
      description: The group tag of Windows Autopilot.
      type: str
    extension_attributes:
      description: The fifteen attributes by name.
      returned: with O(extension_attributes)
      type: dict
    intune:
      description: The device in Intune, null if it is not enrolled, or if RV(devices[].refused) says why Intune did not
        answer. What Intune does not say about it is null.
      returned: with O(intune)
      type: dict
      contains:
        id:
          description: The id of the record.
          type: str
        name:
          description: The name.
          type: str
        serial_number:
          description: The serial number.
          type: str
        user:
          description: The primary user, null if there is none, also if Intune names the account of the provisioning
            package that has joined it.
          type: str
        compliance:
          description: The compliance state.
          type: str
        management_agent:
          description: What manages it.
          type: str
        enrollment_type:
          description: How it was enrolled, null if version 1.0 of Microsoft Graph has no name for it, as for Azure VMs.
          type: str
        enrolled:
          description: When it was enrolled (UTC).
          type: str
        last_sync:
          description: When it last synchronized (UTC).
          type: str
        encrypted:
          description: Whether its disk is encrypted.
          type: bool
        os_version:
          description: The version of its operating system.
          type: str
    intune_records:
      description: How many records Intune has for it. If there are several, RV(devices[].intune) is the one that
        synchronized last. Null if RV(devices[].refused) says why Intune did not answer.
      returned: with O(intune)
      type: int
    autopilot:
      description: The device in Windows Autopilot, null if it is not registered. What Windows Autopilot does not say
        about it is null.
      returned: with O(autopilot)
      type: dict
      contains:
        id:
          description: The id of the registration.
          type: str
        serial_number:
          description: The serial number.
          type: str
        group_tag:
          description: The group tag.
          type: str
        user:
          description: The user whom it is assigned to.
          type: str
        enrollment_state:
          description: Whether it has enrolled.
          type: str
        last_contact:
          description: When it was last seen (UTC).
          type: str
    refused:
      description: A sentence for what the tenant did not say about this device, because the answer was refused or could
        not be read to its last page. The values are null then, never "none". Each is also a warning of the task.
        If Intune refuses all devices, or the directory or Windows Autopilot cannot be read, the task fails.
      type: list
      elements: str
      sample: ["its record in Intune could not be read: Microsoft Graph answered 500"]
missing:
  description: The given C(device_ids), C(object_ids) and C(names) that the directory does not have.
  returned: success
  type: dict
  sample: {device_ids: [], object_ids: [], names: [KIOSK-017]}
count:
  description: How many devices were found.
  returned: success
  type: int
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
  description: Always empty. The module only reads.
  returned: always
  type: list
  elements: dict
  sample: []
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
    "owner": {"type": "str"},
    "join_type": {"type": "str", "choices": ["entra", "hybrid", "registered"]},
    "stale_days": {"type": "int", "most": 36500},
    "enabled": {"type": "bool"},
    "compliant": {"type": "bool"},
    "managed": {"type": "bool"},
    "intune": {"type": "bool", "default": False},
    "autopilot": {"type": "bool", "default": False},
    "extension_attributes": {"type": "bool", "default": False},
}
