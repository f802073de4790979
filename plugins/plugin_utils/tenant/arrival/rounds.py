# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One round: what is asked about the devices that are still open, 20 requests in one, and what is judged of each.

A question is asked of those devices whose answer may change something: nobody asks why a device is compliant that
Intune has not judged, nor about policies of one that Intune does not show.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Collection, Iterable, Sequence

from ...result import Failure
from ...task import Task
from ..devices.unread import OF_THE_CALLER
from ..graph.failures import RequestFailure
from ..posture import compliance, configuration, policy_states, primary_user, records, settings_catalog
from ..posture.run import Looked, Run
from . import compliant, intune, policies
from .facts import NOTHING_KNOWN, Facts, Known, not_readable
from .reasons import ALL_POLICIES, COMPLIANT, INTUNE, NOT_READABLE, Verdict

Judge = Callable[[Facts], Verdict]
_JUDGES: dict[str, Judge] = {
    INTUNE: intune.judge,
    COMPLIANT: compliant.judge,
    ALL_POLICIES: policies.judge,
}


#: So many devices are asked for by their ids, round by round: the list of Intune has every device of the tenant.
_FEW = 200


@dataclasses.dataclass
class Arriving:
    """One device. ``open`` are the expectations that are still waited for; ``verdicts`` the last of each, ``ended``
    the second in which it came; ``streak`` how many rounds in a row have had its reason; ``earlier`` what was seen
    before it could no longer be read."""

    device_id: str
    open: list[str]
    known: Known = NOTHING_KNOWN
    name: str | None = None
    verdicts: dict[str, Verdict] = dataclasses.field(default_factory=dict)
    ended: dict[str, float] = dataclasses.field(default_factory=dict)
    streak: dict[str, int] = dataclasses.field(default_factory=dict)
    earlier: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def subject(self) -> str:
        return f"{self.name} ({self.device_id})" if self.name else self.device_id

    def take(self, expected: str, verdict: Verdict, seconds: float) -> None:
        """What a round says of an expectation; it is no longer open where waiting is of no use."""
        before = self.verdicts.get(expected)
        same = before is not None and before.reason.name == verdict.reason.name and before.seen == verdict.seen
        self.streak[expected] = self.streak.get(expected, 0) + 1 if same else 1
        if verdict.reason.name == NOT_READABLE.name and before is not None:
            if before.reason.name != NOT_READABLE.name:
                self.earlier[expected] = before.seen
            if expected in self.earlier:
                verdict = dataclasses.replace(verdict, seen=f"{verdict.seen}; before, it was: {self.earlier[expected]}")
        self.verdicts[expected] = verdict
        self.ended[expected] = seconds
        wanted = 1 if verdict.looks is None and verdict.met else verdict.looks
        if wanted is not None and self.streak[expected] >= wanted:
            self.open.remove(expected)


def look(task: Task, waves: Sequence[Arriving], first: bool, seconds: Callable[[], float]) -> None:
    """Ask and judge once. Failure in the first round where the caller does not sign in, or may read neither Entra nor
    Intune."""
    now = datetime.datetime.now(datetime.timezone.utc)
    by_id = {one.device_id: one for one in waves if one.open}
    run = Run(task, task.client, [Looked(key, shown={"unread": []}) for key in by_id], now)
    facts: list[Facts] = []
    try:
        records.read(run, _FEW)
        facts += [Facts(device, by_id[device.device_id].known) for device in run.devices]
        _ask(run, facts, by_id)
    except Failure as failed:  # Also of a sign-in, whose credential may have ended meanwhile.
        if first and (not isinstance(failed, RequestFailure) or failed.status in OF_THE_CALLER):
            raise
        unread = not_readable("the device", failed)
        for arriving in by_id.values():
            for expected in list(arriving.open):
                arriving.take(expected, unread, seconds())
        return
    for one in facts:
        arriving = by_id[one.device.device_id]
        arriving.name = one.device.shown.get("name") or arriving.name
        for expected in list(arriving.open):
            arriving.take(expected, _JUDGES[expected](one), seconds())


def _ask(run: Run, facts: Sequence[Facts], by_id: dict[str, Arriving]) -> None:
    """What hangs on the records: states of policies, their report, primary users."""

    def of(expected: str) -> list[Facts]:
        return [
            one
            for one in facts
            if expected in by_id[one.device.device_id].open and one.record is not None and (intune.away(one) is None)
        ]

    judged = [one for one in of(COMPLIANT) if (one.record or {})["compliance"] in compliant.BY_POLICIES]
    by_device = {one.device.device_id: one for one in facts}
    for device, reasons in compliance.read(_part(run, judged)):
        by_device[device.device_id].reasons = reasons
    configured = _part(run, of(ALL_POLICIES))
    states = policy_states.ask(
        configured, "configuration", configuration.COLLECTION, "the states of device configurations"
    )
    for device, report in settings_catalog.read(configured):
        by_device[device.device_id].states = states[device.device_id]
        by_device[device.device_id].report = report
    userless = [one for one in facts if one.known.signed_in is None and _nothing_came(one)]
    if userless:
        primary_user.ask(_part(run, userless))


def _part(run: Run, facts: Iterable[Facts]) -> Run:
    return dataclasses.replace(run, devices=[one.device for one in facts], general=[])


def _nothing_came(facts: Facts) -> bool:
    """Whether the primary user may be the reason why nothing is assigned."""
    reasons = facts.reasons
    if isinstance(reasons, compliance.Reasons) and reasons.nothing_assigned:
        return True
    return facts.states == [] and isinstance(facts.report, list) and not facts.report


def requests_of(count: int, expected: Collection[str], batch: int) -> int:
    """About how many requests a round of so many devices costs."""
    batches = -(-count // batch)
    questions = 1 + 2 * (COMPLIANT in expected) + 2 * (ALL_POLICIES in expected)
    return -(-count // 300) + batches * questions
