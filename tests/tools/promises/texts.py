# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts that promise something to users, as blocks: pages, documentation of plugins and roles, playbooks' comments.

Not among them: EXAMPLES and RETURN, code in pages, code. Nor the tables of generated pages, and generated parts of
pages, which a test compares with the code.
"""

from __future__ import annotations

import ast
import re
import typing as t
from pathlib import Path

import yaml

from .sentences import Block

#: Patterns below the root, and how such a file is read.
PAGES = ("README.md", "docs/*.md", "roles/*/README.md")
PLUGINS = ("plugins/doc_fragments/*.py", "plugins/filter/*.py", "plugins/modules/*.py")
ROLES = ("roles/*/meta/argument_specs.yml",)
PLAYBOOKS = ("playbooks/*.yml",)

#: What a page says that is generated. A part of one stands between "<!-- begin: written by ... -->" and "<!-- end -->".
GENERATED = "Do not edit it by hand."
#: Keys of documentation whose strings are sentences for users.
_TOLD = ("short_description", "description", "details", "notes", "requirements")
_ITEM = re.compile(r"\s*(?:[-*+]|\d+\.)\s+")
_RULE = re.compile(r"\|?[\s:|-]*-[\s:|-]*\|?")
_CELLS = re.compile(r"(?<!\\)\|")


def texts(root: Path) -> dict[str, list[Block]]:
    """The blocks of each text by its path from the root, sorted."""
    readers = ((PAGES, markdown), (PLUGINS, plugin), (ROLES, role), (PLAYBOOKS, comments))
    found = {
        file.relative_to(root).as_posix(): list(read(file.read_text(encoding="utf-8")))
        for patterns, read in readers
        for pattern in patterns
        for file in root.glob(pattern)
    }
    return dict(sorted(found.items()))


def markdown(text: str) -> t.Iterator[Block]:
    """Headings, paragraphs, items and cells of a page. A cell is about what the first of its row names."""
    text = re.sub(r"<!-- begin: written by .*?<!-- end -->|<!--.*?-->", "", text, flags=re.DOTALL)
    block: list[str] = []
    fence, in_list, is_generated = "", False, GENERATED in " ".join(text.split())
    for line in [*text.splitlines(), ""]:
        bare = line.strip()
        if fence:
            fence = "" if bare.startswith(fence) else fence
            continue
        is_fence, is_row = re.match(r"`{3,}|~{3,}", bare), bare.startswith("|")
        is_item = bool(_ITEM.match(line))
        # An indented line is code, unless it goes on with a paragraph or an item.
        is_code = line.startswith("    ") and not block and not in_list
        if block and (not bare or is_fence or is_row or is_item or bare.startswith("#")):
            yield Block("", " ".join(block))
            block = []
        in_list = is_item or (in_list and (not bare or line.startswith(" ")))
        if is_fence:
            fence = is_fence.group()
        elif is_row:
            yield from () if is_generated else _row(bare)
        elif bare.startswith("#"):
            yield Block("", bare.lstrip("# "))
        elif bare and not is_code:
            block.append(_ITEM.sub("", line, count=1).strip() if is_item else bare.removeprefix("> "))


def _row(line: str) -> t.Iterator[Block]:
    if _RULE.fullmatch(line):
        return
    first, *others = [cell.strip() for cell in _CELLS.split(line.strip("|"))]
    yield Block("", first)
    for cell in others:
        for part in cell.split("<br>"):
            yield Block(first, part)


def plugin(text: str) -> t.Iterator[Block]:
    """The descriptions in DOCUMENTATION, or in a fragment's every part."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            (target,) = node.targets
            if isinstance(target, ast.Name) and target.id.isupper() and target.id not in ("EXAMPLES", "RETURN"):
                yield from _described(yaml.safe_load(node.value.value), "")


def role(text: str) -> t.Iterator[Block]:
    """The descriptions of a role's entry points and their options."""
    yield from _described(yaml.safe_load(text), "")


def _described(node: t.Any, where: str) -> t.Iterator[Block]:
    """Every sentence below a node of documentation; an option's are about the option, a choice's about the choice."""
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key in _TOLD:
            yield from (Block(where, one) for one in ([value] if isinstance(value, str) else value))
        elif key == "choices" and isinstance(value, dict):
            for choice, told in value.items():
                yield from (Block(f"{where}={choice}", one) for one in ([told] if isinstance(told, str) else told))
        elif key in ("options", "suboptions", "attributes") and isinstance(value, dict):
            for name, described in value.items():
                yield from _described(described, f"{where}.{name}" if where else str(name))
        elif key == "seealso":
            yield from (Block(where, one["description"]) for one in value if "description" in one)
        else:
            yield from _described(value, where)


def comments(text: str) -> t.Iterator[Block]:
    """The comments of a playbook. Those in columns are rows: about what the first column names."""
    block: list[str] = []
    columns: list[int] = []
    for line in [*text.splitlines(), ""]:
        found = re.match(r"\s*# ?(.*)", line)
        told = found.group(1) if found else ""
        in_columns = re.match(r"\w+  +\S", told) or (columns and told.startswith("  "))
        if not in_columns and (columns or not told.strip()):
            yield from _in_columns(block, columns) if columns else [Block("", " ".join(block))]
            block, columns = [], []
        elif in_columns and not told.startswith(" "):
            yield from _in_columns(block, columns) if columns else [Block("", " ".join(block))]
            block, columns = [], [one.end() for one in re.finditer(r"  +", told)]
        # What is set in, and in no column, is a command.
        if told.strip() and (in_columns or not told.startswith("  ")):
            block.append(told)


def _in_columns(lines: list[str], columns: list[int]) -> t.Iterator[Block]:
    cells = [" ".join(line[begin:end].strip() for line in lines) for begin, end in zip(columns, [*columns[1:], None])]
    where = lines[0][: columns[0]].strip()
    yield from (Block(where, cell) for cell in cells)
