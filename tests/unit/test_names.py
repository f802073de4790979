# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A public constant means one thing: whoever finds its name in one file need not ask in which other one it differs."""

from __future__ import annotations

import ast
import collections
from pathlib import Path

PLUGIN_UTILS = Path(__file__).resolve().parents[2] / "plugins" / "plugin_utils"
# What each module of a kind has of its own, and is only read as ``module.NAME``.
OF_EACH = {"ASKED_POLICIES", "DOC", "OBSERVATIONS", "PLANNED"}


def constants() -> dict[str, dict[str, str]]:
    """By name: the files that define a public constant, with the expression that it is there."""
    found: dict[str, dict[str, str]] = collections.defaultdict(dict)
    for path in sorted(PLUGIN_UTILS.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            for target, value in assigned(node):
                if isinstance(target, ast.Name) and target.id.isupper() and not target.id.startswith("_"):
                    found[target.id][path.relative_to(PLUGIN_UTILS).as_posix()] = ast.unparse(value)
    return found


def assigned(node: ast.stmt) -> list[tuple[ast.expr, ast.expr]]:
    """The pairs of target and value of a statement, those of several at once one by one."""
    if isinstance(node, ast.AnnAssign) and node.value:
        return [(node.target, node.value)]
    pairs = [(target, node.value) for target in node.targets] if isinstance(node, ast.Assign) else []
    return [
        pair
        for target, value in pairs
        for pair in (
            zip(target.elts, value.elts, strict=True)
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
            else [(target, value)]
        )
    ]


def test_a_public_constant_means_one_thing():
    several = {name: files for name, files in constants().items() if len(set(files.values())) > 1}
    assert {name: sorted(files) for name, files in several.items() if name not in OF_EACH} == {}


def test_a_constant_that_is_set_with_others_is_seen_too():
    """UNKNOWN is one of four in findings.py, and REPORT_VERSION one of two."""
    assert {"findings.py", "tenant/bulk.py"} <= constants()["UNKNOWN"].keys() and "REPORT_VERSION" in constants()


def test_the_exceptions_are_some():
    assert OF_EACH <= constants().keys()
