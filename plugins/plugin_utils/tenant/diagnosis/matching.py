# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which entries of the logs belong to which device, and how surely.

An id of the device's own evidence (a request or an attempt) is the surest, then the device's id. An entry of the same
user, for a join or an enrollment and at the time of the failure, may be of another device: many share a package's user.
So it counts for less, and not at all where it is known to be another device's.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import bisect
import collections
import dataclasses
import datetime
import itertools
import typing as t
from collections.abc import Callable, Iterable

from .device_side import Asked
from .events import audit_device, audit_user, enrollment_device, of_windows
from .ids import id_in
from .logs import AUDITS, ENROLLMENT_FAILURES, PACKAGE_PREFIX, SIGN_INS, LogRead
from .sign_ins import AS_POLICIES_REFUSE, TO_SIGN_IN, device_of, failed, number_of, purpose_of, went_well

Row = dict[str, t.Any]
Attempt = tuple[str, str]
Passed = dict[Attempt, datetime.datetime]
BY_REQUEST, BY_DEVICE, BY_NAME, BY_USER = "request_id", "device_id", "hostname", "user"
#: The surest first.
MATCHES = (BY_REQUEST, BY_DEVICE, BY_NAME, BY_USER)
#: Of one device and log.
MOST_OF_A_LOG = 20
#: An entry of the same user counts so long before and after the failure, and those that are nearer alone, where some
#: are.
AROUND, AT_THE_TIME = datetime.timedelta(minutes=15), datetime.timedelta(seconds=30)
#: A name in Windows has so many letters at most, where an inventory may have more.
WINDOWS_NAME = 15


@dataclasses.dataclass
class Matched:
    """The entries of one device: of each log, (how, row), the surest and newest first. ``passed`` are the attempts of
    all devices that went well, by ``attempt_of``: when the last of them did."""

    sign_ins: list[tuple[str, Row]] = dataclasses.field(default_factory=list)
    audits: list[tuple[str, Row]] = dataclasses.field(default_factory=list)
    enrollments: list[tuple[str, Row]] = dataclasses.field(default_factory=list)
    passed: Passed = dataclasses.field(default_factory=dict)

    def traced(self, ids: set[str]) -> bool:
        """Whether a sign-in is surely the device's, or has one of its ids, which another device has as well."""
        return self.surely or any(not ids.isdisjoint(ids_of(row)) for _how, row in self.sign_ins)

    @property
    def surely(self) -> bool:
        """Whether a sign-in is surely the device's."""
        return any(how in (BY_REQUEST, BY_DEVICE) for how, _row in self.sign_ins)


@dataclasses.dataclass(frozen=True)
class _Subject:
    """What an entry says of whom it is about."""

    ids: tuple[str, ...]
    device_id: str | None
    name: str | None
    users: tuple[str, ...]
    of_topic: bool


def match(devices: list[Asked], reads: dict[str, LogRead]) -> dict[str, Matched]:
    """The entries of each device, by its name."""
    known, passed = _user_names(reads), _passed(reads)
    found = {device.name: Matched(passed=passed) for device in devices}
    readers: tuple[tuple[str, str, Callable[[Row], _Subject]], ...] = (
        (SIGN_INS.name, "sign_ins", _of_sign_in),
        (AUDITS.name, "audits", _of_audit),
        (ENROLLMENT_FAILURES.name, "enrollments", lambda row: _of_enrollment(row, known)),
    )
    index = _Index(devices)
    for name, field, read_as in readers:
        came = reads.get(name)
        if came is None or came.failure is not None:
            continue
        for device, pairs in index.match(came, read_as).items():
            setattr(found[device], field, pairs)
            if came.log is SIGN_INS:
                index.learn_name(device, pairs)
    return found


class _Index:
    def __init__(self, devices: list[Asked]) -> None:
        self._devices = devices
        self._by_id: dict[str, list[str]] = collections.defaultdict(list)
        self._by_device: dict[str, list[str]] = collections.defaultdict(list)
        self._by_name: dict[str, list[str]] = collections.defaultdict(list)
        for device in devices:
            for identity in device.said.ids:
                self._by_id[identity].append(device.name)
            if device.device_id:
                self._by_device[device.device_id].append(device.name)
            self._by_name[_windows_name(device.hostname)].append(device.name)
        self._id_of = {device.name: device.device_id for device in devices}
        self._without_id = {device.name for device in devices if not device.device_id}

    def learn_name(self, device: str, sign_ins: list[tuple[str, Row]]) -> None:
        """A sign-in with the device's id tells how Windows calls it, which the inventory may not."""
        for how, row in sign_ins:
            name = (row.get("deviceDetail") or {}).get("displayName") if how == BY_DEVICE else None
            if name and device not in self._by_name[_windows_name(name)]:
                self._by_name[_windows_name(name)].append(device)

    def match(self, came: LogRead, read_as: Callable[[Row], _Subject]) -> dict[str, list[tuple[str, Row]]]:
        found: dict[str, list[tuple[str, datetime.datetime, Row]]] = collections.defaultdict(list)
        of_users: dict[str, list[tuple[datetime.datetime, str, Row]]] = collections.defaultdict(list)
        for identity, row in came.rows.items():
            moment = came.moment(row) or datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)
            subject = read_as(row)
            how, names = self._owners(subject)
            for name in names:
                found[name].append((how, moment, row))
            # What is known to be about another device is not about this one.
            if not names and not subject.device_id and subject.of_topic:
                for user in subject.users if subject.name is None else _people(subject.users):
                    of_users[user].append((moment, identity, row))
        for rows in of_users.values():
            rows.sort(key=lambda one: one[:2], reverse=True)
        for device in self._devices:
            own = found[device.name]
            own += [(BY_USER, moment, row) for moment, row in _of_user(device, of_users)]
            # The newest of the surest.
            own.sort(key=lambda one: one[1], reverse=True)
            own.sort(key=lambda one: MATCHES.index(one[0]))
        return {name: [(how, row) for how, _moment, row in own[:MOST_OF_A_LOG]] for name, own in found.items()}

    def _claimants(self, identity: str, device_id: str | None) -> list[str]:
        """The devices that have an id in their evidence. A device that the entry carries, and we know, is the one."""
        names = self._by_id.get(identity, [])
        if device_id not in self._by_device:
            return names
        return [name for name in names if self._id_of[name] in (None, device_id)]

    def _owners(self, subject: _Subject) -> tuple[str, list[str]]:
        for identity in subject.ids:
            names = self._claimants(identity, subject.device_id)
            if names:
                # What several devices show, as clones do, is one's of them.
                return BY_REQUEST if len(names) == 1 else BY_USER, names
        if subject.device_id in self._by_device:
            return BY_DEVICE, self._by_device[subject.device_id]
        # By a name nobody is found who has an id, which is another one then.
        named = self._by_name.get(_windows_name(subject.name or ""), [])
        return BY_NAME, [name for name in named if subject.device_id is None or name in self._without_id]


