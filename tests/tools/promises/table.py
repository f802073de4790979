# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table in tests/promises: for each sentence the tests that hold it, or why it promises nothing.

One file for each text, at the same path with ``.yml`` behind it. A row is ``{sentence, held_by: [file::test, ...]}``,
``{sentence, no_promise: why}`` or ``{sentence, open: what is missing}``.
"""

from __future__ import annotations

import ast
import difflib
import typing as t
from pathlib import Path

import yaml

#: Of a row one, beside its sentence.
ANSWERS = ("held_by", "no_promise", "open")
PROOF = "tests/powershell/rows/"
#: From 0 to 1: from here on an old sentence is worth to be shown beside a new one.
ALIKE = 0.5
HEAD = """\
# Which test holds each sentence of {text}: see docs/contributing.md.
---
"""
Row = dict[str, t.Any]


class _Dumper(yaml.SafeDumper):
    """Sets lists in, as yamllint wants it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, False)


def read(folder: Path) -> dict[str, list[Row]]:
    """The rows of each text by its path. Raises yaml.YAMLError."""
    return {
        file.relative_to(folder).as_posix().removesuffix(".yml"): yaml.safe_load(file.read_text(encoding="utf-8")) or []
        for file in sorted(folder.rglob("*.yml"))
    }


def written(rows: t.Sequence[Row]) -> str:
    """Rows as they stand in a file."""
    return yaml.dump(list(rows), Dumper=_Dumper, width=100, sort_keys=False, allow_unicode=True)


def in_order(rows: t.Sequence[Row], sentences: t.Sequence[str]) -> list[Row]:
    """The rows as their sentences come in the text; those whose sentence is gone stay last."""
    places = {sentence: place for place, sentence in enumerate(sentences)}
    return sorted(rows, key=lambda row: places.get(row.get("sentence", ""), len(places)))


def problems(
    promised: t.Mapping[str, t.Sequence[str]],
    table: t.Mapping[str, t.Sequence[Row]],
    tests_of: t.Callable[[str], t.Collection[str]],
) -> list[str]:
    """What is wrong with the table, one text each. ``promised`` has the sentences of each text by its path, and
    ``tests_of`` gives the names of the tests in a file."""
    found = []
    for text in sorted({*promised, *table}):
        sentences, rows = promised.get(text, ()), table.get(text, ())
        file = f"tests/promises/{text}.yml"
        broken = [_form(row) for row in rows]
        found += [f"{file}: {problem}" for problem in broken if problem]
        good = [row for row, problem in zip(rows, broken) if not problem]
        known = [row["sentence"] for row in good]
        gone = [row for row in good if row["sentence"] not in sentences]
        found += [_new(text, file, sentence, gone) for sentence in sentences if sentence not in known]
        found += [_gone(text, file, row) for row in gone]
        found += [f"{file}: two rows have this sentence: {one}" for one in sorted(set(known)) if known.count(one) > 1]
        found += [
            problem
            for row in good
            for test in row.get("held_by", ())
            for problem in _missing(file, row, test, tests_of)
        ]
    return found


def _form(row: t.Any) -> str:
    """What is wrong with the form of a row; empty where nothing is."""
    if not isinstance(row, dict) or not isinstance(row.get("sentence"), str):
        return f"a row without a sentence: {row!r}"
    answers = [name for name in row if name != "sentence"]
    if len(answers) != 1 or answers[0] not in ANSWERS:
        return f"a row wants its sentence and one of {', '.join(ANSWERS)}: {row['sentence']}"
    (name,) = answers
    held = name == "held_by"
    if not row[name] or not isinstance(row[name], list if held else str):
        return f"{name} is {'a list of tests' if held else 'a text'}, and not empty: {row['sentence']}"
    return ""


def _new(text: str, file: str, sentence: str, gone: t.Sequence[Row]) -> str:
    """A sentence that the table lacks, with a row to be pasted."""
    close = difflib.get_close_matches(sentence, [row["sentence"] for row in gone], n=1, cutoff=ALIKE)
    old = next((row for row in gone if close and row["sentence"] == close[0]), None)
    row = {"sentence": sentence, **{name: old[name] for name in ANSWERS if old and name in old}}
    if old:
        told = "It is most like a row whose sentence is gone. Replace that one if its answer is still true:\n\n"
        told += f"{old['sentence']}\n"
    else:
        row["held_by"] = ["tests/unit/FILE.py::test_that_fails_if_this_is_false"]
        told = 'Name the test that fails if it were false, or write "no_promise" and why.\n'
    return f"{text} has a sentence that is not in the table. {told}\nAdd to {file}:\n\n{written([row])}"


def _gone(text: str, file: str, row: Row) -> str:
    return f"{file}: {text} no longer says this. Remove the row, or give it the new sentence:\n\n{written([row])}"


def _missing(file: str, row: Row, test: str, tests_of: t.Callable[[str], t.Collection[str]]) -> t.Iterator[str]:
    """One text if a row's test does not exist."""
    path, _colons, name = test.partition("::")
    names = tests_of(path)
    if name in names:
        return
    close = difflib.get_close_matches(name, names, n=1, cutoff=ALIKE)
    meant = f", perhaps {path}::{close[0]}" if close else ""
    yield f"{file}: there is no test {test}{meant}. It is to hold: {row['sentence']}"


class Tests:
    """The tests of files below a root; each file is read once. In the PowerShell proof functions of rows are tests."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._read: dict[str, frozenset[str]] = {}

    def __call__(self, path: str) -> frozenset[str]:
        """The names of the tests in a file, ``Class::name`` for those of a class; none where there is no file."""
        if path not in self._read:
            file = self._root / path
            whole = path.startswith("tests/") and file.suffix == ".py" and file.is_file()
            tree = ast.parse(file.read_text(encoding="utf-8")) if whole else ast.Module([], [])
            self._read[path] = frozenset(_named(tree.body, "" if path.startswith(PROOF) else "test_"))
        return self._read[path]


def _named(body: t.Iterable[ast.stmt], prefix: str, within: str = "") -> t.Iterator[str]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _named(node.body, prefix, f"{within}{node.name}::")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith(prefix):
            yield within + node.name
