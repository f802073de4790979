# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which users and devices no condition of a Conditional Access policy can tell apart: they get the same answer, and the
service is asked about one of them.

What is not understood makes a class smaller, and no answer is shared that could differ: roles, guests and conditions
of a form that is not known here stand for each user or device by itself.

Source: Microsoft Graph, "conditionalAccessConditionSet resource type", "conditionalAccessUsers resource type",
"conditionalAccessFilter resource type" (a rule over ``device.``).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t
from collections.abc import Callable, Hashable, Iterable, Mapping

from ...options import is_guid
from ..graph.batch import Item
from ..graph.client import GraphClient
from ..graph.errors import Permissions, Purpose
from ..graph.failures import RequestFailure
from ..graph.fields import ANY_OBJECT, TEXT, list_of, needed, object_of
from ..users.people import membership_items

_READ = Permissions.same("Policy.Read.All")
_TEXTS = list_of(TEXT)
_LISTS = ("includeUsers", "excludeUsers", "includeGroups", "excludeGroups", "includeRoles", "excludeRoles")
_POLICY_KIND = object_of(
    {
        "state": needed(TEXT),
        "conditions": object_of(
            {
                "users": object_of(dict.fromkeys(_LISTS, _TEXTS)),
                "devices": object_of({"deviceFilter": object_of({"rule": TEXT})}),
                "applications": ANY_OBJECT,
            }
        ),
    }
)
_PROPERTY = re.compile(r"device\.([A-Za-z0-9]{1,40})", re.ASCII)
#: Names of ``includeUsers`` that are everybody or nobody.
_EVERYBODY = ("all", "none")


@dataclasses.dataclass
class Conditions:
    """What the policies look at: ids of ``users`` and ``groups`` by name, and properties of a device. ``each_user`` and
    ``each_device``: something tells every one apart."""

    users: set[str] = dataclasses.field(default_factory=set)
    groups: set[str] = dataclasses.field(default_factory=set)
    properties: set[str] = dataclasses.field(default_factory=set)
    each_user: bool = False
    each_device: bool = False


def read(client: GraphClient) -> Conditions:
    """The conditions of the tenant's policies that are not off. Where they cannot be read, each pair is by itself."""
    try:
        purpose = Purpose("list the policies of Conditional Access", _READ)
        rows = list(client.list("/identity/conditionalAccess/policies", purpose, kind=_POLICY_KIND))
    except RequestFailure:
        return Conditions(each_user=True, each_device=True)
    return conditions_of(rows)


def conditions_of(rows: Iterable[Mapping[str, t.Any]]) -> Conditions:
    """The conditions of those policies that are not off."""
    found = Conditions()
    for row in rows:
        if row["state"] != "disabled":
            _add(found, row.get("conditions") or {})
    return found


def _add(found: Conditions, conditions: Mapping[str, t.Any]) -> None:
    users, devices = conditions.get("users") or {}, conditions.get("devices") or {}
    for name in ("includeUsers", "excludeUsers"):
        named = {one.lower() for one in users.get(name) or []} - {*_EVERYBODY}
        found.each_user |= any(not is_guid(one) for one in named)  # guests
        found.users |= named
    for name in ("includeGroups", "excludeGroups"):
        found.groups |= {one.lower() for one in users.get(name) or []}
    # Roles, guests, and whatever is not known here.
    found.each_user |= any(users[name] for name in users if name not in _LISTS[:4] and not name.startswith("@"))
    rule = (devices.get("deviceFilter") or {}).get("rule")
    if rule:
        properties = set(_PROPERTY.findall(rule))
        found.properties |= properties
        found.each_device |= not properties
    found.each_device |= any(devices[name] for name in devices if name != "deviceFilter" and not name.startswith("@"))


def ask_groups(
    ask: Callable[[list[Item]], list[t.Any]], conditions: Conditions, users: Mapping[str, str]
) -> dict[str, frozenset[str] | None]:
    """In which of the groups each user is, by object id; None where that could not be read. ``ask`` gives the rows of
    each item, or why there are none."""
    wanted = sorted(group for group in conditions.groups if is_guid(group))
    found: dict[str, frozenset[str] | None] = dict.fromkeys(users, frozenset())
    if conditions.each_user or not wanted:
        return found
    asked = membership_items(users, wanted)
    items = [item for _identity, item in asked]
    for (identity, _item), rows in zip(asked, ask(items)):
        before = found[identity]
        if isinstance(rows, list) and before is not None:
            found[identity] = before | {str(one).lower() for one in rows}
        else:
            found[identity] = None
    return found


def class_of(
    conditions: Conditions, user: str, groups: frozenset[str] | None, info: Mapping[str, t.Any]
) -> tuple[Hashable, Hashable]:
    """The class of a user (lower-case object id) on a device (its ``deviceInfo``)."""
    whose: Hashable = user
    if not conditions.each_user and groups is not None and user not in conditions.users:
        whose = groups
    if conditions.each_device:
        return whose, str(info.get("deviceId"))
    return whose, _values(info, conditions.properties)


def _values(info: Mapping[str, t.Any], properties: Iterable[str]) -> Hashable:
    """The values that the rules look at; the device itself where one is not among what is sent."""
    sent = {name.lower(): repr(value) for name, value in info.items()}
    # In rules the properties have names of their own.
    names = {"deviceownership": "ownership", "devicetrusttype": "trusttype"}
    wanted = sorted(names.get(name.lower(), name.lower()) for name in properties)
    if any(name not in sent for name in wanted):
        return str(info.get("deviceId"))
    return tuple(sent[name] for name in wanted)
