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

from .known_codes import code_named, entry, facility, win32_code

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
_WHOLE_NUMBER = re.compile(r"\s*([+-]?[0-9]{1,20})\s*")

# --- the words before and behind a number -----------------------------------------------------------------------------

_NEAR = 48
_BETWEEN = r"(?:[\s\"'`*_:=#(\[{<>|/]|\bis\b|\bwas\b|\bwith\b|\bvalue\b|\bnumber\b|\bnr\b|\bno\b)*"
# Also as the end of a word: ErrorCode, Fehlercode, LastResult.
_CALLED = re.compile(
    r"(?:errors?|codes?|hresult|\bhr|result|status|exception|fault|failed|failure|fehler|erreur|errore|c[o\u00f3]digo|"
    r"codice|kod|k\u00f3d|fout|fel|\u30b3\u30fc\u30c9|\u30a8\u30e9\u30fc|\u4ee3\u7801|\u30b9)" + _BETWEEN + "$",
    re.IGNORECASE,
)
_CALLED_ERROR = re.compile(
    r"(?:errors?|codes?|win(?:http|inet)|hresult|fehler|erreur|errore|c[o\u00f3]digo|codice|kod|k\u00f3d)"
    + _BETWEEN
    + "$",
    re.IGNORECASE,
)
_OTHER_CODE = re.compile(
    r"(?:postal|post|zip|area|country|dial\w*|product|access|verification|security|pass|qr|pin|bar|source|colou?r|"
    r"currency|language|plate|device|user|invit\w*|promo\w*|event|job|unlock|recovery|key)[\s-]{0,2}codes?\b"
    + _BETWEEN
    + "$",
    re.IGNORECASE,
)
_WIN32 = re.compile(
    r"(?:win32(?:[ _]?(?:error|exception))?|windows error|system error|last ?error(?:\(\))?|\bERROR_[A-Z0-9_]+)"
    r"(?: ?(?:code|number))?[\s:=#(\[]{1,3}$",
    re.IGNORECASE,
)
_MAYBE_WIN32 = re.compile(r"win|error", re.IGNORECASE)
_EXIT = re.compile(
    r"(?:\bexit(?:ed)?(?: with)?[\s_-]?(?:code|status)?|\bterminal error code)(?: is| was| of)?[\s:='\"]{1,4}$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?:address|addr|offset|handle|flags?|mask|pointer|ptr|base|\bat|instruction|vendor|process|thread|memory|version|"
    r"\b[pt]?id|size|length)[\s:=(]{1,3}$",
    re.IGNORECASE,
)
_NAME_OF_A_THING = re.compile(
    r"(?:commit|hash|sha-?\d*|thumbprint|fingerprint|serial|guid|uuid|\bid|build|revision|key|mac|token|color|colour|#)"
    r"[\s:=#\"'(]{1,3}$",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"\s?(?:%|\u20ac|\$|[kmgt]i?b\b|b\b|bytes?\b|bits?\b|ms\b|s\b|sec\w*|min\w*|hours?\b|days?\b|times\b|records?\b|"
    r"files?\b|items?\b|rows?\b|lines?\b|users?\b|devices?\b|objects?\b|more\b|of\b|free\b|used\b|attempts?\b|packets?\b)",
    re.IGNORECASE,
)
# What only the pages and logs of Entra's sign-in print beside a code.
_SIGN_IN = re.compile(r"correlation.?id|request.?id|trace.?id|login\.microsoftonline|aadsts", re.IGNORECASE)
_STS_NUMBERS = range(16000, 10000000)


class Found(t.NamedTuple):
    """A code in a text: its canonical form, its place, and whether it is written as a decimal number."""

    code: str
    start: int
    end: int
    decimal: bool


def hresult_hex(value: int) -> str:
    """The canonical text of a 32-bit code given signed or unsigned: -2145648611 is "0x801c001d".

    Raises ValueError for what does not fit into 32 bits.
    """
    if not -(1 << 31) <= value < 1 << 32:
        raise ValueError(f"{value} is no 32-bit code")
    return f"0x{value & 0xFFFFFFFF:08x}"


def signed(value: int) -> int:
    """The signed 32-bit form that .NET, event data and exit codes print: 0x801c001d is -2145648611.

    Raises ValueError for what does not fit into 32 bits.
    """
    bits = int(hresult_hex(value), 16)
    return bits - (1 << 32) if bits >> 31 else bits


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
    for match in _TOKEN.finditer(text):
        kind = str(match.lastgroup)
        around = _Around(text, match)
        code = _READERS[kind](match[kind], around)
        if code:
            yield Found(code, match.start(kind), match.end(), kind == "number" or match[kind].isdigit())


