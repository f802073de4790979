# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One registration with one trouble, and the run after it: no device is imported twice, and none is lost."""

from __future__ import annotations

import dataclasses
import typing as t

import httpx
import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.tenant.autopilot import imports
from tests.unit.tenant.autopilot.registering import DOMAIN, Registering, device, outcomes
from tests.unit.tenant.lab_bench import Killed

#: What happens: the controller is killed, or the connection breaks; before the request arrives, or after.
WAYS: dict[str, tuple[type[BaseException], bool]] = {
    "killed before": (Killed, False),
    "killed after": (Killed, True),
    "cut before": (httpx.ReadError, False),
    "cut after": (httpx.ReadError, True),
}
#: Lab seconds until the task runs again: imports are open, complete and not listed, or long done.
LATER = (0.0, 45.0, 7200.0)
TAG, USER = "desk", f"ada@{DOMAIN}"


@dataclasses.dataclass(frozen=True)
class Trouble:
    """At exchange ``place``, of ``way``; ``later`` are the lab's seconds until the next run. ``devices`` are imported
    in chunks of ``chunk``."""

    way: str
    place: int
    later: float = 0.0
    devices: int = 5
    chunk: int = 2


def entries(count: int) -> list[dict[str, t.Any]]:
    return [device(f"SN-{number:05}", group_tag=TAG, assigned_user=USER) for number in range(count)]


def problem(trouble: Trouble) -> str | None:
    """What is wrong after the run with the trouble and the one after it, None where nothing is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imports, "CHUNK_SIZE", trouble.chunk)
        office = Registering()
        office.keep_time(patch)
        given = entries(trouble.devices)
        if not _disturbed(office, trouble, given):
            return "the run had no such exchange"
        office.pass_time(trouble.later)
        return _wrong(office, given, office.register(*given))


def exchanges(devices: int, chunk: int) -> int:
    """How many exchanges an undisturbed run has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imports, "CHUNK_SIZE", chunk)
        office = Registering()
        office.keep_time(patch)
        office.register(*entries(devices))
        return len(office.exchanges)


def _disturbed(office: Registering, trouble: Trouble, given: list[dict[str, t.Any]]) -> bool:
    """Run with the trouble. Returns whether it came."""
    kind, after = WAYS[trouble.way]
    happened: list[int] = []

    def meet(number: int, sent: bool) -> None:
        if number == trouble.place and sent == after:
            happened.append(number)
            raise kind("cut off")

    office.trouble = meet
    try:
        office.register(*given)
    except Killed:
        pass
    office.trouble = lambda number, sent: None
    return bool(happened)


def _wrong(office: Registering, given: list[dict[str, t.Any]], result: dict[str, t.Any]) -> str | None:
    serials = {entry["serial_number"] for entry in given}
    if result.get("failed"):
        return f"the next run fails: {result['msg']}"
    if not set(outcomes(result)) <= {"changed", "unchanged"}:
        return f"outcomes of the next run: {sorted(set(outcomes(result)))}"
    if office.imported != dict.fromkeys(serials, 1):
        return f"{sum(count > 1 for count in office.imported.values())} imported twice of {len(office.imported)}"
    rows = list(office.tenant.autopilot_devices.values())
    if sorted(row["serialNumber"] for row in rows) != sorted(serials):
        return f"{len(rows)} registrations"
    if any(
        (row["groupTag"], row["userPrincipalName"], row["addressableUserName"]) != (TAG, USER, "Ada") for row in rows
    ):
        return "properties are not as asked for"
    if office.tenant.autopilot_imports:
        return f"{len(office.tenant.autopilot_imports)} receipts are left"
    before = len(office.writes)
    again = office.register(*given)
    if again["changed"] or set(outcomes(again)) != {"unchanged"} or len(office.writes) != before:
        return "the run after that changes something"
    return None
