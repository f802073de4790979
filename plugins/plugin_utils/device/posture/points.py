# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every question about the posture of a device is made of: what was seen, and the four outcomes.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from ...findings import FAIL, PASS, UNKNOWN, WARN, Finding
from ..answers import Answer, Result
from ..codes.explain import explain
from ..first_sync import Told
from ..operations import registry_read
from ..reading import FULL_TOKEN, Key
from ..state import parse_utc

Section = dict[str, t.Any]
#: A name that no value has: of such a read only the keys come.
KEYS_ONLY = ("(keys only)",)
CURRENT_POLICIES = r"SOFTWARE\Microsoft\PolicyManager\current\device"
GROUP_POLICY, MDM = "group_policy", "mdm"
_WINNER = "_WinningProvider"
_CODE = re.compile(r"(?:0x)?([0-9a-f]{8})", re.IGNORECASE)
_DECIMAL = re.compile(r"-?[0-9]{1,10}")
#: What a fraction of a time of Windows is: so many make a second, counted from 1601.
_TICKS, _EPOCH = 10**7, datetime.datetime(1601, 1, 1, tzinfo=datetime.timezone.utc)


@dataclasses.dataclass(frozen=True)
class Seen:
    """One answer of a device, and the facts ``join``, ``mdm`` and ``os`` that device_facts makes of it."""

    answer: Answer
    state: dict[str, t.Any]

    def key(self, name: str) -> Key:
        return self.answer[name].key()

    def events(self, name: str) -> list[dict]:
        """The events of a log, newest first; none where this Windows has no such log. Raises Refused."""
        result: Result = self.answer[name]
        return result["events"]

    def policy(self, area: str) -> Key:
        """The policies of an area that MDMs have set, and that are in force."""
        return self.key("policies").child(area)

    @property
    def now(self) -> datetime.datetime:
        """The device's own clock."""
        return parse_utc(self.answer.device["utc"])


def policies_read(policies: dict[str, tuple[str, ...]]) -> dict:
    """The one read of what MDMs have set: these values of these areas, and which provider's value is in force."""
    names = [name for area in policies.values() for name in area]
    return registry_read(CURRENT_POLICIES, depth=1, names=tuple(dict.fromkeys([*names, *winners(names)])))


def winners(names: t.Iterable[str]) -> list[str]:
    """The values beside these policies that name the provider whose value is in force."""
    return [name + _WINNER for name in names]


def finding(
    name: str,
    result: str,
    observed: str,
    cause: str | None = None,
    fix: str | None = None,
    doc: str | None = None,
    evidence: t.Iterable[dict] = (),
    side: str = "device",
) -> Finding:
    return Finding(name, result, observed, side, None, None, cause, fix, doc, evidence=tuple(evidence))


def passed(name: str, observed: str) -> Finding:
    return finding(name, PASS, observed)


def warned(name: str, observed: str, cause: str, fix: str, **more: t.Any) -> Finding:
    return finding(name, WARN, observed, cause, fix, **more)


def failed(name: str, observed: str, cause: str, fix: str, **more: t.Any) -> Finding:
    return finding(name, FAIL, observed, cause, fix, **more)


def unknown(name: str, section: Section, cause: str | None = None, fix: str = FULL_TOKEN) -> Finding:
    """What a finding is where what decides was refused: the first sentence of its section says why."""
    said = cause or next(iter(section["refused"]), "the device says it in a form that is not known")
    return finding(name, UNKNOWN, "unknown", said, fix)


def utc(time: datetime.datetime) -> str:
    """As the module returns times."""
    return time.astimezone(datetime.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def of_filetime(number: int | None) -> str | None:
    """A FILETIME as the module returns times; None for none, and for one that no clock had."""
    if not number:
        return None
    try:
        return utc(_EPOCH + datetime.timedelta(seconds=number // _TICKS))
    except OverflowError:
        return None


def code_of(value: t.Any) -> str | None:
    """A code as ``0x87d1041c``, however it is written: in hexadecimal, or as a number with a sign or without; None for
    what is none."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    text = str(value).strip()
    if _DECIMAL.fullmatch(text):
        return f"0x{int(text) & 0xFFFFFFFF:08x}"
    found = _CODE.fullmatch(text)
    return f"0x{found[1].lower()}" if found else None


def explained(code: str | None) -> dict[str, t.Any]:
    """``{cause, fix, doc}`` of a code; where there is none, that is the cause, and there is no fix."""
    if code is None:
        return {"cause": "it gives no code", "fix": None, "doc": None}
    told = explain(code)
    return {"cause": told["cause"].rstrip("."), "fix": told["fix"].rstrip("."), "doc": told["doc"]}


def told_of(section: Told) -> list[str]:
    """The sentences of a section, each once."""
    return list(dict.fromkeys(section.refused))
