# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CSV file that is kept: the portal's form where it is new, its own where it is there, one row a device."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.autopilot import csv_files, csv_keep, hardware_hash
from tests.lab import hardware_hash as lab

HEADER = "Device Serial Number,Windows Product ID,Hardware Hash,Group Tag,Assigned User"
OLD, NEW, OTHER = lab.make("PF1", when=1), lab.make("PF1", when=2), lab.make("AB 12")


def entry(serial: str = "PF1", text: str = NEW, **values) -> csv_keep.Entry:
    return csv_keep.Entry(hardware_hash.decode(text), serial, **values)


def test_a_new_file_has_exactly_what_the_portal_takes():
    for nothing in (None, b""):
        kept = csv_keep.keep(nothing, entry(group_tag="Berlin", assigned_user="ada@contoso.example"))
        assert kept.data == f"{HEADER}\r\nPF1,,{NEW},Berlin,ada@contoso.example\r\n".encode("ascii")
        assert kept.before is None and kept.rows == 1
        assert kept.after["Hardware Hash"].startswith("T0F") and len(kept.after["Hardware Hash"]) < 80


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"], ids=["plain", "utf-8 mark", "utf-16 mark", "ansi"]
)
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_file_keeps_its_encoding_its_line_ends_and_every_other_line(encoding, end):
    others = [HEADER, f"AB 12,,{OTHER},{'Büro' if encoding != 'utf-8' else 'Buero'},", "", "not a row at all"]
    before = end.join(others).encode(encoding)
    kept = csv_keep.keep(before, entry(group_tag="Berlin"))
    assert kept.data == (end.join([*others, f"PF1,,{NEW},Berlin,"]) + end).encode(encoding)
    assert csv_keep.keep(kept.data, entry(group_tag="Berlin")).data == kept.data


def test_a_new_row_comes_before_the_empty_lines_at_the_end():
    kept = csv_keep.keep(f"{HEADER}\n\n\n".encode(), entry())
    assert kept.data == f"{HEADER}\nPF1,,{NEW},,\n\n\n".encode()


def test_a_file_keeps_its_columns_quotes_and_delimiter():
    header = '"Serial Number";"Owner";"Hardware Hash";"OrderID";"Model"'
    kept = csv_keep.keep(f"{header}\r\n".encode(), entry(group_tag="a;b", model='21"'))
    assert kept.data.decode().split("\r\n")[1] == f'"PF1";"";"{NEW}";"a;b";"21"""'
    (row,) = csv_files.parse(kept.data).rows
    assert (row.serial_number, row.group_tag, row.model) == ("PF1", "a;b", '21"')


def test_another_harvest_of_the_same_device_is_no_change():
    data = f"{HEADER}\r\nPF1,,{OLD},Berlin,\r\n".encode()
    kept = csv_keep.keep(data, entry())
    assert kept.data == data and kept.before == kept.after and kept.rows == 1


def test_what_is_not_given_keeps_its_value_and_what_is_given_changes_alone():
    data = f"{HEADER}\r\nAB 12,,{OTHER},x,y\r\npf1,kept,{OLD},Berlin,ada\r\n".encode()
    kept = csv_keep.keep(data, entry(group_tag="Paris"))
    assert kept.data == f"{HEADER}\r\nAB 12,,{OTHER},x,y\r\nPF1,kept,{OLD},Paris,ada\r\n".encode()
    assert (kept.before["Group Tag"], kept.after["Group Tag"], kept.rows) == ("Berlin", "Paris", 2)


@pytest.mark.parametrize("there", [lab.make("PF1", ek=b"before"), lab.damaged(OLD, "cut"), ""])
def test_the_hash_of_another_mainboard_or_a_bad_one_is_replaced(there):
    kept = csv_keep.keep(f"{HEADER}\r\nPF1,,{there},,\r\n".encode(), entry())
    assert kept.data == f"{HEADER}\r\nPF1,,{NEW},,\r\n".encode() and kept.before != kept.after


def test_a_row_that_has_lost_its_leading_zeros_is_found_and_mended():
    text = lab.make("000123")
    kept = csv_keep.keep(f"{HEADER}\r\n123,,{text},,\r\n".encode(), entry("000123", text))
    assert kept.data == f"{HEADER}\r\n000123,,{text},,\r\n".encode()


