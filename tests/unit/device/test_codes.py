# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Codes in texts: every spelling that people paste, and the numbers that nobody wrote as a code."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.winops.entra.plugins.plugin_utils.device.codes import catalogue
from ansible_collections.winops.entra.plugins.plugin_utils.device.codes.explain import explain
from ansible_collections.winops.entra.plugins.plugin_utils.device.codes.find import find_codes, spell_hresults
from ansible_collections.winops.entra.plugins.plugin_utils.device.codes.hresult import is_failure, signed

# One code in every spelling: of logs, dialogs, scripts and people.
JOIN = 0x801C0003
FORMS = [
    "0x801c0003",
    "0X801C0003",
    "801C0003",
    "error:801c0003",
    "Error code 801c0003",
    "(801c0003)",
    "HRESULT=801C0003",
    "hr: 0x801c0003",
    "0x801C0003L",
    "&H801C0003",
    "0xFFFFFFFF801C0003",
    "Ox801c0003",
    "-2145648637",
    "2149318659",
    "Exit code: -2145648637.",
    "kod:-2145648637",
    "error \u20132145648637",
    "status code \u22122145648637, in Word's spelling",
    "\u30a8\u30e9\u30fc \u30b3\u30fc\u30c9: 801c0003",
    "DSREG_E_DEVICE_AUTHORIZATION_ERROR",
    "[0x801c0003]",
    "**801c0003**: error",
]


@pytest.mark.parametrize("text", FORMS)
def test_one_code_is_found_in_every_spelling(text):
    assert explain(text)["code"] == "0x801c0003"


STS_FORMS = [
    "AADSTS50034",
    "aadsts50034: the user",
    "AADSTS 50034",
    "Error code: 50034",
    "provide the error code 50034.",
    '"error_codes":[50034],"timestamp"',
    '"errorCode":50034',
    "https://login.microsoftonline.com/error?code=50034",
    "50034",
    50034,
]


@pytest.mark.parametrize("text", STS_FORMS)
def test_a_code_of_the_sign_in_is_found_with_and_without_its_prefix(text):
    assert explain(text)["code"] == "AADSTS50034"


def test_an_unknown_code_of_a_sign_in_page_is_taken_for_one_of_the_sign_in():
    page = "You cannot access this right now. Error Code: 53999 Request Id: 5b0c Correlation Id: 77"
    assert find_codes(page) == ["AADSTS53999"]
    assert find_codes("Error Code: 53999") == []


SPELLED = [
    ("the setup ended. Code: 80070652", ["0x80070652"]),
    ("error:80004005", ["0x80004005"]),
    ("Error Code: CAA5004B", ["0xcaa5004b"]),
    ("Error codes (e.g. CAA2000B, CAA30194)", ["0xcaa2000b", "0xcaa30194"]),
    ("Error Tag: 4usaa Error Code: 2147942402", ["0x80070002"]),
    ("Error Code: 3399614466", ["0xcaa20002"]),
    ("FAILED: 0x80070005 (WIN32: 5 ERROR_ACCESS_DENIED)", ["0x80070005"]),
    ("failed: (WIN32: 1722)", ["0x800706ba"]),
    ("System error 67 has occurred.", ["0x80070043"]),
    ("ERROR_NO_SUCH_DOMAIN (1355)", ["0x8007054b"]),
    ("Error: 0x5 Access is denied", ["0x80070005"]),
    ("Error: 0x102 The wait operation timed out", ["0x80070102"]),
    ("has exited with Exit code: 51", ["exit 51"]),
    ("terminal error code '1007' and Exit code: -2145648574.", ["exit 1007", "0x801c0042"]),
    ("Install failed with ExitCode=50", ["exit 50"]),
    ("Auto MDM Enroll: Failed (Unknown Win32 Error code: 0x80180002b)", ["0x8018002b"]),
    ("Event 1104: AAD Cloud AP plugin call Get token return error: 0xC00005F.", ["0xc000005f"]),
    ("AAD Cloud AP plugin call Get token returned error: 0xC0000005F", ["0xc000005f"]),
    ("Result : (Unknown Win32 Error code: 0x2ab0003)", ["0x02ab0003"]),
    ("AD Connectivity Test : FAIL [0x54b]", ["0x8007054b"]),
    ("DRS Discovery Test : FAILED [0x801c0021/0x80072ee2]", ["0x801c0021", "0x80072ee2"]),
    ("MENROLL_E_DEVICE_AUTHENTICATION_ERROR (80180002)", ["0x80180002"]),
    (
        "RegisterDeviceWithManagement failed: The operation completed successfully. (0x8018000a - 2149056522)",
        ["0x8018000a"],
    ),
    ("HTTP error 12175", ["12175"]),
    ("0x801c001d/-2145648611", ["0x801c001d"]),
]


@pytest.mark.parametrize(("text", "found"), SPELLED)
def test_forms_of_office_setup_and_tools_are_read(text, found):
    assert find_codes(text) == found


