# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares real results with RETURN, both ways: nothing comes that is not documented, nothing is promised in vain."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Iterator, Mapping

from .conditions import Came, wanted
from .documentation import NAMED_BY_THE_USER, OPEN, PREFIX, Field, documented

#: What Ansible adds to any result, or takes from it, and what each module may return by Ansible's own rules.
ANSIBLES = frozenset(
    "changed failed msg unreachable diff warnings deprecations exception invocation attempts retries item "
    "ansible_loop_var ansible_loop failed_when_result timedout skipped skip_reason".split()
)
PYTHON = {"str": str, "int": int, "float": (int, float), "bool": bool, "list": list, "dict": dict}
ANY = ("raw", "any")


class Comparison:
    """What was found wrong, as ``{sentence: where it was first seen}``, and which fields have come with a value."""

    def __init__(self) -> None:
        self.wrong: dict[str, str] = {}
        self.results = 0
        self.compared: set[str] = set()
        self.seen: set[str] = set()

    def add(self, came: Came, where: str) -> None:
        """Compare one result."""
        self.results += 1
        for sentence in self._result(came):
            self.wrong.setdefault(f"{came.module}: {sentence}", where)

    def _result(self, came: Came) -> Iterator[str]:
        fields = documented(came.module)
        for name in came.result:
            if name not in fields and name not in ANSIBLES and not name.startswith("_ansible_"):
                yield f"{name} is not documented"
        yield from self._fields(fields, came.result, came)

    def _fields(self, fields: Mapping[str, Field], value: Mapping[str, t.Any], came: Came) -> Iterator[str]:
        for name, field in fields.items():
            path = field.path.split(".", 1)[1]
            if path == NAMED_BY_THE_USER and name not in value:
                name = next(iter(value), name)
            promised = wanted(field, value, came)
            if name not in value:
                if promised:
                    yield f"{path} is missing, but returned: {field.returned or 'with its parent'}"
                continue
            if promised is False:
                yield f"{path} has come, but returned: {field.returned}"
            yield from self.differences(field, path, value[name], came)

    def differences(self, field: Field, path: str, value: t.Any, came: Came) -> Iterator[str]:
        """Of a value and the description of its field, a sentence each."""
        self.compared.add(field.path)
        if value is None:
            if not field.null:
                yield f"{path} is null, and its description says nothing of that"
            return
        self.seen.add(field.origin)
        if not is_a(value, field.kind):
            yield f"{path} is a {type(value).__name__}, not a {field.kind}"
            return
        entries: Iterable[t.Any] = value if isinstance(value, list) else [value]
        for entry in entries:
            if isinstance(value, list) and field.elements and not is_a(entry, field.elements):
                yield f"{path} has a {type(entry).__name__}, not a {field.elements}"
            elif isinstance(entry, dict) and field.elements not in ANY:
                yield from self._keys(field, path, entry, came)

    def _keys(self, field: Field, path: str, value: Mapping[str, t.Any], came: Came) -> Iterator[str]:
        if field.origin in OPEN or field.kind in ANY:
            return
        if field.each:
            for one in value.values():
                yield from self._fields(field.fields, {"*": one}, came)
            return
        if not field.fields and value:
            yield f"{path} has keys, and none is documented"
        elif f"{path}.entra" != NAMED_BY_THE_USER:
            for name in value.keys() - field.fields.keys() - field.also:
                yield f"{path}.{name} is not documented"
        yield from self._fields(field.fields, value, came)


def is_a(value: t.Any, kind: str) -> bool:
    """Whether a JSON value is of a documented type. A truth is not a number."""
    if kind in ANY:
        return True
    return isinstance(value, PYTHON[kind]) and (kind == "bool" or not isinstance(value, bool))


def of_the_module(line: Mapping[str, t.Any]) -> Iterator[Came]:
    """The results of a line of the callback plugin task_results: each item of a loop is one, and what Ansible itself
    makes of a task without its module is none."""
    if not line.get("action", "").startswith(PREFIX) or line["status"] == "skipped":
        return
    result = line["result"]
    looped = isinstance(result.get("results"), list)
    for one in result["results"] if looped else [result]:
        failed = bool(one.get("failed") or one.get("unreachable")) or (not looped and line["status"] != "ok")
        if "failed_when_result" in one:
            # The playbook's word; the module's own is only in what it has returned.
            failed = "error" in one
        if not ansibles_own(one, failed):
            yield Came(line["action"].removeprefix(PREFIX), one, failed, line.get("given"))


def ansibles_own(result: Mapping[str, t.Any], failed: bool) -> bool:
    """A skipped or hidden result, and a failure of a keyword, a template or a connection that the module never saw or
    could only raise: these have nothing of ours."""
    return bool(result.get("skipped")) or "censored" in result or (failed and "changes" not in result)
