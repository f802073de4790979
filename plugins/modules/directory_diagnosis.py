#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.directory_diagnosis. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: directory_diagnosis
short_description: Find in the tenant why joins, MDM enrollments and sign-ins of devices failed
version_added: 0.1.0
description:
  - Reads what Microsoft Entra ID and Intune know about failures of many devices, in one task, and merges it with what
    M(winops.entra.diagnose) has found on each device, into one cause with its evidence.
  - Reads the sign-ins of the users who join devices or whose bulk tokens are in packages, interactive and not, with the
    Conditional Access policies that applied; the directory audits of device registrations; the enrollment failures of
    Intune; and the settings that explain a failure without a log (who may join, quotas, MFA, MDM scope, licenses,
    restrictions, limits).
  - Each log is one question over the time window for all devices, with as many pages as it takes.
  - An entry belongs to a device if the device's own evidence has its request id or correlation id, or if it has the
    device's id. An entry of the same user at the time of the failure is said to be one of the sign-ins of that user,
    because many devices can share a user.
  - What cannot be read is null, with its reason in RV(devices[].unread), and the finding is V(unknown). A device's own
    diagnosis is kept in any case.
  - It changes nothing.
options:
  devices:
    description: The devices.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The device by its name in the inventory. Each name stands here once.
        type: str
        required: true
      device_id:
        description:
          - Its id in Entra. An id that is not a GUID does not count, because a device may have reported it.
          - If it is not given, it is that of the join in O(devices[].diagnosis).
        type: str
      hostname:
        description:
          - The name that Windows has, by which registrations without an id are found. If it is not given, it is
            O(devices[].name).
        type: str
      user:
        description:
          - The user principal name of who joined the device, or of the package's user.
          - If it is not given, it is that of the join in O(devices[].diagnosis); for a device that has none either, the
            sign-ins of all package users (C(package_...)) are looked at.
        type: str
      diagnosis:
        description:
          - What M(winops.entra.diagnose) has returned for the device, or its record in a report. Leave it out for a
            device that did not answer.
          - A part that is not of its form does not count, and is named in RV(devices[].unread).
        type: dict
  questions:
    description:
      - What to ask. V(sign_ins) is the sign-in log, V(audits) the directory audits of registrations,
        V(enrollment_failures) Intune's enrollment failures, V(objects) whether Entra has the joined devices and has
        them enabled, V(readiness) the settings of the tenant for the users
        concerned, as in M(winops.entra.readiness_info).
      - V(readiness) is asked for devices that are not well, and for those that did not answer.
    type: list
    elements: str
    choices: [sign_ins, audits, enrollment_failures, objects, readiness]
    default: [sign_ins, audits, enrollment_failures, objects, readiness]
  hours:
    description:
      - Entries of the last hours count, this many, by the controller's clock. The default is 72, unless O(since) is
        given.
      - The tenant keeps sign-ins and audits for 30 days, and without a license of Microsoft Entra ID P1 for 7 days. If
        the time window begins earlier, it is said in RV(notes).
    type: int
  since:
    description:
      - Entries after this time count. It is a time with a time zone, such as V(2026-11-21T08:00:00Z).
    type: str
  log_wait:
    description:
      - How many seconds to wait for entries that the logs do not show yet, which is often some minutes. 0 does not
        wait.
      - It is waited for devices whose failure is younger than 15 minutes, and whose sign-in is not in the log. The wait
        ends as soon as each of them has its entry.
    type: int
    default: 300
  max_rows:
    description:
      - How many entries of each log to read, the newest first. If there are more, it is said in RV(notes).
    type: int
    default: 20000
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
  - The permissions, application or delegated, are C(AuditLog.Read.All) and a license of Microsoft Entra ID P1 (sign-ins
    and audits), C(Policy.Read.ConditionalAccess) or C(Policy.Read.All) for the policies of a sign-in,
    C(DeviceManagementManagedDevices.Read.All) (enrollment failures), C(Device.Read.All) (objects), and for
    V(readiness) those of M(winops.entra.readiness_info).
  - The service answers about five requests for logs in ten seconds. The task keeps to that, and shows the expected time
    if it is more than some seconds.
  - Sign-ins without a person, as those of a package, are in the beta of Microsoft Graph.
