# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every lab tenant has besides its users: an administrator, app registrations, first-party applications."""

from __future__ import annotations

import typing as t

from . import applications, roles
from .defaults import FIRST_PARTY
from .model import Tenant


def furnish(tenant: Tenant) -> None:
    """Fill a new tenant. Its first user is the administrator."""
    domain = tenant.domains[0]
    admin = tenant.add_user(f"admin@{domain}", "Admin of the lab", usageLocation="IT", userType="Member")
    tenant.add_user(f"lab.user@{domain}", "User of the lab", usageLocation="IT", userType="Member")
    tenant.assign_role(roles.GLOBAL_ADMINISTRATOR, admin["id"])
    applications.register_all(tenant)
    for app_id, name in FIRST_PARTY.items():
        add_service_principal(tenant, app_id, name)
    for application in tenant.applications.values():
        add_service_principal(tenant, application.client_id, application.name, application.object_id)


def add_service_principal(tenant: Tenant, app_id: str, name: str, object_id: str | None = None) -> dict:
    """The service principal of an application, in Graph's shape."""
    found: dict[str, t.Any] = {
        "id": object_id or tenant.object_id(f"service principal/{app_id}"),
        "appId": app_id,
        "displayName": name,
        "appDisplayName": name,
        "accountEnabled": True,
        "servicePrincipalType": "Application",
        "servicePrincipalNames": [app_id],
    }
    tenant.service_principals[found["id"]] = found
    return found
