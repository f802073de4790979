# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sticks are laid out, new devices take their packages from them at their first start, and the play meets them."""

from __future__ import annotations

import os
import stat
import time
import typing as t
from pathlib import Path

import pytest

from tests.integration import inspection, joins
from tests.integration.conftest import StartFleet
from tests.integration.play import PATIENCE, POLL_SECONDS, Play, Player
from tests.lab.process import RunningLab

REMOTING = "powershell.exe -NoProfile -Command Enable-PSRemoting -Force -SkipNetworkProfileCheck"
BY_ITSELF = {"commands": [REMOTING], "account": True}
FLEET: dict[str, t.Any] = {
    "packages": {
        "fleet": {"title": "Contoso Berlin", "computer_name": "NB-%SERIAL%", "security_key": True, **BY_ITSELF},
        "expired": {"title": "Contoso old", "token": "expired", **BY_ITSELF},
        "silent": {"title": "Contoso silent", "token": "none", "security_key": True},
    },
    "devices": [
        {"kind": "unjoined_pro", "name": "new", "device": {"out_of_box": True, "serial": "PF0001", "boot_seconds": 30}},
        {"kind": "unjoined_pro", "name": "too-late", "device": {"out_of_box": True}},
        {"kind": "unjoined_pro", "name": "left-in-its-box", "device": {"out_of_box": True}},
        {"kind": "unjoined_pro", "name": "another-one", "device": {"serial": "PF0009"}},
        {"kind": "home", "name": "home-edition"},
    ],
}
STICKS = {"new": "fleet", "too-late": "expired", "left-in-its-box": "silent"}
WAITING = "waiting for the device to answer"


class Met(t.NamedTuple):
    lab: RunningLab
    play: Play
    sticks: Path
    inserted: dict[str, dict]


@pytest.fixture(scope="module")
def met(start_fleet: StartFleet, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Met:
    """Sticks for three devices; two of them are inserted while the play waits."""
    lab, sticks = start_fleet(FLEET), tmp_path_factory.mktemp("sticks")
    media = {
        "dest": str(sticks),
        "contact": "Grace, extension 4711",
        "media": [{"name": name, "src": str(inspection.package_file(lab, label))} for name, label in STICKS.items()],
    }
    berlin = "{{ (sticks.media | selectattr('name', 'equalto', 'new') | first).package_id }}"
    wanted: dict[str, dict[str, t.Any]] = {
        "new": {"computer_name": "NB-%SERIAL%", "serial_number": "pf0001", "tenant_id": inspection.tenant_id(lab)},
        "too-late": {},
        "left-in-its-box": {"timeout": 2},
        "another-one": {"serial_number": "PF0001"},
        "home-edition": {},
    }
    options = {"computer_name", "serial_number", "tenant_id", "package_id", "timeout"}
    task = {"run_once": True, "delegate_to": "localhost"}
    contact = {
        **{name: f"{{{{ want.{name} | default(omit) }}}}" for name in options},
        "package_id": f"{{{{ {berlin[3:-3]} if inventory_hostname == 'new' else omit }}}}",
        "poll_interval": 1,
    }
    tasks = [
        {"name": "foretold", "winops.entra.ppkg_media": media, "check_mode": True, "diff": True, **task},
        {"name": "laid out", "winops.entra.ppkg_media": media, "diff": True, "register": "sticks", **task},
        {"name": "again", "winops.entra.ppkg_media": media, **task},
        {"name": "met", "winops.entra.first_contact": contact, "ignore_errors": True, "ignore_unreachable": True},
        {
            "name": "met again",
            "winops.entra.first_contact": contact | {"timeout": 0},
            "check_mode": True,
            "when": "inventory_hostname == 'new'",
        },
    ]
    inserted = {}
    host_variables = joins.wanted(wanted)
    with player.running(
        lab, [{"hosts": "devices", "gather_facts": False, "tasks": tasks}], host_variables=host_variables
    ) as run:
        deadline = time.monotonic() + PATIENCE
        while run.output.count(WAITING) < 3 and run.process.poll() is None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        for name in ("new", "too-late"):
            lab.post(f"/devices/{name}/power", {"state": "on"})
            inserted[name] = lab.post(f"/devices/{name}/medium", {"folder": str(sticks / name)})
        play = run.wait()
    return Met(lab, play, sticks, inserted)


def test_a_stick_holds_one_package_its_checksum_and_a_checklist(met: Met) -> None:
    assert met.play.exit_code == 0, met.play.output
    stick = met.sticks / "new"
    package = inspection.package_file(met.lab, "fleet")
    assert sorted(os.listdir(stick)) == ["CHECKLIST.html", "SHA256SUMS", "fleet.ppkg"]
    assert (stick / "fleet.ppkg").read_bytes() == package.read_bytes()
    assert (stick / "SHA256SUMS").read_text() == f"{inspection.sha256(package)}  fleet.ppkg\n"
    assert "Grace, extension 4711" in (stick / "CHECKLIST.html").read_text(encoding="utf-8")
    assert {stat.S_IMODE(file.stat().st_mode) for file in stick.iterdir()} == {0o600}


def test_check_mode_foretells_the_sticks_and_a_second_run_changes_nothing(met: Met) -> None:
    foretold, laid_out, again = (met.play.result("new", name) for name in ("foretold", "laid out", "again"))
    assert foretold["changes"] == laid_out["changes"] and len(laid_out["changes"]) == 9
    assert foretold["diff"] == laid_out["diff"] and again["changed"] is False
    assert {file["state"] for medium in again["media"] for file in medium["files"]} == {"unchanged"}


def test_the_sticks_warn_of_what_nobody_at_the_device_can_mend(met: Met) -> None:
    warnings = " ".join(met.play.result("new", "laid out")["warnings"])
    assert "whoever has the medium" in warnings


def test_windows_takes_the_package_of_a_stick_by_itself(met: Met) -> None:
    assert {name: told["screen"] for name, told in met.inserted.items()} == dict.fromkeys(
        met.inserted, "sets up the device"
    )


def test_a_device_that_was_off_is_met_when_it_is_as_expected(met: Met) -> None:
    result = met.play.result("new", "met")
    assert met.play.status("new", "met") == "ok", result
    assert [finding["id"] for finding in result["findings"]] == ["serial_number", "computer_name", "package", "join"]
    assert (result["computer_name"], result["serial_number"]) == ("NB-PF0001", "PF0001")
    assert result["connections_lost"] > 0 and result["changed"] is False
    assert result["ansible_facts"]["entra"]["join"]["tenant_id"] == inspection.tenant_id(met.lab)
    assert met.play.result("new", "met again")["connections_lost"] == 0


@pytest.mark.parametrize(
    ("device", "name", "says"),
    [
        ("too-late", "ADAL_SERVER_ERROR_INVALID_GRANT", "did not join"),
        ("another-one", "first_contact_serial_number", "another device answers"),
        ("home-edition", "first_contact_join", "cannot be joined"),
    ],
)
def test_what_waiting_cannot_mend_ends_it(met: Met, device: str, name: str, says: str) -> None:
    result = met.play.result(device, "met")
    assert (met.play.status(device, "met"), result["error"]["name"]) == ("ignored", name), result["msg"]
    assert says in result["msg"] and result["waited"] < PATIENCE


def test_a_device_that_never_answers_is_unreachable(met: Met) -> None:
    result = met.play.result("left-in-its-box", "met")
    assert met.play.status("left-in-its-box", "met") == "unreachable"
    assert "did not answer within 2 s" in result["msg"]
