# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows LAPS: which policy rules, in which mode, and whether the password gets where it says.

Sources: Microsoft, "Configure policy settings for Windows LAPS" (the first root with any value rules as a whole),
"Use Windows LAPS event logs" (10004 processing succeeded, 10005 failed, 10059 the answer to a refused request). A
refusal is told by the body of 10059, not by the code, which is that of any HTTP 400.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from ...findings import Finding
from ...untrusted import in_one_line
from .. import laps as rules
from .. import operations as op
from ..first_sync import Told
from ..state import parse_utc
from .points import (
    Section,
    Seen,
    code_of,
    explained,
    failed,
    of_filetime,
    passed,
    told_of,
    unknown,
    utc,
    warned,
)

_LOG = "Microsoft-Windows-LAPS/Operational"
_PROCESSED, _NOT_PROCESSED, _BODY = 10004, 10005, 10059
OBSERVATIONS = {
    **rules.OBSERVATIONS,
    "laps_events": op.events(_LOG, (_PROCESSED, _NOT_PROCESSED, _BODY), None, limit=24, each=8),
}
_ROOTS = {"laps_mdm": "mdm", "laps_policy": "policy", "laps_config": "config", "laps_legacy": "legacy"}
_BACKUPS = {0: "off", 1: "entra", 2: "active_directory"}
_OFF, _ENTRA, _ACTIVE_DIRECTORY = _BACKUPS.values()
_MANUAL, _AUTOMATIC = "manual", "automatic"
_TENANT_DISABLED, _DEVICE_MISSING, _OTHER = "tenant_disabled", "device_missing", "other"
_MISSING = ("error_missing_device", "device_not_found", "missing_device")
#: A device object can be disabled too, so that the word alone says nothing.
_DISABLED = ("not enabled", "not_enabled", "disabled")
_OF_THE_TENANT = ("tenant", "laps", "local admin", "password solution")
_LONGEST = 300
DOC = "https://learn.microsoft.com/entra/identity/devices/howto-manage-local-admin-passwords"


def laps(seen: Seen) -> Section:
    """``{root, ignored_roots, backup, mode, account, last_update, last_result, refused}``."""
    told = Told()
    roots = told.of(lambda: [name for name in rules.POLICIES if seen.key(name).values]) or []
    policy = seen.key(roots[0]) if roots else None
    before = len(told.refused)
    number = told.of(policy.number, "BackupDirectory") if policy else None
    # A value that cannot be read, or that nobody knows, is not "off", as an absent one is.
    backup = None if len(told.refused) > before else _BACKUPS.get(number or 0)
    legacy = bool(roots) and roots[0] == "laps_legacy"
    automatic = policy and told.of(policy.number, f"{rules.AUTOMATIC}Enabled")
    name = f"{rules.AUTOMATIC}NameOrPrefix" if automatic else "AdministratorAccountName"
    return {
        "root": _ROOTS[roots[0]] if roots else None,
        "ignored_roots": [_ROOTS[one] for one in roots[1:]],
        "backup": (_ACTIVE_DIRECTORY if legacy else backup) if policy else None,
        "mode": (_AUTOMATIC if automatic else _MANUAL) if policy else None,
        "account": (told.of(policy.text, name) or None) if policy else None,
        "last_update": told.of(lambda: of_filetime(seen.key("laps_state").number("LastPasswordUpdateTime"))),
        "last_result": told.of(lambda: _last(seen)),
        "refused": told_of(told),
    }


def _last(seen: Seen) -> Section | None:
    """The newest processing, with the refused request of its own run."""
    events = sorted(seen.events("laps_events"), key=lambda one: -one["record"])
    end = next((event for event in events if event["id"] in (_PROCESSED, _NOT_PROCESSED)), None)
    if end is None:
        return None
    ok = end["id"] == _PROCESSED
    result = {"at": utc(parse_utc(end["utc"])), "ok": ok, "code": None, "reason": None, "text": None}
    if ok:
        return result
    result["code"] = next((code for code in map(code_of, end["data"]) if code), None)
    earlier = [event for event in events if event["record"] < end["record"]]
    for event in earlier:
        if event["id"] in (_PROCESSED, _NOT_PROCESSED):
            break
        if event["id"] == _BODY:
            return result | _body(event["data"])
    return result