def _of_user(
    device: Asked, of_users: dict[str, list[tuple[datetime.datetime, str, Row]]]
) -> Iterable[tuple[datetime.datetime, Row]]:
    """The newest entries of the device's user, of the time of its failures where it tells of any."""
    rows = of_users.get(device.user if device.user is not None else PACKAGE_PREFIX, [])
    worst = device.said.worst
    times = sorted(device.said.moments(worst)) if worst else []
    if not times:
        # Without a user and without a time there is nothing by which an entry could be the device's.
        return [(moment, row) for moment, _identity, row in rows[:MOST_OF_A_LOG] if device.user is not None]
    for span in (AT_THE_TIME, AROUND):
        found: dict[str, tuple[datetime.datetime, Row]] = {}
        # The newest first, and many devices ask the same rows: each looks at those of its own time alone.
        for near in reversed(times):
            first = bisect.bisect_left(rows, near.timestamp() * -1 - span.total_seconds(), key=_age)
            for moment, identity, row in itertools.islice(rows, first, None):
                if near - moment > span or len(found) == MOST_OF_A_LOG:
                    break
                found[identity] = (moment, row)
        if found:
            return list(found.values())
    return []


def _age(row: tuple[datetime.datetime, str, Row]) -> float:
    """The newest first, as seconds that grow."""
    return -row[0].timestamp()


def _windows_name(name: str) -> str:
    """How Windows calls it, in lower case: a name in DNS has a domain behind it."""
    return name.strip().lower().partition(".")[0][:WINDOWS_NAME]


def _people(users: Iterable[str]) -> list[str]:
    """Those who are not a package's user: a person may call a device otherwise than the inventory does."""
    return [user for user in users if not user.startswith(PACKAGE_PREFIX)]


def attempt_of(row: Row) -> Attempt | None:
    """What sign-ins have in common that are steps of one: a join asks for several resources with one correlation id."""
    identity = id_in(row.get("correlationId"))
    return None if identity is None else (identity, str(row.get("resourceId") or row.get("appId") or "").lower())


def ids_of(row: Row) -> tuple[str, ...]:
    """The ids by which a device can know a sign-in."""
    return tuple(one for one in (id_in(row.get("id")), id_in(row.get("correlationId"))) if one)


def _passed(reads: dict[str, LogRead]) -> Passed:
    came = reads.get(SIGN_INS.name)
    passed: Passed = {}
    for row in came.rows.values() if came is not None else ():
        attempt, moment = attempt_of(row), came.moment(row) if came is not None else None
        if attempt is not None and moment is not None and went_well(row):
            passed[attempt] = max(passed.get(attempt, moment), moment)
    return passed


def _user_names(reads: dict[str, LogRead]) -> dict[str, str]:
    """Names of users by their object ids, both in lower case, as far as sign-ins tell them."""
    came = reads.get(SIGN_INS.name)
    rows = came.rows.values() if came is not None else ()
    return {str(row.get("userId")).lower(): str(row.get("userPrincipalName")).lower() for row in rows}


def _users(name: str | None) -> tuple[str, ...]:
    """The user, and for a package's user what stands for all of them."""
    if not name:
        return ()
    return (name, PACKAGE_PREFIX) if name.startswith(PACKAGE_PREFIX) else (name,)


def _attempt_ids(row: Row) -> tuple[str, ...]:
    identity = id_in(row.get("correlationId"))
    return () if identity is None else (identity,)


def _of_sign_in(row: Row) -> _Subject:
    user = str(row.get("userPrincipalName") or "").lower()
    # Of a person's other sign-ins those count that went well, or that a policy stopped; not a wrong password.
    counts = purpose_of(row) != TO_SIGN_IN or not failed(row) or number_of(row) in AS_POLICIES_REFUSE
    return _Subject(ids_of(row), device_of(row), None, _users(user), counts)


def _of_audit(row: Row) -> _Subject:
    device_id, name = audit_device(row)
    known = name.lower() if name else None
    return _Subject(_attempt_ids(row), device_id, known, _users(audit_user(row)), True)


def _of_enrollment(row: Row, user_ids: dict[str, str]) -> _Subject:
    user = user_ids.get(str(row.get("userId") or "").lower())
    return _Subject(_attempt_ids(row), enrollment_device(row), None, _users(user), of_windows(row))
