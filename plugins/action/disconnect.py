# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.disconnect."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ..doc_fragments.waiting import POLL_SPEC, REBOOT_SPEC
from ..modules.disconnect import ARGUMENT_SPEC
from ..plugin_utils.device import task
from ..plugin_utils.device.leaving.leave import Leave, LeavePlan
from ..plugin_utils.options import optional_guid


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)

        def leave(device: task.DeviceTask) -> dict:
            args = device.args
            device.learned = {"outcome": "refused"}
            ids = {name: optional_guid(args[name], name) for name in ("tenant_id", "mdm_enrollment_id")}
            plan = LeavePlan(**ids, **{name: args[name] for name in PLANNED})
            run = Leave(device.session, plan, device.progress, device.check_mode)
            device.changes, device.phases, device.learned = run.changes, run.phases, run.learned
            return run.run()

        spec = {**POLL_SPEC, **REBOOT_SPEC, **ARGUMENT_SPEC}
        return task.run(self, task_vars["inventory_hostname"], result, leave, spec)


PLANNED = (
    "stop_hybrid_autojoin",
    "remove_mdm",
    "mdm_provider",
    "allow_account_loss",
    "reboot",
    "reboot_timeout",
    "timeout",
    "poll_interval",
)
