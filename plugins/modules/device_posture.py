#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.device_posture. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: device_posture
short_description: Show on a Windows device whether it is of use to its user after the join
version_added: 0.1.0
description:
  - A join is a means. This module reads from a joined device, with one command, what the join was for, and says what
    is wrong with it. It covers who manages it and whether policies arrive, encryption and its recovery passwords,
    Windows Hello, password reset at the sign-in screen, LAPS, updates, apps, and who can sign in and has.
  - It knows the device's half. What the tenant says of the device, such as its compliance, is not on the device.
  - There is no finding on what looks odd and is healthy, such as co-management, an app that is not wanted any more, or
    a sync that failed before one that went well.
options: {}
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.device
  - winops.entra.findings
  - winops.entra.recorded
attributes:
  check_mode:
    details: The same as a run, which changes nothing.
    support: full
  diff_mode:
    details: It changes nothing.
    support: none
notes:
  - What could not be read is null, and C(refused) of its section says why. A finding that hangs on it is V(unknown).
  - Where only blockers can be seen, such as for the password reset at the sign-in screen, the answer is that none was
    found among those that were looked at. That is not the answer that it works.
  - Primary refresh tokens and Kerberos tickets belong to the session of a user. C(dsregcmd) would tell those of the
    account that Ansible connects with, so that they are not asked for.
seealso:
  - module: winops.entra.directory_posture
  - module: winops.entra.device_facts
  - module: winops.entra.deployment_status
  - module: winops.entra.diagnose
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: See what is wrong with each device after the join
  winops.entra.device_posture:
  register: look

- name: Show it
  ansible.builtin.debug:
    msg: "{{ look.findings | rejectattr('result', 'equalto', 'pass') | map(attribute='cause') }}"

- name: Fail for devices whose drive is not protected, or whose recovery password is not stored
  winops.entra.device_posture:
    fail_on: [encryption, escrow]

- name: Put what it says into a report that a killed run does not lose
  winops.entra.device_posture:
    add_to_report: verify-report.json
