# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One task on one device, and what its three runs came to. Nothing here needs the product."""

from __future__ import annotations

import typing as t

Result = dict[str, t.Any]


class Case(t.NamedTuple):
    """A module with the options of a variant, on a kind of device. ``cut`` is the exchange after which an earlier run
    was cut off, 0 where there was none."""

    module: str
    variant: str
    kind: str
    cut: int = 0

    def __str__(self) -> str:
        after = f", cut off after {self.cut} exchanges" if self.cut else ""
        return f"{self.module}, {self.variant}, {self.kind}{after}"


class Story(t.NamedTuple):
    """The results in check mode, for real, and again (empty after a failure).

    ``untouched`` says whether the device is after check mode what it was before, ``looks`` how often it was asked then.
    """

    checked: Result
    real: Result
    again: Result
    untouched: bool
    looks: int
