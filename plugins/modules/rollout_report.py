#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.rollout_report. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout_report
short_description: Write and show the results of a rollout
version_added: 0.1.0
description:
  - Collects the outcomes that the collection's roles and playbooks record for each device, puts them into the report of
    the rollout, a JSON file on the controller, and shows a table.
  - Run it once for each wave. A report holds every run, and of each device the newest attempt. A run changes only the
    records of the devices that it has asked; it forgets nobody. Two runs at once wait for each other.
  - It takes in what the journal beside the report holds, from runs that were killed too. With O(hosts=[]) it does only
    that. See docs/reports.md for the form of both files.
  - In check mode it writes a report of its own beside that of the real runs, C(join-report.check.json).
  - Devices of later waves are V(not_started), unless an earlier run has asked them. A device of the wave of which
    nothing is recorded is V(failed) with the name C(not_asked).
  - What a run cannot learn of a device, and what a device has forgotten, stays in the report, such as the ids, the
    BitLocker protectors and the proof of a device that has left its tenant. A device that has left is recognised by its
    serial number. Ids that it had before and has no more are in C(left_behind) until their objects are removed.
  - What a device has proved is kept with its ids. If its key is gone now, the earlier report counts, unless that report
    itself says that nothing was proved.
  - A file at O(dest) that cannot be read, or is not a report of this O(work), is refused, and not overwritten.
  - A report is a by-product, so the task never reports a change.
  - Texts of devices and tenants are shown as texts and nothing else. In the table, and in the file, what cannot be
    seen (control characters, line separators, marks of direction, letters without width) is spelled as JSON spells it,
    like C(\u202e).
  - A record that is damaged takes the report from nobody. Its device is V(failed) with the name C(damaged_record), or,
    where only some of its fields cannot be used, these are null and named in C(unreadable).
