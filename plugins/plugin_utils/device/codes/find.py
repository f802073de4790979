# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Error codes in texts, in every spelling that logs, dialogs and people use.

0x801c001d is also 801C001D (setup pages, Office), -2145648611 and 2149318685 (exit codes, event data), &H801C001D and
0xFFFFFFFF801C001D (scripts); AADSTS50034 is also "error code 50034" (sign-in pages, Office); a Win32 error is
"(WIN32: 5)" or "System error 5". A number counts as a code where somebody wrote it as one: by its form, by the word
before it, or because the catalogue knows it. Ports, dates, versions, ids, sizes and phone numbers are none.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from .catalogue import code_named, entry, facility, win32_code
from .hresult import hresult_hex, is_failure
from .words import Around, Page

# Word processors and web pages make a dash of a minus.
_MINUS = "\u2010\u2011\u2012\u2013\u2212-"  # the last one would be a range elsewhere in a class
_TOKEN = re.compile(
    r"\bAADSTS[\s:#_-]{0,2}(?P<sts>[0-9]{4,7})(?![0-9a-z])"
    r"|(?<!\w)(?:[0o]x|&H)(?P<hex>[0-9a-f]{1,16})[lu]{0,2}(?!\w)"
    rf"|(?<![\w.{_MINUS}])(?P<bare>[0-9a-f]{{8}})(?![\w-])"
    rf"|(?<![\w.{_MINUS}])(?P<number>[{_MINUS}]?[0-9]{{1,10}})(?!\w|[.,][0-9]|-)",
    re.IGNORECASE,
)
_SYMBOL = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
# Copied from the end of a sentence, out of brackets or quotes.
_WHOLE_NUMBER = re.compile(r"[\s\"'`(\[]*([+-]?[0-9]{1,20})[\s\"'`)\].,;:!]*")
_STS_NUMBERS = range(16000, 10000000)


class Found(t.NamedTuple):
    """A code in a text: its canonical form, its place, and whether it is written as a decimal number."""

    code: str
    start: int
    end: int
    decimal: bool


def find_codes(text: str) -> list[str]:
    """The codes in a text, in canonical form ("0x801c001d", "AADSTS50126", "12007", "exit 51"), in order, each once.

    Where there is no number, a symbol that the catalogue knows (MENROLL_E_DEVICE_ALREADY_ENROLLED) is its code.
    """
    found = [item.code for item in scan(text)]
    if not found:
        found = [code for symbol in _SYMBOL.findall(text) if (code := code_named(symbol))]
    return list(dict.fromkeys(found))


def scan(text: str) -> t.Iterator[Found]:
    """Every code that a text holds as a number, in order."""
    page = Page(text)
    for match in _TOKEN.finditer(text):
        kind = str(match.lastgroup)
        around = Around(page, match)
        code = _READERS[kind](match[kind], around)
        if code:
            yield Found(code, match.start(kind), match.end(), kind == "number" or match[kind].isdigit())


def whole_number(text: str) -> str | None:
    """The code that a text of nothing but a number stands for, None where it is more than that."""
    match = _WHOLE_NUMBER.fullmatch(text)
    if match is None:
        return None
    text = match[1]
    if entry(text):
        return text
    if hexadecimal := _setup_form(text):
        return hexadecimal
    if entry(f"AADSTS{text}"):
        return f"AADSTS{text}"
    return hresult_hex(int(text)) if _is_hresult(int(text)) else text


def _is_hresult(value: int) -> bool:
    """Whether a number is a failure's, or one that is known as an HRESULT (of Task Scheduler, for one)."""
    return -(1 << 31) <= value < 1 << 32 and (is_failure(value) or value < 0 or bool(entry(hresult_hex(value))))


def spell_hresults(text: str) -> str:
    """The text with its decimal HRESULTs as hexadecimal, as people search for them: "-2145648611" to "0x801c001d"."""
    alone = _WHOLE_NUMBER.fullmatch(text)
    if alone and is_failure(int(alone[1])):
        return text[: alone.start(1)].lstrip() + hresult_hex(int(alone[1])) + text[alone.end(1) :].rstrip()
    parts, at = [], 0
    for found in scan(text):
        if found.decimal and found.code.startswith("0x"):
            parts += [text[at : found.start], found.code]
            at = found.end
    return "".join([*parts, text[at:]])


