# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a readiness check believes of the tenant's answers: what a finding follows from is there, and of its type.

Sources: Microsoft Graph, "conditionalAccessPolicy resource type", "deviceRegistrationPolicy resource type",
"deviceEnrollmentConfiguration resource type", "user resource type".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ..graph.fields import FLAG, IDENTITY, LINE, NUMBER, TEXT, all_of, list_of, needed, object_of, or_null
from ..resources.memberships import MEMBERSHIP_KIND

_TEXTS = list_of(TEXT)
REGISTRATION_POLICY_KIND = object_of(
    {
        "userDeviceQuota": needed(NUMBER),
        "multiFactorAuthConfiguration": needed(TEXT),
        "azureADJoin": needed(
            object_of(
                {
                    "allowedToJoin": needed(MEMBERSHIP_KIND),
                    "localAdmins": object_of({"registeringUsers": MEMBERSHIP_KIND}),
                }
            )
        ),
    }
)
SECURITY_DEFAULTS_KIND = object_of({"isEnabled": needed(FLAG)})
ACCESS_POLICY_KIND = object_of(
    {
        "id": TEXT,
        "displayName": LINE,
        "state": needed(TEXT),
        "conditions": object_of(
            {
                "users": object_of(
                    all_of(
                        *("includeUsers", "excludeUsers", "includeGroups", "excludeGroups"),
                        *("includeRoles", "excludeRoles"),
                        kind=_TEXTS,
                    )
                ),
                "applications": object_of(
                    all_of("includeApplications", "excludeApplications", "includeUserActions", kind=_TEXTS)
                ),
                "platforms": object_of(all_of("includePlatforms", "excludePlatforms", kind=_TEXTS)),
                "locations": object_of({"includeLocations": _TEXTS}),
                "devices": object_of({"deviceFilter": object_of({"rule": TEXT})}),
                "clientAppTypes": _TEXTS,
            }
        ),
        "grantControls": object_of({"builtInControls": _TEXTS, "operator": TEXT}),
    }
)
DOMAIN_KIND = object_of({"id": needed(LINE), "authenticationType": TEXT})
LIMIT_ASSIGNMENT_KIND = object_of({"target": object_of({"@odata.type": TEXT, "groupId": TEXT})})
ROLE_ASSIGNMENT_KIND = object_of(
    {
        "principalId": needed(IDENTITY),
        "directoryScopeId": needed(TEXT),
        "principal": object_of({"@odata.type": TEXT}),
    }
)
PRINCIPAL_KIND = object_of({"appId": needed(TEXT), "accountEnabled": FLAG})
ENROLLMENT_KIND = object_of(
    {
        "@odata.type": TEXT,
        "id": TEXT,
        "displayName": or_null(LINE),
        **all_of("limit", "priority", kind=NUMBER),
        "windowsRestriction": object_of({"platformBlocked": FLAG}),
    }
)
USER_KIND = object_of(
    {
        "id": needed(IDENTITY),
        "userPrincipalName": needed(LINE),
        "userType": TEXT,
        "accountEnabled": FLAG,
        "assignedPlans": list_of(object_of(all_of("servicePlanId", "capabilityStatus"))),
    }
)
