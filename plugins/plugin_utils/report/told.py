# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Readers of what a task has said, for who makes records of it: nothing, where it is of another type.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

Told = Mapping[str, t.Any]


def object_in(told: Told, name: str) -> Told:
    """The mapping of this name, an empty one where there is none."""
    value = told.get(name)
    return value if isinstance(value, Mapping) else {}


def objects_in(told: Told, name: str) -> list[Told]:
    """The mappings in the list of this name."""
    value = told.get(name)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, (list, tuple)) else []
