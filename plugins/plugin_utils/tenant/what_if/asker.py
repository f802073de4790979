# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to Conditional Access, one by one and a second apart, with the expected time said before.

The service answers one a second for the whole tenant, in a batch as outside one. Conditions that are not given are
assumed by it; ``appliedPoliciesOnly`` would hide what it could not decide.

Source: Microsoft Graph, "conditionalAccessRoot: evaluate"; Microsoft Graph, "Throttling guidance" (Conditional Access).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from collections.abc import Callable, Hashable, Mapping

from ...options import bad_option
from ...result import Failure
from ..devices.unread import OF_THE_CALLER
from ..graph.batch import Item
from ..graph.client import GraphClient
from ..graph.errors import Permissions, Purpose
from ..graph.failures import RequestFailure
from .answers import ANSWER_KIND

#: Seconds between the answer to a question and the next one.
PACE = 1.0
TOO_LATE = "the time of the task has ended before it could be asked"
_EVALUATE = Permissions.same("Policy.Read.ConditionalAccess")
_TYPE = "#microsoft.graph."
_COUNTRY = re.compile("[A-Za-z]{2}")

#: The rows of an answer, why there is none, or why nobody asked.
Answer = list[dict[str, t.Any]] | Failure | str


def require_place(args: Mapping[str, t.Any]) -> None:
    """Failure for an ``ip_address`` or ``country`` that the service would refuse."""
    if args["ip_address"] is not None:
        try:
            ipaddress.ip_address(args["ip_address"])
        except ValueError:
            raise bad_option("ip_address", "it is not an IP address", "give an address such as 203.0.113.5") from None
    if args["country"] is not None and not _COUNTRY.fullmatch(args["country"]):
        raise bad_option("country", "it is not a country in two letters", "give a code such as IT")


def question(
    args: Mapping[str, t.Any], user: str, context: str, asked: Mapping[str, t.Any], device: Mapping[str, t.Any], of: str
) -> Item:
    """A question about a user (object id) on a Windows device (``deviceInfo``). ``asked`` is what the ``context``
    (applicationContext or userActionContext) has, ``of`` says in messages whom it is about; ``ip_address`` and
    ``country`` come from the task's options."""
    conditions = {"devicePlatform": "windows", "clientAppType": "mobileAppsAndDesktopClients", "deviceInfo": device}
    if args["ip_address"] is not None:
        conditions["ipAddress"] = args["ip_address"]
    if args["country"] is not None:
        conditions["country"] = args["country"].upper()
    return Item(
        "POST",
        "/identity/conditionalAccess/evaluate",
        Purpose(f"ask what Conditional Access says to {of}", _EVALUATE),
        body={
            "signInIdentity": {"@odata.type": _TYPE + "userSignIn", "userId": user},
            "signInContext": {"@odata.type": _TYPE + context, **asked},
            "signInConditions": conditions,
            "appliedPoliciesOnly": False,
        },
        reads=True,
        row_kind=ANSWER_KIND,
    )


def ask(
    client: GraphClient, show: Callable[[str], None], questions: Mapping[Hashable, Item]
) -> tuple[dict[Hashable, Answer], RequestFailure | None]:
    """The answers by the keys of the questions, and the refusal that ended the asking, as it is about who asks."""
    waits = client.waits
    if questions:
        expected = (len(questions) - 1) * PACE
        more = f", of which {waits.left:.0f} s are left" if expected > waits.left else ""
        count = "1 question" if len(questions) == 1 else f"{len(questions)} questions"
        show(f"Conditional Access: {count}, one a second, about {expected:.0f} s{more}")
    answers: dict[Hashable, Answer] = {}
    told = waits.clock()
    ended: Answer | None = None
    refused: RequestFailure | None = None
    last: float | None = None
    for number, (key, item) in enumerate(questions.items()):
        if ended is None and last is not None:
            rest = PACE - (waits.clock() - last)
            if rest > 0 and not waits.wait(rest, "Conditional Access takes one question a second"):
                ended = TOO_LATE
        if ended is not None:
            answers[key] = ended
            continue
        [answer] = client.batch([item])
        last = waits.clock()
        try:
            answers[key] = list(client.rows_of(item, answer))
        except RequestFailure as failed:
            answers[key] = failed
            if failed.status in OF_THE_CALLER:
                ended = refused = failed
        if last - told >= 20.0 and number + 1 < len(questions):
            told = last
            show(f"Conditional Access: {number + 1} of {len(questions)} questions asked")
    return answers, refused
