# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting until registrations are listed: the list follows an import by minutes, or by a synchronization.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...task import Task
from ..graph.consistency import longer
from . import identities
from .sync import Sync
from .wanted import Wanted

FIRST_LOOK_SECONDS = 2.0


def wait(task: Task, sync: Sync, wanted: Sequence[Wanted]) -> None:
    """Learn ``identity`` of these devices, waiting for those that are missing within ``listing_timeout``.

    What was imported is registered, and only has to show. Of the others it is not certain: for them the wait ends when
    a synchronization is over and the list that follows does not have them. Failure where the list cannot be read.
    """
    missing = _missing(task, wanted)
    if not missing:
        return
    sync.ask_once()
    waits, over = task.client.waits, False
    seconds = min(FIRST_LOOK_SECONDS, float(task.args["poll_interval"]))
    with waits.at_most(task.args["listing_timeout"]):
        while missing and not (over and not any(one.created for one in missing)):
            if not waits.wait(min(seconds, max(waits.left, 0.1)), f"{len(missing)} registrations are not listed yet"):
                return
            # Asked before the list: what it shows is from after the end then.
            over = sync.ended()
            missing = _missing(task, missing)
            seconds = longer(seconds)


def _missing(task: Task, wanted: Sequence[Wanted]) -> list[Wanted]:
    identities.look(task.client, wanted)
    return [one for one in wanted if one.identity is None and one.failure is None]
