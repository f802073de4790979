# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Intune Management Extension and what it says of its apps.

Sources: public scripts that read ``IntuneManagementExtension\\Win32Apps``: a key for the device (an id of zeros) or a
user, a key for an app, its revision behind the id, and in keys of their own JSON texts ComplianceStateMessage (is the
app there) and EnforcementStateMessage (how the last installation went). Codes are numbers with a sign.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Iterator

from ...findings import Finding
from .. import operations as op
from ..first_sync import Told
from ..reading import Key
from .points import Section, Seen, code_of, explained, passed, told_of, unknown, warned

_MESSAGES = ("ComplianceStateMessage", "EnforcementStateMessage")
OBSERVATIONS = {
    "extension": op.registry_read(r"SYSTEM\CurrentControlSet\Services\IntuneManagementExtension", names=("Start",)),
    # A user, an app, its messages.
    "apps": op.registry_read(r"SOFTWARE\Microsoft\IntuneManagementExtension\Win32Apps", depth=3, names=_MESSAGES),
}
_DEVICE, _NOBODY = "device", "00000000-0000-0000-0000-000000000000"
_INSTALLED, _IN_PROGRESS, _FAILED, _NOT_REQUIRED = "installed", "in_progress", "failed", "not_required"
_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SCOPE = re.compile(_ID, re.IGNORECASE)
_APP = re.compile(rf"({_ID})(?:_([0-9]{{1,6}}))?", re.IGNORECASE)
# ComplianceState: 1 it is there as wanted, 2 it is not. DesiredState: 0 and 1 want nothing of it.
_THERE = 1
_UNWANTED = (0, 1)
# EnforcementState: 1000s succeeded, 2000s go on, 5000s failed.
_RUNNING_NUMBERS, _FAILED_NUMBERS = range(2000, 3000), range(5000, 6000)
_MOST, _LONGEST_JSON, _SHOWN = 1000, 20_000, 4
DOC = "https://learn.microsoft.com/troubleshoot/mem/intune/app-management/troubleshoot-win32-app-install"
Message = dict[str, t.Any]


def apps(seen: Seen) -> Section:
    """``{extension, apps: [{id, scope, state, code, cause}], refused}``. Of several revisions of an app the newest."""
    told = Told()
    newest: dict[tuple[str, str], tuple[int, Section]] = {}
    whole = told.of(lambda: list(_apps(seen.key("apps"), told)))
    for revision, item in whole or ():
        place = item["scope"], item["id"]
        if place not in newest or newest[place][0] <= revision:
            newest[place] = revision, item
    return {
        "extension": told.of(lambda: seen.key("extension").exists),
        "apps": None if whole is None else [item for _revision, item in newest.values()],
        "refused": told_of(told),
    }


def _apps(key: Key, told: Told) -> Iterator[tuple[int, Section]]:
    count = 0
    for name, scope in key.children():
        if not _SCOPE.fullmatch(name):
            continue
        for below, app in told.of(lambda s=scope: list(s.children())) or ():
            match = _APP.fullmatch(below)
            if match and count < _MOST:
                count += 1
                where = _DEVICE if name == _NOBODY else name.lower()
                yield int(match[2] or 0), {"id": match[1].lower(), "scope": where, **_state(app, told)}


def _state(app: Key, told: Told) -> Section:
    compliance, enforcement = (
        _message(told.of(lambda n=name: app.child(n).text(n)), told, app.path) for name in _MESSAGES
    )
    there, wanted = compliance.get("ComplianceState"), compliance.get("DesiredState")
    done = enforcement.get("EnforcementState")
    state: str | None = None
    if there == _THERE:
        state = _INSTALLED
    elif wanted in _UNWANTED and wanted is not None:
        state = _NOT_REQUIRED
    elif isinstance(done, int) and done in _FAILED_NUMBERS:
        state = _FAILED
    elif isinstance(done, int) and done in _RUNNING_NUMBERS:
        state = _IN_PROGRESS
    code = None
    if state == _FAILED:
        code = code_of(enforcement.get("ErrorCode")) or code_of(compliance.get("ErrorCode"))
    return {"state": state, "code": code, "cause": explained(code)["cause"] if code else None}


def _message(text: str | None, told: Told, where: str) -> Message:
    if not text:
        return {}
    try:
        message = json.loads(text) if len(text) <= _LONGEST_JSON else None
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        told.refused.append(f"{where} has a message that is no JSON object")
        return {}
    return message


def judge(section: Section, seen: Seen) -> Iterator[Finding]:
    found, extension = section["apps"], section["extension"]
    if found is None or extension is None or (section["refused"] and not _of_state(found, _FAILED)):
        yield unknown("apps", section)
        return
    bad = _of_state(found, _FAILED)
    if bad:
        shown = ", ".join(f"{one['id']} ({one['scope']}) {one['code']}" for one in bad[:_SHOWN])
        said = explained(bad[0]["code"])
        yield warned(
            "apps",
            shown + (f" and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""),
            f"the app {bad[0]['id']} could not be installed: {said['cause']}",
            said["fix"] or "look at the log of the Intune Management Extension",
            doc=said["doc"] or DOC,
            evidence=bad,
        )
    elif found and not extension:
        yield warned(
            "apps",
            f"{len(found)} apps, and no extension",
            "the Intune Management Extension is gone, so that nobody installs the apps of Intune",
            "restart the device, or assign an app again, after which Intune installs it",
            doc=DOC,
            evidence=[{"extension": extension}],
        )
    else:
        yield passed("apps", f"{len(found)} apps" if extension else "no Intune Management Extension")


def _of_state(found: list[Section], state: str) -> list[Section]:
    return [item for item in found if item["state"] == state]
