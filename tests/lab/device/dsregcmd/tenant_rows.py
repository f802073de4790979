# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's rows of ``dsregcmd /status``: Tenant Details, or the tail of Device State in the old layouts."""

from __future__ import annotations

from ..joinstate import Join
from .layout import Layout

LOGIN = "https://login.microsoftonline.com"
SERVICE = "https://enterpriseregistration.windows.net"
SERVICE_ID = "urn:ms-drs:enterpriseregistration.windows.net"


def tenant_rows(layout: Layout, join: Join) -> list[tuple[str, str]]:
    """(key, value) in the order of the layout."""
    tenant = join.tenant_id
    idp = [("Idp", "login.windows.net")] if layout.idp else []
    if layout.split:
        rows = [("TenantName", join.tenant_name), ("TenantId", tenant), *idp]
    else:
        rows = [*idp, ("TenantId", tenant), ("TenantName", join.tenant_name)]
    rows += [
        ("AuthCodeUrl", f"{LOGIN}/{tenant}/oauth2/authorize"),
        ("AccessTokenUrl", f"{LOGIN}/{tenant}/oauth2/token"),
        ("MdmUrl", join.mdm_url),
        ("MdmTouUrl", join.mdm_terms_url),
        ("MdmComplianceUrl", join.mdm_compliance_url),
        ("SettingsUrl", ""),
        ("JoinSrvVersion", "2.0" if layout.split else "1.0"),
        ("JoinSrvUrl", f"{SERVICE}/EnrollmentServer/device/"),
        ("JoinSrvId", SERVICE_ID),
        ("KeySrvVersion", "1.0"),
        ("KeySrvUrl", f"{SERVICE}/EnrollmentServer/key/"),
        ("KeySrvId", SERVICE_ID),
    ]
    if layout.oldest:
        return rows
    rows += [
        ("WebAuthNSrvVersion", "1.0"),
        ("WebAuthNSrvUrl", f"{SERVICE}/webauthn/{tenant}/"),
        ("WebAuthNSrvId", SERVICE_ID),
    ]
    if layout.split:
        rows.append(("DeviceManagementSrvVer", "1.0"))
    return rows + [("DeviceManagementSrvUrl", f"{SERVICE}/manage/{tenant}/"), ("DeviceManagementSrvId", SERVICE_ID)]
