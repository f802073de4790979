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
    device_link,
    downloads,
    encryption,
    endpoints,
    enrollment_parts,
    enrollments,
    events,
    files,
    forgotten,
    icd,
    job_ends,
    jobs,
    native,
    own_paths,
    packages,
    possession,
    processes,
    refusals,
    registry,
    resets,
    restarts,
    security_key,
    stale_joins,
    tasks,
    web,
)

LOOKING = registry, administrators, bitlocker, encryption, certificates, possession, cim, events, processes, tasks
WITHIN = (enrollment_parts, *LOOKING, autojoin, security_key, stale_joins, forgotten, enrollments)
OUTSIDE = (
    refusals,
    absent,
    restarts,
    resets,
    native,
    device_link,
    files,
    icd,
    own_paths,
    downloads,
    packages,
    endpoints,
    web,
    job_ends,
    jobs,
)
HALVES = tuple([scene for family in half for scene in family.SCENES] for half in (WITHIN, OUTSIDE))
"""What goes by Windows' own lists, and what goes by programs, files and the network: the scenes of a half need much of
the same text. What takes long stands where the first begins and where the second ends. Who looks comes before who
changes."""
SCENES = [*HALVES[0], *HALVES[1]]
"""Everything that is run with the stand-ins, in the order in which it is shown."""
