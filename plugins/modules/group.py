#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.group. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: group
short_description: Manage security groups of a Microsoft Entra tenant
version_added: 0.1.0
description:
  - Creates, changes and deletes security groups in Microsoft Entra ID (formerly Azure AD), assigned or dynamic.
  - A group is found by its exact name. A tenant may have several groups with the same name. Such a name is refused; use
    O(object_id) to select one.
  - Tasks of one controller make a group of one name one after another, so that a task which runs on many hosts makes it
    once. It is faster with C(run_once).
  - A group that comes from an on-premises Active Directory is refused in check mode as well. So is a group that can
    hold roles, if the token shows that the permission for it is missing.
options:
  name:
    description: The display name. With O(object_id), the name that the group will have.
    type: str
    required: true
  object_id:
    description: The object id of an existing group, instead of finding it by name.
    type: str
  state:
    description: Whether the group exists.
    type: str
    choices: [present, absent]
    default: present
  description:
    description: The description. An empty text removes it.
    type: str
  mail_nickname:
    description:
      - The mail nickname, which Microsoft requires even for groups without mail. A new group gets one made from its
        name.
    type: str
  membership:
    description:
      - Whether members are assigned or selected by a rule. A new group with a rule is dynamic, a new group without a
        rule is assigned.
      - An existing group changes its kind only if this option says so, because a rule replaces the assigned members.
    type: str
    choices: [assigned, dynamic]
  membership_rule:
    description: The rule of a dynamic group. A rule is about devices or about users, never both.
    type: str
  autopilot_devices:
    description: Use the rule of all Windows Autopilot devices.
    type: bool
    default: false
  autopilot_group_tag:
    description: Use the rule of the Windows Autopilot devices with this group tag.
    type: str
  rule_paused:
    description: Whether processing of the rule is paused.
    type: bool
  role_assignable:
    description: Whether the group can hold directory roles. Fixed when a group is created; needs Entra ID P1.
    type: bool
  users:
    description: Members, as object ids or user principal names.
    type: list
    elements: str
  groups:
    description: Members, as object ids or display names of groups.
    type: list
    elements: str
  devices:
    description: Members, as device ids (not object ids), as M(winops.entra.device_facts) returns them.
    type: list
    elements: str
  members_state:
    description:
      - What to do with the given O(users), O(groups) and O(devices). Add them, remove them, or make them the only
        members. With V(exact) and an empty list the group becomes empty.
    type: str
    choices: [present, absent, exact]
    default: present
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
  - winops.entra.tenant
notes:
  - The permissions are C(Group.Read.All) to read (check mode), C(Group.Create) to create, C(Group.ReadWrite.All) to
    change and delete, C(GroupMember.ReadWrite.All) for members, application or delegated (delegated, creating needs
    C(Group.ReadWrite.All)). Names of users need C(User.ReadBasic.All), device ids C(Device.Read.All).
  - Dynamic groups of users need Entra ID P1. Groups that can hold roles need C(RoleManagement.ReadWrite.Directory) as
    well.
seealso:
  - module: winops.entra.mdm_scope
  - module: winops.entra.local_admin_role
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
    - name: A group of all Autopilot devices
      winops.entra.group:
        name: Autopilot devices
        autopilot_devices: true

    - name: A group of the kiosks, by their group tag
      winops.entra.group:
        name: Kiosks
        autopilot_group_tag: Kiosk

- name: Read the id of each device, null if it is not joined
  winops.entra.device_facts:
    gather_subset: [join]

- name: Put the joined devices into a group
  winops.entra.group:
    name: Pilot devices
    devices: >-
      {{ ansible_play_hosts | map('extract', hostvars, ['ansible_facts', 'entra', 'join', 'device_id']) | select }}
  run_once: true

- name: These users are the deployment staff, and no others
  winops.entra.group:
    name: Deployment staff
    users: [ada@contoso.com, grace@contoso.com]
    members_state: exact
"""

RETURN = r"""
group:
  description:
    - The group in the form of this module's options. Null if it is absent. C(members) is returned if members were
      given.
    - In check mode the C(id) of a group that would be created is null.
  returned: success
  type: dict
  sample:
    id: 73d664e4-0886-4a73-b745-c694da45ddb4
    name: Kiosks
    description: null
    mail_nickname: Kiosks
    membership: dynamic
    membership_rule: '(device.devicePhysicalIds -any (_ -eq "[OrderID]:Kiosk"))'
    rule_paused: false
    role_assignable: null
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
    "name": {"type": "str", "required": True},
    "object_id": {"type": "str", "holds": "guid"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "description": {"type": "str", "holds": "text", "empty": True},
    "mail_nickname": {"type": "str"},
    "membership": {"type": "str", "choices": ["assigned", "dynamic"]},
    "membership_rule": {"type": "str", "holds": "text"},
    "autopilot_devices": {"type": "bool", "default": False},
    "autopilot_group_tag": {"type": "str"},
    "rule_paused": {"type": "bool"},
    "role_assignable": {"type": "bool"},
    "users": {"type": "list", "elements": "str"},
    "groups": {"type": "list", "elements": "str"},
    "devices": {"type": "list", "elements": "str", "holds": "guid"},
    "members_state": {"type": "str", "choices": ["present", "absent", "exact"], "default": "present"},
}
CONSTRAINTS = {
    "mutually_exclusive": [["membership_rule", "autopilot_group_tag"]],
}
