#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.directory_posture. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: directory_posture
short_description: Show whether joined devices are of use to their users, as the tenant sees it
version_added: 0.1.0
description:
  - Reads what Microsoft Entra ID and Intune know about many devices and their users, in one task, and says what keeps a
    device from being of use. Requests are sent 20 at a time.
  - Devices are matched by their device id and by nothing else. A name can stand for several objects.
  - What cannot be read is null, with its reason in RV(devices[].unread), and the finding is V(unknown). The other
    devices and questions are still answered.
  - If a license or a permission is missing, the question is asked once, and not once for each device.
  - The expected number of requests and time are shown before the first request, if there are many.
  - It changes nothing. Recovery keys of BitLocker are listed by their ids. The keys themselves are not read.
options:
  device_ids:
    description:
      - Device ids, as on the device itself (C(dsregcmd), M(winops.entra.device_facts), Intune).
      - An id that is not a GUID is left out and named, because a device may have reported it; if none of them is a
        GUID, the option is refused. The id of zeros stands for no device, and is left out likewise.
    type: list
    elements: str
    required: true
  questions:
    description:
      - What to ask, besides the objects in Entra and Intune, which are read in any case.
      - V(user) is the primary user, V(compliance) the compliance policies and the settings that fail, V(configuration)
        the device configurations that fail, V(settings_catalog) Intune's report of all configuration policies,
        V(escrow) the recovery keys of BitLocker, V(registration) what the primary user has registered for MFA and
        password reset, V(domain) whether the user's domain is federated.
      - Conditional Access is asked with O(applications).
    type: list
    elements: str
    choices: [user, compliance, configuration, settings_catalog, escrow, registration, domain]
    default: [user, compliance, configuration, settings_catalog, escrow, registration, domain]
  applications:
    description:
      - Application ids for which Conditional Access is asked what it would say to the primary user on this device.
        V(Office365) and V(All) are taken, too. By default nothing is asked.
      - The service answers one such question a second for the whole tenant. Users and devices that no condition of a
        policy can tell apart are asked about once. The expected time is shown before it begins.
      - What does not fit into O(timeout) is unknown. Give it a timeout of one second for each question.
    type: list
    elements: str
    default: []
  ip_address:
    description:
      - The public address of the sign-in for O(applications). Without it policies with locations may be unknown.
    type: str
  country:
    description: The country of the sign-in for O(applications), in two letters.
    type: str
  stale_days:
    description: From how many days without contact with Intune on the finding C(sync) is a V(warn).
    type: int
    default: 7
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
  - The permissions, application or delegated, are C(Device.Read.All), C(DeviceManagementManagedDevices.Read.All),
    C(DeviceManagementConfiguration.Read.All) (compliance, configuration and the settings catalog),
    C(BitlockerKey.ReadBasic.All) (escrow), C(AuditLog.Read.All) and a license of Microsoft Entra ID P1 (registration),
    C(Domain.Read.All) (domain), and for O(applications) C(Policy.Read.ConditionalAccess), C(Policy.Read.All) and
    C(GroupMember.Read.All).
  - Microsoft publishes no permissions for the states of policies on a device. The names above are those that public
    tools use.
  - The settings catalog is in none of the lists of Graph's v1.0, only in a report of its beta.
seealso:
  - module: winops.entra.directory_device_info
  - module: winops.entra.user_method_info
  - module: winops.entra.readiness_info
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Read the id of each device, null if it is not joined
  winops.entra.device_facts:
    gather_subset: [join]

- name: What keeps these devices from being of use?
  winops.entra.directory_posture:
    device_ids: >-
      {{ ansible_play_hosts | map('extract', hostvars, ['ansible_facts', 'entra', 'join', 'device_id']) | select }}
  run_once: true
  register: posture

- name: Show what is wrong
  ansible.builtin.debug:
    msg: "{{ posture.findings | selectattr('result', 'equalto', 'fail') }}"

- name: Ask Conditional Access about Office 365 as well, and stop if a device is not let in
  winops.entra.directory_posture:
    device_ids: [1f0c9a0e-6f5d-4f3c-8a70-5f3c4f1a2b3c]
    questions: [user]
    applications: [Office365]
    fail_on: [access]
