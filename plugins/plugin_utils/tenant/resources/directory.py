# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the names that people use to object ids: exactly the named object, or a refusal.

Source: Microsoft Graph, "List users", "List groups", "List devices". Graph compares texts in filters without regard to
case and lets several groups have the same name; neither is good enough for what these ids are used for. A list lacks an
object that was made a moment ago (msgraph-sdk-dotnet issue 1824): what is missing is looked for once more, and one that
this controller has made is waited for by its id.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from ...options import is_guid
from ...result import Failure
from ..graph import odata
from ..graph.batch import Item
from ..graph.client import GraphClient
from ..graph.consistency import SECOND_LOOK_SECONDS, settle
from ..graph.errors import Permissions, Purpose
from ..graph.fields import IDENTITY, NAME, Kind, needed, object_of


@dataclasses.dataclass(frozen=True)
class Named:
    """A kind of object that people name by ``name``. ``exact_case``: the spelling must match, as it does not
    identify. ``created`` is the property with the date of its creation."""

    noun: str
    collection: str
    name: str
    select: str
    permissions: Permissions
    exact_case: bool = False
    id_is_name: bool = False  # a GUID is not the object id but the name itself
    created: str = "createdDateTime"

    @property
    def kind(self) -> Kind:
        return object_of({"id": needed(IDENTITY), self.name: needed(NAME)})


USER = Named("user", "users", "userPrincipalName", "id,userPrincipalName", Permissions.same("User.ReadBasic.All"))
GROUP = Named("group", "groups", "displayName", "id,displayName", Permissions.same("Group.Read.All"), exact_case=True)
DEVICE = Named(
    "device",
    "devices",
    "deviceId",
    "id,deviceId,displayName",
    Permissions.same("Device.Read.All"),
    id_is_name=True,
    created="registrationDateTime",
)


def resolve(client: GraphClient, kind: Named, names: Sequence[str]) -> dict[str, str]:
    """{name: object id}. Ids are taken as they are, names are asked for, 20 in one request.

    Failure names the option's value that is unknown, ambiguous or spelled otherwise.
    """
    ids = {name: name.lower() for name in names if is_guid(name) and not kind.id_is_name}
    asked = [name for name in dict.fromkeys(names) if name not in ids]
    found = _look_up(client, kind, asked)
    missing = [name for name in asked if name not in found]
    for name in missing:
        row = made_here(client, kind, name)
        if row is not None:
            found[name] = row
    missing = [name for name in missing if name not in found]
    if missing and client.waits.wait(SECOND_LOOK_SECONDS, f"the tenant has no {kind.noun} {missing[0]!r} yet"):
        found.update(_look_up(client, kind, missing))
    for name in asked:
        if name not in found:
            raise unknown(kind, name)
        ids[name] = found[name]["id"].lower()
    return ids


def _look_up(client: GraphClient, kind: Named, names: Sequence[str]) -> dict[str, dict]:
    """{name: row} of those that the tenant has."""
    items = [
        Item(
            "GET",
            odata.path(kind.collection),
            Purpose(f"look up the {kind.noun} {name!r}", kind.permissions),
            {"$filter": odata.equals(kind.name, name), "$select": kind.select},
            row_kind=kind.kind,
        )
        for name in names
    ]
    found = {}
    for name, item, answer in zip(names, items, client.batch(items)):
        row = at_most_one(kind, name, client.rows_of(item, answer))
        if row is not None:
            found[name] = row
    return found


def made_here(
    client: GraphClient, kind: Named, name: str, select: str | None = None, as_kind: Kind | None = None
) -> dict | None:
    """The row of an object that no list has, but that this controller has made within the last minutes: waited for by
    its id. None where it has made none of this name.

    Failure (``not_shown``) where Graph does not know it within the task's timeout.
    """
    made = client.memory.recall(kind.noun, name)
    if made is None or made.id is None:
        return None
    path = odata.path(kind.collection, made.id)
    purpose = Purpose(f"read the new {kind.noun} {name!r}", kind.permissions)
    row = settle(
        client.waits,
        lambda: client.find(path, purpose, {"$select": select or kind.select}, kind=as_kind or kind.kind),
        lambda seen: seen is not None,
        f"the {kind.noun} {name!r}, made by this controller within the last minutes,",
    )
    # Somebody may have renamed it meanwhile.
    return row if row is not None and row[kind.name] == name else None


def unknown(kind: Named, name: str) -> Failure:
    """The refusal of a name that the tenant does not have."""
    return _refusal(
        kind,
        name,
        "unknown",
        f"the tenant has no {kind.noun} {name!r}",
        "check the spelling, or give its id; a new object may need a minute until Microsoft Graph finds it",
    )


def at_most_one(kind: Named, name: str, rows: Iterable[dict]) -> dict | None:
    """The row that is exactly named, None where there is none; Failure where there is more than one, or one that is
    spelled otherwise."""
    near = [row for row in rows if row[kind.name].casefold() == name.casefold()]
    exact = [row for row in near if row[kind.name] == name] if kind.exact_case else near
    if len(exact) > 1:
        ids = ", ".join(sorted(row["id"] for row in exact))
        raise _refusal(
            kind, name, "ambiguous", f"the tenant has {len(exact)} with the name {name!r} ({ids})", "give the id"
        )
    if near and not exact:
        raise _refusal(
            kind,
            name,
            "spelled_otherwise",
            f"the tenant's {kind.noun} is spelled {near[0][kind.name]!r}, not {name!r}",
            "spell it so, or give its id",
        )
    return exact[0] if exact else None


def _refusal(kind: Named, name: str, why: str, cause: str, fix: str) -> Failure:
    return Failure(f"{cause}; {fix}", side="tenant", name=f"{kind.noun}_{why}", cause=cause, fix=fix)
