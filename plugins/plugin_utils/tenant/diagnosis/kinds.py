# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is believed of an entry of a log: each field of its type, and what only people read as one line.

Sources: Microsoft Graph (beta), "signIn resource type", "appliedConditionalAccessPolicy resource type"; Microsoft
Graph, "directoryAudit resource type", "enrollmentTroubleshootingEvent resource type".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import itertools
import typing as t

from ...untrusted import in_one_line
from ..graph.fields import (
    FLAG,
    LONGEST_NAME,
    NAME,
    NUMBER,
    TEXT,
    Kind,
    Misfit,
    all_of,
    list_of,
    needed,
    object_of,
    or_null,
)


def or_odd(kind: Kind) -> Kind:
    """Of an entry that is not of its kind a mark without an id, so that it does not take the others with it."""
    numbers = itertools.count()

    def check(value: t.Any) -> t.Any:
        try:
            return needed(kind)(value)
        except Misfit:
            return {"odd": next(numbers)}

    return check


def _said(value: t.Any) -> str | None:
    """What people read, however long it is; null for anything else."""
    return in_one_line(value, LONGEST_NAME) if isinstance(value, str) else None


def _word(value: t.Any) -> str | None:
    """A name or an id, which stands in sentences as well."""
    return None if value is None else in_one_line(NAME(value), LONGEST_NAME)


_LINE: Kind = _said
_WORD: Kind = _word
_TEXTS = list_of(_LINE)
APPLIED_POLICY_KIND = object_of(
    {"displayName": _LINE, "result": _WORD, "enforcedGrantControls": _TEXTS, "enforcedSessionControls": _TEXTS}
)
SIGN_IN_KIND = object_of(
    {
        "id": needed(_WORD),
        **all_of("createdDateTime", "correlationId", "userPrincipalName", "userId", kind=_WORD),
        **all_of("appId", "resourceId", kind=_WORD),
        **all_of("appDisplayName", "resourceDisplayName", kind=_LINE),
        "conditionalAccessStatus": _WORD,
        "isInteractive": or_null(FLAG),
        "status": object_of({"errorCode": NUMBER, "failureReason": _LINE, "additionalDetails": _LINE}),
        "deviceDetail": object_of({"deviceId": _WORD, "displayName": _LINE, "isCompliant": or_null(FLAG)}),
        "appliedConditionalAccessPolicies": list_of(APPLIED_POLICY_KIND),
    }
)
_PAIR = object_of({"key": _WORD, "value": or_null(TEXT)})
AUDIT_KIND = object_of(
    {
        "id": needed(_WORD),
        **all_of("activityDateTime", "correlationId", "result", kind=_WORD),
        **all_of("activityDisplayName", "resultReason", kind=_LINE),
        "initiatedBy": object_of({"user": object_of({"userPrincipalName": _WORD, "id": _WORD})}),
        "targetResources": list_of(object_of({"type": _WORD, "id": _WORD, "displayName": _LINE})),
        "additionalDetails": list_of(_PAIR),
    }
)
ENROLLMENT_EVENT_KIND = object_of(
    {
        "id": needed(_WORD),
        **all_of("eventDateTime", "correlationId", "failureCategory", "enrollmentType", kind=_WORD),
        **all_of("userId", "deviceId", "managedDeviceIdentifier", kind=_WORD),
        **all_of("failureReason", "operatingSystem", "osVersion", kind=_LINE),
    }
)
