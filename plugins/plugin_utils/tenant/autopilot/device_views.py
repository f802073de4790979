# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module autopilot_device_info: registrations, profiles, records, deployments, and the wait for them.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ...autopilot import serials
from ...findings import FAIL, PASS, require_known, summary, verdict
from ...options import bad_option, refuse_empty
from ...task import Task
from ..devices import unread
from ..graph.failures import RequestFailure
from . import deployments, records, view_findings
from .assignment import Registration, registrations
from .view_findings import FOR_DEPLOYMENTS, FOR_PROFILES, VIEW_IDS

#: Devices that a sentence names.
_SAID = 3
#: The pause between two looks grows to so many times poll_interval.
_LONGEST_PAUSE = 4
DONE, FINAL, TIMEOUT = "done", "final", "timeout"


@dataclasses.dataclass(frozen=True)
class Wish:
    """What a task asked for. ``keys`` and ``ids`` name devices, ``keys`` is None where all are meant: serial numbers as
    they are compared, with their spelling."""

    keys: dict[str, str] | None
    ids: tuple[str, ...]
    directory: bool
    intune: bool
    deployments: bool
    since: datetime.datetime | None
    wait_for: str | None
    poll_interval: int


@dataclasses.dataclass
class Look:
    """What one look has found. ``events`` are None where nobody asked for them."""

    found: list[Registration]
    missing: dict[str, list[str]]
    events: dict[str, tuple[dict, int]] | RequestFailure | None = None


def find(task: Task) -> dict:
    """The devices, findings, and how the wait ended. Failure where there is a finding that ``fail_on`` names."""
    wish = _wish(task.args)
    waits_for = wish.wait_for
    fail_on = task.args["fail_on"] if task.args["fail_on"] is not None else [FAIL] if waits_for else []
    require_known(fail_on, VIEW_IDS)
    look, waited = _wait(task, wish) if waits_for else (_listed(task, wish), None)
    if waits_for != FOR_DEPLOYMENTS:
        _join(task, wish, look)
    labels = [label for option in look.missing.values() for label in option]
    findings = view_findings.missing(labels)
    for one in look.found:
        findings += view_findings.judge(one, waits_for, look.events)
    task.learned.update(
        devices=[one.shown for one in look.found],
        missing=look.missing,
        count=len(look.found),
        findings=[one.as_dict() for one in findings if one.result != PASS],
        summary=summary(findings),
        **({"waited": waited} if waited else {}),
    )
    _warn(task, look)
    failure = verdict(findings, fail_on, "not every device of Windows Autopilot is as it should be", "autopilot")
    if failure:
        raise failure
    return {}


def _warn(task: Task, look: Look) -> None:
    """Each thing that nobody knows, once: most are the same for all devices."""
    refused = list(dict.fromkeys(sentence for one in look.found for sentence in one.shown["refused"]))
    if refused:
        more = [f"{len(refused) - _SAID} more things could not be read, see devices"] if refused[_SAID:] else []
        task.learned["warnings"] = refused[:_SAID] + more


# --- what is asked for ---


def _wish(args: dict) -> Wish:
    """The options. Raises Failure that names the option."""
    numbers = args["serial_numbers"]
    refuse_empty(numbers or [], "serial_numbers")
    for number in numbers or ():
        if serials.is_placeholder(number):
            raise bad_option(
                "serial_numbers", f"many devices have the serial number {number!r}", "name such devices by their ids"
            )
    named = numbers is not None or args["ids"] is not None
    return Wish(
        keys={serials.key(number): number for number in numbers or ()} if named else None,
        ids=tuple(dict.fromkeys(identity.lower() for identity in args["ids"] or ())),
        directory=args["directory"],
        intune=args["intune"],
        deployments=args["deployments"] or args["wait_for"] == FOR_DEPLOYMENTS,
        since=_since(args["since"]),
        wait_for=args["wait_for"],
        poll_interval=args["poll_interval"],
    )


