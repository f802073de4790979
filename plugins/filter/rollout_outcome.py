# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter winops.entra.rollout_outcome."""

from __future__ import annotations

from collections.abc import Mapping

from ansible.errors import AnsibleFilterError

from ..plugin_utils.report import loops
from ..plugin_utils.report.records import WORKS, record

DOCUMENTATION = r"""
name: rollout_outcome
short_description: The outcome for a device, in the same fields whatever happened
version_added: 0.1.0
description:
  - Makes one flat record from a registered result of M(winops.entra.join), M(winops.entra.disconnect),
    M(winops.entra.preflight) or M(winops.entra.diagnose), also if the task failed, was skipped, was ended by its
    keyword C(timeout), or the device could not be reached.
  - For V(autopilot) and V(security_keys) it makes one record from the results of all steps that the role of this name
    has put together, with the furthest state that is known, or what keeps the device from it.
  - For V(join) it also takes C(steps), with the record of the attempt and what came after it, and adds what the tenant
    and the device say then. The role C(winops.entra.join) does this.
  - For V(verify) it puts together what the device has said (M(winops.entra.device_posture)) and what the tenant has
    said (M(winops.entra.directory_posture)). Where both speak of one thing, that is one finding. A registered result
    of M(winops.entra.device_posture) alone gives the device's half.
  - The result of a loop gives a list with one record for each item. M(winops.entra.rollout_report) takes such a list,
    too. An item that is the name of a host, as with C(delegate_to=item), is reported under that name.
positional: work
options:
  _input:
    description: The registered result.
    type: dict
    required: true
  work:
    description: The module whose result it is, or the role V(autopilot), V(security_keys) or V(verify).
    type: str
    choices: [join, disconnect, preflight, diagnose, autopilot, security_keys, verify]
    required: true
seealso:
  - module: winops.entra.rollout_report
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Record the outcome
  ansible.builtin.set_fact:
    join_outcome: "{{ join_attempt | winops.entra.rollout_outcome('join') }}"

- name: Which packages of a loop have failed
  ansible.builtin.debug:
    msg: >-
      {{ tries | winops.entra.rollout_outcome('join') | selectattr('outcome', 'eq', 'failed') | map(attribute='item') }}
"""

