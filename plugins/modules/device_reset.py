#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.device_reset. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: device_reset
short_description: Send a Windows device back to its first start, for a new deployment by Windows Autopilot
version_added: 0.1.0
description:
  - Resets a Windows device to the state of its first start (out-of-box experience, OOBE), as SYSTEM, by the class
    C(MDM_RemoteWipe) of Windows. B(All data of the device and every way to reach it are lost), except what O(keep)
    names.
  - The device must be the one that the task means, by O(confirm_serial_number) or O(confirm_uuid). Windows compares
    both again in the moment of the reset, so that an address which has gone to another device resets nothing.
  - Before anything changes, the preconditions are read, none of them from texts in the device's language. If one does
    not hold, or cannot be read, the task is refused, and RV(error.evidence) names each of them. They are, by the name
    of the refusal, C(serial_number_mismatch), C(uuid_mismatch), C(placeholder_serial_number), C(placeholder_uuid)
    (another device, or one that nothing tells apart from others), C(account_not_elevated), C(edition_not_resettable)
    (Windows Home, a server), C(recovery_environment_missing), C(recovery_environment_disabled),
    C(recovery_partition_missing), C(recovery_environment_unknown) (Windows resets itself from its recovery
    environment, WinRE, and fails without it with 0x80070032), C(on_battery), C(power_unknown),
    C(profile_not_assigned), C(profile_unknown), C(deployment_mode_unknown), C(deployment_blocked) (the next deployment
    would end in 0x80180014), and C(recovery_keys_not_recorded).
  - A method of Windows that has returned 0 has not reset anything yet. The task waits until the device has gone and,
    with O(wait_for_deployment), until another installation of Windows answers. RV(proved) says how far that was seen.
  - The ids of the device and of its BitLocker protectors are in RV(record), and with O(add_to_report) in the report's
    journal, before the reset begins.
  - A reset deregisters nothing. The device stays registered with Windows Autopilot and its device association, and its
    objects in Entra and Intune stay. RV(still_registered) names those that are known.
  - The next run continues a run that was cut off. It does not send the reset again as long as Windows is at work on it.
