# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Corporate identifiers of Windows devices in a tenant: read, written in parts, removed.

Sources: Microsoft Graph (beta), "importedDeviceIdentity", "importDeviceIdentityList"; reports that one bad row fails
its whole request with 400.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...result import Failure
from ...task import Task
from .. import bulk
from ..graph import odata
from ..graph.batch import Item
from ..graph.client import GraphClient
from ..graph.errors import APPROVALS, GraphFailure, Permissions, Purpose
from ..graph.failures import RequestFailure
from ..graph.fields import FLAG, IDENTITY, TEXT, needed, object_of, page_of, read_as
from .rows import key

VERSION = "beta"
IDENTIFIERS_PATH = "/deviceManagement/importedDeviceIdentities"
UPLOAD = f"{IDENTIFIERS_PATH}/importDeviceIdentityList"
IDENTIFIERS_READ = Permissions.same("DeviceManagementServiceConfig.Read.All")
WRITE = Permissions.same("DeviceManagementServiceConfig.ReadWrite.All")
TYPE = "manufacturerModelSerial"
DOC = "https://learn.microsoft.com/intune/intune-service/enrollment/corporate-identifiers-add"
#: Rows in one request.
PART = 500
#: Requests that may go into the search for bad rows.
MOST_SPLITS = 200
IDENTIFIERS_PAGE = 1000
IDENTIFIER_KIND = object_of(
    {
        "id": needed(IDENTITY),
        "importedDeviceIdentifier": TEXT,
        "importedDeviceIdentityType": TEXT,
        "enrollmentState": TEXT,
    }
)
_RESULTS = page_of(object_of({"importedDeviceIdentifier": TEXT, "status": FLAG}))
_BAD_REQUEST, _SERVER_ERROR = 400, 500


def listed(client: GraphClient) -> dict[str, dict]:
    """All identifiers of Windows devices that the tenant has, by ``rows.key``. RequestFailure where one page cannot be
    read."""
    purpose = Purpose("list the corporate identifiers", IDENTIFIERS_READ)
    found = client.list(IDENTIFIERS_PATH, purpose, {"$top": IDENTIFIERS_PAGE}, VERSION, kind=IDENTIFIER_KIND)
    return {
        key(row["importedDeviceIdentifier"]): row
        for row in found
        if row.get("importedDeviceIdentityType") == TYPE and row.get("importedDeviceIdentifier")
    }


def removal(identifier: str, row: dict) -> bulk.Write:
    """The write that removes one."""
    what = f"corporate identifier {identifier}"
    item = Item("DELETE", IDENTIFIERS_PATH + odata.path(row["id"]), Purpose(f"remove the {what}", WRITE))
    return bulk.Write(key(identifier), what, item, [(what, {"state": "present"}, {"state": "absent"})])


def addition(identifier: str) -> bulk.Write:
    """The write that adds one, which goes with others in one request."""
    what = f"corporate identifier {identifier}"
    body = {"importedDeviceIdentifier": identifier, "importedDeviceIdentityType": TYPE, "platform": "windows"}
    item = Item("POST", UPLOAD, Purpose(f"upload the {what}", WRITE), body=body)
    return bulk.Write(key(identifier), what, item, [(what, None, {"state": "present"})])


class Upload:
    """Additions on their way, in parts; outcomes and failures are kept in the writes."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._splits = 0

    def send(self, writes: Sequence[bulk.Write]) -> Failure | None:
        """Upload them all. The Failure of what broke: nothing is sent after it."""
        if self._task.check_mode:
            for write in writes:
                self._done(write)
            return None
        broken: Failure | None = None
        for start in range(0, len(writes), PART):
            part = writes[start : start + PART]
            if broken is not None:
                _say(part, bulk.SKIPPED, broken)
                continue
            broken = self._send(part)
            if len(writes) > PART:
                self._task.show(f"corporate identifiers: {min(start + PART, len(writes))} of {len(writes)} sent")
        return broken

    def _send(self, part: Sequence[bulk.Write]) -> Failure | None:
        """One request, and smaller ones where Intune refuses it because of some row. The Failure after which nothing
        more makes sense."""
        purpose = Purpose(f"upload {len(part)} corporate identifiers", WRITE)
        body = {
            "importedDeviceIdentities": [write.item.body for write in part],
            "overwriteImportedDeviceIdentities": False,
        }
        try:
            with self._task.changes.attempt([change for write in part for change in write.changes]):
                answer = self._task.client.post(UPLOAD, body, purpose, VERSION)
            results = read_as(_RESULTS, answer, purpose)["value"]
        except GraphFailure as refused:
            return self._refused(part, refused)
        except RequestFailure as unanswered:
            _say(part, bulk.UNKNOWN, unanswered)
            return unanswered
        not_taken = {key(str(row.get("importedDeviceIdentifier"))) for row in results if row.get("status") is False}
        for write in part:
            if write.key in not_taken:
                write.outcome, write.failure, write.done_before = bulk.UNKNOWN, _not_taken(write), True
            else:
                self._done(write)
        return None

    def _refused(self, part: Sequence[bulk.Write], refused: GraphFailure) -> Failure | None:
        if refused.status < _BAD_REQUEST or refused.status >= _SERVER_ERROR:  # it may have been taken
            _say(part, bulk.UNKNOWN, refused)
            return refused
        if refused.status != _BAD_REQUEST or refused.error["name"] in APPROVALS:
            _say(part, bulk.FAILED, refused)
            return refused
        if len(part) == 1:
            _say(part, bulk.FAILED, refused)
            return None
        if self._splits >= MOST_SPLITS:
            _say(part, bulk.FAILED, refused)
            return refused
        self._splits += 2
        middle = len(part) // 2
        broken = self._send(part[:middle])
        if broken is not None:
            _say(part[middle:], bulk.SKIPPED, broken)
            return broken
        return self._send(part[middle:])

    def _done(self, write: bulk.Write) -> None:
        write.outcome, write.failure = bulk.CHANGED, None
        for what, before, after in write.changes:
            self._task.changes.add(what, before, after)


def _say(part: Sequence[bulk.Write], outcome: str, failure: Failure) -> None:
    for write in part:
        write.outcome, write.failure = outcome, failure


def _not_taken(write: bulk.Write) -> Failure:
    cause = f"Intune did not take the {write.what}"
    fix = "check that the row is spelled as the firmware says it"
    return Failure(f"{cause}; {fix}", side="tenant", name="identifier_not_taken", cause=cause, fix=fix, doc=DOC)
