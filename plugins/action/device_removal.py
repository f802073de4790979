# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.device_removal."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ..modules.device_removal import ARGUMENT_SPEC
from ..plugin_utils.tenant import task
from ..plugin_utils.tenant.devices import removal


class ActionModule(ActionBase):
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        return task.run(self, result, removal.remove, ARGUMENT_SPEC)
