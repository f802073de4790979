# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Phrases that are not English, or not the word of the glossary (docs/contributing.md), in all that users read."""

from __future__ import annotations

import ast
import re
import typing as t
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READ = ("plugins", "roles", "playbooks", "docs", "changelogs/fragments", "extensions", "README.md", "Makefile")
ENDINGS = {".py", ".ps1", ".yml", ".md", ".json", ""}
#: A pattern, and what to write instead.
FORBIDDEN = {
    # "There is no tenant" is English, "the id is no tenant" is not.
    r"(?<!here )\b(?:is|are|was|were) no (?!longer\b|such\b|more\b|less\b)[a-z]": "is not a ...",
    r"\banew\b": "again",
    r"\bwholly\b": "completely",
    r"not_surely_theirs": "ownership_uncertain",
    r"\bsick\b": "unhealthy",
    r"\bSay it\b": "say what the task does",
}
#: The same in documentation and messages; comments and docstrings of the code may have them.
FORBIDDEN_TO_USERS = {
    # "Of a log the newest 50 events count": the subject comes first.
    r"(?:^|[.:;|-] )Of (?:a|an|several|one|the|every|each) [a-z]": "for a ..., or if there are several ...",
    r"\b(?:came|comes?) (?:down )?to\b": "is the result of, the outcome",
    r"\bwhat (?:has )?bec[ao]mes? of\b": "the outcome of, whether it succeeded",
    r"\b(?:takes?|taken|taking|took) (?:it |them |the join )?back\b": "reverts (Windows), undoes (we)",
    r"\bin (?:the )?place of\b": "instead of",
    r"\ball the same\b": "nevertheless, still",
    r"\blook(?:s|ing)? what\b": "check what, read what",
    r"\b(?:held|holds?) against\b": "checked against",
    r"\btold (?:by|as|from)\b": "shown by, named as, told apart from",
    r"\bby which way\b": "in which way",
    r"\bbrings? along\b": "is installed with, includes",
    r", as (?:nobody|its|every)\b": "because",
    r"[;,] else\b|\bnull else\b": "otherwise",
    r"\bin vain\b": "without result",
    r"\bat hand\b": "available",
    r"\bfor want of\b": "because there is no ...",
    r"\bon a device's word\b": "because of the device's own claim",
    r"\bnothing tries again\b": "there is no retry",
    r"\bgood join\b": "successful join",
}
DOCUMENTATION = (
    "README.md",
    "Makefile",
    "changelogs/fragments",
    "docs",
    "playbooks",
    "plugins/doc_fragments",
    "plugins/filter",
    "plugins/modules",
    "roles",
)
MESSAGES = ("plugins/plugin_utils", "plugins/action")
FILES = sorted(
    file
    for place in READ
    for file in ([ROOT / place] if (ROOT / place).is_file() else (ROOT / place).rglob("*"))
    if file.is_file() and file.suffix in ENDINGS
)


def found(pattern: str, text: str) -> list[str]:
    """The lines with the phrase, also where it is broken over two lines."""
    plain = re.sub(r"[ \t]*\n[ \t#]*", " ", text)
    return [plain[max(0, one.start() - 40) : one.end() + 30] for one in re.finditer(pattern, plain)]


@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_no_file_has_a_phrase_that_is_not_english(pattern: str) -> None:
    told = [
        f"{file.relative_to(ROOT)}: {line}"
        for file in FILES
        if file.relative_to(ROOT).as_posix() != "docs/contributing.md"
        for line in found(pattern, file.read_text(encoding="utf-8"))
    ]
    assert told == [], f"write: {FORBIDDEN[pattern]}"


def messages(code: str) -> t.Iterator[str]:
    """The texts of a module that are not docstrings: messages, and what is too short to be one."""
    tree = ast.parse(code)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


@pytest.fixture(scope="module")
def read_by_users() -> list[tuple[str, str]]:
    """Name and text of every page, and of every message."""
    found_ones = []
    for file in FILES:
        name = file.relative_to(ROOT).as_posix()
        if name.startswith(DOCUMENTATION) and name != "docs/contributing.md":
            found_ones.append((name, file.read_text(encoding="utf-8")))
        elif name.startswith(MESSAGES) and file.suffix == ".py":
            found_ones += [(name, text) for text in messages(file.read_text(encoding="utf-8"))]
        elif name.startswith("plugins/plugin_utils/device/codes") and file.suffix == ".json":
            found_ones.append((name, file.read_text(encoding="utf-8")))
    return found_ones


@pytest.mark.parametrize("pattern", FORBIDDEN_TO_USERS)
def test_no_page_and_no_message_has_such_a_phrase(pattern: str, read_by_users: list[tuple[str, str]]) -> None:
    told = [f"{name}: {line}" for name, text in read_by_users for line in found(pattern, text)]
    assert told == [], f"write: {FORBIDDEN_TO_USERS[pattern]}"


@pytest.mark.parametrize(
    "text", ["the id is no tenant", "it is joined anew", "a list that\n  # is no object", "wholly gone", "name: Say it"]
)
def test_such_a_phrase_is_found(text: str) -> None:
    assert any(found(pattern, text) for pattern in FORBIDDEN)


@pytest.mark.parametrize(
    "text",
    [
        "Sorted. Of a log the newest events count",
        "show what a rollout came\nto",
        "and takes the join back",
        "null else",
        "looking what the engine remembers",
        "with the address, as nobody is there",
        "write nothing. Leave it all the same.",
    ],
)
def test_such_a_phrase_is_found_in_what_users_read(text: str) -> None:
    assert any(found(pattern, text) for pattern in FORBIDDEN_TO_USERS)


def test_messages_are_not_docstrings() -> None:
    code = 'def work():\n    """Comes to nothing."""\n    return f"it came to {1}", "a text"\n'
    assert sorted(messages(code)) == ["a text", "it came to "]


@pytest.mark.parametrize("text", ["there is no tenant", "it is no longer joined", "where there\n# are no devices"])
def test_english_is_let_through(text: str) -> None:
    assert not any(found(pattern, text) for pattern in (*FORBIDDEN, *FORBIDDEN_TO_USERS))
