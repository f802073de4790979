# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Receipts of imports: importedWindowsAutopilotDeviceIdentity. Each is judged by its own id.

Old receipts of the same serial number lie about, and a receipt has no date. Deleting one does not deregister a device,
may answer 204 and leave it: it is deleted again a few times. Sources: Microsoft Graph, the type's reference; reports.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Collection, Sequence

from ...autopilot import serials
from ..devices.intune import AUTOPILOT_READ, INTUNE_PAGE
from ..graph import odata
from ..graph.batch import Item
from ..graph.client import GraphClient
from ..graph.errors import Purpose
from ..graph.fields import IDENTITY, LINE, NUMBER, TEXT, needed, object_of, or_null
from .identities import AUTOPILOT_WRITE

IMPORTS = ("deviceManagement", "importedWindowsAutopilotDeviceIdentities")
IMPORTS_PATH = "/" + "/".join(IMPORTS)
OPEN, COMPLETE, ERROR = ("unknown", "pending", "partial"), "complete", "error"
#: How often a receipt that stays is deleted.
MOST_DELETIONS = 3
_STATE = object_of(
    {
        "deviceImportStatus": TEXT,
        "deviceErrorCode": or_null(NUMBER),
        "deviceErrorName": LINE,
    }
)
RECEIPT_KIND = object_of(
    {"id": needed(IDENTITY), "serialNumber": LINE, "hardwareIdentifier": or_null(TEXT), "state": _STATE}
)
_LIST = Purpose("list the imports of Windows Autopilot", AUTOPILOT_READ)


@dataclasses.dataclass(frozen=True)
class Receipt:
    """``status``: unknown, pending, partial, complete or error. ``hash`` is None where the service does not show it."""

    id: str
    key: str
    status: str
    error: str = ""
    code: int | None = None
    hash: str | None = None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @classmethod
    def of(cls, row: dict[str, t.Any]) -> Receipt:
        state = row.get("state") or {}
        status = state.get("deviceImportStatus") or OPEN[0]
        # A status that nobody knows is one that has not ended.
        known = status if status in (*OPEN, COMPLETE, ERROR) else OPEN[0]
        return cls(
            row["id"],
            serials.key(row.get("serialNumber") or ""),
            known,
            state.get("deviceErrorName") or "",
            state.get("deviceErrorCode"),
            row.get("hardwareIdentifier") or None,
        )


def listed(client: GraphClient, keys: Collection[str]) -> dict[str, list[Receipt]]:
    """The receipts with these serial numbers, by serials.key. RequestFailure where the list cannot be read."""
    found: dict[str, list[Receipt]] = {}
    for row in client.list(IMPORTS_PATH, _LIST, {"$top": INTUNE_PAGE}, kind=RECEIPT_KIND):
        receipt = Receipt.of(row)
        if receipt.key in keys:
            found.setdefault(receipt.key, []).append(receipt)
    return found


def read(client: GraphClient, ids: Sequence[str]) -> dict[str, Receipt | None]:
    """These receipts as they are now, 20 in one request; None for one that is gone. One that could not be read is
    missing. Failure where the connection breaks."""
    items = [
        Item(
            "GET",
            odata.path(*IMPORTS, identity),
            Purpose("read an import of Windows Autopilot", AUTOPILOT_READ),
            kind=RECEIPT_KIND,
        )
        for identity in ids
    ]
    found: dict[str, Receipt | None] = {}
    for identity, answer in zip(ids, client.batch(items)):
        if answer.says_absent:
            found[identity] = None
        elif answer.failure is None:
            found[identity] = Receipt.of(answer.require())
    return found


def delete(client: GraphClient, ids: Collection[str], keys: Collection[str]) -> int:
    """Delete these receipts, of devices with these serials.key, and look whether they are gone, a few times. Returns
    how many stay. Failure where they cannot be deleted, or nobody can look."""
    purpose = Purpose("delete a receipt of an import of Windows Autopilot", AUTOPILOT_WRITE)
    left = sorted(ids)
    for _attempt in range(MOST_DELETIONS):
        answers = client.batch([Item("DELETE", odata.path(*IMPORTS, identity), purpose) for identity in left])
        refused = [answer.failure for answer in answers if answer.failure is not None and not answer.says_absent]
        there = {receipt.id for found in listed(client, keys).values() for receipt in found}
        left = sorted(there.intersection(left))
        if left and len(refused) == len(answers):
            raise refused[0]
        if not left:
            break
    return len(left)
