# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task shows while it runs: on standard error, because standard output is the callback's.

The callbacks ``json`` and ``jsonl`` print documents there that programs read; a line of ours among them would make them
unreadable.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ansible.utils.display import Display

from .untrusted import visible


class Screen:
    """``whose`` begins each sentence of a task, ``masked`` takes out what is secret. A task with ``no_log`` is
    ``silent``: nothing is shown."""

    def __init__(self, whose: str, masked: Callable[[str], str], silent: bool = False) -> None:
        self._whose = whose
        self._masked = masked
        self._silent = silent

    def say(self, sentence: str) -> None:
        """Show one sentence of the task."""
        self.line(f"{self._whose} {visible(self._masked(sentence))}")

    def line(self, text: str) -> None:
        """Show a line as it is."""
        if not self._silent:
            Display().display(text, stderr=True)


def whose(action: t.Any, host: str, connects: bool) -> str:
    """How the sentences of a task begin. A device's work has as many lines as there are devices, so each says whose it
    is, as Ansible does: where a task is delegated, ``[the loop's host -> the device]``."""
    module = action._task.action.rsplit(".", 1)[-1]
    if not connects:
        return f"{module}:"
    delegate = getattr(action._task, "delegate_to", None)
    return f"{module}: [{host} -> {delegate}]" if delegate else f"{module}: [{host}]"
