# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door of a report: records of devices, and what a directory knows of them. stored.py is that of the report itself.

What has come in here is JSON of bounded texts, and each field that the report reads is of its type. A member that is
damaged is named, and takes nothing from the others.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterable, Mapping

from ..proofs import PROOF_FIELDS
from ..untrusted import MAX_DEPTH, harmless
from .after_join import AFTER_FIELDS
from .autopilot import TEXT_FIELDS as AUTOPILOT_TEXTS
from .records import ID_FIELDS, REPORTED_ERROR_FIELDS
from .security_keys import KEY_TEXT_FIELDS
from .verify import VERIFY_TEXT_FIELDS

REPORT_OUTCOMES = (
    "joined",
    "disconnected",
    "fit",
    "healthy",
    "deployed",
    "reset",
    "ready",
    "registered",
    "harvested",
    "waiting",
    "undecided",
    "enabled",
    "applied",
    "unchanged",
    "would_join",
    "would_disconnect",
    "would_register",
    "would_reset",
    "would_enable",
    "deploying",
    "incomplete",
    "unfit",
    "unhealthy",
    "refused",
    "failed",
    "unreachable",
    "skipped",
    "begun",
    "not_started",
)
MAX_TEXT = 40_000
"""Characters of a text in a record; a field of an event of Windows has fewer."""
_LARGEST = 2**63
"""Numbers are below it, as in every other reader of JSON."""

_TEXT, _FLAG, _NUMBER, _OBJECT, _OBJECTS = "a text", "true or false", "a number", "an object", "a list of objects"
_TEXTS = "a list of texts"
_IS: dict[str, Callable[[t.Any], bool]] = {
    _TEXT: lambda value: isinstance(value, str),
    _FLAG: lambda value: isinstance(value, bool),
    _NUMBER: lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    _OBJECT: lambda value: isinstance(value, dict),
    _OBJECTS: lambda value: isinstance(value, list) and all(isinstance(item, dict) for item in value),
    _TEXTS: lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
}
RECORD_KINDS = {
    **dict.fromkeys(("outcome", "msg", "item", "join_state", "conclusion", "account_domain"), _TEXT),
    **dict.fromkeys((*REPORTED_ERROR_FIELDS, *ID_FIELDS), _TEXT),
    **dict.fromkeys((*PROOF_FIELDS, *AUTOPILOT_TEXTS, *KEY_TEXT_FIELDS, *VERIFY_TEXT_FIELDS), _TEXT),
    **dict.fromkeys(("changed", "mdm_enrolled", "restarted", "reboot_required", "fails"), _FLAG),
    **dict.fromkeys(("seconds", "findings_dropped"), _NUMBER),
    **dict.fromkeys(("bitlocker", "state", "summary", "removal", "deployment", "sign_in", "asked", "tenant"), _OBJECT),
    **dict.fromkeys(AFTER_FIELDS, _OBJECT),
    **dict.fromkeys(("phases", "enrollments", "administrators", "changes", "findings", "removals", "users"), _OBJECTS),
    "settled": _OBJECTS,
    "unread": _TEXTS,
}
#: What the report itself says of a device, whatever its record says.
REPORT_KINDS = {
    **dict.fromkeys(("run", "at", "machine"), _TEXT),
    "directory": _OBJECT,
    **dict.fromkeys(("earlier", "left_behind"), _OBJECTS),
    "same_device": _TEXTS,
}
RUN_KINDS = {
    **dict.fromkeys(("id", "started", "written", "playbook", "play", "limit"), _TEXT),
    "check": _FLAG,
    "totals": _OBJECT,
    "problems": _TEXTS,
    "gates": _OBJECTS,
}
_INNER = {
    "removal": {"problem": _TEXT},
    "findings": {"id": _TEXT, "result": _TEXT},
    "users": {"user": _TEXT, "says": _TEXT, "missing": _TEXTS},
}
_DIRECTORY_FIELDS = {
    **dict.fromkeys(("device_id", "object_id", "join_type"), _TEXT),
    "enabled": _FLAG,
    "intune": _OBJECT,
}
_ADDED = ("device", "unreadable", *REPORT_KINDS)


class _NoJson(ValueError):
    """A value that no report can hold; says which."""


