# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter winops.entra.disconnect_outcome."""

from __future__ import annotations

from ..plugin_utils.report import disconnect_outcome

DOCUMENTATION = r"""
name: disconnect_outcome
short_description: What became of a disconnect, the same fields whatever happened
version_added: 0.1.0
description:
  - Makes one flat record out of a registered result of M(winops.entra.disconnect), also where the task failed or the
    device could not be reached. It holds the ids by which the device is found in Entra, Intune and Autopilot.
options:
  _input:
    description: The registered result.
    type: dict
    required: true
seealso:
  - module: winops.entra.disconnect
  - module: winops.entra.join_report
  - plugin: winops.entra.join_outcome
    plugin_type: filter
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Record the outcome
  ansible.builtin.set_fact:
    disconnect_outcome: "{{ disconnect_attempt | winops.entra.disconnect_outcome }}"
"""

RETURN = r"""
_value:
  description:
    - One record with the fields of P(winops.entra.join_outcome#filter), those below in place of its own or beside them.
      The ids and the join type are those of before. What is not known is null, or an empty list.
    - The fields that are the same are C(changed), C(seconds), C(mdm_enrolled), C(restarted), C(reboot_required),
      C(msg), C(code), C(name), C(side), C(cause), C(fix), C(doc) and C(phases).
  type: dict
  contains:
    outcome:
      description: V(disconnected), V(unchanged), V(would_disconnect), V(refused), V(failed) or V(unreachable).
      type: str
    join_state:
      description: V(joined), V(left) or V(half_left), read last.
      type: str
    device_id:
      description: The id in Entra that the device had.
      type: str
    tenant_id:
      description: The id of the tenant that it was joined to.
      type: str
    join_type:
      description: What it was, entra, hybrid, domain, registered or none.
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
    enrollments:
      description: The MDM enrollments that it had.
      type: list
      elements: dict
    bitlocker:
      description: Its encrypted volumes with the ids and types of their protectors.
      type: dict
    administrators:
      description: The members of its group Administrators, and which of them could sign in afterwards.
      type: list
      elements: dict
    changes:
      description: What was changed, or in check mode would be.
      type: list
      elements: dict
"""


class FilterModule:
    def filters(self):
        return {"disconnect_outcome": disconnect_outcome}
