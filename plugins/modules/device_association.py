#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.device_association. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: device_association
short_description: Associate devices with the tenant for Windows Autopilot device preparation
version_added: 0.1.0
description:
  - Imports the DeviceLinks of physical devices into Intune, binds each device to a device preparation policy, reports
    the association of each device, and removes associations, many devices in one task. M(winops.entra.device_link_info)
    reads the DeviceLink on the device.
  - This module is experimental. Microsoft has not documented the interface (Graph beta, C(tenantAssociatedDevices)),
    which its own portal uses. It may change without notice.
  - An imported device is pre-associated. When it meets the service the next time that it is set up, it writes the
    tenant's mark into its firmware, and is associated. The mark stays through a reset, a new installation of Windows
    and the end of the enrollment.
  - A device is found in the list of all associations by its exact serial number, or by its SMBIOS UUID if the serial
    number is a placeholder. A list that cannot be read to its end is a failure, and nothing is changed.
  - An import or a removal is sent once. If there is no answer, the task reads the list again to see whether it arrived,
    and does not send it a second time.
  - Everything is checked before anything changes. If one of the devices fails, the task goes on with the others,
    RV(devices) has the outcome of each, and the task fails in the end.
options:
  devices:
    description: The devices.
    type: list
    elements: dict
    required: true
    suboptions:
      serial_number:
        description:
          - The serial number, exactly as the firmware says it. It must not differ from the serial number in
            O(devices[].device_link).
          - It is needed, unless O(devices[].device_link) is given.
        type: str
      smbios_uuid:
        description: The SMBIOS UUID. It is needed if the serial number is a placeholder such as C(Default string).
        type: str
      device_link:
        description:
          - The DeviceLink, as M(winops.entra.device_link_info) returns it. It is the column C(Data) of the file
            C(.devicelink.csv) that Windows exports.
          - It is needed only if the device is not imported yet.
        type: str
      device_preparation_policy:
        description:
          - The device preparation policy that the device is bound to, by its id or its exact name. A name that several
            policies have is refused.
          - Without it a new device is not bound to a policy, and an imported one keeps its policy.
        type: str
  state:
    description:
      - V(present) imports the devices that are not imported yet, and binds them to their policies.
      - V(absent) removes the associations. The record of an associated device stays pending removal until the device
        has cleared the mark in its firmware, which it does while it is set up or is not enrolled. A record that is
        pending removal is not removed again.
    type: str
    choices: [present, absent]
    default: present
  max_deletions:
    description:
      - The maximum number of associations that the task may remove. With more it fails before the first.
    type: int
    default: 5
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
  - winops.entra.tenant
  - winops.entra.approval
notes:
  - The permissions, application or delegated, are C(DeviceManagementServiceConfig.Read.All) to read (check mode) and
    C(DeviceManagementServiceConfig.ReadWrite.All) to change. A policy needs C(DeviceManagementConfiguration.Read.All)
    as well. Microsoft has not published them. They are those that public tools use.
  - Needs physical devices with TPM 2.0, UEFI and Windows 11 24H2 (26100.9278) or 25H2 (26200.9278) or later. Virtual
    machines cannot be associated.
  - An associated device is corporate, and gets its device preparation policy even if it is registered in Windows
    Autopilot. A device that is registered and not associated gets its Windows Autopilot profile.
  - Intune deletes records of devices that it has not seen for 360 days.
seealso:
  - module: winops.entra.device_link_info
  - module: winops.entra.corporate_identifier
  - module: winops.entra.device_removal
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Read the DeviceLink of each device
  winops.entra.device_link_info:
  register: link

- name: Associate all of them
  winops.entra.device_association:
    devices: >-
      {{ ansible_play_hosts | map('extract', hostvars, ['link', 'device_link']) | select
         | map('combine', {'device_preparation_policy': 'Office devices'}) }}
  run_once: true

- name: Remove the association of a device that is sold
  winops.entra.device_association:
    devices:
      - serial_number: PF3K9Z1A
    state: absent
"""

RETURN = r"""
devices:
  description: Each device that was given.
  returned: when the devices could be read
  type: list
  elements: dict
  contains:
    serial_number:
      description: Its serial number, null if only the SMBIOS UUID is known.
      type: str
    smbios_uuid:
      description: Its SMBIOS UUID, null if not known.
      type: str
    id:
      description: The id of its association, null if it has none, and in check mode of one that would be imported.
      type: str
    state:
      description:
        - V(absent), V(preassociated), V(associated), V(pending_removal), or V(unknown) if the service says a word that
          this collection does not know, or if it is not known whether a change arrived.
        - In check mode it is what the state would be.
      type: str
    device_preparation_policy_id:
      description: The policy that it is bound to, null if none.
      type: str
    managed_device_id:
      description: Its record in Intune while it is enrolled, otherwise null.
      type: str
    managed_device_name:
      description: Its name in Intune, otherwise null.
      type: str
    preassociated:
      description: When it was imported, null if not known.
      type: str
    associated:
      description: When it has written the mark into its firmware, null if it has not.
      type: str
    last_contact:
      description: When the service saw it last, null if never.
      type: str
    outcome:
      description:
        - V(changed), V(unchanged), V(failed), V(unknown) (there was no answer, so it is not known whether the change
          arrived) or V(skipped) (not tried, C(problem) or C(error) says why). A V(changed) device with an
          C(error) did not show yet at the end of O(timeout).
      type: str
    problem:
      description: Why it was left out, otherwise null.
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
    "devices": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "serial_number": {"type": "str"},
            "smbios_uuid": {"type": "str", "holds": "guid"},
            "device_link": {"type": "str", "holds": "base64"},
            "device_preparation_policy": {"type": "str"},
        },
    },
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "max_deletions": {"type": "int", "default": 5, "least": 0},
}
