# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.join."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ..doc_fragments.package import PACKAGE_CONSTRAINTS, PACKAGE_SPEC
from ..doc_fragments.waiting import POLL_SPEC, REBOOT_SPEC
from ..modules.join import ARGUMENT_SPEC, CONSTRAINTS
from ..plugin_utils.device import task
from ..plugin_utils.device.joining.join import Join, JoinPlan
from ..plugin_utils.options import require_guid
from ..plugin_utils.package_source import chosen_package


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)

        def join(device: task.DeviceTask) -> dict:
            args = device.args
            device.learned = {"outcome": "refused"}
            package, described = None, None
            if args["method"] == "provisioning_package":
                package, described = chosen_package(self, args, must_join=True)
            plan = JoinPlan(
                tenant_id=require_guid(args["tenant_id"], "tenant_id"),
                package=package,
                **{name: args[name] for name in PLANNED},
            )
            run = Join(device.session, plan, device.progress, device.check_mode)
            device.changes, device.phases, device.learned = run.changes, run.phases, run.learned
            return run.run() | {"package": described}

        spec = {**PACKAGE_SPEC, **POLL_SPEC, **REBOOT_SPEC, **ARGUMENT_SPEC}
        constraints = {**PACKAGE_CONSTRAINTS, **CONSTRAINTS}
        return task.run(self, task_vars["inventory_hostname"], result, join, spec, **constraints)


PLANNED = (
    "method",
    "mdm_id",
    "expect_mdm",
    "reboot",
    "reboot_timeout",
    "timeout",
    "poll_interval",
    "on_failure",
    "keep_copy",
)
