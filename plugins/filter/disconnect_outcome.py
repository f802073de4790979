# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter winops.entra.disconnect_outcome."""

from __future__ import annotations

from ..plugin_utils.report import disconnect_outcome

DOCUMENTATION = r"""
name: disconnect_outcome
short_description: What became of a disconnect, the same fields whatever happened
version_added: 0.2.0
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
    - C(outcome) (disconnected, unchanged, would_disconnect, refused, failed, unreachable), C(changed), C(seconds),
      C(join_state), C(device_id), C(tenant_id), C(join_type), C(intune_device_id), C(autopilot_id), C(serial_number),
      C(enrollments), C(bitlocker), C(administrators), C(mdm_enrolled), C(restarted), C(reboot_required), C(changes),
      C(msg), C(code), C(name), C(side), C(cause), C(fix), C(doc), C(phases). What is not known is null; the ids and the
      join type are those of before.
  type: dict
"""


class FilterModule:
    def filters(self):
        return {"disconnect_outcome": disconnect_outcome}
