# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One sign-in of the log: its code, what it was for, which device it carried, and what Conditional Access demanded.

Policies come with a permission of their own (Policy.Read.ConditionalAccess): null, or an empty list beside a refusal,
says nothing about policies. What is report-only, not enabled or not applied has not stopped anybody. A sign-in that
carries no device does not say that the device is not compliant. Sources: Microsoft Graph (beta), "signIn resource
type", "appliedConditionalAccessPolicy resource type"; Microsoft Entra, "Authentication and authorization error codes".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from ..readiness.questions import INTUNE_ENROLLMENT, JOIN_CLIENT, REGISTRATION_SERVICE
from ..resources.mdm_scope import INTUNE_APP_ID
from .ids import id_in

Row = dict[str, t.Any]
TO_JOIN, TO_ENROLL, TO_SIGN_IN = "join", "mdm", "sign_in"
#: By the application or resource of a sign-in: what it was for.
_FOR = {REGISTRATION_SERVICE: TO_JOIN, JOIN_CLIENT: TO_JOIN, INTUNE_ENROLLMENT: TO_ENROLL, INTUNE_APP_ID: TO_ENROLL}
#: Results of a policy that has decided.
_FAILED, _IN_FORCE = "failure", ("success", "failure")
_REPORT_ONLY = "reportonly"
_UNTOLD = ("unknown", "unknownfuturevalue", "")
_NO_PERMISSION = (
    "the log shows no policies; they come with the permission Policy.Read.ConditionalAccess or Policy.Read.All"
)
_EMPTY = (
    "the log shows no policy beside the refusal, as it does if the permission Policy.Read.ConditionalAccess or "
    "Policy.Read.All is missing"
)
#: What people are asked for, which no policy needs to demand: the registration policy and security defaults do, too.
ASKS_FOR_MFA = frozenset({50072, 50074, 50076, 50078, 50079, 50158, 500121, 53004})
#: The sign-in has to show a device, or one that is compliant or joined.
ASKS_FOR_DEVICE = frozenset({50097, 53000, 53001, 530003})
AS_POLICIES_REFUSE = ASKS_FOR_MFA | ASKS_FOR_DEVICE | {53002, 53003, 53009, 530021, 530034, 530035, 530036}
#: What nothing but a policy says.
_BY_POLICY_ALONE = frozenset({53000, 53001, 53002, 53003, 530003})
#: Steps of a sign-in that goes on, and no failures.
STEPS = frozenset({50055, 50058, 50059, 50140, 50199, 65001, 16000, 16001, 16003, 29200})
#: Controls that a device meets, and not a person.
DEVICE_CONTROLS = frozenset(
    {"compliantdevice", "requirecompliantdevice", "domainjoineddevice", "requiredomainjoineddevice"}
)
#: Controls in the spelling of the log and in that of policies.
_WORDS = {
    "mfa": "MFA",
    "block": "block",
    "compliantdevice": "a compliant device",
    "requirecompliantdevice": "a compliant device",
    "domainjoineddevice": "a hybrid joined device",
    "requiredomainjoineddevice": "a hybrid joined device",
    "approvedapplication": "an approved app",
    "requireapprovedapp": "an approved app",
    "compliantapplication": "an app with a protection policy",
    "requirecompliantapp": "an app with a protection policy",
    "termsofuse": "the acceptance of terms of use",
    "authenticationstrength": "an authentication strength",
    "requirepasswordchange": "a change of the password",
    "passwordchange": "a change of the password",
    "unknownfuturevalue": "something that this version of Graph has no word for",
}


def number_of(row: Row) -> int:
    """The code of the sign-in, 0 where it went well or the log has none."""
    return int((row.get("status") or {}).get("errorCode") or 0)


def failed(row: Row) -> bool:
    """Whether the sign-in ended without a token, as far as this row tells."""
    return number_of(row) not in (0, *STEPS)


