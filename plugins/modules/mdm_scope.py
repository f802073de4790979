#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.mdm_scope. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mdm_scope
short_description: Manage whose devices enroll in Intune automatically
version_added: 0.1.0
description:
  - Manages the MDM (or MAM) user scope of automatic enrollment. Devices of the users in scope enroll in Intune, or
    another MDM, when they are joined.
  - Microsoft lets only a signed-in user do this. With an application's credential (client secret, certificate, managed
    or workload identity) the task fails before the first request to Microsoft Graph. Use O(auth=device_code).
options:
  application:
    description: The scope of mobile device management (MDM) or of mobile application management (MAM).
    type: str
    choices: [mdm, mam]
    default: mdm
  application_id:
    description: The application id of the MDM. The default is Microsoft Intune.
    type: str
    default: 0000000a-0000-0000-c000-000000000000
  scope:
    description: Nobody, everybody, or the users of O(groups) and no others.
    type: str
    choices: [none, all, selected]
  groups:
    description: Object ids or display names of groups of users, for O(scope=selected). A name that two groups share is
      refused.
    type: list
    elements: str
  discovery_url:
    description: Where devices find the MDM. An empty text removes it.
    type: str
  terms_of_use_url:
    description: The MDM's terms of use. An empty text removes it.
    type: str
  compliance_url:
    description: Where users can read why their device is not compliant. An empty text removes it.
    type: str
  enroll_on_register:
    description: Whether a device that is only registered (a personal device with a work account) enrolls as well. MDM
      only.
    type: bool
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
  - winops.entra.tenant
notes:
  - The permissions are delegated only, C(Policy.Read.All) to read, C(Policy.ReadWrite.MobilityManagement) to write;
    names of
    groups need C(Group.Read.All). The user needs the role Cloud Device Administrator; the tenant needs Entra ID P1.
  - Graph has these policies in its beta version only.
seealso:
  - module: winops.entra.registration_policy
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Devices of the pilot users enroll in Intune
  winops.entra.mdm_scope:
    auth: device_code
    tenant_id: contoso.onmicrosoft.com
    client_id: 0c1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8
    token_cache: "{{ lookup('env', 'HOME') }}/.cache/winops.entra"
    scope: selected
    groups: [Intune pilot]

- name: Everybody's devices enroll
  winops.entra.mdm_scope:
    auth: azure_cli
    scope: all
"""

RETURN = r"""
mdm_scope:
  description: The scope in the form of this module's options, with groups as object ids.
  returned: success
  type: dict
  sample:
    application_id: 0000000a-0000-0000-c000-000000000000
    scope: selected
    groups: [73d664e4-0886-4a73-b745-c694da45ddb4]
    discovery_url: https://enrollment.manage.microsoft.com/enrollmentserver/discovery.svc
    terms_of_use_url: https://portal.manage.microsoft.com/TermsofUse.aspx
    compliance_url: https://portal.manage.microsoft.com/?portalAction=Compliance
    enroll_on_register: true
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
    "application": {"type": "str", "choices": ["mdm", "mam"], "default": "mdm"},
    "application_id": {"type": "str", "holds": "guid", "default": "0000000a-0000-0000-c000-000000000000"},
    "scope": {"type": "str", "choices": ["none", "all", "selected"]},
    "groups": {"type": "list", "elements": "str"},
    "discovery_url": {"type": "str", "holds": "url", "empty": True},
    "terms_of_use_url": {"type": "str", "holds": "url", "empty": True},
    "compliance_url": {"type": "str", "holds": "url", "empty": True},
    "enroll_on_register": {"type": "bool"},
}
