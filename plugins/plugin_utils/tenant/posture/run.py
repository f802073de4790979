# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at many devices: what is asked of the tenant, 20 requests in one, and what is said of each device.

A question that is refused because of who asks is not asked again in the run: its first 20 tell it for all.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import typing as t
from collections.abc import Callable, Sequence

from ...findings import Finding
from ...result import Failure
from ...task import Task
from ..because import reason, unknown_because
from ..devices.unread import MOST_BROKEN, of_all
from ..graph.batch import LARGEST, BatchAnswer, Item
from ..graph.client import GraphClient
from ..graph.errors import unreadable
from ..graph.failures import RequestFailure
from .findings import not_read

#: A line of progress at most so often, in seconds.
TELL_SECONDS = 20.0
#: Of one list about one device: policies, settings of a policy, keys (Entra holds 200 of a device), users.
MOST_OF_ONE = 1000

Row = dict[str, t.Any]
#: What came for an item: the rows of a list, the body of an object, or why there is none.
Rows = list[Row] | RequestFailure
Body = Row | RequestFailure


@dataclasses.dataclass
class Looked:
    """One device and what is known of it. ``entra`` and ``record`` are rows of Graph, None where there is none or it
    could not be read; ``shown`` is what the module returns; ``user`` is the row of the primary user; ``failures`` are
    why something could not be read, by the id of the finding."""

    device_id: str
    entra: dict[str, t.Any] | None = None
    record: dict[str, t.Any] | None = None
    user: dict[str, t.Any] | None = None
    shown: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    findings: list[Finding] = dataclasses.field(default_factory=list)
    failures: dict[str, Failure] = dataclasses.field(default_factory=dict)

    @property
    def subject(self) -> str:
        name = self.shown.get("name")
        return f"{name} ({self.device_id})" if name else self.device_id

    @property
    def record_id(self) -> str:
        """The id of Intune's record, for a device that has one."""
        return str((self.record or {})["id"])

    def say(self, *findings: Finding) -> None:
        self.findings += [dataclasses.replace(one, subject=self.subject) for one in findings]


@dataclasses.dataclass
class Run:
    """All devices of a task. ``general`` has the findings about no single device, ``refused`` what nobody answers for
    any of them, as (id of the finding, why)."""

    task: Task
    client: GraphClient
    devices: list[Looked]
    now: datetime.datetime
    general: list[Finding] = dataclasses.field(default_factory=list)
    refused: list[tuple[str, Failure]] = dataclasses.field(default_factory=list)

    @property
    def managed(self) -> list[Looked]:
        """The devices of which Intune has a record."""
        return [device for device in self.devices if device.record is not None]

    def rows(self, identity: str, what: str, items: Sequence[Item], version: str = "v1.0") -> list[Rows]:
        """As ``bodies``, of items that ask for lists."""
        return t.cast("list[Rows]", self._ask(identity, what, items, version))

    def bodies(self, identity: str, what: str, items: Sequence[Item], version: str = "v1.0") -> list[Body]:
        """The answer to each item, checked by its kind: see ``_ask``."""
        return t.cast("list[Body]", self._ask(identity, what, items, version))

    def _ask(self, identity: str, what: str, items: Sequence[Item], version: str) -> list[t.Any]:
        """What came for each item. ``what`` is a plural noun phrase for progress and messages.

        The failure of a question that is refused for all, or that nothing answers, stands for every item left, and has
        its one finding.
        """
        came: list[t.Any] = []
        tell = self._progress(what, len(items))
        broken = 0
        for start in range(0, len(items), LARGEST):
            part = items[start : start + LARGEST]
            try:
                answers = self.client.batch(part, version)
                broken = 0
            except RequestFailure as failed:
                answers = [BatchAnswer(failed.status, None, failed)] * len(part)
                broken += 1
            read = [self._read(item, answer, version) for item, answer in zip(part, answers)]
            came += read
            refusals = [one for one in read if isinstance(one, RequestFailure)]
            general = of_all(refusals, len(part)) if start == 0 or broken else None
            if broken >= MOST_BROKEN or (broken and len(came) == len(items) == len(part)):
                general = refusals[-1]
            if general is not None:
                self.refuse(identity, what, general)
                came[start:] = [general] * (len(items) - start)
                return came
            tell(len(came))
        return came

    def refuse(self, identity: str, what: str, failure: Failure) -> None:
        """One finding for a question that nobody answers for any device."""
        self.refused.append((identity, failure))
        self.general.append(not_read(identity, what, failure))

    def not_known(self, device: Looked, identity: str, what: str, failure: Failure) -> None:
        """Something of one device could not be read: it is said in its ``unread``, and found once."""
        device.failures[identity] = failure
        device.shown["unread"].append(unknown_because(what, reason(failure)))
        if not any(failure is one for _identity, one in self.refused):
            device.say(not_read(identity, what, failure))

    def _read(self, item: Item, answer: BatchAnswer, version: str) -> list[t.Any] | Row | RequestFailure:
        if answer.failure is not None:
            return answer.failure
        if item.row_kind is None:
            return answer.body or {}
        try:
            rows = list(itertools.islice(self.client.rows_of(item, answer, version), MOST_OF_ONE + 1))
            if len(rows) > MOST_OF_ONE:
                return unreadable(item.purpose, f"the list has more than {MOST_OF_ONE} rows")
            return rows
        except RequestFailure as failed:
            return failed

    def _progress(self, what: str, total: int) -> Callable[[int], None]:
        clock = self.client.waits.clock
        last = began = clock()

        def tell(done: int) -> None:
            nonlocal last
            if done < total and clock() - last >= TELL_SECONDS:
                last = clock()
                rest = (last - began) / done * (total - done)
                self.task.show(f"{what}: {done} of {total} asked, about {rest:.0f} s to go")

        return tell