"""

RETURN = r"""
posture:
  description: What the device says. A fact that it refused, or does not have, is null.
  returned: when the device has answered
  type: dict
  contains:
    join:
      description: What the device is joined to, as M(winops.entra.device_facts) says it.
      type: dict
      contains:
        type:
          description: V(entra), V(hybrid), V(domain), V(registered), V(none), or null if that is not known.
          type: str
        device_id:
          description: The id by which the tenant knows it, for M(winops.entra.directory_posture). Null if it is not
            joined.
          type: str
        tenant_id:
          description: The id of its tenant, null if it is not joined.
          type: str
        refused:
          description: Always empty; the other sections say what was refused.
          type: list
          elements: str
    management:
      description: Who manages the device, and whether policies have come. Null stands for what is not there, or could
        not be read.
      type: dict
      contains:
        managed_by:
          description: V(intune), V(configuration_manager) and V(other), another MDM. Empty if nobody does.
          type: list
          elements: str
        provider:
          description: The provider of the MDM enrollment.
          type: str
        enrollment_id:
          description: The id of the MDM enrollment.
          type: str
        configuration_manager:
          description: The client of Configuration Manager. Null stands for what is not there, or could not be read.
          type: dict
          contains:
            installed:
              description: Whether it is there.
              type: bool
            site:
              description: The code of its site.
              type: str
            version:
              description: Its version.
              type: str
            co_managed:
              description: Whether the device is co-managed.
              type: bool
            flags:
              description: C(CoManagementFlags) as it is written.
              type: int
            moved:
              description: The workloads that are Intune's.
              type: list
              elements: str
            staying:
              description: The workloads that are the client's.
              type: list
              elements: str
            unclear:
              description: Workloads of which old and current clients write different bits, and only one of them is
                set.
              type: list
              elements: str
        first_sync_done:
          description: Whether the first synchronization with the MDM has ended for the device.
          type: bool
        users_synced:
          description: The users for whom a first synchronization has begun. Null stands for what is not there, or
            could not be read.
          type: list
          elements: dict
          contains:
            sid:
              description: The SID of the user.
              type: str
            done:
              description: Whether it has ended.
              type: bool
        last_sync:
          description: The last session with Intune that has ended, null if none is known.
          type: dict
          contains:
            at:
              description: When it ended, by the device's clock.
              type: str
            ok:
              description: Whether it ended well. Null if sessions with others ran beside it, so that nobody knows
                whose result it is.
              type: bool
            code:
              description: Its result, a hexadecimal code.
              type: str
            channel:
              description: The event channel that tells it, V(Admin), or V(Sync) as of Windows 11 24H2.
              type: str
        last_success:
          description: When the MDM was last asked with success.
          type: str
        areas:
          description: The policies that came, by who sent them.
          type: list
          elements: dict
          contains:
            provider_id:
              description: The id of the enrollment or the provisioning package.
              type: str
            provider:
              description: V(intune), another channel of M(winops.entra.device_facts), or null if no enrollment has
                this id.
              type: str
            scope:
              description: V(device), or the SID of a user.
              type: str
            areas:
              description: The areas, such as C(BitLocker).
              type: list
              elements: str
        winners:
          description: For each policy of the other sections that is set, the provider whose value is in force,
            C(area/policy) to V(intune) or an id.
          type: dict
        refused:
          description: What of this could not be read, as sentences. Such a fact is null.
          type: list
          elements: str
    encryption:
      description: BitLocker. Conversion and protection are two facts. Null stands for what is not there, or could not
        be read.
      type: dict
      contains:
        available:
          description: Whether this Windows has BitLocker.
          type: bool
        volumes:
          description: The volumes. Null stands for what is not there, or could not be read.
          type: list
          elements: dict
          contains:
            mount_point:
              description: The letter of the drive, or the id of the volume.
              type: str
            system:
              description: Whether Windows is on it.
              type: bool
            state:
              description: V(protected), V(unprotected) (encrypted, and protection stays off), V(no_tpm) (unprotected,
                and no protector uses the TPM, so that nothing turns it on), V(suspended) (on again after
                RV(posture.encryption.volumes[].suspended_restarts) restarts), V(encrypting), V(paused),
                V(decrypting), V(decrypting_paused), V(decrypted) or V(locked).
              type: str
            percentage:
              description: How much of it is encrypted.
              type: int
            protected:
              description: Whether protection is on.
              type: bool
            suspended_restarts:
              description: After how many restarts the protection comes back, null if it is not suspended for a number
                of restarts.
              type: int
            protectors:
              description: The key protectors, without any key, null if the volume does not tell them. Inside, null
                stands for what is not there, or could not be read.
              type: list
              elements: dict
              contains:
                id:
                  description: The id, as Windows shows it.
                  type: str
                type:
                  description: The type, such as V(Tpm) or V(RecoveryPassword).
                  type: str
                escrow:
                  description: V(stored) or V(failed), as the last event about this id says. Null if no event does,
                    which proves nothing.
                  type: str
                at:
                  description: When that was.
                  type: str
                code:
                  description: Why it failed.
                  type: str
        encrypted_at:
          description: When the encryption of the system drive last ended, if that is still in the log.
          type: str
        restart_needed:
          description: Whether that was after the last start. Intune counts the encryption after a restart.
          type: bool
        silent_failure:
          description: The code of the last encryption that Intune could not begin silently (event 851), if none has
            begun since.
          type: str
        refused:
          description: What of this could not be read, as sentences. Such a fact is null.
          type: list
          elements: str
    hello:
      description: Windows Hello for Business. Null stands for what is not there, or could not be read.
      type: dict
      contains:
        enabled:
          description: Whether a policy turns it on. Null if no policy says anything, or that could not be read.
          type: bool
        source:
          description: Whose policy that is, V(group_policy) or V(mdm).
          type: str
        tpm_required:
          description: Whether the policy requires a TPM.
          type: bool
        checked_at:
          description: When Windows last looked whether it can be set up, for the person at the console.
          type: str
        prerequisites:
          description: What Windows found then, by the name of the point. Null stands for "Not Tested". The whole is
            null if there is no such event, or it was taken in a remote session.
          type: dict
          contains:
            device_joined:
              description: The device is joined.
              type: bool
            entra_sign_in:
              description: The person has signed in with an Entra account.
              type: bool
            policy_enabled:
              description: A policy turns it on.
              type: bool
            post_logon:
              description: Nothing turns the set-up after the sign-in off.
              type: bool
            hardware:
              description: The hardware is as the policy requires.
              type: bool
            local_session:
              description: The session is not a remote one.
              type: bool
        provisioned:
          description: The SIDs of those who have set it up.
          type: list
          elements: str
        pin_reset:
          description: Whether a policy allows a forgotten PIN to be replaced without losing its keys.
          type: bool
        pin_reset_blockers:
          description: Settings that keep the reset away from the sign-in screen.
          type: list
          elements: str
        refused:
          description: What of this could not be read, as sentences. Such a fact is null.
          type: list
          elements: str
    password_reset:
      description: Self-service password reset at the sign-in screen. Null stands for what is not there, or could not
        be read.
      type: dict
      contains:
        enabled:
          description: Whether a policy turns it on.
          type: bool
        source:
          description: Whose policy that is, V(group_policy) or V(mdm).
          type: str
        blockers:
          description: What is known to keep it away.
          type: list
          elements: dict
          contains:
            setting:
              description: The setting.
              type: str
            source:
              description: Where it stands.
              type: str
            value:
              description: Its value, as text.
              type: str
        looked_at:
          description: The settings that were looked at.
          type: list
          elements: str
        not_looked_at:
          description: What may block it and cannot be seen.
          type: list
          elements: str
        refused:
          description: What of this could not be read, as sentences. Such a fact is null.
          type: list
          elements: str
    password_rules:
      description: The rules in force for passwords of local accounts. Passwords of Entra accounts follow the
        tenant's. Null stands for what is not there, or could not be read.
      type: dict
      contains:
        min_length:
          description: The least number of characters.
          type: int
        max_age_days:
          description: After how many days a password expires, 0 for never.
          type: int
        history:
          description: How many earlier passwords are refused.
          type: int
        lockout_threshold:
          description: After how many wrong passwords an account is locked, 0 for never.
          type: int
        lockout_minutes:
          description: For how long it is locked, 0 until somebody unlocks it.
          type: int
        policy:
          description: What an MDM asks for (area DeviceLock), empty if nothing.
          type: dict
        refused:
          description: What of this could not be read, as sentences. Such a fact is null.
          type: list
          elements: str
    laps:
      description: Windows LAPS. Null stands for what is not there, or could not be read.
      type: dict
      contains:
        root:
          description: The policy that rules as a whole, V(mdm), V(policy) (its own group policy), V(config) (local)
            or V(legacy) (Microsoft LAPS). Null if there is none.
          type: str
        ignored_roots:
          description: Roots that have values, too, and are not looked at by Windows.
          type: list
          elements: str
        backup:
          description: V(entra), V(active_directory) or V(off).
          type: str
        mode:
          description: V(manual), or V(automatic) account management.
          type: str
        account:
          description: The name of the account, or the prefix of a random one. Null for the built-in one.
          type: str
        last_update:
          description: When it last set a password.
          type: str
        last_result:
          description: The last time that its policy was processed, null if the log has none.
          type: dict
          contains:
            at:
              description: When that was.
              type: str
            ok:
              description: Whether it ended well.
              type: bool
            code:
              description: The error code.
              type: str
            reason:
              description: What the body of the answer says, V(tenant_disabled), V(device_missing), V(other) or null.
              type: str
            text:
              description: The message in that body.
              type: str
        refused:
          description: What of this could not be read, as sentences. Such a fact is null.
          type: list
          elements: str
    updates:
      description: Windows Update. Null stands for what is not there, or could not be read.
      type: dict
      contains:
        delivered_by:
          description: Who delivers quality updates, V(wsus), V(windows_update), V(configuration_manager) or
            V(nobody).
          type: str
        source:
          description: What decides it, V(group_policy), V(mdm), V(configuration_manager) or V(default).
          type: str
        server:
          description: The address of the WSUS server.
          type: str
        ring:
          description: Whether an MDM sets policies of an update ring.
          type: bool
        last_quality_update:
          description: The last cumulative update that the log of Setup has, null if it has none.
          type: dict
          contains:
            kb:
              description: Its article.
              type: str
            at:
              description: When it was installed.
              type: str
        build:
          description: The build with its revision.
          type: str
        hotpatch:
          description: Whether hotpatches are asked for, possible, and in force, as M(winops.entra.device_facts)
            returns it.
          type: dict
        pending_restart:
          description: Whether Windows waits for a restart.
          type: bool
        pending_restart_reasons:
          description: Why.
          type: list
          elements: str
        refused:
          description: What of this could not be read, as sentences. Such a fact is null.
          type: list
          elements: str
    apps:
      description: The Intune Management Extension. Null stands for what is not there, or could not be read.
      type: dict
      contains:
        extension:
          description: Whether it is installed.
          type: bool
        apps:
          description: What it says of its apps. Null stands for what is not there, or could not be read.
          type: list
          elements: dict
          contains:
            id:
              description: The id of the app in Intune.
              type: str
            scope:
              description: V(device), or the object id of a user.
              type: str
            state:
              description: V(installed), V(in_progress), V(failed), V(not_required), or null if it is not known.
              type: str
            code:
              description: The hexadecimal code of the failure.
              type: str
            cause:
              description: What the code means.
              type: str
        refused:
          description: What of this could not be read, as sentences. Such a fact is null.
          type: list
          elements: str
    sign_in:
      description: Who can sign in, and who has. Null stands for what is not there, or could not be read.
      type: dict
      contains:
        users:
          description: The Entra accounts that have a profile. Null stands for what is not there, or could not be
            read.
          type: list
          elements: dict
          contains:
            sid:
              description: The SID.
              type: str
            name:
              description: The user principal name, as far as Windows keeps it.
              type: str
            last:
              description: When the profile was last loaded.
              type: str
        last_user:
          description: The SID of who signed in last, whoever that was.
          type: str
        other_user:
          description: Whether V(Other user) is kept away from the sign-in screen (V(false)). Null if nothing was
            found that does. That it is there cannot be seen.
          type: bool
        other_user_blockers:
          description: What keeps it away.
          type: list
          elements: dict
          contains:
            setting:
              description: The setting.
              type: str
            source:
              description: Where it stands.
              type: str
            value:
              description: Its value, as text.
              type: str
        looked_at:
          description: The settings that were looked at.
          type: list
          elements: str
        security_key:
          description: Whether Windows offers the sign-in with a security key. Null if that could not be read, or
            several ways say different things.
          type: bool
        security_key_reason:
          description: Why it is null, null otherwise.
          type: str
        prt:
          description: Always null. The primary refresh token can only be seen in the session of its user.
          type: bool
        tgts:
          description: Always null, for the same reason.
          type: bool
        tokens_unread:
          description: That reason, as a sentence.
          type: str
        refused:
          description: What of this could not be read, as sentences. Such a fact is null.
          type: list
          elements: str
    autopilot:
      description: The mark of Windows Autopilot. Null stands for what is not there, or could not be read.
      type: dict
      contains:
        profile:
          description: Whether the device has a profile.
          type: bool
        tenant_id:
          description: The tenant of that profile.
          type: str
        refused:
          description: What of this could not be read, as sentences. Such a fact is null.
          type: list
          elements: str
    refused:
      description: What could not be read, as sentences.
      type: list
      elements: str
