# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action that makes the exchange of device_facts, and neither reads nor checks its answer: the least that a task can
cost."""

from __future__ import annotations

import json
from pathlib import Path

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        exchange = json.loads(Path(self._task.args["file"]).read_text(encoding="utf-8"))
        answer = self._low_level_execute_command(
            exchange["script"], sudoable=False, in_data=exchange["payload"].encode("ascii")
        )
        return result | {"changed": False, "failed": not answer["stdout"].startswith("#winops1:")}