options:
  work:
    description:
      - What was done to the devices. Their records are in the fact C(join_outcome), C(disconnect_outcome),
        C(preflight_outcome), C(diagnose_outcome), C(autopilot_outcome), C(security_keys_outcome) or C(verify_outcome),
        as the filter P(winops.entra.rollout_outcome#filter) makes them.
    type: str
    choices: [join, disconnect, preflight, diagnose, autopilot, security_keys, verify]
    required: true
  dest:
    description:
      - Path of the report on the controller. By default C(join-report.json) in the current directory with
        O(work=join), and so on.
      - A regular file, which is replaced as a whole, or a new one, whose directory is made. Anything else is refused
        and left alone (a directory, a device file, a pipe, and a link, also one to a regular file). Links among the
        directories of the path are followed. The same applies to the journal, C(join-report.json.journal).
      - The file is for its owner only (mode 0600).
    type: path
  hosts:
    description: The devices of this run. All hosts of the play by default.
    type: list
    elements: str
  directory:
    description:
      - Devices as M(winops.entra.directory_device_info) returns them. The report then contains what the directory and
        Intune know about each joined device of the wave.
      - An id that several devices have proves none of them. These devices are counted as C(same_id), and each names the
        others.
    type: list
    elements: dict
  only_try:
    description:
      - Only check whether the report could be written at O(dest), and whether the earlier report and its journal can be
        read. Nothing is written or shown. Use it at the beginning of a playbook, before any device is asked.
    type: bool
    default: false
  not_started:
    description:
      - Devices of the wave that the playbook has not tried, because the rollout ends before their turn. They are
        V(not_started), like those of later waves, whatever is recorded of them.
    type: list
    elements: str
    default: []
  table_limit:
    description: Show every device of a wave if there are at most this many, otherwise only those that need attention.
    type: int
    default: 50
  hand_over:
    description:
      - The path on the controller of the hand-over sheet, an HTML file to be printed.
      - With O(work=autopilot) it has a page for each device that can be unpacked, for the person who does that. It says
        which account sets the device up, what to press and what they will see. Put each page into its box.
      - With O(work=security_keys) it has a page for each person who has to register a security key, with the link, and
        how to sign in with the key.
      - With O(work=join) it has a page for each joined device, for the person who signs in to it first. It says whether
        it still has to be restarted, the form of the account, what the first sign-in looks like, and what stays with
        the old account. What was read with M(winops.entra.device_posture) is on it. Other works have no sheet.
      - It is made from the report, so it has the devices of earlier runs too. It holds no secret. The same rules apply
        as to O(dest); in check mode it is C(hand-over.check.html).
    type: path
  hand_over_contact:
    description: Whom the person calls if something else happens than the sheet says, such as a name and a number.
    type: str
  hand_over_domain:
    description: The domain that people's accounts end in, such as C(contoso.com), for the sheet of O(work=join). By
      default it is that of the people who have signed in to the device, if anybody knows one.
    type: str
  gate:
    description:
      - With O(work=join), what every joined device of the wave has to be before the next wave begins, V(managed)
        (Intune shows it), V(compliant), or V(let_in) (Conditional Access lets its user in). It is judged by what the
        playbook has recorded in this run, which has to ask the tenant before.
      - The verdict is RV(gate), and is kept in the report with the run. What is not known keeps the gate shut. Devices
        that are not joined do not count.
    type: list
    elements: str
    choices: [managed, compliant, let_in]
    default: []
  write_in_check_mode:
    description: In check mode, whether to write its report, with what would be done.
    type: bool
    default: true
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
attributes:
  check_mode:
    details: It writes the report of check mode, a file of its own on the controller, unless
      O(write_in_check_mode=false) forbids it.
    support: partial
  diff_mode:
    details: It never reports a change, because a report is a by-product.
    support: none
seealso:
  - plugin: winops.entra.rollout_outcome
    plugin_type: filter
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Report after each wave
  winops.entra.rollout_report:
    work: join
    dest: reports/join-2026-11-27.json
  run_once: true

- name: See that it can be written, before any device is asked
  winops.entra.rollout_report:
    work: join
    dest: reports/join-2026-11-27.json
    only_try: true
  run_once: true

- name: Report on a wave, say whether the next one may begin, and print a page for each joined device
  winops.entra.rollout_report:
    work: join
    gate: [managed, compliant]
    hand_over: reports/join-2026-11-27.html
    hand_over_domain: contoso.com
  run_once: true
  register: reported

- name: Report on a deployment with Windows Autopilot, and print a page for each person who unpacks a device
  winops.entra.rollout_report:
    work: autopilot
    dest: reports/autopilot-2026-11-27.json
    hand_over: reports/hand-over-2026-11-27.html
    hand_over_contact: Service desk, extension 4711
  run_once: true

- name: Take in what a killed run has left in the journal
  winops.entra.rollout_report:
    work: join
    dest: reports/join-2026-11-27.json
    hosts: []
"""

RETURN = r"""
totals:
  description:
    - The number of devices of this run, and the number for each outcome. With O(only_try) as this run has last written
      them, no devices before its first wave.
  returned: success
  type: dict
  sample: {devices: 14, joined: 9, unchanged: 1, refused: 3, failed: 1}
wave:
  description:
    - The number of devices of this wave, and how many of them are C(done), C(failed) (after something was done, or may
      have been) and C(left_out) (refused, unreachable, not asked, skipped or not started, so that nothing was done).
  returned: success, without O(only_try)
  type: dict
  sample: {devices: 10, done: 7, failed: 1, left_out: 2}
known:
  description:
    - What the report and its journal know of the devices of this run, by name in the inventory, with O(work=autopilot),
      O(work=security_keys), O(work=verify), O(work=diagnose) and O(work=join). With it a later step can do without
      asking a device that does not answer. Only the fields by which a device is found again, how far it has come, and
      why not further. What is not known is null.
  returned: success, with O(only_try) and a work whose ids are used later
  type: dict
  sample:
    pc-0001:
      outcome: reset
      serial_number: 5CG1234XYZ
      smbios_uuid: 4c4c4544-0042-3510-8052-c4c04f564231
      assigned_user: ada@contoso.com
      group_tag: Sales
      reset_at: "2026-11-30T09:12:00.000Z"
began:
  description: When the oldest run of the report started (UTC), this run if there is no report.
  returned: success, with O(only_try) and a work whose ids are used later
  type: str
  sample: "2026-11-27T08:00:00.123Z"
findings:
  description:
    - How many devices of this run have each finding, by its id and result, with O(work=verify). A device with several
      findings of an id counts once, with the weightiest. The report has the same for all of its devices.
  returned: success, without O(only_try), with O(work=verify)
  type: dict
  sample:
    compliance: {warn: 2, fail: 12, unknown: 0}
    escrow: {warn: 0, fail: 37, unknown: 3}
hand_over:
  description: Path of the hand-over sheet that was written, null if there is none.
  returned: success, without O(only_try), with a work that has a sheet
  type: str
gate:
  description: Whether the next wave may begin, by O(gate).
  returned: success, without O(only_try), if O(gate) is given
  type: dict
  contains:
    asked:
      description: What was asked.
      type: list
      elements: str
    devices:
      description: How many devices of the wave are joined, also before this run.
      type: int
    open:
      description: Whether all of them are what was asked. Null if no device of the wave is joined.
      type: bool
    shut_by:
      description: Why not, for the first 20 devices that keep it shut.
      type: list
      elements: dict
      contains:
        device:
          description: The name in the inventory.
          type: str
        asked:
          description: What it is not, or may not be.
          type: str
        known:
          description: Whether that is known. V(false) if it could not be found out.
          type: bool
        reason:
          description: Why, as a name for programs, as in the record of the device.
          type: str
        said:
          description: The same as a sentence.
          type: str
    shut_by_more:
      description: How many more devices keep it shut.
      type: int
    names:
      description: The names of all devices that keep it shut.
      type: list
      elements: str
    says:
      description: All of this in one sentence.
      type: str
    at:
      description: When it was judged (UTC).
      type: str
dest:
  description: Path of the report that was written, in check mode that of check mode.
  returned: success
  type: str
changes:
  description: Always empty. A report is a by-product.
  returned: always
  type: list
  elements: dict
  sample: []
error:
  description:
    - Why the task has failed. C(side) is controller. C(cause) and C(fix) say what is known about it.
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
    "work": {
        "type": "str",
        "choices": ["join", "disconnect", "preflight", "diagnose", "autopilot", "security_keys", "verify"],
        "required": True,
    },
    "dest": {"type": "path"},
    "hosts": {"type": "list", "elements": "str"},
    "directory": {"type": "list", "elements": "dict"},
    "only_try": {"type": "bool", "default": False},
    "not_started": {"type": "list", "elements": "str", "default": []},
    "table_limit": {"type": "int", "default": 50},
    "hand_over": {"type": "path"},
    "hand_over_contact": {"type": "str"},
    "hand_over_domain": {"type": "str"},
    "gate": {"type": "list", "elements": "str", "choices": ["managed", "compliant", "let_in"], "default": []},
    "write_in_check_mode": {"type": "bool", "default": True},
}
