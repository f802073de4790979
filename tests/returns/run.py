# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All results of a run of the integration tests beside RETURN.

    python -m tests.returns DIRECTORY      where a run has left its plays, such as /tmp/pytest-of-me/pytest-7

Each play leaves its results in a file of its own, below the directory of the run: it makes no difference which worker
played it, and which tests were chosen.
"""

from __future__ import annotations

import json
import typing as t
from collections.abc import Iterator
from pathlib import Path

import yaml

from .comparison import Comparison, of_the_module
from .documentation import every_field

RESULTS = "results.jsonl"
HELD = Path(__file__).with_name("never_seen.yml")


class Held(t.NamedTuple):
    """The fields that a whole run need not show with a value, each with a word why: those that it never shows, and
    those that depend on where it runs."""

    never: dict[str, str]
    sometimes: dict[str, str]


def held() -> Held:
    """The list in the file."""
    return Held(**yaml.safe_load(HELD.read_text(encoding="utf-8")))


def compare(directory: Path) -> Comparison:
    """All results below a directory."""
    comparison = Comparison()
    for file in sorted(directory.rglob(RESULTS)):
        for line in _lines(file):
            for came in of_the_module(line):
                comparison.add(came, f"task {line['task']!r} on {line['host']}, in {file.parent}")
    return comparison


def described() -> list[str]:
    """Every documented field, once: where it is described."""
    return list(dict.fromkeys(field.origin for field in every_field()))


def unseen(comparison: Comparison) -> list[str]:
    """The documented fields that never came with a value. What is below an unseen field is not named."""
    named: list[str] = []
    for path in described():
        if path not in comparison.seen and not path.startswith(tuple(f"{one}." for one in named)):
            named.append(path)
    return named


def problems(comparison: Comparison, whole: bool) -> list[str]:
    """What is not as it should be, a sentence each. Only a whole run can say what never comes."""
    said = [f"{sentence}\n    {where}" for sentence, where in sorted(comparison.wrong.items())]
    if whole:
        never, sometimes = held()
        now = unseen(comparison)
        said += [
            f"{path} never came with a value: add a case, or a line in {HELD.name}"
            for path in now
            if path not in never and path not in sometimes
        ]
        said += [
            f"{path} has come with a value, or is not documented: take it out of {HELD.name}"
            for path in never
            if path not in now
        ]
    return said


def summary(comparison: Comparison, whole: bool) -> str:
    """One line of numbers."""
    told = f"{comparison.results} results compared with RETURN, {len(comparison.wrong)} differences"
    if not whole:
        return told
    return f"{told}; of {len(described())} described fields {len(unseen(comparison))} never came with a value"


def _lines(file: Path) -> Iterator[dict[str, t.Any]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        # A play that was killed may have left half a line.
        if line.endswith("}") and "recap" not in (entry := json.loads(line)):
            yield entry
