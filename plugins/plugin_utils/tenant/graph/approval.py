# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Multi Admin Approval: a write to Intune that a second administrator approves before the same request carries it out.

An access policy of the tenant protects some of Intune. There a write without a justification is refused, one with a
justification becomes a request for approval and changes nothing, and only the same write with the code of an approved
request is carried out. Nobody else has changed anything, and sending the write again would only file one more request.

So that a later run finds its own request, and files no second one, the justification ends with a mark of the write that
it is for: method, path and body.

Sources: Microsoft Intune, "Use Multi Admin Approval with the Microsoft Graph API" (headers, 400, 412, the states, that
the code takes the place of the justification, the list by ``requestId``); Microsoft Graph, "operationApprovalRequest
resource type". Public tools saw the rest: the code is the request's id (CIPP), at most 1,024 letters, 409 where the
object has an open request, and only who filed a request may carry it out. Not settled: whether ``requestId`` can be
filtered by everywhere (the published type has no such property), so that the id is tried as well.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import base64
import re
import typing as t
from collections.abc import Callable, Mapping

from ...options import bad_option
from . import odata
from .approval_requests import APPROVED, REQUEST_KIND, WAITS, IntuneWrite, not_taken, over, pending, state_of
from .errors import APPROVAL_CODE, APPROVALS, GraphFailure, Permissions, Purpose
from .failures import RequestFailure
from .retry import Waits

if t.TYPE_CHECKING:
    from .client import GraphClient

APPROVAL_JUSTIFICATION = "x-msft-approval-justification"
REQUESTS = "/deviceManagement/operationApprovalRequests"
REQUESTS_VERSION = "beta"
#: Of 1,024 that Intune takes, without the mark.
LONGEST_JUSTIFICATION = 960
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
READ_REQUESTS = Permissions.same("DeviceManagementConfiguration.Read.All")
Headers = dict[str, str]
#: Sends the writes of these numbers, each with its headers, and tells how each has failed; None where it has not.
Send = Callable[[Mapping[int, Headers]], Mapping[int, RequestFailure | None]]


def approvals_of(args: Mapping[str, t.Any], waits: Waits) -> Approvals | None:
    """What a task says of it, None where its module has no such options. Failure for options that cannot be used."""
    if "approval_justification" not in args:
        return None
    justification, seconds = args["approval_justification"], args["approval_timeout"]
    if justification is None and seconds:
        raise bad_option(
            "approval_timeout", "without approval_justification nobody is asked for an approval", "give it as well"
        )
    if justification is not None and len(justification) > LONGEST_JUSTIFICATION:
        raise bad_option(
            "approval_justification",
            f"Intune takes no text of {len(justification)} letters",
            f"give {LONGEST_JUSTIFICATION} or less",
        )
    return Approvals(justification, waits.another(seconds))


