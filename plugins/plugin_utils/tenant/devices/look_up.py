# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Device objects of the directory: found by exactly what is named, many in one request.

Sources: Microsoft Graph, "device resource type" (``id`` is the object, ``deviceId`` what the device itself knows),
"Use the $filter query parameter" (15 expressions in one filter), "Advanced query capabilities".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from ...options import refuse_empty, require_guid
from ...result import Failure
from ...untrusted import in_one_line
from ..graph import odata
from ..graph.batch import Item
from ..graph.client import GraphClient
from ..graph.errors import Permissions, Purpose
from ..graph.failures import RequestFailure
from ..graph.fields import (
    ANY_LIST,
    FLAG,
    IDENTITY,
    LINE,
    TEXT,
    all_of,
    list_of,
    needed,
    object_of,
    or_null,
)
from .unread import OF_THE_CALLER, answers_of

READ_DEVICES = Permissions.same("Device.Read.All")
#: An application needs the first, a signed-in user the second and a directory role.
WRITE_DEVICES = Permissions(("Device.ReadWrite.All",), ("Directory.AccessAsUser.All",))

SELECT = (
    "id",
    "deviceId",
    "displayName",
    "accountEnabled",
    "trustType",
    "profileType",
    "approximateLastSignInDateTime",
    "registrationDateTime",
    "operatingSystem",
    "operatingSystemVersion",
    "isCompliant",
    "isManaged",
    "mdmAppId",
    "manufacturer",
    "model",
    "deviceOwnership",
    "enrollmentProfileName",
    "physicalIds",
)
EXTENSION_ATTRIBUTES = tuple(f"extensionAttribute{number}" for number in range(1, 16))
#: A device object as the directory gives it. Null is only what nobody decides by.
DEVICE_KIND = object_of(
    {
        **all_of(*SELECT, kind=or_null(TEXT)),
        **all_of("accountEnabled", "isCompliant", "isManaged", kind=FLAG),
        "displayName": LINE,
        "trustType": TEXT,
        "id": needed(IDENTITY),
        "deviceId": IDENTITY,
        "physicalIds": list_of(TEXT),
        "extensionAttributes": object_of(all_of(*EXTENSION_ATTRIBUTES)),
        # What is odd among them proves nothing, and keeps nothing else from being read.
        "alternativeSecurityIds": ANY_LIST,
    }
)
#: Expressions in one filter, and objects on one page, at most.
CLAUSES, PAGE = 15, 999
_LONGEST_SHOWN = 100

#: The options that name devices, and the property that each is compared with.
KEYS = {"device_ids": "deviceId", "object_ids": "id", "names": "displayName"}


@dataclasses.dataclass
class Found:
    """What a look-up gave. ``rows`` by object id in the order in which they were named; ``by_key`` has the rows of each
    name or id, by option; ``missing`` those without any. ``unread`` says, by option, of which nobody knows it, and why.
    """

    rows: dict[str, dict] = dataclasses.field(default_factory=dict)
    by_key: dict[str, dict[str, list[dict]]] = dataclasses.field(default_factory=dict)
    unread: dict[str, dict[str, RequestFailure]] = dataclasses.field(default_factory=dict)

    @property
    def missing(self) -> dict[str, list[str]]:
        return {
            option: [key for key, rows in found.items() if not rows and key not in self.unread.get(option, ())]
            for option, found in self.by_key.items()
        }

    def require(self) -> Found:
        """The same; raises the first of what could not be read."""
        for failures in self.unread.values():
            for failure in failures.values():
                raise failure
        return self


def named(args: dict) -> tuple[dict[str, list[str]], list[tuple[str, str]]]:
    """({option: what it names, once each}, (what, why) of device ids that are none).

    Device ids come from devices: a bad one keeps nobody from asking for the others. Failure where an option names
    nothing but bad ids, for an object id that is none, and for an empty name.
    """
    wanted: dict[str, list[str]] = {}
    bad: list[tuple[str, str]] = []
    for option in KEYS:
        values, refused = (args[option] or [], []) if option == "names" else _guids(args[option] or [], option)
        if option == "names":
            refuse_empty(values, option)
        if refused and (option != "device_ids" or not values):
            raise refused[0][1]
        bad += [(in_one_line(value, _LONGEST_SHOWN), "it is not a GUID") for value, _failure in refused]
        wanted[option] = list({value.casefold(): value for value in values}.values())
    return wanted, bad


