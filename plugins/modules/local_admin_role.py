#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.local_admin_role. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: local_admin_role
short_description: Manage who is local administrator of all joined devices
version_added: 0.1.0
description:
  - Manages the members of the role Microsoft Entra Joined Device Local Administrator (formerly Azure AD Joined Device
    Local Administrator). They are local administrators of every joined device of the tenant.
  - A change takes effect on a device with the member's next primary refresh token, which may take four hours.
  - Members that are only eligible (Privileged Identity Management) are neither shown nor changed.
options:
  users:
    description: Object ids or user principal names.
    type: list
    elements: str
  groups:
    description: Object ids or display names of groups, which must have been created as assignable to roles.
    type: list
    elements: str
  state:
    description: Whether to add the given members, to remove them, or to make them the only members. With V(exact) and
      an empty list no member is left.
    type: str
    choices: [present, absent, exact]
    default: present
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
  - winops.entra.tenant
notes:
  - The permissions are C(RoleManagement.Read.Directory) to read (check mode), C(RoleManagement.ReadWrite.Directory) to
    write,
    application or delegated. Names of users need C(User.ReadBasic.All), names of groups C(Group.Read.All). A signed-in
    user needs the role Privileged Role Administrator.
seealso:
  - module: winops.entra.group
  - plugin: winops.entra.object_id_to_sid
    plugin_type: filter
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
    - name: The helpdesk is local administrator of all joined devices
      winops.entra.local_admin_role:
        groups: [Helpdesk device administrators]

- name: Nobody else is local administrator
  winops.entra.local_admin_role:
    groups: [Helpdesk device administrators]
    state: exact
"""

RETURN = r"""
members:
  description: The members. In check mode the C(assignment_id) of a member that would be added is null.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 73d664e4-0886-4a73-b745-c694da45ddb4
      kind: group
      name: Helpdesk device administrators
      assignment_id: lAPpYvVpN0KRkAEhdxReEJC2sEqbR_9Hr48lds9SGHI-1
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
    "users": {"type": "list", "elements": "str"},
    "groups": {"type": "list", "elements": "str"},
    "state": {"type": "str", "choices": ["present", "absent", "exact"], "default": "present"},
}
CONSTRAINTS = {"required_one_of": [["users", "groups"]]}
