# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.ppkg_info."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ..modules.ppkg_info import ARGUMENT_SPEC
from ..plugin_utils.device import state, task
from ..plugin_utils.options import bad_option
from ..plugin_utils.package_source import described_file


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)

        def describe(device: task.DeviceTask) -> dict:
            src, installed = device.args["src"], device.args["installed"]
            if src is None and installed is False:
                raise bad_option(
                    "installed",
                    "it is false, and without src there is nothing else to describe",
                    "give src, or leave installed out",
                )
            facts = {"changed": False}
            if src is not None:
                facts["package"] = described_file(self, src)
            if installed or src is None:
                answer = device.session.run(state.observations(("packages",)))
                facts["installed"] = state.build(answer, ("packages",))["packages"]
            return facts

        return task.run(self, task_vars["inventory_hostname"], result, describe, ARGUMENT_SPEC)
