# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registration that is cut off, or killed, at each exchange in turn, and run again: nothing twice, nothing lost."""

from __future__ import annotations

import typing as t

import httpx
import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.tenant.autopilot import imports

from ..lab_bench import Killed
from .registering import DOMAIN, Registering, device, outcomes

#: Three chunks of two.
ENTRIES = [device(f"SN-{number}", group_tag="desk", assigned_user=f"ada@{DOMAIN}") for number in range(5)]
#: What happens: the controller is killed, or the connection breaks; before the request arrives, or after.
WAYS: dict[str, tuple[type[BaseException], bool]] = {
    "killed before": (Killed, False),
    "killed after": (Killed, True),
    "cut before": (httpx.ReadError, False),
    "cut after": (httpx.ReadError, True),
}
#: Lab seconds until the task runs again: imports are open, complete and not listed, or long done.
LATER = (0.0, 45.0, 7200.0)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "LARGEST", 2)


def play(way: str, place: int, later: float, monkeypatch: pytest.MonkeyPatch) -> tuple[Registering, bool]:
    """A tenant after a run with this trouble at this exchange, and a second one; whether the trouble came."""
    office = Registering()
    office.keep_time(monkeypatch)
    kind, after = WAYS[way]
    happened: list[int] = []

    def trouble(number: int, sent: bool) -> None:
        if number == place and sent == after:
            happened.append(number)
            raise kind("cut off")

    office.trouble = trouble
    try:
        office.register(*ENTRIES)
    except Killed:
        pass
    office.trouble = lambda number, sent: None
    office.pass_time(later)
    result = office.register(*ENTRIES)
    assert not result.get("failed"), result
    assert set(outcomes(result)) <= {"changed", "unchanged"}
    return office, bool(happened)


def judge(office: Registering) -> None:
    assert office.imported == {entry["serial_number"]: 1 for entry in ENTRIES}
    assert sorted(row["serialNumber"] for row in office.tenant.autopilot_devices.values()) == sorted(office.imported)
    assert office.tenant.autopilot_imports == {}
    for row in office.tenant.autopilot_devices.values():
        assert (row["groupTag"], row["userPrincipalName"]) == ("desk", f"ada@{DOMAIN}")
    before = len(office.writes)
    again = office.register(*ENTRIES)
    assert (again["changed"], set(outcomes(again)), len(office.writes)) == (False, {"unchanged"}, before)


@pytest.mark.parametrize("later", LATER)
@pytest.mark.parametrize("way", WAYS)
def test_no_device_is_imported_twice_and_none_is_lost(way: str, later: float, monkeypatch: pytest.MonkeyPatch) -> None:
    place, happened = 1, True
    while happened:
        office, happened = play(way, place, later, monkeypatch)
        judge(office)
        place += 1
    assert place > 15, "the run has so few exchanges that nothing was tried"


def test_the_sweep_notices_a_device_that_is_imported_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(_self: t.Any, _wanted: t.Any) -> None:
        """Of what was imported before nothing is known."""

    monkeypatch.setattr(imports.Importer, "look", blind)
    with pytest.raises(AssertionError):
        for place in range(1, 40):
            office, _happened = play("killed after", place, 0.0, monkeypatch)
            judge(office)
