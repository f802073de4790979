# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door for what a device says of its failures: the result of winops.entra.diagnose, or its record in a report.

It comes from a device, and is believed as far as it has its form: texts become lines of bounded length, ids are ids,
and what has another form does not count and is named. Nothing of a tenant is changed by it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t
from collections.abc import Iterable, Mapping

from ...findings import FAIL, WARN
from ...options import bad_option
from ...result import SIDES
from ...untrusted import in_one_line, visible
from ..devices.directory_device import instant
from .ids import id_in

#: What is read of a diagnosis at most.
MOST_FAILURES, MOST_TRACES, MOST_DATA, MOST_IDS = 100, 50, 20, 500
LONGEST_LINE, LONGEST_CODE_TEXT = 1000, 100
#: What a finding can be about, in the order in which it happens.
ALL_SUBJECTS = ("device", "join", "mdm", "sign_in")
_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
#: How the services name the ids of a request in their texts.
_IDS = re.compile(
    r"(?:trace[- ]?id|request[- ]?id|correlation[- ]?id)[\"']?\s{0,4}[:=]\s{0,4}[\"'{(]{0,2}(" + _GUID + ")",
    re.IGNORECASE,
)
_USER = re.compile(r"[^@\s'\"]{1,200}@[^@\s'\"]{1,200}")
#: A clock that is wrong by more is set right; below, it may as well be the time that has passed since.
_WRONG_CLOCK = datetime.timedelta(hours=1)

Evidence = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class DeviceFinding:
    """A failure as the device tells it; ``weight`` as in winops.entra.diagnose."""

    id: str
    failed: bool
    subject: str
    code: str | None
    cause: str
    fix: str | None
    side: str
    doc: str | None
    weight: int
    evidence: tuple[Evidence, ...]

    @property
    def ids(self) -> frozenset[str]:
        """Those of its requests and attempts."""
        return frozenset(identity for one in self.evidence for identity in _ids_in(one["request_id"], one["data"]))

    @property
    def codes(self) -> frozenset[str]:
        """Its own code and name, and the codes of its traces."""
        own = (self.id, self.code, *(one["code"] for one in self.evidence))
        return frozenset(code.lower() for code in own if code)


@dataclasses.dataclass
class DeviceSaid:
    """What a device says. ``joined`` and ``enrolled`` are null where it does not; ``ids`` are those of its requests
    and attempts, in lower case; ``ahead`` is what its clock is ahead of ours."""

    answered: bool = False
    conclusion: str | None = None
    findings: list[DeviceFinding] = dataclasses.field(default_factory=list)
    joined: bool | None = None
    enrolled: bool | None = None
    device_id: str | None = None
    user: str | None = None
    ids: set[str] = dataclasses.field(default_factory=set)
    ahead: datetime.timedelta = datetime.timedelta()
    odd: list[str] = dataclasses.field(default_factory=list)

    @property
    def worst(self) -> DeviceFinding | None:
        """Its heaviest failure, None where it shows none."""
        return next((one for one in self.findings if one.failed), None)

    def mild(self) -> set[str]:
        """The ids that stand in warnings alone."""
        failing = {identity for one in self.findings if one.failed for identity in one.ids}
        return self.ids - failing

    def moments(self, finding: DeviceFinding) -> list[datetime.datetime]:
        """When the traces of a finding were written, by the tenant's time."""
        times = (instant(one["utc"]) for one in finding.evidence)
        return [moment - self.ahead for moment in times if moment is not None]


@dataclasses.dataclass
class Asked:
    """One device of the task. ``user`` is in lower case, None where nobody knows it: then it is a package's."""

    name: str
    device_id: str | None
    hostname: str
    user: str | None
    said: DeviceSaid


def asked_devices(given: list[dict[str, t.Any]], now: datetime.datetime) -> tuple[list[Asked], list[str]]:
    """The devices of the option, and what of them does not count, in words. Failure for a name that stands twice."""
    made: list[Asked] = []
    odd: list[str] = []
    seen: set[str] = set()
    if not given:
        raise bad_option("devices", "the list is empty", "give at least one device")
    for one in given:
        if one["name"] in seen:
            raise bad_option("devices", f"{visible(one['name'])} stands there twice", "give each device once")
        seen.add(one["name"])
        said = device_said(one.get("diagnosis"), now)
        device_id = one.get("device_id")
        if device_id is not None and id_in(device_id) is None:
            odd.append(f"the device id of {visible(one['name'])} is not a GUID, or stands for none")
            device_id = None
        user = one.get("user") or said.user
        made.append(
            Asked(
                one["name"],
                id_in(device_id) or said.device_id,
                (one.get("hostname") or one["name"]).strip(),
                user.strip().lower() if user else None,
                said,
            )
        )
    return made, odd