def read_record(name: str, told: t.Any) -> dict[str, t.Any]:
    """The record of the device ``name``: ``{device, outcome, ...}``, from the fact that the playbook has set.

    None is a device that was not started. A field of another type than it must have is null, and named in
    ``unreadable``. What has no outcome is the failed device ``damaged_record``.
    """
    if told is None:
        return {"device": name, "outcome": "not_started"}
    found: dict[str, t.Any]
    if not isinstance(told, Mapping):
        found, problems = {}, [f"it is {_kind(told)}, not an object"]
    else:
        found, problems = fields_of({key: value for key, value in told.items() if key not in _ADDED}, RECORD_KINDS)
    if found.get("outcome") not in REPORT_OUTCOMES:
        if isinstance(told, Mapping) and not any(problem.startswith("outcome ") for problem in problems):
            problems.append("it has no outcome that a report knows")
        found |= _damage(problems)
    return {"device": name, **found, **({"unreadable": problems} if problems else {})}


def read_directory(directory: Iterable[t.Any]) -> tuple[dict[str, dict], list[str]]:
    """What a directory knows, by device id in lower case; and a sentence for each entry that is not understood."""
    by_id: dict[str, dict] = {}
    sentences = []
    for number, entry in enumerate(directory):
        found, problems = (
            fields_of(entry, _DIRECTORY_FIELDS) if isinstance(entry, Mapping) else ({}, ["it is not an object"])
        )
        intune, inner = fields_of(found.get("intune") or {}, {"id": _TEXT, "compliance": _TEXT})
        if problems or inner:
            sentences.append(f"entry {number} of directory is left out: {'; '.join(problems + inner)}")
        elif found.get("device_id") and found.get("object_id"):
            by_id[found["device_id"].lower()] = {**found, "intune": intune}
    return by_id, sentences


def _damage(problems: list[str]) -> dict[str, t.Any]:
    return dict.fromkeys(REPORTED_ERROR_FIELDS) | {
        "outcome": "failed",
        "name": "damaged_record",
        "side": "controller",
        "cause": f"what is recorded of it was not made by the filter winops.entra.rollout_outcome: {problems[0]}",
        "fix": "record the result of its task with the filter, as the playbooks do",
    }


def fields_of(told: Mapping, kinds: Mapping[str, str]) -> tuple[dict[str, t.Any], list[str]]:
    """The fields, those null that are not of their kind; and a sentence for each of these."""
    found: dict[str, t.Any] = {}
    problems = []
    for name, value in told.items():
        if not isinstance(name, str):
            problems.append(f"the name of a field is {_kind(name)}")
            continue
        name = _text(name)
        try:
            plain = _plain(value)
            found[name] = plain
            problem = _misfit(name, plain, kinds)
        except _NoJson as exc:
            problem = f"{name} {exc}"
        if problem:
            found[name] = None
            problems.append(problem)
    return found, problems


def _misfit(name: str, value: t.Any, kinds: Mapping[str, str]) -> str | None:
    kind = kinds.get(name)
    if kind is None or value is None:
        return None
    if not _IS[kind](value):
        return f"{name} is {_kind(value)}, not {kind}"
    inner = _INNER.get(name)
    for item in (value if isinstance(value, list) else [value]) if inner else ():
        # A finding has each of its fields; of a removal the problem is null where there is none.
        for field, wanted in (inner or {}).items():
            if not (_IS[wanted](item.get(field)) or (kind is _OBJECT and item.get(field) is None)):
                return f"{field} of {name} is not {wanted}"
    return None


def _plain(value: t.Any, depth: int = 1) -> t.Any:
    """The value as JSON has it, its texts bounded. Raises _NoJson."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (int, float)):
        if not abs(value) < _LARGEST:  # NaN is not below anything.
            raise _NoJson("is a number that no report can hold")
        return value
    if depth > MAX_DEPTH - 2:  # Two levels are the report's own.
        raise _NoJson("is nested too deeply")
    if isinstance(value, Mapping):
        return {_text(str(name)): _plain(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner, depth + 1) for inner in value]
    raise _NoJson(f"is {_kind(value)}, which no report can hold")


def _text(text: str) -> str:
    if len(text) > MAX_TEXT:
        text = f"{text[: MAX_TEXT - 1]}\u2026"
    return text if text.isprintable() else harmless(text)


def _kind(value: t.Any) -> str:
    """What a value is, for people."""
    if isinstance(value, bool):
        return "true or false"
    for kind, name in ((str, "a text"), (Mapping, "an object"), ((list, tuple), "a list"), ((int, float), "a number")):
        if isinstance(value, kind):
            return name
    return "nothing" if value is None else f"of the type {type(value).__name__}"