options:
  confirm_serial_number:
    description:
      - The serial number of the device that is to be reset, exactly as its firmware has it (C(Win32_BIOS)).
      - A placeholder that many devices share, such as V(Default string), confirms nothing. Use O(confirm_uuid) for
        such a device.
    type: str
  confirm_uuid:
    description:
      - The SMBIOS UUID of the device that is to be reset (C(Win32_ComputerSystemProduct)), a GUID, for a device whose
        serial number is a placeholder.
    type: str
  keep:
    description:
      - What the reset keeps. V(nothing) removes the files, the accounts, the settings and the packages.
      - V(user_data) keeps the users' files (C(doWipePersistUserData)). V(provisioned_data) keeps provisioning packages
        and what they have set (C(doWipePersistProvisionedData)).
    type: str
    choices: [nothing, user_data, provisioned_data]
    default: nothing
  protected:
    description:
      - Use the protected wipe (C(doWipeProtected)). It cannot be stopped by switching the device off, and tries again
        until it has succeeded.
      - B(It can leave a device that does not start any more). In one fleet this was about every second device. Only
        with O(keep=nothing).
    type: bool
    default: false
  require_profile:
    description:
      - Reset the device only if an Autopilot profile is assigned to it, and its next deployment is not blocked.
      - Set V(false) for a device that will not be deployed by Windows Autopilot. O(profile_assigned),
        O(deployment_mode) and O(unblocked) then mean nothing.
    type: bool
    default: true
  profile_assigned:
    description:
      - Whether the tenant has assigned an Autopilot profile to the device. M(winops.entra.autopilot_device_info) says
        so.
      - Without it the device must have a profile from its last deployment (C(CloudAssignedTenantId) in its registry).
        The tenant may have taken that profile away since then, so a warning says where the answer is from.
    type: bool
  deployment_mode:
    description:
      - How the profile deploys the device. A V(self_deploying) or V(pre_provisioned) device deploys once. It must be
        O(unblocked) before it is reset.
      - The device does not say this. Without it the task is refused, unless O(unblocked) is V(true).
    type: str
    choices: [user_driven, self_deploying, pre_provisioned]
  unblocked:
    description:
      - Whether the next deployment of the device is allowed, because it was unblocked in the tenant since its last
        deployment (C(allowNextEnrollment) of its Autopilot identity), or its record in Intune is gone.
    type: bool
    default: false
  recovery_keys_recorded:
    description:
      - Whether somebody has the recovery passwords of the device's BitLocker volumes. Needed if BitLocker protects a
        data volume, which nothing but its recovery password opens after the reset, and if BitLocker cannot be read.
    type: bool
    default: false
  allow_battery:
    description:
      - Reset the device although it runs on battery, or does not say whether it does. If the power goes during a reset,
        the device may not start again.
    type: bool
    default: false
  unless_installed_after:
    description:
      - Do not reset a device whose Windows was installed after this time, UTC, such as V(2026-11-30T08:00:00Z). Such a
        device has been reset already, and RV(outcome) is V(unchanged).
      - With the time at which a rollout began, a run that was stopped can be repeated without resetting a device twice.
    type: str
  wait:
    description:
      - Wait until the device has gone. V(false) ends the task when Windows has accepted the reset. RV(proved) is then
        V(sent).
    type: bool
    default: true
  wait_for_deployment:
    description:
      - Wait until another installation of Windows answers with this connection and account, which needs a deployment
        that sets up both. Somebody may have to sign in on the device first. The task holds a worker of Ansible for that
        time.
    type: bool
    default: false
  timeout:
    description:
      - Seconds within which the device must have stopped to answer.
    type: int
    default: 1800
  gone_after:
    description:
      - Seconds without any answer after which the device has gone. It must be more than a restart takes, because a
        device whose recovery environment does not start restarts, and comes back as it was.
    type: int
    default: 300
  deployment_timeout:
    description:
      - With O(wait_for_deployment), seconds after the device has gone within which another installation must answer.
    type: int
    default: 14400
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.device
  - winops.entra.fact_name
  - winops.entra.attributes.facts
  - winops.entra.waiting
  - winops.entra.recorded
attributes:
  check_mode:
    details: It does not foretell that Windows refuses the reset, or does not carry it out.
    support: full
notes:
  - Windows Pro, Enterprise and Education can be reset in this way, enrolled in an MDM or not.
  - After the reset, WinRM and the local accounts are gone. Whether Ansible reaches the device again depends on its
    deployment, for example on a policy of Intune that sets up WinRM.
  - How many devices a play may reset is a matter of the playbook. The module resets one device.
seealso:
  - module: winops.entra.disconnect
  - module: winops.entra.device_removal
  - module: winops.entra.device_facts
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Send a device back to its first start
  winops.entra.device_reset:
    confirm_serial_number: PF3K9Z1A
    profile_assigned: true
    deployment_mode: user_driven

- name: A device whose serial number is a placeholder
  winops.entra.device_reset:
    confirm_uuid: 4c4c4544-0033-4b10-8039-b2c04f5a3141
    require_profile: false
    keep: user_data
"""

RETURN = r"""
outcome:
  description:
    - The outcome. V(reset) (RV(proved) says what was seen of it), V(unchanged) (it was installed after
      O(unless_installed_after)), V(refused) (before anything changed), V(failed), or in check mode V(would_reset).
  returned: always
  type: str
  sample: reset
proved:
  description:
    - How far the reset was seen. V(sent) (Windows has accepted it, or may have), V(gone) (the device does not answer
      any more), V(reinstalled) (another installation of Windows answers). Null if nothing was sent.
  returned: always
  type: str
  sample: gone
