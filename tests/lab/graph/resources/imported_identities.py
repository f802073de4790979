# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/deviceManagement/importedDeviceIdentities: corporate identifiers (beta).

One row that is wrong fails the whole upload with 400 and does not say which (reports of uploads in the portal and by
Graph); what is there already is not taken again unless it is to be overwritten.
"""

from __future__ import annotations

from ...tenant.objects import utc_seconds
from ...tenant.preparation import add_corporate_identifier
from ..answers import Answer, Call, intune_error
from ..query import Kind, Row, collection, entity, present
from ..routing import route
from ..types import check_body

READ = "DeviceManagementServiceConfig.Read.All DeviceManagementServiceConfig.ReadWrite.All"
WRITE = "DeviceManagementServiceConfig.ReadWrite.All"
_ROOT = "/deviceManagement/importedDeviceIdentities"
IDENTITY = Kind("importedDeviceIdentity", pages=(1000, 1000))
RESULT = Kind("importedDeviceIdentityResult")
#: Rows that the service refuses for a reason of its own, which nobody can see beforehand.
REFUSED = "Refused"


@route("GET", _ROOT, READ, versions=("beta",))
def list_identities(call: Call) -> Answer:
    return collection(call, IDENTITY, call.side.view.rows("corporate_identifiers"))


@route("GET", _ROOT + "/{id}", READ, versions=("beta",))
def read(call: Call) -> Answer:
    return entity(call, IDENTITY, find(call))


@route("POST", _ROOT + "/importDeviceIdentityList", WRITE, versions=("beta",))
def import_list(call: Call) -> Answer:
    body, tenant = call.object_body(), call.side.tenant
    rows = [check_body(call.version, IDENTITY.type, row) for row in body["importedDeviceIdentities"]]
    if not all(_is_right(row) for row in rows):
        raise intune_error(400, "BadRequest", "One or more of the identifiers are not valid.")
    known = {row["importedDeviceIdentifier"].lower(): row for row in tenant.corporate_identifiers.values()}
    results = []
    for row in rows:
        text = row["importedDeviceIdentifier"]
        old = known.get(text.lower())
        made = old or add(call, text)
        taken = old is None or bool(body.get("overwriteImportedDeviceIdentities"))
        results.append({**present(call, RESULT, made, {}), "status": taken})
    return Answer(
        200, {"@odata.context": f"{call.root}/$metadata#Collection(importedDeviceIdentityResult)", "value": results}
    )


@route("DELETE", _ROOT + "/{id}", WRITE, versions=("beta",))
def delete(call: Call) -> Answer:
    found = find(call)
    call.side.view.touch("corporate_identifiers", found["id"])
    del call.side.tenant.corporate_identifiers[found["id"]]
    return Answer(204)


def add(call: Call, text: str) -> Row:
    row = add_corporate_identifier(call.side.tenant, text, utc_seconds(call.side.clock.utc()))
    call.side.view.touch("corporate_identifiers", row["id"])
    return row


def _is_right(row: Row) -> bool:
    parts = [part.strip() for part in str(row.get("importedDeviceIdentifier") or "").split(",")]
    return (
        row.get("importedDeviceIdentityType") == "manufacturerModelSerial"
        and len(parts) == len(("manufacturer", "model", "serial"))
        and all(part and not part.endswith(".") for part in parts)
        and REFUSED not in parts[1]
    )


def find(call: Call) -> Row:
    found = call.side.view.get("corporate_identifiers", call.params["id"].lower())
    if found is None or found["id"] not in call.side.tenant.corporate_identifiers:
        raise intune_error(404, "ResourceNotFound", "Identity not found", "/".join(call.path))
    return found
