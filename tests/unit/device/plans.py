# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans of joins and leaves as a task with few options makes them."""

from __future__ import annotations

from ansible_collections.winops.entra.plugins.plugin_utils.device.joining.join_plan import JoinPlan
from ansible_collections.winops.entra.plugins.plugin_utils.device.joining.provisioning import PackageSource
from ansible_collections.winops.entra.plugins.plugin_utils.device.leaving.leave import LeavePlan
from ansible_collections.winops.entra.plugins.plugin_utils.device.reset.reset import ResetPlan


def join_plan(tenant_id: str, package: PackageSource | None, **changes) -> JoinPlan:
    settings = {
        "method": "provisioning_package",
        "tenant_id": tenant_id,
        "package": package,
        "mdm_id": None,
        "expect_mdm": False,
        "reboot": False,
        "reboot_timeout": 600,
        "timeout": 1800,
        "poll_interval": 10,
        "on_failure": "remove",
        "keep_copy": False,
        "apply_again": True,
        "remove_package": False,
    }
    return JoinPlan(**(settings | changes))


def leave_plan(**changes) -> LeavePlan:
    settings = {
        "tenant_id": None,
        "device_id": None,
        "stop_hybrid_autojoin": False,
        "remove_mdm": False,
        "mdm_provider": "MS DM Server",
        "mdm_enrollment_id": None,
        "allow_account_loss": False,
        "reboot": False,
        "reboot_timeout": 600,
        "timeout": 600,
        "poll_interval": 5,
    }
    return LeavePlan(**(settings | changes))


def reset_plan(serial_number: str, **changes) -> ResetPlan:
    """Of a device that its user is to deploy."""
    settings = {
        "confirm_serial_number": serial_number,
        "confirm_uuid": None,
        "keep": "nothing",
        "protected": False,
        "require_profile": True,
        "profile_assigned": True,
        "deployment_mode": "user_driven",
        "unblocked": False,
        "recovery_keys_recorded": False,
        "allow_battery": False,
        "unless_installed_after": None,
        "wait": True,
        "wait_for_deployment": False,
        "timeout": 600,
        "gone_after": 60,
        "deployment_timeout": 3600,
        "poll_interval": 5,
    }
    return ResetPlan(**(settings | changes))
