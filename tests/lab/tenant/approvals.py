# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Multi Admin Approval of a tenant: what is protected, the requests, and who decides them.

A write to what a policy protects is refused without a justification, becomes a request with one, and is carried out
only with the code of an approved request, by who has filed it, and as it was filed. Sources: Microsoft Intune, "Use
Multi Admin Approval with the Microsoft Graph API"; the forms of the refusals, 1,024 letters, 409 for an object with an
open request and 3 days as public tools saw them.

Not settled: whether registrations of Windows Autopilot can be protected; here they go with the tenant's configuration.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
import typing as t
import uuid

PROTECTED = ("tenantConfiguration", "deviceDelete", "deviceWipe", "deviceRetire")
DECISIONS = {"approve": "approved", "reject": "rejected", "cancel": "cancelled"}
OPEN = ("needsApproval", "approved")
LONGEST, DAYS = 1024, 3
_KINDS = (
    ("DELETE", r"/deviceManagement/managedDevices/[^/]+", "deviceDelete"),
    ("POST", r"/deviceManagement/managedDevices/[^/]+/(wipe|cleanWindowsDevice)", "deviceWipe"),
    ("POST", r"/deviceManagement/managedDevices/[^/]+/retire", "deviceRetire"),
    (
        "POST|PUT|PATCH|DELETE",
        r"/deviceManagement/(windowsAutopilot\w+|importedWindowsAutopilot\w+|deviceEnrollmentConfigurations)(/.*)?",
        "tenantConfiguration",
    ),
)


@dataclasses.dataclass
class Approvals:
    """``protect``: kinds of PROTECTED. ``excluded``: client ids of applications that the policies leave out.
    ``decide``: what a second administrator does with each request once it was looked at more than ``polls`` times;
    None: nothing by itself."""

    protect: list[str] = dataclasses.field(default_factory=list)
    excluded: list[str] = dataclasses.field(default_factory=list)
    decide: str | None = None
    polls: int = 1
    requests: dict[str, Request] = dataclasses.field(default_factory=dict)

    def kind_of(self, method: str, path: str) -> str | None:
        """The policy that protects what this request writes; None where none does."""
        for methods, pattern, kind in _KINDS:
            if kind in self.protect and method in methods.split("|") and re.fullmatch(pattern, path, re.IGNORECASE):
                return kind
        return None

    def open_for(self, method: str, path: str) -> Request | None:
        """The open request for the same object; a new object is none."""
        found = (one for one in self.requests.values() if one.row["status"] in OPEN and one.path == path)
        return None if method == "POST" and path.count("/") == 2 else next(found, None)

    def file(self, write: Write, justification: str, kind: str, now: datetime.datetime) -> Request:
        """A new request that waits."""
        row: dict[str, t.Any] = {
            "id": str(uuid.uuid4()),
            "requestDateTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "lastModifiedDateTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "expirationDateTime": f"{now + datetime.timedelta(days=DAYS):%Y-%m-%dT%H:%M:%SZ}",
            "requestor": {"application": {"id": write.by, "displayName": "automation"}},
            "approver": None,
            "status": "needsApproval",
            "requestJustification": justification,
            "approvalJustification": None,
            "requiredOperationApprovalPolicyTypes": [kind],
        }
        request = Request(row, write.method, write.path, write.content, write.by)
        self.requests[row["id"]] = request
        return request

    def look(self, now: datetime.datetime) -> list[dict[str, t.Any]]:
        """The rows as a client reads them; each look brings a decision nearer."""
        for one in self.requests.values():
            if one.row["status"] != "needsApproval":
                continue
            one.looks += 1
            if f"{now:%Y-%m-%dT%H:%M:%SZ}" >= one.row["expirationDateTime"]:
                one.row["status"] = "expired"
            elif self.decide is not None and one.looks > self.polls:
                self.settle(one, self.decide)
        return [one.row for one in self.requests.values()]

    def settle(self, one: Request, decision: str) -> None:
        """What a second administrator says."""
        one.row.update(status=DECISIONS[decision], approvalJustification="seen")


@dataclasses.dataclass(frozen=True)
class Write:
    """A write as it is compared: ``by`` is the caller's client id."""

    method: str
    path: str
    body: t.Any
    by: str

    @property
    def content(self) -> str:
        return json.dumps(self.body, sort_keys=True)


@dataclasses.dataclass
class Request:
    """One request: the ``row`` that clients read, and the write that it is for."""

    row: dict[str, t.Any]
    method: str
    path: str
    content: str
    by: str
    looks: int = 0

    def is_for(self, write: Write) -> bool:
        """Whether this is the write that was approved."""
        return (self.method, self.path, self.content, self.by) == (write.method, write.path, write.content, write.by)
