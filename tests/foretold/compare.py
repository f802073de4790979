# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether check mode has foretold the run: status, error, outcome, changed, changes and diff."""

from __future__ import annotations

import typing as t

from .exceptions import NOT_AT_REST, OTHERWISE, RUN_ONLY, Otherwise, RunOnly
from .story import Case, Result, Story

#: What an outcome of check mode says of the run that ends well.
OUTCOMES = {
    "would_join": "joined",
    "would_disconnect": "disconnected",
    "would_enroll": "enrolled",
    "would_remove": "removed",
    "would_reset": "reset",
}


class Compared(t.NamedTuple):
    """What is wrong, None where nothing is; the exceptions that were needed."""

    problem: str | None
    needed: frozenset[RunOnly | Otherwise] = frozenset()


def compared(case: Case, story: Story) -> Compared:
    """All three runs."""
    if not story.untouched:
        return Compared("check mode has changed the device")
    found = foretold(case, story.checked, story.real)
    if found.problem is None and story.again and not _is_known(case):
        if _has_failed(story.again):
            return Compared(f"the third run fails: {story.again['msg']}")
        if story.again["changed"]:
            return Compared(f"the third run changes {story.again['changes']}")
    return found


def foretold(case: Case, checked: Result, real: Result) -> Compared:
    """Check mode and the run. ``diff`` is compared where the run has one, too."""
    if _has_failed(real) and not _has_failed(checked):
        row = next((row for row in RUN_ONLY if row.holds(case, checked, real["error"])), None)
        if row is None:
            error = real["error"]
            told = f"({error['code'] or 'no code'}, {error['name']}): {real['msg']}"
            return Compared(f"check mode does not foretell that the run fails {told}")
        return Compared(None, frozenset({row}))
    if _has_failed(checked):
        return Compared(_failures(checked, real))
    if OUTCOMES.get(checked.get("outcome", ""), checked.get("outcome")) != real.get("outcome"):
        return Compared(f"the outcome is {real.get('outcome')}, check mode says {checked.get('outcome')}")
    return _changes(case, checked, real)


def _is_known(case: Case) -> bool:
    """Whether it is known that the third run is not at rest."""
    return any((case.module, case.variant, kind) in NOT_AT_REST for kind in ("", case.kind))


def _has_failed(result: Result) -> bool:
    """Ansible takes ``failed`` out of a result that it tells callbacks of."""
    return bool(result.get("failed") or result.get("error"))


def _failures(checked: Result, real: Result) -> str | None:
    if not _has_failed(real):
        return f"check mode fails, and the run does not: {checked['msg']}"
    for field in ("code", "name", "side", "cause", "fix"):
        if checked["error"][field] != real["error"][field]:
            return f"error.{field} is {real['error'][field]!r}, check mode says {checked['error'][field]!r}"
    for field in ("msg", "outcome", "changed", "changes"):
        if checked.get(field) != real.get(field):
            return f"{field} is {real.get(field)!r}, check mode says {checked.get(field)!r}"
    return None


def _changes(case: Case, checked: Result, real: Result) -> Compared:
    rows = [row for row in OTHERWISE if row.is_of(case)]
    told, made = _by_what(checked, ()), _by_what(real, ())
    needed = frozenset(row for row in rows if told != made)
    told, made = _by_what(checked, rows), _by_what(real, rows)
    if told != made:
        return Compared(f"changes are {made}, check mode says {told}")
    if checked["changed"] != real["changed"] and not needed:
        return Compared(f"changed is {real['changed']}, check mode says {checked['changed']}")
    problem = _diff(checked, real) if not needed and "diff" in real else None
    return Compared(problem, needed)


def _diff(checked: Result, real: Result) -> str | None:
    for side in ("before", "after"):
        if checked["diff"][side] != real["diff"][side]:
            return f"diff.{side} is {real['diff'][side]}, check mode says {checked['diff'][side]}"
    if bool(checked["diff"]["before"]) != checked["changed"]:
        return f"changed is {checked['changed']}, and diff.before {checked['diff']['before']}"
    return None


def _by_what(result: Result, rows: t.Iterable[Otherwise]) -> dict[str, tuple]:
    """The changes, in no order, without what only the run can know."""
    found = {}
    for change in result["changes"]:
        own = [row for row in rows if change["what"].startswith(row.what)]
        if any(not row.fields for row in own):
            continue
        after, hidden = change["after"], {field for row in own for field in row.fields}
        if hidden and isinstance(after, dict):
            after = {name: value for name, value in after.items() if name not in hidden}
        found[change["what"]] = (change["before"], after)
    return found
