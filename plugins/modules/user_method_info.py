#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.user_method_info. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: user_method_info
short_description: Show which users have a security key that the tenant takes
version_added: 0.1.0
description:
  - Reads the registered passkeys of many users in one task, and says of each user whether there is a security key for
    the lock screen of Windows.
  - Only a device-bound passkey on a key of its own counts as a security key. Passkeys in Microsoft Authenticator,
    synced passkeys and passkeys of Windows Hello cannot sign in at the lock screen, whatever reports call them.
  - A key counts only if the tenant's method policy takes it. The task compares its AAGUID and its type with the key
    restrictions, or with the passkey profiles that apply to the user.
  - It also returns what the tenant's report of registered methods says about MFA, self-service password reset and
    passwordless sign-in. That report lags behind and does not have every user. What it does not say is null, never
    V(false).
  - What cannot be read about a user is null, with its reason in RV(users[].unread). The other users are still read.
options:
  users:
    description: Object ids or user principal names.
    type: list
    elements: str
    required: true
  registration_details:
    description:
      - Whether to read the report of registered methods, which needs a license of Microsoft Entra ID P1.
    type: bool
    default: true
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
  - winops.entra.tenant
attributes:
  diff_mode:
    details: It changes nothing.
    support: none
notes:
  - The permissions, application or delegated, are C(User.Read.All), C(UserAuthMethod-Passkey.Read.All) and
    C(Policy.Read.AuthenticationMethod). The report needs C(AuditLog.Read.All). If the policy has groups,
    C(GroupMember.Read.All) is needed as well.
  - A signed-in user needs the roles Authentication Administrator and Reports Reader, or Global Reader.
  - That a user has a key does not mean that a device offers it. The device needs the sign-in option for security keys.
seealso:
  - module: winops.entra.security_key_policy
  - module: winops.entra.temporary_access_pass
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Who still has to register a key?
  winops.entra.user_method_info:
    users: [ada@contoso.com, bob@contoso.com]
  register: methods

- name: Name them
  ansible.builtin.debug:
    msg: "{{ methods.users | rejectattr('security_key_ready') | map(attribute='user') | list }}"
"""

RETURN = r"""
users:
  description: Each user that was given, in the order in which it was given.
  returned: success
  type: list
  elements: dict
  contains:
    user:
      description: The user as given.
      type: str
    object_id:
      description: The object id, null if the tenant does not have the user or it could not be read.
      type: str
    user_principal_name:
      description: The user principal name, null likewise.
      type: str
    display_name:
      description: The display name, null likewise or if there is none.
      type: str
    found:
      description: Whether the tenant has the user, null if that could not be read.
      type: bool
    enabled:
      description: Whether the user may sign in, null if that could not be read.
      type: bool
    passkeys:
      description: The registered passkeys, null if they could not be read.
      type: list
      elements: dict
      contains:
        id:
          description: The id of the registration.
          type: str
        name:
          description: The name that the user has given to it, null if there is none.
          type: str
        model:
          description: The model, null if the tenant does not know it.
          type: str
        aaguid:
          description: The AAGUID, null if it is missing or all zeros, which says nothing.
          type: str
        kind:
          description:
            - V(security_key) (device-bound, on a key of its own), V(authenticator) (in Microsoft Authenticator),
              V(windows_hello), V(synced) or V(unknown).
          type: str
        attested:
          description: Whether the key has proved its model, null if the tenant does not say.
          type: bool
        created:
          description: When it was registered, null if the tenant does not say.
          type: str
        accepted:
          description:
            - Whether the method policy takes it from this user. Null if the policy could not be read, or does not
              depend on the model alone and the model is unknown.
          type: bool
    in_scope:
      description: Whether the method policy is on and includes the user, null if that could not be read.
      type: bool
    security_key_ready:
      description:
        - Whether the user is enabled, in scope, and has a security key that the policy takes. Null if what was read
          does not decide it.
      type: bool
    passkey_limit_reached:
      description: Whether the user has ten passkeys and cannot register another one, null if it could not be read.
      type: bool
    mfa_capable:
      description: Whether the user can do MFA as the tenant allows it, null if the report does not say.
      type: bool
    sspr_capable:
      description: Whether the user can reset the own password, null if the report does not say.
      type: bool
    passwordless_capable:
      description:
        - Whether the user can sign in without a password, null if the report does not say. Passkeys in Microsoft
          Authenticator count here, so it does not mean the lock screen.
      type: bool
    methods_registered:
      description:
        - The registered methods in the report's words, null if the report does not say. C(fido2) is returned as
          C(passKeyDeviceBound), because both are the same.
      type: list
      elements: str
    reported:
      description: The date of what the report says about the user, null if the report does not have the user.
      type: str
    unread:
      description: What could not be read about the user, and why.
      type: list
      elements: str
      sample: ["the passkeys could not be read: the permission UserAuthMethod-Passkey.Read.All is missing"]
totals:
  description: How many users there are of each kind.
  returned: success
  type: dict
  sample: {ready: 120, not_ready: 30, unknown: 2}
policy_unread:
  description: Why the method policy could not be read, otherwise null.
  returned: success
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
    "users": {"type": "list", "elements": "str", "required": True},
    "registration_details": {"type": "bool", "default": True},
}
