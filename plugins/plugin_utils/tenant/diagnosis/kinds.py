# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is believed of an entry of a log: each field of its type, and what only people read as one line.

Sources: Microsoft Graph (beta), "signIn resource type", "appliedConditionalAccessPolicy resource type"; Microsoft
Graph, "directoryAudit resource type", "enrollmentTroubleshootingEvent resource type".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ..graph.fields import FLAG, LINE, NAME, NUMBER, TEXT, all_of, list_of, needed, object_of, or_null

_TEXTS = list_of(LINE)
APPLIED_POLICY_KIND = object_of(
    {"displayName": LINE, "result": NAME, "enforcedGrantControls": _TEXTS, "enforcedSessionControls": _TEXTS}
)
SIGN_IN_KIND = object_of(
    {
        "id": needed(NAME),
        **all_of("createdDateTime", "correlationId", "userPrincipalName", "userId", kind=NAME),
        **all_of("appId", "resourceId", kind=NAME),
        **all_of("appDisplayName", "resourceDisplayName", kind=LINE),
        "conditionalAccessStatus": NAME,
        "isInteractive": or_null(FLAG),
        "status": object_of({"errorCode": NUMBER, "failureReason": LINE, "additionalDetails": LINE}),
        "deviceDetail": object_of({"deviceId": NAME, "displayName": LINE, "isCompliant": or_null(FLAG)}),
        "appliedConditionalAccessPolicies": list_of(APPLIED_POLICY_KIND),
    }
)
_PAIR = object_of({"key": NAME, "value": or_null(TEXT)})
AUDIT_KIND = object_of(
    {
        "id": needed(NAME),
        **all_of("activityDateTime", "correlationId", "result", kind=NAME),
        **all_of("activityDisplayName", "resultReason", kind=LINE),
        "initiatedBy": object_of({"user": object_of({"userPrincipalName": NAME, "id": NAME})}),
        "targetResources": list_of(object_of({"type": NAME, "id": NAME, "displayName": LINE})),
        "additionalDetails": list_of(_PAIR),
    }
)
ENROLLMENT_EVENT_KIND = object_of(
    {
        "id": needed(NAME),
        **all_of("eventDateTime", "correlationId", "failureCategory", "enrollmentType", kind=NAME),
        **all_of("userId", "deviceId", "managedDeviceIdentifier", kind=NAME),
        **all_of("failureReason", "operatingSystem", "osVersion", kind=LINE),
    }
)
