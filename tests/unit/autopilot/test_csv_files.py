# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CSV files of devices as they are met: right rows with their lines, or a clear word about the line."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.winops.entra.plugins.plugin_utils.autopilot import csv_files
from tests.lab import hardware_hash as lab

HEADER = "Device Serial Number,Windows Product ID,Hardware Hash"
FIVE = f"{HEADER},Group Tag,Assigned User"


@functools.cache
def made(serial: str, when: int = 1) -> str:
    return lab.make(serial, when=when)


def lines(*texts: str, end: str = "\r\n") -> str:
    return end.join(texts) + end


def row(serial: str, inside: str | None = None, more: str = "", when: int = 1) -> str:
    return f"{serial},,{made(inside or serial, when)}{more}"


def parse(text: str | bytes, **options) -> csv_files.CsvFile:
    return csv_files.parse(text.encode() if isinstance(text, str) else text, **options)


def serials_of(found: csv_files.CsvFile) -> list[tuple[int, str]]:
    return [(one.line, one.serial_number) for one in found.rows]


TWO = lines(HEADER, row("PF1"), row("AB 12"))
BOTH = [(2, "PF1"), (3, "AB 12")]


@pytest.mark.parametrize(
    "data",
    [
        TWO.encode(),
        TWO.encode("utf-8-sig"),
        TWO.encode("utf-16"),
        TWO.encode("utf-16-le"),
        b"\xfe\xff" + TWO.encode("utf-16-be"),
        TWO.replace("\r\n", "\n").encode(),
        TWO.replace("\r\n", "\r").encode(),
        TWO.rstrip().encode(),
        TWO.replace(",", ";").encode(),
        TWO.replace(",", "\t").encode(),
        "\r\n".join(",".join(f'"{cell}"' for cell in one.split(",")) for one in TWO.split("\r\n")[:3]).encode(),
        "\r\n".join(", ".join(f'"{cell}"' for cell in one.split(",")) for one in TWO.split("\r\n")[:3]).encode(),
        TWO.replace("\nPF1", "\n'PF1").encode(),
        TWO.upper().replace(made("PF1").upper(), made("PF1")).replace(made("AB 12").upper(), made("AB 12")).encode(),
    ],
    ids=[
        "plain",
        "utf-8 mark",
        "utf-16 mark",
        "utf-16",
        "big endian",
        "lf",
        "cr",
        "no end",
        "semicolons",
        "tabs",
        "quotes",
        "quotes and blanks",
        "apostrophe",
        "capitals",
    ],
)
def test_each_form_gives_the_same_rows(data):
    found = parse(data)
    assert serials_of(found) == BOTH and found.problems == found.notes == ()
    assert [one.hardware_hash for one in found.rows] == [made("PF1"), made("AB 12")]


@pytest.mark.parametrize(
    "data",
    [
        lines(HEADER, row("PF1")).encode("utf-16") + lines(row("AB 12")).encode(),
        lines(HEADER, row("PF1")).encode() + lines(row("AB 12")).encode("utf-16-le"),
        lines(HEADER, row("PF1")).encode("utf-8-sig") + lines(row("AB 12")).encode("utf-16"),
        b"\xfe\xff" + lines(HEADER, row("PF1")).encode("utf-16-be") + lines(row("AB 12")).encode(),
    ],
    ids=["utf-16 and plain", "plain and utf-16", "two marks", "big endian and plain"],
)
def test_two_encodings_in_one_file_are_read(data):
    found = parse(data)
    assert serials_of(found) == BOTH and found.text.encoding == "mixed" and found.problems == ()


def test_utf_8_and_a_code_page_in_one_file_are_told_apart_line_by_line():
    text = lines(f"{FIVE},Manufacturer", row("PF1", more=",Zürich")).encode()
    text += lines(row("PF2", more=",Büro"), row("PF3", more=",,,Müller AG")).encode("cp1252")
    found = parse(text)
    assert [(one.line, one.group_tag, one.manufacturer) for one in found.rows] == [
        (2, "Zürich", None),
        (4, None, "Müller AG"),
    ]
    assert [(one.line, one.name) for one in found.problems] == [(3, "unknown_letters")]
    assert [one.group_tag for one in parse(text, code_page="cp1252").rows] == ["Zürich", "Büro", None]


