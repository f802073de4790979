# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The harvest of a hardware hash: one exchange, each way in which there is none, and what becomes of the CSV file."""

from __future__ import annotations

import os
import threading

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.autopilot import csv_files
from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device.autopilot import harvest as module
from ansible_collections.winops.entra.plugins.plugin_utils.device.autopilot.firmware import HASH_CLASS, HYPERVISORS
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task, perform
from tests.lab import hardware_hash as lab

from .firm import Firm
from .scripted import OperationError, ScriptedDevice

CIM_ERROR = "Microsoft.Management.Infrastructure.CimException"
ARGS = {
    "mode": "user_driven",
    "dest": None,
    "group_tag": None,
    "assigned_user": None,
    "fail_on": ["fail", "unknown"],
    "timeout": 60,
}


def run(device: ScriptedDevice, check_mode: bool = False, **args) -> dict:
    task = Task(ARGS | args, check_mode, host="pc1", session=device.session(check_mode))
    return perform(task, (), module.harvest, {}, True)


def finding(result: dict, name: str) -> dict:
    return next(one for one in result["findings"] if one["id"] == name)


def test_everything_is_asked_as_system_with_one_command():
    device = Firm()
    result = run(device)
    assert "failed" not in result and device.requests == 1
    assert set(device.executed) & op.CHANGING == {"system_probe"}
    assert result["autopilot"]["read_as"] == "SYSTEM" and result["summary"]["pass"] == 6


def test_check_mode_sends_nothing_that_changes_and_finds_the_same(tmp_path):
    device, dest = Firm(), str(tmp_path / "devices.csv")
    foretold, done = run(device, True, dest=dest), run(Firm(), dest=dest)
    assert not set(device.executed) & op.CHANGING and device.requests == 1
    assert foretold["changes"] == done["changes"] and foretold["findings"] == done["findings"]
    assert foretold["autopilot"] | {"read_as": "SYSTEM"} == done["autopilot"]


@pytest.mark.parametrize(
    ("error", "result", "says"),
    [
        (OperationError(CIM_ERROR, "Ungültige Klasse", 0x80041010 - 2**32), "fail", "audit mode"),
        (OperationError(CIM_ERROR, "Ungültiger Namespace", 0x8004100E - 2**32), "fail", "audit mode"),
        (OperationError(CIM_ERROR, "Allgemeiner Fehler", None), "fail", "KB5013942"),
        (OperationError(CIM_ERROR, "Allgemeiner Fehler", 0x80041001 - 2**32), "fail", "KB5013942"),
        (OperationError(CIM_ERROR, "Zugriff verweigert", 0x80041003 - 2**32), "unknown", "Zugriff verweigert"),
        (OperationError("System.TimeoutException", "took too long"), "unknown", "took too long"),
        ([], "fail", "no hash"),
        ([{"DeviceHardwareData": None}], "fail", "no hash"),
        ([{"DeviceHardwareData": ""}], "fail", "no hash"),
        ([{"DeviceHardwareData": 5}], "unknown", "not a text"),
        ([{"DeviceHardwareData": "A" * 40000}], "fail", "more than"),
    ],
)
def test_each_way_to_have_no_hash_has_its_cause(error, result, says):
    told = run(Firm(**{HASH_CLASS: error}))
    found = finding(told, "hash")
    assert found["result"] == result and says in found["cause"] and found["fix"]
    assert told["failed"] and told["error"]["name"] == "autopilot_hash"
    assert told["device"] is None and told["autopilot"]["hardware_hash"] is None
    assert [one["id"] for one in told["findings"]] == ["hash", "serial_number", "tpm", "virtual_machine"]
    assert told["autopilot"]["serial_number"] == "PF1"


def test_system_that_is_late_or_cannot_be_started_is_unknown():
    late, closed = Firm(), Firm()
    late.handlers["system_probe"] = lambda _asked: {"answer": None}

    def refuse(_asked):
        raise OperationError("System.UnauthorizedAccessException", "denied", -2147024891)

    closed.handlers["system_probe"] = refuse
    for device, says in ((late, "has not answered within 60 s"), (closed, "nothing can run as SYSTEM: denied")):
        result = run(device)
        assert result["failed"] and says in finding(result, "hash")["cause"]
        assert finding(result, "serial_number")["result"] == "unknown"


@pytest.mark.parametrize(
    ("device", "name", "result", "says"),
    [
        (Firm(serial="Default string"), "serial_number", "fail", "many devices"),
        (Firm(Win32_BIOS=[]), "serial_number", "fail", "many devices"),
        (Firm(lab.make("PF2")), "hash_serial", "fail", "two devices"),
        (Firm(lab.make("", ek=None)), "hash_serial", "fail", "no serial number"),
        (Firm(lab.make("PF1", "DELL")), "hash_model", "warn", "another manufacturer"),
        (Firm(lab.damaged(lab.make("PF1"), "unpadded")), "hash", "pass", None),
    ],
)
def test_the_hash_is_held_against_the_firmware(device, name, result, says):
    found = finding(run(device), name)
    assert found["result"] == result and (says is None or says in found["cause"])


