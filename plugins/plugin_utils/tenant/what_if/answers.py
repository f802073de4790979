# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer of Conditional Access means for one device: blocked, another device, something to do, or let in.

Report-only policies say that they apply as well, and block nobody. What the service could not decide with what it was
told is unknown.

Source: Microsoft Graph, "conditionalAccessRoot: evaluate", "whatIfAnalysisResult resource type",
"conditionalAccessGrantControls resource type".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from ..graph.fields import ANY_OBJECT, FLAG, LINE, TEXT, list_of, needed, object_of

BLOCKS, REFUSES, ASKS, MET, UNCERTAIN = ACCESS_EFFECTS = ("blocks", "refuses_device", "asks", "met", "unknown")
BLOCKED, DEVICE_REFUSED, UNDECIDED, MORE_ASKED, ALLOWED = ACCESS_VERDICTS = (
    "blocked",
    "device_refused",
    "unknown",
    "more_asked",
    "allowed",
)
_VERDICTS = {BLOCKS: BLOCKED, REFUSES: DEVICE_REFUSED, UNCERTAIN: UNDECIDED, ASKS: MORE_ASKED}
REPORT_ONLY = "enabledForReportingButNotEnforced"
_OF_DEVICES = ("compliantDevice", "domainJoinedDevice")
_UNDECIDED = ("notEnoughInformation", "invalidCondition", "invalidPolicy", "unknownFutureValue")
ANSWER_KIND = object_of(
    {
        "id": TEXT,
        "displayName": LINE,
        "state": needed(TEXT),
        "policyApplies": FLAG,
        "analysisReasons": TEXT,
        "grantControls": object_of(
            {
                "builtInControls": list_of(TEXT),
                "operator": TEXT,
                "customAuthenticationFactors": list_of(TEXT),
                "termsOfUse": list_of(TEXT),
                "authenticationStrength": ANY_OBJECT,
            }
        ),
    }
)


def policies_of(rows: Sequence[Mapping[str, t.Any]], compliant: bool | None, hybrid: bool | None) -> list[dict]:
    """The policies that decide for a device: ``compliant`` and ``hybrid`` (joined to AD, too) are None where nobody
    knows."""
    found = [policy_of(row, compliant, hybrid) for row in rows]
    return [one for one in found if one is not None]


def verdict_of(policies: Sequence[Mapping[str, t.Any]]) -> str:
    """The verdict of all policies that are on."""
    effects = {one["effect"] for one in policies if not one["report_only"]}
    return next((verdict for effect, verdict in _VERDICTS.items() if effect in effects), ALLOWED)


def reasons_of(row: Mapping[str, t.Any]) -> list[str]:
    """Why a policy does not apply, in the service's words; empty for no reason."""
    told = [one.strip() for one in (row.get("analysisReasons") or "").split(",")]
    return [one for one in told if one not in ("", "notSet")]


def policy_of(row: Mapping[str, t.Any], compliant: bool | None, hybrid: bool | None) -> dict[str, t.Any] | None:
    """What one policy of an answer does; None where it does nothing: it does not apply, or demands nothing."""
    is_such = {"compliantDevice": compliant, "domainJoinedDevice": hybrid}
    if row["state"] == "disabled":
        return None
    demands = _demands(row.get("grantControls") or {})
    reasons = [one.strip() for one in (row.get("analysisReasons") or "").split(",")]
    why, effect = None, None
    if row.get("policyApplies"):
        effect = _effect(demands, (row.get("grantControls") or {}).get("operator"), is_such)
    elif row.get("policyApplies") is None or any(one in _UNDECIDED for one in reasons):
        effect = UNCERTAIN
        why = f"the service could not decide whether it applies ({', '.join(filter(None, reasons)) or 'no reason'})"
    if effect is None:
        return None
    if effect == UNCERTAIN and why is None:
        why = "whether the device is compliant is not known"
    return {
        "policy": row.get("displayName") or "a policy without a name",
        "effect": effect,
        "demands": demands,
        "report_only": row["state"] == REPORT_ONLY,
        "why": why,
    }


def _demands(controls: Mapping[str, t.Any]) -> list[str]:
    demands = list(controls.get("builtInControls") or [])
    demands += [name for name in ("customAuthenticationFactors", "termsOfUse") if controls.get(name)]
    return demands + (["authenticationStrength"] if controls.get("authenticationStrength") else [])


def _effect(demands: Sequence[str], operator: str | None, is_such: Mapping[str, bool | None]) -> str | None:
    """None where the policy demands nothing (it has session controls only)."""
    if "block" in demands:
        return BLOCKS
    if not demands:
        return None
    of_device = [is_such[name] for name in demands if name in _OF_DEVICES]
    others = len(of_device) < len(demands)
    if (operator or "OR").upper() == "OR":
        if True in of_device:
            return MET
        if others:
            return ASKS
        return UNCERTAIN if None in of_device else REFUSES
    if False in of_device:
        return REFUSES
    if None in of_device:
        return UNCERTAIN
    return ASKS if others else MET
