# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of the sign-in log, in the shape of Graph's ``signIn`` (v1.0 and beta).

Microsoft Graph, "signIn resource type"; published exports. A bulk token is redeemed by the AADJ CSP for its package
user, without a person; people join and enroll by the Authentication Broker. An entry has the id of the request that the
answer calls Trace ID, and its correlation id. Every device of the lab is behind one address.
"""

from __future__ import annotations

import dataclasses
import typing as t

from . import logs
from .access import Verdict
from .defaults import FIRST_PARTY
from .times import utc_seconds

if t.TYPE_CHECKING:
    from .model import Directory, Tenant

AADJ_CSP = "b90d5b8f-5503-4153-b545-b31cecfaece2"
BROKER = "29d9ed98-a469-4536-ade2-f981bc1d605e"
OFFICE_HOME = "4765445b-32c6-49b0-83e6-1d93765276ca"
SHAREPOINT = "00000003-0000-0ff1-ce00-000000000000"
NAMES = {
    **FIRST_PARTY,
    AADJ_CSP: "AADJ CSP",
    BROKER: "Microsoft Authentication Broker",
    OFFICE_HOME: "OfficeHome",
    SHAREPOINT: "Office 365 SharePoint Online",
}
#: failureReason of a code, paraphrased; success says "Other." (published exports).
REASONS = {
    0: "Other.",
    50034: "The user account does not exist in the directory.",
    50053: "The account is locked.",
    50055: "The password is expired.",
    50057: "The user account is disabled.",
    50074: "Strong authentication is required and the user did not pass the MFA challenge.",
    50076: "Due to a configuration change, or because you moved, you must use multi-factor authentication.",
    50079: "The user must enroll in multi-factor authentication.",
    50097: "Device authentication is required.",
    50105: "The signed in user is not assigned to a role for the application.",
    50126: "Invalid username or password.",
    50155: "Device authentication failed for this user.",
    50158: "External security challenge was not satisfied.",
    50173: "The grant was revoked; a fresh token is needed.",
    53000: "Device is not in required device state: compliant.",
    53001: "Device is not in required device state: domain joined.",
    53003: "Access has been blocked by Conditional Access policies.",
    65001: "The user or administrator has not consented to use the application.",
    135011: "The device used during the authentication is disabled.",
    700003: "The device object was not found in the tenant.",
    700082: "The refresh token has expired due to inactivity.",
}
ADDRESS = "203.0.113.10"


@dataclasses.dataclass(frozen=True)
class Client:
    """What a sign-in carries of its device: ``system`` in the log's words, ``object`` (in the directory) or None."""

    system: str = "Windows 10"
    agent: str = "Dsreg/10.0 (Windows 10.0.22631.4317)"
    object: dict[str, t.Any] | None = None
    browser: str = ""


def client_of(device: t.Any, found: dict[str, t.Any] | None = None) -> Client:
    """A device that registers or enrolls; ``found``: its object, where the sign-in is authenticated by it."""
    if device is None:
        return Client(object=found)
    return Client(
        "Windows 11" if device.image.build >= 22000 else "Windows 10",
        f"Dsreg/10.0 (Windows 10.0.{device.image.build}.{device.image.revision})",
        found,
    )


