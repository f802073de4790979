# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints a JSON document for each result on standard output, and nothing else, as ansible.posix.jsonl does."""

from __future__ import annotations

import json
import typing as t

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: documents
type: stdout
short_description: A JSON document for each result
description:
  - Prints the name of the task in a line of JSON for each result.
"""


class CallbackModule(CallbackBase):
    """The callback plugin."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "documents"

    def v2_runner_on_ok(self, result: t.Any) -> None:
        """Called by Ansible."""
        task = result.task if hasattr(result, "task") else result._task
        self._display.display(json.dumps({"task": task.name}))

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        """Called by Ansible."""
        self.v2_runner_on_ok(result)
