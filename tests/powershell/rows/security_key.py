# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of fido_logon_policy."""

from __future__ import annotations

import typing as t
from pathlib import Path

from .base import Case, Scene, variant
from .windows import Document, put

POLICY, VALUE = "SOFTWARE\\Policies\\Microsoft\\FIDO", "EnableFIDODeviceLogon"


def _case(enabled: bool, changed: bool) -> Case:
    return Case("fido_logon_policy", {"enabled": enabled}, lambda v: v == {"changed": changed})


def _values(values: dict[str, int]) -> Case:
    return Case("registry_read", {"path": POLICY}, lambda v: v["key"]["values"] == values)


def rows(_scratch: Path) -> list[Case]:
    """From nothing to on, and back."""
    return [
        _case(False, False),
        Case("registry_read", {"path": POLICY}, lambda v: v == {"exists": False, "key": None}),
        _case(True, True),
        _values({VALUE: 1}),
        _case(True, False),
        _values({VALUE: 1}),
        _case(False, True),
        _values({}),
        _case(False, False),
    ]


def switched_on(_scratch: Path) -> list[Case]:
    """Whatever stood there, it is a number, and 1; other values stay."""
    return [_case(True, True), _values({VALUE: 1, "Other": 7})]


def switched_off(_scratch: Path) -> list[Case]:
    """Only its own value goes."""
    return [_case(False, True), _values({"Other": 7}), _case(False, False)]


def denied(_scratch: Path) -> list[Case]:
    """What cannot be read is not absent."""
    return [Case("fido_logon_policy", {"enabled": on}, error="SecurityException") for on in (True, False)]


def windows(value: list, closed: str | None = None) -> t.Callable[[Document], None]:
    """A Windows with this policy (type and data)."""

    def change(document: Document) -> None:
        put(document["registry"]["HKLM"], POLICY, {VALUE: value, "Other": ["REG_DWORD", 7]})
        if closed:
            document["registry"]["HKLM"]["keys"]["SOFTWARE"]["keys"]["Policies"]["closed"] = closed

    return change


SCENES = [
    Scene("security key", rows),
    variant("security key, off by policy", switched_on, change=windows(["REG_DWORD", 0])),
    variant("security key, a text", switched_on, change=windows(["REG_SZ", "1"])),
    variant("security key, another number", switched_on, change=windows(["REG_DWORD", 2])),
    variant("security key, removed", switched_off, change=windows(["REG_DWORD", 1])),
    variant("security key, a text removed", switched_off, change=windows(["REG_SZ", "1"])),
    variant("security key, denied", denied, change=windows(["REG_DWORD", 1], "all")),
]
