# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.mdm."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ..doc_fragments.waiting import POLL_SPEC
from ..modules.mdm import ARGUMENT_SPEC
from ..plugin_utils.device import task
from ..plugin_utils.device.mdm import mdm_state
from ..plugin_utils.options import optional_guid


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)

        def enroll_or_remove(device: task.DeviceTask) -> dict:
            args = device.args
            device.learned = {"outcome": "refused"}
            enrollment_id = optional_guid(args["enrollment_id"], "enrollment_id")
            plan = mdm_state.MdmPlan(enrollment_id=enrollment_id, **{name: args[name] for name in PLANNED})
            run = mdm_state.Mdm(device.session, plan, device.progress, device.check_mode)
            device.changes, device.phases, device.learned = run.changes, run.phases, run.learned
            return run.run()

        spec = {**POLL_SPEC, **ARGUMENT_SPEC}
        return task.run(self, task_vars["inventory_hostname"], result, enroll_or_remove, spec)


PLANNED = ("state", "provider", "credential", "allow_account_loss", "timeout", "poll_interval")
