# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Updates: who delivers them in force, the last cumulative update, hotpatches, why a restart is pending.

Sources: Microsoft, "Manage additional Windows Update settings" (WUServer, UseWUServer, scan source policies), Update in
the Policy CSP, "Policy conflicts" (``MDMWinsOverGP`` does not cover Update: WSUS by group policy beats a ring),
"Co-management workloads" (Windows Update). The log Setup has an event 2 for each package that changed its state, with
the client UpdateAgentLCU for cumulative updates. StateVariables is what the Settings app keeps of a pending restart.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...findings import Finding
from ...untrusted import in_one_line
from .. import operations as op
from ..first_sync import Told
from ..mdm_facts import WORKLOADS
from ..state import parse_utc
from .points import GROUP_POLICY, MDM, Section, Seen, passed, told_of, unknown, utc, warned

_POLICY = r"SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate"
_SETTINGS_STATE = r"SOFTWARE\Microsoft\WindowsUpdate\UX\StateVariables"
_SCAN_SOURCE = "SetPolicyDrivenUpdateSourceForQualityUpdates"
OBSERVATIONS = {
    # WUServer here; UseWUServer and NoAutoUpdate in AU below it.
    "wsus": op.registry_read(
        _POLICY,
        depth=1,
        names=("WUServer", "UseWUServer", "NoAutoUpdate", _SCAN_SOURCE, "DisableWindowsUpdateAccess"),
    ),
    "settings_restart": op.registry_read(_SETTINGS_STATE, names=("RebootRequired",)),
    "installed_updates": op.events("Setup", (2,), None, limit=20),
}
_RING = (
    "DeferQualityUpdatesPeriodInDays",
    "DeferFeatureUpdatesPeriodInDays",
    "BranchReadinessLevel",
    "PauseQualityUpdates",
    "AllowAutoUpdate",
    "ConfigureDeadlineForQualityUpdates",
)
_MDM_SERVER = "UpdateServiceUrl"
ASKED_POLICIES = {"Update": (*_RING, _MDM_SERVER, _SCAN_SOURCE)}
_CUMULATIVE = "UpdateAgentLCU"
_WSUS, _WINDOWS_UPDATE, _CONFIGURATION_MANAGER, _NOBODY = "wsus", "windows_update", "configuration_manager", "nobody"
_BY_DEFAULT = "default"
_FROM_WINDOWS_UPDATE = 0
_MOVE = f"bit {WORKLOADS['windows_update']} of CoManagementFlags"
_SETTINGS = "windows update settings"
_LONGEST_DAYS = 60
_KB = re.compile(r"KB[0-9]{6,8}", re.IGNORECASE)
DOC = "https://learn.microsoft.com/windows/deployment/update/wufb-wsus"


def updates(seen: Seen, client: Section) -> Section:
    """``{delivered_by, source, server, ring, last_quality_update, build, hotpatch, pending_restart,
    pending_restart_reasons, refused}``. ``client`` is what is known of the client of Configuration Manager."""
    told, windows = Told(), seen.state["os"]
    asked = told.of(lambda: any(name in seen.policy("Update").values for name in _RING))
    delivered, source, server = told.of(lambda: _delivery(seen, client)) or (None, None, None)
    settings = told.of(lambda: bool(seen.key("settings_restart").number("RebootRequired")))
    pending, reasons = windows["pending_reboot"], windows["pending_reboot_reasons"]
    if reasons is None:
        told.refused.append("not every place that tells of a pending restart could be read")
    said = (pending, settings)
    if reasons is not None or settings:
        reasons = [*(reasons or []), *([_SETTINGS] if settings else [])]
    return {
        "delivered_by": delivered,
        "source": source,
        "server": server,
        "ring": asked,
        "last_quality_update": told.of(lambda: _last(seen)),
        "build": windows["build"],
        "hotpatch": windows["hotpatch"],
        "pending_restart": True if True in said else None if None in said else False,
        "pending_restart_reasons": reasons,
        "refused": told_of(told),
    }


