# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of the scenario posture: what is wrong with each, and which read decides it; and those that only look odd."""

from __future__ import annotations

FAIL, WARN = "fail", "warn"
#: By device: the one finding that is none of a healthy device's, its result, and the reads of which each decides it.
PLANTED: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "unmanaged": ("managed", FAIL, ("enrollments", "client_service")),
    "other_client": ("managed", WARN, ("enrollments", "client_service")),
    "no_first_sync": ("first_sync", FAIL, ("first_sync",)),
    "sync_fails": ("last_sync", FAIL, ("sync_sync",)),
    "silent": ("last_sync", WARN, ("sync_admin",)),
    "not_encrypted": ("encryption", FAIL, ("encryption",)),
    "no_tpm_protector": ("encryption", FAIL, ("encryption",)),
    "suspended": ("encryption", WARN, ("encryption",)),
    "encrypting": ("encryption", WARN, ("encryption",)),
    "paused": ("encryption", FAIL, ("encryption",)),
    "attested_later": ("encryption", WARN, ("encryption", "encryption_ended", "system")),
    "key_not_stored": ("escrow", FAIL, ("escrow", "encryption")),
    "hello_off": ("hello", WARN, ("hello_group_policy",)),
    "hello_lacks": ("hello", WARN, ("hello_mdm", "hello_check", "hello_pins", "hello_group_policy")),
    "pin_reset_blocked": ("pin_reset", WARN, ("lock_screen", "hello_mdm")),
    "reset_blocked": ("password_reset", WARN, ("personalization", "policies")),
    "short_passwords": ("password_rules", WARN, ("password_rules", "policies")),
    "laps_refused": ("laps", FAIL, ("laps_events", "laps_mdm")),
    "laps_no_object": ("laps", FAIL, ("laps_events", "laps_mdm")),
    "wsus": ("update_source", WARN, ("wsus", "policies")),
    "old_updates": ("quality_update", WARN, ("installed_updates",)),
    "waits_for_restart": ("pending_restart", WARN, ("settings_restart",)),
    "app_fails": ("apps", WARN, ("apps",)),
    "kiosk_screen": ("other_user", WARN, ("winlogon",)),
    "nobody_yet": ("user", WARN, ("profiles",)),
}
HEALTHY = (
    "well",
    "co_managed",
    "all_moved",
    "late_key",
    "remediated",
    "failed_before",
    "wsus_for_features",
    "reset_late",
    "unwanted_app",
    "laps_automatic",
)
