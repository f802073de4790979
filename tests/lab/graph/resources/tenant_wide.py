# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What readiness looks at: Conditional Access, security defaults, the organization, licences, service principals."""

from __future__ import annotations

from ..answers import Answer, Call, not_found
from ..query import Kind, collection, entity
from ..routing import route
from .kinds import SERVICE_PRINCIPAL

CONDITIONAL_ACCESS = Kind("conditionalAccessPolicy", pages=(100, 999), on_select=("deletedDateTime",))
SECURITY_DEFAULTS = Kind("identitySecurityDefaultsEnforcementPolicy", on_select=("deletedDateTime",))
ORGANIZATION = Kind("organization", pages=None)
SKU = Kind("subscribedSku", pages=None, refused=("$top", "$search"))
PRINCIPALS = "Application.Read.All Application.ReadWrite.OwnedBy Application.ReadWrite.All"
PEOPLE_PRINCIPALS = "Application.Read.All Application.ReadWrite.All Directory.Read.All Directory.ReadWrite.All"
_POLICIES = "/identity/conditionalAccess/policies"


@route("GET", _POLICIES, "Policy.Read.All")
def policies(call: Call) -> Answer:
    return collection(call, CONDITIONAL_ACCESS, call.side.tenant.conditional_access)


@route("GET", _POLICIES + "/{id}", "Policy.Read.All")
def policy(call: Call) -> Answer:
    for row in call.side.tenant.conditional_access:
        if row["id"] == call.params["id"].lower():
            return entity(call, CONDITIONAL_ACCESS, row)
    raise not_found(call.params["id"])


@route(
    "GET", "/policies/identitySecurityDefaultsEnforcementPolicy", "Policy.Read.All Policy.ReadWrite.SecurityDefaults"
)
def security_defaults(call: Call) -> Answer:
    return entity(call, SECURITY_DEFAULTS, call.side.tenant.security_defaults)


@route(
    "GET",
    "/organization",
    "Organization.Read.All Organization.ReadWrite.All Directory.Read.All "
    "Directory.ReadWrite.All DeviceManagementServiceConfig.Read.All DeviceManagementServiceConfig.ReadWrite.All "
    "User.Read.All DeviceManagementConfiguration.Read.All DeviceManagementConfiguration.ReadWrite.All",
    delegated="User.Read User.Read.All Organization.Read.All Directory.Read.All DeviceManagementServiceConfig.Read.All",
)
def organization(call: Call) -> Answer:
    tenant = call.side.tenant
    return collection(
        call,
        ORGANIZATION,
        [
            {
                "id": tenant.id,
                "displayName": tenant.name,
                "tenantType": "AAD",
                "countryLetterCode": "IT",
                "createdDateTime": "2024-01-01T00:00:00Z",
                "mobileDeviceManagementAuthority": "intune",
                "verifiedDomains": [
                    {
                        "name": name,
                        "isDefault": number == 0,
                        "isInitial": number == len(tenant.domains) - 1,
                        "capabilities": "Email, OfficeCommunicationsOnline",
                        "type": "Managed",
                    }
                    for number, name in enumerate(tenant.domains)
                ],
            }
        ],
    )


@route(
    "GET",
    "/subscribedSkus",
    "LicenseAssignment.Read.All Organization.Read.All Organization.ReadWrite.All "
    "Directory.Read.All Directory.ReadWrite.All",
)
def skus(call: Call) -> Answer:
    return collection(call, SKU, call.side.view.rows("subscribed_skus"))


@route("GET", "/servicePrincipals", PRINCIPALS + " Directory.Read.All", delegated=PEOPLE_PRINCIPALS)
def service_principals(call: Call) -> Answer:
    return collection(call, SERVICE_PRINCIPAL, call.side.view.rows("service_principals"))


@route(
    "GET",
    "/servicePrincipals(appId='{app}')",
    PRINCIPALS + " Directory.Read.All Directory.ReadWrite.All",
    delegated=PEOPLE_PRINCIPALS,
)
def service_principal(call: Call) -> Answer:
    for row in call.side.view.rows("service_principals"):
        if row["appId"] == call.params["app"].lower():
            return entity(call, SERVICE_PRINCIPAL, row)
    raise not_found(call.params["app"])