def write(
    directory: Directory,
    tenant: Tenant,
    user: dict[str, t.Any],
    verdict: Verdict,
    *,
    app: str,
    resource: str,
    request: str,
    correlation: str,
    error: int | None = None,
    interactive: bool = False,
    mfa: bool = False,
    client: Client | None = None,
    late: float | None = None,
    **properties: t.Any,
) -> dict[str, t.Any]:
    """One entry. ``error``: an AADSTS code in place of the verdict's; ``mfa``: the person passed it, or had to."""
    client, code = client or Client(), verdict.error if error is None else error
    evaluated = not error or error in (verdict.error, 50074)
    demanded = mfa or any("Mfa" in row["enforcedGrantControls"] for row in _applied(verdict)) or verdict.defaults
    row = {
        "id": request,
        "createdDateTime": utc_seconds(directory.now()),
        "userDisplayName": user["displayName"],
        "userPrincipalName": user["userPrincipalName"].lower(),
        "userId": user["id"],
        "userType": "member",
        "appId": app,
        "appDisplayName": NAMES.get(app, app),
        "resourceId": resource,
        "resourceDisplayName": NAMES.get(resource, resource),
        "resourceTenantId": tenant.id,
        "homeTenantId": tenant.id,
        "ipAddress": ADDRESS,
        "clientAppUsed": "Browser" if client.browser else "Mobile Apps and Desktop clients",
        "userAgent": client.agent,
        "correlationId": correlation,
        "originalRequestId": request,
        "conditionalAccessStatus": verdict.status if evaluated else "notApplied",
        "appliedConditionalAccessPolicies": [_policy(one) for one in verdict.policies] if evaluated else [],
        "isInteractive": interactive,
        "signInEventTypes": ["interactiveUser" if interactive else "nonInteractiveUser"],
        "authenticationRequirement": "multiFactorAuthentication" if demanded else "singleFactorAuthentication",
        "authenticationRequirementPolicies": _requirement(verdict),
        "incomingTokenType": "none" if interactive else "refreshToken",
        "status": {
            "errorCode": code,
            "failureReason": REASONS.get(code, "Other."),
            "additionalDetails": "MFA requirement satisfied by claim in the token" if mfa and not code else None,
        },
        "deviceDetail": _device(client),
        "location": {
            "city": "Milano",
            "state": "Milano",
            "countryOrRegion": "IT",
            "geoCoordinates": {"altitude": None, "latitude": 45.46, "longitude": 9.19},
        },
        "riskDetail": "none",
        "riskLevelAggregated": "none",
        "riskLevelDuringSignIn": "none",
        "riskState": "none",
        "tokenIssuerType": "AzureAD",
        **properties,
    }
    return tenant.logs.write(logs.SIGN_INS, row, directory.elapsed(), late)


def _applied(verdict: Verdict) -> list[dict[str, t.Any]]:
    return [row for row in verdict.policies if row["result"] in ("success", "failure")]


def _requirement(verdict: Verdict) -> list[dict[str, str]]:
    asked = any("Mfa" in row["enforcedGrantControls"] for row in _applied(verdict))
    if verdict.defaults:
        return [{"requirementProvider": "securityDefaults", "detail": "Security defaults"}]
    return [{"requirementProvider": "multiConditionalAccess", "detail": "Conditional Access"}] if asked else []


def _policy(row: dict[str, t.Any]) -> dict[str, t.Any]:
    """With what only beta has: which conditions were met, as one text."""
    missing = row["_missing"]
    order = ("users", "application", "devicePlatform", "clientType", "location", "signInRisk", "deviceState")
    met = order[: order.index(missing)] if missing in order else () if missing else order[:2]
    return {
        **{name: value for name, value in row.items() if not name.startswith("_")},
        "conditionsSatisfied": ",".join(met) or "none",
        "conditionsNotSatisfied": missing or "none",
    }


def _device(client: Client) -> dict[str, t.Any]:
    """Where the sign-in does not carry its device there is no id, whatever the device is."""
    found = client.object
    joined = {"AzureAd": "Azure AD joined", "ServerAd": "Hybrid Azure AD joined", "Workplace": "Azure AD registered"}
    return {
        "deviceId": found["deviceId"] if found else "",
        "displayName": found["displayName"] if found else "",
        "operatingSystem": client.system,
        "browser": client.browser,
        "isCompliant": bool(found and found.get("isCompliant")),
        "isManaged": bool(found and found.get("isManaged")),
        "trustType": joined.get(found.get("trustType") or "", "") if found else "",
    }
