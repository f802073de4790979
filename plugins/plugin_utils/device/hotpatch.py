# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hotpatches of Windows clients: whether they are asked for, whether this Windows can take them, on which baseline.

Conditions: Microsoft, "Hotpatch for Windows quality updates" (Intune) and "Hotpatch updates" (Windows Autopatch). Not
told, because the device does not show it: whether the tenant's licence gives it hotpatches, and which baseline it is
on.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime

from . import operations as op
from .answers import Answer
from .reading import WrongType, known

OBSERVATIONS = {
    "update_policy": op.registry_read(
        r"SOFTWARE\Microsoft\PolicyManager\current\device\Update", names=("AllowRebootlessUpdates",)
    ),
    "memory_management": op.registry_read(
        r"SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management", names=("HotPatchRestrictions",)
    ),
    "device_guard": op.cim_query(
        "Win32_DeviceGuard", ("VirtualizationBasedSecurityStatus",), r"root\Microsoft\Windows\DeviceGuard"
    ),
}
# Win32_DeviceGuard.VirtualizationBasedSecurityStatus: 0 not enabled, 1 enabled and not running, 2 running.
VBS_RUNNING = 2
FIRST_BUILD = 26100  # Windows 11, version 24H2
FIRST_REVISION, FIRST_REVISION_ARM64 = 2033, 4929
# Hotpatches come with Windows Enterprise, and with some licences of others; Home, by any of its ids, has none.
LICENSED_EDITIONS = ("enterprise", "enterprisen")
HOME_ID = "core"
BY_LICENCE = "it depends on the licence, which the device does not show"
BASELINE_MONTHS = (1, 4, 7, 10)
TUESDAY = 1


def hotpatch_facts(answer: Answer, windows: dict) -> dict | None:
    """``hotpatch`` of what is surely a client; Windows Server's are kept by Azure. ``windows`` are the facts ``os``.

    ``requested``: a policy asks for them. ``possible``: this Windows can take them, ``why_not_possible`` why not; null
    where its licence decides, or something could not be read. ``enabled``: both. ``newest_baseline``: the newest
    quarterly baseline that it can be on, a month.
    """
    if windows["server"] is not False:
        return None
    requested, objection = known(lambda: _is_requested(answer)), known(lambda: _objection(answer, windows))
    possible = None if objection in (None, BY_LICENCE) else not objection
    said = (requested, possible)
    return {
        "requested": requested,
        "possible": possible,
        "why_not_possible": objection or None,
        "enabled": False if False in said else None if None in said else True,
        "newest_baseline": _newest_baseline(windows["last_boot"]) if objection in ("", BY_LICENCE) else None,
    }


def _is_requested(answer: Answer) -> bool:
    """Raises Unreadable."""
    told = answer["update_policy"].key().number("AllowRebootlessUpdates")
    if told not in (None, 0, 1):
        raise WrongType("AllowRebootlessUpdates", "0 or 1")
    return told == 1


def _objection(answer: Answer, windows: dict) -> str | None:
    """Why this Windows cannot take hotpatches, or BY_LICENCE; empty where it can, None where nobody knows. Raises
    Unreadable."""
    edition, build = (windows["edition"] or "").lower(), _numbers(windows["build"])
    if not edition or build is None:
        return None
    if edition.startswith(HOME_ID):
        return f"Windows {windows['edition']} has no licence for hotpatches"
    arm64 = "arm64" in (answer["version"].key().text("BuildLabEx") or "").lower()
    first = (FIRST_BUILD, FIRST_REVISION_ARM64 if arm64 else FIRST_REVISION)
    if build < first:
        return f"its build {windows['build']} is older than {first[0]}.{first[1]}"
    if arm64 and answer["memory_management"].key().number("HotPatchRestrictions") != 1:
        return "it is an Arm64 device that still uses CHPE binaries (HotPatchRestrictions is not 1)"
    running = answer["device_guard"].instance().number("VirtualizationBasedSecurityStatus")
    if running is None:
        return None
    if running != VBS_RUNNING:
        return "virtualization-based security is not running"
    return "" if edition in LICENSED_EDITIONS else BY_LICENCE


def _numbers(build: str | None) -> tuple[int, int] | None:
    """``26100.2314`` as numbers; None where the revision is unknown, too."""
    parts = (build or "").split(".")
    return (int(parts[0]), int(parts[1])) if len(parts) == 2 else None


def _newest_baseline(last_boot: str | None) -> str | None:
    """The newest month of a baseline, ``2026-10``, that was released (on its second Tuesday) when the device started
    last: a baseline is in force after a restart only."""
    if last_boot is None:
        return None
    day = datetime.date.fromisoformat(last_boot[:10])
    if not datetime.MINYEAR < day.year < datetime.MAXYEAR:
        return None  # A clock that is that wrong tells nothing.
    months = [(year, month) for year in (day.year - 1, day.year) for month in BASELINE_MONTHS]
    year, month = max(one for one in months if _second_tuesday(*one) <= day)
    return f"{year}-{month:02}"


def _second_tuesday(year: int, month: int) -> datetime.date:
    first = datetime.date(year, month, 1)
    return first + datetime.timedelta(days=(TUESDAY - first.weekday()) % 7 + 7)