record:
  description:
    - What the device was before the reset. Missing values are null.
  returned: once the device's state has been read
  type: dict
  contains:
    serial_number:
      description: Its serial number.
      type: str
    uuid:
      description: Its SMBIOS UUID.
      type: str
    hostname:
      description: Its computer name.
      type: str
    installed:
      description: When its Windows was installed, UTC.
      type: str
    join_type:
      description: entra, hybrid, domain, registered or none.
      type: str
    tenant_id:
      description: The tenant's id.
      type: str
    tenant_name:
      description: The tenant's name.
      type: str
    device_id:
      description: Its id in Entra.
      type: str
    thumbprint:
      description: Thumbprint of the device certificate.
      type: str
    intune_device_id:
      description: Its id in Intune.
      type: str
    autopilot_id:
      description: Its registration in Autopilot, if the device knows it.
      type: str
    enrollments:
      description: Its MDM enrollments.
      type: list
      elements: dict
      contains:
        enrollment_id:
          description: The id.
          type: str
        provider:
          description: The provider.
          type: str
        tenant_id:
          description: The tenant's id, null if the enrollment does not have it.
          type: str
        enrolled:
          description: Whether it works, null if not known.
          type: bool
    bitlocker:
      description: Its encrypted volumes with the ids and types of their protectors. No key is ever read.
      type: dict
      contains:
        available:
          description: Whether Windows says anything about BitLocker.
          type: bool
        problem:
          description: Why it says nothing, otherwise null.
          type: str
        volumes:
          description: The volumes.
          type: list
          elements: dict
          contains:
            mount_point:
              description: The drive, null if it has no letter.
              type: str
            system:
              description: Whether Windows starts from it.
              type: bool
            protected:
              description: Whether protection is on.
              type: bool
            protectors:
              description: The protectors.
              type: list
              elements: dict
              contains:
                id:
                  description: The id, in braces.
                  type: str
                type:
                  description: The type, such as RecoveryPassword.
                  type: str
  sample:
    serial_number: PF3K9Z1A
    uuid: 4c4c4544-0033-4b10-8039-b2c04f5a3141
    hostname: CT-PF3K9Z1A
    installed: "2026-03-02T08:11:40.000Z"
    join_type: entra
    tenant_id: d10f84e2-ba05-45c0-90b7-994f1fafa537
    tenant_name: Contoso
    device_id: 6e4cbe68-588b-499c-8c04-dcfff140a1ca
    thumbprint: 0BF36D245A124205D42B7FBCA6B6AB65A5B06A3C
    intune_device_id: 8c1f4a4e-3f2b-4b6f-9f0c-1a2b3c4d5e6f
    autopilot_id: null
    enrollments:
      - enrollment_id: 2f9b3c1e-7a6d-4b58-9c3e-5d1f0a7b8c9d
        provider: MS DM Server
        tenant_id: d10f84e2-ba05-45c0-90b7-994f1fafa537
        enrolled: true
    bitlocker:
      available: true
      problem: null
      volumes:
        - mount_point: "C:"
          system: true
          protected: true
          protectors:
            - {id: "{5A7B0C9D-1E2F-4A3B-8C4D-5E6F7A8B9C0D}", type: RecoveryPassword}
recovery_environment:
  description:
    - What Windows would reset itself from (WinRE).
  returned: once the device's state has been read
  type: dict
  contains:
    enabled:
      description: Whether it is enabled and its partition is there. Null if that could not be read.
      type: bool
    location:
      description: Its folder on its partition, null if it has none.
      type: str
    partition_found:
      description: Whether a partition begins where it says that it is. Null if that could not be read, or if it has no
        place.
      type: bool
    image_staged:
      description: Whether its image lies in the folder of Windows, from which C(reagentc /enable) takes it. Null if
        that could not be read.
      type: bool
    problem:
      description: What is wrong with it, otherwise null.
      type: str
  sample:
    enabled: true
    location: \Recovery\WindowsRE
    partition_found: true
    image_staged: false
    problem: null
