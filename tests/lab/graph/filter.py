# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The grammar of ``$filter``: text to a tree. OData 4.01, part 2, section 5.1.1, as far as Microsoft Graph has it.

Nodes are tuples: ``("or"|"and", left, right)``, ``("not", node)``, ``("compare", operator, left, right)``,
``("in", left, [values])``, ``("call", name, [arguments])``, ``("any"|"all", path, variable, node)``; operands:
``("path", text)``, ``("value", python value)``, ``("count", path)``.
"""

from __future__ import annotations

import re
import typing as t

from .answers import GraphError

Node = tuple[t.Any, ...]
COMPARISONS = ("eq", "ne", "gt", "ge", "lt", "le")
BOOLEAN_CALLS = ("startswith", "endswith", "contains")
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*')
    | (?P<date>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)(?![\w-])
    | (?P<guid>[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})
    | (?P<number>-?\d+(?:\.\d+)?)(?![\w])
    | (?P<name>[A-Za-z_$][\w$]*)
    | (?P<sign>[(),:/])
    )""",
    re.VERBOSE,
)


def parse(text: str) -> Node:
    """The tree of an expression; GraphError 400 (BadRequest) for what is no expression."""
    parser = _Parser(text)
    node = parser.disjunction()
    if parser.peek() is not None:
        raise _invalid(text, f"Syntax error at position {parser.position()}")
    return node


def walk(node: Node) -> t.Iterator[Node]:
    """Every node of a tree."""
    yield node
    for part in node[1:]:
        for child in part if isinstance(part, list) else [part]:
            if isinstance(child, tuple):
                yield from walk(child)


def paths(node: Node) -> set[str]:
    """First segments of the properties that an expression names, without those of lambda variables."""
    bound = {n[2] for n in walk(node) if n[0] in ("any", "all")}
    found = {n[1].split("/")[0] for n in walk(node) if n[0] in ("path", "count")}
    return (found | {n[1].split("/")[0] for n in walk(node) if n[0] in ("any", "all")}) - bound


def _invalid(text: str, why: str) -> GraphError:
    return GraphError(400, "BadRequest", f"Invalid filter clause: {why} in '{text}'.")


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if found is None:
                raise _invalid(text, f"Syntax error at position {place}")
            kind = t.cast(str, found.lastgroup)
            self.tokens.append((kind, found[kind], found.start(kind)))
            place = found.end()
        self.index = 0

    def peek(self, ahead: int = 0) -> str | None:
        place = self.index + ahead
        return self.tokens[place][1] if place < len(self.tokens) else None

    def position(self) -> int:
        return self.tokens[self.index][2] if self.index < len(self.tokens) else len(self.text)

    def next(self) -> tuple[str, str]:
        if self.index >= len(self.tokens):
            raise _invalid(self.text, "Expression expected at the end")
        self.index += 1
        return self.tokens[self.index - 1][:2]

    def accept(self, word: str) -> bool:
        token = self.peek()
        if token is not None and token.lower() == word and self.tokens[self.index][0] != "text":
            self.index += 1
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.accept(sign):
            raise _invalid(self.text, f"'{sign}' expected at position {self.position()}")

    def disjunction(self) -> Node:
        node = self.conjunction()
        while self.accept("or"):
            node = ("or", node, self.conjunction())
        return node

    def conjunction(self) -> Node:
        node = self.negation()
        while self.accept("and"):
            node = ("and", node, self.negation())
        return node

    def negation(self) -> Node:
        if self.peek() == "not":
            self.index += 1
            return ("not", self.negation())
        if self.peek() == "(":
            self.index += 1
            node = self.disjunction()
            self.expect(")")
            return node
        return self.comparison()

    def comparison(self) -> Node:
        left = self.operand()
        word = (self.peek() or "").lower()
        if word in COMPARISONS:
            self.index += 1
            return ("compare", word, left, self.operand())
        if word == "in":
            self.index += 1
            self.expect("(")
            values = [self.literal()]
            while self.accept(","):
                values.append(self.literal())
            self.expect(")")
            return ("in", left, values)
        if left[0] in ("any", "all") or (left[0] == "call" and left[1] in BOOLEAN_CALLS):
            return left
        if left[0] == "path":
            return ("compare", "eq", left, ("value", True))
        raise _invalid(self.text, f"Operator expected at position {self.position()}")

    def literal(self) -> t.Any:
        node = self.operand()
        if node[0] != "value":
            raise _invalid(self.text, "a literal is expected in a list")
        return node[1]

    def operand(self) -> Node:
        kind, token = self.next()
        if kind == "text":
            return ("value", token[1:-1].replace("''", "'"))
        if kind in ("date", "guid"):
            return ("value", token)
        if kind == "number":
            return ("value", float(token) if "." in token else int(token))
        if kind == "name" and token in ("true", "false", "null"):
            return ("value", {"true": True, "false": False, "null": None}[token])
        if kind == "name" and self.peek() == "(":
            return self.call(token)
        if kind == "name":
            return self.path(token)
        raise _invalid(self.text, f"'{token}' is not expected")

    def call(self, name: str) -> Node:
        if name.lower() not in (*BOOLEAN_CALLS, "tolower", "toupper"):
            raise _invalid(self.text, f"An unknown function with name '{name}' was found")
        self.expect("(")
        arguments = [self.operand()]
        while self.accept(","):
            arguments.append(self.operand())
        self.expect(")")
        if len(arguments) != (2 if name.lower() in BOOLEAN_CALLS else 1):
            raise _invalid(self.text, f"No function signature for the function with name '{name}' matches")
        return ("call", name.lower(), arguments)

    def path(self, name: str) -> Node:
        parts = [name]
        while self.accept("/"):
            _kind, part = self.next()
            if part == "$count":
                return ("count", "/".join(parts))
            if part.lower() in ("any", "all") and self.peek() == "(":
                return self.lambda_(part.lower(), "/".join(parts))
            parts.append(part)
        return ("path", "/".join(parts))

    def lambda_(self, kind: str, path: str) -> Node:
        self.expect("(")
        if kind == "any" and self.accept(")"):
            return (kind, path, "", ("compare", "eq", ("value", 1), ("value", 1)))
        _kind, variable = self.next()
        self.expect(":")
        node = self.disjunction()
        self.expect(")")
        return (kind, path, variable, node)
