# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a new tenant holds, in Microsoft Graph's shapes."""

from __future__ import annotations

#: Application ids documented by Microsoft and AADInternals.
INTUNE = "0000000a-0000-0000-c000-000000000000"
INTUNE_ENROLLMENT = "d4ebce55-015a-49b5-a083-c84d1797ae8c"
DEVICE_REGISTRATION = "01cb2876-7ebd-4aa4-9cc9-d28bd4d359a9"
#: First-party applications whose service principals a tenant of some age has: appId to displayName.
FIRST_PARTY = {
    INTUNE: "Microsoft Intune",
    INTUNE_ENROLLMENT: "Microsoft Intune Enrollment",
    DEVICE_REGISTRATION: "Device Registration Service",
    "00000003-0000-0000-c000-000000000000": "Microsoft Graph",
    "00000002-0000-0000-c000-000000000000": "Windows Azure Active Directory",
    "00000014-0000-0000-c000-000000000000": "Microsoft.SyncFabric",
}

ALL_MEMBERS = {"@odata.type": "#microsoft.graph.allDeviceRegistrationMembership"}
NO_MEMBERS = {"@odata.type": "#microsoft.graph.noDeviceRegistrationMembership"}


def some_members(users: list[str], groups: list[str]) -> dict:
    """The membership of named users and groups (object ids)."""
    return {"@odata.type": "#microsoft.graph.enumeratedDeviceRegistrationMembership", "users": users, "groups": groups}


def registration_policy() -> dict:
    """``deviceRegistrationPolicy`` of a new tenant."""
    return {
        "id": "deviceRegistrationPolicy",
        "displayName": "Device Registration Policy",
        "description": "Tenant-wide policy that manages initial provisioning controls using quota restrictions, "
        "additional authentication and authorization checks",
        "userDeviceQuota": 50,
        "multiFactorAuthConfiguration": "notRequired",
        "azureADRegistration": {"isAdminConfigurable": False, "allowedToRegister": dict(ALL_MEMBERS)},
        "azureADJoin": {
            "isAdminConfigurable": True,
            "allowedToJoin": dict(ALL_MEMBERS),
            "localAdmins": {"enableGlobalAdmins": True, "registeringUsers": dict(ALL_MEMBERS)},
        },
        "localAdminPassword": {"isEnabled": False},
    }


def mdm_policy() -> dict:
    """``mobileDeviceManagementPolicy`` of Microsoft Intune, covering everybody. ``includedGroups`` are object ids."""
    return {
        "id": INTUNE,
        "displayName": "Microsoft Intune",
        "description": "Microsoft Intune",
        "appliesTo": "all",
        "isValid": True,
        "isMdmEnrollmentDuringRegistrationDisabled": False,
        "discoveryUrl": "https://enrollment.manage.microsoft.com/enrollmentserver/discovery.svc",
        "termsOfUseUrl": "https://portal.manage.microsoft.com/TermsofUse.aspx",
        "complianceUrl": "https://portal.manage.microsoft.com/?portalAction=Compliance",
        "includedGroups": [],
    }


def enrollment_policy() -> dict:
    """The row of "Microsoft Intune Enrollment", which stands in the same list and decides nothing here."""
    return {
        "id": INTUNE_ENROLLMENT,
        "displayName": "Microsoft Intune Enrollment",
        "description": "Microsoft Intune Enrollment",
        "appliesTo": "none",
        "isValid": True,
        "isMdmEnrollmentDuringRegistrationDisabled": None,
        "discoveryUrl": None,
        "termsOfUseUrl": None,
        "complianceUrl": None,
        "includedGroups": [],
    }


def enrollment_configurations() -> list[dict]:
    """What Intune lets everybody enroll: ``deviceEnrollmentConfiguration`` objects of a new tenant."""
    shared = {
        "displayName": "All users and all devices",
        "priority": 0,
        "version": 1,
        "description": "This is the default restriction applied with the lowest priority to all users.",
        "createdDateTime": "0001-01-01T00:00:00Z",
        "lastModifiedDateTime": "0001-01-01T00:00:00Z",
    }
    allowed = {
        "platformBlocked": False,
        "personalDeviceEnrollmentBlocked": False,
        "osMinimumVersion": "",
        "osMaximumVersion": "",
    }
    start = "#microsoft.graph.deviceEnrollment"
    return [
        {"@odata.type": start + "LimitConfiguration", "id": f"{INTUNE_ENROLLMENT}_DefaultLimit", "limit": 15, **shared},
        {
            "@odata.type": start + "PlatformRestrictionsConfiguration",
            "id": f"{INTUNE_ENROLLMENT}_DefaultPlatformRestrictions",
            "windowsRestriction": allowed,
            **shared,
        },
        {
            **shared,
            "@odata.type": "#microsoft.graph.windows10EnrollmentCompletionPageConfiguration",
            "id": f"{INTUNE_ENROLLMENT}_DefaultWindows10EnrollmentCompletionPageConfiguration",
            "description": "This is the default enrollment status screen configuration applied with the lowest "
            "priority to all users and all devices regardless of group membership.",
            "deviceEnrollmentConfigurationType": "defaultWindows10EnrollmentCompletionPageConfiguration",
            "showInstallationProgress": False,
            "installProgressTimeoutInMinutes": 60,
            "selectedMobileAppIds": [],
            "roleScopeTagIds": ["0"],
            "assignments": [],
        },
    ]


def mam_policy() -> dict:
    """``mobileAppManagementPolicy`` of Microsoft Intune, which covers nobody."""
    return {
        "id": INTUNE,
        "displayName": "Microsoft Intune",
        "description": "Microsoft Intune",
        "appliesTo": "none",
        "isValid": True,
        "discoveryUrl": "https://wip.mam.manage.microsoft.com/Enroll",
        "termsOfUseUrl": None,
        "complianceUrl": None,
        "includedGroups": [],
    }


def security_defaults() -> dict:
    """``identitySecurityDefaultsEnforcementPolicy``, off."""
    return {
        "id": "00000000-0000-0000-0000-000000000005",
        "displayName": "Security Defaults",
        "description": "Security defaults is a set of basic identity security mechanisms recommended by Microsoft. "
        "When enabled, these recommendations will be automatically enforced in your organization. "
        "Administrators and users will be better protected from common identity related attacks.",
        "isEnabled": False,
    }
