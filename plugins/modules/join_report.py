#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.join_report. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: join_report
short_description: Write and show what a rollout came to
version_added: 0.1.0
description:
  - Collects the outcomes that the role C(winops.entra.join) records, writes them as JSON on the controller and shows a
    table.
  - With O(fact=disconnect_outcome) those of the role C(winops.entra.disconnect).
  - Made to be run once a wave. The report always holds every device of the play; those of later waves are
    V(not_started).
  - A report is a by-product, so the task never reports a change.
options:
  dest:
    description: Path of the report on the controller.
    type: path
    default: join-report.json
  fact:
    description: The fact that holds a device's outcome, as the filter P(winops.entra.join_outcome#filter) or
      P(winops.entra.disconnect_outcome#filter) makes it.
    type: str
    default: join_outcome
  hosts:
    description: The devices to report on. All hosts of the play by default.
    type: list
    elements: str
  directory:
    description:
      - Devices as M(winops.entra.directory_device_info) returns them. Each joined device of the report then says what
        the directory, and Intune, know of it.
    type: list
    elements: dict
  keep_ids:
    description:
      - Whether ids that the report at O(dest) has are kept for devices that do not know them any more. A device that
        has left its tenant has forgotten them, and the next run needs them where one was cut off before the objects
        were removed. A device that has left is the same one where its serial number is.
    type: bool
    default: false
    version_added: 0.1.0
  table_limit:
    description: Show every device of a wave where there are at most this many, else only those that need attention.
    type: int
    default: 50
  write_in_check_mode:
    description: Write the file in check mode too, then with what would be done.
    type: bool
    default: true
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
seealso:
  - module: winops.entra.join
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Report after each wave
  winops.entra.join_report:
    dest: reports/join-2026-11-27.json
  run_once: true
"""

RETURN = r"""
totals:
  description: How many devices there are, and how many of each outcome.
  returned: success
  type: dict
  sample: {devices: 14, joined: 9, unchanged: 1, refused: 3, failed: 1}
dest:
  description: Where the report lies.
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
    "dest": {"type": "path", "default": "join-report.json"},
    "fact": {"type": "str", "default": "join_outcome"},
    "hosts": {"type": "list", "elements": "str"},
    "directory": {"type": "list", "elements": "dict"},
    "keep_ids": {"type": "bool", "default": False},
    "table_limit": {"type": "int", "default": 50},
    "write_in_check_mode": {"type": "bool", "default": True},
}