def _body(fields: list[str]) -> Section:
    """``{reason, text}`` of the answer that stands in one of the fields of event 10059."""
    body = max(fields, key=lambda field: ("{" in field, len(field)), default="")
    message = code = ""
    try:
        told = json.loads(body[body.index("{") : body.rindex("}") + 1])
    except (ValueError, RecursionError):
        told = None
    error = told.get("error", told) if isinstance(told, dict) else None
    if isinstance(error, dict):
        told_message = error.get("message")
        message = told_message if isinstance(told_message, str) else ""
        inner = error.get("innererror") or error.get("innerError")
        codes = [error.get("code"), error.get("subcode"), inner.get("subcode") if isinstance(inner, dict) else None]
        code = " ".join(one for one in codes if isinstance(one, str))
    text = in_one_line(message or body, _LONGEST)
    low = f"{code} {text}".lower()
    reason = _OTHER
    if any(word in low for word in _MISSING):
        reason = _DEVICE_MISSING
    elif any(word in low for word in _DISABLED) and any(word in low for word in _OF_THE_TENANT):
        reason = _TENANT_DISABLED
    return {"reason": reason if body else None, "text": text or None}


_REASONS = {
    _TENANT_DISABLED: (
        "the tenant does not take passwords: LAPS is turned off there",
        "turn LAPS on in the tenant's device settings (winops.entra.registration_policy)",
        "tenant",
    ),
    _DEVICE_MISSING: (
        "the tenant has no object of this device any more",
        "restore the device object if it was deleted within 30 days; if it was purged, join the device again",
        "tenant",
    ),
}


def judge(section: Section, seen: Seen) -> Iterator[Finding]:
    last, root = section["last_result"], section["root"]
    if any(seen.answer[name].error for name in rules.POLICIES):
        yield unknown("laps", section)
    elif root is None:
        yield passed("laps", "no policy")
    elif section["backup"] is None:
        said = None if section["refused"] else f"BackupDirectory of the policy {root} has a value that is not known"
        yield unknown("laps", section, said)
    elif section["backup"] == _OFF and section["ignored_roots"]:
        yield warned(
            "laps",
            f"the policy {root} rules and turns the backup off",
            f"values of {root} rule as a whole, so that {', '.join(section['ignored_roots'])} is not looked at",
            f"take the values of {root} away, or set BackupDirectory there",
            doc=DOC,
            evidence=[{name: section[name] for name in ("root", "ignored_roots", "backup")}],
        )
    elif section["backup"] == _OFF:
        yield passed("laps", f"the policy {root} keeps no password")
    elif last is None:
        yield (
            unknown("laps", section)
            if seen.answer["laps_events"].error
            else _noted(section) or unknown("laps", section, "the log of LAPS does not say how that went")
        )
    elif last["ok"]:
        yield passed("laps", f"{root}, {section['mode']}, to {section['backup']}, last processed {last['at']}")
    else:
        yield _failed(section, last)


def _noted(section: Section) -> Finding | None:
    """The state has the time of the last password, where the log has nothing."""
    update = section["last_update"]
    return passed("laps", f"{section['root']}, {section['mode']}, last password {update}") if update else None


def _failed(section: Section, last: Section) -> Finding:
    said = explained(last["code"])
    cause = f"the password does not get to {section['backup']}: {last['text'] or said['cause']}"
    fix, side = said["fix"] or "look at the event 10059 in the log of LAPS", "device"
    if last["reason"] in _REASONS:
        cause, fix, side = _REASONS[last["reason"]]
    return failed(
        "laps", f"failed at {last['at']} with {last['code']}", cause, fix, doc=DOC, evidence=[last], side=side
    )
