# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of dynamic groups: parsed, and evaluated over devices and users.

Microsoft, "Manage rules for dynamic membership groups": properties, operators, precedence. Comparisons ignore case. Not
here: memberOf, direct reports, ``-any`` over complex values other than plain texts.
"""

from __future__ import annotations

import re
import typing as t

Test = t.Callable[[dict[str, t.Any]], bool]
LONGEST = 3072
#: Names of rules (lower case) that differ from those of Graph.
ALIASES = {
    "device": {
        "deviceostype": "operatingSystem",
        "deviceosversion": "operatingSystemVersion",
        "devicephysicalids": "physicalIds",
        "devicemanufacturer": "manufacturer",
        "devicemodel": "model",
        "devicetrusttype": "trustType",
        "objectid": "id",
        "devicemanagementappid": "mdmAppId",
        "devicemetadata": "deviceMetadata",
    },
    "user": {"objectid": "id"},
}
PROPERTIES = {
    "device": (
        "accountEnabled",
        "deviceCategory",
        "deviceId",
        "displayName",
        "deviceOwnership",
        "enrollmentProfileName",
        "isRooted",
        "managementType",
        "profileType",
        "systemLabels",
    ),
    "user": (
        "accountEnabled",
        "city",
        "companyName",
        "country",
        "department",
        "displayName",
        "givenName",
        "jobTitle",
        "mail",
        "state",
        "surname",
        "usageLocation",
        "userPrincipalName",
        "userType",
    ),
}
_TOKEN = re.compile(r"""\s*(?:"(?:[^"`]|`.)*" | '(?:[^']|'')*' | [()\[\],] | [^\s()\[\],"']+)""", re.VERBOSE)
_OPERATORS = ("eq", "ne", "startswith", "notstartswith", "contains", "notcontains", "match", "notmatch", "in", "notin")


class RuleError(Exception):
    """A rule that is none; the text says where."""


def compile_rule(rule: str) -> tuple[str, Test]:
    """("device" or "user", test of one object). RuleError when the rule cannot be understood."""
    if len(rule) > LONGEST:
        raise RuleError(f"the rule is longer than {LONGEST} characters")
    parser = _Parser(rule)
    test = parser.disjunction()
    if parser.peek() is not None:
        raise RuleError(f"'{parser.peek()}' is not expected")
    if len(parser.subjects) != 1:
        raise RuleError("a rule is about users or devices, and never about both")
    return parser.subjects.pop(), test


class _Parser:
    def __init__(self, rule: str) -> None:
        self.tokens: list[str] = []
        self.subjects: set[str] = set()
        place = 0
        while rule[place:].strip():
            found = _TOKEN.match(rule, place)
            if found is None:
                raise RuleError(f"position {place} cannot be read")
            self.tokens.append(found[0].strip())
            place = found.end()
        self.index = 0

    def peek(self) -> str | None:
        return self.tokens[self.index] if self.index < len(self.tokens) else None

    def next(self) -> str:
        token = self.peek()
        if token is None:
            raise RuleError("the rule ends too early")
        self.index += 1
        return token

    def word(self) -> str:
        return (self.peek() or "").lower().lstrip("-")

    def disjunction(self) -> Test:
        test = self.conjunction()
        while self.word() == "or":
            self.index += 1
            test = _either(test, self.conjunction())
        return test

    def conjunction(self) -> Test:
        test = self.term()
        while self.word() == "and":
            self.index += 1
            test = _both(test, self.term())
        return test

    def term(self) -> Test:
        if self.word() == "not":
            self.index += 1
            inner = self.term()
            return lambda item: not inner(item)
        if self.peek() == "(":
            self.index += 1
            test = self.disjunction()
            self.close()
            return test
        return self.comparison()

    def close(self) -> None:
        if self.next() != ")":
            raise RuleError(f"')' is expected before '{self.tokens[self.index - 1]}'")

    def comparison(self) -> Test:
        read = self.property(self.next())
        operator = self.next().lower().lstrip("-")
        if operator in ("any", "all"):
            return self.over(operator, read)
        compare = self.compare(operator)
        return lambda item: compare(read(item))

    def over(self, operator: str, read: t.Callable[[dict], t.Any]) -> Test:
        if self.next() != "(" or self.next() != "_":
            raise RuleError(f"-{operator} needs (_ -operator value)")
        compare = self.compare(self.next().lower().lstrip("-"))
        self.close()
        every = any if operator == "any" else all
        return lambda item: every(compare(value) for value in read(item) or [])

    def compare(self, operator: str) -> t.Callable[[t.Any], bool]:
        if operator not in _OPERATORS:
            raise RuleError(f"-{operator} is no operator")
        negated = operator.startswith("not") or operator == "ne"
        base = {"ne": "eq"}.get(operator, operator.removeprefix("not"))
        if base == "in":
            values = self.list()
            return lambda value: (_plain(value) in values) is not negated
        wanted = self.value()
        if base == "match":
            if not isinstance(wanted, str):
                raise RuleError("-match needs a text")
            try:
                pattern = re.compile(wanted, re.IGNORECASE)
            except re.error as error:
                raise RuleError(f"-match: {error}") from error
            return lambda value: (pattern.search(str(value or "")) is not None) is not negated
        if base == "eq":
            return lambda value: (_plain(value) == wanted) is not negated
        if base == "startswith":
            return lambda value: (isinstance(value, str) and value.casefold().startswith(str(wanted))) is not negated
        return lambda value: (isinstance(value, str) and str(wanted) in value.casefold()) is not negated

    def list(self) -> list[t.Any]:
        if self.next() != "[":
            raise RuleError('-in needs ["a", "b"]')
        values = [self.value()]
        while self.peek() == ",":
            self.index += 1
            values.append(self.value())
        if self.next() != "]":
            raise RuleError("']' is expected")
        return values

    def value(self) -> t.Any:
        token = self.next()
        if token.startswith('"'):
            return re.sub(r"`(.)", r"\1", token[1:-1]).casefold()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'").casefold()
        if token.lower() in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[token.lower()]
        raise RuleError(f"a value is expected, not '{token}'")

    def property(self, token: str) -> t.Callable[[dict], t.Any]:
        subject, _dot, name = token.partition(".")
        subject = subject.lower()
        if subject not in PROPERTIES:
            raise RuleError(f"'{token}' is no property of a user or device")
        self.subjects.add(subject)
        known = {**{p.lower(): p for p in PROPERTIES[subject]}, **ALIASES[subject]}
        extension = re.fullmatch(r"extensionattribute([1-9]|1[0-5])", name.lower())
        if extension:
            label = f"extensionAttribute{extension[1]}"
            return lambda item: (item.get("extensionAttributes") or {}).get(label)
        if name.lower() not in known:
            raise RuleError(f"'{token}' is no property of a {subject}")
        label = known[name.lower()]
        return lambda item: item.get(label)


def _plain(value: t.Any) -> t.Any:
    return value.casefold() if isinstance(value, str) else value


def _either(left: Test, right: Test) -> Test:
    return lambda item: left(item) or right(item)


def _both(left: Test, right: Test) -> Test:
    return lambda item: left(item) and right(item)