CHIP = {"SpecVersion": "2.0, 0, 1.59", "IsEnabled_InitialValue": True, "IsActivated_InitialValue": True}


@pytest.mark.parametrize(
    ("device", "result"),
    [
        (Firm(), "pass"),
        (Firm(Win32_Tpm=[]), "fail"),
        (Firm(Win32_Tpm=[CHIP | {"SpecVersion": "1.2, 2, 3"}]), "fail"),
        (Firm(Win32_Tpm=[CHIP | {"IsEnabled_InitialValue": False}]), "fail"),
        (Firm(lab.make("PF1", ek=None)), "fail"),
        (Firm(lab.make("PF1", ek=bytes(8))), "fail"),
        (Firm(Win32_Tpm=OperationError("X", "denied")), "unknown"),
        (Firm(lab.damaged(lab.make("PF1"), "cut")), "unknown"),
    ],
)
def test_a_tpm_is_needed_where_the_device_has_to_prove_itself(device, result):
    for mode in ("self_deploying", "pre_provisioned"):
        assert finding(run(device, mode=mode), "tpm")["result"] == result
    assert finding(run(device), "tpm")["result"] == "pass"


@pytest.mark.parametrize("maker", HYPERVISORS)
def test_a_virtual_machine_is_known_by_its_maker_and_model(maker):
    machine = {"Manufacturer": maker[0].title(), "Model": f"{maker[1].title() or 'Model'} 1"}
    device = Firm(Win32_ComputerSystem=[machine])
    assert finding(run(device), "virtual_machine")["result"] == "warn"
    assert finding(run(device, mode="self_deploying"), "virtual_machine")["result"] == "fail"
    surface = Firm(Win32_ComputerSystem=[{"Manufacturer": "Microsoft Corporation", "Model": "Surface Laptop 5"}])
    assert finding(run(surface), "virtual_machine")["result"] == "pass"


def test_what_the_firmware_says_keeps_its_own_blanks():
    device = Firm(serial="AB  1", Win32_ComputerSystem=[{"Manufacturer": " HP ", "Model": "Elite  840 "}])
    told = run(device)["autopilot"]
    assert (told["serial_number"], told["manufacturer"], told["model"]) == ("AB  1", "HP", "Elite  840")


def test_no_text_of_a_device_is_more_than_one_line(tmp_path):
    serial = "P\r\nF1,x\u202e\x1b[2J" + "y" * 500
    result = run(Firm(serial=serial), fail_on=[])
    told = result["autopilot"]["serial_number"]
    assert told.isprintable() and len(told) <= 128


def test_a_device_that_is_refused_leaves_the_file_alone(tmp_path):
    dest = tmp_path / "devices.csv"
    result = run(Firm(serial="Default string"), dest=str(dest))
    assert result["failed"] and not result["changed"] and result["rows"] is None and not dest.exists()
    assert os.listdir(tmp_path) == []
    assert run(Firm(serial="Default string"), dest=str(dest), fail_on=[])["changed"] and dest.exists()


def test_a_hash_of_another_device_is_written_by_nobody(tmp_path):
    result = run(Firm(lab.make("PF2")), dest=str(tmp_path / "devices.csv"), fail_on=[])
    assert "failed" not in result and result["device"] is None and os.listdir(tmp_path) == []


def test_a_file_that_cannot_be_kept_is_refused_before_the_device_is_asked(tmp_path):
    dest, device = tmp_path / "devices.csv", Firm()
    dest.write_text("Name,Owner\r\n")
    result = run(device, dest=str(dest))
    assert result["error"]["name"] == "bad_option" and "no line names the columns" in result["msg"]
    assert device.requests == 0


def test_many_hosts_write_to_one_file_and_none_is_lost(tmp_path):
    dest = tmp_path / "devices.csv"
    hosts = [
        threading.Thread(target=run, args=(Firm(serial=f"PF{number}"),), kwargs={"dest": str(dest)})
        for number in range(16)
    ]
    for host in hosts:
        host.start()
    for host in hosts:
        host.join()
    found = csv_files.read(str(dest))
    assert {one.serial_number for one in found.rows} == {f"PF{number}" for number in range(16)}
    assert os.listdir(tmp_path) == ["devices.csv"]


def test_a_lock_that_others_hold_too_long_is_a_failure_and_not_a_lost_row(tmp_path, monkeypatch):
    dest = str(tmp_path / "devices.csv")
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.01)
    with module.held(f"{dest}.lock", lambda: False):
        result = run(Firm(), dest=dest)
    assert result["failed"] and "held the lock" in result["msg"] and not result["changed"]


def test_a_file_that_is_too_long_for_the_portal_is_written_with_a_warning(tmp_path, monkeypatch):
    dest = str(tmp_path / "devices.csv")
    monkeypatch.setattr(module.csv_keep, "PORTAL_ROWS", 1)
    assert "warnings" not in run(Firm(), dest=dest)
    result = run(Firm(serial="PF2"), dest=dest)
    assert result["rows"] == 2 and "more than the 1 devices" in result["warnings"][0]