seealso:
  - module: winops.entra.diagnose
  - module: winops.entra.readiness_info
  - module: winops.entra.directory_posture
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: What the device itself says
  winops.entra.diagnose:
  register: why
  ignore_unreachable: true

- name: What each device says, by its name
  ansible.builtin.set_fact:
    failed_device:
      name: "{{ inventory_hostname }}"
      diagnosis: "{{ why }}"

- name: What the tenant says, for all devices at once
  winops.entra.directory_diagnosis:
    devices: "{{ ansible_play_batch | map('extract', hostvars, 'failed_device') }}"
    hours: 24
  run_once: true
  register: told

- name: The short answers
  ansible.builtin.debug:
    msg: "{{ told.devices | items2dict(key_name='name', value_name='conclusion') }}"
  run_once: true

- name: Why did these joins fail, of which nothing but the names is known?
  winops.entra.directory_diagnosis:
    devices:
      - name: PC-0042
        user: ada@contoso.com
    questions: [sign_ins, audits]
    log_wait: 0
"""

RETURN = r"""
devices:
  description: Each device that was given, in the order in which it was given.
  returned: when the tenant could be asked
  type: list
  elements: dict
  contains:
    name:
      description: The device by its name in the inventory.
      type: str
    device_id:
      description: Its id in Entra, null if nobody knows it.
      type: str
    user:
      description: Whose sign-ins were looked at, null if those of all package users were.
      type: str
    conclusion:
      description: The cause as one sentence, with what the other side says.
      type: str
    cause:
      description: The one cause of what both sides show, null if neither shows a failure.
      type: dict
      contains:
        id:
          description: The name of the failure, as in the findings of the device or of the tenant.
          type: str
        result:
          description: V(fail) or V(warn).
          type: str
        subject:
          description: What failed, V(join), V(mdm), V(sign_in) or V(device).
          type: str
        code:
          description: The most specific code, null if there is none.
          type: str
        cause:
          description: Why it failed.
          type: str
        fix:
          description: What to do.
          type: str
        side:
          description: Where the fix is, V(device), V(tenant), V(network) or V(controller).
          type: str
        doc:
          description: Where to read more, otherwise null.
          type: str
        weight:
          description: How strong it is, 0 to 100, as in M(winops.entra.diagnose).
          type: int
        said_by:
          description:
            - Who says so. V(device), V(tenant), or V(both) if the tenant explains what the device has seen.
          type: str
        matched_by:
          description:
            - By what the tenant's part belongs to the device. V(request_id), V(device_id), V(hostname), V(user) (an
              entry of the same user, and perhaps of another device), V(setting) (no entry of a log but a setting), or
              null if the tenant has no part in it.
          type: str
        evidence:
          description: What both sides have seen, that of the cause first.
          type: list
          elements: dict
          contains:
            source:
              description: V(device) or V(tenant).
              type: str
            log:
              description: The log, the registry key, the check or the setting that it was read from.
              type: str
            event:
              description: The id of an event on the device, otherwise null.
              type: int
            utc:
              description: When it was written, on the device by the device's clock. Null if it has no time.
              type: str
            data:
              description: What was read.
              type: list
              elements: str
            code:
              description: The AADSTS code or the HRESULT, null without one.
              type: str
            request_id:
              description: The request at Entra, otherwise null.
              type: str
            correlation_id:
              description: The id that an attempt has in all logs of the tenant, otherwise null.
              type: str
            matched_by:
              description: By what an entry of the tenant belongs to the device, as above, otherwise null.
              type: str
    contradiction:
      description: What the two sides say if it does not fit together, otherwise null.
      type: str
    device_says:
      description: The conclusion of the device's own diagnosis, null without one.
      type: str
    findings:
      description: What the tenant says about the device, the highest weight first, in the form of RV(findings).
      type: list
      elements: dict
      contains:
        id:
          description: What it is about.
          type: str
        result:
          description: V(warn), V(fail) or V(unknown).
          type: str
        subject:
          description: The device by its name.
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
          description: Always empty.
          type: list
          elements: str
        evidence:
          description: The entries of the logs, in the form of RV(devices[].cause.evidence).
          type: list
          elements: dict
          contains:
            source:
              description: V(device) or V(tenant).
              type: str
            log:
              description: The log, the registry key, the check or the setting that it was read from.
              type: str
            event:
              description: The id of an event on the device, otherwise null.
              type: int
            utc:
              description: When it was written, on the device by the device's clock. Null if it has no time.
              type: str
            data:
              description: What was read.
              type: list
              elements: str
            code:
              description: The AADSTS code or the HRESULT, null without one.
              type: str
            request_id:
              description: The request at Entra, otherwise null.
              type: str
            correlation_id:
              description: The id that an attempt has in all logs of the tenant, otherwise null.
              type: str
            matched_by:
              description: By what an entry of the tenant belongs to the device, as above, otherwise null.
              type: str
    sign_ins:
      description:
        - The sign-ins that belong to the device, or may belong to it, the surest and newest first, at most 20. Null if
          they were not asked or could not be read.
      type: list
      elements: dict
      contains:
        utc:
          description: When it was.
          type: str
        user:
          description: The user principal name.
          type: str
        app:
          description: The application that signed in.
          type: str
        resource:
          description: What it signed in to, null if the log does not say.
          type: str
        interactive:
          description: Whether a person was asked, null if the log does not say.
          type: bool
        code:
          description: The AADSTS code, null for a sign-in that went well.
          type: str
        says:
          description: Why it failed, as the log has it, otherwise null.
          type: str
        request_id:
          description: The request at Entra.
          type: str
        correlation_id:
          description: The id that an attempt has in all logs, null if the log does not say.
          type: str
        matched_by:
          description: By what it belongs to the device, V(request_id), V(device_id) or V(user).
          type: str
        device_id:
          description: The device that the sign-in carried, null if it carried none.
          type: str
        device_name:
          description: The name of that device, null likewise.
          type: str
        device_compliant:
          description: Whether that device was compliant, null if the sign-in carried none or the log does not say.
          type: bool
        policies:
          description:
            - The Conditional Access policies that decided about the sign-in or would have, null if they are not known.
          type: list
          elements: dict
          contains:
            policy:
              description: The name of the policy.
              type: str
            result:
              description: The result, in the words of Graph.
              type: str
            demanded:
              description: What it demanded, in the words of Graph.
              type: list
              elements: str
            enforced:
              description: Whether it was in force. A policy that is report-only or not enabled is not.
              type: bool
        policies_unknown:
          description: Why the policies are not known, otherwise null.
          type: str
    enrollment_failures:
      description: The enrollment failures of Intune, likewise. Null if they were not asked or could not be read.
      type: list
      elements: dict
      contains:
        utc:
          description: When it was.
          type: str
        category:
          description: The kind of failure, in the words of Graph.
          type: str
        says:
          description: Why it failed, as Intune has it, otherwise null.
          type: str
        enrollment_type:
          description: How the device enrolled, in the words of Graph.
          type: str
        user_id:
          description: The object id of the user, null if Intune does not say.
          type: str
        device_id:
          description: The id of the device, null if Intune does not say.
          type: str
        correlation_id:
          description: The id that an attempt has in all logs, null if Intune does not say.
          type: str
        matched_by:
          description: By what it belongs to the device, V(request_id), V(device_id) or V(user).
          type: str
    audits:
      description: The directory audits of registrations, likewise. Null if they were not asked or could not be read.
      type: list
      elements: dict
      contains:
        utc:
          description: When it was.
          type: str
        activity:
          description: What was done.
          type: str
        result:
          description: V(success), V(failure) or V(timeout).
          type: str
        says:
          description: Why it failed, as the log has it, otherwise null.
          type: str
        user:
          description: Who did it, a user principal name, null if it was an application.
          type: str
        device_id:
          description: The id of the device, null if the log does not say.
          type: str
        device_name:
          description: The name of the device, null if the log does not say.
          type: str
        correlation_id:
          description: The id that an attempt has in all logs, null if the log does not say.
          type: str
        matched_by:
          description: By what it belongs to the device, V(request_id), V(device_id), V(hostname) or V(user).
          type: str
    unread:
      description: What is not known about the device, and why.
      type: list
      elements: str
      sample: ["unknown, because the tenant has no license of Microsoft Entra ID P1: the sign-ins"]
