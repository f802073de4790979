# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports: chunks of at most 100 devices, the next when the one before is done, each device judged by its receipt.

A task that was cut off has left receipts: an open one of a device is polled on, and of a complete one the registration
has to show before the device is imported again. So receipts are deleted when the registration is listed, not before. An
import whose answer is lost is looked for among the receipts, and not sent again.

Sources: Microsoft Graph, "importedWindowsAutopilotDeviceIdentity: import" (asynchronous); "Windows Autopilot
registration" (500 devices a file; none is published for the API); receipts.py.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...autopilot import hardware_hash
from ...result import Failure
from ...task import Task
from .. import bulk
from . import chunk, receipts, troubles
from .chunk import Chunk
from .listing import wait
from .receipts import Receipt
from .sync import Sync
from .wanted import Wanted

CHUNK_SIZE = 100
#: How often an import is tried that the service could not store.
MOST_TRIES = 3


class Importer:
    """The import of devices that are not listed, and their receipts. ``waiting`` are those that are registered by what
    the service says, and have to show in the list. ``broken`` is why nothing more is tried."""

    def __init__(self, task: Task, sync: Sync) -> None:
        self.task = task
        self.sync = sync
        self.waiting: list[Wanted] = []
        self.broken: Failure | None = None
        self._tries: dict[int, int] = {}
        self._known: dict[str, list[Receipt]] = {}
        #: Receipts that have ended, and whose they are.
        self._ended: dict[str, Wanted] = {}

    def look(self, wanted: Sequence[Wanted]) -> None:
        """Learn which receipts there are of these devices. Failure where they cannot be read."""
        by_key = {one.key: one for one in wanted if one.key}
        self._known = receipts.listed(self.task.client, set(by_key))
        for key, found in self._known.items():
            self._ended.update((receipt.id, by_key[key]) for receipt in found if not receipt.is_open)

    def run(self, wanted: Sequence[Wanted]) -> None:
        """Import them. Failure where nobody can."""
        known = self._known
        fresh = self._without_complete(wanted, known)
        adopted = {found.id: one for one in fresh if (found := _open(known.get(one.key, ()), one)) is not None}
        mine = {id(one) for one in adopted.values()}
        seen = {receipt.id for found in known.values() for receipt in found}
        again = self._polled(Chunk(self.task, adopted, seen)) if adopted else []
        fresh = [one for one in fresh if id(one) not in mine] + again
        while fresh and self.broken is None:
            fresh = self._round(fresh, seen)
        for one in fresh:
            if self.broken is not None:
                one.fail(self.broken, bulk.SKIPPED)

    def _round(self, fresh: Sequence[Wanted], seen: set[str]) -> list[Wanted]:
        """Import these once. Returns those to be tried later."""
        later: list[Wanted] = []
        total = len(fresh)
        for start in range(0, total, CHUNK_SIZE):
            part = fresh[start : start + CHUNK_SIZE]
            if self.broken is not None:
                for one in part:
                    one.fail(self.broken, bulk.SKIPPED)
                continue
            self.task.show(f"importing devices {start + 1} to {start + len(part)} of {total}")
            later += self._import(part, seen)
        if later and self.broken is None:
            seconds = 2.0 * self.task.args["poll_interval"]
            self.task.client.waits.wait(seconds, f"{len(later)} devices could not be stored, and are tried again")
        return later

    def _import(self, part: Sequence[Wanted], seen: set[str]) -> list[Wanted]:
        changes = [(one.what, None, chunk.registered(one)) for one in part]
        with self.task.changes.attempt(changes):
            sent = chunk.send(self.task, part, seen)
            self.broken = sent.broken
            return self._polled(sent)

    def _polled(self, sent: Chunk) -> list[Wanted]:
        """Wait for the end of a chunk. Returns those to be tried later."""
        broken = sent.poll()
        self.broken = self.broken or broken
        if sent.waiting and self.broken is None and self._is_stuck(sent):
            self.broken = troubles.not_tried()
        later = [one for one, receipt in sent.ended() if self._settle(one, receipt)]
        self._ended.update((receipt.id, one) for one, receipt in sent.ended() if receipt is not None)
        return later

    def _is_stuck(self, sent: Chunk) -> bool:
        """Whether there is no sense in more imports: none of a chunk has ended, or there is no time left to wait."""
        return not any(True for _each in sent.ended()) or self.task.client.waits.left < self.task.args["poll_interval"]

    def _settle(self, one: Wanted, receipt: Receipt | None) -> bool:
        """Take over the end of an import. Returns whether it is to be tried later."""
        if receipt is None:
            one.import_error = None
            one.fail(troubles.receipt_gone(), bulk.UNKNOWN)
            self.waiting.append(one)
        elif receipt.status == receipts.COMPLETE:
            one.created, one.outcome = True, bulk.CHANGED
            self.task.changes.add(one.what, None, chunk.registered(one))
            self.waiting.append(one)
        elif receipt.error in (troubles.ALREADY, troubles.DUPLICATED):
            one.import_error = receipt.error
            self.waiting.append(one)
        else:
            one.import_error = receipt.error or None
            tries = self._tries[id(one)] = self._tries.get(id(one), 0) + 1
            if receipt.error == troubles.LATER and tries < MOST_TRIES:
                return True
            one.fail(troubles.of_import(receipt.error, receipt.code))
        return False

    def _without_complete(self, wanted: Sequence[Wanted], known: dict[str, list[Receipt]]) -> list[Wanted]:
        """Those that are to be imported. A complete receipt says that the device was: by a task that was cut off, or
        before somebody removed it, which the list tells after a synchronization."""
        complete = {
            one.key: [receipt.id for receipt in known.get(one.key, ()) if receipt.status == receipts.COMPLETE]
            for one in wanted
        }
        before = [one for one in wanted if complete[one.key]]
        if before:
            wait(self.task, self.sync, before)
        for one in before:
            if one.identity is not None:
                one.created, one.outcome = True, bulk.CHANGED
                self.task.changes.add(one.what, None, chunk.registered(one))
                self.waiting.append(one)
        return [one for one in wanted if one.identity is None and one.failure is None]

    def clean_up(self) -> None:
        """Delete the receipts that have ended and are of no use any more; that some stay is a warning, and no failure:
        they do no harm. Of a device that is not listed yet the receipt tells the next run that it was imported."""
        done = {
            identity: one
            for identity, one in self._ended.items()
            if one.identity is not None or (one.failure is not None and not one.created)
        }
        if not done or self.broken is not None:
            return
        try:
            with self.task.client.asking_nobody():
                left = receipts.delete(self.task.client, set(done), {one.key for one in done.values()})
        except Failure as failed:
            left, why = len(done), f": {failed.error['cause']}"
        else:
            why = " although they were deleted"
        if left:
            self.task.learned.setdefault("warnings", []).append(
                f"{left} receipts of imports stay{why}; they do not matter to the devices"
            )


def _open(found: Sequence[Receipt], one: Wanted) -> Receipt | None:
    """The open receipt of this device: one with its serial number, and its hash where the service shows that."""
    return next((receipt for receipt in found if receipt.is_open and _is_of(receipt, one)), None)


def _is_of(receipt: Receipt, one: Wanted) -> bool:
    if receipt.hash is None or one.hardware_hash is None:
        return True
    try:
        return hardware_hash.same_device(hardware_hash.decode(receipt.hash), hardware_hash.decode(one.hardware_hash))
    except hardware_hash.HashError:
        return True
