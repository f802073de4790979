# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which sections of C(dsregcmd /status) describe the device, and their rows that are known, so that others are kept.

Rows: Microsoft, "Troubleshoot devices by using the dsregcmd command", and published outputs of Windows 10 1709 to
Windows 11 25H2.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

_STATE = (
    "AzureAdJoined",
    "EnterpriseJoined",
    "DomainJoined",
    "DomainName",
    "Device Name",
    "Virtual Desktop",
)
_DETAILS = (
    "DeviceId",
    "Thumbprint",
    "DeviceCertificateValidity",
    "KeyContainerId",
    "KeyProvider",
    "TpmProtected",
    "KeySignTest",
    "DeviceAuthStatus",
)
_OF_THE_TENANT = (
    "TenantName",
    "TenantId",
    "Idp",
    "AuthCodeUrl",
    "AccessTokenUrl",
    "MdmUrl",
    "MdmTouUrl",
    "MdmComplianceUrl",
    "dmComplianceUrl",
    "SettingsUrl",
    "JoinSrvVersion",
    "JoinSrvUrl",
    "JoinSrvId",
    "KeySrvVersion",
    "KeySrvUrl",
    "KeySrvId",
    "WebAuthNSrvVersion",
    "WebAuthNSrvUrl",
    "WebAuthNSrvId",
    "DeviceManagementSrvVer",
    "DeviceManagementSrvUrl",
    "DeviceManagementSrvId",
)
# Of a hybrid join: its tests, and what it says of a failure.
JOIN_TEST_ROWS = (
    "AD Connectivity Test",
    "AD Configuration Test",
    "DRS Discovery Test",
    "DRS Connectivity Test",
    "Token acquisition Test",
)
JOIN_ERROR_ROWS = (
    "Error Phase",
    "Client ErrorCode",
    "Server ErrorCode",
    "Server Error Code",
    "Server Message",
    "Server Error Description",
    "Https Status",
    "Request Id",
)
_DIAGNOSTICS = (
    "AadRecoveryEnabled",
    "AadRecoveryNeeded",
    "Executing Account Name",
    "KeySignTest",
    "DisplayNameUpdated",
    "OsVersionUpdated",
    "HostNameUpdated",
    "Last HostName Update",
    "Diagnostics Reference",
    "User Context",
    "Client Time",
    *JOIN_TEST_ROWS,
    "Fallback to Sync-Join",
    "Previous Registration",
    *JOIN_ERROR_ROWS,
)
_PROXY = (
    "Auto Detect Settings",
    "Auto-Configuration URL",
    "Proxy Server List",
    "Proxy Bypass List",
    "Access Type",
)
# Older layouts have the rows of the second and third section in the first.
_JOIN = frozenset((*_STATE, *_DETAILS, *_OF_THE_TENANT))
DEVICE_SECTIONS = {
    "Device State": _JOIN,
    "Device Details": _JOIN,
    "Tenant Details": _JOIN,
    "Diagnostic Data": frozenset(_DIAGNOSTICS),
    **dict.fromkeys(
        ("IE Proxy Config for Current User", "IE Proxy Config for System Account", "WinHttp Default Proxy Config"),
        frozenset(_PROXY),
    ),
}


def unknown_rows(sections: dict[str, dict]) -> dict[str, dict]:
    """The rows of the device's sections that nobody knows here, as they came: {title: {key: value}}."""
    found = {
        title: {key: value for key, value in rows.items() if key not in DEVICE_SECTIONS[title]}
        for title, rows in sections.items()
        if title in DEVICE_SECTIONS
    }
    return {title: rows for title, rows in found.items() if rows}


def other_sections(sections: dict[str, dict]) -> dict[str, dict]:
    """Those that do not describe the device, or of which nobody knows whom they describe."""
    return {title: rows for title, rows in sections.items() if title not in DEVICE_SECTIONS}
