# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WHERE clause of WQL, as far as CIM filters use it: comparisons, LIKE, IS NULL, AND, OR, NOT, parentheses."""

from __future__ import annotations

import fnmatch
import re
import typing as t
from collections.abc import Callable

from . import errors

Test = Callable[[dict], bool]
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|(?P<number>-?\d+)|(?P<sign><>|!=|<=|>=|=|<|>|\(|\))"
    r"|(?P<word>[A-Za-z_]\w*))"
)


def parse(text: str) -> Test:
    """A predicate over an instance. WindowsError (invalid query) for anything this grammar does not know."""
    tokens, position = [], 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            raise _invalid()
        tokens.append((match.lastgroup, match.group(match.lastgroup or 0)))
        position = match.end()
    parser = _Parser(tokens)
    test = parser.either()
    if parser.tokens:
        raise _invalid()
    return test


def _invalid() -> errors.WindowsError:
    return errors.cim_error("Invalid query ", errors.WBEM_E_INVALID_QUERY)


class _Parser:
    def __init__(self, tokens: list) -> None:
        self.tokens = tokens

    def _take(self, *kinds: str) -> str:
        if not self.tokens or self.tokens[0][0] not in kinds:
            raise _invalid()
        return self.tokens.pop(0)[1]

    def _next_is(self, word: str) -> bool:
        if self.tokens and self.tokens[0][1].lower() == word:
            self.tokens.pop(0)
            return True
        return False

    def either(self) -> Test:
        tests = [self.both()]
        while self._next_is("or"):
            tests.append(self.both())
        return lambda instance: any(test(instance) for test in tests)

    def both(self) -> Test:
        tests = [self.single()]
        while self._next_is("and"):
            tests.append(self.single())
        return lambda instance: all(test(instance) for test in tests)

    def single(self) -> Test:
        if self._next_is("not"):
            test = self.single()
            return lambda instance: not test(instance)
        if self._next_is("("):
            test = self.either()
            if not self._next_is(")"):
                raise _invalid()
            return test
        name = self._take("word").lower()
        if self._next_is("is"):
            wanted = not self._next_is("not")
            if not self._next_is("null"):
                raise _invalid()
            return lambda instance: (_property(instance, name) is None) is wanted
        if self._next_is("like"):
            pattern = _literal("text", self._take("text")).replace("%", "*").replace("_", "?").lower()
            return lambda instance: fnmatch.fnmatchcase(str(_property(instance, name) or "").lower(), pattern)
        sign = self._take("sign")
        value = _literal(*self.tokens.pop(0)) if self.tokens else _fail()
        if sign not in _COMPARE:
            raise _invalid()
        return lambda instance: _compare(sign, _property(instance, name), value)


def _fail() -> t.NoReturn:
    raise _invalid()


def _literal(kind: str | None, token: str) -> t.Any:
    if kind == "text":
        return re.sub(r"\\(.)", r"\1", token[1:-1])
    if kind == "number":
        return int(token)
    words = {"true": True, "false": False, "null": None}
    if token.lower() not in words:
        raise _invalid()
    return words[token.lower()]


def _property(instance: dict, name: str) -> t.Any:
    for key, value in instance.items():
        if key.lower() == name:
            return value
    raise _invalid()


_COMPARE: dict[str, Callable] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def _compare(sign: str, found: t.Any, wanted: t.Any) -> bool:
    if isinstance(found, str) and isinstance(wanted, str):
        found, wanted = found.lower(), wanted.lower()
    elif isinstance(found, int) and isinstance(wanted, str):
        if wanted.lower() in ("true", "false"):
            wanted = wanted.lower() == "true"
        elif re.fullmatch(r"-?\d+", wanted):
            wanted = int(wanted)
    if found is None or wanted is None or isinstance(found, str) != isinstance(wanted, str):
        return sign in ("<>", "!=") and found != wanted
    return _COMPARE[sign](found, wanted)
