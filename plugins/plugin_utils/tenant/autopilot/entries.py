# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task is given, as one Wanted for each device: the list, and the rows of a CSV file.

A bad option is refused before anything is asked. An entry with a damaged hash, a row that cannot be used, and entries
that contradict each other are left out by themselves.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Iterable

from ansible.errors import AnsibleError

from ...autopilot import csv_files, hardware_hash, serials
from ...options import bad_option
from ...result import Failure
from ...task import Task
from .. import bulk
from . import troubles
from .wanted import Entry, Wanted

_GIVEN = ("product_id", "group_tag", "assigned_user", "addressable_user_name", "display_name")
#: Compared without case, as the service does.
_CASELESS = ("assigned_user", "product_id")


def read(task: Task) -> list[Entry]:
    """The entries of the list, then the rows of the file. Failure of a bad option."""
    args, absent = task.args, task.args["state"] == "absent"
    entries = [_of_list(number, given, absent) for number, given in enumerate(args["devices"] or (), 1)]
    if args["csv"] is not None:
        entries += _of_file(task, args["csv"], absent)
    if not entries:
        given = "csv" if args["csv"] is not None and not args["devices"] else "devices"
        raise bad_option(given, "there is no device in it", "name at least one")
    return _merged(entries)


def devices(entries: Iterable[Entry]) -> list[Wanted]:
    """Each device once, in the order in which they were first named."""
    return list({id(entry.wanted): entry.wanted for entry in entries}.values())


def _of_list(number: int, given: dict[str, t.Any], absent: bool) -> Entry:
    serial, identity = given["serial_number"], given["autopilot_id"]
    if not serial and not identity:
        raise bad_option(
            "devices.serial_number", f"entry {number} has neither serial_number nor autopilot_id", "give one"
        )
    clear = frozenset(given["clear"] or ())
    for name in sorted(clear):
        if given[name] is not None:
            raise bad_option("devices.clear", f"entry {number} gives {name} and clears it", "leave one of the two out")
    if "assigned_user" in clear and given["addressable_user_name"] is not None:
        raise bad_option(
            "devices.clear",
            f"entry {number} gives addressable_user_name and clears assigned_user",
            "leave one of the two out",
        )
    require_upn("devices.assigned_user", f"entry {number}: ", given["assigned_user"])
    wanted = Wanted(
        serial.strip() if serial else None,
        serials.key(serial or ""),
        identity,
        clear=clear,
        **{name: given[name] for name in _GIVEN},
    )
    failure = _unusable(wanted)
    if given["hardware_hash"] and not absent and failure is None:
        failure = _take_hash(wanted, given["hardware_hash"])
    if failure is not None:
        wanted.fail(failure)
    return Entry(wanted)


def require_upn(name: str, entry: str, user: str | None) -> None:
    """A user principal name, where one is given."""
    if user is None:
        return
    if not _is_upn(user):
        raise bad_option(name, f"{entry}{user!r} is not a user principal name", "give it as name@domain")


def _is_upn(user: str) -> bool:
    before, _at, domain = user.partition("@")
    return bool(before and domain) and "@" not in domain and not any(letter.isspace() for letter in user)


def _unusable(wanted: Wanted) -> Failure | None:
    if wanted.autopilot_id is None and serials.is_placeholder(wanted.serial):
        return troubles.placeholder(str(wanted.serial))
    if wanted.autopilot_id is None and serials.is_rounded(str(wanted.serial)):
        return troubles.rounded(str(wanted.serial))
    return None


def _take_hash(wanted: Wanted, text: str) -> Failure | None:
    """Keep the hash in the form that the service takes. The Failure of one that is damaged, or of another device."""
    try:
        decoded = hardware_hash.decode(text)
    except hardware_hash.HashError as error:
        return troubles.bad_hash(str(error))
    inside = decoded.serial_number
    if wanted.key and not serials.is_placeholder(inside) and serials.key(inside) != wanted.key:
        return troubles.other_hash(inside)
    wanted.hardware_hash = decoded.text
    return None


def _of_file(task: Task, path: str, absent: bool) -> list[Entry]:
    try:
        with task.in_clear(task.find_file(path)) as clear:
            found = csv_files.read(clear, need_hash=not absent)
    except csv_files.CsvError as error:
        raise bad_option("csv", str(error), "correct the file") from None
    except (OSError, AnsibleError) as error:
        raise bad_option("csv", f"it cannot be read: {error}", "give a file on the controller") from None
    entries: list[tuple[int, Entry]] = []
    for row in found.rows:
        given: dict[str, t.Any] = {name: getattr(row, name, None) for name in _GIVEN}
        wanted = Wanted(row.serial_number, serials.key(row.serial_number), hardware_hash=row.hardware_hash, **given)
        failure = _unusable(wanted)
        if row.assigned_user is not None and not absent and not _is_upn(row.assigned_user):
            why = f"its assigned_user {row.assigned_user!r} is not a user principal name, such as name@domain"
            failure = troubles.bad_row(f"line {row.line}: {why}")
        if failure is not None:
            wanted.fail(failure)
        entries.append((row.line, Entry(wanted, row.line)))
    for remark in found.problems:
        wanted = Wanted(remark.serial_number, "")
        wanted.fail(troubles.bad_row(str(remark)))
        entries.append((remark.line, Entry(wanted, remark.line)))
    for remark in found.notes:
        task.learned.setdefault("warnings", []).append(f"csv: {remark}")
    return [entry for _line, entry in sorted(entries, key=lambda pair: pair[0])]


# --- several entries for one device ---


def _merged(entries: list[Entry]) -> list[Entry]:
    """The same entries, those with one serial number, or one id, with the same Wanted."""
    together: dict[str, Wanted] = {}
    found = []
    for entry in entries:
        wanted = entry.wanted
        key = wanted.autopilot_id or wanted.key
        if not key or (wanted.failure is not None and key not in together):
            found.append(entry)
            continue
        first = together.setdefault(key, wanted)
        if first is not wanted:
            _merge(first, wanted)
        found.append(dataclasses.replace(entry, wanted=first))
    return found


def _merge(first: Wanted, other: Wanted) -> None:
    why = _difference(first, other)
    if why is not None:
        first.fail(troubles.contradiction(why))
        return
    if other.failure is not None and first.failure is None:
        first.failure, first.outcome = other.failure, bulk.FAILED
    for name in (*_GIVEN, "serial"):
        if getattr(first, name) is None:
            setattr(first, name, getattr(other, name))
    first.key = first.key or other.key
    first.hardware_hash = other.hardware_hash or first.hardware_hash
    first.clear |= other.clear


def _difference(first: Wanted, other: Wanted) -> str | None:
    """How two entries contradict each other, None where they do not. Two hashes of one device differ by their time."""
    for name in _GIVEN:
        one, two = getattr(first, name), getattr(other, name)
        if one is not None and two is not None and not _alike(name, one, two):
            return f"{name} is {one!r} and {two!r}"
        if (name in first.clear and two is not None) or (name in other.clear and one is not None):
            return f"{name} is given and cleared"
    if first.key and other.key and first.key != other.key:
        return f"serial_number is {first.serial!r} and {other.serial!r}"
    if first.hardware_hash and other.hardware_hash:
        hashes = [hardware_hash.decode(text) for text in (first.hardware_hash, other.hardware_hash)]
        if not hardware_hash.same_device(*hashes):
            return "their hardware hashes are of two devices"
    return None


def _alike(name: str, one: str, two: str) -> bool:
    return one.casefold() == two.casefold() if name in _CASELESS else one == two