NO_CODES = [
    "listens on port 12007, pid 12029",
    "Active code page: 65001",
    "postal code 50034, ZIP code 53003",
    "verification code: 50126",
    "Windows 10.0.19045.5011, build 26100",
    "2026-11-29 20:26:11, 20261129, 20261129T203000Z",
    "{801C0003-0000-0000-0000-000000000000}",
    "id 4a1f9e0c-801c-8018-0014-0a52f3a7c111",
    "thumbprint 801C0003",
    "serial 80070005, MAC 80070005",
    "commit 8007e3b4, sha256: 801c0003",
    "copied 80180014 bytes, 2149318659 bytes free",
    "-2145648637 bytes",
    "size: 2149318659",
    "3221225472 bytes, 2147483648 more",
    "phone 80012345, (80012345)",
    "S-1-5-21-2145648611-2149318659-2147942405-1001",
    "0x00007ff6801c0003, address 0x80041fff",
    "flags 0x2, vendor 0x8086, (0x0), 0x00000000",
    "skipped: 0xffffffff",
    "KB5120998, event code 1104, status code 200",
    "2,149,318,659 and 2149318659.5 and 2149318659-2149318660",
    "error in line 50034, Error 5 of 9, failed 50034 times",
    "exit code 7",
    "https://example.org/?id=80070005",
    "no error: 0",
    "-2147483648, -1234567890",
    "account number 2149999999",
    "error rate 50034 ms",
]


@pytest.mark.parametrize("text", NO_CODES)
def test_a_number_that_nobody_wrote_as_a_code_is_none(text):
    assert find_codes(text) == []
    assert explain(text)["code"] is None


# In the middle of a text that is full of numbers, too.
@given(
    st.lists(
        st.one_of(
            st.uuids().map(str),
            st.dates().map(str),
            st.ip_addresses().map(str),
            st.integers(0, 65535).map(lambda port: f"port {port}"),
            st.integers(0, 1 << 40).map(lambda size: f"{size} bytes"),
            st.integers(0, 1 << 48).map(lambda number: f"v{number}"),
        )
    )
)
def test_ids_dates_addresses_ports_and_sizes_are_no_codes(words):
    assert [code for code in find_codes("; ".join(words)) if not re.match("0x|AADSTS", code)] == []
    assert find_codes("; ".join(words)) == []


@pytest.mark.parametrize("entry", catalogue.entries())
def test_every_code_of_the_catalogue_is_found_where_it_is_written(entry):
    if entry != "0x801901xx":
        said = f"It failed with error {entry}." if not entry.startswith("exit") else f"It failed with {entry}."
        assert find_codes(said) == [entry]


@given(st.integers(0x80000001, 0xFFFFFFFE))
def test_hexadecimal_signed_and_unsigned_are_the_same_code(value):
    code = f"0x{value:08x}"
    assert find_codes(f"failed: {code} here") == [code]
    if is_failure(value) and catalogue.facility(code) and value & 0x3FFFFFFF:
        assert find_codes(f"failed: {value}") == [code]
        assert find_codes(f"failed: {signed(value)}") == [code]


# --- families -------------------------------------------------------------------------------------------------------

WRAPPED = [
    ("0x80192ee2", "network", "did not answer in time"),
    ("0xcaa82ee7", "network", "could not be resolved"),
    ("0x80192f8f", "network", "TLS"),
    ("0xcaa82f8f", "network", "certificate"),
    ("0xcaa82efd", "network", "No connection"),
    ("0xcaa70004", "network", "could not be resolved"),
    ("0xcaa7000a", "network", "did not answer in time"),
    ("0x80072f7d", "network", "TLS"),
    ("0x80072eff", "network", "reset"),
    ("0xcaa82f9a", "network", "private key"),
    ("12157", "network", "TLS"),
    ("0xcaa30194", "tenant", "HTTP 404"),
    ("0xcaa301f7", "tenant", "HTTP 503"),
    ("0xcaa30197", "network", "proxy"),
    ("0xcaa301aa", "network", "HTTP status 426"),
    ("0x801901f5", "network", "HTTP status 501"),
    ("0x80070643", "device", "installation"),
    ("0x80072afc", "network", "no address"),
    ("0x8007274d", "network", "refused"),
    ("0xc0070005", "device", "Access denied"),
    ("0xd000023c", "network", "could not be reached"),
]


@pytest.mark.parametrize(("code", "side", "said"), WRAPPED)
def test_a_code_of_a_family_is_told_by_its_low_digits(code, side, said):
    explanation = explain(code)
    assert (explanation["code"], explanation["side"]) == (code, side)
    assert said in explanation["cause"] and explanation["name"]


