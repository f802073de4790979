# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dsregcmd parser against written-down outputs: our fixtures, and the practice samples where they are."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import dsregcmd
from ansible_collections.winops.entra.plugins.plugin_utils.device.dsregcmd import DsregcmdError
from ansible_collections.winops.entra.plugins.plugin_utils.device.pasted.status import parse

ROOT = Path(__file__).resolve().parents[3]
FIXTURES = sorted((ROOT / "tests/unit/fixtures/dsregcmd").glob("*.txt"))
SAMPLES = sorted((ROOT.parent / "shared/dsregcmd").glob("*.txt"))

# Whole outputs, as a device sends them.
PRINTED = {"entra-joined", "hybrid-joined-1607", "domain-joined-1803", "not-joined", "workplace-registered"}


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def expectation(path: Path) -> dict:
    """The written-down result: {join_type, prt, sections: [title], must: {key as printed: value or values}}."""
    return json.loads(read(path.with_suffix(".json")))


def check(text: str | bytes, expected: dict) -> dict:
    result = parse(text)
    assert result["keys"] == {key.removesuffix(":"): value for key, value in expected["must"].items()}
    assert list(result["sections"]) == expected["sections"]
    assert result["join_type"] == expected["join_type"]
    assert result["prt"] is expected["prt"]
    return result


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_a_fixture_parses_to_what_is_written_beside_it(path):
    check(read(path), expectation(path))


@pytest.mark.skipif(not SAMPLES, reason="the practice samples (../shared/dsregcmd) are not on this machine")
def test_every_practice_sample_parses_to_its_json():
    for path in SAMPLES:
        check(path.read_bytes(), expectation(path))


def as_looked_up(data: bytes) -> str:
    """A file as ansible.builtin.file gives it: read as UTF-8, other bytes escaped, blanks at the end cut off."""
    return data.decode("utf-8", "surrogateescape").rstrip()


def each_row(text: str, form: str, empty: bool = True) -> str:
    value = r"(.*)" if empty else r"(\S.*)"
    return re.sub(rf"(?m)^( *)([A-Za-z][A-Za-z0-9 -]*?:?) +: {value}$", form, text)


def each_line(text: str, form: str) -> str:
    return "\n".join(form.format(line) for line in text.splitlines())


def rulers(text: str, ruler: str) -> str:
    """A ruler before the whole, between its sections, and behind it."""
    return f"{ruler}\n" + re.sub(r"\n(?=\+-+\+?\n\|)", f"\n{ruler}\n", text.rstrip("\n")) + f"\n{ruler}\n"


