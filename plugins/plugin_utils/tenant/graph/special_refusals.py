# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals whose meaning is in their code or text, while their status says something else.

Sources: Microsoft Intune, "Multi Admin Approval for the Microsoft Graph API" (400 or 403 without a justification, 412
with a code), and Microsoft365DSC issue 7236 (the sentence); azure-sdk-tools pull request 5169 (a quota as 403);
microsoft-authentication-library-for-js issues 7007 and 7011 (Intune's 401 of a good token).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
import typing as t

#: Names of the errors of Multi Admin Approval: nothing was done, and the same request again does nothing either.
APPROVALS = ("approval_needed", "approval_pending")
APPROVAL_CODE = "x-msft-approval-code"
_OF_APPROVAL = re.compile(r"x-msft-approval-|multi[- ]?admin approval", re.IGNORECASE)
_ASKED_ALREADY = re.compile(r"approval request already exists", re.IGNORECASE)
_PLACE = "Intune admin center, Tenant administration, Multi Admin Approval"


class Explanation(t.NamedTuple):
    """What a refusal means: a name, why, what to do, and whether a permission of the call may be missing."""

    name: str
    cause: str
    fix: str
    by_permission: bool = False


def explain(status: int, code: str, message: str, approval: str | None, who: str) -> Explanation | None:
    """What this refusal means, None where its status says it.

    ``code`` and ``message`` are the innermost of the answer, ``approval`` the code of a request for approval, ``who``
    the caller as messages name it.
    """
    said = message.lower()
    if approval or _ASKED_ALREADY.search(message):
        asked = f" (approval code {approval})" if approval else ""
        return Explanation(
            "approval_pending",
            f"Multi Admin Approval of Intune holds the change until another administrator has approved it{asked}",
            f"have it approved or rejected ({_PLACE}), and do not run the task again before: until then it changes "
            "nothing",
        )
    if status in (400, 403) and _OF_APPROVAL.search(message):
        return Explanation(
            "approval_needed",
            "an access policy of Intune (Multi Admin Approval) lets nobody make this change alone, and this collection "
            "asks for no approval",
            f"make the change in the Intune admin center, where a second administrator approves it, or exclude {who} "
            f"in that access policy ({_PLACE}); no permission helps",
        )
    if "quotaexceeded" in code.lower() or "quota limit for the" in said:
        return Explanation(
            "quota_exceeded",
            f"{who} or the tenant owns as many directory objects as it may",
            "delete objects that are not needed (deleted ones count in part for 30 days), or have the quota raised",
        )
    if status == 400 and "not applicable to target tenant" in said:
        return Explanation(
            "intune_unusable",
            "the tenant has no usable Intune",
            "license Intune and set its MDM authority, or leave out what needs Intune",
        )
    if status == 401 and code.lower() == "forbidden":
        return Explanation(
            "intune_forbidden",
            f"Intune refuses {who}, though the access token is good",
            "grant the permission and give admin consent; a signed-in user also needs a role in Intune, and the tenant "
            "an Intune licence",
            by_permission=True,
        )
    return None