"""

RETURN = r"""
devices:
  description: Each device that was given, in the order in which it was given.
  returned: when the tenant could be asked
  type: list
  elements: dict
  contains:
    device_id:
      description: The device id.
      type: str
    name:
      description: The name in Entra, otherwise in Intune, null if neither is known.
      type: str
    in_entra:
      description: Whether Entra has an object with the device id, null if that could not be read.
      type: bool
    in_intune:
      description: Whether Intune has a record with the device id, null if that could not be read.
      type: bool
    entra:
      description: What Entra says, null if it has no object or it could not be read.
      type: dict
      contains:
        object_id:
          description: The object id.
          type: str
        enabled:
          description: Whether the object is enabled, null if Entra does not say.
          type: bool
        join_type:
          description: V(entra), V(hybrid) or V(registered), null if it is another one.
          type: str
        compliant:
          description: Whether Entra takes the device for compliant, null if nobody has told Entra yet.
          type: bool
        managed:
          description: Whether Entra takes the device for managed, null likewise.
          type: bool
        last_sign_in:
          description: The last sign-in, which is renewed about every two weeks, null if there was none.
          type: str
        age_days:
          description: Whole days since then, or since the registration. Null if neither is known.
          type: int
    intune:
      description: The newest record of Intune, null if there is none or it could not be read.
      type: dict
      contains:
        id:
          description: The id of the record.
          type: str
        compliance:
          description:
            - The state of compliance, V(compliant), V(noncompliant), V(inGracePeriod), V(configManager), V(error),
              V(conflict) or V(unknown).
          type: str
        grace_until:
          description: When the grace period ends, null without one.
          type: str
        ownership:
          description: V(company) or V(personal), null if Intune does not know.
          type: str
        management_agent:
          description: Who manages the device, in lower case, such as V(mdm) or V(configurationmanagerclientmdm).
          type: str
        enrollment_type:
          description: How it was enrolled, in Intune's words.
          type: str
        enrolled:
          description: When it was enrolled, null if Intune does not know.
          type: str
        last_sync:
          description: The last contact with Intune, null if there was none.
          type: str
        sync_age_hours:
          description: Whole hours since then, null likewise.
          type: int
        encrypted:
          description: Whether Intune takes the device for encrypted, null if it does not know.
          type: bool
        enrolling_account:
          description:
            - The account that enrolled the device, which is not always its primary user. Null if Intune does not say.
          type: str
        enrolled_by_package:
          description: Whether that is the account of a provisioning package, null if there is no account.
          type: bool
        records:
          description: How many records Intune has of the device.
          type: int
    primary_user:
      description:
        - The primary user, null if there is none, if Intune names several or if it could not be read. A device without
          one is a device without a primary user, and is not said to be shared.
      type: dict
      contains:
        object_id:
          description: The object id.
          type: str
        user_principal_name:
          description: The user principal name, null if it could not be read.
          type: str
        enabled:
          description: Whether the user may sign in, null if it could not be read.
          type: bool
    has_primary_user:
      description: Whether there is a primary user, null if that was not asked or could not be read.
      type: bool
    compliance:
      description: Why Intune judges as it does, null if that was not asked or could not be read.
      type: dict
      contains:
        nothing_assigned:
          description:
            - Whether the device is judged although no compliance policy is assigned, null if that is not known. The
              finding of a compliant device is then V(unknown).
          type: bool
        policies:
          description: The policies that are not met. A policy can stand here for the user and for the system.
          type: list
          elements: dict
          contains:
            policy:
              description: The name of the policy.
              type: str
            state:
              description: The state, in Intune's words.
              type: str
            judged_for:
              description: V(user), V(system) (the System account), or null if Intune does not say.
              type: str
            user:
              description: The user it was judged for, null for the System account.
              type: str
            settings:
              description: The settings that fail, null if they could not be read.
              type: list
              elements: dict
              contains:
                setting:
                  description: The setting by its name in Intune.
                  type: str
                says:
                  description: The same in words.
                  type: str
                state:
                  description: The state, in Intune's words.
                  type: str
                current_value:
                  description: What the device has, null if Intune does not say.
                  type: str
                code:
                  description: The error code in hexadecimal digits, null without one.
                  type: str
    configuration:
      description: The device configurations that are not applied, null if that was not asked or could not be read.
      type: list
      elements: dict
      contains:
        policy:
          description: The name of the policy.
          type: str
        state:
          description: The state, in Intune's words.
          type: str
        judged_for:
          description: V(user), V(system), or null if Intune does not say.
          type: str
        user:
          description: The user it was judged for, null for the System account.
          type: str
        may_be_in_force:
          description:
            - Whether nothing but "remediation failed" (V(0x87D1FDE8)) was reported. The device then reports another
              value than was sent, and the setting may still be in force. Null if the settings could not be
              read.
          type: bool
        settings:
          description: The settings that fail, null if they could not be read.
          type: list
          elements: dict
          contains:
            setting:
              description: The setting by its name in Intune.
              type: str
            state:
              description: The state, in Intune's words.
              type: str
            code:
              description: The error code in hexadecimal digits, null without one.
              type: str
            says:
              description: What is known about it, in words.
              type: str
            sources:
              description: The policies that the setting comes from. Intune may name just one side of a conflict.
              type: list
              elements: str
    settings_catalog:
      description:
        - The policies of Intune's report of configuration policies that are not applied, which has the settings catalog
          as well. Null if that was not asked or could not be read.
        - A device configuration that stands in RV(devices[].configuration), with its settings, is left out here.
      type: list
      elements: dict
      contains:
        policy:
          description: The name of the policy.
          type: str
        state:
          description: V(nonCompliant), V(error), V(conflict), or V(unknown) with a number that is not known.
          type: str
        number:
          description: The number by which the report says it.
          type: int
        user:
          description: The user it was judged for, null for the System account.
          type: str
    escrow:
      description: The recovery keys of BitLocker that Entra holds, null if that was not asked or could not be read.
      type: list
      elements: dict
      contains:
        id:
          description: The id of the key, which is that of the protector on the device.
          type: str
        volume:
          description:
            - V(operatingSystemVolume), V(fixedDataVolume) or V(removableDataVolume), null if Entra does not say.
          type: str
        created:
          description: When Entra got it.
          type: str
    access:
      description: What Conditional Access would say, for each of O(applications). Null if that was not asked.
      type: list
      elements: dict
      contains:
        application:
          description: The application as given.
          type: str
        verdict:
          description:
            - V(blocked) (a policy blocks), V(device_refused) (a policy demands a device that this one is not),
              V(unknown), V(more_asked) (the user has to do something, such as MFA) or V(allowed).
          type: str
        policies:
          description: The policies that decide it, null if it could not be asked.
          type: list
          elements: dict
          contains:
            policy:
              description: The name of the policy.
              type: str
            effect:
              description: V(blocks), V(refuses_device), V(asks), V(met) or V(unknown).
              type: str
            demands:
              description: What it demands, in Graph's words.
              type: list
              elements: str
            report_only:
              description: Whether it is report-only, and blocks nobody.
              type: bool
            why:
              description: Why it is unknown, otherwise null.
              type: str
        why:
          description: Why it could not be asked, otherwise null.
          type: str
    registration:
      description:
        - What the report of registered methods says about the primary user. Null if that was not asked, if there is no
          primary user, if the report does not have the user, or if it could not be read.
      type: dict
      contains:
        mfa_registered:
          description: Whether the user has registered for MFA, null if the report does not say.
          type: bool
        sspr_registered:
          description: Whether the user has registered for self-service password reset, null likewise.
          type: bool
        passwordless_capable:
          description: Whether the user can sign in without a password, null likewise.
          type: bool
        as_of:
          description: The date of what the report says about the user, null if it has none.
          type: str
    domain:
      description: The domain of the primary user, null if that was not asked, not known, or could not be read.
      type: dict
      contains:
        name:
          description: The domain.
          type: str
        federated:
          description:
            - Whether the users of the domain sign in elsewhere (AD FS and the like), null if Entra does not say.
          type: bool
    unread:
      description: What is not known about the device, and why.
      type: list
      elements: str
      sample: ["unknown, because the tenant has no license of Microsoft Entra ID P1: the report of registered methods"]
