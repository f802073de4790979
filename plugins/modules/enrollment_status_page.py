#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.enrollment_status_page. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: enrollment_status_page
short_description: Manage enrollment status pages of Microsoft Intune
version_added: 0.1.0
description:
  - Creates, changes, orders, assigns and deletes enrollment status pages (ESP), which show a user during the deployment
    of a device what is being installed, and keep the device until it is done.
  - A page is found by its exact name. If several have this name, it is refused; use O(page_id) to select one.
  - What is not given stays as it is, except that whether Windows quality updates are installed is always sent, because
    Intune takes an unset value as yes on new pages and as no on old ones.
  - Intune replaces all assignments of a page at once. The module reads them, changes what is asked for, and sends the
    rest back as it was, with its filters.
  - Warns if a page that waits for selected apps is assigned to users. Windows ignores these apps while it sets the
    device up, before a user has signed in.
  - Microsoft Graph has the settings of these pages only in its beta version.
options:
  name:
    description: The name, 1 to 200 characters. With O(page_id), the name that the page will have.
    type: str
  page_id:
    description: The id of an existing page, instead of finding it by name.
    type: str
  default_page:
    description:
      - Manage the page that every tenant has, for devices with no other page. It cannot be renamed, assigned, ordered
        or deleted.
    type: bool
    default: false
  state:
    description: Whether the page exists.
    type: str
    choices: [present, absent]
    default: present
  description:
    description: The description, at most 1000 characters. An empty text removes it.
    type: str
  show_progress:
    description:
      - Whether the page is shown at all. A new page is shown if this is not given.
    type: bool
  timeout_minutes:
    description: After how many minutes the installation counts as failed. A new page has 60 if this is not given.
    type: int
  error_message:
    description:
      - What users read if the installation takes too long or fails, at most 10000 characters. An empty text takes
        Microsoft's own.
    type: str
  log_collection_allowed:
    description: Whether users may collect logs if the installation fails.
    type: bool
  first_user_only:
    description:
      - Whether only the first user of a device sees the page ("Only show page to devices provisioned by out-of-box
        experience").
    type: bool
  setup_retry_blocked:
    description:
      - Whether users may not try again if the installation fails. If V(true), O(device_reset_allowed),
        O(device_use_allowed) and O(failed_apps_tolerated) cannot be V(true).
    type: bool
  device_reset_allowed:
    description: Whether users may reset the device if the installation fails.
    type: bool
  device_use_allowed:
    description: Whether users may use the device if the installation fails.
    type: bool
  failed_apps_tolerated:
    description:
      - Whether a technician's deployment in advance fails only because of O(blocking_apps) ("Only fail selected
        blocking apps in technician phase").
    type: bool
  autopilot_only:
    description: Whether the page is shown in Windows Autopilot deployments only.
    type: bool
  install_quality_updates:
    description:
      - Whether Windows quality updates are installed before the device can be used. This takes 20 to 40 minutes,
        restarts the device, and breaks automatic logon.
      - If this is not given, an existing page keeps its value, and a new page, or one that has none, gets V(false).
    type: bool
  blocking_apps:
    description:
      - The apps that must be installed before the device can be used, as ids or names of Windows apps in Intune, at
        most 100. With an empty list these are all apps that are required.
    type: list
    elements: str
  role_scope_tag_ids:
    description: The ids of the scope tags. A new page has V(0), the default tag, if this is not given.
    type: list
    elements: str
  priority:
    description:
      - The place of the page among all pages, 1 is the first. The first page that is assigned to a device or its user
        counts. Intune renumbers the other pages.
      - A new page comes last if this is not given.
    type: int
  included_groups:
    description:
      - The groups that the page is assigned to, as object ids or display names. Other groups are removed. An empty list
        removes all.
    type: list
    elements: str
  all_devices:
    description: Whether the page is assigned to all devices.
    type: bool
  all_users:
    description: Whether the page is assigned to all users.
    type: bool
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
  - winops.entra.tenant
  - winops.entra.approval
notes:
  - The permissions, application or delegated, are C(DeviceManagementServiceConfig.Read.All) to read (check mode) and
    C(DeviceManagementServiceConfig.ReadWrite.All) to change. Apps need C(DeviceManagementApps.Read.All). Names of
    groups need C(Group.Read.All), and the warning about users C(GroupMember.Read.All).
  - A tenant has at most 51 pages, the default page among them.
  - Not checked against a real tenant. Where Microsoft's documentation says nothing, the behaviour is that of public
    tools.
seealso:
  - module: winops.entra.autopilot_profile
  - module: winops.entra.group
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: The page of the Autopilot devices, before all others
  winops.entra.enrollment_status_page:
    name: Autopilot devices
    timeout_minutes: 90
    error_message: Please call 4711.
    log_collection_allowed: true
    device_reset_allowed: true
    blocking_apps: [Company Portal]
    install_quality_updates: false
    priority: 1
    included_groups: [Pilot devices]

- name: Devices without a page of their own are not kept waiting
  winops.entra.enrollment_status_page:
    default_page: true
    show_progress: false

- name: Delete a page
  winops.entra.enrollment_status_page:
    name: Old page
    state: absent
"""

RETURN = r"""
page:
  description:
    - The page in the form of this module's options. Null if it is absent. Groups and apps are ids.
    - In check mode the C(id) of a page that would be created is null, and its C(priority) if it is not given.
  returned: success
  type: dict
  sample:
    id: 5d2e0f0e-9d0b-4a7b-8c56-6f0b1c2d3e4f_Windows10EnrollmentCompletionPageConfiguration
    name: Autopilot devices
    description: null
    show_progress: true
    timeout_minutes: 90
    error_message: Please call 4711.
    log_collection_allowed: true
    first_user_only: false
    setup_retry_blocked: false
    device_reset_allowed: true
    device_use_allowed: false
    failed_apps_tolerated: false
    autopilot_only: false
    install_quality_updates: false
    blocking_apps: [1b0a4c11-0f4e-4d75-9e6f-3e0d5f0c8a11]
    role_scope_tag_ids: ['0']
    priority: 1
    included_groups: [73d664e4-0886-4a73-b745-c694da45ddb4]
    all_devices: false
    all_users: false
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
    "page_id": {"type": "str"},
    "default_page": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "description": {"type": "str", "holds": "text", "empty": True},
    "show_progress": {"type": "bool"},
    "timeout_minutes": {"type": "int", "least": 1, "most": 1440},
    "error_message": {"type": "str", "holds": "text", "empty": True},
    "log_collection_allowed": {"type": "bool"},
    "first_user_only": {"type": "bool"},
    "setup_retry_blocked": {"type": "bool"},
    "device_reset_allowed": {"type": "bool"},
    "device_use_allowed": {"type": "bool"},
    "failed_apps_tolerated": {"type": "bool"},
    "autopilot_only": {"type": "bool"},
    "install_quality_updates": {"type": "bool"},
    "blocking_apps": {"type": "list", "elements": "str"},
    "role_scope_tag_ids": {"type": "list", "elements": "str"},
    "priority": {"type": "int", "most": 51},
    "included_groups": {"type": "list", "elements": "str"},
    "all_devices": {"type": "bool"},
    "all_users": {"type": "bool"},
}
CONSTRAINTS = {"mutually_exclusive": [("page_id", "default_page")]}
