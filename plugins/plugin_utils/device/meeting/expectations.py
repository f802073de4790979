# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a new device should be, held against what it is: a finding for each expectation.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...findings import FAIL, PASS, UNKNOWN, Finding
from ..package_facts import PENDING
from . import name_pattern

#: Results of the engine that do not count as failures: none yet, success, and a setting that waits for a restart.
_GOOD = (None, "0x00000000", f"0x{PENDING:08x}")
#: Those of findings, in their order.
EXPECTATIONS = ("serial_number", "computer_name", "package", "join")
_WAIT = "wait, or look at the device's screen: the package may still be at work, or not have been taken from the stick"


@dataclasses.dataclass(frozen=True)
class Expected:
    """The options of the task; None, or false for ``joined``, where nothing is expected."""

    serial_number: str | None
    computer_name: str | None
    package_id: str | None
    joined: bool
    tenant_id: str | None


@dataclasses.dataclass(frozen=True)
class Seen:
    """What the device is: its name now, its serial number (None where it could not be read), and its facts."""

    computer_name: str | None
    serial_number: str | None
    facts: dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Judged:
    """A finding, and whether waiting cannot mend it."""

    finding: Finding
    in_vain: bool = False

    @property
    def met(self) -> bool:
        return self.finding.result == PASS


def judge(expected: Expected, seen: Seen) -> list[Judged]:
    """One for each expectation, in a fixed order."""
    judged = []
    if expected.serial_number is not None:
        judged.append(_serial(expected.serial_number, seen))
    if expected.computer_name is not None:
        judged.append(_name(expected.computer_name, seen))
    if expected.package_id is not None:
        judged.append(_package(expected.package_id, seen))
    if expected.joined:
        # An awaited package may still give Windows another edition.
        judged.append(_join(expected.tenant_id, seen, all(each.met for each in judged if each.finding.id == "package")))
    return judged


def is_missing(package_id: str | None, seen: Seen) -> bool:
    """Whether this package is awaited, and Windows does not have it yet: then no failure so far is its doing."""
    listed = seen.facts["packages"]
    return package_id is not None and listed is not None and all(package["id"] != package_id for package in listed)


def _serial(wanted: str, seen: Seen) -> Judged:
    found = seen.serial_number
    if found is None:
        return _unknown("serial_number", wanted, "the serial number")
    if found.strip().lower() == wanted.strip().lower():
        return _met("serial_number", found, wanted)
    return _unmet(
        "serial_number",
        f"serial number {found}",
        wanted,
        f"another device answers at this address: its serial number is {found}, not {wanted}",
        "correct ansible_host in the inventory, or the serial number that is expected",
        in_vain=True,
    )


def _name(pattern: str, seen: Seen) -> Judged:
    wanted = name_pattern.shown(pattern, seen.serial_number)
    if seen.computer_name is None:
        return _unknown("computer_name", wanted, "the computer name")
    found = name_pattern.fits(seen.computer_name, pattern, seen.serial_number)
    if found is None:
        return _unknown("computer_name", wanted, "the serial number, which is in the name,")
    if found:
        return _met("computer_name", seen.computer_name, wanted)
    return _unmet(
        "computer_name",
        seen.computer_name,
        wanted,
        f"the device is named {seen.computer_name}, not {wanted}: the package has not named it, or it has not "
        "restarted since",
        _WAIT,
    )


def _package(package_id: str, seen: Seen) -> Judged:
    listed = seen.facts["packages"]
    if listed is None:
        return _unknown("package", package_id, "the list of packages")
    found = next((package for package in listed if package["id"] == package_id), None)
    if found is None:
        return _unmet("package", "not there", package_id, f"Windows does not have the package {package_id}", _WAIT)
    named = f"{found['name']} ({package_id})"
    code = found["last_result"]
    if not found["installed"] or code not in _GOOD:
        result = f" ({code})" if code else ""
        return _unmet(
            "package",
            f"{named} has failed{result}",
            package_id,
            f"a setting of the package {named} could not be applied{result}; Windows tries it again",
            "run winops.entra.diagnose on the device",
        )
    if found["pending"] is None:
        return _unknown("package", package_id, f"what Windows has recorded of the package {named}")
    if found["pending"]:
        cause = f"the package {named} waits for something, such as a restart of the device"
        return _unmet("package", f"{named} is pending", package_id, cause, "wait, or restart the device")
    return _met("package", f"{named} is applied", package_id)


def _join(tenant_id: str | None, seen: Seen, settled: bool) -> Judged:
    """``settled``: no package is awaited any more."""
    join, windows = seen.facts["join"], seen.facts["os"]
    wanted = f"Entra joined to {tenant_id}" if tenant_id else "Entra joined"
    if join["type"] is None:
        return _unknown("join", wanted, "the join")
    if join["type"] not in ("entra", "hybrid"):
        cannot = windows["joinable"] is False
        cause = f"the device cannot be joined: {windows['why_not_joinable']}" if cannot else "the device is not joined"
        fix = "take a device with Windows Pro, Enterprise or Education" if cannot else _WAIT
        return _unmet("join", f"join type {join['type']}", wanted, cause, fix, in_vain=cannot and settled)
    found = f"joined to {join['tenant_id']} ({join['type']})"
    if tenant_id and join["tenant_id"] != tenant_id:
        return _unmet(
            "join",
            found,
            wanted,
            f"the device is joined to the tenant {join['tenant_id']}, not {tenant_id}",
            "stop handing out these media: the package was made in another tenant, or the device is another one",
            in_vain=join["witnesses_agree"] is not False,
        )
    if join["witnesses_agree"] is False:
        return _unmet("join", f"{found}, witnesses differ", wanted, "the traces of the join do not agree yet", _WAIT)
    return _met("join", found, wanted)


def _met(name: str, observed: str, expected: str) -> Judged:
    return Judged(Finding(name, PASS, observed, "device", expected=expected))


def _unmet(name: str, observed: str, expected: str, cause: str, fix: str, in_vain: bool = False) -> Judged:
    return Judged(Finding(name, FAIL, observed, "device", expected=expected, cause=cause, fix=fix), in_vain)


def _unknown(name: str, expected: str, what: str) -> Judged:
    cause = f"{what} could not be read"
    fix = "connect as a local administrator with a full token"
    return Judged(Finding(name, UNKNOWN, cause, "device", expected=expected, cause=cause, fix=fix))