class Approvals:
    """The approvals of one task: its justification, and ``waits``, what it may spend on waiting for administrators."""

    def __init__(self, justification: str | None, waits: Waits) -> None:
        self._justification = justification
        self._waits = waits
        self._found: dict[str, dict] | None = None

    def carry_out(
        self, client: GraphClient, writes: Mapping[int, IntuneWrite], send: Send
    ) -> Mapping[int, RequestFailure | None]:
        """How each write has failed, None where it was carried out: asked for, waited for and sent again as needed.

        What ``send`` raises is raised: nobody knows then whether the writes arrived.
        """
        if self._justification is None:
            return send({number: {} for number in writes})
        found = self._open_requests(client) if writes else {}
        rows = {number: found[write.mark] for number, write in writes.items() if write.mark in found}
        failures = dict(send({n: self._asking(write) for n, write in writes.items() if n not in rows}))
        for number, failure in failures.items():
            if isinstance(failure, GraphFailure) and failure.error["name"] == "approval_pending" and failure.approval:
                rows[number] = found[writes[number].mark] = {"id": failure.approval, "status": WAITS}
        if rows:
            failures.update(self._wait_and_send(client, writes, rows, send))
        return failures

    def carry_out_one(
        self, client: GraphClient, write: IntuneWrite, send: Callable[[Headers], dict | None]
    ) -> dict | None:
        """The answer to one write, which ``send`` sends with headers; its failure is raised."""
        answer: dict | None = None

        def send_all(headers: Mapping[int, Headers]) -> dict[int, RequestFailure | None]:
            nonlocal answer
            for number, added in headers.items():
                try:
                    answer = send(added)
                except GraphFailure as refused:
                    return {number: refused}
            return dict.fromkeys(headers)

        failure = self.carry_out(client, {0: write}, send_all)[0]
        if failure is not None:
            raise failure
        return answer

    def _asking(self, write: IntuneWrite) -> Headers:
        text = f"{self._justification} {write.mark}"
        return {APPROVAL_JUSTIFICATION: base64.b64encode(text.encode()).decode()}

    def _open_requests(self, client: GraphClient) -> dict[str, dict]:
        """{mark: request} of the open requests that this application has filed before, read once in a task; empty where
        they may not be read, so that Intune itself refuses a second one."""
        if self._found is None:
            self._found = {}
            purpose = Purpose("look for open requests of Multi Admin Approval", READ_REQUESTS)
            try:
                for row in client.list(REQUESTS, purpose, version=REQUESTS_VERSION, kind=REQUEST_KIND):
                    if row.get("status") in (WAITS, APPROVED) and _may_be_own(row, client):
                        for mark in re.findall(
                            r"\[winops\.entra [0-9a-f]{16}\]", row.get("requestJustification") or ""
                        ):
                            self._found[mark] = row
            except RequestFailure as unread:
                self._found.clear()
                self._waits.tell(f"{unread.msg}; if one is open, Intune may file a second one")
        return self._found

    def _wait_and_send(
        self, client: GraphClient, writes: Mapping[int, IntuneWrite], rows: dict[int, dict], send: Send
    ) -> dict[int, RequestFailure | None]:
        """Wait until each of these requests is decided, within the limit, and send again what was approved."""
        outcomes: dict[int, RequestFailure | None] = {}
        seconds = FIRST_WAIT
        while True:
            approved = {number: {APPROVAL_CODE: row["id"]} for number, row in rows.items() if state_of(row) == APPROVED}
            if approved:
                outcomes.update(self._send_approved(writes, approved, send))
            for number, row in rows.items():
                if state_of(row) not in (APPROVED, WAITS):
                    outcomes[number] = over(writes[number], row["id"], state_of(row))
            rows = {number: row for number, row in rows.items() if number not in outcomes}
            if not rows:
                return outcomes
            told = f"request {next(iter(rows.values()))['id']} of Multi Admin Approval waits for another administrator"
            if not self._waits.wait(seconds, told if len(rows) == 1 else f"{told}, and {len(rows) - 1} more"):
                return outcomes | {number: pending(writes[number], row) for number, row in rows.items()}
            seconds = min(LONGEST_WAIT, seconds * 2)
            try:
                rows = self._read_again(client, writes, rows)
            except RequestFailure as unread:
                return outcomes | {number: pending(writes[number], row, unread) for number, row in rows.items()}

    def _send_approved(
        self, writes: Mapping[int, IntuneWrite], approved: Mapping[int, Headers], send: Send
    ) -> dict[int, RequestFailure | None]:
        """Send these writes with their codes, which count once."""
        outcomes = dict(send(approved))
        for number, headers in approved.items():
            if self._found is not None:
                self._found.pop(writes[number].mark, None)
            failure = outcomes[number]
            # With an approval of its own the write needs no other one: whatever asks for one does not take this one.
            if failure is not None and (failure.status == 403 or failure.error["name"] in APPROVALS):
                outcomes[number] = not_taken(writes[number], headers[APPROVAL_CODE], failure)
        return outcomes

    def _read_again(
        self, client: GraphClient, writes: Mapping[int, IntuneWrite], rows: Mapping[int, dict]
    ) -> dict[int, dict]:
        """These requests as they now are; many are looked for in one list of all."""
        listed: dict[str, dict] = {}
        if len(rows) > 1:
            purpose = Purpose(f"read {len(rows)} requests of Multi Admin Approval", READ_REQUESTS)
            everything = client.list(REQUESTS, purpose, version=REQUESTS_VERSION, kind=REQUEST_KIND)
            listed = {row["id"].lower(): row for row in everything}
        return {
            number: listed.get(row["id"].lower()) or self._read(client, writes[number], row["id"])
            for number, row in rows.items()
        }

    def _read(self, client: GraphClient, write: IntuneWrite, code: str) -> dict:
        """The request; one that says that it waits where the service does not know it yet."""
        purpose = Purpose(f"read the request {code} of Multi Admin Approval, with which to {write.what}", READ_REQUESTS)
        query = {"$filter": odata.equals("requestId", code)}
        try:
            rows = client.list(REQUESTS, purpose, query, version=REQUESTS_VERSION, kind=REQUEST_KIND)
            found = next((row for row in rows if code.lower() in (row["id"].lower(), _id(row).lower())), None)
        except GraphFailure as refused:
            if refused.status != 400:
                raise
            found = None
        if found is None:
            found = client.find(
                odata.path("deviceManagement", "operationApprovalRequests", code),
                purpose,
                version=REQUESTS_VERSION,
                kind=REQUEST_KIND,
            )
        return found or {"id": code, "status": WAITS}


def _id(row: dict) -> str:
    return row.get("requestId") or ""


def _may_be_own(row: dict, client: GraphClient) -> bool:
    """Nobody may carry out what another one has asked for."""
    filed_by = ((row.get("requestor") or {}).get("application") or {}).get("id")
    own = client.session.caller.client_id
    return not filed_by or not own or filed_by.lower() == own.lower()
