# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which code a number or a text is taken for, and which of several is explained."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.winops.entra.plugins.plugin_utils.device.codes import catalogue
from ansible_collections.winops.entra.plugins.plugin_utils.device.codes.explain import CODE_FIELDS, explain
from ansible_collections.winops.entra.plugins.plugin_utils.device.codes.find import find_codes, spell_hresults
from ansible_collections.winops.entra.plugins.plugin_utils.device.codes.hresult import error_code, hresult_hex, signed


@pytest.mark.parametrize(
    ("value", "text", "number"),
    [
        (-2145648611, "0x801c001d", -2145648611),
        (2149318685, "0x801c001d", -2145648611),
        (267009, "0x00041301", 267009),
        (0xFFFFFFFF, "0xffffffff", -1),
        (0x7FFFFFFF, "0x7fffffff", 0x7FFFFFFF),
        (-(1 << 31), "0x80000000", -(1 << 31)),
        (0, "0x00000000", 0),
    ],
)
def test_32_bit_codes_have_one_hexadecimal_and_one_signed_form(value, text, number):
    assert hresult_hex(value) == text
    assert signed(value) == number


@pytest.mark.parametrize("value", [1 << 32, -(1 << 31) - 1])
def test_a_number_beyond_32_bits_is_refused(value):
    with pytest.raises(ValueError, match="not a 32-bit code"):
        hresult_hex(value)
    with pytest.raises(ValueError, match="not a 32-bit code"):
        signed(value)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"hresult": -2145648611}, "0x801c001d"),
        ({"hresult": None}, None),
        ({"type": "X"}, None),
        (None, None),
        ({"hresult": 1 << 40}, None),
        ({"hresult": "5"}, None),
    ],
)
def test_what_a_device_calls_a_code_is_one_of_32_bits_or_none(error, code):
    assert error_code(error) == code


SPELLINGS = [
    ("0x801C001D", "0x801c001d"),
    ("  0x801c001d ", "0x801c001d"),
    (-2145648611, "0x801c001d"),
    (2149318685, "0x801c001d"),
    ("-2145648611", "0x801c001d"),
    (" 2149318685\n", "0x801c001d"),
    ("801c001d", "0x801c001d"),
    ("80180014", "0x80180014"),
    ("aadsts700082", "AADSTS700082"),
    (12007, "12007"),
    ("12007", "12007"),
    (267009, "0x00041301"),
    ("0x41301", "0x00041301"),
    ("exit 51", "exit 51"),
    ("exited with code 1007", "exit 1007"),
]


@pytest.mark.parametrize(("spelling", "code"), SPELLINGS)
def test_every_spelling_of_a_code_is_the_same_code(spelling, code):
    explanation = explain(spelling)
    assert explanation["code"] == code
    assert explanation["side"] in {"device", "tenant", "network", "controller"}


def test_an_explanation_has_exactly_the_promised_fields():
    assert tuple(explain("AADSTS53003")) == CODE_FIELDS
    assert tuple(explain("0x80041fff")) == CODE_FIELDS
    assert tuple(explain("no code here")) == CODE_FIELDS


TEXTS = [
    ("Exit code: Unknown HResult Error code: 0x801c03ed. Server said AADSTS53003: blocked.", "AADSTS53003"),
    ("AADSTS999999 came with 0x801c0003", "AADSTS999999"),
    ("AADSTS999999, then AADSTS50126: wrong", "AADSTS50126"),
    ("FAIL [0x801c0021/0x80072ee2]", "0x80072ee2"),
    ("FAIL [0x801c0021/0x801c000c]", "0x801c000c"),
    ("0x801c03f2 and below it 0x801c03ed", "0x801c03ed"),
    ("0xcaa1002d wraps an unknown -895746302", "0xcaa1002d"),
    ("0xcaa1002d wraps -894894057", "0xcaa90017"),
    ("0x801c03ed with status 0x80190191", "0x80190191"),
    ("0x8a5e0001 wrapped in 0x801c03f2", "0x801c03f2"),
    ("0x801c0003 before 0x801c0024", "0x801c0003"),
    ("last result 267009, then E_ACCESSDENIED (0x80070005)", "0x80070005"),
    ("0x8a5e0002 before 0x8a5e0001", "0x8a5e0002"),
]


@pytest.mark.parametrize(("text", "code"), TEXTS)
def test_of_several_codes_the_most_telling_is_explained(text, code):
    assert explain(text)["code"] == code


