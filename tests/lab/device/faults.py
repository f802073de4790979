# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that wait to be met: put in by a scenario or the control API, each consumed once, oldest first."""

from __future__ import annotations

import typing as t


class Faults:
    """Pending faults of one device, by kind. ``tests.lab.host.Faults`` lists the kinds of the network side."""

    def __init__(self) -> None:
        self._pending: dict[str, list[dict[str, t.Any]]] = {}

    def add(self, kind: str, options: dict[str, t.Any] | None = None, times: int = 1) -> None:
        self._pending.setdefault(kind, []).extend(dict(options or {}) for _each in range(times))

    def take(self, kind: str) -> dict[str, t.Any] | None:
        """The options of the oldest pending fault of this kind, which is then gone; None where there is none.

        A fault with {"skip": n} lets n chances go by first, one with {"once": operation} all that come before the
        device has done that operation.
        """
        waiting = self._pending.get(kind)
        if not waiting or "once" in waiting[0]:
            return None
        if waiting[0].get("skip", 0) > 0:
            waiting[0]["skip"] -= 1
            return None
        return waiting.pop(0)

    def did(self, operation: str) -> None:
        """The device has done an operation."""
        for fault in [fault for waiting in self._pending.values() for fault in waiting]:
            if fault.get("once") == operation:
                del fault["once"]

    def pending(self) -> dict[str, int]:
        """How many of each kind are left."""
        return {kind: len(waiting) for kind, waiting in self._pending.items() if waiting}

    def clear(self) -> None:
        self._pending.clear()
