#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.autopilot_profile. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: autopilot_profile
short_description: Manage Windows Autopilot deployment profiles and their assignments
version_added: 0.1.0
description:
  - Creates, changes, assigns and deletes Windows Autopilot deployment profiles for devices that are joined to Microsoft
    Entra. Profiles for hybrid join are refused and never changed.
  - A profile is found by its exact name. A tenant may have several profiles with the same name. Such a name is refused;
    use O(profile_id) to select one.
  - What is not given stays as it is. This is true of settings and of each kind of assignment. An empty list removes all
    assignments of its kind.
  - Assignments are changed one by one. Missing ones are added first, then the others are removed, so that no device is
    without a profile in between.
  - Microsoft Graph has deployment profiles only in its beta version.
options:
  name:
    description:
      - The name, 1 to 200 characters. With O(profile_id), the name that the profile will have.
      - Intune refuses some characters in names and descriptions without saying why. C(!), C(#), C(%), C(^), C(*), C(-),
        C(+), C(;), C('), C(<), C(>) and parentheses are refused before anything is sent.
    type: str
  profile_id:
    description: The id of an existing profile, instead of finding it by name.
    type: str
  state:
    description:
      - Whether the profile exists. With V(absent) its assignments are removed first, because Intune does not delete an
        assigned profile. Registered devices lose this profile.
    type: str
    choices: [present, absent]
    default: present
  description:
    description: The description, at most 1500 characters. An empty text removes it.
    type: str
  deployment_mode:
    description:
      - V(user_driven) lets a user deploy the device. V(self_deploying) deploys it without a user, for kiosks and shared
        devices with TPM 2.0.
      - It is fixed when a profile is created. A change is refused, because Intune needs a new profile for it.
      - A new profile is V(user_driven) if this is not given.
    type: str
    choices: [user_driven, self_deploying]
  user_type:
    description: What the user who deploys the device becomes on it. A new profile has V(standard) if this is not given.
    type: str
    choices: [standard, administrator]
  preprovisioning_allowed:
    description: Whether a technician may deploy the device in advance (pre-provisioning).
    type: bool
  device_name_template:
    description:
      - How devices are named, with C(%SERIAL%) for the serial number or C(%RAND:n%) for n random digits. An empty text
        removes it, and Windows chooses the name.
      - A name has at most 15 letters, digits and hyphens. A template whose shortest name is longer is refused.
    type: str
  locale:
    description:
      - The language and region, such as V(en-US), or V(os-default) for the one that is installed.
      - The choice by the user cannot be set, because Intune returns it as V(os-default) and the next run could not tell
        them apart.
    type: str
  privacy_settings_hidden:
    description: Whether setup skips the privacy settings.
    type: bool
  license_terms_hidden:
    description: Whether setup skips the license terms.
    type: bool
  keyboard_selection_skipped:
    description: Whether setup skips the choice of the keyboard, if O(locale) is a language.
    type: bool
  convert_devices:
    description:
      - Whether Intune registers all devices that this profile is assigned to with Windows Autopilot ("Convert all
        targeted devices to Autopilot").
    type: bool
  role_scope_tag_ids:
    description: The ids of the scope tags. A new profile has V(0), the default tag, if this is not given.
    type: list
    elements: str
  included_groups:
    description:
      - The groups that the profile is assigned to, as object ids or display names. Other groups are removed. An empty
        list removes all.
    type: list
    elements: str
  excluded_groups:
    description: The groups that are excluded, as object ids or display names. An empty list removes all.
    type: list
    elements: str
  all_devices:
    description:
      - Whether the profile is assigned to all devices that are registered with Windows Autopilot.
      - A tenant can have one such profile. If another one has this assignment, the task is refused and names it. It
        cannot be combined with excluded groups.
    type: bool
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
  - winops.entra.tenant
  - winops.entra.approval
notes:
  - The permissions, application or delegated, are C(DeviceManagementServiceConfig.Read.All) to read (check mode) and
    C(DeviceManagementServiceConfig.ReadWrite.All) to change. Names of groups need C(Group.Read.All).
  - Not checked against a real tenant. Where Microsoft's documentation says nothing, the behaviour is that of public
    tools.
seealso:
  - module: winops.entra.enrollment_status_page
  - module: winops.entra.group
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: A user-driven profile for the office PCs
  winops.entra.autopilot_profile:
    name: Office PCs
    deployment_mode: user_driven
    user_type: standard
    device_name_template: PC-%SERIAL%
    locale: os-default
    privacy_settings_hidden: true
    license_terms_hidden: true
    included_groups: [Pilot devices]
    excluded_groups: [Intune pilot]

- name: A self-deploying profile for the kiosks
  winops.entra.autopilot_profile:
    name: Kiosks
    deployment_mode: self_deploying
    device_name_template: KIOSK%RAND:5%
    locale: en-US
    keyboard_selection_skipped: true
    included_groups: [Intune pilot]

- name: Remove the profile from all groups, but keep it
  winops.entra.autopilot_profile:
    name: Kiosks
    included_groups: []
    excluded_groups: []

- name: Delete it where a second administrator approves such changes
  winops.entra.autopilot_profile:
    name: Kiosks
    state: absent
    approval_justification: The kiosks in Munich are gone (change 4711)
    approval_timeout: 1800
"""

RETURN = r"""
profile:
  description:
    - The profile in the form of this module's options. Null if it is absent. Groups are object ids.
    - In check mode the C(id) of a profile that would be created is null.
  returned: success
  type: dict
  sample:
    id: 1e0a7b0c-54c1-4f0e-9d0b-6f0b1c2d3e4f
    name: Office PCs
    description: null
    deployment_mode: user_driven
    user_type: standard
    preprovisioning_allowed: false
    device_name_template: PC-%SERIAL%
    locale: os-default
    privacy_settings_hidden: true
    license_terms_hidden: true
    keyboard_selection_skipped: false
    convert_devices: false
    role_scope_tag_ids: ['0']
    included_groups: [73d664e4-0886-4a73-b745-c694da45ddb4]
    excluded_groups: []
    all_devices: false
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
    "name": {"type": "str"},
    "profile_id": {"type": "str", "holds": "guid"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "description": {"type": "str", "holds": "text", "empty": True},
    "deployment_mode": {"type": "str", "choices": ["user_driven", "self_deploying"]},
    "user_type": {"type": "str", "choices": ["standard", "administrator"]},
    "preprovisioning_allowed": {"type": "bool"},
    "device_name_template": {"type": "str", "empty": True},
    "locale": {"type": "str"},
    "privacy_settings_hidden": {"type": "bool"},
    "license_terms_hidden": {"type": "bool"},
    "keyboard_selection_skipped": {"type": "bool"},
    "convert_devices": {"type": "bool"},
    "role_scope_tag_ids": {"type": "list", "elements": "str"},
    "included_groups": {"type": "list", "elements": "str"},
    "excluded_groups": {"type": "list", "elements": "str"},
    "all_devices": {"type": "bool"},
}
CONSTRAINTS = {"required_one_of": [("name", "profile_id")]}
