# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One chunk of an import: sent once, found again where its answer is lost, polled to its end.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Sequence

from ...result import Failure
from ...task import Task
from .. import bulk
from ..graph.batch import LARGEST
from ..graph.errors import APPROVALS, GraphFailure, Purpose
from ..graph.failures import RequestFailure
from ..graph.fields import page_of, read_as
from ..graph.retry import AGAIN_FOR_READS, UNSURE
from . import receipts, troubles
from .identities import AUTOPILOT_WRITE
from .receipts import Receipt
from .wanted import STILL_PENDING, Wanted, shown, target

_LONGEST_PAUSE, _GROWTH = 60.0, 1.5
#: Looks for an import whose answer was lost, and the seconds that they may take.
_LOOKS, _LOOK_SECONDS = 4, 60.0
_OF_THE_CALLER, _BAD_REQUEST = (401, 403), 400


class Chunk:
    """Imports that were accepted: ``waiting`` by the ids of their receipts. ``seen`` are receipts of before.
    ``broken`` is why nothing more should be sent."""

    def __init__(self, task: Task, waiting: dict[str, Wanted], seen: set[str]) -> None:
        self._task = task
        self.waiting = waiting
        self._seen = seen
        self._ended: list[tuple[Wanted, Receipt | None]] = []
        self._last: dict[str, str] = {}
        self.broken: Failure | None = None
        seen.update(waiting)

    def add(self, identity: str, one: Wanted) -> None:
        """One more device, and its receipt."""
        self.waiting[identity] = one
        self._seen.add(identity)

    def ended(self) -> Iterator[tuple[Wanted, Receipt | None]]:
        """Each device whose import has ended, with its receipt; None where that is gone."""
        return iter(self._ended)

    def poll(self) -> Failure | None:
        """Wait until all have ended, within ``import_timeout``. Those that have not are pending. The Failure of a
        connection that broke."""
        if not self.waiting:
            return None
        waits, seconds = self._task.client.waits, float(self._task.args["poll_interval"])
        broken, total = None, len(self.waiting)
        with waits.at_most(self._task.args["import_timeout"]):
            while self.waiting and broken is None:
                why = f"{total - len(self.waiting)} of {total} imports have ended"
                if not waits.wait(min(seconds, max(waits.left, 0.1)), why):
                    break
                try:
                    self._look()
                except Failure as failed:
                    broken = failed
                seconds = max(seconds, min(_LONGEST_PAUSE, seconds * _GROWTH))
        for identity, one in self.waiting.items():
            self._task.changes.add(one.what, None, registered(one))
            one.fail(broken or troubles.pending(self._last.get(identity, receipts.OPEN[0])), STILL_PENDING)
        return broken

    def _look(self) -> None:
        twins: list[tuple[str, Wanted]] = []
        asked = list(self.waiting)
        # Imports of a chunk end together: the first tell whether it is worth asking for the others.
        found = receipts.read(self._task.client, asked[:LARGEST])
        if any(receipt is None or not receipt.is_open for receipt in found.values()):
            found |= receipts.read(self._task.client, asked[LARGEST:])
        for identity, receipt in found.items():
            if receipt is not None and receipt.is_open:
                self._last[identity] = receipt.status
                continue
            one = self.waiting.pop(identity)
            self._ended.append((one, receipt))
            if receipt is not None and receipt.error == troubles.DUPLICATED:
                twins.append((identity, one))
        if twins:
            self._follow(twins)

    def _follow(self, twins: Sequence[tuple[str, Wanted]]) -> None:
        """A duplicate is registered, or not, by the receipt of its twin, while that is open."""
        found = receipts.listed(self._task.client, {one.key for _identity, one in twins})
        for _identity, one in twins:
            open_ones = (receipt for receipt in found.get(one.key, ()) if receipt.is_open)
            twin = next((receipt.id for receipt in open_ones if receipt.id not in self.waiting), None)
            if twin is not None:
                self._ended = [(each, receipt) for each, receipt in self._ended if each is not one]
                self.waiting[twin] = one
                self._seen.add(twin)


# --- sending ---


def registered(one: Wanted) -> dict[str, str | None]:
    """A device that is registered, as changes tell it."""
    return {"serial_number": one.serial, **shown(target(one))}


