# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task is given: one device for each serial number, and everything that cannot be meant is left out by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab import hardware_hash

from .registering import DOMAIN, Registering, device, hash_of, names, outcomes

ADA = f"ada@{DOMAIN}"
HEADER = "Device Serial Number,Windows Product ID,Hardware Hash,Group Tag,Assigned User"


@pytest.mark.parametrize(
    ("entry", "option"),
    [
        ({"group_tag": "x"}, "devices.serial_number"),
        ({"serial_number": "SN-1", "assigned_user": "ada"}, "devices.assigned_user"),
        ({"serial_number": "SN-1", "assigned_user": "ada@contoso.example@x"}, "devices.assigned_user"),
        ({"serial_number": "SN-1", "group_tag": "x", "clear": ["group_tag"]}, "devices.clear"),
        ({"serial_number": "SN-1", "addressable_user_name": "A", "clear": ["assigned_user"]}, "devices.clear"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_before_a_request(office, entry, option):
    result = office.register(entry)
    assert result["error"]["name"] == "bad_option" and option in result["msg"] and office.exchanges == []


def test_entries_for_one_device_are_one_device(office):
    """Two harvests differ by their time, and a serial number is one in any case of letters."""
    later = hardware_hash.make("SN-1", when=1_800_000_000)
    result = office.register(
        device("SN-1", group_tag="x"), {"serial_number": "sn-1 ", "hardware_hash": later, "assigned_user": ADA}
    )
    assert outcomes(result) == ["changed", "changed"] and result["summary"]["changed"] == 1
    assert office.imported == {"SN-1": 1}
    assert (office.registration("SN-1")["groupTag"], office.registration("SN-1")["userPrincipalName"]) == ("x", ADA)


@pytest.mark.parametrize(
    "other",
    [
        {"group_tag": "y"},
        {"clear": ["group_tag"]},
        {"hardware_hash": hardware_hash.make("SN-1", smbios_uuid="00000000-0000-0000-0000-000000000009")},
    ],
    ids=["tag", "clear", "hash"],
)
def test_entries_that_contradict_each_other_are_left_out(office, other):
    result = office.register(device("SN-1", group_tag="x"), {"serial_number": "SN-1", **other}, device("SN-2"))
    assert names(result) == ["contradicting_entries", "contradicting_entries", None]
    assert office.imported == {"SN-2": 1}


def test_an_id_and_a_serial_number_that_are_one_registration_contradict_each_other_if_they_differ(office):
    found = office.known("SN-1")
    both = [{"autopilot_id": found["id"], "group_tag": "x"}, {"serial_number": "SN-1", "group_tag": "y"}]
    assert names(office.register(*both)) == ["contradicting_entries"] * 2
    assert names(office.register({"autopilot_id": found["id"], "serial_number": "SN-2"})) == ["serial_number_differs"]
    lost = "11111111-2222-3333-4444-555555555555"
    assert names(office.register({"autopilot_id": lost, "group_tag": "x"})) == ["registration_not_found"]


def test_a_serial_number_of_several_registrations_selects_none(office):
    office.known("SN-1")
    other = {**office.registration("SN-1"), "id": "11111111-2222-3333-4444-555555555555"}
    office.tenant.autopilot_devices[other["id"]] = other
    result = office.register({"serial_number": "SN-1", "group_tag": "x"})
    assert names(result) == ["several_registrations"] and office.writes == []
    assert outcomes(office.register({"autopilot_id": other["id"], "group_tag": "x"})) == ["changed"]


def test_a_damaged_hash_and_one_of_another_device_are_not_sent(office):
    damaged = hardware_hash.damaged(hash_of("SN-1"), "flipped")
    result = office.register(device("SN-1", hardware_hash=damaged), device("SN-2", hardware_hash=hash_of("SN-3")))
    assert names(result) == ["bad_hardware_hash", "hash_of_another_device"] and office.imported == {}


def write(path: Path, *rows: str) -> str:
    path.write_text("\r\n".join([HEADER, *rows]) + "\r\n", encoding="utf-16")
    return str(path)


def test_rows_of_a_file_are_told_by_their_lines(office, tmp_path):
    path = write(
        tmp_path / "devices.csv",
        f"SN-1,,{hash_of('SN-1')},desk,{ADA}",
        f"SN-2,,{hardware_hash.damaged(hash_of('SN-2'), 'cut')},,",
        f"Default string,,{hash_of('Default string')},,",
        f"SN-1,,{hash_of('SN-1')},desk,",
    )
    result = office.register(device("SN-0"), csv=path)
    assert [(one["serial_number"], one["line"]) for one in result["devices"]][:3] == [
        ("SN-0", None),
        ("SN-1", 2),
        ("SN-2", 3),
    ]
    assert outcomes(result)[:3] == ["changed", "changed", "failed"] and "placeholder_serial" in names(result)
    assert any("line 5" in warning for warning in result["warnings"])
    assert office.imported == {"SN-0": 1, "SN-1": 1}


def test_a_file_without_hashes_removes_devices(office, tmp_path):
    office.known("SN-1")
    path = tmp_path / "devices.csv"
    path.write_text("Device Serial Number\r\nSN-1\r\nSN-2\r\n", encoding="ascii")
    result = office.register(csv=str(path), state="absent")
    assert outcomes(result) == ["changed", "unchanged"] and office.tenant.autopilot_devices == {}


def test_a_cell_that_is_no_user_costs_its_own_row_only(office, tmp_path):
    cells = ["..", "ada", "a b@contoso.example", "../me@x@y", ADA]
    path = write(tmp_path / "devices.csv", *(f"SN-{n},,{hash_of(f'SN-{n}')},,{cell}" for n, cell in enumerate(cells)))
    result = office.register(csv=path)
    assert names(result) == ["bad_csv_row"] * 4 + [None] and office.imported == {"SN-4": 1}
    assert "line 2" in result["devices"][0]["error"]["msg"]


def test_an_unknown_id_is_not_imported_as_another_registration(office):
    lost = "11111111-2222-3333-4444-555555555555"
    entries = {"autopilot_id": lost, "hardware_hash": hash_of("SN-1")}, device("SN-2", autopilot_id=lost[:-1] + "6")
    assert names(office.register(*entries)) == ["registration_not_found"] * 2 and office.imported == {}


def test_a_number_that_a_spreadsheet_has_shortened_is_not_called_done(office, tmp_path):
    office.known("00123")
    path = tmp_path / "devices.csv"
    path.write_text("Serial Number\r\n123\r\n1.23E+11\r\n124\r\n", encoding="ascii")
    result = office.register(csv=str(path), state="absent")
    assert names(result) == ["serial_number_without_zeros", "bad_csv_row", None]
    assert outcomes(result) == ["failed", "failed", "unchanged"] and "00123" in result["devices"][0]["error"]["msg"]
    listed = office.register({"serial_number": "123", "group_tag": "x"}, {"serial_number": "1,2E+10"})
    assert names(listed) == ["serial_number_without_zeros", "rounded_serial"] and office.writes == []


def test_a_file_without_devices_is_refused_by_its_own_name(office, tmp_path):
    result = office.register(csv=write(tmp_path / "devices.csv"))
    assert "bad option csv" in result["msg"] and office.exchanges == []


def test_what_a_removal_does_not_need_may_be_wrong_in_a_file(office, tmp_path):
    office.known("SN-1")
    path = write(tmp_path / "devices.csv", f"SN-1,,{hardware_hash.damaged(hash_of('SN-1'), 'flipped')},,nobody")
    result = office.register(csv=path, state="absent")
    assert outcomes(result) == ["changed"] and office.tenant.autopilot_devices == {}


def test_a_file_that_is_none_is_refused(office, tmp_path):
    (tmp_path / "devices.csv").write_text("a note\n", encoding="ascii")
    result = office.register(csv=str(tmp_path / "devices.csv"))
    assert result["error"]["name"] == "bad_option" and "csv" in result["msg"] and office.exchanges == []


def test_a_registering_of_the_tests_is_a_tenant_of_its_own() -> None:
    """What one test leaves, no other sees."""
    assert Registering().tenant is not Registering().tenant
