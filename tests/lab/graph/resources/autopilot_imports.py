# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/deviceManagement/importedWindowsAutopilotDeviceIdentities: receipts of imports, which end some time later.

"import: importedWindowsAutopilotDeviceIdentity" of the reference; docs-contrib issue 6210 (what a body may have);
msgraph-sdk-powershell issue 2907 (a receipt cannot be patched).
"""

from __future__ import annotations

from ...tenant import autopilot
from ..answers import Answer, Call, intune_error
from ..query import Kind, Row, collection, entity
from ..routing import route
from .autopilot import READ, WRITE, require_domain

_ROOT = "/deviceManagement/importedWindowsAutopilotDeviceIdentities"
RECEIPT = Kind("importedWindowsAutopilotDeviceIdentity", pages=(1000, 1000))
#: What a body may have; the rest is the service's answer.
TAKEN = (
    "serialNumber",
    "productKey",
    "groupTag",
    "importId",
    "hardwareIdentifier",
    "assignedUserPrincipalName",
    "state",
)


@route("GET", _ROOT, READ)
def list_receipts(call: Call) -> Answer:
    _proceed(call)
    return collection(call, RECEIPT, call.side.tenant.autopilot_imports.values())


@route("GET", _ROOT + "/{id}", READ)
def read(call: Call) -> Answer:
    _proceed(call)
    return entity(call, RECEIPT, _find(call))


@route("POST", _ROOT + "/import", WRITE)
def take(call: Call) -> Answer:
    """All of them are taken at once, or none where one is not of the right form."""
    _proceed(call)
    given = call.object_body().get("importedWindowsAutopilotDeviceIdentities")
    if not isinstance(given, list) or not given:
        raise intune_error(400, "BadRequest", "importedWindowsAutopilotDeviceIdentities is missing.")
    for one in given:
        unknown = set(one) - set(TAKEN) - {"@odata.type"}
        if unknown or not all(value is None or isinstance(value, (str, dict)) for value in one.values()):
            raise intune_error(400, "BadRequest", f"The body is not understood: {sorted(unknown)}")
        require_domain(call, one.get("assignedUserPrincipalName"))
    made = [autopilot.accept(call.side.directory, call.side.tenant, one) for one in given]
    shown = [entity(call, RECEIPT, row).body for row in made]
    return Answer(
        200,
        {
            "@odata.context": f"{call.root}/$metadata#Collection(microsoft.graph.{RECEIPT.type})",
            "value": [{name: value for name, value in row.items() if name != "@odata.context"} for row in shown],
        },
    )


@route("DELETE", _ROOT + "/{id}", WRITE)
def delete(call: Call) -> Answer:
    autopilot.forget_receipt(call.side.tenant, _find(call)["id"])
    return Answer(204)


def _find(call: Call) -> Row:
    found = call.side.tenant.autopilot_imports.get(call.params["id"].lower())
    if found is None:
        raise intune_error(404, "ResourceNotFound", "Imported device not found", "/".join(call.path))
    return found


def _proceed(call: Call) -> None:
    autopilot.proceed(call.side.directory, call.side.tenant)