def _delivery(seen: Seen, client: Section) -> tuple[str | None, str | None, str | None]:
    """(who delivers quality updates in force, what decides it, the server of WSUS). Raises Unreadable."""
    policy = seen.key("wsus")
    automatic = policy.child("AU")
    server = policy.text("WUServer") or None
    shown = server and in_one_line(server, 300)
    if client["installed"] is None:
        return None, None, shown
    if client["installed"] and not _moved(client):
        return _CONFIGURATION_MANAGER, _CONFIGURATION_MANAGER, shown
    if server and automatic.number("UseWUServer") and policy.number(_SCAN_SOURCE) != _FROM_WINDOWS_UPDATE:
        return _WSUS, GROUP_POLICY, shown
    if automatic.number("NoAutoUpdate") or policy.number("DisableWindowsUpdateAccess"):
        return _NOBODY, GROUP_POLICY, None
    update = seen.policy("Update")
    address = update.text(_MDM_SERVER)
    if address and update.number(_SCAN_SOURCE) != _FROM_WINDOWS_UPDATE:
        return _WSUS, MDM, in_one_line(address, 300)
    ring = any(name in update.values for name in _RING)
    return _WINDOWS_UPDATE, MDM if ring else _BY_DEFAULT, None


def _moved(client: Section) -> bool:
    return "windows_update" in (client["moved"] or ())


def _last(seen: Seen) -> Section | None:
    for event in seen.events("installed_updates"):
        article = next((found[0].upper() for field in event["data"] if (found := _KB.search(field))), None)
        if article and _CUMULATIVE in event["data"]:
            return {"kb": article, "at": utc(parse_utc(event["utc"]))}
    return None


def judge(section: Section, seen: Seen) -> Iterator[Finding]:
    yield _source(section)
    yield _quality(section, seen)
    yield _restart(section)


def _source(section: Section) -> Finding:
    delivered, source = section["delivered_by"], section["source"]
    evidence = [{name: section[name] for name in ("delivered_by", "source", "server", "ring")}]
    if delivered is None or section["ring"] is None:
        return unknown("update_source", section)
    if delivered == _NOBODY:
        return warned(
            "update_source",
            "nobody, by group policy",
            "a group policy turns automatic updates off, and nobody else delivers them",
            "take that policy away (NoAutoUpdate, DisableWindowsUpdateAccess)",
            doc=DOC,
            evidence=evidence,
        )
    if delivered in (_WSUS, _CONFIGURATION_MANAGER) and source != MDM and section["ring"]:
        who = f"the WSUS server {section['server']}" if delivered == _WSUS else "Configuration Manager"
        decides = "a group policy" if delivered == _WSUS else "the workload of Windows Update, which has not moved"
        return warned(
            "update_source",
            f"{delivered}, although an update ring is assigned",
            f"{who} delivers updates, because of {decides}: the update ring of Intune is not in force, and "
            "MDMWinsOverGP does not change that",
            "take the group policy away" if delivered == _WSUS else f"move the workload ({_MOVE})",
            doc=DOC,
            evidence=evidence,
        )
    return passed("update_source", f"{delivered} ({source})")


def _quality(section: Section, seen: Seen) -> Finding:
    last = section["last_quality_update"]
    if last is None:
        sentence = "the log of Setup has no cumulative update"
        return unknown("quality_update", section, None if seen.answer["installed_updates"].error else sentence)
    days = (seen.now - parse_utc(last["at"])).days
    if days > _LONGEST_DAYS:
        return warned(
            "quality_update",
            f"{last['kb']}, {days} days ago",
            f"the last cumulative update was installed {days} days ago",
            "look who delivers updates, and at the history of Windows Update",
            doc=DOC,
            evidence=[last],
        )
    return passed("quality_update", f"{last['kb']}, {last['at']}")


def _restart(section: Section) -> Finding:
    if section["pending_restart"] is None:
        return unknown("pending_restart", section)
    if not section["pending_restart"]:
        return passed("pending_restart", "none")
    shown = ", ".join(section["pending_restart_reasons"] or ()) or "for a reason that could not be read"
    return warned(
        "pending_restart",
        shown,
        f"Windows waits for a restart: {shown}",
        "restart the device",
        evidence=[{"pending_restart_reasons": section["pending_restart_reasons"]}],
    )