autopilot:
  description:
    - What is known of the next deployment.
  returned: once the device's state has been read
  type: dict
  contains:
    profile:
      description: V(assigned), V(not_assigned) or V(unknown).
      type: str
    profile_from:
      description: V(option), V(device), or null if nobody has said it.
      type: str
    deployment_mode:
      description: O(deployment_mode), null without it.
      type: str
    unblocked:
      description: O(unblocked).
      type: bool
  sample:
    profile: assigned
    profile_from: option
    deployment_mode: user_driven
    unblocked: false
still_registered:
  description:
    - Where the device is known after the reset, too. C(place) is V(autopilot), V(entra) or V(intune), and C(id) its id
      there, null if the device does not know it.
  returned: once the device's state has been read
  type: list
  elements: dict
  sample:
    - {place: autopilot, id: null}
    - {place: entra, id: 6e4cbe68-588b-499c-8c04-dcfff140a1ca}
ansible_facts:
  description:
    - C(ansible_facts.entra) as M(winops.entra.device_facts) returns it. In check mode and after a refusal it is the
      current state, after a reset that of the new installation. While that has not answered, it has no subsets,
      because what was known is not true any more.
  returned: once the device's state has been read
  type: dict
installed:
  description:
    - When the Windows that answered last was installed, UTC. It differs from RV(record.installed) if RV(proved) is
      V(reinstalled). Null if it could not be read.
  returned: once the device's state has been read
  type: str
  sample: "2026-11-30T10:20:07.000Z"
changes:
  description: What was changed, or in check mode would be changed.
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
  sample:
    - what: installation of Windows
      before:
        installed: "2026-03-02T08:11:40.000Z"
        hostname: CT-PF3K9Z1A
      after:
        reset: doWipeMethod
left_behind:
  description:
    - What is on the device when the task ends and need not be. These can only be jobs of this collection. Empty if
      nothing is there, and after a refusal.
    - If the device has gone, the connection was lost or the task was ended, it lists what may be there, and C(why) says
      so.
  returned: always
  type: list
  elements: dict
  contains:
    what:
      description: What it is.
      type: str
    where:
      description: Its place on the device.
      type: str
    why:
      description: Why it is there.
      type: str
    remove:
      description: How to be rid of it.
      type: str
phases:
  description: Name and seconds of each phase.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The phase.
      type: str
    seconds:
      description: How long it took.
      type: float
  sample:
    - {name: look, seconds: 2.1}
    - {name: reset, seconds: 6.4}
    - {name: go, seconds: 41.0}
error:
  description:
    - What failed. C(name) is stable and meant for programs; C(evidence) holds each precondition that does not hold, or
      what the device itself has said.
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
  sample:
    code: "0x80070032"
    name: recovery_environment_disabled
    side: device
    cause: the recovery environment of Windows is disabled (InstallState 0 in ReAgent.xml)
    fix: Run reagentc /enable on the device as an administrator, then run the task again.
    evidence: []
    request_id: null
    permissions: []
    doc: null
"""

ARGUMENT_SPEC = {
    "confirm_serial_number": {"type": "str"},
    "confirm_uuid": {"type": "str", "holds": "guid"},
    "keep": {"type": "str", "choices": ["nothing", "user_data", "provisioned_data"], "default": "nothing"},
    "protected": {"type": "bool", "default": False},
    "require_profile": {"type": "bool", "default": True},
    "profile_assigned": {"type": "bool"},
    "deployment_mode": {"type": "str", "choices": ["user_driven", "self_deploying", "pre_provisioned"]},
    "unblocked": {"type": "bool", "default": False},
    "recovery_keys_recorded": {"type": "bool", "default": False},
    "allow_battery": {"type": "bool", "default": False},
    "unless_installed_after": {"type": "str"},
    "wait": {"type": "bool", "default": True},
    "wait_for_deployment": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 1800},
    "gone_after": {"type": "int", "default": 300},
    "deployment_timeout": {"type": "int", "default": 14400},
}
CONSTRAINTS = {
    "mutually_exclusive": [("confirm_serial_number", "confirm_uuid")],
    "required_one_of": [("confirm_serial_number", "confirm_uuid")],
}