def test_what_a_wrapped_network_code_says_is_one_whatever_wraps_it():
    said = {explain(code)["cause"] for code in ("0x80072ee7", "0x80192ee7", "0x800c2ee7", "0xcaa22ee7")}
    assert len(said) == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("0x801c0777", "device registration"),
        ("0x80180999", "MDM enrollment"),
        ("0x8024402c", "Windows Update"),
        ("0xcaa5fffe", "token broker"),
        ("0x80076666", "Win32"),
        ("0xc004ffff", "Cloud AP"),
    ],
)
def test_of_an_unknown_code_the_facility_is_told_and_what_to_look_at(code, words):
    explanation = explain(code)
    assert "not in the catalogue" in explanation["cause"] and words in explanation["cause"]
    assert explanation["fix"].startswith("Look ") and explanation["side"] is None


@pytest.mark.parametrize("name", sorted(catalogue.families()["network"]))
def test_every_network_failure_has_a_sentence_and_a_fix(name):
    entry = catalogue.entry(name)
    assert entry["side"] == "network" and entry["cause"].endswith(".") and entry["fix"].endswith(".")


@pytest.mark.parametrize("number", sorted(catalogue.families()["win32"], key=int))
def test_every_win32_error_of_the_table_has_a_sentence(number):
    entry = catalogue.entry(f"0x8007{int(number):04x}")
    assert entry["cause"].endswith(".") and entry["side"] in ("device", "network")


# --- the service's own sentence -------------------------------------------------------------------------------------

HOST_NAME = [
    "0x801c0083",
    -2145648509,
    "AAD Join failed with status code: -2145648509.",
    "error_hostname_duplicate",
    '{"odata.error":{"message":{"value":"Another object with the same value for property hostnames already exists."}}}',
    "The hostname is already used by another device in this tenant, please change the VM name to redeploy",
]


@pytest.mark.parametrize("said", HOST_NAME)
def test_a_host_name_that_is_taken_is_told_by_code_and_by_sentence(said):
    explanation = explain(said)
    assert (explanation["code"], explanation["side"], explanation["transient"]) == ("0x801c0083", "tenant", False)
    assert "another device object" in explanation["cause"] and "Delete" in explanation["fix"]


@pytest.mark.parametrize(
    "said",
    [
        "Something went wrong. Your organization has deleted this device. Contact your administrator.",
        "Your organization has deleted this device. Provide the error code 700003.",
        "AADSTS700003: Device object was not found in the tenant 'contoso' directory.",
    ],
)
def test_a_device_whose_object_was_deleted_is_told_by_code_and_by_sentence(said):
    explanation = explain(said)
    assert (explanation["code"], explanation["side"], explanation["transient"]) == ("AADSTS700003", "tenant", False)
    assert "deleted or disabled" in explanation["cause"] and "join it again" in explanation["fix"]


@pytest.mark.parametrize("code", ["AADSTS5000611", "AADSTS50097", "AADSTS135010", "AADSTS50129", "AADSTS130008"])
def test_what_a_sign_in_says_of_the_device_is_known(code):
    assert explain(f"Error Code: {code[6:]}")["certainty"]


SENTENCES = [
    ('-2145648500 {"odata.error":{"message":{"value":"The device limit of the plan is reached."}}}', "device limit"),
    ("Join error code: X\nJoin message: The resource id parameter (/vm) is invalid.\nand so on", "resource id"),
    ("AAD Join failed with status code: -2145648500. The plan does not allow it.", "plan does not allow"),
    ("0x801c03ed\nServer Message: The verification of the target failed.", "verification of the target"),
    ('{"error":"invalid_grant","error_description":"The app was retired. Trace ID: 1"}', "app was retired."),
    ("AADSTS999999: The thing was not found. Trace ID: 4f0e", "thing was not found."),
]


@pytest.mark.parametrize(("text", "said"), SENTENCES)
def test_where_no_code_tells_the_services_own_sentence_does(text, said):
    cause = explain(text)["cause"]
    assert "The service says: " in cause and said in cause and "Trace ID" not in cause


@pytest.mark.parametrize(
    "text",
    ["0x801c0003 " + '{"message":"Nobody may join devices here."}', "0x8a5e0001 {", "{}", '{"a": [1, 2]}', "{" * 99999],
)
def test_a_sentence_is_not_told_where_a_code_tells_or_none_is_there(text):
    assert "The service says" not in explain(text)["cause"]


def test_a_sentence_is_one_line_of_printable_text_that_is_not_too_long():
    cause = explain('{"message":"Not\\r\\nin \\u001b[31mred ' + "x" * 999 + '"}')["cause"]
    assert "\n" not in cause and "\x1b" not in cause and len(cause) < 400


@pytest.mark.parametrize("text", ["80180026", "80180026.", "(80180026)", ' "80180026", '])
def test_a_number_alone_is_read_with_what_was_copied_around_it(text):
    assert explain(text)["code"] == "0x80180026"


def test_a_number_alone_is_spelled_within_its_brackets():
    assert spell_hresults(" (-2145648611). ") == "(0x801c001d)."