def send(task: Task, part: Sequence[Wanted], seen: set[str]) -> Chunk:
    """Send the import of these devices. What is refused fails; of a body that the service does not take, the half with
    the wrong device is found. GraphFailure where nobody may import at all."""
    purpose = Purpose(
        f"import {part[0].label} and {len(part) - 1} more" if len(part) > 1 else f"import {part[0].label}",
        AUTOPILOT_WRITE,
    )
    try:
        rows = _post(task, part, purpose)
    except RequestFailure as failed:
        if failed.status in _OF_THE_CALLER or failed.error["name"] in APPROVALS:
            raise
        if _is_unsure(failed):
            return _found_again(task, part, seen, failed)
        if failed.status == _BAD_REQUEST and len(part) > 1:
            return _halved(task, part, seen)
        for one in part:
            one.fail(failed)
        made = Chunk(task, {}, seen)
        # A single bad device says nothing of the others; that the service refuses is said of all.
        made.broken = None if failed.status == _BAD_REQUEST else failed
        return made
    by_key = {one.key: one for one in part}
    waiting = {receipt.id: by_key.pop(receipt.key) for receipt in rows if receipt.key in by_key}
    made = Chunk(task, waiting, seen)
    if by_key:  # The answer leaves some out.
        _adopt(task, made, list(by_key.values()), seen, troubles.pending(receipts.OPEN[0]))
    return made


def _post(task: Task, part: Sequence[Wanted], purpose: Purpose) -> list[Receipt]:
    body = {"importedWindowsAutopilotDeviceIdentities": [_body(one) for one in part]}
    answer = task.client.post(receipts.IMPORTS_PATH + "/import", body, purpose)
    return [Receipt.of(row) for row in read_as(page_of(receipts.RECEIPT_KIND), answer, purpose)["value"]]


def _body(one: Wanted) -> dict[str, t.Any]:
    """What is not given is not sent."""
    user = (one.user or {}).get("userPrincipalName")
    given = {
        "serialNumber": one.serial,
        "hardwareIdentifier": one.hardware_hash,
        "productKey": one.product_id,
        "groupTag": one.group_tag,
        "assignedUserPrincipalName": user,
    }
    return {name: value for name, value in given.items() if value}


def _is_unsure(failed: RequestFailure) -> bool:
    """Whether the import may have been executed."""
    if not isinstance(failed, GraphFailure):
        return True
    return failed.status in UNSURE | AGAIN_FOR_READS or failed.error["name"] == "unreadable_answer"


def _halved(task: Task, part: Sequence[Wanted], seen: set[str]) -> Chunk:
    middle = len(part) // 2
    halves = [send(task, half, seen) for half in (part[:middle], part[middle:])]
    both = Chunk(task, {**halves[0].waiting, **halves[1].waiting}, seen)
    both.broken = halves[0].broken or halves[1].broken
    return both


def _found_again(task: Task, part: Sequence[Wanted], seen: set[str], lost: RequestFailure) -> Chunk:
    """The import of a lost answer, as the receipts show it. What they do not show may come later: it is not sent again
    by this task."""
    made = Chunk(task, {}, seen)
    try:
        _adopt(task, made, part, seen, lost)
    except Failure as failed:
        for one in part:
            if one not in made.waiting.values():
                one.fail(failed, bulk.UNKNOWN)
        made.broken = failed
    if not made.waiting:
        made.broken = made.broken or lost
    return made


def _adopt(task: Task, made: Chunk, part: Sequence[Wanted], seen: set[str], lost: Failure) -> None:
    by_key = {one.key: one for one in part}
    waits, seconds = task.client.waits, 1.0
    with waits.at_most(_LOOK_SECONDS):
        for look in range(_LOOKS):
            if look and not waits.wait(seconds, f"{len(by_key)} imports do not show yet"):
                break
            seconds *= 2
            for key, found in receipts.listed(task.client, set(by_key)).items():
                new = next((receipt for receipt in found if receipt.id not in seen), None)
                if new is not None:
                    made.add(new.id, by_key.pop(key))
            if not by_key:
                return
    for one in by_key.values():
        one.fail(lost, bulk.UNKNOWN)
