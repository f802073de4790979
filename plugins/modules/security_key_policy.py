#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.security_key_policy. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: security_key_policy
short_description: Manage the passkey (FIDO2) method, by which users sign in with security keys
version_added: 0.1.0
description:
  - Manages the tenant's method policy for passkeys (FIDO2), which decides who may register and use security keys, and
    which models.
  - Settings that are not given stay as they are. Only what changes is written, and it is read back until it shows.
  - If the tenant has passkey profiles, attestation and key restrictions are those of the default profile, and are
    written there. Other profiles, the profiles of each target, and everything else in the policy are sent back as they
    were read.
  - A stricter key restriction locks users out whose key it does not take. The task looks for them before it writes, and
    names them in a warning and in RV(shut_out), but this does not stop it. Use check mode to see them first.
options:
  state:
    description: Whether the tenant offers the method at all.
    type: str
    choices: [enabled, disabled]
  self_service:
    description: Whether users may register passkeys themselves. With V(false) nobody can register a key.
    type: bool
  attestation_required:
    description:
      - Whether a new key must prove its model by attestation. Synced passkeys and passkeys of Windows cannot.
    type: bool
  key_restrictions:
    description:
      - Which models of keys are taken, by their AAGUIDs. The maker of a key publishes its AAGUID.
    type: dict
    suboptions:
      enforcement:
        description:
          - V(none) takes all models, V(allow) only those of O(key_restrictions.aaguids), V(block) all others.
        type: str
        choices: [none, allow, block]
        required: true
      aaguids:
        description:
          - All AAGUIDs of the list, in any order. The list is left as it is if this is not given.
        type: list
        elements: str
  include:
    description: Who may use the method.
    type: dict
    suboptions:
      scope:
        description: Everybody, or only the members of O(include.groups).
        type: str
        choices: [all, selected]
        required: true
      groups:
        description: Object ids or display names of security groups. A name that two groups share is refused.
        type: list
        elements: str
        default: []
  excluded_groups:
    description:
      - Object ids or display names of all security groups whose members may not use the method. An empty list excludes
        nobody.
    type: list
    elements: str
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
  - winops.entra.tenant
notes:
  - The permissions are C(Policy.Read.AuthenticationMethod) to read (check mode),
    C(Policy.ReadWrite.AuthenticationMethod) to write, application or delegated. Groups need C(Group.Read.All). To name
    the users that a key restriction locks out, C(AuditLog.Read.All) and C(UserAuthMethod-Passkey.Read.All) are needed
    as well.
  - A signed-in user needs the role Authentication Policy Administrator.
  - Only the default profile is compared with the keys of users. Where the tenant has further profiles, another one may
    still take a key that is named in RV(shut_out).
  - The report of registered methods needs a license of Microsoft Entra ID P1, and lags behind. A key that was
    registered in the last hours may be missing.
seealso:
  - module: winops.entra.user_method_info
  - module: winops.entra.temporary_access_pass
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Everybody may register security keys
  winops.entra.security_key_policy:
    state: enabled
    self_service: true
    include:
      scope: all

- name: Look who would be locked out by the company's two models
  winops.entra.security_key_policy:
    attestation_required: true
    key_restrictions:
      enforcement: allow
      aaguids:
        - 2fc0579f-8113-47ea-b116-bb5a8db9202a
        - d8522d9f-575b-4866-88a9-ba99fa02f35b
  check_mode: true
  register: keys

- name: Only the pilot, without the helpdesk
  winops.entra.security_key_policy:
    include:
      scope: selected
      groups: [Intune pilot]
    excluded_groups: [Helpdesk device administrators]
"""

RETURN = r"""
policy:
  description: The policy in the form of this module's options, with groups as object ids.
  returned: success
  type: dict
  contains:
    state:
      description: V(enabled) or V(disabled).
      type: str
    self_service:
      description: Whether users may register passkeys themselves, null if the tenant does not say.
      type: bool
    attestation_required:
      description: Whether a new key must prove its model, null if the tenant does not say.
      type: bool
    key_restrictions:
      description: Which models are taken.
      type: dict
      contains:
        enforcement:
          description: V(none), V(allow) or V(block).
          type: str
        aaguids:
          description: The AAGUIDs of the list, which counts only if C(enforcement) is not V(none).
          type: list
          elements: str
    include:
      description: Who may use the method.
      type: dict
      contains:
        scope:
          description: V(all) or V(selected).
          type: str
        groups:
          description: The groups of the scope V(selected).
          type: list
          elements: str
    excluded_groups:
      description: The groups whose members may not use the method.
      type: list
      elements: str
    passkey_types:
      description:
        - What the default profile takes, any of C(device_bound) and C(synced). Null if the tenant has no profiles.
      type: list
      elements: str
    profiles:
      description: The passkey profiles of the tenant. Empty if it has none.
      type: list
      elements: dict
      contains:
        id:
          description: Its id.
          type: str
        name:
          description: Its name, null if the tenant does not say.
          type: str
        default:
          description: Whether it is the default profile, to which this module writes.
          type: bool
shut_out:
  description:
    - The registered keys that were taken before and are not taken any more, or in check mode would not be. Empty if the
      key restrictions do not change. Null if that could not be read, then RV(shut_out_unread) says why.
  returned: success
  type: list
  elements: dict
  contains:
    user:
      description: The user principal name.
      type: str
    name:
      description: The name that the user has given to the key, null if there is none.
      type: str
    model:
      description: The model, null if the tenant does not know it.
      type: str
    aaguid:
      description: The AAGUID of the key, null if it is unknown.
      type: str
shut_out_unread:
  description: Why the keys of some or all users could not be read, otherwise null.
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
    "state": {"type": "str", "choices": ["enabled", "disabled"]},
    "self_service": {"type": "bool"},
    "attestation_required": {"type": "bool"},
    "key_restrictions": {
        "type": "dict",
        "options": {
            "enforcement": {"type": "str", "choices": ["none", "allow", "block"], "required": True},
            "aaguids": {"type": "list", "elements": "str", "holds": "guid"},
        },
    },
    "include": {
        "type": "dict",
        "options": {
            "scope": {"type": "str", "choices": ["all", "selected"], "required": True},
            "groups": {"type": "list", "elements": "str", "default": []},
        },
    },
    "excluded_groups": {"type": "list", "elements": "str"},
}
