# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serial numbers: which of them are none, and when two are the same.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re

# What firmware says whose maker has not filled in the number, in small letters without blanks, dots and hyphens. Field
# reports of Autopilot, and what DMI tools treat as no value.
_PLACEHOLDERS = frozenset(
    {
        *("defaultstring", "systemserialnumber", "tobefilledbyoem", "serialnumber", "chassisserialnumber"),
        *("baseboardserialnumber", "notspecified", "notavailable", "notapplicable", "none", "null", "na", "n/a"),
        *("unknown", "invalid", "empty", "oem", "system", "0123456789", "123456789", "1234567890", "12345678"),
    }
)
_FILLERS = re.compile(r"[\s._-]+")
_SAME_LETTER = re.compile(r"(.)\1*")
_ROUNDED = re.compile(r"(\d)(?:[.,](\d+))?E\+(\d+)", re.IGNORECASE)
LONGEST_SERIAL = 128
"""Letters of a serial number that is taken for one."""


def is_placeholder(serial: str | None) -> bool:
    """Whether a serial number stands in the firmware of many devices (``Default string``, zeros), or there is none.

    A device with such a number cannot be found by it: what belongs to it is not told apart from another device's.
    """
    plain = _FILLERS.sub("", serial or "").lower()
    return not plain or plain in _PLACEHOLDERS or _SAME_LETTER.fullmatch(plain) is not None


def key(serial: str) -> str:
    """What two spellings of one serial number have in common: without the blanks around it and the case of letters."""
    return " ".join(serial.split()).upper()


def typed(cell: str) -> str:
    """The serial number in a cell without the apostrophe with which people keep a spreadsheet from changing it."""
    return cell.removeprefix("'")


def is_rounded(serial: str) -> bool:
    """Whether a spreadsheet has rounded this number, as in 1.23457E+11: nobody can tell what it was."""
    return _ROUNDED.fullmatch(serial) is not None


def rounded_from(serial: str, whole: str) -> bool:
    """Whether a spreadsheet shows the number ``whole`` as ``serial``."""
    found = _ROUNDED.fullmatch(serial)
    if found is None or not whole.isascii() or not whole.isdigit():
        return False
    return (
        f"{int(whole):.{len(found[2] or '')}E}"
        == f"{found[1]}{'.' + found[2] if found[2] else ''}E+{int(found[3]):02d}"
    )


def without_zeros(serial: str) -> str:
    """A number as a spreadsheet shows it, without its leading zeros; any other serial number as it is."""
    return serial.lstrip("0") if serial.isdigit() else serial


def lost_leading_zeros(serial: str, whole: str) -> bool:
    """Whether ``serial`` is ``whole`` after a spreadsheet took it for a number, without its leading zeros."""
    return serial != whole and serial.isdigit() and without_zeros(whole) == serial
