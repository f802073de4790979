# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports inside plugins/ run one way, and a module loads only the sides that it declares.

Read from the sources: what another test has loaded before does not matter.
"""

from __future__ import annotations

import ast
import importlib
import re
from functools import cache
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
LAB = PLUGINS.parent / "tests" / "lab"
FILES = sorted(path.relative_to(PLUGINS).as_posix() for path in PLUGINS.rglob("*.py"))
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("*.py"))
HEAVY = ("azure", "httpx", "msgraph", "msgraph_core", "kiota_abstractions", "kiota_http", "msal")
# room -> the rooms that it must not know
FORBIDDEN = {
    "plugin_utils/device/": ("plugin_utils/tenant/", "plugin_utils/package", "action/", "modules/"),
    "plugin_utils/tenant/": ("plugin_utils/device/", "plugin_utils/package", "action/", "modules/"),
    "plugin_utils/package/": ("plugin_utils/device/", "plugin_utils/tenant/", "plugin_utils/task.py", "action/"),
    "plugin_utils/": ("action/", "modules/", "plugin_utils/action.py"),
    "modules/": ("plugin_utils/", "action/"),
}
# The floor that device and tenant stand on.
FLOOR = (
    *(
        "action.py",
        "task.py",
        "environment.py",
        "findings.py",
        "keywords.py",
        "locks.py",
        "masking.py",
        "option_door.py",
    ),
    *(
        "options.py",
        "progress.py",
        "result.py",
        "screen.py",
        "templates.py",
        "time_limit.py",
        "untrusted.py",
        "vaulted.py",
    ),
    "worker_log.py",
)


# What only a failure needs, or who explains one.
FOR_FAILURES = (
    "plugin_utils/device/blocked.py",
    "plugin_utils/device/codes/catalogue.py",
    "plugin_utils/device/codes/explain.py",
    "plugin_utils/device/codes/find.py",
    "plugin_utils/device/codes/sentences.py",
    "plugin_utils/device/codes/words.py",
    "plugin_utils/device/contact.py",
    "plugin_utils/device/obstacles.py",
    "plugin_utils/device/pasted/decorations.py",
    "plugin_utils/device/pasted/encodings.py",
    "plugin_utils/device/pasted/status.py",
)


def nodes(tree: ast.AST, within_functions: bool):
    """All nodes but those that only a type checker reads."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.FunctionDef) and not within_functions:
            continue
        yield child
        yield from nodes(child, within_functions)


@cache
def imports(file: str, within_functions: bool = True) -> tuple[frozenset[str], frozenset[str]]:
    """(files of ours, packages of others) that a file of plugins/ imports itself."""
    ours, others = set(), set()
    for node in nodes(ast.parse((PLUGINS / file).read_text(encoding="utf-8")), within_functions):
        if isinstance(node, ast.Import):
            others.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            others.add(node.module.split(".")[0])
        elif isinstance(node, ast.ImportFrom):
            base = (PLUGINS / file).parents[node.level - 1].joinpath(*(node.module or "").split("."))
            for target in [base, *(base / alias.name for alias in node.names)]:
                for path in (target.with_suffix(".py"), target / "__init__.py"):
                    if path.is_file() and PLUGINS in path.parents:
                        ours.add(path.relative_to(PLUGINS).as_posix())
    return frozenset(ours), frozenset(others)


def closure(file: str, within_functions: bool = True) -> set[str]:
    """All files of ours that are loaded with this one, itself among them, now or when a function is called."""
    found, todo = set(), [file]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += imports(one, within_functions)[0]
    return found


def test_imports_are_seen_at_all():
    assert "plugin_utils/device/session.py" in closure("action/join.py")
    assert "httpx" in imports("plugin_utils/tenant/graph/libraries.py")[1]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_loads_only_the_sides_that_it_declares(module):
    kind = importlib.import_module(f"ansible_collections.winops.entra.plugins.action.{module}").ActionModule
    sides = {side.open.__module__.rsplit(".", 2)[1] for side in kind.sides}
    loaded = closure(f"action/{module}.py")
    rooms = {name for name in ("device", "tenant") if any(f.startswith(f"plugin_utils/{name}/") for f in loaded)}
    assert rooms == sides
    others = set().union(*(imports(file)[1] for file in loaded))
    assert bool(others & set(HEAVY)) is ("tenant" in sides)


@pytest.mark.parametrize("module", ["device_facts", "preflight", "join"])
def test_a_task_that_goes_well_loads_nothing_that_only_failures_need(module):
    loaded = closure(f"action/{module}.py", within_functions=False)
    assert "plugin_utils/device/state.py" in loaded
    assert not loaded & set(FOR_FAILURES)


def test_what_diagnose_needs_for_every_device_is_loaded_before_the_workers_are_forked():
    loaded = closure("action/diagnose.py", within_functions=False)
    assert {"plugin_utils/device/codes/explain.py", "plugin_utils/device/codes/find.py"} <= loaded


@pytest.mark.parametrize("file", FOR_FAILURES)
def test_what_only_failures_need_is_there(file):
    assert file in FILES


@pytest.mark.parametrize("file", FILES)
def test_imports_run_one_way(file):
    for room, unknown in FORBIDDEN.items():
        if file.startswith(room) and file != "plugin_utils/action.py":
            assert not [target for target in imports(file)[0] if target.startswith(unknown)]


@pytest.mark.parametrize("file", [f"plugin_utils/{name}" for name in FLOOR])
def test_what_every_module_loads_knows_no_side(file):
    loaded = {name.removeprefix("plugin_utils/") for name in closure(file)}
    assert loaded <= set(FLOOR)
    assert not set().union(*(imports(f"plugin_utils/{name}")[1] for name in loaded)) & set(HEAVY)


def test_no_file_is_loaded_by_what_it_loads():
    for file in FILES:
        for target in imports(file)[0]:
            assert file not in closure(target), f"{file} and {target} import each other"


def test_the_lab_shares_three_kinds_of_data_with_the_product_and_no_code():
    texts = {path: path.read_text(encoding="utf-8") for path in LAB.rglob("*.py")}
    assert len(texts) > 50
    for path, text in texts.items():
        for node in ast.walk(ast.parse(text)):
            named = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            named += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in named if name.split(".")[0] in ("ansible_collections", "plugins")], path
    # Where a path into the product is made, and what is read below it: the vocabulary, the text of the runner, and the
    # facts of Microsoft's store of settings.
    into = {path.relative_to(LAB).as_posix() for path, text in texts.items() if re.search(r"[\"/]plugins[\"/]", text)}
    assert into == {"commands/runner.py", "device/operations/dispatch.py", "icd/stores.py", "powershell/payload.py"}
    read = {name for file in into for name in re.findall(r"[a-z_*]+\.(?:json|ps1|txt)\b", texts[LAB / file])}
    assert read <= {"vocabulary.json", "table.txt", "main.ps1", "*.ps1", "stubs.ps1"}, read
