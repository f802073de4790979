# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds each place in the text of the code that gives a failure a name, with the side, cause and fix there.

Nothing is executed: a value that is put together at run time is shown as *what it is*, in italics.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import re
import typing as t
from collections.abc import Iterator
from pathlib import Path

#: What makes a failure, or a reason for one: its positional parameters. Functions of a file that make one of their own
#: parameters (``def _refusal(name, cause, fix)``) are found.
MAKERS: dict[str, tuple[str, ...]] = {
    "Failure": ("msg", "side"),
    "Unreached": ("msg", "side"),
    "RequestFailure": ("msg", "side"),
    "GraphFailure": ("msg", "side", "status", "code", "message"),
    "JoinRefusal": ("name", "cause", "fix"),
    "Meaning": ("name", "side", "cause", "fix"),
    "Obstacle": ("name", "side", "texts", "cause", "fix"),
    "Block": ("name", "cause", "fix", "doc", "side"),
    "KnownRefusal": ("name", "cause", "fix", "seen"),
    "bulk.refused": ("name", "cause", "evidence", "fix", "doc"),
    "refused_unchanged": ("name", "cause", "fix"),
}
#: The side of what does not say it.
SIDES = {
    "JoinRefusal": "device",
    "KnownRefusal": "tenant",
    "Block": "device",
    "bulk.refused": "tenant",
    "refused_unchanged": "tenant",
}
FIELDS = ("name", "side", "cause", "fix")
UNKNOWN = "\u2026"
MOST_FORMS = 4
DEPTH = 12


@dataclasses.dataclass(frozen=True)
class Site:
    """One place. ``names`` are those that it can give, as far as they stand in the text, else the expression is in
    ``computed``; cause and fix are None where the place does not say them."""

    file: str
    line: int
    names: tuple[str, ...]
    computed: tuple[str, ...]
    side: str | None
    cause: str | None
    fix: str | None


@functools.cache
def sites(root: Path) -> list[Site]:
    """Every place below ``root``, in the order of files and lines."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(root.rglob("*.py"))}
    trees = {path: ast.parse(text) for path, text in texts.items()}
    # By their names, wherever they are imported from; one that means two things is not followed.
    everywhere: dict[str, list[ast.expr]] = {}
    for tree in trees.values():
        for name, value in _constants(tree).items():
            everywhere.setdefault(name, []).append(value)
    shared = {name: values[0] for name, values in everywhere.items() if name.isupper() and len(values) == 1}
    modules = [
        _Module(path.relative_to(root).as_posix(), tree)
        for path, tree in trees.items()
        if re.search(rf"\b(?:{'|'.join(MAKERS)})\(|[\"']name[\"']", texts[path])
    ]
    return [site for module in modules for site in sorted(module.sites(shared), key=lambda site: site.line)]


class _Module:
    def __init__(self, name: str, tree: ast.Module) -> None:
        self.name = name
        self.tree = tree
        self.nodes = list(ast.walk(tree))
        self.parents = {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}
        self.helpers = self._helpers()

    def _helpers(self) -> dict[str, _Helper]:
        """The functions of this file alone that make a failure of what they are given."""
        found = {}
        for function in self.nodes:
            if not isinstance(function, ast.FunctionDef) or not function.name.startswith("_"):
                continue
            for node in ast.walk(function):
                fields = _arguments(node) if isinstance(node, ast.Call) and _maker(node) in MAKERS else {}
                if any(_is_one_of(value, _parameters(function)) for name, value in fields.items() if name in FIELDS):
                    found[function.name] = _Helper(node, fields, function)
        called = {_own_function(node) for node in self.nodes if isinstance(node, ast.Call)}
        return {name: helper for name, helper in found.items() if name in called}

    def sites(self, shared: dict[str, ast.expr]) -> Iterator[Site]:
        constants = {**shared, **_constants(self.tree)}
        for node in self.nodes:
            values = self._values(node)
            if values is None:
                continue
            reader = _Reader(self.parents, constants)
            names, computed = reader.names(values.get("name"))
            texts = [reader.text(values.get(field)) for field in ("side", "cause", "fix")]
            yield Site(self.name, node.lineno, names, computed, *texts)  # type: ignore[attr-defined]

    def _values(self, node: ast.AST) -> dict[str, ast.expr] | None:
        """The arguments, or fields, by which a node gives a name; None where it is no such node."""
        if any(node is helper.node for helper in self.helpers.values()):
            return None  # Told by its calls.
        if isinstance(node, ast.Call) and (helper := self.helpers.get(_own_function(node))):
            return helper.values(node)
        if isinstance(node, ast.Call) and _maker(node) in MAKERS:
            # Fields with two stars are those of an explanation, which has its own place.
            return None if any(keyword.arg is None for keyword in node.keywords) else _arguments(node)
        if isinstance(node, ast.Dict):
            values = {key.value: value for key, value in zip(node.keys, node.values) if isinstance(key, ast.Constant)}
            return values if "name" in values and {"cause", "fix"} & set(values) else None
        return None


@dataclasses.dataclass(frozen=True)
class _Helper:
    """A function that makes a failure by ``node``, whose ``fields`` are its own parameters in part."""

    node: ast.AST
    fields: dict[str, ast.expr]
    function: ast.FunctionDef

    def values(self, call: ast.Call) -> dict[str, ast.expr]:
        """The fields of the failure that a call of the function makes."""
        arguments = self.function.args
        defaults = dict(zip([one.arg for one in arguments.args][::-1], arguments.defaults[::-1]))
        given = dict(zip(_parameters(self.function), call.args)) | {k.arg: k.value for k in call.keywords if k.arg}
        known = {**defaults, **given}
        return {
            field: known.get(value.id, value) if isinstance(value, ast.Name) else value
            for field, value in self.fields.items()
        }


class _Reader:
    """Reads expressions as far as they can be known without running them."""

    def __init__(self, parents: dict[ast.AST, ast.AST], constants: dict[str, ast.expr]) -> None:
        self._parents = parents
        self._constants = constants

    def names(self, value: ast.expr | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(names that stand in the text, expressions of those that do not)."""
        names: list[str] = []
        computed: list[str] = []
        todo = [value]
        while todo:
            one = todo.pop(0)
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                names.append(one.value)
            elif isinstance(one, ast.IfExp):
                todo = [one.body, one.orelse, *todo]
            elif one is not None and (known := self._known(one)):
                todo = [*known, *todo]
            else:
                computed.append("" if one is None else ast.unparse(one))
        return tuple(dict.fromkeys(names)), tuple(computed)

    def text(self, value: ast.expr | None) -> str | None:
        """A sentence; several forms of it with "or" between them."""
        forms = list(dict.fromkeys(self._forms(value)))[:MOST_FORMS] if value is not None else []
        return "; or: ".join(forms) or None

    def _forms(self, value: t.Any, depth: int = 0) -> list[str]:
        if depth > DEPTH:
            return [UNKNOWN]
        if isinstance(value, ast.Constant):
            return [str(value.value) if type(value.value) in (str, int) else UNKNOWN]
        if isinstance(value, ast.JoinedStr):
            return _joined([self._forms(part, depth + 1) for part in value.values])
        if isinstance(value, ast.FormattedValue):
            inner = self._forms(value.value, depth + 1)
            return inner if UNKNOWN not in inner else [_label(value.value)]
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
            return _joined([self._forms(value.left, depth + 1), self._forms(value.right, depth + 1)])
        if isinstance(value, ast.IfExp):
            return [*self._forms(value.body, depth + 1), *self._forms(value.orelse, depth + 1)]
        known = self._known(value)
        return [form for one in known for form in self._forms(one, depth + 1)] if known else [_label(value)]

    def _known(self, value: ast.AST) -> list[ast.expr]:
        """What a name stands for: what was assigned to it last before, else the constant that is called so."""
        if isinstance(value, ast.Attribute):
            return [self._constants[value.attr]] if value.attr in self._constants else []
        if not isinstance(value, ast.Name):
            return []
        node: ast.AST = value
        while (parent := self._parents.get(node)) is not None:
            for field in ("body", "orelse", "handlers", "finalbody"):
                block = getattr(parent, field, None)
                if isinstance(block, list) and node in block:
                    for statement in reversed(block[: block.index(node)]):
                        if found := _assigned(statement).get(value.id):
                            return found
            if isinstance(parent, ast.FunctionDef):
                break
            node = parent
        return [self._constants[value.id]] if value.id in self._constants else []