def test_the_partner_centers_header_and_the_old_name_of_the_group_tag():
    header = "Device serial number;Windows product ID;Hardware hash;Manufacturer name;Device model;OrderID"
    found = parse(lines(header, f"PF1;;{made('PF1')};LENOVO;21HM;Berlin"))
    (one,) = found.rows
    assert (one.manufacturer, one.model, one.group_tag, one.product_id) == ("LENOVO", "21HM", "Berlin", None)


def test_a_report_of_configuration_manager_with_titles_and_repeated_headers():
    report = lines(
        "Windows Autopilot Device Information",
        "",
        "Report,Collection",
        HEADER,
        row("PF1"),
        "Windows Autopilot Device Information",
        "",
        HEADER,
        row("AB 12"),
    )
    found = parse(report)
    assert serials_of(found) == [(5, "PF1"), (9, "AB 12")]
    assert found.problems == () and sorted(found.skipped) == [1, 3, 6, 8]


def test_a_report_in_which_each_record_repeats_the_headings():
    names = "Device Serial Number,Windows Product ID,Hardware Hash"
    report = lines(
        "Textbox5,Textbox7,Textbox9,Textbox11,SerialNumber,ProductID,DeviceHardwareData",
        f"My report,{names},{row('PF1')}",
        f"My report,{names},PF2,,",
        f"My report,{names},{row('AB 12')}",
    )
    found = parse(report)
    assert serials_of(found) == [(2, "PF1"), (4, "AB 12")]
    assert [(one.line, one.name) for one in found.problems] == [(3, "no_hash")]


def test_a_column_of_a_database_is_known_by_its_name_with_a_number():
    assert serials_of(parse(lines("SerialNumber0,DeviceHardwareData0", f"PF1,{made('PF1')}"))) == [(2, "PF1")]


def test_a_header_in_the_middle_may_name_the_columns_in_another_order():
    found = parse(lines(HEADER, row("PF1"), "Hardware Hash,Serial Number", f"{made('AB 12')},AB 12"))
    assert serials_of(found) == [(2, "PF1"), (4, "AB 12")]


def test_one_word_is_not_a_header_where_there_are_several_columns():
    found = parse(lines(HEADER, "Serial Number", row("PF1")))
    assert serials_of(found) == [(3, "PF1")] and [one.line for one in found.problems] == [2]


def test_empty_lines_count_and_say_nothing():
    found = parse(lines("", HEADER, "", ",,", row("PF1"), "  ", '"",""', row("AB 12"), "", ""))
    assert serials_of(found) == [(5, "PF1"), (8, "AB 12")] and found.problems == ()


@pytest.mark.parametrize("cell", ["123", '="123"', "", "1.23E+02"])
def test_the_serial_number_in_the_hash_counts_where_a_spreadsheet_has_changed_it(cell):
    found = parse(lines(HEADER, row(cell, "000123")))
    assert serials_of(found) == [(2, "000123")]
    assert [(one.line, one.name) for one in found.notes] == [(2, "serial_from_hash")]


def test_a_hash_of_another_device_is_a_problem_with_both_serial_numbers():
    (problem,) = parse(lines(HEADER, row("PF1", "PF2"))).problems
    assert problem.line == 2 and "'PF1'" in problem.message and "'PF2'" in problem.message


