# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy of the passkey (FIDO2) method: what it says, and which keys it takes.

Since 2026 a tenant may have passkey profiles. Then they rule, and the flat properties beside them are history. The
default profile has one id in every tenant and cannot be deleted.

Sources: Microsoft Graph, "fido2AuthenticationMethodConfiguration resource type", "passkeyProfile resource type".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from ..graph.fields import FLAG, IDENTITY, LINE, TEXT, list_of, needed, object_of
from .method_policy import METHOD_FIELDS, Method, shown_ids, shown_include
from .passkey_rules import TYPES, Rules

DEFAULT_PROFILE = "00000000-0000-0000-0000-000000000001"
ATTESTED, NOT_ATTESTED = "registrationOnly", "disabled"

_RESTRICTIONS = object_of({"isEnforced": FLAG, "enforcementType": TEXT, "aaGuids": list_of(TEXT)})
_KIND = object_of(
    {
        **METHOD_FIELDS,
        "isAttestationEnforced": FLAG,
        "isSelfServiceRegistrationAllowed": FLAG,
        "keyRestrictions": _RESTRICTIONS,
        "defaultPasskeyProfile": IDENTITY,
        "passkeyProfiles": list_of(
            object_of(
                {
                    "id": needed(IDENTITY),
                    "name": LINE,
                    "passkeyTypes": TEXT,
                    "attestationEnforcement": TEXT,
                    "keyRestrictions": _RESTRICTIONS,
                }
            )
        ),
    }
)


def default_profile(policy: Mapping[str, t.Any]) -> dict | None:
    """The default profile; None where the tenant has no profiles, or not this one."""
    identity = (policy.get("defaultPasskeyProfile") or DEFAULT_PROFILE).lower()
    return next((one for one in policy.get("passkeyProfiles") or [] if one["id"].lower() == identity), None)


def rules_of(place: Mapping[str, t.Any]) -> Rules:
    """The rules of a profile, or of a policy without profiles."""
    restrictions = shown_restrictions(place.get("keyRestrictions"))
    types = place.get("passkeyTypes")
    return Rules(
        restrictions["enforcement"],
        frozenset(restrictions["aaguids"]),
        None if types is None else frozenset(one.strip() for one in types.split(",")),
    )


def rules_for(policy: Mapping[str, t.Any], targets: Sequence[Mapping[str, t.Any]]) -> list[Rules]:
    """The rules for a user to whom these included targets apply: one of them is enough for a key."""
    profiles = policy.get("passkeyProfiles") or []
    if not profiles:
        return [rules_of(policy)]
    default = default_profile(policy)
    wanted = {
        identity.lower()
        for target in targets
        for identity in target.get("allowedPasskeyProfiles") or ([default["id"]] if default else [])
    }
    return [rules_of(profile) for profile in profiles if profile["id"].lower() in wanted]


def shown_restrictions(restrictions: Mapping[str, t.Any] | None) -> dict[str, t.Any]:
    """``{"enforcement", "aaguids"}``: the AAGUIDs are a set, in lower case."""
    known = restrictions or {}
    return {
        "enforcement": (known.get("enforcementType") or "block") if known.get("isEnforced") else "none",
        "aaguids": sorted({one.strip().lower() for one in known.get("aaGuids") or []}),
    }


def shown(policy: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The policy as the module's options would say it; where profiles rule, those of the default one."""
    profiles, default = policy.get("passkeyProfiles") or [], default_profile(policy)
    place = default if default is not None else policy
    if default is None:
        attested = policy.get("isAttestationEnforced")
    else:
        said = default.get("attestationEnforcement")
        attested = {ATTESTED: True, NOT_ATTESTED: False}.get(said or "")
    types = rules_of(place).types
    return {
        "state": policy["state"],
        "self_service": policy.get("isSelfServiceRegistrationAllowed"),
        "attestation_required": attested,
        "key_restrictions": shown_restrictions(place.get("keyRestrictions")),
        "include": shown_include(policy.get("includeTargets")),
        "excluded_groups": shown_ids(policy.get("excludeTargets")),
        "passkey_types": None if types is None else sorted(TYPES[one] for one in types if one in TYPES),
        "profiles": [
            {
                "id": one["id"],
                "name": one.get("name"),
                "default": default is not None and one["id"] == default["id"],
            }
            for one in profiles
        ],
    }


PASSKEYS = Method(
    "fido2",
    "passkey method policy",
    _KIND,
    shown,
    {
        "state": "state of the passkey method",
        "self_service": "self-service registration of passkeys",
        "attestation_required": "attestation of passkeys",
        "key_restrictions": "key restrictions",
        "include": "users of passkeys",
        "excluded_groups": "groups that may not use passkeys",
    },
)