def _own_function(call: ast.Call) -> str:
    """The name of a function of the same file, or a method of the same object, that is called."""
    called = call.func
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == "self":
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""


def _maker(call: ast.Call) -> str:
    called = call.func
    name = called.id if isinstance(called, ast.Name) else ""
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        name = f"{called.value.id}.{called.attr}"
    return name if name in MAKERS else ""


def _arguments(call: ast.Call) -> dict[str, ast.expr]:
    maker = _maker(call)
    by_place = dict(zip(MAKERS[maker], call.args))
    side = {"side": ast.Constant(SIDES[maker])} if maker in SIDES else {}
    return {**side, **by_place, **{keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}}


def _is_one_of(value: ast.expr, names: tuple[str, ...]) -> bool:
    return isinstance(value, ast.Name) and value.id in names


def _parameters(function: ast.FunctionDef) -> tuple[str, ...]:
    return tuple(argument.arg for argument in function.args.args if argument.arg not in ("self", "cls"))


def _assigned(node: ast.AST) -> dict[str, list[ast.expr]]:
    """What is assigned to each name in a statement, also within its blocks and as one of several at once."""
    found: dict[str, list[ast.expr]] = {}
    for part in ast.walk(node):
        for target in part.targets if isinstance(part, ast.Assign) else ():
            several = isinstance(target, ast.Tuple) and isinstance(part.value, ast.Tuple)
            for one, its in zip(target.elts, part.value.elts) if several else [(target, part.value)]:
                if isinstance(one, ast.Name):
                    found.setdefault(one.id, []).append(its)
    return found


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    """What a file assigns outside of its functions and classes."""
    statements = (node for node in tree.body if isinstance(node, ast.Assign))
    return {name: values[-1] for node in statements for name, values in _assigned(node).items()}


def _joined(parts: list[list[str]]) -> list[str]:
    forms = [""]
    for part in parts:
        forms = [form + piece for form in forms for piece in part][:MOST_FORMS]
    return forms


def _label(value: ast.expr) -> str:
    """What is put in at run time, in italics: by the last name in the expression that makes it."""
    if isinstance(value, ast.Attribute):
        word = value.attr
    elif isinstance(value, ast.Name):
        word = value.id
    elif isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant):
        # Of a list the list says more than the place in it.
        word = value.slice.value if isinstance(value.slice.value, str) else _label(value.value).strip("*")
    elif isinstance(value, ast.BoolOp):
        return _label(value.values[0])
    elif isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return _label(value.args[0]) if value.func.id in ("str", "int", "len") and value.args else UNKNOWN
    else:
        return UNKNOWN
    return f"*{word.strip('_').lower().replace('_', ' ')}*"
