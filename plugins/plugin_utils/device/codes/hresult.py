# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Error numbers of 32 bits: HRESULTs, and what has their form. Arithmetic only; every task loads it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t


def hresult_hex(value: int) -> str:
    """The canonical text of a 32-bit code given signed or unsigned: -2145648611 is "0x801c001d".

    Raises ValueError for what does not fit into 32 bits.
    """
    if not -(1 << 31) <= value < 1 << 32:
        raise ValueError(f"{value} is not a 32-bit code")
    return f"0x{value & 0xFFFFFFFF:08x}"


def signed(value: int) -> int:
    """The signed 32-bit form that .NET, event data and exit codes print: 0x801c001d is -2145648611.

    Raises ValueError for what does not fit into 32 bits.
    """
    bits = int(hresult_hex(value), 16)
    return bits - (1 << 32) if bits >> 31 else bits


def is_failure(value: int) -> bool:
    """Whether a number has the severity bit of an HRESULT or NTSTATUS, and a facility that may exist."""
    return -(1 << 31) <= value < -(1 << 29) or 1 << 31 <= value < 7 << 29


def error_code(error: t.Mapping | None) -> str | None:
    """The HRESULT of an operation's error {type, message, hresult} as text, None where it has none.

    What a device says is untrusted: a number that is no 32-bit code is none.
    """
    try:
        return hresult_hex((error or {})["hresult"])
    except (KeyError, TypeError, ValueError):
        return None
