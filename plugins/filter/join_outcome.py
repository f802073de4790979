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
  description: One record. What is not known is null.
  type: dict
  contains:
    outcome:
      description: V(joined), V(unchanged), V(would_join), V(refused), V(failed) or V(unreachable).
      type: str
    changed:
      description: Whether the task reported a change.
      type: bool
    seconds:
      description: The seconds of all phases together.
      type: float
    device_id:
      description: The device's id in Entra.
      type: str
    tenant_id:
      description: The id of its tenant.
      type: str
    join_type:
      description: entra, hybrid, domain, registered or none.
      type: str
    mdm_enrolled:
      description: Whether it is enrolled in MDM.
      type: bool
    restarted:
      description: Whether it was started anew during the task.
      type: bool
    reboot_required:
      description: Whether it waits for a restart.
      type: bool
    msg:
      description: The message of a failure, null else.
      type: str
    code:
      description: The HRESULT or AADSTS code of a failure.
      type: str
    name:
      description: The name of a failure, stable and meant for programs.
      type: str
    side:
      description: Where a failure lies, V(device), V(tenant), V(network) or V(controller).
      type: str
    cause:
      description: What is known about its cause.
      type: str
    fix:
      description: What to do about it.
      type: str
    doc:
      description: Where to read on.
      type: str
    phases:
      description: Name and seconds of each phase.
      type: list
      elements: dict
"""


class FilterModule:
    def filters(self):
        return {"join_outcome": outcome}
