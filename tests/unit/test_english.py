# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Phrases that are not English, or not the word of the glossary (docs/contributing.md), in all that users read."""

from __future__ import annotations

import re
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


@pytest.mark.parametrize(
    "text", ["the id is no tenant", "it is joined anew", "a list that\n  # is no object", "wholly gone", "name: Say it"]
)
def test_such_a_phrase_is_found(text: str) -> None:
    assert any(found(pattern, text) for pattern in FORBIDDEN)


@pytest.mark.parametrize("text", ["there is no tenant", "it is no longer joined", "where there\n# are no devices"])
def test_english_is_let_through(text: str) -> None:
    assert not any(found(pattern, text) for pattern in FORBIDDEN)
