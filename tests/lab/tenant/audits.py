# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of the directory's audit log, in the shape of Graph's ``directoryAudit``.

Activities and their service: Microsoft, "Microsoft Entra audit log categories and activities". That a registration
which is refused has an entry, and its ``resultReason``, is reported; that its correlation id is the id that the refusal
names, is ours.
"""

from __future__ import annotations

import json
import typing as t

from . import logs
from .defaults import DEVICE_REGISTRATION

if t.TYPE_CHECKING:
    from .model import Directory, Tenant

REGISTRATION_SERVICE, CORE = "Device Registration Service", "Core Directory"
Row = dict[str, t.Any]


def by_user(user: Row) -> Row:
    """The initiator: a person or a package user."""
    person = {name: user[name] for name in ("id", "displayName", "userPrincipalName")}
    return {"user": {**person, "ipAddress": None}, "app": None}


def by_app(tenant: Tenant, app_id: str, name: str) -> Row:
    principal = next((id_ for id_, row in tenant.service_principals.items() if row["appId"] == app_id), None)
    app = {"appId": None, "displayName": name, "servicePrincipalId": principal, "servicePrincipalName": None}
    return {"user": None, "app": app}


def by_registration(tenant: Tenant) -> Row:
    """What the directory says of who adds device objects."""
    return by_app(tenant, DEVICE_REGISTRATION, REGISTRATION_SERVICE)


def target(kind: str, row: Row, changed: dict[str, t.Any] | None = None) -> Row:
    """What was acted on; ``changed``: new values by the directory's names of properties, written as lists of one
    (published exports)."""
    names = f'"{", ".join(changed or {})}"'
    updated = {"displayName": "Included Updated Properties", "oldValue": None, "newValue": names}
    modified = [(name, [row.get(name[0].lower() + name[1:])], [value]) for name, value in (changed or {}).items()]
    return {
        "id": row.get("id"),
        "displayName": row.get("displayName"),
        "type": kind,
        "userPrincipalName": row.get("userPrincipalName"),
        "groupType": None,
        "modifiedProperties": [
            {
                "displayName": name,
                "oldValue": json.dumps(old) if old != new and old != [None] else "[]",
                "newValue": json.dumps(new),
            }
            for name, old, new in modified
        ]
        + [updated] * bool(changed),
    }


def write(
    directory: Directory,
    tenant: Tenant,
    activity: str,
    initiator: Row,
    targets: list[Row],
    *,
    service: str = CORE,
    category: str = "Device",
    operation: str = "Add",
    correlation: str | None = None,
    reason: str = "",
    failed: bool = False,
    details: dict[str, str] | None = None,
    late: float | None = None,
) -> Row:
    """One entry; ``reason`` is its resultReason."""
    request, now = directory.request_id(), logs.moment(directory)
    short = {REGISTRATION_SERVICE: "DRS", CORE: "Directory"}.get(service, "Directory")
    row = {
        "id": f"{short}_{request}_{len(tenant.logs.rows[logs.AUDITS])}",
        "category": category,
        "correlationId": correlation or request,
        "result": "failure" if failed else "success",
        "resultReason": reason,
        "activityDisplayName": activity,
        "activityDateTime": now,
        "loggedByService": service,
        "operationType": operation,
        "initiatedBy": initiator,
        "targetResources": targets,
        "additionalDetails": [{"key": key, "value": value} for key, value in (details or {}).items()],
    }
    return tenant.logs.write(logs.AUDITS, row, directory.elapsed(), late)


def registered(directory: Directory, tenant: Tenant, found: Row, user: Row | None, correlation: str) -> None:
    """A device object was made: by the service, and in the directory."""
    initiator = by_user(user) if user else by_registration(tenant)
    details = {"Device Id": found["deviceId"], "Device Trust Type": found.get("trustType") or ""}
    known = {**found, "id": found["id"]}
    write(
        directory,
        tenant,
        "Add device",
        by_registration(tenant),
        [target("Device", known, {"DeviceId": found["deviceId"], "DisplayName": found["displayName"]})],
        correlation=correlation,
    )
    write(
        directory,
        tenant,
        "Register device",
        initiator,
        [target("Device", known)],
        service=REGISTRATION_SERVICE,
        operation="Add",
        correlation=correlation,
        details=details,
    )


def refused(directory: Directory, tenant: Tenant, name: str, user: Row, correlation: str, reason: str) -> None:
    """The service did not register a device."""
    write(
        directory,
        tenant,
        "Register device",
        by_user(user),
        [target("Device", {"displayName": name})],
        service=REGISTRATION_SERVICE,
        operation="Add",
        correlation=correlation,
        reason=reason,
        failed=True,
    )
