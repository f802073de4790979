# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hardware hashes: what stands in them, what is put right, and each way in which one is not whole."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.winops.entra.plugins.plugin_utils.autopilot import hardware_hash, serials
from tests.lab import hardware_hash as lab

GOOD = lab.make("PF3K9A01", "LENOVO", "21HM", smbios_uuid="7d0e6a3c-9a52-4b1e-8f0b-3f2c1d5a7e90")
DAMAGED = {
    "flipped": ("damaged", "checksum is wrong"),
    "cut": ("cut", "cut off"),
    "doubled": ("doubled", "two hashes"),
    "not_base64": ("not_base64", "not base64"),
    "no_checksum": ("damaged", "not where it should be"),
    "zeros": ("not_a_hash", "does not begin"),
}
PLAIN = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)


def test_what_stands_in_a_hash():
    found = hardware_hash.decode(GOOD)
    assert (found.serial_number, found.manufacturer, found.model) == ("PF3K9A01", "LENOVO", "21HM")
    assert found.smbios_uuid == "7d0e6a3c-9a52-4b1e-8f0b-3f2c1d5a7e90"
    assert (found.tpm_version, found.size, found.text, found.repaired) == ("2.0", 3000, GOOD, False)
    assert found.ek and len(found.ek) == 64


def test_a_device_without_a_tpm_has_no_endorsement_key():
    found = hardware_hash.decode(lab.make("PF1", ek=None))
    assert found.ek is None and found.tpm_version == ""


@pytest.mark.parametrize("how", DAMAGED)
def test_a_hash_that_is_not_whole_is_refused_with_the_reason(how):
    name, says = DAMAGED[how]
    with pytest.raises(hardware_hash.HashError, match=says) as caught:
        hardware_hash.decode(lab.damaged(GOOD, how))
    assert caught.value.name == name and name in hardware_hash.NAMES


@pytest.mark.parametrize("how", ["unpadded", "one_short"])
def test_letters_that_are_missing_at_the_end_are_put_right(how):
    found = hardware_hash.decode(lab.damaged(GOOD, how))
    assert found.repaired and found.text == GOOD


@pytest.mark.parametrize("more", ["A", "AA", "AAA", "=", "A="])
def test_letters_that_are_too_many_at_the_end_are_put_right(more):
    found = hardware_hash.decode(GOOD + more)
    assert found.repaired and found.text == GOOD


@pytest.mark.parametrize("size", range(700, 706))
def test_a_hash_of_another_size_is_taken_with_and_without_its_padding(size):
    text = lab.make("PF1", size=size)
    for given_text in (text, text.rstrip("=")):
        found = hardware_hash.decode(given_text)
        assert base64.b64decode(found.text) == base64.b64decode(text) and found.size == size


def test_blanks_and_line_ends_within_are_no_fault():
    wrapped = "\r\n".join(GOOD[at : at + 76] for at in range(0, len(GOOD), 76))
    assert hardware_hash.decode(f"  {wrapped}\n").text == GOOD


@pytest.mark.parametrize("text", ["", "  ", None])
def test_an_empty_text_is_told_apart(text):
    with pytest.raises(hardware_hash.HashError) as caught:
        hardware_hash.decode(text)
    assert caught.value.name == "empty"


def test_no_more_than_a_few_kilobytes_are_looked_at():
    with pytest.raises(hardware_hash.HashError) as caught:
        hardware_hash.decode("A" * 50_000_000)
    assert caught.value.name == "too_long"


def test_two_harvests_of_one_device_differ_and_are_the_same_device():
    one, other = (hardware_hash.decode(lab.make("PF1", when=when)) for when in (1, 2))
    assert one.text != other.text and hardware_hash.same_device(one, other)
    for another in (lab.make("PF2"), lab.make("PF1", ek=b"another"), lab.make("PF1", ek=None)):
        assert not hardware_hash.same_device(one, hardware_hash.decode(another))


def test_without_a_tpm_the_uuid_says_which_device_it_is():
    uuids = ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002")
    one, other = (hardware_hash.decode(lab.make("PF1", ek=None, smbios_uuid=uuid)) for uuid in uuids)
    assert not hardware_hash.same_device(one, other)


@settings(max_examples=150)
@given(PLAIN, PLAIN, PLAIN)
def test_what_the_lab_makes_is_read(serial, manufacturer, model):
    found = hardware_hash.decode(lab.make(serial, manufacturer, model))
    assert (found.serial_number, found.manufacturer, found.model) == (serial, manufacturer, model)


@settings(max_examples=300)
@given(st.integers(0, 661), st.integers(1, 255))
def test_no_byte_can_change_unseen(place, bend):
    data = bytearray(base64.b64decode(GOOD))
    data[place] ^= bend
    with pytest.raises(hardware_hash.HashError):
        hardware_hash.decode(base64.b64encode(data).decode())


@pytest.mark.parametrize(
    "serial",
    [
        "",
        None,
        "  ",
        "Default string",
        "System Serial Number",
        "To Be Filled By O.E.M.",
        "0",
        "00000000",
        "N/A",
        "None",
    ],
)
def test_placeholders_are_no_serial_numbers(serial):
    assert serials.is_placeholder(serial)


@pytest.mark.parametrize("serial", ["PF3K9A01", "VMware-56 4d 2c 9e", "00012345", "5CG1234ABC", "12"])
def test_real_serial_numbers_are_not_taken_for_placeholders(serial):
    assert not serials.is_placeholder(serial)


def test_leading_zeros_are_missed_only_in_numbers():
    assert serials.lost_leading_zeros("123", "000123")
    for serial, whole in (("123", "123"), ("123", "00124"), ("A1", "0A1"), ("", "00"), ("0123", "00123")):
        assert not serials.lost_leading_zeros(serial, whole)
    assert serials.key(" ab  12 ") == serials.key("AB 12") != serials.key("AB12")