def test_a_device_with_several_rows_gets_one():
    data = f"{HEADER}\r\nPF1,,{OLD},Berlin,\r\nAB 12,,{OTHER},,\r\nPF1,,{NEW},Berlin,\r\n".encode()
    kept = csv_keep.keep(data, entry())
    assert kept.data == f"{HEADER}\r\nPF1,,{OLD},Berlin,\r\nAB 12,,{OTHER},,\r\n".encode()
    assert kept.before != kept.after and kept.rows == 2


def test_another_device_with_the_same_placeholder_keeps_its_row():
    one, other = (lab.make("Default string", ek=key) for key in (b"one", b"two"))
    data = csv_keep.keep(None, entry("Default string", one)).data
    kept = csv_keep.keep(data, entry("Default string", other))
    assert kept.rows == 2 and kept.data.startswith(data)
    assert csv_keep.keep(kept.data, entry("Default string", one)).data == kept.data


@pytest.mark.parametrize("cell", ["'000123456789012", "1.23457E+11", "123456789012"])
def test_a_serial_number_that_a_spreadsheet_has_changed_is_put_right_in_its_row(cell):
    harvested = lab.make("000123456789012")
    neighbour = f"1.23457E+11,,{lab.make('123456700000')},Bonn,"
    data = f"{HEADER}\r\n{neighbour}\r\n{cell},,{harvested},Berlin,\r\n".encode()
    kept = csv_keep.keep(data, entry("000123456789012", harvested))
    assert kept.data.decode() == f"{HEADER}\r\n{neighbour}\r\n000123456789012,,{harvested},Berlin,\r\n"


def test_rows_of_one_device_become_one_with_all_that_they_say():
    rows = f"{HEADER}\r\nPF1,,{OLD},Berlin,\r\nPF1,,{OLD},,ada@contoso.example\r\n"
    kept = csv_keep.keep(rows.encode(), entry())
    assert kept.data.decode() == f"{HEADER}\r\nPF1,,{OLD},Berlin,ada@contoso.example\r\n"
    two = f"{rows}pf1,,{OLD},Bonn,\r\n".encode()
    with pytest.raises(csv_files.CsvError, match="different group_tag: 'Berlin', 'Bonn'"):
        csv_keep.keep(two, entry())
    given = csv_keep.keep(two, entry(group_tag="Kiel"))
    assert given.data.decode() == f"{HEADER}\r\nPF1,,{OLD},Kiel,ada@contoso.example\r\n"


def test_the_end_of_a_file_of_dos_stays_its_end():
    kept = csv_keep.keep(f"{HEADER}\r\n\x1a".encode(), entry())
    assert kept.data.decode() == f"{HEADER}\r\nPF1,,{NEW},,\r\n\x1a" and kept.rows == 1


@pytest.mark.parametrize(
    ("data", "values", "name"),
    [
        (f"{HEADER}\r\n".encode() + "PF2,,\r\n".encode("utf-16-le"), {}, "two_encodings"),
        (b"one,two\r\n", {}, "no_header"),
        (f"PF2,,{OLD}\r\n{HEADER}\r\n".encode(), {}, "no_header"),
        (b"Serial Number,Model\r\n", {}, "no_column"),
        (b"Serial Number,Hardware Hash\r\n", {"group_tag": "x"}, "no_column"),
        (f"{HEADER}\r\n".encode(), {"group_tag": "a,b"}, "quotes"),
        (f"{HEADER}\r\n".encode(), {"group_tag": "Büro"}, "letters"),
        (f"{HEADER}\r\n".encode("utf-16"), {"group_tag": "a\nb"}, "letters"),
        (b"Serial Number1,Hardware Hash1,Serial Number,Hardware Hash\r\n", {}, "two_columns"),
        (b"\0\0\0\0", {}, "not_text"),
    ],
)
def test_a_file_without_a_place_for_the_device_is_left_alone(data, values, name):
    with pytest.raises(csv_files.CsvError) as caught:
        csv_keep.keep(data, entry(**values))
    assert caught.value.name == name
    if name not in ("no_header",):
        with pytest.raises(csv_files.CsvError) as caught:
            csv_keep.try_out(data, values)
        assert caught.value.name == name


def test_a_letter_beyond_ascii_needs_a_file_that_says_how_it_is_written():
    for data in (f"\ufeff{HEADER}\r\n".encode(), f"{HEADER}\r\n".encode("utf-16")):
        assert csv_files.parse(csv_keep.keep(data, entry(group_tag="Büro")).data).rows[0].group_tag == "Büro"
