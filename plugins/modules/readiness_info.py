#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.readiness_info. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: readiness_info
short_description: Check whether joins to a Microsoft Entra tenant would succeed
version_added: 0.1.0
description:
  - Checks everything in the tenant that can make joins and MDM enrollments fail, and returns a list of findings, each
    with what was seen, why it matters and what to do. Nothing is changed.
  - It checks the device registration policy (who may join, quota, MFA), the users (present, enabled, licensed,
    remaining device quota, managed or federated domain), Conditional Access and security defaults, the MDM scope,
    Intune's enrollment limits and restrictions, and Microsoft's service principals. With O(token_requesters) it also
    checks who can make bulk tokens.
  - If something cannot be read, there is a finding with the result V(unknown) that names the missing permission. The
    task continues.
  - The policies of Conditional Access are read. Conditions that are known only at sign-in, such as locations and risks,
    give a V(warn). Policies for directory roles and for workload identities are left out, and so are policies that
    block only device code flow or authentication transfer, because no join signs in that way.
  - With O(what_if) Microsoft Entra is also asked what its policies say when each user registers or joins a device.
    Where its answer and the reading differ, the answer decides and the finding says both. What the service assumes,
    because nobody told it (risks, the model of the device), is not decided by its answer.
  - The service does not know the registration policy's own MFA switch, and asks for no MFA itself. The switch has the
    finding C(mfa_at_join). MFA by a policy for the user action "Register or join devices" works only if it is off.
  - A setting in a form that this collection does not know is V(unknown), and never a V(pass).
options:
  users:
    description:
      - Users who will join devices, by user principal name or object id.
      - Users whose name begins with C(package_) are the users of provisioning packages. Nobody can confirm MFA for
        them, and they need neither quota nor licence.
    type: list
    elements: str
  user_prefixes:
    description:
      - Also all users whose user principal name begins with this. V(package_) finds the users of all provisioning
        packages.
      - It cannot be seen whose token is in a package, and the users of old packages stay in the tenant. So if at least
        one of the users that are found can join, what stops the others is a V(warn). Name users in O(users) to have it
        a V(fail).
    type: list
    elements: str
  what_if:
    description:
      - Whether Microsoft Entra is asked what Conditional Access says to each user who joins a device. Users that no
        policy about joins can tell apart are asked about once.
      - The service answers one question a second for the whole tenant. The expected time is shown before, and what
        does not fit into O(timeout) is V(unknown).
      - It is not asked about users of provisioning packages. An answer would be no proof, because a package's token is
        redeemed by a sign-in that is not interactive. For them the policies as they are read decide.
      - It is also not asked if no policy is on or in report-only mode.
    type: bool
    default: true
  ip_address:
    description:
      - The public address from which the users join, for O(what_if). Without it policies with locations may be unknown.
    type: str
  country:
    description: The country from which the users join, in two letters, for O(what_if).
    type: str
  token_requesters:
    description:
      - Users who will make bulk tokens for provisioning packages, by user principal name or object id.
      - Microsoft requires that they have one of the roles Cloud Device Administrator, Intune Administrator and Password
        Administrator (or Global Administrator) for the whole tenant and not for an administrative unit, sign in with a
        password or a certificate, and are in the MDM scope. A token works for up to 180 days.
    type: list
    elements: str
  devices_per_user:
    description: How many devices each user will join.
    type: int
    default: 1
  expect_mdm:
    description: Whether the devices will also enroll in Intune.
    type: bool
    default: true
  device_preparation:
    description:
      - Whether devices will be set up by Windows Autopilot device preparation. Its policies are then checked, with
        their device groups, the account type, and conflicts with Windows Autopilot profiles.
      - The group of a policy must have the service principal C(Intune Provisioning Client) as an owner.
      - Nobody has published which value of the account type means a standard user. If the registration policy does not
        make registering users administrators, there is a V(warn) for each policy.
    type: bool
    default: false
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
  - winops.entra.findings
  - winops.entra.tenant
attributes:
  diff_mode:
    details: It changes nothing.
    support: none