def _since(text: str | None) -> datetime.datetime | None:
    if text is None:
        return None
    right = "give it in the form 2026-11-21T08:00:00Z"
    try:
        moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise bad_option("since", f"{text!r} is not a time", right) from None
    if moment.tzinfo is None:
        raise bad_option("since", f"{text!r} does not say its time zone", "add Z for UTC, or an offset such as +01:00")
    return moment


# --- one look ---


def _listed(task: Task, wish: Wish) -> Look:
    """The registrations: one list."""
    found = registrations(task.client, wish.keys, wish.ids)
    seen = {one.key for one in found}, {one.id for one in found}
    missing = {
        "serial_numbers": [number for key, number in (wish.keys or {}).items() if key not in seen[0]],
        "ids": [identity for identity in wish.ids if identity not in seen[1]],
    }
    for one in found:
        one.shown["refused"] = []
    return Look(found, missing)


def _join(task: Task, wish: Wish, look: Look) -> None:
    """What else is asked for of them: more lists, some of them long."""
    if wish.deployments or wish.directory:
        records.join_directory(task.client, look.found, datetime.datetime.now(datetime.timezone.utc))
    if wish.deployments or wish.intune:
        records.join_intune(task.client, look.found)
    if wish.deployments:
        _join_deployments(task, wish, look)


def _join_deployments(task: Task, wish: Wish, look: Look) -> None:
    try:
        look.events = deployments.newest(task.client, look.found, wish.since)
    except RequestFailure as failed:
        if wish.wait_for == FOR_DEPLOYMENTS:
            raise
        look.events = failed
    for one in look.found:
        one.shown["deployment"] = None
        asked = not one.shown["refused"]
        if isinstance(look.events, RequestFailure):
            one.shown["refused"].append(unread.sentence("its deployments", look.events))
        elif one.id in look.events:
            event, count = look.events[one.id]
            intune, directory = one.shown["intune"], one.shown["directory"]
            one.shown["deployment"] = deployments.shown(event, count, intune, directory, asked)


# --- the wait ---


def _wait(task: Task, wish: Wish) -> tuple[Look, dict[str, t.Any]]:
    """Look until nothing is left to wait for; (the last look, ``waited``). A wait for profiles reads the list only."""
    waits, looks, before = task.client.waits, 0, -1
    pause = float(wish.poll_interval)
    while True:
        look = _listed(task, wish)
        if wish.wait_for == FOR_DEPLOYMENTS:
            _join(task, wish, look)
        looks += 1
        waiting, final = _open(look, wish.wait_for)
        if not waiting:
            break
        pause = wish.poll_interval if before != len(waiting) else min(pause * 2, wish.poll_interval * _LONGEST_PAUSE)
        before = len(waiting)
        what = "no deployment profile" if wish.wait_for == FOR_PROFILES else "not ended their deployment"
        named = ", ".join(waiting[:_SAID]) + (", ..." if len(waiting) > _SAID else "")
        total = len(look.found) + sum(map(len, look.missing.values()))
        # What is left of the time is waited, too: the last look is at its end.
        if waits.left <= 0 or not waits.wait(
            min(pause, waits.left), f"{len(waiting)} of {total} devices have {what} yet ({named})"
        ):
            break
    outcome = TIMEOUT if waiting else FINAL if final else DONE
    return look, {"outcome": outcome, "looks": looks, "waiting": waiting, "final": final}


def _open(look: Look, wait_for: str | None) -> tuple[list[str], list[str]]:
    """(devices to wait for, devices for which that is of no use), as sentences name them."""
    final = [one.label for one in look.found if wait_for == FOR_PROFILES and one.final]
    if wait_for == FOR_PROFILES:
        waiting = [one.label for one in look.found if not one.shown["assigned"] and not one.final]
        # What is not listed yet may be after an import, or a synchronization.
        return [label for option in look.missing.values() for label in option] + waiting, final
    waiting = [one.label for one in look.found if not (one.shown["deployment"] or {}).get("ended")]
    return waiting, [label for option in look.missing.values() for label in option]