def is_number(text: str) -> bool:
    """Whether a text is nothing but a whole number."""
    return bool(_WHOLE_NUMBER.fullmatch(text))


def whole_number(text: str) -> str | None:
    """The code that a text of nothing but a number stands for, None where it is more than that."""
    if not is_number(text):
        return None
    text = text.strip()
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


def is_failure(value: int) -> bool:
    """Whether a number has the severity bit of an HRESULT or NTSTATUS, and a facility that may exist."""
    return -(1 << 31) <= value < -(1 << 29) or 1 << 31 <= value < 7 << 29


# --- one spelling each ------------------------------------------------------------------------------------------------


class _Around:
    """What stands before and behind a number."""

    def __init__(self, text: str, match: re.Match) -> None:
        self.text = text
        self.before = text[max(0, match.start() - _NEAR) : match.start()]
        self.behind = text[match.end() : match.end() + 12]

    @property
    def is_called_a_code(self) -> bool:
        return self._is_called(_CALLED)

    @property
    def is_called_an_error(self) -> bool:
        return self._is_called(_CALLED_ERROR)

    @property
    def is_in_brackets(self) -> bool:
        return self.before[-1:] in ("(", "[") and self.behind[:1] in (")", "]")

    @property
    def is_a_quantity(self) -> bool:
        return bool(_UNIT.match(self.behind))

    @property
    def is_the_name_of_a_thing(self) -> bool:
        return bool(_NAME_OF_A_THING.search(self.before))

    @property
    def is_an_address(self) -> bool:
        return bool(_ADDRESS.search(self.before))

    def _is_called(self, word: re.Pattern) -> bool:
        return bool(word.search(self.before)) and not _OTHER_CODE.search(self.before) and not self.is_a_quantity


def _sts(digits: str, _around: _Around) -> str | None:
    return f"AADSTS{digits}"


def _hex(digits: str, around: _Around) -> str | None:
    digits = digits.lower()
    if len(digits) == 16 and digits.startswith("ffffffff"):  # the 64-bit form of a negative number
        digits = digits[8:]
    if len(digits) == 9:
        return _one_zero_too_many(digits)
    if len(digits) > 8 or not int(digits, 16):
        return None
    value, code = int(digits, 16), f"0x{int(digits, 16):08x}"
    if entry(code):
        return code
    if value < 1 << 16:  # "Error 0x5"
        return win32_code(value) if around.is_called_an_error or around.text.strip() == f"0x{digits}" else None
    if around.is_called_a_code:
        return code
    return code if is_failure(value) and not around.is_an_address else None


def _one_zero_too_many(digits: str) -> str | None:
    """0x80180002b, as it stands in Microsoft's own troubleshooting page: with one zero less it is a known code."""
    shorter = {f"0x{digits[:n]}{digits[n + 1 :]}" for n, digit in enumerate(digits) if digit == "0"}
    known = [code for code in shorter if entry(code)]
    return known[0] if len(known) == 1 else None


def _bare(digits: str, around: _Around) -> str | None:
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


def _number(digits: str, around: _Around) -> str | None:
    digits = digits if digits[0].isdigit() else f"-{digits[1:]}"
    value = int(digits)
    if value < 0 or value >= 1 << 31:
        code = _decimal_hresult(value, around)
    elif entry(f"exit {value}") and _EXIT.search(around.before):
        code = f"exit {value}"
    elif 0 < value < 1 << 16 and _MAYBE_WIN32.search(around.before) and _WIN32.search(around.before):
        code = f"0x8007{value:04x}"
    else:
        code = _small(digits, around)
    return None if code is None or around.is_a_quantity else code


def _decimal_hresult(value: int, around: _Around) -> str | None:
    if not is_failure(value) or not value & 0x3FFFFFFF:  # the last: a round number, -2147483648 for one
        return None
    code = hresult_hex(value)
    if entry(code):
        return None if around.is_an_address else code
    certain = value < 0 or around.is_called_a_code
    return code if certain and (facility(code) or around.is_called_a_code) else None


def _small(digits: str, around: _Around) -> str | None:
    """A number of few digits that somebody calls a code: of WinHTTP, of Entra's sign-in, of Task Scheduler."""
    if not 5 <= len(digits) <= 7:
        return None
    value, sts = int(digits), f"AADSTS{digits}"
    if len(digits) >= 6 and entry(code := hresult_hex(value)):
        return code if around.is_called_a_code else None
    known = next((code for code in (digits, sts) if entry(code)), None)
    if known or (value in _STS_NUMBERS and _SIGN_IN.search(around.text)):
        return (known or sts) if around.is_called_an_error else None
    return None


_READERS: dict[str, t.Callable[[str, _Around], str | None]] = {
    "sts": _sts,
    "hex": _hex,
    "bare": _bare,
    "number": _number,
}
