# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The passkeys that users have registered, many users at once, and what kind each of them is.

Sources: Microsoft Graph, "fido2AuthenticationMethod resource type"; Microsoft Entra, "Enable passkeys in Microsoft
Authenticator", "Microsoft Entra passkey on Windows" (AAGUIDs of passkeys that are not keys of their own). An AAGUID of
zeros is what a key without attestation may say: it names no model.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from ...options import is_guid
from ...result import Failure
from ..graph import odata
from ..graph.batch import Item
from ..graph.client import GraphClient
from ..graph.errors import Permissions, Purpose
from ..graph.failures import RequestFailure
from ..graph.fields import LINE, NAME, TEXT, needed, object_of

SECURITY_KEY, AUTHENTICATOR, WINDOWS_HELLO, SYNCED, UNKNOWN = (
    "security_key",
    "authenticator",
    "windows_hello",
    "synced",
    "unknown",
)
#: AAGUIDs of passkeys that are not on a key of their own.
NOT_A_KEY = {
    "08987058-cadc-4b81-b6e1-30de50dcbe96": WINDOWS_HELLO,  # in the TPM
    "9ddd1817-af5a-4672-a2b9-3e3dd95000a9": WINDOWS_HELLO,  # virtualization-based security
    "6028b017-b1d4-4c02-b4b3-afcdafc96bb2": WINDOWS_HELLO,  # software
    "90a3ccdf-635c-4729-a248-9b709135078f": AUTHENTICATOR,  # iOS
    "de1e552d-db1d-4423-a619-566b625cdc84": AUTHENTICATOR,  # Android
}
NO_MODEL = "00000000-0000-0000-0000-000000000000"
#: Passkeys of one user (Microsoft Entra, "Enable passkeys (FIDO2)").
MOST_PASSKEYS = 10

_READ = Permissions.same("UserAuthMethod-Passkey.Read.All")
_KIND = object_of(
    {
        "id": needed(NAME),
        "displayName": LINE,
        "model": LINE,
        "aaGuid": NAME,
        "createdDateTime": LINE,
        "attestationLevel": TEXT,
        "passkeyType": TEXT,
    }
)


def of_users(client: GraphClient, users: Mapping[str, str]) -> dict[str, list[dict[str, t.Any]] | RequestFailure]:
    """The passkeys of each user, or why they could not be read: ``users`` are names for messages by object id."""
    items = [
        Item(
            "GET",
            odata.path("users", identity, "authentication", "fido2Methods"),
            Purpose(f"read the passkeys of {name}", _READ),
            row_kind=_KIND,
        )
        for identity, name in users.items()
    ]
    found: dict[str, list[dict[str, t.Any]] | RequestFailure] = {}
    for identity, item, answer in zip(users, items, client.batch(items) if items else []):
        try:
            found[identity] = list(client.rows_of(item, answer))
        except RequestFailure as failed:
            found[identity] = failed
    return found


def aaguid_of(row: Mapping[str, t.Any]) -> str | None:
    """The AAGUID in lower case; None where it names no model."""
    text = (row.get("aaGuid") or "").strip().lower()
    return text if is_guid(text) and text != NO_MODEL else None


def kind_of(row: Mapping[str, t.Any]) -> str:
    """What kind of passkey it is: only a device-bound one that is none of the known others is a security key."""
    aaguid = aaguid_of(row)
    if aaguid in NOT_A_KEY:
        return NOT_A_KEY[aaguid]
    if row.get("passkeyType") == "synced":
        return SYNCED
    if row.get("passkeyType") == "deviceBound" and aaguid is not None:
        return SECURITY_KEY
    return UNKNOWN


def shown(row: Mapping[str, t.Any], accepted: bool | None) -> dict[str, t.Any]:
    """A passkey as modules return it."""
    return {
        "id": row["id"],
        "name": row.get("displayName") or None,
        "model": row.get("model") or None,
        "aaguid": aaguid_of(row),
        "kind": kind_of(row),
        "attested": {"attested": True, "notAttested": False}.get(row.get("attestationLevel") or ""),
        "created": row.get("createdDateTime"),
        "accepted": accepted,
    }


def failures(found: Mapping[str, Sequence[dict] | Failure]) -> list[RequestFailure]:
    """Those whose passkeys could not be read."""
    return [one for one in found.values() if isinstance(one, RequestFailure)]
