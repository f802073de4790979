# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the names that people use to object ids: exactly the named object, or a refusal.

Source: Microsoft Graph, "List users", "List groups", "List devices". Graph compares texts in filters without regard to
case and lets several groups have the same name; neither is good enough for what these ids are used for.

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
from ..graph.errors import Permissions, Purpose


@dataclasses.dataclass(frozen=True)
class Named:
    """A kind of object that people name by ``name``. ``exact_case``: the spelling must match, as it does not
    identify."""

    noun: str
    collection: str
    name: str
    select: str
    permissions: Permissions
    exact_case: bool = False
    id_is_name: bool = False  # a GUID is not the object id but the name itself


USER = Named("user", "users", "userPrincipalName", "id,userPrincipalName", Permissions.same("User.ReadBasic.All"))
GROUP = Named("group", "groups", "displayName", "id,displayName", Permissions.same("Group.Read.All"), exact_case=True)
DEVICE = Named(
    "device", "devices", "deviceId", "id,deviceId,displayName", Permissions.same("Device.Read.All"), id_is_name=True
)


def resolve(client: GraphClient, kind: Named, names: Sequence[str]) -> dict[str, str]:
    """{name: object id}. Ids are taken as they are, names are asked for, 20 in one request.

    Failure names the option's value that is unknown, ambiguous or spelled otherwise.
    """
    ids = {name: name.lower() for name in names if is_guid(name) and not kind.id_is_name}
    unknown = [name for name in dict.fromkeys(names) if name not in ids]
    items = [
        Item(
            "GET",
            odata.path(kind.collection),
            Purpose(f"look up the {kind.noun} {name!r}", kind.permissions),
            {"$filter": odata.equals(kind.name, name), "$select": kind.select},
        )
        for name in unknown
    ]
    if len(items) == 1:
        found = [list(client.list(items[0].path, items[0].purpose, items[0].query))]
    else:
        found = [answer.require().get("value") or [] for answer in client.batch(items)]
    for name, rows in zip(unknown, found):
        ids[name] = the_one(kind, name, rows)["id"].lower()
    return ids


def the_one(kind: Named, name: str, rows: Iterable[dict]) -> dict:
    """The row that is exactly named; Failure where there is none or more than one."""
    row = at_most_one(kind, name, rows)
    if row is None:
        raise _refusal(
            kind, name, "unknown", f"the tenant has no {kind.noun} {name!r}", "check the spelling, or give its id"
        )
    return row


def at_most_one(kind: Named, name: str, rows: Iterable[dict]) -> dict | None:
    """As ``the_one``, None where there is none."""
    near = [row for row in rows if str(row.get(kind.name, "")).casefold() == name.casefold()]
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