def went_well(row: Row) -> bool:
    """Whether the log says that the sign-in went well: a step, or a row without a code, says nothing."""
    refused = str(row.get("conditionalAccessStatus") or "").lower() == _FAILED
    return (row.get("status") or {}).get("errorCode") == 0 and not refused


def purpose_of(row: Row) -> str:
    """What it was for: TO_JOIN, TO_ENROLL or TO_SIGN_IN."""
    for field in ("resourceId", "appId"):
        known = _FOR.get(str(row.get(field)).lower())
        if known:
            return known
    return TO_SIGN_IN


def device_of(row: Row) -> str | None:
    """The device that the sign-in carried, in lower case; None where it carried none."""
    return id_in((row.get("deviceDetail") or {}).get("deviceId"))


def policies(row: Row) -> tuple[list[dict[str, t.Any]] | None, str | None]:
    """What decided about the sign-in or would have, and why that is not known."""
    rows = row.get("appliedConditionalAccessPolicies")
    if rows is None:
        return None, _NO_PERMISSION
    if not rows and failed(row) and may_be_by_policy(row):
        return None, _EMPTY
    shown = [_policy(one) for one in rows if _decides(one)]
    if number_of(row) in AS_POLICIES_REFUSE and not stopped_by(shown):
        untold = next((one["policy"] for one in shown if one["result"].lower() in _UNTOLD), None)
        return shown, None if untold is None else f"the log does not say how it ended with the policy {untold!r}"
    return shown, None


def may_be_by_policy(row: Row) -> bool:
    """Whether a policy of Conditional Access can be what refused it, by its code and status."""
    status = str(row.get("conditionalAccessStatus") or "").lower()
    number = number_of(row)
    return status == _FAILED or number in _BY_POLICY_ALONE or (number in AS_POLICIES_REFUSE and status != "notapplied")


def _decides(one: Row) -> bool:
    result = str(one.get("result") or "").lower()
    return result in (*_IN_FORCE, *_UNTOLD) or (result.startswith(_REPORT_ONLY) and not result.endswith("notapplied"))


def _policy(one: Row) -> dict[str, t.Any]:
    result = one.get("result") or "unknown"
    return {
        "policy": one.get("displayName") or "a policy without a name",
        "result": result,
        "demanded": [*(one.get("enforcedGrantControls") or ()), *(one.get("enforcedSessionControls") or ())][:20],
        "enforced": not result.lower().startswith(_REPORT_ONLY),
    }


def stopped_by(shown: list[dict[str, t.Any]] | None) -> list[dict[str, t.Any]]:
    """The policies that the sign-in failed at."""
    return [one for one in shown or () if one["enforced"] and one["result"].lower() == _FAILED]


def demands(policy: dict[str, t.Any]) -> str:
    """What a policy demanded, in words."""
    words = list(dict.fromkeys(_WORDS.get(control.lower(), control) for control in policy["demanded"]))
    if "block" in words:
        return "blocks the sign-in"
    return f"demands {' and '.join(words)}" if words else "was not met (the log does not say what it demands)"


def sign_in_view(row: Row, matched_by: str) -> dict[str, t.Any]:
    """As the module returns it."""
    shown, why = policies(row)
    device, detail, number = device_of(row), row.get("deviceDetail") or {}, number_of(row)
    return {
        "utc": row.get("createdDateTime"),
        "user": row.get("userPrincipalName"),
        "app": row.get("appDisplayName"),
        "resource": row.get("resourceDisplayName"),
        "interactive": row.get("isInteractive"),
        "code": f"AADSTS{number}" if number else None,
        "says": _says(row) if number else None,
        "request_id": row["id"],
        "correlation_id": row.get("correlationId"),
        "matched_by": matched_by,
        "device_id": device,
        "device_name": (detail.get("displayName") or None) if device else None,
        "device_compliant": detail.get("isCompliant") if device else None,
        "policies": shown,
        "policies_unknown": why,
    }


def _says(row: Row) -> str | None:
    status = row.get("status") or {}
    said = [status.get("failureReason"), status.get("additionalDetails")]
    return "; ".join(text for text in said if text and text.lower() != "other.") or None