notes:
  - The permissions, application or delegated, are C(Policy.Read.DeviceConfiguration) (registration policy),
    C(Policy.Read.All) (Conditional Access, security defaults), C(User.Read.All), C(GroupMember.Read.All),
    C(Application.Read.All) (service principals), C(DeviceManagementServiceConfig.Read.All) (Intune),
    C(Domain.Read.All) (if there are users other than those of packages), with O(what_if)
    C(Policy.Read.ConditionalAccess), which C(Policy.Read.All) includes, with O(device_preparation)
    C(DeviceManagementConfiguration.Read.All), and with O(token_requesters) C(RoleManagement.Read.Directory) and
    C(AuditLog.Read.All). Without a permission its findings are unknown.
  - Policies in report-only mode stop nobody. They are named with V(pass), or with V(warn) if a package's user could
    not do what they ask for. Policies whose name begins with C(Microsoft-managed) are a V(warn), because Microsoft
    switches them on, at the earliest 30 days after they appear, unless somebody switches them off.
  - Intune's device limit is that of the assigned configuration with the highest priority, or the default one. Microsoft
    documents that it does not count for Windows Autopilot, provisioning packages, group policy, device enrollment
    managers and co-management, so a limit that is reached is a V(warn).
  - As soon as a tenant has corporate identifiers of Windows devices, a device that a user enrolls and that is not
    listed counts as personal. The finding C(corporate_identifier) is a C(warn) then.
  - The enrollment restrictions and the MDM scope are read from Graph's beta. Its v1.0 has only the default restriction.
  - Microsoft lets only a signed-in user read the MDM scope. With an application's credential that finding is unknown;
    use O(auth=device_code) to have it checked.
seealso:
  - module: winops.entra.registration_policy
  - module: winops.entra.mdm_scope
  - module: winops.entra.join
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Check the tenant before a rollout
  hosts: localhost
  gather_facts: false
  module_defaults:
    group/winops.entra.tenant:
      tenant_id: contoso.onmicrosoft.com
      client_id: 0c1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8
      client_secret: "{{ vault_entra_client_secret }}"
  tasks:
    - name: Stop when joins by all provisioning packages would fail
      winops.entra.readiness_info:
        user_prefixes: [package_]
        fail_on: [fail]

    - name: See whether these people can join a second device
      winops.entra.readiness_info:
        users: [ada@contoso.com, bob@contoso.com]
      register: readiness

    - name: See whether an administrator can make the bulk token of a package
      winops.entra.readiness_info:
        token_requesters: [carla@contoso.com]

    - name: Show what needs to be done
      ansible.builtin.debug:
        msg: "{{ readiness.findings | rejectattr('result', 'equalto', 'pass') }}"
"""

RETURN = r"""
findings:
  description: One for each check, or for each user if the check is about users.
  returned: when the tenant could be asked
  type: list
  elements: dict
  contains:
    id:
      description:
        - The check. V(registration_policy) (only when it could not be read), V(join_scope), V(device_quota),
          V(mfa_at_join), V(user), V(licence), V(domain), V(conditional_access), V(what_if), V(security_defaults),
          V(service_principal), V(mdm_scope), V(enrollment_limit), V(enrollment_restriction), V(corporate_identifier),
          with O(device_preparation) V(device_preparation), V(preparation_group), V(preparation_account) and
          V(preparation_conflict), and with O(token_requesters) V(token_role), V(token_sign_in) and V(token_scope).
      type: str
    result:
      description: V(pass), V(warn), V(fail) or V(unknown).
      type: str
    subject:
      description: The user, domain, application or policy that it is about, null for the tenant.
      type: str
    observed:
      description: What the tenant says.
      type: str
    expected:
      description: Always null. C(cause) says what is wrong.
      type: str
    cause:
      description: Why that matters, null on a pass.
      type: str
    fix:
      description: What to do, null on a pass.
      type: str
    side:
      description: Where the problem is, V(tenant), V(network) or V(controller).
      type: str
    doc:
      description: Where to read more, otherwise null.
      type: str
    permissions:
      description: The permissions that are missing.
      type: list
      elements: str
    evidence:
      description: Always empty. C(observed) has everything.
      type: list
      elements: dict
  sample:
    - id: join_scope
      result: fail
      subject: package_3f2504e0-4f89-11d3-9a0c-0305e82c3301@contoso.com
      observed: the registration policy names neither the user nor a group of the user
      expected: null
      cause: its joins fail (0x801C0003)
      fix: add the user, or a group with the rule (user.userPrincipalName -startsWith "package_"), to join of the
        registration policy
      side: tenant
      doc: https://learn.microsoft.com/entra/identity/devices/manage-device-identities#configure-device-settings
      permissions: []
      evidence: []
summary:
  description: The number of findings for each result.
  returned: when the tenant could be asked
  type: dict
  sample: {pass: 12, warn: 1, fail: 1, unknown: 1}
ready:
  description:
    - V(false) if there is a V(fail), V(null) if there is none but something is V(unknown), otherwise V(true).
  returned: when the tenant could be asked
  type: bool
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
    - Why the task has failed. If O(fail_on) names findings, it is the first of them, with all of them in C(evidence).
    - C(side) is tenant, network or controller. C(cause) and C(fix) say what is known about it.
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
    "user_prefixes": {"type": "list", "elements": "str"},
    "what_if": {"type": "bool", "default": True},
    "ip_address": {"type": "str"},
    "country": {"type": "str"},
    "token_requesters": {"type": "list", "elements": "str"},
    "devices_per_user": {"type": "int", "default": 1},
    "expect_mdm": {"type": "bool", "default": True},
    "device_preparation": {"type": "bool", "default": False},
}
