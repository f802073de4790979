# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DeviceLinks: what one says, and what is none."""

from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.autopilot import device_link
from tests.lab.device import device_link as lab_links

UUID = "4C4C4544-0000-4A10-8000-000000000001"


def packed(document) -> str:
    return base64.b64encode(json.dumps(document).encode()).decode()


def test_what_a_device_exports_is_read():
    data = lab_links.make("PF3K9Z1A", UUID, "LENOVO", "21FV0012GE")
    [found] = device_link.in_csv(lab_links.csv("PF3K9Z1A", "LENOVO", "21FV, 0012GE", data))
    link = device_link.read(found)
    assert (link.data, link.serial_number, link.smbios_uuid) == (data, "PF3K9Z1A", UUID.lower())
    assert (link.manufacturer, link.model) == ("LENOVO", "21FV0012GE") and link.link_id


def test_padding_line_ends_and_the_alphabet_of_urls_do_not_matter():
    data = lab_links.make("PF3K9Z1A", UUID)
    other = data.rstrip("=").replace("+", "-").replace("/", "_")
    assert device_link.read(f"{other[:50]}\r\n {other[50:]}").serial_number == "PF3K9Z1A"


@pytest.mark.parametrize("mark", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_read_by_its_mark(mark):
    data = lab_links.make("S", UUID)
    text = f"SerialNumber,Manufacturer,Model,Data\r\n\r\nS,L,M,{data}\r\nT,L,M,\r\n"
    assert device_link.in_csv(text.encode(mark)) == [data]


def test_the_file_of_the_hardware_hash_has_no_link():
    assert device_link.in_csv(b"Device Serial Number,Windows Product ID,Hardware Hash\r\nS,,abc\r\n") == []
    assert device_link.in_csv(b"") == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("***", "base64"),
        ("YWJj", "not JSON"),
        (packed([1]), "no DeviceInfo"),
        (packed({"DeviceInfo": {"LinkId": "x"}}), "neither a serial number"),
        (packed({"DeviceInfo": {"SerialNumber": 7, "SmbiosUuid": " "}}), "neither a serial number"),
        ("A" * 70000, "letters"),
        (base64.b64encode(b"\xff\xfe{}").decode(), "not JSON"),
    ],
)
def test_what_is_no_link_is_told(text, why):
    with pytest.raises(ValueError, match=why):
        device_link.read(text)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\xff" * 40, b"a" * (5 * 1024 * 1024)])
def test_what_is_no_text_is_told(content):
    with pytest.raises(ValueError):
        device_link.in_csv(content)
