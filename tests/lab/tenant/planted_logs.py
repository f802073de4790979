# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries that a scenario puts into the logs: docs/lab.md has the options.

A sign-in without an ``error`` of its own is judged by the tenant's policies, as one that happens.
"""

from __future__ import annotations

import typing as t

from . import access, audits, enrollment, sign_ins
from .defaults import DEVICE_REGISTRATION, INTUNE, INTUNE_ENROLLMENT

if t.TYPE_CHECKING:
    from .model import Directory, Tenant

RESOURCES = {
    "device_registration": DEVICE_REGISTRATION,
    "intune_enrollment": INTUNE_ENROLLMENT,
    "intune": INTUNE,
    "graph": "00000003-0000-0000-c000-000000000000",
    "sharepoint": sign_ins.SHAREPOINT,
}
SETTINGS = ("lag", "keep_days", "licence_check", "without_window", "odd_filters")
APPS = {"aadj_csp": sign_ins.AADJ_CSP, "broker": sign_ins.BROKER, "office_home": sign_ins.OFFICE_HOME}
#: Minutes ago, where an entry does not say when; of several of one kind each is a quarter of a minute later.
AGO = 60.0
Row = dict[str, t.Any]


def plant(directory: Directory, tenant: Tenant, options: Row, package_users: t.Mapping[str, Row]) -> None:
    """Apply ``logs`` of one tenant. ``package_users``: what the logs know of a package's user, by package."""

    def who(entry: Row) -> Row:
        return package_users[entry["package"]] if "package" in entry else _user(tenant, entry["user"])

    for name in SETTINGS:
        setattr(tenant.logs, name, options.get(name, getattr(tenant.logs, name)))
    for write, part in ((_sign_in, "sign_ins"), (_audit, "audits"), (_enrollment, "enrollment_failures")):
        for entry in options.get(part, []):
            for number in range(entry.get("count", 1)):
                with directory.earlier(entry.get("minutes", AGO) - number * 0.25):
                    write(directory, tenant, entry, who)


def package_user(user_id: str, upn: str) -> Row:
    """What the logs know of a package's user, who may be gone."""
    return {"id": user_id, "userPrincipalName": upn, "displayName": upn.partition("@")[0]}


def _sign_in(directory: Directory, tenant: Tenant, entry: Row, who: t.Callable[[Row], Row]) -> None:
    user, found = who(entry), _device(tenant, entry.get("device"))
    package = "package" in entry
    resource = RESOURCES[entry.get("resource", "device_registration" if package else "sharepoint")]
    app = APPS[entry.get("app", "aadj_csp" if package else "broker")]
    registers = resource == DEVICE_REGISTRATION
    attempt = access.Attempt(
        user["id"],
        access.REGISTRATION if registers else frozenset({resource, app}),
        registers,
        frozenset({"mfa"} if entry.get("mfa") else ()),
        found,
        "browser" if "browser" in entry else "mobileAppsAndDesktopClients",
    )
    verdict = access.judge(tenant, attempt)
    if "policies" in entry:
        verdict = _as_told(tenant, entry)
    client = sign_ins.Client(object=found, browser=entry.get("browser", ""))
    given = {"correlation": entry["correlation"]} if "correlation" in entry else {}
    sign_ins.write(
        directory,
        tenant,
        user,
        verdict,
        app=app,
        resource=resource,
        request=directory.request_id(),
        correlation=given.get("correlation") or directory.request_id(),
        error=entry.get("error"),
        interactive=entry.get("interactive", not package),
        mfa=entry.get("mfa", False),
        client=client,
        late=entry.get("late"),
    )


def _as_told(tenant: Tenant, entry: Row) -> access.Verdict:
    """A verdict of policies as they were then: the tenant may have others now, or none."""
    rows: list[Row] = [
        {
            "id": tenant.object_id(f"earlier policy/{policy['name']}"),
            "displayName": policy["name"],
            "enforcedGrantControls": policy.get("controls", []),
            "enforcedSessionControls": [],
            "result": policy["result"],
            "_missing": "",
        }
        for policy in entry["policies"]
    ]
    results = {row["result"] for row in rows}
    status = next((one for one in ("failure", "success") if one in results), "notApplied")
    return access.Verdict(entry.get("error", 0), status, rows)


def _audit(directory: Directory, tenant: Tenant, entry: Row, who: t.Callable[[Row], Row]) -> None:
    person = {"user", "package"} & set(entry)
    found = _device(tenant, entry.get("device")) or {"displayName": entry.get("device")}
    subject = _user(tenant, entry["on_user"]) if "on_user" in entry else None
    service = entry.get("service", audits.CORE)
    audits.write(
        directory,
        tenant,
        entry["activity"],
        audits.by_user(who(entry)) if person else audits.by_app(tenant, "", str(entry.get("by", service))),
        [audits.target("User", subject) if subject else audits.target("Device", found)],
        service=service,
        category="UserManagement" if subject else "Device",
        operation=entry.get("operation", "Update"),
        correlation=entry.get("correlation"),
        reason=entry.get("reason", ""),
        failed=entry.get("failed", False),
        late=entry.get("late"),
    )


def _enrollment(directory: Directory, tenant: Tenant, entry: Row, who: t.Callable[[Row], Row]) -> None:
    found = _device(tenant, entry.get("device"))
    enrollment.record(
        directory,
        tenant,
        enrollment.Refusal(0, entry["category"], entry["reason"]),
        user_id=who(entry)["id"] if {"user", "package"} & set(entry) else None,
        device_id=found["deviceId"] if found else None,
        kind=entry.get("type", "windowsAzureADJoin"),
        late=entry.get("late"),
    )


def _device(tenant: Tenant, name: str | None) -> Row | None:
    known = [*tenant.devices.values(), *tenant.deleted_devices.values()]
    return next((row for row in known if name and row["displayName"].lower() == name.lower()), None)


def _user(tenant: Tenant, name: str) -> Row:
    found = tenant.user(name if "@" in name else f"{name}@{tenant.domains[0]}")
    if found is None:
        raise KeyError(name)
    return found
