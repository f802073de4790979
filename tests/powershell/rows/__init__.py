# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What run.py asks the runner, and what the answers must be: one file a family of operations."""

from __future__ import annotations

from . import (
    absent,
    administrators,
    autojoin,
    bitlocker,
    certificates,
    cim,
    downloads,
    endpoints,
    enrollment_parts,
    enrollments,
    events,
    files,
    forgotten,
    job_ends,
    jobs,
    native,
    own_paths,
    packages,
    processes,
    refusals,
    registry,
    restarts,
    stale_joins,
    tasks,
    web,
)

FAMILIES = (
    absent,
    administrators,
    autojoin,
    bitlocker,
    certificates,
    cim,
    downloads,
    endpoints,
    enrollment_parts,
    enrollments,
    events,
    files,
    forgotten,
    job_ends,
    jobs,
    native,
    own_paths,
    packages,
    processes,
    refusals,
    registry,
    restarts,
    stale_joins,
    tasks,
    web,
)

SCENES = [scene for family in FAMILIES for scene in family.SCENES]
"""Everything that is run with the stand-ins, in the order in which it is shown."""
