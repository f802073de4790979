# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module wait_for_management: rounds over the devices of a wave until none is open.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import collections
import typing as t
from collections.abc import Sequence

from ...findings import FAIL, PASS, UNKNOWN, Finding, require_known, summary, verdict
from ...options import bad_option
from ...progress import Deadline, Progress
from ...task import Task
from ..devices import directory_device, look_up
from ..devices.intune import NO_DEVICE
from ..graph.batch import LARGEST
from ..graph.retry import TELL_FROM
from . import rounds
from .facts import NOTHING_KNOWN, known_of
from .reasons import ALL_POLICIES, ARRIVAL_IDS, COMPLIANT, WHAT_IS_EXPECTED, Verdict
from .rounds import Arriving

#: The pause between two rounds grows to so many times poll_interval, by a half each time.
_LONGEST_PAUSE, _GROWTH = 4, 1.5
#: What is kept of the time for the last round: throttled requests are sent again in it.
_LAST_ROUND, _MOST_OF_THE_TIME = 15.0, 0.1
#: Seconds that a round may spend on waiting at least, before it goes on without what is to be sent again.
_LONGEST_HOLD = 60.0
#: Reasons that a line of progress names.
_TOLD = 4
_FIELDS: dict[str, dict[str, t.Any]] = {
    COMPLIANT: {"entra": None, "grace_until": None, "failing": [], "encryption_percentage": None},
    ALL_POLICIES: {"open": [], "settings_catalog": None},
}


def wait(task: Task) -> dict[str, t.Any]:
    """The work of the module: ``devices``, ``met``, ``waited``, ``findings``, ``summary`` and ``bad_ids``.

    Failure where a finding is one that the option ``fail_on`` names, and where neither Entra nor Intune may be read.
    """
    args = task.args
    require_known(args["fail_on"], ARRIVAL_IDS)
    expected = [name for name in ARRIVAL_IDS if args[f"expect_{name}"]]
    if not expected:
        raise bad_option("expect_intune", "nothing is expected", "expect one of intune, compliant and policies")
    wanted, bad = look_up.named({"device_ids": args["device_ids"], "object_ids": None, "names": None})
    if NO_DEVICE in wanted["device_ids"]:
        wanted["device_ids"].remove(NO_DEVICE)
        bad.append((NO_DEVICE, "it is the id of no device"))
    if bad:
        told = directory_device.some([f"{what} ({why})" for what, why in bad])
        task.learned["warnings"] = [f"no device can be waited for by {told}"]
    known = known_of(args["device_states"])
    ids = dict.fromkeys(identity.lower() for identity in wanted["device_ids"])
    waves = [Arriving(one, list(expected), known.get(one, NOTHING_KNOWN)) for one in ids]
    task.learned["bad_ids"] = [what for what, _why in bad]
    waiting = _Wait(task, waves, expected)
    try:
        waiting.until_done()
    finally:
        findings = waiting.learn()
    failure = verdict(findings, args["fail_on"], "not every device has come as expected", "wait_for_management")
    if failure:
        raise failure
    return {}


