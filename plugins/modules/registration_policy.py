#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.registration_policy. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registration_policy
short_description: Manage who may join devices to a Microsoft Entra tenant
version_added: 0.1.0
description:
  - Manages the tenant's device registration policy (device settings of Microsoft Entra ID, formerly Azure AD or AAD),
    which
    decides who may join and register devices, how many, whether they need MFA, who becomes local administrator, and
    whether Windows LAPS may keep passwords in the tenant.
  - Settings that are not given stay as they are. The policy is written as a whole, so two changes at the same time can
    undo each other.
  - If the tenant does not let administrators change a setting (registration, once an MDM is set up), a task that asks
    for another value fails and changes nothing.
options:
  join:
    description:
      - Who may join devices. A bulk token joins as the user who created it, so this must include that user.
    type: dict
    suboptions:
      scope:
        description: Everybody, nobody, or only the given O(join.users) and O(join.groups).
        type: str
        choices: [all, none, selected]
        required: true
      users:
        description: Object ids or user principal names.
        type: list
        elements: str
        default: []
      groups:
        description: Object ids or display names. A name that two groups share is refused.
        type: list
        elements: str
        default: []
  register:
    description:
      - Who may register devices (personal devices with a work account).
    type: dict
    suboptions:
      scope:
        description: Everybody, nobody, or only the given O(register.users) and O(register.groups).
        type: str
        choices: [all, none, selected]
        required: true
      users:
        description: Object ids or user principal names.
        type: list
        elements: str
        default: []
      groups:
        description: Object ids or display names. A name that two groups share is refused.
        type: list
        elements: str
        default: []
  local_administrators:
    description:
      - Which users become local administrators of the devices that they join from now on.
    type: dict
    suboptions:
      scope:
        description: Everybody, nobody, or only the given O(local_administrators.users) and
          O(local_administrators.groups).
        type: str
        choices: [all, none, selected]
        required: true
      users:
        description: Object ids or user principal names.
        type: list
        elements: str
        default: []
      groups:
        description: Object ids or display names. A name that two groups share is refused.
        type: list
        elements: str
        default: []
  global_administrators_local:
    description: Whether global administrators become local administrators of devices that are joined from now on.
    type: bool
  devices_per_user:
    description:
      - How many devices a user may have, joined and registered ones together. With V(0) nobody can add a device.
    type: int
  mfa_required:
    description:
      - Whether joining and registering need MFA. With V(true) joins with a provisioning package fail, because nobody
        can confirm. Must be V(false) if Conditional Access asks for MFA instead.
    type: bool
  laps:
    description: Whether Windows LAPS may keep the passwords of local administrators in the tenant.
    type: bool
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
  - winops.entra.tenant
notes:
  - The permissions are C(Policy.Read.DeviceConfiguration) to read (check mode),
    C(Policy.ReadWrite.DeviceConfiguration) to
    write, application or delegated. Names of users need C(User.ReadBasic.All), names of groups C(Group.Read.All).
  - A signed-in user needs the role Cloud Device Administrator, Intune Administrator or Windows 365 Administrator.
seealso:
  - module: winops.entra.mdm_scope
  - module: winops.entra.join
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Sign in once for all tenant modules
  module_defaults:
    group/winops.entra.tenant:
      tenant_id: contoso.onmicrosoft.com
      client_id: 0c1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8
      client_secret: "{{ vault_entra_client_secret }}"
  block:
    - name: Deployment staff may join devices, without MFA
      winops.entra.registration_policy:
        join:
          scope: selected
          groups: [Deployment staff]
        mfa_required: false
        devices_per_user: 100

- name: Nobody becomes local administrator by joining, and LAPS keeps the passwords
  winops.entra.registration_policy:
    local_administrators:
      scope: none
    global_administrators_local: false
    laps: true

- name: Read the policy
  winops.entra.registration_policy:
  register: current
"""

RETURN = r"""
policy:
  description: The whole policy in the form of this module's options, with users and groups as object ids.
  returned: success
  type: dict
  sample:
    join: {scope: selected, users: [], groups: [73d664e4-0886-4a73-b745-c694da45ddb4]}
    register: {scope: all, users: [], groups: []}
    local_administrators: {scope: none, users: [], groups: []}
    global_administrators_local: false
    devices_per_user: 50
    mfa_required: false
    laps: true
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

_MEMBERSHIP = {
    "type": "dict",
    "options": {
        "scope": {"type": "str", "choices": ["all", "none", "selected"], "required": True},
        "users": {"type": "list", "elements": "str", "default": []},
        "groups": {"type": "list", "elements": "str", "default": []},
    },
}

ARGUMENT_SPEC = {
    "join": _MEMBERSHIP,
    "register": _MEMBERSHIP,
    "local_administrators": _MEMBERSHIP,
    "global_administrators_local": {"type": "bool"},
    "devices_per_user": {"type": "int", "least": 0, "most": 2147483647},
    "mfa_required": {"type": "bool"},
    "laps": {"type": "bool"},
}
