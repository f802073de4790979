# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.acceptance."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ..doc_fragments.waiting import POLL_SPEC
from ..modules.acceptance import ARGUMENT_SPEC
from ..plugin_utils.device import task
from ..plugin_utils.device.acceptance import report
from ..plugin_utils.device.acceptance.run import AcceptanceRun, Plan, skipped


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)

        def accept(device: task.DeviceTask) -> dict:
            args = device.args
            plan = Plan(
                args["timeout"],
                args["poll_interval"],
                skipped(args["skip"]),
                report.connection_name(self._connection),
            )
            run = AcceptanceRun(device.session, plan, device.progress, device.check_mode)
            device.changes, device.learned = run.changes, run.learned
            run.run()
            return {}

        spec = {**POLL_SPEC, **ARGUMENT_SPEC}
        return task.run(self, task_vars["inventory_hostname"], result, accept, spec)