findings:
  description: One for each point.
  returned: when the device has answered
  type: list
  elements: dict
  contains:
    id:
      description:
        - V(managed), whether somebody manages it, and V(first_sync), V(last_sync), whether policies arrive.
        - V(encryption), whether the system drive is protected, and V(escrow), whether its recovery passwords
          are stored.
        - V(hello), V(pin_reset), V(password_reset), whether what a policy turns on can work.
        - V(password_rules), whether the rules that a policy asks for are in force.
        - V(laps), whether LAPS keeps the password where its policy says.
        - V(update_source), V(quality_update), V(pending_restart), whether updates come as somebody meant.
        - V(apps), apps of Intune that failed.
        - V(other_user), V(user), whether somebody can sign in, and has.
      type: str
    result:
      description: V(pass), V(warn), V(fail) or V(unknown).
      type: str
    subject:
      description: Always null. A finding is about the device.
      type: str
    observed:
      description: What the device shows.
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
      description: Where to mend it, V(device) or V(tenant).
      type: str
    doc:
      description: Where to read more, otherwise null.
      type: str
    permissions:
      description: Always empty.
      type: list
      elements: str
    evidence:
      description: What of RV(posture) decided, null facts included. Empty on a pass.
      type: list
      elements: raw
  sample:
    - id: encryption
      result: fail
      subject: null
      observed: "C: is no_tpm"
      expected: null
      cause: it is encrypted, protection is off, and no protector uses the TPM, so that nothing turns it on
      fix: add a TPM protector and turn protection on
      side: device
      doc: https://learn.microsoft.com/windows/security/operating-system-security/data-protection/bitlocker/
      permissions: []
      evidence: []
summary:
  description: The number of findings for each result.
  returned: when the device has answered
  type: dict
  sample: {pass: 13, warn: 2, fail: 1, unknown: 0}
changes:
  description: Always empty. The module only reads.
  returned: always
  type: list
  elements: dict
  sample: []
error:
  description: The first finding that O(fail_on) names, with all of them in C(evidence).
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

ARGUMENT_SPEC = {}  # type: ignore[var-annotated]
