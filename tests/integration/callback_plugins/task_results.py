# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the result of every task on every host, and the recap, as JSON lines. Works on ansible-core 2.16 to 2.21."""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import typing as t
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_results
type: notification
short_description: Task results as JSON lines
description:
  - Appends a line {host, task, action, given, status, result} for each result of a task, and {recap} at the end, to the
    file that the environment variable TASK_RESULTS names.
  - Whoever sends SIGUSR1 to Ansible or a worker finds its stacks in stacks.txt beside that file.
  - What was given are the names of the task's options, null where a variable holds them.
"""


def _given(task: t.Any) -> list[str] | None:
    """Names of options, but for those that are false; None where a variable holds them all."""
    if "_variable_params" in task.args:
        return None
    return sorted(name for name, option in task.args.items() if option is not False)


class CallbackModule(CallbackBase):
    """The callback plugin."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "task_results"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *given: t.Any, **named: t.Any) -> None:
        super().__init__(*given, **named)
        # The player asks a run that does not end, and its workers, where they stand.
        self._stacks = Path(os.environ["TASK_RESULTS"]).with_name("stacks.txt").open("a", encoding="utf-8")
        faulthandler.register(signal.SIGUSR1, self._stacks, all_threads=True)

    def v2_runner_on_ok(self, result: t.Any) -> None:
        """Called by Ansible."""
        self._write("ok", result)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        """Called by Ansible."""
        self._write("ignored" if ignore_errors else "failed", result)

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        """Called by Ansible."""
        self._write("unreachable", result)

    def v2_runner_on_skipped(self, result: t.Any) -> None:
        """Called by Ansible."""
        self._write("skipped", result)

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        """Called by Ansible."""
        self._append({"recap": {host: stats.summarize(host) for host in stats.processed}})

    def _write(self, status: str, result: t.Any) -> None:
        # ansible-core 2.19 has given these attributes public names.
        new = hasattr(result, "task_name") and hasattr(result, "result")
        host, task, value = (
            (result.host, result.task, result.result) if new else (result._host, result._task, result._result)
        )
        self._append(
            {
                "host": host.get_name(),
                "task": task.name,
                "action": task.action,
                "given": _given(task),
                "status": status,
                "result": value,
            }
        )

    @staticmethod
    def _append(line: dict[str, t.Any]) -> None:
        with open(os.environ["TASK_RESULTS"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")