@pytest.mark.parametrize("how", ["flipped", "cut", "doubled", "not_base64", "no_checksum", "zeros"])
def test_a_bad_hash_does_not_stop_the_others(how):
    found = parse(lines(HEADER, f"PF1,,{lab.damaged(made('PF1'), how)}", row("AB 12")))
    assert serials_of(found) == [(3, "AB 12")]
    (problem,) = found.problems
    assert problem.line == 2 and problem.serial_number == "PF1" and problem.name.startswith("hash_")


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        ("PF1,,", "no_hash", "no hardware hash"),
        (f"PF1,,{made('PF1')},,,,,x", "too_many_cells", "8 values for 5 columns"),
        (f'PF1,"",{made("PF1")},"a', "not_csv", "quotes"),
        (f"PF1,,{made('PF1')},a\u202eb", "unreadable", "group_tag"),
        ("Total: 3", "not_a_device", "not a device"),
        (f"1.23E+11,,{made('')}", "rounded_serial", "rounded by a spreadsheet"),
        (f"Serial Number,,{made('PF1')}", "not_a_device", "name of a column"),
        (f"PF1,,{made('PF1')},{'x' * 2000}", "unreadable", "group_tag"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(text, name, says):
    found = parse(lines(FIVE, row("PF0"), text, row("PF9")))
    assert [one.serial_number for one in found.rows] == ["PF0", "PF9"]
    (problem,) = found.problems
    assert (problem.line, problem.name) == (3, name) and says in str(problem) and str(problem).startswith("line 3: ")


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        (b"", "empty", "empty"),
        (b" \r\n,,\r\n", "no_header", "no line names the columns"),
        (lines(row("PF1")), "no_header", "line 1: there is a device"),
        (lines("title", row("PF1"), HEADER), "no_header", "line 2: it is a device"),
        (lines("Serial number,Model,Manufacturer", "PF1,x,y"), "no_hashes", "line 1: there is no column of hardware"),
        (b"\0" * 100, "not_text", "cannot be read"),
        (lines(HEADER, row("PF1")).encode("utf-32"), "not_text", "UTF-32"),
        (b"\0\0\xfe\xff" + lines(HEADER, row("PF1")).encode("utf-32-be"), "not_text", "UTF-32"),
        (b"MZ\x90\0\x03\0\0\0\x04\0\0\0" * 9, "not_text", "cannot be read"),
    ],
)
def test_a_file_of_which_nothing_can_be_used_is_refused_with_the_line(data, name, says):
    if name == "no_header" and b"title" in (data if isinstance(data, bytes) else data.encode()):
        (problem,) = parse(data).problems
        assert says in str(problem)
        return
    with pytest.raises(csv_files.CsvError, match=says) as caught:
        parse(data)
    assert caught.value.name == name


def test_an_export_without_hashes_can_be_read_where_none_are_needed():
    found = parse(lines("Serial number,Model,Manufacturer", "PF1,x,y"), need_hash=False)
    assert [(one.serial_number, one.model, one.manufacturer, one.hardware_hash) for one in found.rows] == [
        ("PF1", "x", "y", None)
    ]


def test_a_device_that_is_there_twice_becomes_one_with_all_that_is_said_of_it():
    found = parse(lines(FIVE, row("PF1", more=",Berlin,"), row("AB 12"), row("pf1", "PF1", ",,ada@x.example", when=2)))
    one = found.rows[0]
    assert (one.line, one.group_tag, one.assigned_user) == (2, "Berlin", "ada@x.example")
    assert one.hardware_hash == made("PF1", 2) and len(found.rows) == 2
    assert [(note.line, note.name) for note in found.notes] == [(4, "duplicate")]


@pytest.mark.parametrize("other", [row("PF1", more=",Paris,"), f"PF1,,{lab.make('PF1', ek=b'other')},Berlin,"])
def test_lines_that_contradict_each_other_are_both_left_out(other):
    found = parse(lines(FIVE, row("PF1", more=",Berlin,"), row("AB 12"), other))
    assert serials_of(found) == [(3, "AB 12")]
    assert [one.line for one in found.problems] == [2, 4] and "lines 2, 4" in found.problems[0].message


def test_devices_with_one_placeholder_are_different_devices():
    texts = [lab.make("Default string", ek=key) for key in (b"one", b"two")]
    found = parse(lines(HEADER, *(f"Default string,,{text}" for text in texts)))
    assert len(found.rows) == 2 and found.problems == ()


