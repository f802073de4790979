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
  - Before anything changes, a local administrator must be there that can sign in afterwards, enabled, not locked and
    with a password that has not expired; else the task is refused and says which accounts there are and why none of
    them counts.
  - The ids by which the device is found in Entra, Intune and Autopilot, and the ids and types of its BitLocker
    protectors, are recorded in the result first. They are gone from the device afterwards. No key is ever read.
  - Before anything changes the device signs a number of this task, as SYSTEM, with the private key of its device
    certificate. So the tenant's objects can be removed afterwards without taking the device's word for it. It leaves
    all the same where it cannot sign, and RV(record) says so.
  - A device that has left already is left alone. One that has left by half, as after a power cut in the middle of a
    leave, is recognised and finished.
  - What earlier joins have left beside the join, keys in the registry and device certificates, goes with it. Which one
    is the join is told by certificate and C(dsregcmd), not by the order in the registry.
  - A run that was cut off, by a lost connection, a crash of the controller or a timeout, is taken up by the next run.
  - The objects in Entra, Intune and Autopilot stay. The role P(winops.entra.disconnect#role) has a part for them.
options:
  tenant_id:
    description:
      - Id of the tenant that the device is to leave, a GUID. A device of another tenant is refused.
      - Without it the device leaves whatever it is joined to.
    type: str
  device_id:
    description:
      - The id in Entra that you know the device by, from an earlier report or the inventory. A device that is joined by
        another id is refused.
      - Where the device cannot prove its key, because it is gone, this counts instead. A device that has left has this
        id in RV(record).
    type: str
  stop_hybrid_autojoin:
    description:
      - Needed for hybrid joined devices, which would join again by themselves, unless that was stopped before. Disables
        the task Automatic-Device-Join and sets the policy value C(autoWorkplaceJoin) to 0.
      - A group policy may set it again. Take the device also out of the scope of Entra Connect.
    type: bool
    default: false
  remove_mdm:
    description:
      - Remove the device's MDM enrollment first. Only enrollments of O(mdm_provider) that are not of another tenant are
        touched, each by its id; leftovers of earlier ones are removed as well.
      - V(false) does not promise that the enrollment stays. Windows may end it with the join, which nothing can forbid;
        RV(mdm_ended) and RV(changes) say whether it did.
    type: bool
    default: false
  mdm_provider:
    description:
      - C(ProviderID) of the enrollments to remove. V(MS DM Server) is Intune.
    type: str
    default: MS DM Server
  mdm_enrollment_id:
    description:
      - With O(remove_mdm), remove only the enrollment of this id, a GUID, if it is of O(mdm_provider).
    type: str
  allow_account_loss:
    description:
      - Go on although the connecting account is not a local account of the device, and may stop working with the leave.
      - A local administrator that can sign in is needed all the same.
    type: bool
    default: false
  reboot:
    description:
      - Restart the device once it has left, also where an earlier run of this module that was cut off has made it
        leave. Windows needs a restart to forget the sign-ins of Entra accounts.
    type: bool
    default: false
  timeout:
    description:
      - Seconds within which the device must have left.
      - One leave may take Windows 15 minutes, the removal of an enrollment ten. A device that gives no answer for
        O(reboot_timeout) seconds is not waited for.
    type: int
    default: 1800
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.device
  - winops.entra.attributes.facts
  - winops.entra.waiting
  - winops.entra.waiting.reboot
notes:
  - Connect with a local account.
  - Deleting the Entra device object deletes the BitLocker recovery passwords and the LAPS password stored with it. Save
    them first; RV(record.bitlocker) and RV(administrators) say which.
  - Whether an account may sign in by the device's user rights, and whether somebody knows its password, cannot be seen
    from the device. The connecting account, where it is local, proves both.
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
    - What became of it. V(disconnected), V(unchanged) (the device had left before), V(refused) (before anything
      changed), V(failed), or in check mode V(would_disconnect).
  returned: always
  type: str
  sample: disconnected
join_state:
  description:
    - V(joined), V(left), or V(half_left) where the witnesses (registry, certificate, dsregcmd) do not agree.
    - In check mode and after a refusal the state now.
  returned: once the device has been looked at
  type: str
  sample: left
remains:
  description: The witnesses that still say joined.
  returned: once the device has been looked at
  type: list
  elements: str
  sample: []
record:
  description:
    - What the device was before it left. What it does not have is null.
    - After a run that was cut off, what that run has read.
  returned: once the device has been looked at
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
          V(failed) (what it signed is not right), or V(not_yet) (in check mode it does not sign). Null without an id.
      type: str
    proved_thumbprint:
      description: The thumbprint of the certificate whose key it has proved, for M(winops.entra.device_removal).
      type: str
    not_proved:
      description: Why it has proved nothing, null else.
      type: str
    thumbprint:
      description: Thumbprint of the device certificate.
      type: str
    intune_device_id:
      description: Its id in Intune.
      type: str
    autopilot_id:
      description: Its registration in Autopilot, where the device knows it.
      type: str
    serial_number:
      description: Its serial number, by which Autopilot knows it.
      type: str
    hostname:
      description: Its computer name.
      type: str
    enrollments:
      description: Its MDM enrollments, with enrollment_id, provider, tenant_id and whether each is enrolled.
      type: list
      elements: dict
    bitlocker:
      description: Its encrypted volumes with the ids and types of their protectors. No key is ever read.
      type: dict
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
    - The members of the local group Administrators, also those whose SID nobody can resolve. C(counts) says that the
      account can sign in once the device has left, else C(why_not) says why; C(laps) that LAPS keeps its password in
      Entra, V(null) where it may.
  returned: once the device has been looked at
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
    - Ids of the MDM enrollments that Windows has ended with the join, although nobody asked to remove them. Their
      records in Intune stay.
  returned: once the device has left, or has not after a leave
  type: list
  elements: str
  sample: []
ansible_facts:
  description:
    - C(ansible_facts.entra) as M(winops.entra.device_facts) returns it, read after the leave. In check mode and after a
      refusal the state now.
  returned: once the device has been looked at
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
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - what: join
      before:
        type: entra
        tenant_id: d10f84e2-ba05-45c0-90b7-994f1fafa537
        device_id: 6e4cbe68-588b-499c-8c04-dcfff140a1ca
      after: null
phases:
  description: Name and seconds of each phase.
  returned: always
  type: list
  elements: dict
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
