# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scenario may say of a device after its join: the part ``after_join`` of a device.

docs/lab.md explains each option; ``after_join.py`` applies them.
"""

from __future__ import annotations

from ..scenario_shapes import ListOf, MapOf, OneOf

CONVERSIONS = ("decrypted", "encrypted", "encrypting", "decrypting", "encrypting_paused", "decrypting_paused")
ESCROWS = ("stored", "failed", "late", "none")
SOURCES = ("mdm", "group_policy")
#: What an Enrollment Status Page, a person or a baseline sets, by the name of its value.
SETTINGS = (
    "NoLockScreen",
    "BlockNonAdminUserInstall",
    "HideFastUserSwitching",
    "DisableLockScreenAppNotifications",
    "scforceoption",
    "DelayedDesktopSwitchTimeout",
    "AllowLocalLogOn",
    "ExcludedCredentialProviders",
    "AutoAdminLogon",
)
BODIES = ("tenant_disabled", "device_missing", "other", "none")
POINTS = ("device_joined", "entra_sign_in", "policy_enabled", "post_logon", "hardware", "local_session")
APP_STATES = ("installed", "in_progress", "failed", "not_required", "reinstalled")

AFTER_JOIN = {
    "signed_in": ListOf(str),
    "sync": {
        "hours": float,
        "code": int,
        "channel": OneOf(("Admin", "Sync")),
        "first": bool,
        "noted": float,
        "failed_before": int,
        "declared": bool,
    },
    "encryption": {
        "conversion": OneOf(CONVERSIONS),
        "percentage": int,
        "seconds": float,
        "protected": bool,
        "suspended": int,
        "tpm": bool,
        "escrow": OneOf(ESCROWS),
        "hours": float,
        "silent_failure": int,
    },
    "hello": {
        "source": OneOf(SOURCES),
        "enabled": bool,
        "pins": bool,
        "lacks": ListOf(OneOf(POINTS)),
        "pin_reset": bool,
    },
    "password_reset": OneOf(SOURCES),
    "settings": ListOf(OneOf(SETTINGS)),
    "rules": MapOf(int),
    "asked_rules": MapOf(int),
    "laps_result": {"ok": bool, "body": OneOf(BODIES)},
    "updates": {"days": float, "wsus": bool, "ring": bool, "settings_restart": bool, "scan_source": int, "off": bool},
    "apps": ListOf({"state": OneOf(APP_STATES), "code": int, "user": bool}),
    "extension": bool,
    "configuration_manager": {"site": str, "version": str},
    "autopilot": bool,
    "closed": ListOf(str),
}
