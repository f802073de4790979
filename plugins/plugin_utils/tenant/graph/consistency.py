# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft Graph shows what was written seconds to minutes later: waiting until it does.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ...result import Failure
from .errors import GraphFailure
from .retry import Waits

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
Seen = t.TypeVar("Seen")


def settle(waits: Waits, read: Callable[[], Seen], shows: Callable[[Seen], bool], what: str) -> Seen:
    """Read until ``shows`` is true of it, and return it.

    Pauses double from half a second and stay, with the looks that were too early, within the task's timeout. The
    Failure of ``not_shown`` where that ends.
    """
    seconds = _FIRST_PAUSE
    while True:
        began = waits.began()
        seen = read()
        if shows(seen):
            return seen
        waits.lose(waits.took(began))
        if not waits.wait(seconds, f"{what} does not show yet"):
            raise not_shown(what)
        seconds = min(_LONGEST_PAUSE, seconds * 2)


def not_shown(what: str) -> Failure:
    """The failure of a write that Graph accepted and does not show."""
    cause = f"Microsoft Graph accepted the change, but {what} does not show"
    fix = "run the task again after a few minutes; a longer timeout waits longer"
    return Failure(f"{cause}; {fix}", side="tenant", name="not_shown", cause=cause, fix=fix)


def once_known(waits: Waits, call: Callable[[], Seen], what: str) -> Seen:
    """``call``, again while Graph says 404: an object made a moment ago is not known everywhere."""
    seconds = _FIRST_PAUSE
    while True:
        began = waits.began()
        try:
            return call()
        except GraphFailure as refused:
            waits.lose(waits.took(began))
            if refused.status != 404 or not waits.wait(seconds, f"{what} is not known everywhere yet"):
                raise
        seconds = min(_LONGEST_PAUSE, seconds * 2)