# What happens to an output between the console and the file in which it reaches us.
DAMAGE = {
    "bytes": lambda text: text.encode("utf-8"),
    "bytes with a mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16 as PowerShell 5.1 redirects": lambda text: text.encode("utf-16"),
    "UTF-16 big endian": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "UTF-16 read as single bytes": "\0".join,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CRLF doubled by a text mode write": lambda text: text.replace("\n", "\r\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "HTML line ends": lambda text: text.replace("\n", "<br/>\n"),
    "HTML line ends only": lambda text: text.replace("\n", "<br>"),
    "trailing blanks": lambda text: re.sub(r"(?<=\S)\n", "    \n", text),
    "hard blanks": lambda text: text.replace(" ", "\xa0"),
    "coloured by Select-String": lambda text: text.replace("Joined", "\x1b[7mJoined\x1b[0m"),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
    "UTF-16 big endian without a mark": lambda text: text.encode("utf-16-be"),
    "UTF-16 by Ansible's file lookup": lambda text: as_looked_up(text.encode("utf-16")),
    "UTF-16 big endian by Ansible's file lookup": lambda text: as_looked_up(b"\xfe\xff" + text.encode("utf-16-be")),
    "UTF-16 without a mark by Ansible's file lookup": lambda text: as_looked_up(text.encode("utf-16-le")),
    "UTF-8 with a mark by Ansible's file lookup": lambda text: as_looked_up(text.encode("utf-8-sig")),
    "bold rows": lambda text: each_row(text, r"\1**\2 : \3**"),
    "bold keys": lambda text: each_row(text, r"\1**\2** : \3"),
    "bold values": lambda text: each_row(text, r"\1\2 : **\3**", empty=False),
    "rows in italics": lambda text: each_row(text, r"\1*\2 : \3*"),
    "rows in other italics": lambda text: each_row(text, r"\1_\2 : \3_"),
    "rows struck out": lambda text: each_row(text, r"\1~~\2 : \3~~"),
    "rows as code": lambda text: each_row(text, r"\1`\2 : \3`"),
    "highlighted rows": lambda text: each_row(text, r"\1==\2 : \3=="),
    "rows of HTML in bold": lambda text: each_row(text, r"\1<b>\2</b> : <i>\3</i>"),
    "a list of JSON": lambda text: each_line(text, '"{}",'),
    "a list of YAML": lambda text: each_line(text, "- '{}'"),
    "quotes of a typesetter": lambda text: each_row(text, "\\1\u201c\\2 : \\3\u201d"),
    "line ends as an escape": lambda text: text.replace("\n", "\\r\\n"),
    "preformatted HTML": lambda text: f"<html><body><pre>{html.escape(text)}</pre></body></html>",
    "a ruler of = behind each section": lambda text: rulers(text, "=" * 24),
    "a ruler of - behind each section": lambda text: rulers(text, "-" * 40),
    "a ruler of * behind each section": lambda text: rulers(text, "* * * * *"),
    "a ruler of _ behind each section": lambda text: rulers(text, "_" * 70),
    "a ruler of ~ behind each section": lambda text: rulers(text, "~" * 30),
    "a drawn ruler behind each section": lambda text: rulers(text, "\u2550" * 30),
    "mail quoted twice": lambda text: "".join(f"> > {line}" for line in text.splitlines(True)),
    "quoted mail": lambda text: "".join(f"> {line}" for line in text.splitlines(True)),
    "indented": lambda text: "".join(f"      {line}" for line in text.splitlines(True)),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_damage_on_the_way_does_not_change_the_result(path, damage):
    check(DAMAGE[damage](read(path)), expectation(path))


@pytest.mark.parametrize("damage", ["\n\n", "\n \n"], ids=["blank lines doubled", "lines of one blank"])
def test_doubled_line_ends_do_not_change_a_whole_output(damage):
    path = ROOT / "tests/unit/fixtures/dsregcmd/entra-joined.txt"
    check(read(path).replace("\n", damage), expectation(path))


def test_an_output_kept_as_a_comment_in_a_script_parses():
    path = ROOT / "tests/unit/fixtures/dsregcmd/entra-joined.txt"
    check("".join(f"# {line}" for line in read(path).splitlines(True)), expectation(path))


def test_lost_indentation_does_not_change_a_whole_output():
    for name in ("entra-joined", "domain-joined-1803", "workplace-registered", "not-joined", "cut"):
        path = ROOT / f"tests/unit/fixtures/dsregcmd/{name}.txt"
        check("\n".join(line.strip() for line in read(path).splitlines()), expectation(path))


def test_sections_hold_what_was_printed_under_their_title():
    result = parse(read(ROOT / "tests/unit/fixtures/dsregcmd/workplace-registered.txt"))
    assert result["sections"]["User State"]["NgcSet"] == "NO"
    assert result["sections"]["Work Account 1"]["WorkplaceTenantName"] == "Fabrikam"
    assert result["sections"]["Work Account 2"]["WorkplaceTenantName"] == "Tailspin Toys"
    assert result["keys"]["WorkplaceTenantName"] == ["Fabrikam", "Tailspin Toys"]
    assert result["keys"]["NgcSet"] == ["NO", "NO", "NO"]


def test_a_key_repeated_inside_one_section_is_a_list_there_too():
    section = parse(read(ROOT / "tests/unit/fixtures/dsregcmd/documentation.txt"))["sections"]["SSO State"]
    assert section["Attempt Status"] == ["0xc000006d", "0xc00000d0"]
    assert section["EnterprisePrt"] == "NO"


def test_an_ansi_tenant_name_is_kept_and_the_rest_is_unharmed():
    text = read(ROOT / "tests/unit/fixtures/dsregcmd/entra-joined.txt")
    for said in (text.encode("cp1252"), as_looked_up(text.encode("cp1252"))):
        assert parse(said)["keys"]["TenantName"] == "Fabrikam Møbler AS"
    oem = parse(text.encode("cp850"))
    assert oem["keys"]["TenantName"].startswith("Fabrikam M")
    assert oem["join_type"] == "entra_joined"


SECTION = """\
+----------------------------------------------------------------------+
| SSO State                                                            |
+----------------------------------------------------------------------+

                AzureAdPrt : YES
       AzureAdPrtAuthority : https://login.microsoftonline.com/3f0c6c52-7d0e-4c64-9a5b-2b1de1c4a901
"""
WHOLE = {"AzureAdPrt": "YES", "AzureAdPrtAuthority": SECTION.split()[-1]}

AFTER = [
    "```",
    "~~~",
    "+----------------------------------------------------------------------+",
    "For more information, please visit https://www.microsoft.com/aadjerrors",
    "PS C:\\Users\\kari> whoami",
    "C:\\Windows\\system32>whoami",
    "[fab-0417]: PS C:\\> whoami",
    "*Some-Shell* PS C:\\Users\\kari\\Documents> whoami",
    "PS> whoami",
]


@pytest.mark.parametrize("line", AFTER)
def test_what_follows_an_output_is_none_of_its_rows(line):
    assert parse(f"{SECTION}\n{line}\n        User Name : kari\n")["keys"] == WHOLE


NO_ROWS = [
    "Result : fine",
    "Note: all is well",
    "           Tenant discovery failed with error code now : 0x801c001d",
    "           goes on here",
    "...",
    "\u2026",
    "https://www.microsoft.com/aadjerrors",
]


@pytest.mark.parametrize("line", NO_ROWS[:3])
def test_a_sentence_with_a_colon_is_no_row_of_a_section(line):
    assert parse(f"{SECTION}\n{line}\n")["keys"] == WHOLE


@pytest.mark.parametrize("line", NO_ROWS[3:6])
def test_only_what_the_console_broke_off_is_glued_to_a_value(line):
    assert parse(f"{SECTION}{line}\n")["keys"] == WHOLE


def test_a_value_is_glued_over_any_number_of_lines_and_never_over_a_blank_one():
    broken = SECTION.replace("/3f0c6c52-7d0e", "/3f0c6c52\n-7d0e")
    assert parse(broken)["keys"] == WHOLE
    assert parse(broken.replace("\n-7d0e", "\n\n-7d0e"))["keys"]["AzureAdPrtAuthority"].endswith("/3f0c6c52")


def test_a_row_between_bars_is_a_title_only_beside_a_banner():
    assert parse("AzureAdPrt : YES\n\n| SSO State |\n\nAzureAdJoined : NO\n")["sections"] == {}
    assert list(parse("| SSO State |\n+-------+\nAzureAdPrt : YES\n")["sections"]) == ["SSO State"]
    assert list(parse("+-------+\n\n| SSO State |\nAzureAdPrt : YES\n")["sections"]) == ["SSO State"]


@pytest.mark.parametrize("between", ["\n", "that is all\n", "```\n", "PS C:\\>\n"])
def test_without_banners_only_rows_beside_a_known_key_count(between):
    assert parse(f"Status : open\n{between}AzureAdPrt : YES\nSome New Key : 7\n")["keys"] == {
        "AzureAdPrt": "YES",
        "Some New Key": "7",
    }


FLAGS = [
    ("YES", "YES", None, "hybrid_joined"),
    ("YES", "NO", "YES", "entra_joined"),
    ("YES", None, "NO", None),
    ("NO", "YES", "YES", "domain_joined"),
    (None, "YES", None, None),
    ("NO", "NO", "YES", "workplace_registered"),
    (None, None, "YES", "workplace_registered"),
    ("NO", "NO", "NO", "none"),
    ("NO", "NO", None, "none"),
    ("NO", None, "NO", None),
    (None, None, "NO", None),
    ("NOT SET", "NO", "NO", None),
    ("YES (see below)", "No", None, "entra_joined"),
]


@pytest.mark.parametrize(("entra", "domain", "workplace", "join_type"), FLAGS)
def test_join_type_is_told_only_from_what_is_printed(entra, domain, workplace, join_type):
    rows = {"AzureAdJoined": entra, "DomainJoined": domain, "WorkplaceJoined": workplace}
    text = "\n".join(f"{key} : {value}" for key, value in rows.items() if value)
    assert parse(text)["join_type"] == join_type


@pytest.mark.parametrize(("value", "prt"), [("YES", True), ("NO", False), ("", None), ("ERROR", None), ("NONE", None)])
def test_prt_is_true_false_or_unknown(value, prt):
    assert parse(f"AzureAdPrt : {value}")["prt"] is prt


def test_outputs_that_contradict_each_other_tell_nothing():
    result = parse("AzureAdJoined : NO\nDomainJoined : NO\n\nAzureAdJoined : YES\nDomainJoined : NO\n")
    assert result["keys"]["AzureAdJoined"] == ["NO", "YES"]
    assert result["join_type"] is None


def test_a_row_repeated_outside_of_its_section_is_not_counted_twice():
    text = read(ROOT / "tests/unit/fixtures/dsregcmd/not-joined.txt")
    text += "\nPS C:\\> dsregcmd /status | findstr AzureAdJ\nAzureAdJoined : YES\n"
    assert parse(text)["keys"]["AzureAdJoined"] == "NO"


NOTHING = [
    "",
    "   \n\n",
    b"",
    b"\xff\xfe",
    "'dsregcmd' is not recognized as an internal or external command,\noperable program or batch file.",
    "dsregcmd : The term 'dsregcmd' is not recognized\n    + CategoryInfo          : ObjectNotFound: (dsregcmd)",
    "+----+\n| id |\n+----+\n|  1 |\n+----+",
    "Name : value\nOther : value",
    "+------+\n+------+\n",
]


@pytest.mark.parametrize("text", NOTHING)
def test_text_without_an_output_is_refused_with_the_parsers_own_error(text):
    with pytest.raises(DsregcmdError, match="no dsregcmd /status output"):
        parse(text)


@pytest.mark.parametrize("value", [None, 5, ["AzureAdJoined : YES"], {}])
def test_what_is_no_text_is_refused_with_the_parsers_own_error(value):
    with pytest.raises(DsregcmdError, match="as text, got"):
        parse(value)


# --- tables and other frames ----------------------------------------------------------------------------------------

ROWS = {"AzureAdJoined": "YES", "DomainJoined": "NO", "Device Name": "FAB-0417", "DeviceAuthStatus": "SUCCESS"}
FRAMES = {
    "Markdown": ("| Key | Value |\n|---|:---:|\n", "| {} | {} |\n", ""),
    "Markdown with bold cells": ("| **Key** | **Value** |\n| --- | --- |\n", "| **{}** | `{}` |\n", ""),
    "Markdown with a colon": ("", "| {} : | {} |\n", ""),
    "drawn": ("+------+-----+\n", "| {} | {} |\n", "+------+-----+\n"),
    "drawn with boxes": (
        "\u250c\u2500\u2500\u252c\u2500\u2510\n",
        "\u2502 {} \u2502 {} \u2502\n",
        "\u2514\u2500\u2500\u2534\u2500\u2518",
    ),
    "rows between bars": ("", "| {} : {} |\n", ""),
    "HTML": ("<table>", "<tr><td>{}</td>\n  <td class='v'>{}</td></tr>", "</table>"),
    "HTML with bold cells": (
        "<table>\n",
        "<tr><th><b>{}</b></th><td><span style='x'>{}</span></td></tr>\n",
        "</table>",
    ),
    "HTML with entities": ("<p>", "{}&nbsp;: {}<br>", "</p>"),
    "a list": ("The device says:\n\n", "- {} : {}\n", ""),
    "a list of bold keys": ("", "* **{}**: {}\n", ""),
    "a numbered list": ("", "1. {} : {}\n", ""),
    "a spreadsheet's tabs": ("", "{}\t{}\n", ""),
    "a spreadsheet's quotes": ("", '"{}","{}"\n', ""),
    "JSON": ("{{\n", '  "{}": "{}",\n', "}}\n"),
    "Select-String": ("", "dsreg.txt:12:             {} : {}\n", ""),
    "grep -n": ("", "12:             {} : {}\n", ""),
}


@pytest.mark.parametrize("frame", FRAMES)
def test_rows_are_read_out_of_tables_and_lists(frame):
    before, row, behind = FRAMES[frame]
    text = before.format() + "".join(row.format(key, value) for key, value in ROWS.items()) + behind.format()
    result = parse(text)
    assert result["keys"] == ROWS
    assert result["join_type"] == "entra_joined"


@pytest.mark.parametrize("between", ["      ", " | ", "; ", ", "])
def test_rows_behind_each_other_in_one_line_are_read(between):
    text = between.join(f"{key} : {value}" for key, value in ROWS.items())
    assert parse(f"It says:\n\n    {text}\n")["keys"] == ROWS


def test_a_value_with_colons_is_one_value():
    for value in (
        "Failed,  code: 0x80072f94",
        "a; User Context : SYSTEM",
        "[ 2026-01-01 10:00:00 -- 2036-01-01 10:00:00 ]",
    ):
        assert (
            parse(f"AzureAdJoined : NO\nDeviceCertificateValidity : {value}\n")["keys"]["DeviceCertificateValidity"]
            == value
        )


def test_a_ruler_is_never_part_of_a_value():
    for ruler in ("=" * 20, "-" * 80, "* * *", "_" * 9, "~" * 50, "\u2014" * 9, "- - - -", "#####"):
        assert parse(f"{SECTION}{ruler}\n")["keys"] == WHOLE
        assert parse(f"{ruler}\n{SECTION}\n{ruler}\n\nmore text : here\n")["keys"] == WHOLE


VALUES = [
    "*.contoso.example",
    "****",
    "aGVsbG8=",
    "aGVsbG8==",
    "kari_",
    "_ldap",
    "*",
    "2*3*4",
    "'",
    "~",
    "<local>",
    "a|b",
]


@pytest.mark.parametrize("value", VALUES)
def test_a_value_that_looks_like_a_decoration_stays_as_it_is(value):
    assert parse(f"AzureAdJoined : YES\nTenantName : {value}\n")["keys"]["TenantName"] == value


def test_a_title_in_bold_is_a_title():
    text = SECTION.replace("| SSO State ", "| **SSO State** ").replace("+--", "**+--").replace("--+", "--+**")
    assert parse(text)["sections"] == {"SSO State": WHOLE}


@pytest.mark.parametrize("text", ["AzureAd is a service, used by all", "The AzureAdJoined flag; it says no = nothing"])
def test_a_sentence_is_no_row_of_a_spreadsheet(text):
    with pytest.raises(DsregcmdError):
        parse(text)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r\r\n"])
@pytest.mark.parametrize("path", [path for path in FIXTURES if path.stem in PRINTED], ids=lambda path: path.stem)
def test_what_a_device_printed_is_read_as_what_was_pasted_of_it(path, line_end):
    text = read(path)
    assert dsregcmd.parse(text.replace("\n", line_end)) == parse(text)


def test_a_device_does_not_decorate_its_values():
    rows = "AzureAdJoined : YES\n TenantName : **Contoso**\n"
    assert dsregcmd.parse(rows)["keys"]["TenantName"] == "**Contoso**"
    assert parse(rows)["keys"]["TenantName"] == "Contoso"
