# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be so before a device is reset: each rule with its reason and its fix. What is not known is not so.

Sources: Microsoft, "RemoteWipe CSP" (editions), "Windows Autopilot - known issues" (0x80070032), "Windows Autopilot
self-deploying mode" and "pre-provisioned deployment" (one deployment until the device is unblocked, 0x80180014).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator

from ...autopilot import serials
from ..answers import Answer
from ..reading import FULL_TOKEN, UNREADABLE_FIX
from ..requirements import HOME_EDITIONS, JoinRefusal, account_refusal
from . import reset_state
from .reset_state import Machine

#: SMBIOS UUIDs that stand in the firmware of many devices: one digit throughout, and a sample of the makers of boards.
SAMPLE_UUID = "03000200-0400-0500-0006-000700080009"
ONE_DIGIT = re.compile(r"([0-9a-f])\1{7}(-\1{4}){3}-\1{12}")
DEPLOYS_ONCE = ("self_deploying", "pre_provisioned")
#: What Windows, or the next deployment, would say.
CODES = {
    "recovery_environment_disabled": "0x80070032",
    "recovery_environment_missing": "0x80070032",
    "deployment_blocked": "0x80180014",
}
HAS_PROFILE, NOT_ASSIGNED, UNKNOWN = "assigned", "not_assigned", "unknown"


def identity_refusal(machine: Machine, serial_number: str | None, uuid: str | None) -> JoinRefusal | None:
    """Whether this is another machine than the task means, or one that nobody can tell from others."""
    if serial_number is not None:
        if machine.serial_number != serial_number.strip():
            return JoinRefusal(
                "serial_number_mismatch",
                f"the device that answers has the serial number {machine.serial_number!r}, not {serial_number!r}",
                "check which device answers at this address, and how the firmware spells its serial number",
            )
        if serials.is_placeholder(machine.serial_number):
            return JoinRefusal(
                "placeholder_serial_number",
                f"{machine.serial_number!r} is a placeholder, which many devices have as their serial number",
                f"confirm this device by its SMBIOS UUID (confirm_uuid: {machine.uuid.lower() or 'it has none'})",
            )
        return None
    if machine.uuid.lower() != uuid:
        return JoinRefusal(
            "uuid_mismatch",
            f"the device that answers has the SMBIOS UUID {machine.uuid.lower()!r}, not {uuid!r}",
            "check which device answers at this address",
        )
    if uuid == SAMPLE_UUID or ONE_DIGIT.fullmatch(uuid or ""):
        return JoinRefusal(
            "placeholder_uuid",
            f"{uuid} is a placeholder, which many devices have as their UUID",
            "nothing tells this device apart from others; reset it by hand",
        )
    return None


def refusals(look: Answer, facts: dict, learned: dict, plan: t.Any) -> list[JoinRefusal]:
    """Every rule that the device breaks, beside its identity. ``learned`` has record, recovery_environment and
    autopilot of the result."""
    checks = (
        account_refusal(facts["caller"]),
        _edition(facts["os"]),
        _recovery(learned["recovery_environment"]),
        _power(look, plan.allow_battery),
        *(_deployment(learned["autopilot"]) if plan.require_profile else ()),
        _bitlocker(learned["record"]["bitlocker"], plan.recovery_keys_recorded),
    )
    return [refusal for refusal in checks if refusal]


def _edition(os: dict) -> JoinRefusal | None:
    if os["edition"] is None or os["server"] is None:
        return JoinRefusal("windows_unreadable", "the edition of Windows could not be read", UNREADABLE_FIX)
    if os["server"] or os["edition"] in HOME_EDITIONS:
        return JoinRefusal(
            "edition_not_resettable",
            f"Windows {os['edition']} cannot be reset in this way, only Pro, Enterprise and Education can",
            "take the device out of the inventory group, or reset it by hand",
        )
    return None


def _recovery(environment: dict) -> JoinRefusal | None:
    if environment["enabled"]:
        return None
    cause = f"Windows cannot reset itself from its recovery environment (WinRE): {environment['problem']}"
    if environment["enabled"] is None:
        return JoinRefusal("recovery_environment_unknown", cause, FULL_TOKEN)
    if environment["partition_found"] is False:
        return JoinRefusal(
            "recovery_partition_missing",
            cause,
            "run reagentc /disable and reagentc /enable on the device as an administrator, which finds a partition for "
            "it; if that fails, make a recovery partition first",
        )
    if environment["image_staged"]:
        return JoinRefusal(
            "recovery_environment_disabled",
            cause,
            "run reagentc /enable on the device as an administrator, then run the task again",
        )
    return JoinRefusal(
        "recovery_environment_missing",
        f"{cause}, and its image is not there either (Winre.wim in System32\\Recovery)",
        "copy Winre.wim from the installation media of this build to C:\\Windows\\System32\\Recovery, run reagentc "
        "/enable as an administrator, then run the task again",
    )


def _power(look: Answer, allowed: bool) -> JoinRefusal | None:
    on_battery = reset_state.on_battery(look)
    if allowed or on_battery is False:
        return None
    if on_battery is None:
        return JoinRefusal(
            "power_unknown",
            "whether the device runs on battery could not be read (Win32_Battery)",
            "look at the device, connect it to mains power, then set allow_battery=true",
        )
    return JoinRefusal(
        "on_battery",
        "the device runs on battery, and may not start again if that is empty before the reset is done",
        "connect it to mains power, or set allow_battery=true",
    )


def _deployment(autopilot: dict) -> Iterator[JoinRefusal | None]:
    """Whether the next deployment can begin, and come to its end."""
    if autopilot["profile"] == NOT_ASSIGNED:
        yield JoinRefusal(
            "profile_not_assigned",
            "no Autopilot profile is assigned to the device, so it would start as a private one",
            "assign a profile to a group of the device and wait until it is assigned, or set require_profile=false",
        )
    elif autopilot["profile"] == UNKNOWN:
        yield JoinRefusal(
            "profile_unknown",
            "nobody says whether an Autopilot profile is assigned to the device, and it has no record of one",
            "set profile_assigned by the result of winops.entra.autopilot_device_info, or require_profile=false",
        )
    if autopilot["unblocked"] or autopilot["deployment_mode"] == "user_driven":
        return
    if autopilot["deployment_mode"] in DEPLOYS_ONCE:
        yield JoinRefusal(
            "deployment_blocked",
            f"a device of the mode {autopilot['deployment_mode']} deploys once: its next deployment would end in "
            "0x80180014",
            "unblock the device in Intune (allowNextEnrollment), or delete its record there, then set unblocked=true",
        )
    else:
        yield JoinRefusal(
            "deployment_mode_unknown",
            "nobody says how the device is deployed, and a self-deploying or pre-provisioned device deploys once",
            "set deployment_mode by the device's Autopilot profile, or unblocked=true",
        )


def _bitlocker(found: dict, recorded: bool) -> JoinRefusal | None:
    if recorded:
        return None
    if found["problem"]:
        cause = found["problem"]
    else:
        locked = [
            str(volume["mount_point"]) for volume in found["volumes"] if not volume["system"] and volume["protectors"]
        ]
        if not locked:
            return None
        cause = (
            f"BitLocker protects {', '.join(locked)}, which nothing but the recovery password opens after the reset, "
            "because the key that opens it by itself is on the system volume"
        )
    return JoinRefusal(
        "recovery_keys_not_recorded",
        cause,
        "save the recovery passwords, for example in Entra, then set recovery_keys_recorded=true",
    )
