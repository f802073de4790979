# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module security_key_policy: the passkey method, and whom a stricter key restriction locks out.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import copy
import typing as t
from collections.abc import Mapping

from ...options import bad_option
from ...result import Failure
from ...task import Task
from ..users import shut_out
from .method_policy import bring, check_targets, lay_targets, resolve_groups
from .passkey_policy import ATTESTED, NOT_ATTESTED, PASSKEYS, default_profile, rules_of, shown, shown_restrictions

_NO_KEYS = "an allow list without an AAGUID takes no key at all"


def ensure(task: Task) -> dict[str, t.Any]:
    """The work of the module: ``{"policy": {...}, "shut_out": [...] or None, "shut_out_unread": text or None}``."""
    args = task.args
    _check(args)
    groups = resolve_groups(task.client, args)
    current = PASSKEYS.read(task.client)
    wanted = _wanted(current, args, groups)
    before, after = rules_of(_place(current)), rules_of(_place(wanted))
    found, why = shut_out.find(task.client, before, after)
    learned: dict[str, t.Any] = {"shut_out": found, "shut_out_unread": why}
    warnings = shut_out.warnings(found, why, len(current.get("passkeyProfiles") or []) > 1)
    if warnings:
        learned["warnings"] = warnings
    task.learned |= learned
    return {"policy": shown(bring(task, PASSKEYS, current, wanted, groups.about))}


def _check(args: Mapping[str, t.Any]) -> None:
    check_targets(args)
    restrictions = args["key_restrictions"]
    if restrictions and restrictions["enforcement"] == "allow" and restrictions["aaguids"] == []:
        raise bad_option("key_restrictions", _NO_KEYS, "give the AAGUIDs of the keys, or set enforcement to none")


def _place(policy: dict) -> dict:
    """Where attestation and key restrictions are: the default profile where profiles rule, else the policy.

    Failure where profiles rule and the default one is not among them.
    """
    if not policy.get("passkeyProfiles"):
        return policy
    found = default_profile(policy)
    if found is None:
        cause = "the tenant has passkey profiles, and the default profile is not among them"
        fix = "look at the passkey profiles in the admin center"
        raise Failure(f"{cause}; {fix}", side="tenant", name="no_default_profile", cause=cause, fix=fix)
    return found


def _wanted(current: dict, args: Mapping[str, t.Any], groups: t.Any) -> dict:
    """The policy as it is to be: a copy of the current one with what the task says."""
    wanted = copy.deepcopy(current)
    place = _place(wanted)
    if args["state"] is not None:
        wanted["state"] = args["state"]
    if args["self_service"] is not None:
        wanted["isSelfServiceRegistrationAllowed"] = args["self_service"]
    if args["attestation_required"] is not None:
        if place is wanted:
            wanted["isAttestationEnforced"] = args["attestation_required"]
        else:
            place["attestationEnforcement"] = ATTESTED if args["attestation_required"] else NOT_ATTESTED
    if args["key_restrictions"] is not None:
        _restrict(place, args["key_restrictions"])
    lay_targets(wanted, args, groups, None if place is wanted else {"allowedPasskeyProfiles": [place["id"]]})
    return wanted


def _restrict(place: dict, given: Mapping[str, t.Any]) -> None:
    """Put the key restrictions into the policy or its profile, all of them: a part of them is not taken."""
    have = place.get("keyRestrictions") or {}
    before = shown_restrictions(have)
    enforcement = given["enforcement"]
    aaguids = before["aaguids"] if given["aaguids"] is None else sorted(set(given["aaguids"]))
    if enforcement == "allow" and not aaguids:
        raise bad_option("key_restrictions", _NO_KEYS, "give the AAGUIDs of the keys in aaguids")
    if {"enforcement": enforcement, "aaguids": aaguids} == before:
        return
    place["keyRestrictions"] = {
        **have,
        "isEnforced": enforcement != "none",
        "enforcementType": have.get("enforcementType") or "block" if enforcement == "none" else enforcement,
        "aaGuids": aaguids,
    }