findings:
  description: What is wrong or not known. A finding that is V(pass) is counted in RV(summary) and left out here.
  returned: when the tenant could be asked
  type: list
  elements: dict
  contains:
    id:
      description:
        - What it is about. V(entra_object), V(in_intune), V(ownership), V(primary_user), V(compliance),
          V(verdicts_differ), V(configuration), V(settings_catalog), V(sync), V(escrow), V(access), V(registration) or
          V(domain).
      type: str
    result:
      description: V(warn), V(fail) or V(unknown).
      type: str
    subject:
      description: The device by its name and device id, null if it is about the question as a whole.
      type: str
    observed:
      description: What the tenant says.
      type: str
    expected:
      description: Always null. C(cause) says what is wrong.
      type: str
    cause:
      description: Why that matters.
      type: str
    fix:
      description: What to do.
      type: str
    side:
      description: Where the problem is, V(tenant), V(device), V(network) or V(controller).
      type: str
    doc:
      description: Where to read more, otherwise null.
      type: str
    permissions:
      description: The permissions that are missing.
      type: list
      elements: str
    evidence:
      description: Always empty. RV(devices) has everything.
      type: list
      elements: dict
  sample:
    - id: compliance
      result: fail
      subject: PC-017 (1f0c9a0e-6f5d-4f3c-8a70-5f3c4f1a2b3c)
      observed: "not compliant: encryption by BitLocker is required (policy Windows, judged for the System account)"
      expected: null
      cause: Conditional Access does not let the device in where a policy demands a compliant device
      fix: correct the setting on the device, or the policy, and sync the device
      side: device
      doc: https://learn.microsoft.com/intune/intune-service/protect/compliance-policy-monitor
      permissions: []
      evidence: []
summary:
  description: The number of findings for each result.
  returned: when the tenant could be asked
  type: dict
  sample: {pass: 120, warn: 4, fail: 3, unknown: 1}
bad_ids:
  description: What was given as a device id and is none, and was left out.
  returned: when the tenant could be asked
  type: list
  elements: str
  sample: []
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

ALL_QUESTIONS = ("user", "compliance", "configuration", "settings_catalog", "escrow", "registration", "domain")
ARGUMENT_SPEC = {
    "device_ids": {"type": "list", "elements": "str", "required": True},
    "questions": {"type": "list", "elements": "str", "choices": list(ALL_QUESTIONS), "default": list(ALL_QUESTIONS)},
    "applications": {"type": "list", "elements": "str", "default": []},
    "ip_address": {"type": "str"},
    "country": {"type": "str"},
    "stale_days": {"type": "int", "default": 7, "most": 36500},
}
