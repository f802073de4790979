# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tenant lets its users sign in with, and what they have registered: method policies, passkeys, passes, and the
report of registered methods.

Shapes: Microsoft Graph, "fido2AuthenticationMethodConfiguration", "fido2AuthenticationMethod",
"temporaryAccessPassAuthenticationMethodConfiguration", "userRegistrationDetails".
"""

from __future__ import annotations

import copy
import typing as t

if t.TYPE_CHECKING:
    from .model import Tenant

DEFAULT_PROFILE = "00000000-0000-0000-0000-000000000001"
_TYPE = "#microsoft.graph."
_EVERYBODY = {"targetType": "group", "id": "all_users", "isRegistrationRequired": False}


def passkey_policy() -> dict[str, t.Any]:
    """The passkey method of a tenant without profiles: on, for everybody, every key."""
    return {
        "@odata.type": _TYPE + "fido2AuthenticationMethodConfiguration",
        "id": "Fido2",
        "state": "enabled",
        "isSelfServiceRegistrationAllowed": True,
        "isAttestationEnforced": False,
        "keyRestrictions": {"isEnforced": False, "enforcementType": "block", "aaGuids": []},
        "defaultPasskeyProfile": None,
        "passkeyProfiles": [],
        "excludeTargets": [],
        "includeTargets": [dict(_EVERYBODY)],
    }


def profile(identity: str, name: str, **more: t.Any) -> dict[str, t.Any]:
    """A passkey profile that takes every key."""
    return {
        "id": identity,
        "name": name,
        "passkeyTypes": "deviceBound,synced",
        "attestationEnforcement": "disabled",
        "keyRestrictions": {"isEnforced": False, "enforcementType": "allow", "aaGuids": []},
        **more,
    }


def pass_policy() -> dict[str, t.Any]:
    """The Temporary Access Pass of a new tenant: off."""
    return {
        "@odata.type": _TYPE + "temporaryAccessPassAuthenticationMethodConfiguration",
        "id": "TemporaryAccessPass",
        "state": "disabled",
        "defaultLifetimeInMinutes": 60,
        "defaultLength": 8,
        "minimumLifetimeInMinutes": 60,
        "maximumLifetimeInMinutes": 480,
        "isUsableOnce": False,
        "excludeTargets": [],
        "includeTargets": [dict(_EVERYBODY)],
    }


def methods_policy() -> dict[str, t.Any]:
    """The policy above the methods. Automatic enablement of passkeys is opted out of."""
    return {
        "id": "authenticationMethodsPolicy",
        "displayName": "Authentication Methods Policy",
        "description": "The tenant-wide policy that controls which authentication methods are allowed in the tenant.",
        "lastModifiedDateTime": "2026-09-01T00:00:00Z",
        "policyVersion": "1.5",
        "policyMigrationState": "migrationComplete",
        "optOutSettings": {"passkeyDynamicMigration": True},
    }


def shape(tenant: Tenant, options: dict[str, t.Any], now: str) -> None:
    """Apply the options of one tenant: groups of targets by name."""
    groups = {row["displayName"]: row["id"] for row in tenant.groups.values()}
    for place, given in (
        (tenant.passkey_policy, options.get("passkey_policy", {})),
        (tenant.pass_policy, options.get("pass_policy", {})),
    ):
        given = copy.deepcopy(given)
        for name in ("includeTargets", "excludeTargets"):
            for target in given.get(name, ()):
                target["id"] = groups.get(target["id"], target["id"])
                target.setdefault("targetType", "group")
                if name == "includeTargets":
                    target.setdefault("isRegistrationRequired", False)
        place.update(given)
    for name, user in options.get("users", {}).items():
        row = tenant.user(name if "@" in name else f"{name}@{tenant.domains[0]}")
        assert row is not None
        for number, key in enumerate(user.get("passkeys", [])):
            for copy_number in range(key.get("count", 1)):
                add_passkey(tenant, row, f"{number}-{copy_number}", key, now)
        if user.get("registered") is not None:
            report(tenant, row, user["registered"], now)
            tenant.registration_details[row["id"]].update(dict.fromkeys(user.get("report_nulls", ())))
        if "pass" in user:
            add_pass(tenant, row, now, {}, "T0!lab-" + row["id"][:8])["methodUsabilityReason"] = user["pass"]


def add_passkey(tenant: Tenant, user: dict, label: str, key: dict[str, t.Any], now: str) -> dict[str, t.Any]:
    """Register a passkey, as a user does: ``key`` has ``aaguid`` and may have ``type``, ``name``, ``model``."""
    made = {
        "id": "-" + tenant.object_id(f"passkey/{user['id']}/{label}").replace("-", ""),
        "displayName": key.get("name", "Key"),
        "createdDateTime": now,
        "aaGuid": key["aaguid"],
        "model": key.get("model", ""),
        "attestationCertificates": [],
        "attestationLevel": key.get("attestation", "attested"),
        "passkeyType": key.get("type", "deviceBound"),
    }
    tenant.passkeys.setdefault(user["id"], []).append(made)
    return made


def add_pass(tenant: Tenant, user: dict, now: str, body: dict[str, t.Any], value: str) -> dict[str, t.Any]:
    """Make a pass, which takes the place of the one before. ``temporaryAccessPass`` holds its value."""
    rules = tenant.pass_policy
    tenant.passes_made += 1
    made = {
        "id": tenant.object_id(f"pass/{user['id']}/{tenant.passes_made}"),
        "createdDateTime": now,
        "startDateTime": body.get("startDateTime") or now,
        "lifetimeInMinutes": body.get("lifetimeInMinutes") or rules["defaultLifetimeInMinutes"],
        "isUsableOnce": rules["isUsableOnce"] if body.get("isUsableOnce") is None else body["isUsableOnce"],
        "methodUsabilityReason": "EnabledByPolicy",
        "temporaryAccessPass": value,
    }
    tenant.passes[user["id"]] = made
    return made


def report(tenant: Tenant, user: dict, methods: list[str], now: str) -> None:
    """Put a user into the report of registered methods."""
    strong = [one for one in methods if one.lower().startswith(("passkey", "fido", "windowshello"))]
    tenant.registration_details[user["id"]] = {
        "id": user["id"],
        "userPrincipalName": user["userPrincipalName"],
        "userDisplayName": user["displayName"],
        "userType": "member",
        "isAdmin": False,
        "isSsprRegistered": len(methods) > 1,
        "isSsprEnabled": True,
        "isSsprCapable": len(methods) > 1,
        "isMfaRegistered": bool(methods),
        "isMfaCapable": bool(methods),
        "isPasswordlessCapable": bool(strong),
        "lastUpdatedDateTime": now,
        "methodsRegistered": list(methods),
        "systemPreferredAuthenticationMethods": [],
        "isSystemPreferredAuthenticationMethodEnabled": True,
        "userPreferredMethodForSecondaryAuthentication": "push",
    }


def can_pass(tenant: Tenant, user: dict) -> bool:
    """Whether a person passes MFA when they are asked: unless the report says that they have registered nothing."""
    return tenant.registration_details.get(user["id"], {}).get("isMfaRegistered", True)
