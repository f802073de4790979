# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the error codes of joining and enrolling mean, and what to do about them.

The knowledge is data: error_catalogue.json, one entry a code, each with its public source and how certain it is. An
entry marked C(wrapper) only says that something failed (or has not ended); another code beside it tells more.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import functools
import json
import re
import typing as t
from pathlib import Path

CODE_FIELDS = ("code", "name", "side", "cause", "fix", "transient", "certainty", "doc")
STS_LOOKUP = "https://login.microsoftonline.com/error?code="

_WHOLE_NUMBER = re.compile(r"\s*([+-]?\d{1,20})\s*")
_CODE = re.compile(
    r"(?P<sts>\bAADSTS\d{4,7})\b"
    r"|\b0x(?P<hex>[0-9a-f]{1,8})\b"
    r"|\bexit(?:ed)?(?: with)?(?: code)?[ :=]{1,3}(?P<exit>\d{1,5})\b"
    r"|\b(?:error|code|winhttp)[ :=(]{1,3}(?P<winhttp>12\d{3})\b"
    r"|(?<![\w.-])(?P<number>-?\d{6,10})(?!\w|\.\d|-)"
    r"|(?<![\w.-])(?P<bare>[0-9a-f]{8})(?![\w-])",
    re.IGNORECASE,
)


def hresult_hex(value: int) -> str:
    """The canonical text of a 32-bit code given signed or unsigned: -2145648611 is "0x801c001d".

    Raises ValueError for what does not fit into 32 bits.
    """
    if not -(1 << 31) <= value < 1 << 32:
        raise ValueError(f"{value} is no 32-bit code")
    return f"0x{value & 0xFFFFFFFF:08x}"


def error_code(error: t.Mapping | None) -> str | None:
    """The HRESULT of an operation's error {type, message, hresult} as text, None where it has none.

    What a device says is untrusted: a number that is no 32-bit code is none.
    """
    try:
        return hresult_hex((error or {})["hresult"])
    except (KeyError, TypeError, ValueError):
        return None


def signed(value: int) -> int:
    """The signed 32-bit form that .NET, event data and exit codes print: 0x801c001d is -2145648611.

    Raises ValueError for what does not fit into 32 bits.
    """
    bits = int(hresult_hex(value), 16)
    return bits - (1 << 32) if bits >> 31 else bits


def explain(code: int | str) -> dict:
    """Explain a code, or the most telling code of a text.

    Takes 0x801c001d in any case, the same number signed or unsigned (as int or text), AADSTS700082, or free text such
    as an event that holds several codes: an AADSTS code wins over an HRESULT, a code that names the fault over one that
    wraps it, the known over the unknown, and among equals the first.

    Returns C({code, name, side, cause, fix, transient, certainty, doc}). C(side) is device, tenant, network or
    controller; C(transient) is True where the same try can succeed later without anybody's doing, False where it
    cannot, None where that depends; C(certainty) is documented, reported or unsure. What an unknown code does not tell
    is None, never a guess; C(cause) and C(fix) are always text.
    """
    if isinstance(code, str):
        codes = [_of_number(code)] if _WHOLE_NUMBER.fullmatch(code) else find_codes(code)
    else:
        codes = [_of_number(str(int(code)))]
    if not codes:
        return _unknown(None, "There is no error code in the text.", "Look at the device's event logs of that time.")
    return _explanation(min(enumerate(codes), key=_order)[1])


def find_codes(text: str) -> list[str]:
    """The codes in a text, in canonical form ("0x801c001d", "AADSTS50126", "12007", "exit 51"), in order, each once.

    Numbers that could be anything count only where the catalogue knows them as codes.
    """
    found = (_canonical(str(match.lastgroup), match[str(match.lastgroup)]) for match in _CODE.finditer(text))
    return list(dict.fromkeys(code for code in found if code))


def spell_hresults(text: str) -> str:
    """The text with its decimal HRESULTs as hexadecimal, as people search for them: "-2145648611" to "0x801c001d"."""
    if _WHOLE_NUMBER.fullmatch(text) and _is_failure(int(text)):
        return hresult_hex(int(text))

    def spell(match: re.Match) -> str:
        number = match["number"]
        return _canonical("number", number) or number if number and _is_failure(int(number)) else match[0]

    return _CODE.sub(spell, text)


@functools.cache
def catalogue() -> dict[str, dict]:
    """Every entry of error_catalogue.json by its code; read once, when first needed."""
    entries = json.loads(Path(__file__).with_name("error_catalogue.json").read_text(encoding="utf-8"))
    return {entry["code"]: entry for entry in entries}


def _is_failure(value: int) -> bool:
    """Whether a number has the severity bit of an HRESULT or NTSTATUS, and a facility that exists."""
    return -(1 << 31) <= value < -(1 << 29) or 1 << 31 <= value < 7 << 29


def _of_number(text: str) -> str:
    """The code that a text of nothing but a number stands for."""
    text = text.strip()
    if text in catalogue():
        return text
    if f"0x{text}" in catalogue():  # "80180014", as Windows' setup shows it
        return f"0x{text}"
    try:
        return hresult_hex(int(text))
    except ValueError:
        return text


def _canonical(kind: str | None, text: str) -> str | None:
    """The code found in a text by one of the groups of _CODE, None where it is none."""
    if kind == "sts":
        return text.upper()
    if kind == "hex":
        return f"0x{int(text, 16):08x}" if int(text, 16) else None
    if kind == "number":
        code = _of_number(text)
        certain = int(text) < 0 and _is_failure(int(text))
    else:
        code = {"exit": "exit {}", "winhttp": "{}", "bare": "0x{}"}[kind or ""].format(text.lower())
        certain = False
    return code if certain or _entry(code) else None


def _entry(code: str) -> dict | None:
    known = catalogue()
    if code in known:
        return known[code]
    if code.startswith("0x801901"):  # facility HTTP: the low digits are the status
        return {**known["0x801901xx"], "code": code, "name": f"HTTP {int(code[-4:], 16)}"}
    if code.startswith("0xd"):  # HRESULT_FROM_NT: an NTSTATUS with one bit more
        status = known.get(f"0xc{code[3:]}")
        return status and {**status, "code": code}
    return None


def _order(found: tuple[int, str]) -> tuple[int, int]:
    """Sorts (position, code) by how much the code tells, the most telling first."""
    position, code = found
    entry = _entry(code)
    if code.startswith("AADSTS"):
        return (0 if entry else 1, position)
    if entry is None:
        return (4, position)
    if entry.get("wrapper"):
        return (3, -position)  # a wrapper is printed before what it wraps: the last one is the innermost
    return (2, position)


def _explanation(code: str) -> dict:
    if entry := _entry(code):
        return {field: entry[field] for field in CODE_FIELDS}
    fix = "Look at the device's other events of that time, and for the code in Microsoft's documentation."
    if code.startswith("AADSTS"):
        fix = f"Look it up at {STS_LOOKUP}{code[6:]} and find the sign-in in the tenant's sign-in log."
    return _unknown(code, "The code is not in the catalogue of known codes.", fix)


def _unknown(code: str | None, cause: str, fix: str) -> dict:
    return dict.fromkeys(CODE_FIELDS) | {"code": code, "cause": cause, "fix": fix}
