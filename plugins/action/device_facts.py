# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.device_facts."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ..modules.device_facts import ARGUMENT_SPEC
from ..plugin_utils.device import state, task

task.prepare(state.observations())


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        return task.run(self, task_vars["inventory_hostname"], result, gather, ARGUMENT_SPEC)


def gather(device: task.DeviceTask) -> dict:
    asked = device.args["gather_subset"]
    subsets = state.SUBSETS if "all" in asked else tuple(asked)
    answer = device.session.run(state.observations(subsets))
    result = {"changed": False, "ansible_facts": {"entra": state.build(answer, subsets)}}
    problems = state.problems(answer)
    return result | ({"warnings": problems} if problems else {})
