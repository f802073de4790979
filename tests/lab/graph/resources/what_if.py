# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/identity/conditionalAccess/evaluate: What If. One answer a second for the whole tenant, in a batch as outside one.

Microsoft Graph reference, "conditionalAccessRoot: evaluate". The older body (conditionalAccessWhatIfSubject) is
refused, and so is one without the three objects or their types, or with a user action that does not exist. Conditions
that are not given are assumed: a device is not compliant, there is no risk; only a location cannot be. A user action is
met by policies for it alone, and by none for applications. The registration policy's own MFA switch is not a policy.
"""

from __future__ import annotations

import re
import typing as t

from ..answers import Answer, Call, GraphError
from ..query import Kind, Row, collection
from ..routing import route

PERMISSIONS = "Policy.Read.ConditionalAccess Policy.Read.All Policy.ReadWrite.ConditionalAccess"
RESULT = Kind("whatIfAnalysisResult", pages=None, on_select=("deletedDateTime",))
SECONDS = 1.0
_TYPE = "#microsoft.graph."
_CLAUSE = re.compile(r'device\.(\w+) -(eq|ne) "?([^"]*?)"?$', re.IGNORECASE)
#: What a request names, and what it is in a policy.
_ACTIONS = {
    "registerOrJoinDevices": "urn:user:registerdevice",
    "registerSecurityInformation": "urn:user:registersecurityinfo",
}


@route("POST", "/identity/conditionalAccess/evaluate", PERMISSIONS)
def evaluate(call: Call) -> Answer:
    tenant, now = call.side.tenant, call.side.clock.elapsed()
    body = call.object_body()
    identity, context, conditions = (
        _part(body, name) for name in ("signInIdentity", "signInContext", "signInConditions")
    )
    if identity.get("@odata.type") != _TYPE + "userSignIn":
        raise _bad("The type of signInIdentity is missing or not supported.")
    kind = context.get("@odata.type")
    if kind not in (_TYPE + "applicationContext", _TYPE + "userActionContext"):
        raise _bad("The type of signInContext is missing or not supported.")
    if kind == _TYPE + "userActionContext" and context.get("userAction") not in _ACTIONS:
        raise _bad("The userAction is missing or not supported.")
    user = tenant.users.get(str(identity.get("userId")).lower())
    if user is None:
        raise _bad("The user does not exist.")
    if tenant.evaluated_at is not None and now - tenant.evaluated_at < SECONDS - 1e-6:
        tenant.evaluations_refused += 1
        after = {"Retry-After": "1"} if tenant.evaluations_refused % 2 else {}
        raise GraphError(429, "TooManyRequests", "Too Many Requests", after)
    tenant.evaluated_at = now
    rows = [_result(call, policy, user, context, conditions) for policy in tenant.conditional_access]
    if body.get("appliedPoliciesOnly"):
        rows = [row for row in rows if row["policyApplies"]]
    return collection(call, RESULT, rows)


def _part(body: Row, name: str) -> Row:
    if "conditionalAccessWhatIfSubject" in body or not isinstance(body.get(name), dict):
        raise _bad(f"{name} is required.")
    return body[name]


def _bad(message: str) -> GraphError:
    return GraphError(400, "BadRequest", message)


def _result(call: Call, policy: Row, user: Row, context: Row, given: Row) -> Row:
    why = _why_not(call, policy, user, context, given)
    return {**policy, "policyApplies": not why, "analysisReasons": why or "notSet"}


def _why_not(call: Call, policy: Row, user: Row, context: Row, given: Row) -> str:
    conditions = policy.get("conditions") or {}
    if policy["state"] == "disabled":
        return "policyNotEnabled"
    if not _covers(call, conditions.get("users") or {}, user):
        return "users"
    if not _is_for(conditions.get("applications") or {}, context):
        return "userActions" if "userAction" in context else "application"
    platform, platforms = str(given.get("devicePlatform")).lower(), conditions.get("platforms") or {}
    included = {one.lower() for one in platforms.get("includePlatforms") or []}
    if included and not {"all", platform} & included:
        return "devicePlatform"
    if platform in {one.lower() for one in platforms.get("excludePlatforms") or []}:
        return "devicePlatform"
    clients = set(conditions.get("clientAppTypes") or ["all"])
    if not {"all", given.get("clientAppType", "browser")} & clients:
        return "clientApps"
    rule = ((conditions.get("devices") or {}).get("deviceFilter") or {}) or None
    if rule and _fits(rule["rule"], given.get("deviceInfo") or {}) is not (rule.get("mode") == "include"):
        return "devices"
    for name, asked in (("signInRisk", "signInRiskLevel"), ("userRisk", "userRiskLevel")):
        levels = conditions.get(f"{name}Levels")
        if levels and given.get(asked, "none") not in levels:
            return name
    if (conditions.get("locations") or {}).get("includeLocations", ["All"]) != ["All"] and "ipAddress" not in given:
        return "notEnoughInformation"
    return ""


def _covers(call: Call, users: Row, user: Row) -> bool:
    tenant = call.side.tenant
    roles, groups = set(tenant.roles_of(user["id"])), tenant.groups_of(user["id"])
    names = {"All", user["id"], *(["GuestsOrExternalUsers"] if user.get("userType") == "Guest" else [])}

    def named(prefix: str) -> bool:
        return bool(
            names & set(users.get(f"{prefix}Users") or [])
            or groups & set(users.get(f"{prefix}Groups") or [])
            or roles & set(users.get(f"{prefix}Roles") or [])
        )

    return named("include") and not named("exclude")


def _is_for(applications: Row, context: Row) -> bool:
    if "userAction" in context:
        return _ACTIONS[context["userAction"]] in (applications.get("includeUserActions") or [])
    asked = {one.lower() for one in context.get("includeApplications") or []}
    included = {one.lower() for one in applications.get("includeApplications") or []}
    excluded = {one.lower() for one in applications.get("excludeApplications") or []}
    return ("all" in included or bool(asked & included)) and not asked & excluded


def _fits(rule: str, device: dict[str, t.Any]) -> bool:
    """Clauses with -eq and -ne, joined by -and."""
    for clause in rule.split(" -and "):
        found = _CLAUSE.fullmatch(clause.strip())
        if found is None:
            raise _bad("The rule of a device filter is not valid.")
        value = {name.lower(): value for name, value in device.items()}.get(found[1].lower())
        text = str(bool(value)) if found[1].lower() == "iscompliant" else str(value or "")
        if (text.lower() == found[3].lower()) is not (found[2].lower() == "eq"):
            return False
    return True
