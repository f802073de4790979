# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/deviceManagement/operationApprovalRequests, and the gate before every write that a policy protects."""

from __future__ import annotations

import base64
import binascii
import re

from ...tenant.approvals import LONGEST, Write
from ..answers import Answer, Call, GraphError, intune_error
from ..query import Kind, collection, entity
from ..routing import route

READ = (
    "DeviceManagementConfiguration.Read.All DeviceManagementConfiguration.ReadWrite.All "
    "DeviceManagementRBAC.Read.All DeviceManagementRBAC.ReadWrite.All"
)
JUSTIFICATION, CODE = "x-msft-approval-justification", "x-msft-approval-code"
REQUEST = Kind("operationApprovalRequest", pages=(50, 50))
_ROOT = "/deviceManagement/operationApprovalRequests"
_BY_CODE = re.compile(r"requestId eq '([^']*)'")


@route("GET", _ROOT, READ, versions=("beta",))
def list_requests(call: Call) -> Answer:
    """``requestId`` is no property of the type, and the documented filter all the same."""
    rows = call.side.tenant.approvals.look(call.side.clock.utc())
    found = _BY_CODE.fullmatch(call.query.get("$filter", ""))
    if found is not None:
        del call.query["$filter"]
        rows = [row for row in rows if row["id"] == found[1].lower()]
    return collection(call, REQUEST, rows)


@route("GET", _ROOT + "/{id}", READ, versions=("beta",))
def read(call: Call) -> Answer:
    rows = call.side.tenant.approvals.look(call.side.clock.utc())
    found = next((row for row in rows if row["id"] == call.params["id"].lower()), None)
    if found is None:
        raise intune_error(404, "ResourceNotFound", "Request not found", "/".join(call.path))
    return entity(call, REQUEST, found)


def guard(call: Call) -> None:
    """Let a write pass that needs no approval, or has it; GraphError for any other."""
    approvals = call.side.tenant.approvals
    write = Write(call.method, "/" + "/".join(call.path), call.body, call.caller.client_id)
    kind = approvals.kind_of(write.method, write.path)
    if kind is None or write.by in approvals.excluded:
        return
    code = call.headers.get(CODE)
    if code is not None:
        one = approvals.requests.get(code.lower())
        if one is None or one.row["status"] != "approved" or not one.is_for(write):
            raise intune_error(403, "Forbidden", "An error has occurred", write.path)
        one.row["status"] = "completed"
        return
    justification = _justification(call.headers.get(JUSTIFICATION))
    if approvals.open_for(write.method, write.path) is not None:
        raise intune_error(409, "Conflict", "An active Approval Request already exists for this entity.", write.path)
    filed = approvals.file(write, justification, kind, call.side.clock.utc())
    refusal = intune_error(
        412,
        "BadRequest",
        f"Approval Required. Request Approval using the request ID returned as part of the {CODE} response header. "
        f"{CODE}: {filed.row['id']}",
        write.path,
    )
    raise GraphError(412, refusal.code, refusal.message, {CODE: filed.row["id"]})


def _justification(header: str | None) -> str:
    if header is None:
        raise intune_error(400, "BadRequest", f"Header '{JUSTIFICATION}' is required to request approval")
    try:
        text = base64.b64decode(header, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise intune_error(400, "BadRequest", f"Content of '{JUSTIFICATION}' header must be base64") from error
    if len(text) > LONGEST:
        raise intune_error(
            400,
            "BadRequest",
            f"Decoded content of '{JUSTIFICATION}' header must be no greater than {LONGEST} characters",
        )
    return text