def test_what_no_column_takes_is_told():
    found = parse(lines(f"Host,{HEADER},Asigned User", f"pc,{row('PF1', more=',ada@contoso.example')}"))
    assert serials_of(found) == [(2, "PF1")] and found.rows[0].assigned_user is None
    assert [one.name for one in found.notes] == ["unknown_columns"] and "'Host', 'Asigned User'" in str(found.notes[0])


def test_a_hash_that_is_wrapped_in_its_quotes_is_one_value():
    parts = [made("PF1")[at : at + 76] for at in range(0, 4000, 76)]
    wrapped = "\r\n".join(parts)
    found = parse(lines(f"{HEADER},Group Tag", f'PF1,,"{wrapped}",A', row("PF2", more=",B")))
    assert [(one.line, one.serial_number, one.group_tag) for one in found.rows] == [
        (2, "PF1", "A"),
        (2 + len(parts), "PF2", "B"),
    ]
    assert found.problems == () and found.rows[0].hardware_hash == made("PF1")


def test_a_quote_that_does_not_end_costs_its_own_line_only():
    found = parse(lines(HEADER, f'PF1,,"{made("PF1")}', row("PF2"), row("PF3")))
    assert serials_of(found) == [(3, "PF2"), (4, "PF3")]
    assert [(one.line, one.name) for one in found.problems] == [(2, "not_csv")]


def test_a_zero_byte_in_a_line_costs_this_line_only_and_at_the_end_nothing():
    text = lines(HEADER, row("PF1"), row("PF2"))
    found = parse(text.replace("PF1,", "P\0F1,", 1))
    assert serials_of(found) == [(3, "PF2")] and [one.line for one in found.problems] == [2]
    for end in (b"\0", b"\0" * 4096, b"\x1a"):
        assert serials_of(parse(text.encode() + end)) == [(2, "PF1"), (3, "PF2")]


def test_a_value_that_is_too_long_is_called_so():
    found = parse(lines(HEADER, f"{'S' * 200_000},,{made('PF1')}", row("PF2")))
    assert serials_of(found) == [(3, "PF2")] and "too long" in str(found.problems[0])


def test_more_rows_than_the_portal_takes():
    found = parse(lines(HEADER, *(row(f"PF{number}") for number in range(501))))
    assert serials_of(found) == [(number + 2, f"PF{number}") for number in range(501)]


def test_no_file_is_read_without_an_end(monkeypatch, tmp_path):
    monkeypatch.setattr(csv_files, "MAX_CSV_ROWS", 1)
    with pytest.raises(csv_files.CsvError, match="line 3: it has more than 1 devices"):
        parse(TWO)
    path = tmp_path / "devices.csv"
    path.write_text(TWO)
    monkeypatch.setattr(csv_files, "MAX_CSV_BYTES", 100)
    with pytest.raises(csv_files.CsvError) as caught:
        csv_files.read(str(path))
    assert caught.value.name == "too_large"


def test_only_a_regular_file_is_opened(tmp_path):
    import os

    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(csv_files.CsvError, match="not a regular file"):
        csv_files.read(str(tmp_path / "pipe"))
    with pytest.raises(OSError):
        csv_files.read(str(tmp_path / "absent"))


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=30)


@settings(max_examples=200)
@given(st.lists(st.lists(CELLS, max_size=6), max_size=6), st.sampled_from(["utf-8", "utf-16", "cp1252"]))
def test_no_line_is_lost_whatever_is_in_it(cells, encoding):
    text = lines(FIVE, *(",".join(one) for one in cells), row("PF1"))
    found = parse(text.encode(encoding, "replace"))
    told = {one.line for part in (found.rows, found.problems, found.notes) for one in part} | {*found.skipped, 1}
    assert {line.number for line in found.text.lines if line.text.strip(' \t\xa0,;"\ufeff')} <= told
    assert len(cells) + 2 in {one.line for part in (found.rows, found.problems) for one in part}
