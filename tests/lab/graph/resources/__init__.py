# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resources of Microsoft Graph that the lab serves, one file each; importing one registers its routes."""

from __future__ import annotations

from . import (
    approvals,
    associated_devices,
    authentication_methods,
    autopilot,
    autopilot_events,
    autopilot_imports,
    autopilot_profiles,
    autopilot_settings,
    configuration_policies,
    deleted_items,
    device_secrets,
    devices,
    directory_roles,
    enrollment_configurations,
    group_members,
    group_owners,
    groups,
    imported_identities,
    intune,
    mobile_apps,
    mobility,
    registration_policy,
    status_pages,
    tenant_wide,
    users,
)

__all__ = [
    "approvals",
    "associated_devices",
    "authentication_methods",
    "autopilot",
    "autopilot_events",
    "autopilot_imports",
    "autopilot_profiles",
    "autopilot_settings",
    "configuration_policies",
    "deleted_items",
    "device_secrets",
    "devices",
    "directory_roles",
    "enrollment_configurations",
    "group_members",
    "group_owners",
    "groups",
    "imported_identities",
    "intune",
    "mobile_apps",
    "mobility",
    "registration_policy",
    "status_pages",
    "tenant_wide",
    "users",
]