def device_said(told: t.Any, now: datetime.datetime) -> DeviceSaid:
    """What a diagnosis says; an empty one where there is none."""
    said = DeviceSaid()
    if not isinstance(told, Mapping):
        return said
    rows = told.get("findings")
    said.answered = isinstance(rows, (list, tuple)) and not told.get("unreachable")
    if rows is not None and not said.answered and not told.get("unreachable"):
        said.odd.append("findings is not a list")
    if not said.answered:
        return said
    said.conclusion = _line(told.get("conclusion"))
    said.ahead = _ahead(told.get("device_utc"), now)
    for row in list(rows or ())[:MOST_FAILURES]:
        finding = _finding(row, said.ids)
        if finding is None:
            said.odd.append("a finding is not of its form")
        else:
            said.findings.append(finding)
    said.findings.sort(key=lambda one: -one.weight)
    _state(said, told.get("state"))
    said.odd = list(dict.fromkeys(said.odd))
    return said


def _state(said: DeviceSaid, state: t.Any) -> None:
    state = state if isinstance(state, Mapping) else {}
    join = state.get("join") if isinstance(state.get("join"), Mapping) else {}
    mdm = state.get("mdm") if isinstance(state.get("mdm"), Mapping) else {}
    kind, device_id, user = join.get("type"), join.get("device_id"), join.get("joined_by")
    if isinstance(kind, str):
        said.joined = kind in ("entra", "hybrid")
    if isinstance(mdm.get("enrolled"), bool):
        said.enrolled = mdm["enrolled"]
    said.device_id = id_in(device_id)
    if isinstance(user, str) and _USER.fullmatch(user):
        said.user = user.lower()


def _finding(row: t.Any, ids: set[str]) -> DeviceFinding | None:
    if not isinstance(row, Mapping):
        return None
    identity, cause, weight = _line(row.get("id"), LONGEST_CODE_TEXT), _line(row.get("cause")), row.get("weight")
    if identity is None or cause is None or row.get("result") not in (FAIL, WARN):
        return None
    weight = weight if isinstance(weight, int) and not isinstance(weight, bool) and 0 <= weight <= 100 else 0
    subject, side = row.get("subject"), row.get("side")
    evidence = _rows(row.get("evidence"))
    return DeviceFinding(
        identity,
        row["result"] == FAIL,
        subject if subject in ALL_SUBJECTS else "device",
        _line(row.get("code"), LONGEST_CODE_TEXT),
        cause,
        _line(row.get("fix")),
        side if side in SIDES else "device",
        _line(row.get("doc")),
        weight,
        tuple(made for one in evidence[:MOST_TRACES] if (made := _evidence(one, ids))),
    )


def _evidence(one: t.Any, ids: set[str]) -> Evidence | None:
    if not isinstance(one, Mapping):
        return None
    lines = [line for text in _rows(one.get("data"))[:MOST_DATA] if (line := _line(text)) is not None]
    request_id = id_in(one.get("request_id"))
    for identity in _ids_in(request_id, lines):
        if len(ids) < MOST_IDS:
            ids.add(identity)
    event = one.get("event")
    return {
        "source": "device",
        "log": _line(one.get("log")),
        "event": event if isinstance(event, int) and not isinstance(event, bool) else None,
        "utc": _line(one.get("device_utc"), LONGEST_CODE_TEXT),
        "data": lines,
        "code": _line(one.get("aadsts"), LONGEST_CODE_TEXT) or _line(one.get("hresult_hex"), LONGEST_CODE_TEXT),
        "request_id": request_id,
        "correlation_id": None,
        "matched_by": None,
    }


def _ids_in(request_id: str | None, lines: Iterable[str]) -> list[str]:
    found = (id_in(match) for line in lines for match in _IDS.findall(line))
    return [identity for identity in (request_id, *found) if identity]


def _rows(value: t.Any) -> list[t.Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _line(text: t.Any, longest: int = LONGEST_LINE) -> str | None:
    """A text as one line, None for an empty one and for what is none."""
    return (in_one_line(text, longest) or None) if isinstance(text, str) else None


def _ahead(device_utc: t.Any, now: datetime.datetime) -> datetime.timedelta:
    """What the device's clock is ahead: minutes may be the time that has passed since it was asked."""
    moment = instant(device_utc) if isinstance(device_utc, str) else None
    if moment is None:
        return datetime.timedelta()
    ahead = moment - now
    return ahead if abs(ahead) > _WRONG_CLOCK else datetime.timedelta()
