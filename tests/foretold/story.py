# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One task on one device, and what its three runs came to. Nothing here needs the product."""

from __future__ import annotations

import typing as t

Result = dict[str, t.Any]


class Case(t.NamedTuple):
    """A module with the options of a variant, on a kind of device."""

    module: str
    variant: str
    kind: str

    def __str__(self) -> str:
        return f"{self.module}, {self.variant}, {self.kind}"


class Story(t.NamedTuple):
    """The results in check mode, for real, and again (empty after a failure).

    ``untouched`` says whether the device is after check mode what it was before, ``looks`` how often it was asked then.
    """

    checked: Result
    real: Result
    again: Result
    untouched: bool
    looks: int
