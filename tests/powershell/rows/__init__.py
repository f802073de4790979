# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What run.py asks the runner, and what the answers must be: one file a family of operations."""

from __future__ import annotations

from . import (
    administrators,
    autojoin,
    bitlocker,
    certificates,
    cim,
    downloads,
    endpoints,
    enrollments,
    events,
    files,
    jobs,
    native,
    own_paths,
    packages,
    processes,
    refusals,
    registry,
    tasks,
    web,
)

FAMILIES = (
    administrators,
    autojoin,
    bitlocker,
    certificates,
    cim,
    downloads,
    endpoints,
    enrollments,
    events,
    files,
    jobs,
    native,
    own_paths,
    packages,
    processes,
    refusals,
    registry,
    tasks,
    web,
)

SCENES = [scene for family in FAMILIES for scene in family.SCENES]
"""Everything that is run with the stand-ins, in the order in which it is shown."""
