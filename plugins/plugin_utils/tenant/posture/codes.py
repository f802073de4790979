# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Error codes of Intune's reports: one thing comes as -2016281112, 2278686184 and 0x87D1FDE8.

Sources: Microsoft Intune, "Troubleshoot policies and profiles in Intune" (0x87D1FDE8 remediation failed), "App
installation error reference" (0x87D1041C).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from ..graph.fields import Misfit

REMEDIATION_FAILED = "0x87D1FDE8"
#: The longest form of one: a sign and 20 digits.
_LONGEST = 21
_WORDS = {
    REMEDIATION_FAILED: "remediation failed: the device reports another value than was sent; it may be in force",
    "0x87D1041C": "the app was not detected after its installation: its detection rule does not find it",
    "0x87D10190": "the device does not know the setting, or its edition does not take it",
    "0x87D10194": "the device does not have the node of the setting",
}


def code_kind(value: t.Any) -> str | None:
    """A kind of ``fields``: the code in hexadecimal digits, None for none."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = int(value if len(value) <= _LONGEST else "", 0)
        except ValueError:
            raise Misfit("is not an error code") from None
    if not isinstance(value, int) or not -(2**63) <= value < 2**64:
        raise Misfit("is not an error code")
    if not value:
        return None
    # A negative code in 64 bits is the same code. Any other number with more than 32 bits is not the code of its end.
    if -(2**31) <= value < 2**32 or value >= 2**64 - 2**31:
        return f"0x{value & 0xFFFFFFFF:08X}"
    return f"0x{value & (2**64 - 1):016X}"


def in_words(code: str | None) -> str | None:
    """What is known about a code."""
    return None if code is None else _WORDS.get(code)
