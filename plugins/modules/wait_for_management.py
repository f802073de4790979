#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.wait_for_management. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: wait_for_management
short_description: Wait until Intune manages the devices of a wave, finds them compliant and has applied its policies
version_added: 0.1.0
description:
  - Waits for many devices at once, in one task with C(run_once), so that no fork waits for the tenant. Requests are
    sent 20 at a time, and each round asks about the devices that are still open.
  - Each expectation of each device ends with V(true), V(false) or null, with a reason that has a name, and a sentence
    that says what to do. The guide C(docs/after-the-join.md) lists the reasons.
  - An expectation that cannot be met by waiting ends early, such as policies that are assigned to users on a device
    where nobody has signed in.
  - A device that does not come does not make the task fail, unless O(fail_on) says so.
  - Devices are matched by their device id and by nothing else. A name can stand for several objects.
  - It changes nothing. In check mode it looks once and does not wait.
options:
  device_ids:
    description:
      - The device ids of the wave, as the devices themselves say them (C(dsregcmd), M(winops.entra.device_facts)).
      - An id that is not a GUID is left out and named, because a device may have reported it; if none of them is a
        GUID, the option is refused. The GUID of zeros, which Intune writes where there is no id, is left out as well.
      - With an empty list, as after a wave in which no device has joined, nothing is asked, and RV(met) is null.
    type: list
    elements: str
    required: true
  expect_intune:
    description: Wait until Intune shows a record with the device id.
    type: bool
    default: true
  expect_compliant:
    description:
      - Wait until Intune judges the device compliant.
      - It is not met by a device that is compliant because nothing is assigned, nor by one in its grace period.
      - If Configuration Manager judges the device, what Entra says about it counts.
    type: bool
    default: false
  expect_policies:
    description:
      - Wait until each configuration policy that Intune names for the device is applied. These are the device
        configurations, and the settings catalog, baselines and endpoint security if Intune's report of them can be
        read.
      - A policy with nothing but "remediation failed" (V(0x87D1FDE8)) counts as applied, and the sentence names it.
    type: bool
    default: false
  device_states:
    description:
      - What the playbook knows from the devices themselves, for example from M(winops.entra.device_posture). It is
        optional, and so is each entry but the device id. The task does not ask the devices.
      - Devices that are not in O(device_ids) are passed over.
    type: list
    elements: dict
    default: []
    suboptions:
      device_id:
        description: The device id. An entry whose id is not a GUID is passed over.
        type: str
        required: true
      encryption:
        description:
          - The state of the system drive, as M(winops.entra.device_posture) says it. A word that is not among these
            says nothing.
          - V(protected), V(suspended), V(unprotected), V(no_tpm), V(encrypting), V(paused), V(decrypting),
            V(decrypted) or V(locked).
        type: str
      encryption_percentage:
        description: How much of the system drive is encrypted.
        type: int
      restart_needed:
        description: Whether the encryption has ended after the last start, and counts after a restart.
        type: bool
      signed_in:
        description: Whether somebody of the tenant has signed in to the device. Leave it out if that is not known.
        type: bool
      as_of:
        description: When that was read, as a text that is shown.
        type: str
  poll_interval:
    description:
      - Seconds between two rounds. The pauses grow to four times as long while nothing changes.
    type: int
    default: 30
  timeout:
    description:
      - How many seconds the task may take in all. The last round begins so that it can end in time.
      - A request that is to be sent again holds a round for at most a minute, or four times O(poll_interval). If a
        sign-in fails in a later round, what is still open is null, and says so.
      - A single request ends after 120 seconds, or after what is left of this time, at least 10 seconds.
    type: int
    default: 1800
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
  - The permissions, application or delegated, are C(Device.Read.All), C(DeviceManagementManagedDevices.Read.All), and
    for O(expect_compliant) and O(expect_policies) C(DeviceManagementConfiguration.Read.All).
  - If a permission or a license is missing, what it is needed for is null, and the sentence says why.
seealso:
  - module: winops.entra.directory_posture
  - module: winops.entra.device_posture
  - module: winops.entra.device_facts
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Read the id of each device, null if it is not joined
  winops.entra.device_facts:
    gather_subset: [join]

- name: Wait until Intune shows them, for at most 20 minutes, and stop if one does not come
  winops.entra.wait_for_management:
    device_ids: >-
      {{ ansible_play_hosts | map('extract', hostvars, ['ansible_facts', 'entra', 'join', 'device_id']) | select }}
    timeout: 1200
    fail_on: [intune]
  run_once: true
  register: arrival

- name: Wait until it is compliant and configured, with what is known from the device
  winops.entra.wait_for_management:
    device_ids: [1f0c9a0e-6f5d-4f3c-8a70-5f3c4f1a2b3c]
    expect_compliant: true
    expect_policies: true
    device_states:
      - device_id: 1f0c9a0e-6f5d-4f3c-8a70-5f3c4f1a2b3c
        encryption: encrypting
        encryption_percentage: 42
        signed_in: true
        as_of: "2026-11-30T08:15:00Z"
    timeout: 3600
  run_once: true
  register: finished