FOUND = [
    ("", []),
    ("all is well", []),
    ("HTTP Error : 0x0", []),
    ("listens on port 12007, pid 12029", []),
    ("failed with error 12007", ["12007"]),
    ("WinHTTP 12029", ["12029"]),
    ("3221225472 bytes, 2147483648 more, 1731000000 seconds", []),
    ("2149318685 is one", ["0x801c001d"]),
    ("-2145648611, -12, -536870000", ["0x801c001d"]),
    ("id b7a9d0de-801c-4a44-8f0a-6c0b7f1f2e10 and 801c0003-0000-0000-0000-000000000000", []),
    ("thumbprint 801C0003801C0003801C0003801C0003801C0003", []),
    ("address 0x00007ff6801c0003", []),
    ("error 801C0003.", ["0x801c0003"]),
    ("0x801c0003 0X801C0003 AADSTS50034 -2145648637", ["0x801c0003", "AADSTS50034"]),
    ("exit code 51; exit code 7; exit code: 1007", ["exit 51", "exit 1007"]),
    ("exit code -2145648574", ["0x801c0042"]),
    ("version 10.0.2149318685 or 2149318685.1", []),
    ("range 2149318685-2149318686, unit 2149318685ms", []),
]


@pytest.mark.parametrize(("text", "codes"), FOUND)
def test_codes_are_found_in_order_and_numbers_that_are_none_are_left(text, codes):
    assert find_codes(text) == codes


SPELLED = [
    ("-2145648611", "0x801c001d"),
    ("2149318685", "0x801c001d"),
    ("2315321345", "0x8a010001"),
    ("HRESULT: -2145648611, id 42, 3221225472 bytes", "HRESULT: 0x801c001d, id 42, 3221225472 bytes"),
    ("267009", "267009"),
    ("4294967295", "4294967295"),
    ("0x801C001D AADSTS50034 exit 51", "0x801C001D AADSTS50034 exit 51"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "spelled"), SPELLED)
def test_decimal_hresults_are_spelled_as_people_search_for_them(text, spelled):
    assert spell_hresults(text) == spelled


@pytest.mark.parametrize(
    ("code", "name", "side", "transient"),
    [
        ("0x801901ad", "http_429", "tenant", True),
        ("0x801901f7", "HTTP_E_STATUS_SERVICE_UNAVAIL", "tenant", True),
        ("0x80190197", "HTTP_E_STATUS_PROXY_AUTH_REQ", "network", False),
        ("0x801901a0", "http_416", "network", None),
    ],
)
def test_codes_of_the_http_facility_are_told_by_their_status(code, name, side, transient):
    explanation = explain(code)
    assert (explanation["code"], explanation["name"]) == (code, name)
    assert (explanation["side"], explanation["transient"]) == (side, transient)


def test_an_ntstatus_printed_as_an_hresult_is_the_same_fault():
    assert explain("FAILED. Error: 0xd000023c")["name"] == "STATUS_NETWORK_UNREACHABLE"
    assert explain("0xd000023c")["code"] == "0xd000023c"


@pytest.mark.parametrize("code", ["0x8a5e0001", -1, 1 << 40, 0])
def test_an_unknown_code_is_said_to_be_unknown_and_nothing_is_guessed(code):
    explanation = explain(code)
    assert explanation["code"]
    assert "not in the catalogue" in explanation["cause"]
    assert explanation["fix"]
    assert explanation["name"] == "unknown_code"
    assert all(explanation[field] is None for field in ("side", "transient", "certainty", "doc"))


def test_an_unknown_aadsts_code_comes_with_the_place_to_look_it_up():
    assert "https://login.microsoftonline.com/error?code=999999" in explain("AADSTS999999")["fix"]


def test_a_text_without_a_code_says_so():
    explanation = explain("it did not work")
    assert explanation["code"] is None
    assert "no error code" in explanation["cause"]


@given(st.text(max_size=300))
def test_any_text_is_explained(text):
    assert explain(text)["cause"]
    assert isinstance(spell_hresults(text), str)


@given(st.integers(-(1 << 64), 1 << 64))
def test_any_number_is_explained(value):
    assert explain(value)["code"]
    assert explain(str(value)) == explain(value)


@pytest.mark.parametrize("number", [10**5000, -(10**5000), 1 << 200], ids=["huge", "-huge", "large"])
def test_a_number_that_python_does_not_write_is_no_code(number):
    assert explain(number) == explain("")


def test_the_catalogue_is_read_once():
    assert catalogue.entries() is catalogue.entries()