def _guids(values: Sequence[str], option: str) -> tuple[list[str], list[tuple[str, Failure]]]:
    """(the GUIDs among the values, the others with their refusals)."""
    good, bad = [], []
    for value in values:
        try:
            good.append(require_guid(value, option, "give GUIDs here, and names in the option names"))
        except Failure as failure:
            bad.append((value, failure))
    return good, bad


def look_up(
    client: GraphClient, wanted: dict[str, list[str]], select: Sequence[str] = SELECT, version: str = "v1.0"
) -> Found:
    """The devices with these ids and names (``named``), 300 ids or 20 names in one request.

    Rows are compared with what was asked, so that an answer with other devices finds nothing. Names are compared as
    Windows compares them, without regard to case and never in part. What cannot be read for several together is asked
    for each alone.
    """
    asked: list[tuple[str, list[str]]] = []
    for option, keys in wanted.items():
        size = 1 if option == "names" else CLAUSES
        asked += [(option, keys[start : start + size]) for start in range(0, len(keys), size)]
    found = Found(by_key={option: {key: [] for key in keys} for option, keys in wanted.items()})
    again = _ask(client, asked, found, select, version)
    if again:
        _ask(client, again, found, select, version)
    for keys_found in found.by_key.values():
        for rows in keys_found.values():
            found.rows.update((row["id"], row) for row in rows)
    return found


def _ask(
    client: GraphClient, asked: list[tuple[str, list[str]]], found: Found, select: Sequence[str], version: str
) -> list[tuple[str, list[str]]]:
    """Put the answers to these questions into ``found``. Returns those to be asked once more, for one key each."""
    again: list[tuple[str, list[str]]] = []
    items = [_question(option, keys, select) for option, keys in asked]
    unset = dict.fromkeys(select)
    for (option, keys), item, answer in zip(asked, items, answers_of(client, items, version)):
        rest = {key.casefold(): key for key in keys}
        try:
            rows = list(client.rows_of(item, answer, version))
        except RequestFailure as failed:
            if len(keys) > 1 and failed.status not in OF_THE_CALLER:
                again += [(option, [key]) for key in keys]
            else:
                found.unread.setdefault(option, {}).update(dict.fromkeys(keys, failed))
            continue
        for row in rows:
            key = rest.get(str(row.get(KEYS[option]) or "").casefold())
            if key is not None:
                found.by_key[option][key].append({**unset, **row})
    return again


def _question(option: str, keys: list[str], select: Sequence[str]) -> Item:
    what = f"look up the device {keys[0]!r}" + (f" and {len(keys) - 1} more" if len(keys) > 1 else "")
    query = {"$filter": " or ".join(odata.equals(KEYS[option], key) for key in keys), "$select": ",".join(select)}
    if option == "names":
        query["$top"] = str(PAGE)
    return Item("GET", "/devices", Purpose(what, READ_DEVICES), query, row_kind=DEVICE_KIND)


def every(
    client: GraphClient,
    filters: Sequence[str] = (),
    advanced: bool = False,
    select: Sequence[str] = SELECT,
    version: str = "v1.0",
) -> Iterator[dict]:
    """All devices that the filters let through, page by page. ``advanced``: a filter needs the directory's index."""
    query: dict[str, str | int] = {"$select": ",".join(select), "$top": PAGE}
    if filters:
        query["$filter"] = " and ".join(filters)
    if advanced:
        query["$count"] = "true"
    purpose = Purpose("list the devices", READ_DEVICES)
    return client.list("/devices", purpose, query, version, advanced, DEVICE_KIND)


def owned_by(client: GraphClient, user: str, select: Sequence[str] = SELECT, version: str = "v1.0") -> Iterator[dict]:
    """The devices that a user, named by object id or user principal name, owns."""
    item = owned_item(user, select)
    return client.list(item.path, item.purpose, item.query, version, kind=DEVICE_KIND)


def owned_item(user: str, select: Sequence[str]) -> Item:
    """The same question for a batch."""
    return Item(
        "GET",
        odata.path("users", user, "ownedDevices", "microsoft.graph.device"),
        Purpose(f"list the devices of {user}", Permissions.same("User.Read.All")),
        {"$select": ",".join(select), "$top": PAGE},
        row_kind=DEVICE_KIND,
    )
