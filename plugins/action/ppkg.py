# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.ppkg."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ..doc_fragments.package import PACKAGE_CONSTRAINTS, PACKAGE_SPEC
from ..doc_fragments.waiting import POLL_SPEC
from ..modules.ppkg import ARGUMENT_SPEC, CONSTRAINTS
from ..plugin_utils.device import task
from ..plugin_utils.device.joining import package_state
from ..plugin_utils.options import require_guid
from ..plugin_utils.package_source import chosen_package


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)

        def apply(device: task.DeviceTask) -> dict:
            args = device.args
            if args["state"] == "absent" and args["package_id"]:
                package, described = package_state.by_id(require_guid(args["package_id"], "package_id")), None
            else:
                package, described = chosen_package(self, args, must_join=False)
            run = package_state.PackageState(
                device.session,
                package,
                device.progress,
                device.check_mode,
                force=args["force"],
                keep_copy=args["keep_copy"],
                timeout=args["timeout"],
                poll_interval=args["poll_interval"],
            )
            device.changes, device.phases = run.changes, run.phases
            return (run.present() if args["state"] == "present" else run.absent()) | {"package": described}

        spec = {**PACKAGE_SPEC, **POLL_SPEC, **ARGUMENT_SPEC}
        constraints = {**PACKAGE_CONSTRAINTS, **CONSTRAINTS}
        return task.run(self, task_vars["inventory_hostname"], result, apply, spec, **constraints)
