# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ``$filter`` tree as a function over objects. Texts compare without case, as the directory does it."""

from __future__ import annotations

import datetime
import operator
import re
import typing as t

from .filter import Node

Test = t.Callable[[t.Mapping[str, t.Any]], bool]
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?")
_ORDER = {"gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le}


def compile_test(node: Node) -> Test:
    """A test of one object, made once for a whole list."""
    kind = node[0]
    if kind == "true":
        return lambda item: True
    if kind in ("and", "or"):
        left, right = compile_test(node[1]), compile_test(node[2])
        if kind == "and":
            return lambda item: left(item) and right(item)
        return lambda item: left(item) or right(item)
    if kind == "not":
        inner = compile_test(node[1])
        return lambda item: not inner(item)
    if kind == "in":
        value, wanted = _operand(node[1]), {comparable(v) for v in node[2]}
        return lambda item: comparable(value(item)) in wanted
    if kind in ("any", "all"):
        return _lambda(node)
    if kind == "call":
        return _call(node)
    return _compare(node)


def comparable(value: t.Any) -> t.Any:
    """A value as it is compared: texts without case, dates as moments."""
    if isinstance(value, str):
        if _DATE.fullmatch(value):
            moment = datetime.datetime.fromisoformat(_whole(value))
            return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)
        return value.casefold()
    return value


def _whole(text: str) -> str:
    """Python 3.10 reads fractions of 3 or 6 digits only; the service prints up to 7."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?)?)(\.\d+)?(Z|[+-]\d\d:\d\d)?", text)
    if found is None:
        return text
    fraction = (found[2] + "000000")[:7] if found[2] else ""
    return found[1] + fraction + (found[3] or "").replace("Z", "+00:00")


def _compare(node: Node) -> Test:
    _kind, word, left_node, right_node = node
    left, right = _operand(left_node), _operand(right_node)
    if word in ("eq", "ne"):
        same = word == "eq"
        return lambda item: (comparable(left(item)) == comparable(right(item))) is same
    compare = _ORDER[word]

    def ordered(item: t.Mapping[str, t.Any]) -> bool:
        a, b = comparable(left(item)), comparable(right(item))
        return type(a) is type(b) and a is not None and compare(a, b)  # null is neither less nor more

    return ordered


def _call(node: Node) -> Test:
    _kind, name, (left_node, right_node) = node
    left, right = _operand(left_node), _operand(right_node)

    def test(item: t.Mapping[str, t.Any]) -> bool:
        a, b = left(item), right(item)
        if not isinstance(a, str) or not isinstance(b, str):
            return False
        a, b = a.casefold(), b.casefold()
        return b in a if name == "contains" else a.startswith(b) if name == "startswith" else a.endswith(b)

    return test


def _lambda(node: Node) -> Test:
    kind, path, variable, inner_node = node
    inner, values = compile_test(inner_node), _operand(("path", path))
    every = all if kind == "all" else any

    def test(item: t.Mapping[str, t.Any]) -> bool:
        return every(inner({**item, variable: value}) for value in values(item) or [])

    return test


def _operand(node: Node) -> t.Callable[[t.Mapping[str, t.Any]], t.Any]:
    kind = node[0]
    if kind == "value":
        value = node[1]
        return lambda item: value
    if kind == "count":
        inner = _operand(("path", node[1]))
        return lambda item: len(inner(item) or [])
    if kind == "call":
        argument = _operand(node[2][0])
        change = str.lower if node[1] == "tolower" else str.upper
        return lambda item: change(str(argument(item)))
    parts = node[1].split("/")

    def read(item: t.Mapping[str, t.Any]) -> t.Any:
        value: t.Any = item
        for part in parts:
            value = value.get(part) if isinstance(value, t.Mapping) else None
        return value

    return read
