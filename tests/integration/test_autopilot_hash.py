# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""winops.entra.autopilot_hash over devices with good and bad hardware hashes, which all write to one CSV file."""

from __future__ import annotations

import collections
import stat
import typing as t
from pathlib import Path

import pytest

from tests.integration import inspection
from tests.integration.conftest import StartFleet
from tests.integration.play import Play, Player
from tests.lab import hardware_hash
from tests.lab.process import RunningLab

VMWARE = {"serial": "VMware-56 4d 2c 9e", "manufacturer": "VMware, Inc.", "model": "VMware20,1", "tpm": False}
DEVICES: dict[str, dict] = {
    "whole": {},
    "zeros": {"serial": "00012345"},
    "spaces": {"serial": "AB 12 34"},
    "unpadded": {"hardware_hash": "unpadded"},
    "no-tpm": {"tpm": False},
    "old-tpm": {"tpm_version": "1.2"},
    "virtual": VMWARE,
    "comma": {"serial": "A,1"},
    "placeholder": {"serial": "Default string"},
    "flipped": {"hardware_hash": "flipped"},
    "cut": {"hardware_hash": "cut"},
    "short": {"hardware_hash": "short", **VMWARE},
    "another": {"hardware_hash": "another"},
    "absent": {"hardware_hash": "absent"},
    "audit": {"hardware_hash": "class_missing"},
    "general": {"hardware_hash": "general_error"},
}
#: Those whose rows are in the file in the end.
WRITTEN = ("whole", "zeros", "spaces", "unpadded", "no-tpm", "old-tpm", "virtual")
#: The finding that fails, or is unknown.
BAD = {
    "placeholder": "serial_number",
    "flipped": "hash",
    "cut": "hash",
    "short": "hash_serial",
    "another": "hash_serial",
    "absent": "hash",
    "audit": "hash",
    "general": "hash",
}
SAYS = {
    "flipped": "checksum",
    "cut": "cut off",
    "absent": "no hash",
    "audit": "audit mode",
    "general": "KB5013942",
    "another": "two devices",
    "short": "no serial number in the hash",
    "placeholder": "many devices",
}
#: What the findings tpm and virtual_machine are for a self-deploying profile.
MODES = {
    "whole": ("pass", "pass"),
    "no-tpm": ("fail", "pass"),
    "old-tpm": ("fail", "pass"),
    "virtual": ("fail", "fail"),
    "flipped": ("unknown", "pass"),
}
KIOSK = {"mode": "self_deploying", "group_tag": "Kiosk", "fail_on": []}
USER = "ada@contoso.example"
HEADER = "Device Serial Number,Windows Product ID,Hardware Hash,Group Tag,Assigned User"


class Harvested(t.NamedTuple):
    lab: RunningLab
    play: Play
    file: Path
    digests: tuple[dict[str, str], dict[str, str]]
    commands: collections.Counter[str]

    def result(self, device: str, task: str = "written") -> dict:
        return self.play.result(device, task)

    def finding(self, device: str, task: str, name: str) -> dict:
        return next(one for one in self.result(device, task)["findings"] if one["id"] == name)

    def rows(self) -> dict[str, list[str]]:
        lines = self.file.read_bytes().decode("ascii").split("\r\n")
        assert lines[0] == HEADER and lines[-1] == ""
        return {line.split(",")[0]: line.split(",") for line in lines[1:-1]}


