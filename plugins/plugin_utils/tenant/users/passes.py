# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Temporary Access Passes of users: what there is, and the requests that make and remove them.

A user has one pass at most, and a new one takes the place of the old one. The value of a pass is in the answer that
makes it, and nowhere else. What is not known to be over counts as valid, so that nothing is replaced by mistake.

Sources: Microsoft Graph, "temporaryAccessPassAuthenticationMethod resource type" (v1.0: beta has lost
``isUsable`` and ``methodUsabilityReason``), "Create temporaryAccessPassMethod".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from ..bulk import Write
from ..graph import odata
from ..graph.batch import Item
from ..graph.client import GraphClient
from ..graph.errors import Permissions, Purpose
from ..graph.failures import RequestFailure
from ..graph.fields import FLAG, IDENTITY, LINE, NUMBER, TEXT, Kind, needed, object_of

_READ = Permissions.same("UserAuthMethod-TAP.Read.All")
_WRITE = Permissions.same("UserAuthMethod-TAP.ReadWrite.All")
#: What a pass that is over says (methodUsabilityReason).
_OVER = ("expired", "onetimeused")
_FIELDS: dict[str, Kind] = {
    "id": needed(IDENTITY),
    "startDateTime": LINE,
    "lifetimeInMinutes": NUMBER,
    "isUsableOnce": FLAG,
    "isUsable": FLAG,
    "methodUsabilityReason": TEXT,
}
#: A listed pass: its value is not read, whatever stands there.
_KIND = object_of(_FIELDS)
_MADE = object_of({**_FIELDS, "temporaryAccessPass": needed(TEXT)})


def of_users(client: GraphClient, users: Mapping[str, str]) -> dict[str, dict[str, t.Any] | None | RequestFailure]:
    """The pass of each user, None where there is none, or why it could not be read: ``users`` are names for messages by
    object id."""
    items = [
        Item("GET", _path(identity), Purpose(f"read the pass of {name}", _READ), row_kind=_KIND)
        for identity, name in users.items()
    ]
    found: dict[str, dict[str, t.Any] | None | RequestFailure] = {}
    for identity, item, answer in zip(users, items, client.batch(items) if items else []):
        try:
            found[identity] = next(iter(client.rows_of(item, answer)), None)
        except RequestFailure as failed:
            found[identity] = failed
    return found


def is_valid(row: Mapping[str, t.Any] | None) -> bool:
    """Whether a pass is or becomes valid, as far as anybody knows."""
    if row is None:
        return False
    return row.get("isUsable") is True or (row.get("methodUsabilityReason") or "").lower() not in _OVER


def shown(row: Mapping[str, t.Any] | None) -> dict[str, t.Any]:
    """``start``, ``lifetime`` and ``usable_once`` of a pass; nulls where there is none."""
    known = row or {}
    return {
        "start": known.get("startDateTime"),
        "lifetime": known.get("lifetimeInMinutes"),
        "usable_once": known.get("isUsableOnce"),
    }


def creation(
    identity: str,
    name: str,
    body: Mapping[str, t.Any],
    before: Mapping[str, t.Any] | None,
    after: Mapping[str, t.Any],
    take: Callable[[dict[str, t.Any]], None],
) -> Write:
    """The write that makes a pass. ``take`` is given the answer, with its value, once and as soon as it is read."""

    def taken(value: t.Any) -> t.Any:
        made = _MADE(value)
        if made is not None:
            take(made)
        return made

    item = Item("POST", _path(identity), Purpose(f"create a pass for {name}", _WRITE), body=dict(body), kind=taken)
    return Write(identity, f"pass of {name}", item, [(f"pass of {name}", before, after)])


def removal(identity: str, name: str, row: Mapping[str, t.Any]) -> Write:
    """The write that removes a pass."""
    item = Item("DELETE", _path(identity, row["id"]), Purpose(f"remove the pass of {name}", _WRITE))
    return Write(identity, f"pass of {name}", item, [(f"pass of {name}", shown(row), None)])


def _path(identity: str, *more: str) -> str:
    return odata.path("users", identity, "authentication", "temporaryAccessPassMethods", *more)
