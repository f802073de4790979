# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of corporate identifiers: those that Intune would refuse are known before anything is sent."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.corporate import rows


def of(tmp_path, text, periods="remove", encoding="utf-8"):
    file = tmp_path / "rows.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return rows.of_file(str(file), periods)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('"Acme, Inc",One,AC1', "the manufacturer has a comma"),
        ("HP,,1X", "the model is empty"),
        ("HP,EliteBook,", "the serial number is empty"),
        ("HP,EliteBook", "2 columns"),
        ("HP,EliteBook,1X,more", "4 columns"),
        ("HP,EliteBook,Default string", "placeholder"),
        ("HP,EliteBook,0000000", "placeholder"),
        ("HP,EliteBook," + "7X" * 100, "200 characters"),
        ("HP,Elite\u200bBook,1X", "cannot be seen"),
        ("HP,...,1X", "the model is empty"),
        ("HP,EliteBook,1.23457E+11", "rounded by a spreadsheet"),
        ("HP,EliteBook,1\0X", "cannot be read"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_the_others_are_kept(tmp_path, line, why):
    found = of(tmp_path, f"LENOVO,21FV,PF1\n\n{line}\n")
    good, bad = found.rows
    assert good.identifier == "LENOVO,21FV,PF1" and good.problem is None
    assert (bad.line, bad.identifier) == (3, None) and why in bad.problem


def test_periods_are_removed_or_kept_and_one_at_the_end_is_refused(tmp_path):
    text = "Dell Inc.,Latitude 5.4,7X\nA.B,M,S1\n"
    removed = of(tmp_path, text)
    assert [row.identifier for row in removed.rows] == ["Dell Inc,Latitude 54,7X", "AB,M,S1"]
    assert "line 1; line 2" in removed.warnings[0]
    kept = of(tmp_path, text, "keep")
    assert "ends with a period" in kept.rows[0].problem and kept.rows[1].identifier == "A.B,M,S1"
    assert kept.warnings == []


def test_a_row_that_is_there_twice_counts_once(tmp_path):
    found = of(tmp_path, "HP,EliteBook,H1\nhp,elitebook, h1\n")
    assert found.rows[1].double == 1 and "line 1" in found.rows[1].problem
    assert "line 2" in found.warnings[-1]


@pytest.mark.parametrize(
    "headings",
    [
        "Manufacturer,Model,Serial number",
        "manufacturer,model,Serial",
        "a,b,SerialNumber",
        "Hersteller,Modell,Seriennummer",
        "Fabricant,Mod\u00e8le,Num\u00e9ro de s\u00e9rie",
        "sep=,",
        '"sep=;"',
        "\ufeffSEP=\t",
    ],
)
def test_headings_are_skipped_and_never_a_device(tmp_path, headings):
    found = of(tmp_path, f"{headings}\nHP,EliteBook,H1\n")
    assert [row.line for row in found.rows] == [2] and "headings" in found.warnings[0]


@pytest.mark.parametrize(
    "text",
    [
        "Serial Number,Manufacturer,Model\nH1,HP,EliteBook\n",
        "Name;Model;Device Serial Number;Manufacturer name\npc;EliteBook;H1;HP\n",
        "HP\tEliteBook\tH1\n",
        '"HP"; "EliteBook"; "H1"\n',
        "Manufacturer,Model,Serial Number\n" * 2 + "HP,EliteBook,'H1\n",
        'HP,EliteBook,="H1"\nManufacturer,Model,Serial Number\n\x1a',
    ],
)
def test_each_form_of_a_spreadsheet_gives_the_same_row(tmp_path, text):
    [row] = of(tmp_path, text).rows
    assert row.identifier == "HP,EliteBook,H1" and row.problem is None


@pytest.mark.parametrize("periods", ["remove", "keep"])
def test_blanks_within_a_value_are_the_firmware_s_own(tmp_path, periods):
    found = of(tmp_path, "HP, Elite  840 ,H 1\n", periods)
    assert [row.identifier for row in found.rows] == ["HP,Elite  840,H 1"] and found.warnings == []


def test_headings_in_another_language_do_not_say_where_the_columns_are(tmp_path):
    with pytest.raises(Failure, match="headings in line 1"):
        of(tmp_path, "Seriennummer,Hersteller,Modell\nH1,HP,EliteBook\n")


def test_headings_that_do_not_say_where_the_columns_are_are_refused(tmp_path):
    with pytest.raises(Failure, match="headings in line 1"):
        of(tmp_path, "Device Serial Number,Windows Product ID,Hardware Hash\nH1,HP,EliteBook\n")


def test_letters_of_an_unknown_code_page_are_told_and_those_that_are_none_refused(tmp_path):
    found = of(tmp_path, "M\u00fcller,B\u00f6ck,H1\nHP,EliteBook,H2\n".encode("cp1252"))
    assert found.rows[0].identifier == "M\u00fcller,B\u00f6ck,H1" and "line 1" in found.warnings[0]
    found = of(tmp_path, "M\u00fcller,EliteBook,H1\nHP,EliteBook,H2\n".encode("cp850"))
    assert [row.identifier for row in found.rows] == [None, "HP,EliteBook,H2"]
    assert "cannot be read" in found.rows[0].problem


def test_a_quote_that_does_not_end_costs_its_own_row_only(tmp_path):
    found = of(tmp_path, 'HP,"EliteBook,H1\nHP,EliteBook,H2\nHP,EliteBook,H3\n')
    assert [row.identifier for row in found.rows] == [None, "HP,EliteBook,H2", "HP,EliteBook,H3"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_files_are_read_as_windows_writes_them(tmp_path, encoding):
    [row] = of(tmp_path, "M\u00fcller,EliteBook,H1,,\r\n", encoding=encoding).rows
    assert row.identifier == "M\u00fcller,EliteBook,H1"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"a" * 5_000_001, "5 MB"),
        (b"H,E,\x00\x00\x00\x01", "not a text"),
        (b"Manufacturer,Model,Serial", "no rows"),
        ("H,E,1X\n" * 5001, "5001 rows"),
    ],
)
def test_a_file_that_the_portal_would_not_take_is_refused(tmp_path, content, why):
    with pytest.raises(Failure) as refused:
        of(tmp_path, content)
    assert why in refused.value.msg and refused.value.error["name"] == "bad_option"


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Failure, match="cannot be read"):
        rows.of_file(str(tmp_path / "no.csv"), "remove")
