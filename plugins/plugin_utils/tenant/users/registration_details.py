# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's report of registered methods (``userRegistrationDetails``): the only reader of it.

The report is made by the service now and then, and lacks users: one who is missing is unknown, not "not capable". What
it says has a date. ``fido2`` and ``passKeyDeviceBound`` are two names of one method.

Sources: Microsoft Graph, "userRegistrationDetails resource type" (needs Microsoft Entra ID P1), "List
userRegistrationDetails" (``methodsRegistered`` can be filtered by any with eq).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Mapping

from ..graph import odata
from ..graph.batch import Item
from ..graph.client import GraphClient
from ..graph.errors import Permissions, Purpose
from ..graph.failures import RequestFailure
from ..graph.fields import FLAG, IDENTITY, LINE, TEXT, list_of, needed, object_of

_PATH = ("reports", "authenticationMethods", "userRegistrationDetails")
_READ = Permissions.same("AuditLog.Read.All")
_KIND = object_of(
    {
        "id": needed(IDENTITY),
        "userPrincipalName": LINE,
        "isMfaCapable": FLAG,
        "isMfaRegistered": FLAG,
        "isSsprCapable": FLAG,
        "isSsprRegistered": FLAG,
        "isPasswordlessCapable": FLAG,
        "methodsRegistered": list_of(TEXT),
        "lastUpdatedDateTime": LINE,
    }
)
_SAME = {"fido2": "passKeyDeviceBound", "fido2SecurityKey": "passKeyDeviceBound"}
#: The methods of users who have a passkey of any kind. Who has none of them is not asked for passkeys.
PASSKEY_METHODS = (
    "fido2",
    "fido2SecurityKey",
    "passKeyDeviceBound",
    "passKeySynced",
    "passKeyDeviceBoundAuthenticator",
    "passKeyDeviceBoundWindowsHello",
)


@dataclasses.dataclass(frozen=True)
class Details:
    """What the report says of one user; None is what it does not say. ``date`` as Graph writes it."""

    id: str
    user_principal_name: str | None = None
    mfa_capable: bool | None = None
    sspr_capable: bool | None = None
    passwordless_capable: bool | None = None
    methods: tuple[str, ...] | None = None
    date: str | None = None
    mfa_registered: bool | None = None
    sspr_registered: bool | None = None


def details_item(identity: str, name: str) -> Item:
    """The question about one user; ``name`` is for messages."""
    return Item(
        "GET",
        odata.path(*_PATH, identity),
        Purpose(f"read the registered methods of {name}", _READ),
        kind=_KIND,
    )


def of_users(client: GraphClient, users: Mapping[str, str]) -> dict[str, Details | None | RequestFailure]:
    """What the report says of each user: None where it does not have the user. ``users`` are names for messages by
    object id."""
    items = [details_item(identity, name) for identity, name in users.items()]
    found: dict[str, Details | None | RequestFailure] = {}
    for identity, answer in zip(users, client.batch(items) if items else []):
        if answer.failure is not None:
            found[identity] = None if answer.says_absent else answer.failure
        else:
            found[identity] = details_of(answer.require())
    return found


def with_passkeys(client: GraphClient) -> list[Details]:
    """All users of the report who have a passkey of any kind. RequestFailure where it cannot be read."""
    test = " or ".join(f"methodsRegistered/any(m:{odata.equals('m', name)})" for name in PASSKEY_METHODS)
    rows = client.list(
        odata.path(*_PATH), Purpose("list the users who have passkeys", _READ), {"$filter": test}, kind=_KIND
    )
    wanted = {_SAME.get(name, name) for name in PASSKEY_METHODS}
    return [one for one in map(details_of, rows) if one.methods is None or wanted & set(one.methods)]


def details_of(row: Mapping[str, t.Any]) -> Details:
    """An answer to ``details_item``, or a row of the list."""
    methods = row.get("methodsRegistered")
    return Details(
        row["id"].lower(),
        row.get("userPrincipalName"),
        row.get("isMfaCapable"),
        row.get("isSsprCapable"),
        row.get("isPasswordlessCapable"),
        None if methods is None else tuple(sorted({_SAME.get(one, one) for one in methods})),
        row.get("lastUpdatedDateTime"),
        row.get("isMfaRegistered"),
        row.get("isSsprRegistered"),
    )