findings:
  description: What the tenant says, about all devices and about each.
  returned: when the tenant could be asked
  type: list
  elements: dict
  contains:
    id:
      description:
        - What it is about. V(sign_in), V(conditional_access), V(registration), V(enrollment), V(no_trace) (the device
          has failed, and the logs have nothing about it), V(contradiction), V(device_object), V(sign_in_log),
          V(audit_log), V(enrollment_log), or an id of M(winops.entra.readiness_info).
      type: str
    result:
      description: V(warn), V(fail) or V(unknown).
      type: str
    subject:
      description: The device by its name, null if it is about the logs or the tenant as a whole.
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
      description: The entries of the logs, in the form of RV(devices[].cause.evidence).
      type: list
      elements: dict
      contains:
        source:
          description: V(device) or V(tenant).
          type: str
        log:
          description: The log, the registry key, the check or the setting that it was read from.
          type: str
        event:
          description: The id of an event on the device, otherwise null.
          type: int
        utc:
          description: When it was written, on the device by the device's clock. Null if it has no time.
          type: str
        data:
          description: What was read.
          type: list
          elements: str
        code:
          description: The AADSTS code or the HRESULT, null without one.
          type: str
        request_id:
          description: The request at Entra, otherwise null.
          type: str
        correlation_id:
          description: The id that an attempt has in all logs of the tenant, otherwise null.
          type: str
        matched_by:
          description: By what an entry of the tenant belongs to the device, as above, otherwise null.
          type: str
  sample:
    - id: conditional_access
      result: fail
      subject: PC-0042
      observed: "AADSTS50076 at the sign-in of package_3f2504e0-4f89-11d3-9a0c-0305e82c3301@contoso.com to Device
        Registration Service"
      expected: null
      cause: the Conditional Access policy 'MFA for everyone' demands MFA, and nobody is there to confirm it
      fix: exclude the package users' group from the policy
      side: tenant
      doc: https://learn.microsoft.com/entra/identity/conditional-access/troubleshoot-conditional-access
      permissions: []
      evidence: []
