#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.autopilot_device_info. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: autopilot_device_info
short_description: Show Windows Autopilot devices, their profiles and how their deployments went
version_added: 0.1.0
description:
  - Lists the devices that are registered with Windows Autopilot, whether a deployment profile is assigned to each, and
    whom it is assigned to. What the directory and Intune know about a device, and how its last deployment went, can be
    added.
  - Can wait until a profile is assigned to every device, or until the deployment of every device has ended. It stops
    waiting for devices that waiting cannot mend.
  - All of it is read from whole lists. The number of requests hardly depends on the number of devices. A single read of
    a device may say that the assignment is unknown although the list knows it, so there is none.
  - Which app or policy a deployment waits for, or failed at, only the device knows. M(winops.entra.deployment_status)
    reads it there.
options:
  serial_numbers:
    description:
      - Serial numbers of devices, compared without regard to case. All devices with one of them are returned.
      - Without it and O(ids) all devices are returned.
      - A serial number that many devices share, such as C(Default string), is refused. Name such devices in O(ids).
    type: list
    elements: str
  ids:
    description: Ids of registrations in Windows Autopilot, as RV(devices[].id).
    type: list
    elements: str
  directory:
    description: Also return the device object of the directory, as RV(devices[].directory).
    type: bool
    default: false
  intune:
    description: Also return the record of Intune, as RV(devices[].intune).
    type: bool
    default: false
  deployments:
    description:
      - Also return the newest deployment of each device, as RV(devices[].deployment).
      - Windows Autopilot may call a deployment in progress, or failed, for ever. So its word is compared with the
        record of Intune and the device object, which are read too.
    type: bool
    default: false
  since:
    description:
      - Only deployments that began after this time count. It is a time with a time zone, such as
        V(2026-11-21T08:00:00Z). Give the time of the reset; the newest deployment of a device may otherwise be the one
        before.
    type: str
  wait_for:
    description:
      - With V(profiles) the task waits until a profile is assigned to each device. A device that does not meet the
        profile's hardware requirements, or to which the assignment failed, is not waited for. A named device that is
        not registered yet is.
      - With V(deployments) it waits until the deployment of each device has ended, well or badly. This implies
        O(deployments).
      - O(timeout) bounds the wait. Its default of five minutes is too short for most deployments.
    type: str
    choices: [profiles, deployments]
  poll_interval:
    description:
      - Seconds between two looks with O(wait_for), at first. While nothing changes, the pause doubles, to at most four
        times this.
    type: int
    default: 30
  fail_on:
    description:
      - Which findings make the task fail. The devices and findings are returned in any case. With an empty list the
        task never fails because of findings.
      - A result (V(fail), V(warn), V(unknown)) stands for every finding with that result.
      - The id of a finding stands for that finding if its result is V(fail).
      - The default is V([]), but V([fail]) with O(wait_for), so that a wait without result fails.
    type: list
    elements: str
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
  - winops.entra.tenant
attributes:
  check_mode:
    details: The same as a run, which changes nothing. It waits, too.
    support: full
  diff_mode:
    details: It changes nothing.
    support: none
notes:
  - The permissions, application or delegated, are C(DeviceManagementServiceConfig.Read.All), with O(directory) also
    C(Device.Read.All), with O(intune) C(DeviceManagementManagedDevices.Read.All), with O(deployments) both. Without one
    of the latter the values are null, RV(devices[].refused) says why, and the rest is returned.
  - Registrations and deployments are read from Graph's beta. Its v1.0 says neither whether a profile is assigned nor
    how a deployment went.
seealso:
  - module: winops.entra.deployment_status
  - module: winops.entra.directory_device_info
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Wait until these devices have their deployment profile
  winops.entra.autopilot_device_info:
    serial_numbers: [PF3A1B2C, PF3A1B2D]
    wait_for: profiles
    timeout: 3600

- name: Follow the deployments of the devices that were reset this morning
  winops.entra.autopilot_device_info:
    serial_numbers: [PF3A1B2C, PF3A1B2D]
    since: "2026-11-21T08:00:00Z"
    wait_for: deployments
    timeout: 14400
    poll_interval: 60
    fail_on: []
  register: autopilot

