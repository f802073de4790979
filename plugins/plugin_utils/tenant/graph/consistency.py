# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft Graph shows what was written seconds to minutes later: waiting until it does.

Sources: Microsoft Entra, "Designing for eventual consistency"; public reports of a group that is made and then not
known: terraform-provider-azuread 220, 578, 791 and 793, msgraph-sdk-java 2575, Microsoft365DSC 7167 (404 by its id),
msgraph-sdk-dotnet 1824 (missing in a list), pulumi-azuread 2014 (a new member), azure-quickstart-templates 4945 (a
role: PrincipalNotFound). What Graph says of a write that was done before: terraform-provider-azuread pull request 283,
and the constants of manicminer/hamilton.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime
import re
import time
import typing as t
from collections.abc import Callable

from ...result import Failure
from .errors import GraphFailure
from .failures import RequestFailure
from .retry import Waits

#: A younger object may not be known everywhere yet.
NEW_SECONDS = 600.0
#: What is not found is looked for once more after so long.
SECOND_LOOK_SECONDS = 5.0
FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
_DATE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)", re.ASCII)
_NOT_KNOWN = ("queried reference-property objects are not present", "does not exist in the directory")
_NOT_KNOWN_CODES = ("principalnotfound", "request_resourcenotfound")
# "An approval request already exists" is none of these.
_DONE_BEFORE = (
    "object references already exist",
    "role assignment already exists",
    "a conflicting object with one or more of the specified property values is present",
    "another object with the same value",
    "removed object references do not exist",
)
_DONE_BEFORE_CODES = ("roleassignmentexists", "request_multipleobjectswithsamekeyvalue")
Seen = t.TypeVar("Seen")


def says_not_known(refused: RequestFailure) -> bool:
    """Whether Graph says that it does not know an object which the request names."""
    if refused.says_absent:
        return True
    said = refused.message.lower()
    return refused.status == 400 and (
        refused.code.lower() in _NOT_KNOWN_CODES or any(text in said for text in _NOT_KNOWN)
    )


def says_done_before(refused: RequestFailure) -> bool:
    """Whether Graph says that what it was to write conflicts with what is there: a look tells whether that is as
    asked."""
    said = refused.message.lower()
    exists = refused.code.lower() in _DONE_BEFORE_CODES or any(text in said for text in _DONE_BEFORE)
    return refused.status in (400, 409) and exists


def is_young(created: str | None, now: Callable[[], float] = time.time) -> bool | None:
    """Whether an object with this date of creation (Graph's, UTC) may not be known everywhere yet; None where the date
    says nothing."""
    found = _DATE.fullmatch(created or "")
    if found is None:
        return None
    try:
        then = datetime.datetime.fromisoformat(found[1]).replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        return None
    return now() - then.timestamp() < NEW_SECONDS


def longer(seconds: float) -> float:
    """The pause after one of so many seconds."""
    return min(_LONGEST_PAUSE, seconds * 2)


def settle(waits: Waits, read: Callable[[], Seen], shows: Callable[[Seen], bool], what: str) -> Seen:
    """Read until ``shows`` is true of it, and return it.

    Pauses double from half a second and stay, with the looks that were too early, within the task's timeout. The
    Failure of ``not_shown`` where that ends.
    """
    seconds = FIRST_PAUSE
    while True:
        began = waits.began()
        seen = read()
        if shows(seen):
            return seen
        waits.lose(waits.took(began))
        if not waits.wait(seconds, f"{what} does not show yet"):
            raise not_shown(what)
        seconds = longer(seconds)


def not_shown(what: str) -> Failure:
    """The failure of a write that Graph accepted and does not show."""
    cause = f"Microsoft Graph accepted the change, but {what} does not show"
    fix = "run the task again after a few minutes; a longer timeout waits longer"
    return Failure(f"{cause}; {fix}", side="tenant", name="not_shown", cause=cause, fix=fix)


def once_known(
    waits: Waits, call: Callable[[], Seen], what: str, by_lag: Callable[[GraphFailure], bool] = says_not_known
) -> Seen:
    """``call``, again while Graph refuses it because an object made a moment ago is not known everywhere: ``by_lag``
    says whether that is why."""
    seconds = FIRST_PAUSE
    while True:
        began = waits.began()
        try:
            return call()
        except GraphFailure as refused:
            waits.lose(waits.took(began))
            if not by_lag(refused) or not waits.wait(seconds, f"{what} is not known everywhere yet"):
                raise
        seconds = longer(seconds)
