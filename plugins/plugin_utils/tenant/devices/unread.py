# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions about single devices that were not answered: absent and not known are two things.

What cannot be read about one device keeps nobody from the others. What is refused for each of them is the task's.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Sequence

from ...result import Failure
from ..graph.batch import LARGEST, BatchAnswer, Item
from ..graph.failures import RequestFailure

if t.TYPE_CHECKING:
    from ..graph.client import GraphClient

#: Refusals that are about who asks, whatever is asked for.
OF_THE_CALLER = (401, 403)
FILTER_IGNORED = "filter_ignored"


#: Batches in a row without any answer, after which no more are sent.
MOST_BROKEN = 2


def answers_of(client: GraphClient, items: Sequence[Item], version: str = "v1.0") -> list[BatchAnswer]:
    """The answer to each item. A batch that fails as a whole is the failure of its own items; after two in a row, or
    one that is refused because of who asks, the rest is not sent. RequestFailure where not one item has an answer."""
    came: list[BatchAnswer] = []
    broken = answered = 0
    for start in range(0, len(items), LARGEST):
        part = items[start : start + LARGEST]
        try:
            came += client.batch(part, version)
            broken, answered = 0, answered + 1
        except RequestFailure as failed:
            broken += 1
            came += [BatchAnswer(failed.status, None, failed)] * len(part)
            if broken < MOST_BROKEN and failed.status not in OF_THE_CALLER and len(came) < len(items):
                continue
            if not answered:
                raise
            return came + [BatchAnswer(failed.status, None, failed)] * (len(items) - len(came))
    return came


def filter_ignored(key: str, who: str = "Intune") -> RequestFailure:
    """The failure of a question for one device id that was answered with other devices."""
    cause = f"{who} ignored the filter for one device id and answered with other devices"
    fix = "run the task again, or read the whole tenant"
    return RequestFailure(f"{cause}; {fix}", "tenant", name=FILTER_IGNORED, cause=cause, fix=fix, evidence=[key])


def of_all(failures: Collection[RequestFailure], asked: int) -> RequestFailure | None:
    """The failure that is not one device's: each of the ``asked`` questions was refused because of who asks, or Intune
    ignored the filter of each."""
    first = next(iter(failures), None)
    if first is None or len(failures) < asked:
        return None
    if any(failure.error["name"] != first.error["name"] for failure in failures):
        return None
    return first if first.status in OF_THE_CALLER or first.error["name"] == FILTER_IGNORED else None


def sentence(what: str, failure: Failure) -> str:
    """Why something of a device is not known: ``what`` is a noun phrase."""
    return f"{what} could not be read: {failure.error['cause']}"


def left_out(cause: str, first: RequestFailure, evidence: list[str], doc: str) -> Failure:
    """The Failure of a task that has left out devices of which something could not be read, and done the rest.

    ``first`` is why, for the first of them, and gives it its name.
    """
    error = first.error
    fix = f"{error['fix']}; then run the task again with the same ids, which does the rest"
    return Failure(
        f"{cause}; {fix}",
        side=str(error["side"]),
        name=str(error["name"]),
        code=error["code"],
        cause=cause,
        fix=fix,
        evidence=evidence,
        request_id=error["request_id"],
        permissions=error["permissions"],
        doc=doc,
    )
