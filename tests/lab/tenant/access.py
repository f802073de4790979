# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditional Access at one sign-in: what each policy of the tenant says of it, and what comes of that.

Names of results, controls and conditions: Microsoft Graph, "appliedConditionalAccessPolicy"; published exports of
sign-in logs (a policy that does not apply still lists its controls). Codes: Microsoft Entra authentication error codes;
50158 for terms of use is reported by users. How a control that is an authentication strength is written is ours.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .defaults import DEVICE_REGISTRATION, INTUNE, INTUNE_ENROLLMENT
from .model import REGISTER_DEVICE_ACTION, Tenant

#: What a policy for one of these is taken to mean for the registration of a device.
REGISTRATION = frozenset({DEVICE_REGISTRATION, INTUNE, INTUNE_ENROLLMENT})
CONTROLS = {
    "block": "Block",
    "mfa": "Mfa",
    "compliantDevice": "RequireCompliantDevice",
    "domainJoinedDevice": "RequireDomainJoinedDevice",
    "approvedApplication": "RequireApprovedApp",
    "compliantApplication": "RequireCompliantApp",
    "passwordChange": "RequirePasswordChange",
}
#: AADSTS codes of controls that are not met, the one that decides first.
CODES = {"block": 53003, "compliantDevice": 53000, "domainJoinedDevice": 53001, "mfa": 50076, "terms": 50158}
OFFICE = {"00000002-0000-0ff1-ce00-000000000000", "00000003-0000-0ff1-ce00-000000000000"}
_CLAUSE = re.compile(r'device\.(\w+) -(eq|ne) "?([^"]*?)"?$', re.IGNORECASE)
_ENFORCED, _REPORTED = "enabled", "enabledForReportingButNotEnforced"
Row = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Attempt:
    """A sign-in as policies look at it: ``resources`` (appIds), ``registers`` (the user action), ``met`` (controls),
    ``device`` (the object that the sign-in carries)."""

    user_id: str
    resources: frozenset[str] = REGISTRATION
    registers: bool = False
    met: frozenset[str] = frozenset()
    device: Row | None = None
    client: str = "mobileAppsAndDesktopClients"
    platform: str = "windows"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """``error``: an AADSTS code, 0 where the sign-in goes on; ``status``: conditionalAccessStatus; ``policies``: the
    rows of the entry; ``defaults``: security defaults ask for MFA."""

    error: int
    status: str
    policies: list[Row]
    defaults: bool = False


def judge(tenant: Tenant, attempt: Attempt) -> Verdict:
    """With security defaults there is no Conditional Access; that they ask a package user for MFA is a guess."""
    if tenant.security_defaults["isEnabled"]:
        unmet = "mfa" not in attempt.met
        return Verdict(CODES["mfa"] if unmet else 0, "notApplied", [], True)
    rows, unmet_controls, applied = [], set(), False
    for policy in tenant.conditional_access:
        missing = why_not(tenant, policy, attempt)
        lacking = [] if missing else _unmet(policy, attempt)
        if policy["state"] == _ENFORCED and not missing:
            applied = True
            unmet_controls |= set(lacking)
        rows.append(_row(policy, missing, lacking))
    error = next((code for control, code in CODES.items() if control in unmet_controls), 0)
    if unmet_controls and not error:
        error = CODES["block"]
    return Verdict(error, "failure" if error else "success" if applied else "notApplied", rows)


def why_not(tenant: Tenant, policy: Row, attempt: Attempt) -> str:
    """The condition because of which a policy does not apply; empty where it does."""
    conditions = policy.get("conditions") or {}
    if not covers_user(tenant, conditions.get("users") or {}, attempt.user_id):
        return "users"
    if not _covers_target(conditions.get("applications") or {}, attempt):
        return "application"
    platforms = conditions.get("platforms") or {}
    if not _within(platforms, "Platforms", {"all", attempt.platform}):
        return "devicePlatform"
    clients = [one.lower() for one in conditions.get("clientAppTypes") or []]
    if clients and not {"all", attempt.client.lower()} & set(clients):
        return "clientType"
    if not _within(conditions.get("locations") or {}, "Locations", {"all"}):
        return "location"
    if conditions.get("signInRiskLevels"):
        return "signInRisk"
    if conditions.get("userRiskLevels"):
        return "userRisk"
    rule = (conditions.get("devices") or {}).get("deviceFilter") or {}
    if rule and _fits(rule["rule"], attempt.device or {}) is not (rule.get("mode") == "include"):
        return "deviceState"
    return ""