- name: Show what has not come, and why
  ansible.builtin.debug:
    msg: "{{ finished.findings | map(attribute='observed') }}"
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
    intune:
      description: Whether Intune shows the device, null if that was not expected.
      type: dict
      contains:
        met:
          description: Whether it does, null if that could not be read.
          type: bool
        reason:
          description:
            - Why, as a name for programs. V(in_intune), V(not_in_intune), V(not_in_entra), V(disabled_in_entra),
              V(another_mdm) or V(not_readable).
          type: str
        said:
          description: The same as a sentence, with what to do.
          type: str
        seconds:
          description: Seconds from the beginning of the task to the round in which it ended.
          type: int
    compliant:
      description: Whether Intune judges the device compliant, null if that was not expected.
      type: dict
      contains:
        met:
          description: Whether it does, null if that could not be read.
          type: bool
        reason:
          description:
            - Why, as a name for programs. V(compliant), V(nothing_assigned), V(grace_period), V(not_compliant),
              V(cannot_be_met), V(encrypting), V(restart_needed), V(not_encrypted), V(config_manager), V(policy_error),
              V(policy_conflict), V(not_judged), V(nobody_signed_in), V(no_primary_user), or one of
              RV(devices[].intune.reason) for a device that Intune does not show.
          type: str
        said:
          description: The same as a sentence, with what to do. It also says if Entra says something else.
          type: str
        seconds:
          description: Seconds from the beginning of the task to the round in which it ended.
          type: int
        entra:
          description: Whether Entra takes the device for compliant, null if Entra does not say.
          type: bool
        grace_until:
          description: When the grace period ends, null without one.
          type: str
        failing:
          description: The settings that fail, by their names in Intune.
          type: list
          elements: str
        encryption_percentage:
          description: As in O(device_states), if the encryption keeps the device from being compliant, otherwise null.
          type: int
    policies:
      description: Whether the configuration policies are applied, null if that was not expected.
      type: dict
      contains:
        met:
          description: Whether they are, null if that could not be read.
          type: bool
        reason:
          description:
            - Why, as a name for programs. V(applied), V(pending), V(no_policies), V(not_applied), V(policy_error),
              V(policy_conflict), V(nothing_assigned), V(nobody_signed_in), V(no_primary_user), V(config_manager), or
              one of RV(devices[].intune.reason) for a device that Intune does not show.
          type: str
        said:
          description: The same as a sentence, with what to do.
          type: str
        seconds:
          description: Seconds from the beginning of the task to the round in which it ended.
          type: int
        open:
          description: The policies that are not applied, by their names.
          type: list
          elements: str
        settings_catalog:
          description:
            - Whether Intune's report of the settings catalog, baselines and endpoint security could be read as well.
          type: bool
met:
  description:
    - Whether every expectation of every device is met. Null if none is known not to be, and one could not be read, or
      if there is no device.
  returned: when the tenant could be asked
  type: bool
waited:
  description: What the wait was like.
  returned: when the tenant could be asked
  type: dict
  contains:
    seconds:
      description: How long it took.
      type: int
    rounds:
      description: How often the devices that were still open were asked about.
      type: int
    open:
      description: How many devices were still open at the end of the time. In check mode, after the one look.
      type: int
findings:
  description:
    - What was expected and is not met, or not known. A finding that is V(pass) is counted in RV(summary) and left out
      here.
  returned: when the tenant could be asked
  type: list
  elements: dict
  contains:
    id:
      description: V(intune), V(compliant) or V(policies).
      type: str
    result:
      description: V(fail) or V(unknown).
      type: str
    subject:
      description: The device by its name and device id.
      type: str
    observed:
      description: What is so with the device.
      type: str
    expected:
      description: What was expected.
      type: str
    cause:
      description: Why that is so, or matters.
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
    - id: intune
      result: fail
      subject: PC-017 (1f0c9a0e-6f5d-4f3c-8a70-5f3c4f1a2b3c)
      observed: Intune has no record with this device id
      expected: Intune shows a record with the device id
      cause: the MDM enrollment has not ended, or has failed
      fix: look at the MDM enrollment on the device (diagnose), at the MDM scope and at the user's license
      side: device
      doc: https://learn.microsoft.com/intune/intune-service/enrollment/windows-enroll
      permissions: []
      evidence: []
summary:
  description: The number of findings for each result.
  returned: when the tenant could be asked
  type: dict
  sample: {pass: 40, warn: 0, fail: 2, unknown: 1}
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

ARGUMENT_SPEC = {
    "device_ids": {"type": "list", "elements": "str", "required": True},
    "expect_intune": {"type": "bool", "default": True},
    "expect_compliant": {"type": "bool", "default": False},
    "expect_policies": {"type": "bool", "default": False},
    "device_states": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "device_id": {"type": "str", "required": True},
            "encryption": {"type": "str"},
            "encryption_percentage": {"type": "int", "least": 0, "most": 100},
            "restart_needed": {"type": "bool"},
            "signed_in": {"type": "bool"},
            "as_of": {"type": "str"},
        },
    },
    "poll_interval": {"type": "int", "default": 30},
    "timeout": {"type": "int", "default": 1800},
}
