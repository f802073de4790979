# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices whose objects are to be removed: the records that name them, checked where they come in.

A record is what winops.entra.disconnect returns and a report holds, or what people write themselves: then it is theirs,
and counts as recorded before. What is wrong with one record leaves that one out.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Iterable

from ...options import bad_option, require_guid
from ...proofs import PROOF_FIELDS, PROVED, RECORDED
from ...result import Failure
from ...untrusted import in_one_line
from ..graph.failures import RequestFailure
from ..graph.fields import LONGEST_NAME
from . import unread
from .places import Place, RemovalTarget

_IDS = ("device_id", "intune_device_id", "autopilot_id")
_LONGEST_WHO = 100
_TEXTS = ("device", "hostname", "serial_number", "tenant_id", *PROOF_FIELDS)


@dataclasses.dataclass
class Leaver:
    """A device that has left, by the ids recorded before, and what the tenant has of it, by place.

    ``device`` is its name in the inventory, ``hostname`` its own. ``problems`` say why nothing of it may be removed;
    ``unread`` are the failures among the reasons: of what could not be read nobody knows whether it is there.
    ``row`` is its Entra object, ``managed`` its record in Intune, ``registration`` that in Windows
    Autopilot, ``association`` the state of its association; ``serial_shared``: another registration has the serial
    number of its own. ``recovery_keys`` are ids of BitLocker keys, ``laps``
    whether a password is backed up; None: not known.
    """

    device_id: str
    intune_device_id: str | None = None
    autopilot_id: str | None = None
    device: str | None = None
    hostname: str | None = None
    serial_number: str | None = None
    tenant_id: str | None = None
    proof: str | None = None
    proved_thumbprint: str | None = None
    not_proved: str | None = None
    name: str | None = None
    row: dict | None = None
    managed: dict | None = None
    registration: dict | None = None
    association: str | None = None
    serial_shared: bool = False
    targets: dict[str, RemovalTarget] = dataclasses.field(default_factory=dict)
    problems: list[str] = dataclasses.field(default_factory=list)
    unread: list[RequestFailure] = dataclasses.field(default_factory=list)
    recovery_keys: list[str] | None = None
    laps: bool | None = None

    def add(self, place: Place, identity: str) -> None:
        self.targets[place.name] = RemovalTarget.of(place, identity, self.label)

    def not_read(self, what: str, failure: RequestFailure) -> None:
        """Leave it out: ``what`` the tenant has of it could not be read."""
        self.problems.append(unread.sentence(what, failure))
        self.unread.append(failure)

    @property
    def label(self) -> str:
        name = self.name or self.device or self.hostname
        return f"{name} ({self.device_id})" if name else self.device_id

    @property
    def is_there(self) -> bool:
        """Whether the tenant has something of it."""
        return bool(self.row or self.targets)

    @property
    def evidence(self) -> str:
        """RECORDED, too, where the record says nothing: then the device has no part in it."""
        return self.proof or RECORDED

    @property
    def told_by_itself(self) -> bool:
        """Whether the device's own word stands behind what no key proves, such as its other ids."""
        return self.proof is not None


@dataclasses.dataclass
class Named:
    """``leavers`` in the order in which they were named; ``by_id`` those whose objects are looked up, one an id;
    ``rivals`` are others that name the same id; ``bad`` are (who, why) of records that name no device."""

    leavers: list[Leaver] = dataclasses.field(default_factory=list)
    by_id: dict[str, Leaver] = dataclasses.field(default_factory=dict)
    rivals: dict[str, list[Leaver]] = dataclasses.field(default_factory=dict)
    bad: list[tuple[str, str]] = dataclasses.field(default_factory=list)

    def share_unread(self) -> None:
        """What could not be read of an id is not known of anybody who calls itself by it."""
        for key, one in self.by_id.items():
            for rival in self.rivals.get(key, ()):
                if rival is not one and one.unread:
                    rival.problems += one.problems
                    rival.unread += one.unread

    @property
    def left_out(self) -> list[str]:
        """Sentences about those of which nothing is removed."""
        unsure = [f"{leaver.label}: {problem}" for leaver in self.leavers for problem in leaver.problems]
        return unsure + [f"{who}: {why}" for who, why in self.bad]


def named(records: Iterable[dict], option: str) -> Named:
    """The devices that the records of an option name. Failure where people who have written them name nobody, or
    contradict themselves."""
    found, refused = Named(), None
    for number, record in enumerate(records, 1):
        try:
            leaver = _leaver(record, option)
        except Failure as failure:
            who = next((name for field in ("device", "hostname") if (name := _who(record.get(field)))), None)
            refused = refused or (None if who else failure)
            found.bad.append((who or f"record {number}", failure.error["cause"]))
            continue
        if not any(_is_same(known, leaver) for known in found.leavers):
            _require_one_meaning(found.leavers, leaver, option)
            found.leavers.append(leaver)
    if refused is not None and not found.leavers:
        raise refused
    for leaver in found.leavers:
        found.rivals.setdefault(leaver.device_id, []).append(leaver)
    for key, several in found.rivals.items():
        proved = [leaver for leaver in several if leaver.proof == PROVED]
        found.by_id[key] = proved[0] if len(proved) == 1 else several[0]
    return found


def contest(found: Named) -> None:
    """Of several that name one id nobody is believed, but for the only one that has proved its key. To be asked once it
    is known what the tenant has of them: of what it does not have there is nothing to quarrel about."""
    for key, several in found.rivals.items():
        proved = [leaver for leaver in several if leaver.proof == PROVED]
        if len(several) == 1 or not found.by_id[key].is_there:
            continue
        for leaver in several:
            others = ", ".join(other.device or other.hostname or "another" for other in several if other is not leaver)
            if [leaver] != proved:
                leaver.problems.append(f"{len(several)} devices call themselves by this id: {others} as well")


def _leaver(record: dict, option: str) -> Leaver:
    ids = {field: _text(record, field, option) for field in _IDS}
    ids = {
        field: value and require_guid(value, option, f"give as {field} the GUID that was recorded")
        for field, value in ids.items()
    }
    if ids["device_id"] is None:
        raise bad_option(option, "a device has no device_id", "leave out devices whose id is not known")
    texts: dict[str, t.Any] = {field: _text(record, field, option) for field in _TEXTS}
    return Leaver(str(ids["device_id"]), ids["intune_device_id"], ids["autopilot_id"], **texts)


def _text(record: dict, field: str, option: str) -> str | None:
    """A text of a record in one line; None where it is empty. A number is one: people leave out the quotes."""
    value = record.get(field)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise bad_option(option, f"{field} is not a text", f"give as {field} what the device said, or leave it out")
    return in_one_line(str(value), LONGEST_NAME) or None


def _who(value: t.Any) -> str | None:
    return in_one_line(str(value), _LONGEST_WHO) if value else None


def _is_same(one: Leaver, two: Leaver) -> bool:
    """Whether two records are one said twice: those of two devices of the inventory are not, however alike."""
    return one == two and (one.device is not None or one.proof is None)


def _require_one_meaning(known: list[Leaver], leaver: Leaver, option: str) -> None:
    """What people write themselves must not contradict itself."""
    rivals = [other for other in known if other.device_id == leaver.device_id]
    if rivals and leaver.proof is None and all(other.proof is None and other.device is None for other in rivals):
        raise bad_option(option, f"two records of {leaver.device_id} differ", "leave the wrong one out")