# --- one spelling each ------------------------------------------------------------------------------------------------


def _sts(digits: str, _around: Around) -> str | None:
    return f"AADSTS{digits}"


def _hex(digits: str, around: Around) -> str | None:
    digits = digits.lower()
    if len(digits) == 16 and digits.startswith("ffffffff"):  # the 64-bit form of a negative number
        digits = digits[8:]
    if len(digits) == 9:
        return _known_alone({digits[:at] + digits[at + 1 :] for at, digit in enumerate(digits) if digit == "0"})
    if len(digits) > 8 or not int(digits, 16):
        return None
    value, code = int(digits, 16), f"0x{int(digits, 16):08x}"
    if entry(code):
        return code
    if len(digits) == 7 and (meant := _known_alone({f"{digits[:at]}0{digits[at:]}" for at in range(1, 8)})):
        return meant
    if value < 1 << 16:  # "Error 0x5"
        named = around.is_called_an_error or around.is_of_a_failed_test or around.is_all_there_is(f"0x{digits}")
        return win32_code(value) if named else None
    if around.is_called_a_code:
        return code
    return code if is_failure(value) and not around.is_an_address else None


def _known_alone(spelled: set[str]) -> str | None:
    """The one of these spellings that is a known code: 0x80180002b and 0xC00005F, as they stand in Microsoft's own
    troubleshooting pages, have a zero too many and one too few."""
    known = [code for digits in spelled if entry(code := f"0x{digits}")]
    return known[0] if len(known) == 1 else None


def _bare(digits: str, around: Around) -> str | None:
    """Eight hexadecimal digits without 0x: where all are decimal, they may be a number like any other."""
    code = _setup_form(digits)
    if code is None:
        return _number(digits, around) if digits.isdigit() else None
    if around.is_a_quantity or around.is_the_name_of_a_thing:
        return None
    if around.is_called_a_code or (around.is_in_brackets and entry(code)):
        return code
    if digits.isdigit():
        return None
    return code if entry(code) or code.startswith("0xcaa") else None


def _setup_form(digits: str) -> str | None:
    """The code of eight hexadecimal digits as setup pages print it, None where its facility does not exist."""
    code = f"0x{digits.lower()}"
    return code if len(digits) == 8 and digits[0].lower() in "8cd" and (entry(code) or facility(code)) else None


def _number(digits: str, around: Around) -> str | None:
    digits = digits if digits[0].isdigit() else f"-{digits[1:]}"
    value = int(digits)
    if value < 0 or value >= 1 << 31:
        code = _decimal_hresult(value, around)
    elif entry(f"exit {value}") and around.is_called_an_exit_code:
        code = f"exit {value}"
    elif 0 < value < 1 << 16 and around.is_called_a_win32_error:
        code = f"0x8007{value:04x}"
    else:
        code = _small(digits, around)
    return None if code is None or around.is_a_quantity else code


def _decimal_hresult(value: int, around: Around) -> str | None:
    if not is_failure(value) or not value & 0x3FFFFFFF:  # the last: a round number, -2147483648 for one
        return None
    code = hresult_hex(value)
    if entry(code):
        return None if around.is_an_address else code
    certain = value < 0 or around.is_called_a_code
    return code if certain and (facility(code) or around.is_called_a_code) else None


def _small(digits: str, around: Around) -> str | None:
    """A number of few digits that somebody calls a code: of WinHTTP, of Entra's sign-in, of Task Scheduler."""
    if not 5 <= len(digits) <= 7:
        return None
    value, sts = int(digits), f"AADSTS{digits}"
    if len(digits) >= 6 and entry(code := hresult_hex(value)):
        return code if around.is_called_a_code else None
    known = next((code for code in (digits, sts) if entry(code)), None)
    if known or (value in _STS_NUMBERS and around.is_of_a_sign_in):
        return (known or sts) if around.is_called_an_error else None
    return None


_READERS: dict[str, t.Callable[[str, Around], str | None]] = {
    "sts": _sts,
    "hex": _hex,
    "bare": _bare,
    "number": _number,
}