@pytest.fixture(scope="module")
def harvested(start_fleet: StartFleet, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Harvested:
    """Looked at in check mode, written, read once more, and looked at for a self-deploying profile."""
    entries = [{"kind": "unjoined_pro", "name": name, "device": device} for name, device in DEVICES.items()]
    lab = start_fleet({"devices": [*entries, {"kind": "filtered_token", "name": "limited"}]})
    file = tmp_path_factory.mktemp("csv") / "new" / "devices.csv"
    options = {"dest": str(file), "group_tag": "Berlin", "assigned_user": USER}
    before = inspection.digests(lab)
    task = {"ignore_errors": True, "diff": True}
    play = player.tasks(
        lab,
        [
            {
                **task,
                "name": "foretold",
                "winops.entra.autopilot_hash": options,
                "check_mode": True,
                "when": f"inventory_hostname in {[*WRITTEN, 'limited']}",
            },
            {**task, "name": "written", "winops.entra.autopilot_hash": options},
            {
                **task,
                "name": "again",
                "winops.entra.autopilot_hash": options,
                "when": f"inventory_hostname in {list(WRITTEN)}",
            },
            {
                **task,
                "name": "self-deploying",
                "winops.entra.autopilot_hash": {**KIOSK, "dest": str(file)},
                "when": f"inventory_hostname in {list(MODES)}",
            },
        ],
    )
    after = inspection.digests(lab)
    return Harvested(lab, play, file, (before, after), collections.Counter(one["device"] for one in lab.commands()))


def test_each_harvest_is_one_command(harvested: Harvested) -> None:
    for device in (*WRITTEN, *BAD):
        assert harvested.commands[device] == 1 + 2 * (device in WRITTEN) + (device in MODES), device


def test_nothing_is_left_on_a_device(harvested: Harvested) -> None:
    assert harvested.digests[0] == harvested.digests[1]


def test_every_good_device_has_one_row_in_the_file(harvested: Harvested) -> None:
    rows = harvested.rows()
    serials = {harvested.result(device)["device"]["serial_number"]: device for device in WRITTEN}
    assert set(rows) == set(serials) and len(serials) == len(WRITTEN)
    for serial, (_serial, product, text, tag, user) in rows.items():
        assert (product, tag, user) == ("", "Kiosk" if serials[serial] in MODES else "Berlin", USER)
        assert hardware_hash.read(text)["serial"] == serial
    assert stat.S_IMODE(harvested.file.stat().st_mode) == 0o600
    assert [path.name for path in harvested.file.parent.iterdir()] == [harvested.file.name]
    assert sorted(harvested.result(device)["rows"] for device in WRITTEN) == list(range(1, len(WRITTEN) + 1))


@pytest.mark.parametrize("device", WRITTEN)
def test_check_mode_foretells_the_row_and_a_second_harvest_changes_nothing(harvested: Harvested, device: str) -> None:
    foretold, written, again = (harvested.result(device, task) for task in ("foretold", "written", "again"))
    assert foretold["changes"] == written["changes"] and foretold["diff"] == written["diff"]
    assert written["changed"] and written["changes"][0]["before"] is None
    assert written["changes"][0]["after"]["Group Tag"] == "Berlin"
    assert not again["changed"] and again["rows"] == len(WRITTEN)
    assert foretold["autopilot"]["read_as"] == "caller" and written["autopilot"]["read_as"] == "SYSTEM"


def test_another_group_tag_changes_that_alone(harvested: Harvested) -> None:
    (change,) = harvested.result("whole", "self-deploying")["changes"]
    assert {name for name, value in change["after"].items() if value != change["before"][name]} == {"Group Tag"}
    assert (change["before"]["Group Tag"], change["after"]["Group Tag"]) == ("Berlin", "Kiosk")


def test_the_device_is_an_entry_for_its_registration(harvested: Harvested) -> None:
    result = harvested.result("zeros")
    assert result["device"] == {
        "serial_number": "00012345",
        "product_id": None,
        "hardware_hash": result["autopilot"]["hardware_hash"],
        "group_tag": "Berlin",
        "assigned_user": USER,
    }
    inside = hardware_hash.read(result["device"]["hardware_hash"])
    told = result["autopilot"]
    assert [told[name] for name in ("manufacturer", "model", "smbios_uuid", "tpm_version", "hash_size")] == [
        *(inside[name] for name in ("manufacturer", "model", "smbios_uuid", "tpm_version")),
        hardware_hash.SIZE,
    ]


@pytest.mark.parametrize("device", BAD)
def test_a_device_that_cannot_be_registered_is_not_written(harvested: Harvested, device: str) -> None:
    result = harvested.result(device)
    assert result["error"]["name"] == f"autopilot_{BAD[device]}" and SAYS[device] in result["error"]["cause"]
    assert result["changes"] == [] and result["rows"] is None
    assert (result["device"] is None) is (device not in ("placeholder", "short"))


def test_an_account_that_may_not_read_is_told_apart(harvested: Harvested) -> None:
    for task, who in (("foretold", "caller"), ("written", "SYSTEM")):
        result = harvested.result("limited", task)
        assert result["autopilot"]["read_as"] == who and result["autopilot"]["hardware_hash"] is None
        found = harvested.finding("limited", task, "hash")
        assert found["result"] == "unknown" and "denied" in found["cause"].lower() and "administrator" in found["fix"]
    assert "without check mode" in harvested.finding("limited", "foretold", "hash")["fix"]
    assert "nothing can run as SYSTEM" in harvested.finding("limited", "written", "hash")["cause"]


def test_a_value_that_the_portal_cannot_take_is_not_written(harvested: Harvested) -> None:
    result = harvested.result("comma")
    assert result["error"]["name"] == "csv_row_not_written" and "quotes" in result["error"]["cause"]
    assert not result["changed"] and result["device"]["serial_number"] == "A,1"


@pytest.mark.parametrize(("device", "tpm", "machine"), [(name, *expected) for name, expected in MODES.items()])
def test_a_self_deploying_profile_needs_a_tpm_and_a_physical_device(
    harvested: Harvested, device: str, tpm: str, machine: str
) -> None:
    assert harvested.finding(device, "self-deploying", "tpm")["result"] == tpm
    assert harvested.finding(device, "self-deploying", "virtual_machine")["result"] == machine
    assert harvested.play.status(device, "self-deploying") == "ok"
    if device in WRITTEN:
        assert harvested.finding(device, "written", "tpm")["result"] == "pass"
    assert harvested.finding(device, "written", "virtual_machine")["result"] in ("pass", "warn")
