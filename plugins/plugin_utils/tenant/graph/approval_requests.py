# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request for Multi Admin Approval is: the write that it is for, its states, and the failures of those that are
not carried out. How they are asked for and waited for is in approval.py, with the sources.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import typing as t

from ...untrusted import in_one_line
from .errors import GraphFailure
from .failures import RequestFailure
from .fields import IDENTITY, LINE, TEXT, needed, object_of

PLACE = "Intune admin center, Tenant administration, Multi Admin Approval"
DOC = "https://learn.microsoft.com/intune/intune-service/fundamentals/multi-admin-approval"
WAITS, APPROVED = "needsApproval", "approved"
_LONGEST = 64
REQUEST_KIND = object_of(
    {
        "id": needed(IDENTITY),
        "requestId": TEXT,
        "status": TEXT,
        "expirationDateTime": LINE,
        "requestJustification": TEXT,
        "requestor": object_of({"application": object_of({"id": LINE})}),
    }
)
_INTUNE = "/deviceManagement/"


@dataclasses.dataclass(frozen=True)
class IntuneWrite:
    """One write to Intune, as far as it is what a request for approval is for."""

    method: str
    path: str
    body: t.Any
    what: str

    @property
    def mark(self) -> str:
        """What tells this write from others in a justification."""
        said = json.dumps([self.method, self.path, self.body], sort_keys=True)
        return f"[winops.entra {hashlib.sha256(said.encode()).hexdigest()[:16]}]"


def intune_write(method: str, url: str, body: t.Any, reads: bool, what: str) -> IntuneWrite | None:
    """The write of such a request, None where no access policy of Intune can hold it. ``url`` may be a path."""
    if method == "GET" or reads or _INTUNE not in url:
        return None
    return IntuneWrite(method, url[url.index(_INTUNE) :], body, what)


def state_of(row: dict) -> str:
    return str(row.get("status"))


def pending(write: IntuneWrite, row: dict, unread: RequestFailure | None = None) -> GraphFailure:
    """``unread``: why nobody knows what became of the request."""
    code, until = row["id"], f" until {row['expirationDateTime']}" if row.get("expirationDateTime") else ""
    cause = f"request {code} of Multi Admin Approval waits for another administrator{until}, and nothing is changed yet"
    if unread is not None:
        cause += f" (its state could not be read: {unread.error['cause']})"
    fix = (
        f"have it approved ({PLACE}), then run the same task again: it finds this request and carries it out; "
        "approval_timeout lets the task wait"
    )
    return _failure("approval_pending", write, code, cause, fix, state_of(row))


def not_taken(write: IntuneWrite, code: str, failure: RequestFailure) -> GraphFailure:
    """The failure of an approved write that Intune forbids all the same, or for which it wants another approval."""
    cause = (
        f"Intune does not take request {code} of Multi Admin Approval for this change, although it is approved: "
        f"it has expired, another application has filed it, it was for another change, or the caller may not do it "
        f"({failure.code})"
    )
    fix = f"compare the request ({PLACE}) with the task, cancel it, and run the task again, which files a new one"
    return _failure("approval_not_taken", write, code, cause, fix, APPROVED)


def over(write: IntuneWrite, code: str, status: str) -> GraphFailure:
    """The failure of a write whose request will not be approved any more."""
    if status == "rejected":
        cause = f"another administrator has rejected request {code} of Multi Admin Approval"
        fix = f"ask the administrator for the reason ({PLACE}); a further run of the task asks for a new approval"
        return _failure("approval_denied", write, code, cause, fix, status)
    cause = f"request {code} of Multi Admin Approval is over ({in_one_line(status, _LONGEST)}), and not by this task"
    fix = "run the task again: it looks at what is there now, and asks for a new approval where one is needed"
    return _failure("approval_over", write, code, cause, fix, status)


def _failure(name: str, write: IntuneWrite, code: str, cause: str, fix: str, status: str) -> GraphFailure:
    return GraphFailure(
        f"could not {write.what}: {cause}; {fix}",
        "tenant",
        412,
        "",
        "",
        approval=code,
        name=name,
        cause=cause,
        fix=fix,
        evidence=[{"approval_request": code, "status": status}, f"{write.method} {write.path}"],
        doc=DOC,
    )
