# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner's functions, who calls whom, and what can be put wrong in each. Needs tree-sitter-powershell.

A mutant has one fault: an operator is another one, or one statement is gone.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import re
import typing as t

import stand_ins
import tree_sitter
import tree_sitter_powershell
from shell import DEVICE, VOCABULARY

MAIN = "main"
"""The last lines, which are no function."""
SWAPS = {
    "eq": "ne",
    "lt": "ge",
    "gt": "le",
    "like": "notlike",
    "match": "notmatch",
    "contains": "notcontains",
    "in": "notin",
    "is": "isnot",
}
SWAPS |= {new: old for old, new in SWAPS.items()}
WORDS = {
    "-and": "-or",
    "-or": "-and",
    "-band": "-bor",
    "-bor": "-band",
    "-not": "",
    "$true": "$false",
    "$false": "$true",
}
SIMPLE = ("pipeline", "flow_control_statement")
"""Statements that are dropped even where they have several lines; the others are dropped piece by piece."""


@dataclasses.dataclass(frozen=True)
class Function:
    """A function of the runner: the part that it is in, the line that it starts at, and its text."""

    name: str
    part: str
    line: int
    text: str


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A function with one fault; ``line`` is what stands there in the product, ``at`` is where."""

    function: str
    what: str
    line: str
    at: str
    before: str
    after: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.function, self.what, self.line

    def apply(self, runner: str) -> str:
        """A runner, as it is sent or as the proof sends it (``with_stand_ins``), with this fault in it."""
        found = runner.count(self.before)
        if not found and stand_ins.BEGIN in runner:
            # Its parts are scripts by themselves, and so is this: a function that is defined once more.
            return runner.replace(stand_ins.BEGIN, f"{self.after}\n{stand_ins.BEGIN}")
        if found != 1:
            raise ValueError(f"{found} times in the runner: {self.function}")
        return runner.replace(self.before, self.after)


def parse(text: str) -> tree_sitter.Node:
    language = tree_sitter.Language(tree_sitter_powershell.language())
    return tree_sitter.Parser(language).parse(text.encode("ascii")).root_node


def _nodes(node: tree_sitter.Node) -> t.Iterator[tree_sitter.Node]:
    yield node
    for child in node.children:
        yield from _nodes(child)


def _text(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode("ascii")


def _name(function: tree_sitter.Node) -> str:
    return next(_text(node) for node in function.children if node.type == "function_name")


def _top_functions(text: str) -> list[tree_sitter.Node]:
    (top,) = [node for node in parse(text).children if node.type == "statement_list"]
    return [node for node in top.children if node.type == "function_statement"]


@functools.cache
def functions() -> dict[str, Function]:
    """All functions of the runner, and its last lines."""
    found = {}
    for path in sorted((DEVICE / "runner").glob("*.ps1")):
        text = path.read_text(encoding="ascii")
        for node in _top_functions(text):
            found[_name(node)] = Function(_name(node), path.stem, node.start_point[0], _text(node))
        if path.stem == MAIN:
            found[MAIN] = Function(MAIN, MAIN, 0, text)
    return found


def replaced(text: str) -> set[str]:
    """The functions that the stand-ins define anew, and of which they keep nothing."""
    kept = set(re.findall(r"\$\{function:[\w-]+\} = \$\{function:([\w-]+)\}", text))
    return ({_name(node) for node in _top_functions(text)} & set(functions())) - kept


@functools.cache
def _calls() -> dict[str, set[str]]:
    """Of each function those that its text names."""
    called = {}
    for function in functions().values():
        bare = "\n".join(line for line in function.text.splitlines() if not line.lstrip().startswith("#"))
        called[function.name] = (set(re.findall(r"[\w-]+", bare)) & set(functions())) - {function.name, MAIN}
    return called


def needed(operations: t.Iterable[str], gone: t.Container[str] = ()) -> set[str]:
    """The functions that a request with these operations may come to, directly or by others but those that are gone."""
    reached: set[str] = set()
    todo = [MAIN, *(name for name in operations if name in VOCABULARY["operations"])]
    while todo:
        name = todo.pop()
        if name not in reached and name not in gone:
            reached.add(name)
            # An operation names others in words only where it calls them.
            todo += _calls()[name]
    return reached


def unreached(replaced: set[str]) -> set[str]:
    """The functions that nobody but replaced ones calls: they do not run either."""
    return set(functions()) - replaced - needed(VOCABULARY["operations"], replaced)


def mutants(function: Function) -> list[Mutant]:
    """All mutants of a function, in the order of its text."""
    found = []
    count: collections.Counter[tuple[str, str]] = collections.Counter()
    for start, end, new, what in sorted(_faults(parse(function.text))):
        line = _line(function.text, start)
        count[what, line] += 1
        number = count[what, line]
        found.append(
            Mutant(
                function.name,
                what if number == 1 else f"{what} ({number})",
                line,
                f"{function.part}.ps1:{function.line + function.text[:start].count(chr(10)) + 1}",
                _packed(function.text),
                _packed(function.text[:start] + new + function.text[end:]),
            )
        )
    return found


def _packed(text: str) -> str:
    """As wire.pack_runner sends it."""
    lines = (line.strip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("#"))


def _line(text: str, start: int) -> str:
    return text[text.rfind("\n", 0, start) + 1 :].partition("\n")[0].strip()


def _faults(top: tree_sitter.Node) -> t.Iterator[tuple[int, int, str, str]]:
    """Start and end of what is replaced, by what, and a word for it."""
    for node in _nodes(top):
        text = _text(node)
        if node.type == "comparison_operator" and (new := _swapped(text)):
            yield node.start_byte, node.end_byte, new, f"swap {text}"
        elif text in WORDS and (not node.is_named or node.type == "variable"):
            yield node.start_byte, node.end_byte, WORDS[text], f"swap {text}"
        elif _is_statement(node) and _droppable(node):
            yield node.start_byte, node.end_byte, "", "drop"


def _swapped(operator: str) -> str:
    case, name = re.fullmatch(r"-([ci]?)(\w+)", operator.lower()).groups()
    if name not in SWAPS and case + name in SWAPS:
        case, name = "", case + name
    return f"-{case}{SWAPS[name]}" if name in SWAPS else ""


def _is_statement(node: tree_sitter.Node) -> bool:
    # Not what stands in @(...), which the grammar calls a list of statements, too.
    around = node.parent
    return (
        around is not None
        and around.type == "statement_list"
        and (around.parent is None or around.parent.type in ("program", "script_block_body", "statement_block"))
    )


def _droppable(node: tree_sitter.Node) -> bool:
    if node.type in ("empty_statement", "comment", "function_statement"):
        return False
    if node.start_point[0] != node.end_point[0] and node.type not in SIMPLE:
        return False
    # if (...) { one statement } is dropped as a whole: without the statement it is the same.
    return not _is_alone_in_a_line(node)


def _is_alone_in_a_line(node: tree_sitter.Node) -> bool:
    block = node.parent.parent if node.parent else None
    around = block.parent if block else None
    return (
        around is not None
        and around.type == "if_statement"
        and around.start_point[0] == around.end_point[0]
        and len([child for child in node.parent.children if child.type != "empty_statement"]) == 1
        and not any(child.type in ("elseif_clauses", "else_clause") for child in around.children)
    )