def covers_user(tenant: Tenant, users: Row, user_id: str) -> bool:
    """Whether the users of a policy are meant to include this one. An exclusion wins."""
    groups, roles = tenant.groups_of(user_id), tenant.roles_of(user_id)

    def named(prefix: str) -> bool:
        listed = set(users.get(f"{prefix}Users") or [])
        return bool(
            {"All", user_id} & listed
            or groups & set(users.get(f"{prefix}Groups") or [])
            or roles & set(users.get(f"{prefix}Roles") or [])
        )

    return named("include") and not named("exclude")


def _covers_target(applications: Row, attempt: Attempt) -> bool:
    if applications.get("includeUserActions"):
        return attempt.registers and REGISTER_DEVICE_ACTION in applications["includeUserActions"]
    if set(applications.get("excludeApplications") or []) & attempt.resources:
        return False
    included = set(applications.get("includeApplications") or [])
    office = "Office365" in included and attempt.resources & OFFICE
    return "All" in included or bool(included & attempt.resources) or bool(office)


def _within(condition: Row, name: str, own: set[str]) -> bool:
    included = {one.lower() for one in condition.get(f"include{name}") or []}
    excluded = {one.lower() for one in condition.get(f"exclude{name}") or []}
    return (not included or bool(included & own)) and not excluded & own


def _unmet(policy: Row, attempt: Attempt) -> list[str]:
    """The controls of a policy that the sign-in does not meet; with OR all of them, or none."""
    grant = policy.get("grantControls") or {}
    wanted = list(grant.get("builtInControls") or [])
    wanted += ["terms"] * bool(grant.get("termsOfUse")) + ["mfa"] * bool(grant.get("authenticationStrength"))
    lacking = [control for control in wanted if not _is_met(control, attempt)]
    if grant.get("operator") == "OR" and len(lacking) < len(wanted) and "block" not in lacking:
        return []
    return lacking


def _is_met(control: str, attempt: Attempt) -> bool:
    device = attempt.device or {}
    if control == "compliantDevice":
        return bool(device.get("isCompliant")) or control in attempt.met
    if control == "domainJoinedDevice":
        return device.get("trustType") == "ServerAd"
    return control in attempt.met


def _row(policy: Row, missing: str, lacking: list[str]) -> Row:
    grant, session = policy.get("grantControls") or {}, policy.get("sessionControls") or {}
    controls = [CONTROLS.get(name, name) for name in grant.get("builtInControls") or []]
    controls += ["AuthenticationStrength"] * bool(grant.get("authenticationStrength"))
    controls += ["TermsOfUse"] * bool(grant.get("termsOfUse"))
    fixed = {"notEnabled": policy["state"] == "disabled", "notApplied": bool(missing), "failure": bool(lacking)}
    result = next((name for name, holds in fixed.items() if holds), "success")
    if policy["state"] == _REPORTED:
        # What a person could have been asked for is an interruption, what they could not is a failure.
        interrupted = result == "failure" and set(lacking) <= {"mfa", "terms"}
        result = "reportOnly" + ("Interrupted" if interrupted else result[0].upper() + result[1:])
    return {
        "id": policy["id"],
        "displayName": policy.get("displayName"),
        "enforcedGrantControls": controls,
        "enforcedSessionControls": [name[0].upper() + name[1:] for name, given in session.items() if given],
        "result": result,
        "_missing": missing,
    }


def _fits(rule: str, device: Row) -> bool:
    """Clauses with -eq and -ne, joined by -and; a device that is not known has no value of anything."""
    values = {name.lower(): value for name, value in device.items()}
    for clause in rule.split(" -and "):
        found = _CLAUSE.fullmatch(clause.strip())
        if found is None:
            return False
        text = str(values.get(found[1].lower()) or "")
        if (text.lower() == found[3].lower()) is not (found[2].lower() == "eq"):
            return False
    return True
