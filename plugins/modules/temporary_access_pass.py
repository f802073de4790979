#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.temporary_access_pass. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: temporary_access_pass
short_description: Give users a Temporary Access Pass, and manage its method policy
version_added: 0.1.0
description:
  - Manages the tenant's method policy for the Temporary Access Pass (TAP), and creates or removes passes of many users
    in one task. With a pass, a user without any other method signs in once and registers a security key.
  - A pass is a password. Its value goes once into the file of O(dest), which only its owner can read, and nowhere else.
    Nobody can read it from the tenant afterwards.
  - The task tries O(dest) before it changes anything. A file that is there already is refused if passes are to be
    created, because it may hold passes that nobody can read again.
  - Users who do not exist, are disabled or are not in the policy's scope get no pass. They are named, the others get
    theirs, and the task fails in the end.
  - A pass that is valid or becomes valid later is left alone unless O(force=true). One that has expired or was used is
    replaced.
  - A request that gets no answer is not repeated. The task looks whether there is a new pass. If there is, its value is
    lost, and the result says so.
  - A new pass works some seconds after it was created.
options:
  policy:
    description: Settings of the method policy. What is not given stays as it is.
    type: dict
    suboptions:
      state:
        description: Whether the tenant offers the method at all.
        type: str
        choices: [enabled, disabled]
      minimum_lifetime:
        description: The shortest lifetime that a pass may have, in minutes (10 to 43200).
        type: int
      maximum_lifetime:
        description: The longest lifetime that a pass may have, in minutes (10 to 43200).
        type: int
      default_lifetime:
        description: The lifetime of a pass that names none, in minutes (10 to 43200).
        type: int
      default_length:
        description: The characters of a pass (8 to 48).
        type: int
      usable_once:
        description: Whether every pass works only once.
        type: bool
      include:
        description: Who may have a pass.
        type: dict
        suboptions:
          scope:
            description: Everybody, or only the members of O(policy.include.groups).
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
          - Object ids or display names of all security groups whose members may not have a pass. An empty list excludes
            nobody.
        type: list
        elements: str
  users:
    description: Object ids or user principal names of the users who get a pass or lose it.
    type: list
    elements: str
  state:
    description:
      - V(present) creates a pass for each user who has no valid one.
      - V(absent) removes the passes of the users, which also ends the sessions that were begun with them.
    type: str
    choices: [present, absent]
    default: present
  lifetime:
    description:
      - How long the passes are valid, in minutes. It must be in the range of the policy. The default is the policy's.
    type: int
  usable_once:
    description:
      - Whether the passes work only once. The default is the policy's. V(false) is refused if the policy says V(true).
    type: bool
  force:
    description: Replace a pass that is still valid. It stops working, and its value is of no use any more.
    type: bool
    default: false
  dest:
    description:
      - A new file on the controller for the passes, in JSON, with mode 0600. Required with O(users) and
        O(state=present).
      - Each entry has C(user), C(object_id), C(temporary_access_pass), C(start), C(lifetime) (minutes) and
        C(usable_once).
    type: path
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
  - winops.entra.tenant
notes:
  - The permissions of the policy are C(Policy.Read.AuthenticationMethod) to read (check mode, and for passes) and
    C(Policy.ReadWrite.AuthenticationMethod) to write, those of passes C(UserAuthMethod-TAP.Read.All) to read and
    C(UserAuthMethod-TAP.ReadWrite.All) to write, application or delegated. Users need C(User.Read.All), groups
    C(Group.Read.All) in the policy, and C(GroupMember.Read.All) if the scope has groups.
  - A signed-in user needs the role Authentication Policy Administrator for the policy, and Authentication Administrator
    for passes (Privileged Authentication Administrator, if the user is an administrator).
seealso:
  - module: winops.entra.user_method_info
  - module: winops.entra.security_key_policy
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: New employees may have a pass for a working day
  winops.entra.temporary_access_pass:
    policy:
      state: enabled
      minimum_lifetime: 60
      maximum_lifetime: 480
      default_lifetime: 480
      usable_once: true
      include:
        scope: selected
        groups: [Deployment staff]

- name: A pass for Ada, in a file that only you can read
  winops.entra.temporary_access_pass:
    users: [ada@contoso.com]
    lifetime: 120
    dest: /srv/rollout/passes-ada.json

- name: Ada has her key now
  winops.entra.temporary_access_pass:
    users: [ada@contoso.com]
    state: absent
"""

RETURN = r"""
policy:
  description: The method policy in the form of this module's options, with groups as object ids.
  returned: success
  type: dict
  contains:
    state:
      description: V(enabled) or V(disabled).
      type: str
    minimum_lifetime:
      description: In minutes, null if the tenant does not say.
      type: int
    maximum_lifetime:
      description: In minutes, null if the tenant does not say.
      type: int
    default_lifetime:
      description: In minutes, null if the tenant does not say.
      type: int
    default_length:
      description: The characters of a pass, null if the tenant does not say.
      type: int
    usable_once:
      description: Whether every pass works only once, null if the tenant does not say.
      type: bool
    include:
      description: Who may have a pass.
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
      description: The groups whose members may not have a pass.
      type: list
      elements: str
passes:
  description: Each user that was given, in the order in which it was given. Never with the value of a pass.
  returned: when the users could be read
  type: list
  elements: dict
  contains:
    user:
      description: The user as given.
      type: str
    object_id:
      description: The object id, null if the user could not be read.
      type: str
    outcome:
      description:
        - V(changed), V(unchanged), V(failed), V(unknown) (there was no answer, so it is not known whether the change
          arrived) or V(skipped) (not tried, C(error) says why).
      type: str
    valid:
      description: Whether the user has a pass that is or becomes valid, in check mode would have, null if unknown.
      type: bool
    start:
      description: From when the pass is valid, null if there is none, or in check mode for one that would be created.
      type: str
    lifetime:
      description: How long the pass is valid, in minutes, null if there is none.
      type: int
    usable_once:
      description: Whether the pass works only once, null if there is none.
      type: bool
    error:
      description: Why it was not done, otherwise null. The fields are those of RV(error) and C(msg), one sentence.
      type: dict
      contains:
        msg:
          description: The failure in one sentence.
          type: str
dest:
  description: The file with the values, null if the task has not written one.
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

_TARGETS = {
    "include": {
        "type": "dict",
        "options": {
            "scope": {"type": "str", "choices": ["all", "selected"], "required": True},
            "groups": {"type": "list", "elements": "str", "default": []},
        },
    },
    "excluded_groups": {"type": "list", "elements": "str"},
}

ARGUMENT_SPEC = {
    "policy": {
        "type": "dict",
        "options": {
            "state": {"type": "str", "choices": ["enabled", "disabled"]},
            "minimum_lifetime": {"type": "int", "least": 10, "most": 43200},
            "maximum_lifetime": {"type": "int", "least": 10, "most": 43200},
            "default_lifetime": {"type": "int", "least": 10, "most": 43200},
            "default_length": {"type": "int", "least": 8, "most": 48},
            "usable_once": {"type": "bool"},
            **_TARGETS,
        },
    },
    "users": {"type": "list", "elements": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "lifetime": {"type": "int", "least": 10, "most": 43200},
    "usable_once": {"type": "bool"},
    "force": {"type": "bool", "default": False},
    "dest": {"type": "path"},
}