class _Wait:
    """The rounds of one task."""

    def __init__(self, task: Task, waves: Sequence[Arriving], expected: Sequence[str]) -> None:
        self.task = task
        self.waves = waves
        self.expected = expected
        self.waits = task.client.waits
        self.deadline = Deadline(task.args["timeout"], clock=self.waits.clock)
        self.progress = Progress(task.show, clock=self.waits.clock)
        self.rounds = 0
        self.took = 0.0

    @property
    def open(self) -> list[Arriving]:
        return [one for one in self.waves if one.open]

    def until_done(self) -> None:
        """Look until nothing is open or the time is over; once in check mode."""
        if not self.waves:
            self.task.show("no device to wait for")
            return
        shortest = pause = float(self.task.args["poll_interval"])
        self._foretell(shortest)
        before: object = None
        while True:
            self._look(shortest)
            if not self.open or self.task.check_mode:
                return
            state = self._state()
            pause = shortest if state != before else min(pause * _GROWTH, shortest * _LONGEST_PAUSE)
            before = state
            left = min(self.deadline.left, self.waits.left) - self._reserve
            if left <= 0 or not self._pause(min(pause, left)):
                return

    def _look(self, shortest: float) -> None:
        """One round. What is to be sent again keeps the answers about the others waiting no longer than a pause."""
        most = self.waits.left if self.task.check_mode else max(_LONGEST_HOLD, shortest * _LONGEST_PAUSE)
        began, waited = self.deadline.elapsed, self.waits.spent
        with self.waits.at_most(most):
            rounds.look(self.task, self.waves, self.rounds == 0, lambda: self.deadline.elapsed)
        self.rounds += 1
        self.took = self.deadline.elapsed - began - (self.waits.spent - waited)

    @property
    def _reserve(self) -> float:
        """What the last round needs, which is as long as the one before."""
        return max(self.took, min(_LAST_ROUND, self.deadline.seconds * _MOST_OF_THE_TIME))

    def _pause(self, seconds: float) -> bool:
        sentence = self._sentence()
        if seconds < TELL_FROM:  # Longer waits are told by themselves.
            self.progress.say(sentence, self.deadline)
        return self.waits.wait(seconds, sentence)

    def _state(self) -> object:
        return [(one.device_id, tuple(one.open), *(one.verdicts[name].seen for name in one.open)) for one in self.open]

    def _sentence(self) -> str:
        """How many are open, and why: each device by the first thing that it has to come to."""
        counts: collections.Counter[str] = collections.Counter()
        percentages = []
        for one in self.open:
            found = one.verdicts[one.open[0]]
            counts[found.reason.still or "to be looked at once more"] += 1
            if found.more.get("encryption_percentage") is not None:
                when = f" at {one.known.as_of}" if one.known.as_of else ""
                percentages.append((found.more["encryption_percentage"], when))
        told = [f"{count} {still}" for still, count in counts.most_common(_TOLD)]
        if len(counts) > _TOLD:
            told.append(f"{sum(counts.values()) - sum(n for _s, n in counts.most_common(_TOLD))} for other reasons")
        if percentages:
            percentage, when = min(percentages)
            told.append(f"the least encrypted drive was at {percentage} %{when}")
        return f"{len(self.open)} of {len(self.waves)} devices are open: {', '.join(told)}"

    def _foretell(self, shortest: float) -> None:
        """Say what it is going to cost, before it begins."""
        count = rounds.requests_of(len(self.waves), self.expected, LARGEST)
        devices = "1 device" if len(self.waves) == 1 else f"{len(self.waves)} devices"
        about = f"about {count} requests" if count > 1 else "about 1 request"
        if self.task.check_mode:
            self.task.show(f"{devices}: one look, {about}")
            return
        most, pause, passed = 1, shortest, 0.0
        while passed < self.deadline.seconds - self._reserve and most < 1_000_000:
            passed, pause, most = passed + pause, min(pause * _GROWTH, shortest * _LONGEST_PAUSE), most + 1
        self.task.show(
            f"{devices}, {', '.join(self.expected)}: {about} a round, about {most} rounds at most in "
            f"{self.deadline.seconds:.0f} s; devices that have come are not asked about again"
        )

    # --- what is learned ---

    def learn(self) -> list[Finding]:
        """Fill what the task returns, also after a failure halfway. The findings."""
        findings = [_finding(one, name, one.verdicts[name]) for one in self.waves for name in one.verdicts]
        results = [found.met for one in self.waves for found in one.verdicts.values()]
        # A task that failed at once knows nothing of anybody.
        whole = bool(results) and all(len(one.verdicts) == len(self.expected) for one in self.waves)
        met = False if False in results else None if None in results or not whole else True
        self.task.learned.update(
            devices=[self._shown(one) for one in self.waves],
            met=met,
            waited={"seconds": int(self.deadline.elapsed), "rounds": self.rounds, "open": len(self.open)},
            findings=[one.as_dict() for one in findings if one.result != PASS],
            summary=summary(findings),
        )
        return findings

    def _shown(self, one: Arriving) -> dict[str, t.Any]:
        shown: dict[str, t.Any] = {"device_id": one.device_id, "name": one.name, **dict.fromkeys(ARRIVAL_IDS)}
        for name, found in one.verdicts.items():
            shown[name] = {
                "met": found.met,
                "reason": found.reason.name,
                "said": found.said,
                "seconds": int(one.ended[name]),
                **{field: found.more.get(field, value) for field, value in _FIELDS.get(name, {}).items()},
            }
        return shown


def _finding(one: Arriving, name: str, found: Verdict) -> Finding:
    result = PASS if found.met else UNKNOWN if found.met is None else FAIL
    reason = found.reason
    return Finding(
        name,
        result,
        found.seen,
        reason.side,
        subject=one.subject,
        expected=WHAT_IS_EXPECTED[name],
        cause=reason.why or found.seen,
        fix=reason.fix or None,
        doc=reason.doc,
        permissions=found.permissions,
    )