- name: Show the devices whose deployment did not end well
  ansible.builtin.debug:
    msg: "{{ autopilot.findings }}"
"""

RETURN = r"""
devices:
  description: The devices found, in the order of their serial numbers. What the tenant does not say is null.
  returned: when the tenant could be asked
  type: list
  elements: dict
  contains:
    id:
      description: The id of the registration.
      type: str
    serial_number:
      description: The serial number, as the firmware spells it.
      type: str
    serial_usable:
      description: Whether the serial number names this device alone. V(false) for one that manufacturers leave in many
        devices, and for one that several registrations have.
      type: bool
    manufacturer:
      description: The manufacturer.
      type: str
    model:
      description: The model.
      type: str
    name:
      description: The name that it gets in its deployment, null if none is set.
      type: str
    group_tag:
      description: The group tag.
      type: str
    user:
      description: The user principal name of the user whom it is assigned to.
      type: str
    enrollment_state:
      description: V(enrolled), V(pendingReset), V(failed), V(notContacted), V(blocked) or V(unknown).
      type: str
    last_contact:
      description: When it was last seen (UTC).
      type: str
    userless_enrollment:
      description: Whether it may deploy itself once more without a user. V(blocked) means that a self-deploying
        deployment ends in 0x80180014. V(allowed), V(blocked) or V(unknown).
      type: str
    device_id:
      description: The device id of its object in the directory, null if there is none.
      type: str
    managed_device_id:
      description: The id of its record in Intune, null if there is none.
      type: str
    assigned:
      description: Whether a deployment profile is assigned. Null if Windows Autopilot calls that unknown.
      type: bool
    assignment:
      description: What Windows Autopilot says about the assignment of its profile.
      type: dict
      contains:
        status:
          description: V(assignedInSync), V(assignedOutOfSync), V(assignedUnkownSyncState) (Microsoft's spelling),
            V(notAssigned), V(pending), V(failed) or V(unknown).
          type: str
        detail:
          description: V(none), V(hardwareRequirementsNotMet), or which kind of device the profile is not for.
          type: str
        at:
          description: When it was assigned (UTC).
          type: str
        final:
          description: Whether waiting changes nothing.
          type: bool
    directory:
      description: The device object, null if there is none, or if RV(devices[].refused) says why it could not be read.
      returned: with O(directory), O(deployments) or O(wait_for=deployments)
      type: dict
      contains:
        object_id:
          description: The id of the object.
          type: str
        name:
          description: The name.
          type: str
        enabled:
          description: Whether it may sign in.
          type: bool
        join_type:
          description: V(entra), V(hybrid), V(registered), or null for an object that has not joined.
          type: str
        last_sign_in:
          description: The approximate time of its last sign-in (UTC), null for never.
          type: str
    intune:
      description: The record in Intune, as M(winops.entra.directory_device_info) returns it. Null if there is none, or
        if RV(devices[].refused) says why it could not be read.
      returned: with O(intune), O(deployments) or O(wait_for=deployments)
      type: dict
    matched_by:
      description: By what the record of Intune was found, V(managed_device_id), V(device_id) or V(serial_number). Null
        if none was found.
      returned: with O(intune), O(deployments) or O(wait_for=deployments)
      type: str
    deployment:
      description: Its newest deployment, null if there is none, or if RV(devices[].refused) says why it could not be
        read.
      returned: with O(deployments) or O(wait_for=deployments)
      type: dict
      contains:
        outcome:
          description:
            - V(deployed), also at a second attempt.
            - V(incomplete), if somebody went on although not everything was installed. The device is in use.
            - V(in_progress).
            - V(failed).
            - V(in_use), if Windows Autopilot still calls it in progress or failed, but Intune has managed the device
              for hours since then.
            - V(unknown).
          type: str
        state:
          description: Microsoft's word, V(success), V(successOnRetry), V(successWithTimeout), V(inProgress),
            V(failure), V(notAttempted), V(disabled) or V(unknown).
          type: str
        phase:
          description: The phase that it is in or failed in, V(device_preparation), V(device_setup) or
            V(account_setup). Null if it has ended well, or if that is unknown.
          type: str
        ended:
          description: Whether nothing more is to come.
          type: bool
        confirmed:
          description: Whether Intune and the directory agree with RV(devices[].deployment.outcome). Null if they could
            not be asked.
          type: bool
        device_setup:
          description: Microsoft's word for that phase. V(notAttempted) and V(disabled) do not mean a failure.
          type: str
        account_setup:
          description: Microsoft's word for that phase.
          type: str
        device_setup_seconds:
          description: How long that phase took.
          type: int
        account_setup_seconds:
          description: How long that phase took.
          type: int
        seconds:
          description: How long the deployment took, from the enrollment to the desktop.
          type: int
        started:
          description: When it began (UTC).
          type: str
        finished:
          description: When it ended (UTC).
          type: str
        event_at:
          description: When Windows Autopilot last wrote something about it (UTC).
          type: str
        failure:
          description: Why the enrollment failed, in Microsoft's words.
          type: str
        code:
          description: The hexadecimal code in RV(devices[].deployment.failure).
          type: str
        kind:
          description: The kind of the enrollment, in Microsoft's words.
          type: str
        user:
          description: Who signed in.
          type: str
        profile:
          description: The name of the deployment profile.
          type: str
        page:
          description: The name of the enrollment status page.
          type: str
        os_version:
          description: The version of Windows.
          type: str
        count:
          description: How many deployments of the device are on record.
          type: int
    refused:
      description: A sentence for what the tenant did not say about this device. The values are null then, never "none".
      type: list
      elements: str
missing:
  description: The given O(serial_numbers) and O(ids) that are not registered.
  returned: when the tenant could be asked
  type: dict
  sample: {serial_numbers: [PF3A1B2D], ids: []}
count:
  description: How many devices were found.
  returned: when the tenant could be asked
  type: int
waited:
  description: How the wait ended.
  returned: with O(wait_for)
  type: dict
  contains:
    outcome:
      description: V(done), V(final) (the devices that are left cannot be mended by waiting) or V(timeout).
      type: str
    looks:
      description: How often the tenant was read.
      type: int
    waiting:
      description: The serial numbers or ids of devices that are not done.
      type: list
      elements: str
    final:
      description: The serial numbers or ids of devices for which waiting is of no use.
      type: list
      elements: str
findings:
  description: What is not as it should be, one for each device and point. What is as it should be is only counted in
    RV(summary).
  returned: when the tenant could be asked
  type: list
  elements: dict
  contains:
    id:
      description:
        - V(registration), a named device is not registered.
        - V(serial_number), it does not name the device alone.
        - V(profile_assignment), with the result V(fail) if it cannot come, or did not come while the task waited.
        - V(deployment), only with O(deployments).
      type: str
    result:
      description: V(warn), V(fail) or V(unknown).
      type: str
    subject:
      description: The serial number of the device, or its id where many share that serial number.
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
      description: Where to mend it, V(tenant), V(device), V(network) or V(controller).
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
    - id: profile_assignment
      result: fail
      subject: PF3A1B2C
      observed: notAssigned, hardwareRequirementsNotMet
      expected: null
      cause: the device does not meet the hardware requirements of the profile, so it is never assigned
      fix: assign a profile that the hardware meets; self-deploying and pre-provisioned ones need a TPM 2.0
      side: tenant
      doc: https://learn.microsoft.com/autopilot/troubleshooting-faq
      permissions: []
      evidence: []
summary:
  description: The number of findings for each result.
  returned: when the tenant could be asked
  type: dict
  sample: {pass: 47, warn: 1, fail: 1, unknown: 0}
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
    "serial_numbers": {"type": "list", "elements": "str"},
    "ids": {"type": "list", "elements": "str", "holds": "guid"},
    "directory": {"type": "bool", "default": False},
    "intune": {"type": "bool", "default": False},
    "deployments": {"type": "bool", "default": False},
    "since": {"type": "str"},
    "wait_for": {"type": "str", "choices": ["profiles", "deployments"]},
    "poll_interval": {"type": "int", "default": 30},
    "fail_on": {"type": "list", "elements": "str"},
}
