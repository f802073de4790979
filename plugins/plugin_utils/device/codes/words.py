# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words before and behind a number by which it is told whether somebody wrote it as a code.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import functools
import re

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
# A test of dsregcmd: AD Connectivity Test : FAIL [0x54b]
_FAILED_TEST = re.compile(r"\bFAIL(?:ED)? ?[\[(]$")
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


class Page:
    """A whole text, looked at once for all the numbers in it."""

    def __init__(self, text: str) -> None:
        self.text = text

    @functools.cached_property
    def is_of_a_sign_in(self) -> bool:
        return bool(_SIGN_IN.search(self.text))


class Around:
    """What stands before and behind a number."""

    def __init__(self, page: Page, match: re.Match) -> None:
        text = page.text
        self._page = page
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

    @property
    def is_called_a_win32_error(self) -> bool:
        return bool(_MAYBE_WIN32.search(self.before) and _WIN32.search(self.before))

    @property
    def is_of_a_failed_test(self) -> bool:
        return bool(_FAILED_TEST.search(self.before))

    @property
    def is_called_an_exit_code(self) -> bool:
        return bool(_EXIT.search(self.before))

    @property
    def is_of_a_sign_in(self) -> bool:
        """By the whole text."""
        return self._page.is_of_a_sign_in

    def is_all_there_is(self, spelled: str) -> bool:
        """Whether the text is nothing but the number, spelled like this."""
        return len(self._page.text) <= _NEAR and self._page.text.strip() == spelled

    def _is_called(self, word: re.Pattern) -> bool:
        return bool(word.search(self.before)) and not _OTHER_CODE.search(self.before) and not self.is_a_quantity
