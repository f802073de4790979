# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first contact with a device that a provisioning package sets up: wait until it answers and is as expected.

While Windows is at its first start nothing answers: WinRM is off until a command of the package turns it on. So a
refused, timed out or unknown address is only "not yet", and what the controller itself lacks, or another device at this
address, is not.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from ...findings import FAIL, UNKNOWN, verdict
from ...options import bad_option
from ...progress import Deadline
from ...result import Failure
from ...task import Task
from ...untrusted import in_one_line
from .. import operations as op
from .. import state, wire
from ..answers import Answer
from ..diagnosis import causes, logs
from ..facts import as_facts, earlier, read_facts, with_newer
from ..reading import known
from ..session import ConnectionLost
from . import name_pattern
from .expectations import Expected, Judged, Seen, is_missing, judge

if t.TYPE_CHECKING:
    from ..diagnosis.clues import Diagnosis

MET_BY = ("join", "mdm", "packages", "os")
MOST_REFUSALS = 3
"""So often credentials are tried that the device refuses: Windows locks an account after ten wrong passwords within ten
minutes (its default since Windows 11), and a connection plugin may try each of them twice."""
REFUSAL_SECONDS = 60
LONGEST_SERIAL = 128
BIOS = op.cim_query("Win32_BIOS", ("SerialNumber",))


def observations() -> dict[str, dict]:
    """All that is asked, again and again. The device is new: all that its logs have counts."""
    since: logs.Start = dict.fromkeys((log for log, _ids in logs.FAILURE_EVENTS.values()), 0)
    return state.observations(MET_BY) | {"bios": BIOS} | logs.observations(since)


def meet(task: Task) -> dict:
    """Wait for the device. Raises Failure, and what the session raises where it has never answered."""
    args = task.args
    if args["computer_name"] is not None:
        name_pattern.require_pattern(args["computer_name"], "computer_name")
    if args["tenant_id"] is not None and not args["joined"]:
        cause = "with joined false nothing is asked about a join"
        raise bad_option("tenant_id", cause, "leave it out, or leave joined out")
    expected = Expected(
        serial_number=args["serial_number"],
        computer_name=args["computer_name"],
        package_id=args["package_id"],
        joined=args["joined"],
        tenant_id=args["tenant_id"],
    )
    return _FirstContact(task, expected).run()


class _FirstContact:
    def __init__(self, task: Task, expected: Expected) -> None:
        self._task = task
        self._expected = expected
        self._deadline = task.session.deadline = Deadline(task.args["timeout"])
        self._lost = 0
        self._refused = 0
        self._answered = False

    def run(self) -> dict:
        while True:
            last = self._deadline.passed
            answer = self._ask()
            facts = read_facts(answer, MET_BY)
            seen = Seen(_name(answer), _serial(answer), facts)
            judged = judge(self._expected, seen)
            self._tell(seen, judged)
            if all(each.met for each in judged):
                refused = state.problems(answer, state.observations(MET_BY))
                kept = as_facts(self._task, with_newer(earlier(self._task), facts))
                return kept | ({"warnings": refused} if refused else {})
            self._give_up_where_in_vain(answer, seen, judged, last)
            self._pause(_sentence(judged), self._task.args["poll_interval"])

    def _ask(self) -> Answer:
        """The first answer. Raises ConnectionLost or WireError when the time is over, or where waiting is in vain."""
        asked = observations()
        while True:
            sentence = "waiting for the device to answer" + (" again" if self._answered else "")
            try:
                answer = self._task.session.run(asked)
            except (ConnectionLost, wire.WireError) as exc:
                self._lost += 1
                seconds = self._next(exc)
                if self._deadline.passed or seconds is None:
                    raise self._not_met(exc, seconds is None) from exc
                self._pause(sentence, seconds)
            else:
                self._answered = True
                self._refused = 0
                return answer

    def _next(self, exc: Exception) -> float | None:
        """In how many seconds the device is asked again; None where that is in vain."""
        if isinstance(exc, wire.WireError):
            return self._task.args["poll_interval"]
        from .. import contact  # A device that answers has no use for it.

        obstacle = contact.obstacle(exc)
        if obstacle.side == "controller":
            return None
        if obstacle.name == "credentials_refused":
            self._refused += 1
            return None if self._refused >= MOST_REFUSALS else max(REFUSAL_SECONDS, self._task.args["poll_interval"])
        return self._task.args["poll_interval"]

    def _not_met(self, exc: Exception, in_vain: bool) -> Exception:
        """What is raised of a device that does not answer."""
        if isinstance(exc, wire.WireError) or self._answered:
            return exc
        from .. import contact

        way = str(getattr(self._task.session.connection, "transport", ""))
        failure = contact.failure(t.cast(ConnectionLost, exc), way)
        after = f"the device did not answer within {self._deadline.seconds:.0f} s"
        failure.msg = f"{'waiting for the device cannot help' if in_vain else after}: {failure.msg}"
        return failure

    def _tell(self, seen: Seen, judged: list[Judged]) -> None:
        self._task.learned.update(
            computer_name=seen.computer_name,
            serial_number=seen.serial_number,
            findings=[each.finding.as_dict() for each in judged],
            waited=round(self._deadline.elapsed, 1),
            connections_lost=self._lost,
        )

    def _give_up_where_in_vain(self, answer: Answer, seen: Seen, judged: list[Judged], last: bool) -> None:
        """Raises the Failure of a device that will not be as expected, or is not when the time is over."""
        in_vain = [each.finding for each in judged if each.in_vain]
        if in_vain:
            failure = verdict(in_vain, (FAIL,), "waiting for the device cannot help", "first_contact")
            raise t.cast(Failure, failure)
        unjoined = any(each.finding.id == "join" and not each.met for each in judged)
        cause = causes.find_causes(answer) if unjoined else None
        # What failed before the awaited package came is of an earlier try.
        of_now = not is_missing(self._expected.package_id, seen)
        if cause and ((cause.hopeless and of_now) or last):
            raise _not_joined(cause)
        if last:
            unmet = [each.finding for each in judged if not each.met]
            sentence = f"the device answers, and is not as expected after {self._deadline.seconds:.0f} s"
            raise t.cast(Failure, verdict(unmet, (FAIL, UNKNOWN), sentence, "first_contact"))

    def _pause(self, sentence: str, seconds: float) -> None:
        self._task.progress.say(sentence, self._deadline)
        self._task.progress.pause(seconds, sentence, self._deadline)


def _not_joined(cause: Diagnosis) -> Failure:
    error = cause.as_error()
    code = f" ({error['code']})" if error["code"] else ""
    return Failure(f"the package did not join the device: {error['cause']}{code}", side=cause.side, **error)


def _sentence(judged: list[Judged]) -> str:
    missing = [each.finding.id.replace("_", " ") for each in judged if not each.met]
    return f"the device answers; waiting for its {', '.join(missing)}"


def _name(answer: Answer) -> str | None:
    """The name that Windows has now; another may come with the next restart."""
    return known(lambda: answer["computer_name"].key().child("ActiveComputerName").text("ComputerName")) or None


def _serial(answer: Answer) -> str | None:
    found = known(lambda: answer["bios"].instance().text("SerialNumber"))
    return in_one_line(found or "", LONGEST_SERIAL) or None
