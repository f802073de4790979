# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether policies arrive: first synchronization, last session with Intune, which areas came and from whom.

Sources: event manifest of DeviceManagement-Enterprise-Diagnostics-Provider (208 begins a session and names the
enrollment, 209 ends one with an HRESULT); as of Windows 11 24H2 both are written to the channel Sync. The channel of
declared configuration has sessions of its own, which are not Intune's. ``PolicyManager\\Providers`` and
``<policy>_WinningProvider`` as MDM diagnostics read them.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...findings import Finding
from ...untrusted import in_one_line
from .. import operations as op
from ..enrollment import enrollments
from ..enrollment_channels import INTUNE
from ..first_sync import OBSERVATIONS as FIRST_SYNC
from ..first_sync import Told, first_sync
from ..reading import known, plain_id
from ..state import parse_utc
from .points import KEYS_ONLY, Section, Seen, code_of, explained, failed, passed, told_of, unknown, utc, warned

_LOG = "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider"
_CHANNELS = ("Admin", "Sync")
_BEGUN, _ENDED = 208, 209
_MOST = 40
OBSERVATIONS = {
    **FIRST_SYNC,
    **{
        f"sync_{channel.lower()}": op.events(f"{_LOG}/{channel}", (_BEGUN, _ENDED), None, limit=_MOST)
        for channel in _CHANNELS
    },
    # Provider, default, Device or a SID, area.
    "areas": op.registry_read(r"SOFTWARE\Microsoft\PolicyManager\Providers", depth=4, names=KEYS_ONLY),
}
_WINNER = "_WinningProvider"
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LONGEST_SILENCE_DAYS = 7
_NO_ERROR = "0x00000000"
DOC = (
    "https://learn.microsoft.com/troubleshoot/mem/intune/device-configuration/troubleshoot-policies-in-microsoft-intune"
)


def arrival(seen: Seen, enrollment_id: str | None) -> Section:
    """``{first_sync_done, users_synced, last_sync, last_success, areas, winners, refused}``."""
    told = Told()
    first = first_sync(seen.answer, told)
    sessions = [
        session
        for channel in _CHANNELS
        for session in told.of(_sessions_in, seen, channel, enrollment_id or "") or ()  # type: ignore[arg-type]
    ]
    last = max(sessions, key=lambda session: session["at"], default=None)
    success = seen.state["mdm"]["last_sync"]
    done = (first or {}).get("device_done")
    return {
        "first_sync_done": True if success and done is None else done,
        "users_synced": (first or {}).get("users"),
        "last_sync": last,
        "last_success": success and utc(parse_utc(success)),
        "areas": told.of(lambda: list(_areas(seen))),
        "winners": told.of(lambda: dict(_winners(seen))),
        "refused": told_of(told),
    }


def _sessions_in(seen: Seen, channel: str, enrollment_id: str) -> list[Section]:
    """Raises Refused."""
    return list(_sessions(seen.events(f"sync_{channel.lower()}"), channel, enrollment_id))


def _sessions(events: list[dict], channel: str, enrollment_id: str) -> Iterator[Section]:
    """The ended sessions of an enrollment. An end does not say whose it is: it is the one that has begun and has not
    ended, and where several have, nobody knows."""
    running: list[str] = []
    for event in sorted(events, key=lambda one: one["record"]):
        if event["id"] == _BEGUN:
            ids = [plain_id(one) for field in event["data"] for one in _ID.findall(field)]
            running.append(ids[0] if ids else "")
        elif running:
            mine, alone = enrollment_id in running, len(set(running)) == 1
            code = next((code for code in map(code_of, event["data"]) if code), None)
            if mine:
                sure = alone and code is not None
                at = utc(parse_utc(event["utc"]))
                ok, code = (code == _NO_ERROR, code) if sure else (None, None)
                yield {"at": at, "ok": ok, "code": code, "channel": channel}
            running = [] if alone else running[1:]


def _areas(seen: Seen) -> Iterator[Section]:
    channels = {one["enrollment_id"]: one["channel"] for one in known(lambda: enrollments(seen.answer)) or ()}
    for name, provider in seen.key("areas").children():
        for scope, below in provider.child("default").children():
            found = sorted(in_one_line(area, 100) for area, _key in below.children())
            if found:
                yield {
                    "provider_id": plain_id(name),
                    "provider": channels.get(plain_id(name)),
                    "scope": "device" if scope.lower() == "device" else in_one_line(scope, 200),
                    "areas": found,
                }


def _winners(seen: Seen) -> Iterator[tuple[str, str]]:
    channels = {one["enrollment_id"]: one["channel"] for one in known(lambda: enrollments(seen.answer)) or ()}
    for area, key in seen.key("policies").children():
        for name, value in key.values.items():
            if name.endswith(_WINNER) and isinstance(value, str):
                provider = plain_id(value)
                shown = channels.get(provider) or in_one_line(provider, 100)
                yield f"{in_one_line(area, 100)}/{name.removesuffix(_WINNER)}", shown


def judge(section: Section, seen: Seen) -> Iterator[Finding]:
    if section["managed_by"] is not None and INTUNE not in section["managed_by"]:
        yield passed("first_sync", "Intune does not manage the device")
        yield passed("last_sync", "Intune does not manage the device")
        return
    yield _first(section)
    yield _last(section, seen)


def _first(section: Section) -> Finding:
    done = section["first_sync_done"]
    if done:
        waiting = [user["sid"] for user in section["users_synced"] or () if user["done"] is False]
        return passed("first_sync", "done" + (f", runs for {len(waiting)} users" if waiting else ""))
    if done is None:
        return unknown("first_sync", section, _unsaid(section, "nothing says whether a first one has ended"))
    return failed(
        "first_sync",
        "not done",
        "the first synchronization with Intune has not ended, so that policies and apps have not come",
        "let the device reach Intune, and synchronize it; look at the last sync",
        doc=DOC,
        evidence=[{"first_sync_done": done, "last_success": section["last_success"]}],
    )


def _unsaid(section: Section, sentence: str) -> str | None:
    return None if section["refused"] else sentence


def _last(section: Section, seen: Seen) -> Finding:
    last, success = section["last_sync"], section["last_success"]
    times = [time for time in (success, last["at"] if last and last["ok"] else None) if time]
    newest = max(times, default=None)
    if last and last["ok"] is False and (newest is None or newest < last["at"]):
        said = explained(last["code"])
        return failed(
            "last_sync",
            f"{last['code']} at {last['at']}",
            f"the last session with Intune failed with {last['code']}: {said['cause']}",
            said["fix"],
            doc=said["doc"] or DOC,
            evidence=[last, {"last_success": success}],
        )
    if any(seen.answer[f"sync_{channel.lower()}"].error for channel in _CHANNELS):
        # What could not be read may be newer, and a failure.
        return unknown("last_sync", section)
    if newest is None and last is None and section["first_sync_done"] is False:
        return passed("last_sync", "none yet")
    if newest is None and (last is None or last["ok"] is None):
        return unknown("last_sync", section, _unsaid(section, "no session with Intune is in the log or noted"))
    days = (seen.now - parse_utc(newest or "")).days if newest else 0
    if days > _LONGEST_SILENCE_DAYS:
        return warned(
            "last_sync",
            f"{newest}, {days} days ago",
            f"the device has not reached Intune for {days} days: what was changed there since is not in force",
            "let the device reach Intune, and synchronize it",
            doc=DOC,
            evidence=[{"last_sync": last, "last_success": success}],
        )
    return passed("last_sync", f"{newest}")
