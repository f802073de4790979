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
  - Collects the outcomes that the collection's roles and playbooks record for each device, writes them as JSON on the
    controller and shows a table.
  - Run it once for each wave. The report always has every device of the play; devices of later waves are
    V(not_started).
  - A report is a by-product, so the task never reports a change.
options:
  work:
    description:
      - What was done to the devices. Their records are in the fact C(join_outcome), C(disconnect_outcome),
        C(preflight_outcome) or C(diagnose_outcome), as the filter P(winops.entra.rollout_outcome#filter) makes them.
    type: str
    choices: [join, disconnect, preflight, diagnose]
    required: true
  dest:
    description:
      - Path of the report on the controller. By default C(join-report.json) in the current directory with
        O(work=join), and so on.
    type: path
  hosts:
    description: The devices to report on. All hosts of the play by default.
    type: list
    elements: str
  directory:
    description:
      - Devices as M(winops.entra.directory_device_info) returns them. The report then contains what the directory and
        Intune know about each joined device.
      - An id that several devices have proves none of them. These devices are counted as C(same_id), and each names the
        others.
    type: list
    elements: dict
  keep_ids:
    description:
      - With O(work=disconnect), whether to keep the ids in the report at O(dest) for devices that no longer know them.
        A device forgets them when it leaves its tenant, and the next run needs them if a run was cut off before the
        objects were removed. A device that has left is recognised by its serial number.
      - What a device has proved is kept with its ids. If its key is gone now, the earlier report counts, unless that
        report itself says that nothing was proved.
    type: bool
    default: false
  table_limit:
    description: Show every device of a wave if there are at most this many, otherwise only those that need attention.
    type: int
    default: 50
  write_in_check_mode:
    description: Also write the file in check mode, with what would be done.
    type: bool
    default: true
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
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
"""

RETURN = r"""
totals:
  description: The number of devices, and the number for each outcome.
  returned: success
  type: dict
  sample: {devices: 14, joined: 9, unchanged: 1, refused: 3, failed: 1}
dest:
  description: Path of the report.
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
"""

ARGUMENT_SPEC = {
    "work": {"type": "str", "choices": ["join", "disconnect", "preflight", "diagnose"], "required": True},
    "dest": {"type": "path"},
    "hosts": {"type": "list", "elements": "str"},
    "directory": {"type": "list", "elements": "dict"},
    "keep_ids": {"type": "bool", "default": False},
    "table_limit": {"type": "int", "default": 50},
    "write_in_check_mode": {"type": "bool", "default": True},
}
