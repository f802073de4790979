# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter winops.entra.join_outcome."""

from __future__ import annotations

from ..plugin_utils.report import outcome

DOCUMENTATION = r"""
name: join_outcome
short_description: What became of a join, the same fields whatever happened
version_added: 0.1.0
description:
  - Makes one flat record out of a registered result of M(winops.entra.join), also where the task failed or the device
    could not be reached.
options:
  _input:
    description: The registered result.
    type: dict
    required: true
seealso:
  - module: winops.entra.join_report
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Record the outcome
  ansible.builtin.set_fact:
    join_outcome: "{{ join_attempt | winops.entra.join_outcome }}"
"""

RETURN = r"""
_value:
  description:
    - C(outcome) (joined, unchanged, would_join, refused, failed, unreachable), C(changed), C(seconds), C(device_id),
      C(tenant_id), C(join_type), C(mdm_enrolled), C(restarted), C(reboot_required), C(msg), C(code), C(name), C(side),
      C(cause), C(fix), C(doc), C(phases). What is not known is null.
  type: dict
"""


class FilterModule:
    def filters(self):
        return {"join_outcome": outcome}
