#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.disconnect. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: disconnect
short_description: Take a Windows device out of its Microsoft Entra tenant without locking anyone out
version_added: 0.1.0
description:
  - Makes a Windows device leave its Microsoft Entra tenant (formerly Azure AD), as SYSTEM, and proves by the device's
    own state that it has left.
  - Before anything changes, there must be a local administrator that can sign in afterwards (enabled, not locked, with
    a password that has not expired). Otherwise the task is refused, and the message lists the accounts and why none of
    them counts.
  - The ids by which the device is found in Entra, Intune and Autopilot, and the ids and types of its BitLocker
    protectors, are recorded in the result first. They are gone from the device afterwards. No key is ever read.
  - Before anything changes the device signs a random number of this task, as SYSTEM, with the private key of its device
    certificate. This proof allows the removal of the tenant's objects afterwards. If the device cannot sign, it leaves
    nevertheless, and RV(record) says so.
  - A device that has already left does not change, unless an option asks for more, such as O(remove_mdm) on a device
    that still has an enrollment. If an earlier leave stopped half way, for example because of a power
    cut, the module detects this and finishes the leave.
  - Registry keys and device certificates that earlier joins have left are removed as well. The certificate and
    C(dsregcmd) decide which join is the current one, not the order in the registry.
  - The next run continues a run that was cut off by a lost connection, a crash of the controller or a timeout.
  - The objects in Entra, Intune and Autopilot stay. The role P(winops.entra.disconnect#role) can remove them.
options:
  tenant_id:
    description:
      - Id of the tenant that the device must leave, a GUID. A device of another tenant is refused.
      - Without it the device leaves any tenant.
    type: str
  device_id:
    description:
      - The id in Entra under which you know the device, from an earlier report or the inventory. A device that is
        joined under another id is refused.
      - If the device cannot prove its key because the key is gone, this id counts instead. If the device has already
        left, RV(record) has this id.
    type: str
  stop_hybrid_autojoin:
    description:
      - Needed for hybrid joined devices, which would otherwise join again by themselves, unless this was stopped
        before. Disables the task Automatic-Device-Join and sets the policy value C(autoWorkplaceJoin) to 0.
      - A group policy may set the value again. Also take the device out of the scope of Entra Connect.
    type: bool
    default: false
  remove_mdm:
    description:
      - Remove the device's MDM enrollment first. Only enrollments of O(mdm_provider) that do not belong to another
        tenant are removed, each by its id. Leftovers of earlier enrollments are removed as well.
      - Another tenant is one other than O(tenant_id), or other than the one that the device is joined to. If the device
        is not joined and O(tenant_id) is not given, nothing says which tenant that is. Enrollments that name a tenant
        are then left alone, with a warning.
      - An enrollment is removed also if the device has already left. The outcome is then V(disconnected).
      - V(false) does not guarantee that the enrollment stays. Windows may end it with the join, and nothing can prevent
        that; RV(mdm_ended) and RV(changes) say whether it did.
    type: bool
    default: false
  mdm_provider:
    description:
      - C(ProviderID) of the enrollments to remove. V(MS DM Server) is Intune.
    type: str
    default: MS DM Server
  mdm_enrollment_id:
    description:
      - With O(remove_mdm), remove only the enrollment with this id, a GUID, if it belongs to O(mdm_provider), whichever
        tenant it belongs to.
    type: str
  allow_account_loss:
    description:
      - Continue although the connecting account is not a local account of the device and may stop working after the
        leave.
      - A local administrator that can sign in is still needed.
    type: bool
    default: false
  reboot:
    description:
      - Restart the device after it has left, also if it left during an earlier run of this module that was cut off.
        Windows needs a restart to forget the sign-ins of Entra accounts.
    type: bool
    default: false
  timeout:
    description:
      - Seconds within which the device must have left.
      - A leave may take 15 minutes, the removal of an enrollment ten. The task does not wait longer for a device that
        gives no answer for O(reboot_timeout) seconds.
    type: int
    default: 1800
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.device
  - winops.entra.fact_name
  - winops.entra.attributes.facts
  - winops.entra.waiting
  - winops.entra.waiting.reboot
  - winops.entra.recorded
attributes:
  check_mode:
    details: It does not foretell that Windows does not leave. That Windows may end an MDM enrollment with the join is
      a warning.
    support: full
notes:
  - Connect with a local account.
  - Deleting the Entra device object deletes the BitLocker recovery passwords and the LAPS password stored with it. Save
    them first; RV(record.bitlocker) and RV(administrators) say which.
  - Whether the device's user rights allow an account to sign in, and whether somebody knows its password, cannot be
    read on the device. A local connecting account proves both.
  - An associated device (Windows Autopilot device association) has a mark of the tenant in its firmware. This module
    cannot read it, and a leave does not clear it, so that a reset leads the device back to that tenant. There is a
    warning where the registry names a tenant of which the association service has told Windows; a reset or a new
    installation clears these entries, but not the mark. M(winops.entra.device_removal) warns by the tenant's record.
  - Profiles of Entra users, applied policies, installed provisioning packages and the Intune Management Extension stay.
seealso:
  - module: winops.entra.join
  - module: winops.entra.mdm
  - module: winops.entra.device_facts
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Leave the tenant and Intune, and restart
  winops.entra.disconnect:
    tenant_id: d10f84e2-ba05-45c0-90b7-994f1fafa537
    remove_mdm: true
    reboot: true

- name: A hybrid joined device
  winops.entra.disconnect:
    stop_hybrid_autojoin: true

- name: Move a device to another tenant
  block:
    - name: Leave the old tenant
      winops.entra.disconnect:
        tenant_id: "{{ old_tenant_id }}"
        remove_mdm: true
        reboot: true

    - name: Join the new one
      winops.entra.join:
        tenant_id: "{{ new_tenant_id }}"
        src: packages/fabrikam-join.ppkg
        expect_mdm: true
"""

RETURN = r"""
outcome:
  description:
    - The outcome. V(disconnected) (it has left now, or an enrollment, the auto-join or a restart was still to be done
      on a device that had left), V(unchanged) (it had already left, and nothing was to be done), V(refused) (before
      anything changed), V(failed), or in check mode V(would_disconnect).
  returned: always
  type: str
  sample: disconnected
join_state:
  description:
    - V(joined), V(left), or V(half_left) if the witnesses (registry, certificate, dsregcmd) do not agree.
    - In check mode and after a refusal it is the current state.
  returned: once the device's state has been read
  type: str
  sample: left
remains:
  description: The witnesses that still show a join.
  returned: once the device's state has been read
  type: list
  elements: str
  sample: []
record:
  description:
    - The device's ids and state before it left. Missing values are null.
    - After a run that was cut off, it is what that run has read.
  returned: once the device's state has been read
  type: dict
  contains:
    device_id:
      description: Its id in Entra.
      type: str
    tenant_id:
      description: The tenant's id.
      type: str
    tenant_name:
      description: The tenant's name.
      type: str
    join_type:
      description: entra, hybrid, domain, registered or none.
      type: str
    proof:
      description:
        - V(proved), V(recorded) (it could not sign, and O(device_id) is its id), V(missing) (it could not sign),
          V(failed) (the signature is wrong), or V(not_yet) (in check mode it does not sign). Null without an id.
      type: str
    proved_thumbprint:
      description: The thumbprint of the certificate whose key it has proved, for M(winops.entra.device_removal).
      type: str
    not_proved:
      description: Why it has proved nothing, otherwise null.
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
    serial_number:
      description: Its serial number, by which Autopilot knows it.
      type: str
    hostname:
      description: Its computer name.
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
    device_id: 6e4cbe68-588b-499c-8c04-dcfff140a1ca
    tenant_id: d10f84e2-ba05-45c0-90b7-994f1fafa537
    tenant_name: Contoso
    join_type: entra
    thumbprint: 0BF36D245A124205D42B7FBCA6B6AB65A5B06A3C
    intune_device_id: 8c1f4a4e-3f2b-4b6f-9f0c-1a2b3c4d5e6f
    autopilot_id: null
    serial_number: PF3K9Z1A
    hostname: CT-PF3K9Z1A
    proof: proved
    proved_thumbprint: 0BF36D245A124205D42B7FBCA6B6AB65A5B06A3C
    not_proved: null
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
administrators:
  description:
    - The members of the local group Administrators, also those whose SID cannot be resolved. C(counts) says whether the
      account can sign in after the device has left, and C(why_not) why it cannot. C(laps) says whether LAPS keeps its
      password in Entra, V(null) if this is not certain.
  returned: once the device's state has been read
  type: list
  elements: dict
  sample:
    - sid: S-1-5-21-1-2-3-1001
      name: PC-1\ansible
      kind: local
      enabled: true
      locked: false
      password_expired: false
      laps: false
      counts: true
      why_not: null
mdm_ended:
  description:
    - Ids of the MDM enrollments that Windows has ended with the join, although this was not requested. Their records in
      Intune stay.
  returned: after a leave, successful or not
  type: list
  elements: str
  sample: []
ansible_facts:
  description:
    - C(ansible_facts.entra) as M(winops.entra.device_facts) returns it, read after the leave. In check mode and after a
      refusal it is the current state.
  returned: once the device's state has been read
  type: dict
reboot_required:
  description: Whether the device needs a restart, because it has left or because Windows waits for one.
  returned: success
  type: bool
restarted:
  description: Whether this module has restarted the device.
  returned: success
  type: bool
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
    - what: join
      before:
        type: entra
        tenant_id: d10f84e2-ba05-45c0-90b7-994f1fafa537
        device_id: 6e4cbe68-588b-499c-8c04-dcfff140a1ca
      after: null
left_behind:
  description:
    - What is on the device when the task ends and need not be. These can only be jobs of this collection. Empty if
      nothing is there, and after a refusal.
    - If the connection was lost or the task was ended, it lists what may be there, and C(why) says so.
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
    - {name: leave, seconds: 8.4}
    - {name: verify, seconds: 2.0}
    - {name: clean up, seconds: 2.2}
error:
  description:
    - What failed. C(name) is stable and meant for programs; C(evidence) holds the accounts that were found, or what the
      device itself has said.
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
    code: null
    name: no_local_administrator
    side: device
    cause: "no local administrator could sign in after the leave (PC-1\\Administrator: it is disabled)"
    fix: Enable a local administrator, or create one, then run the task again.
    evidence: []
    request_id: null
    permissions: []
    doc: null
"""

ARGUMENT_SPEC = {
    "tenant_id": {"type": "str", "holds": "guid"},
    "device_id": {"type": "str", "holds": "guid"},
    "stop_hybrid_autojoin": {"type": "bool", "default": False},
    "remove_mdm": {"type": "bool", "default": False},
    "mdm_provider": {"type": "str", "default": "MS DM Server"},
    "mdm_enrollment_id": {"type": "str", "holds": "guid"},
    "allow_account_loss": {"type": "bool", "default": False},
    "reboot": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 1800},
}