RETURN = r"""
_value:
  description: One record. What is not known is null, or an empty list.
  type: dict
  contains:
    outcome:
      description:
        - For all modules V(failed), V(refused), V(unreachable) or V(skipped). V(refused) means that nothing was done,
          because something was wrong from the start, such as an option.
        - For a join V(joined), V(unchanged) or V(would_join). For a disconnect V(disconnected), V(unchanged) or
          V(would_disconnect). For a preflight V(fit) or V(unfit). For a diagnosis V(healthy) or V(unhealthy).
        - For autopilot V(harvested), V(registered), V(ready), V(reset), V(deploying), V(deployed), V(incomplete),
          V(would_register) or V(would_reset), see docs/autopilot.md.
        - For security_keys V(applied), V(enabled), V(waiting), V(undecided), V(ready) or V(would_enable), see
          docs/passwordless.md.
        - For verify V(fit), V(unfit) or V(undecided) (nothing is wrong, and something is not known), see
          docs/verify.md.
      returned: always
      type: str
    changed:
      description: Whether the task reported a change.
      returned: always
      type: bool
    seconds:
      description: The total seconds of all phases.
      returned: always
      type: float
    msg:
      description: The message of a failure, or why the task was skipped, otherwise null.
      returned: always
      type: str
    code:
      description: The HRESULT or AADSTS code of a failure, or of the first finding of a diagnosis.
      returned: always
      type: str
    name:
      description: The name of a failure, stable and meant for programs.
      returned: always
      type: str
    item:
      description: The loop's item as text, or its place in the loop if it is not a text or a number.
      returned: loop
      type: str
    side:
      description: The side of a failure, V(device), V(tenant), V(network) or V(controller).
      returned: always
      type: str
    cause:
      description: What is known about its cause.
      returned: always
      type: str
    fix:
      description: What to do about it.
      returned: always
      type: str
    doc:
      description: Where to read more.
      returned: always
      type: str
    phases:
      description: Name and seconds of each phase.
      returned: always
      type: list
      elements: dict
    device_id:
      description: The device's id in Entra. For a disconnect, this and the next two are from before the leave.
      returned: join, disconnect, autopilot, security_keys, verify
      type: str
    tenant_id:
      description: The id of its tenant.
      returned: join, disconnect, verify
      type: str
    join_type:
      description: entra, hybrid, domain, registered or none.
      returned: join, disconnect, verify
      type: str
    mdm_enrolled:
      description: Whether it is enrolled in MDM.
      returned: join, disconnect
      type: bool
    restarted:
      description: Whether it was restarted during the task.
      returned: join, disconnect
      type: bool
    reboot_required:
      description: Whether it waits for a restart.
      returned: join, disconnect
      type: bool
    account_domain:
      description: The domain of the account that has joined it, as the device says it.
      returned: join
      type: str
    intune:
      description:
        - Whether Intune shows it, as M(winops.entra.wait_for_management) says it, null if nobody has waited for that.
          C(met) is null if it is not known, C(reason) is a name, C(said) a sentence, C(at) when that was.
      returned: join
      type: dict
    compliant:
      description: Whether it is compliant, in the same form.
      returned: join
      type: dict
    policies:
      description: Whether the policies have come, in the same form.
      returned: join
      type: dict
    let_in:
      description: Whether Conditional Access lets its primary user in, in the same form, with the verdict on each
        application.
      returned: join
      type: dict
    on_device:
      description: What the device says for who signs in to it, from M(winops.entra.device_posture). Null if it was not
        asked.
      returned: join
      type: dict
    join_state:
      description: V(joined), V(left) or V(half_left), as last read.
      returned: disconnect
      type: str
    intune_device_id:
      description: The id in Intune that it had.
      returned: disconnect, autopilot
      type: str
    autopilot_id:
      description: Its registration in Autopilot, if the device knows it.
      returned: disconnect, autopilot
      type: str
    serial_number:
      description: Its serial number, by which Autopilot knows it.
      returned: disconnect, autopilot
      type: str
    hostname:
      description: Its computer name.
      returned: disconnect, autopilot, security_keys
      type: str
    proof:
      description: Whether it has proved that the ids are its own, as in C(record) of M(winops.entra.disconnect).
      returned: disconnect
      type: str
    proved_thumbprint:
      description: The certificate whose key it has proved.
      returned: disconnect
      type: str
    not_proved:
      description: Why it has proved nothing.
      returned: disconnect
      type: str
    enrollments:
      description: The MDM enrollments that it had.
      returned: disconnect
      type: list
      elements: dict
    bitlocker:
      description: Its encrypted volumes with the ids and types of their protectors.
      returned: disconnect
      type: dict
    administrators:
      description: The members of its group Administrators, and which of them could sign in afterwards.
      returned: disconnect
      type: list
      elements: dict
    changes:
      description: What was changed, or in check mode would be changed.
      returned: disconnect
      type: list
      elements: dict
    findings:
      description: Every finding, as M(winops.entra.preflight) and M(winops.entra.diagnose) return it. For autopilot
        and security_keys only those that have not passed, of the device and the tenant. For verify the same, at most
        60, the weightiest first, and each says also who C(decided_by) it was (V(device), V(tenant) or V(both)), what
        each side has said (C(device_says), C(tenant_says), null if it did not speak of it), and C(for_all), whether
        the tenant has refused the question for every device.
      returned: preflight, diagnose, autopilot, security_keys, verify
      type: list
      elements: dict
    summary:
      description: The number of findings for each result, null if the device could not be asked.
      returned: preflight, diagnose, verify
      type: dict
    conclusion:
      description: The first finding in one sentence.
      returned: diagnose
      type: str
    state:
      description: How the device is joined and enrolled.
      returned: diagnose
      type: dict
    tenant:
      description:
        - What M(winops.entra.directory_diagnosis) says of the device, if the result has it as C(directory). Code, name,
          side, cause, fix and conclusion are then those of the cause of both. C(problem) says why the tenant did not
          answer. Null if it was not asked.
      returned: diagnose
      type: dict
    smbios_uuid:
      description: The UUID of its firmware.
      returned: autopilot
      type: str
    manufacturer:
      description: Its manufacturer.
      returned: autopilot
      type: str
    model:
      description: Its model.
      returned: autopilot
      type: str
    group_tag:
      description: Its group tag.
      returned: autopilot
      type: str
    assigned_user:
      description: The user who is to unpack it.
      returned: autopilot
      type: str
    mode:
      description: How its profile deploys it, as the inventory says.
      returned: autopilot
      type: str
    registration:
      description: What came of its registration in this run, as M(winops.entra.autopilot_device) returns it.
      returned: autopilot
      type: str
    profile:
      description: The name of the profile that has deployed it.
      returned: autopilot
      type: str
    profile_state:
      description: Microsoft's word for the assignment of its profile.
      returned: autopilot
      type: str
    reset_at:
      description: When it was sent back to its first start (UTC), in this rollout.
      returned: autopilot
      type: str
    deployment:
      description: How its deployment went, as the tenant and the device say it, null if neither knows of one.
      returned: autopilot
      type: dict
    package_id:
      description: The id of the provisioning package that was applied.
      returned: security_keys
      type: str
    sign_in:
      description: Whether it offers security keys, and in which way, as M(winops.entra.security_key_sign_in) says it.
      returned: security_keys
      type: dict
    users:
      description:
        - Its users, null if nobody has said who they are. C(ready) is null if it is not known, C(missing) names what is
          missing, C(says) is the same for people.
      returned: security_keys
      type: list
      elements: dict
    users_from:
      description: Who has said who its users are, V(inventory) or V(tenant).
      returned: security_keys
      type: str
    asked:
      description: Whether the C(device) and the C(tenant) have answered.
      returned: verify
      type: dict
    id_from:
      description: Who has said the device id, V(device), or an earlier V(report) if the device does not answer.
      returned: verify
      type: str
    settled:
      description: What is as it should be although one of both sides has said otherwise, in the form of a finding.
      returned: verify
      type: list
      elements: dict
    findings_dropped:
      description: How many more findings there were.
      returned: verify
      type: int
    unread:
      description: What the tenant does not tell about the device, and why, at most 20 sentences.
      returned: verify
      type: list
      elements: str
    fails:
      description: Whether the host is to fail, by C(verify_fail_on) of the role.
      returned: verify
      type: bool
"""


def rollout_outcome(result, work):
    """The record of a registered result of the module ``work``, of a loop the list of its items' records."""
    if not isinstance(work, str) or work not in WORKS:
        raise AnsibleFilterError(f"rollout_outcome: there is no work {work!r}; use one of {', '.join(WORKS)}")
    if not isinstance(result, Mapping):
        raise AnsibleFilterError("rollout_outcome: the input is not a registered result")
    return loops.records_of(result, work) if loops.is_loop(result) else record(result, work)


class FilterModule:
    def filters(self):
        return {"rollout_outcome": rollout_outcome}