summary:
  description: The number of findings for each result.
  returned: when the tenant could be asked
  type: dict
  sample: {pass: 0, warn: 1, fail: 3, unknown: 0}
logs:
  description: The logs that were read.
  returned: when the tenant could be asked
  type: list
  elements: dict
  contains:
    log:
      description: V(sign_ins), V(audits) or V(enrollment_failures).
      type: str
    read:
      description: How many entries were read, null if it could not be read.
      type: int
    complete:
      description: Whether it was read to its end, null if it could not be read.
      type: bool
    oldest:
      description: The time of the oldest entry that was read, null if there was none.
      type: str
since:
  description: The beginning of the time window.
  returned: when the tenant could be asked
  type: str
  sample: "2026-11-18T08:00:00Z"
until:
  description: The end of the time window.
  returned: when the tenant could be asked
  type: str
  sample: "2026-11-21T08:00:00Z"
waited:
  description: How many seconds the task has waited for entries.
  returned: when the tenant could be asked
  type: int
  sample: 0
notes:
  description: What limits the answer. A time window beyond what is kept, entries that were not read, a log that lags.
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

ALL_LOG_QUESTIONS = ("sign_ins", "audits", "enrollment_failures", "objects", "readiness")
FAILED_DEVICE_SPEC = {
    "name": {"type": "str", "required": True},
    "device_id": {"type": "str"},
    "hostname": {"type": "str"},
    "user": {"type": "str"},
    "diagnosis": {"type": "dict"},
}
ARGUMENT_SPEC = {
    "devices": {"type": "list", "elements": "dict", "required": True, "options": FAILED_DEVICE_SPEC},
    "questions": {
        "type": "list",
        "elements": "str",
        "choices": list(ALL_LOG_QUESTIONS),
        "default": list(ALL_LOG_QUESTIONS),
    },
    "hours": {"type": "int", "most": 87600},
    "since": {"type": "str"},
    "log_wait": {"type": "int", "default": 300, "least": 0, "most": 3600},
    "max_rows": {"type": "int", "default": 20000, "most": 500000},
}
CONSTRAINTS = {"mutually_exclusive": [("since", "hours")]}
