# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every result of every module promises, whatever a test asks of it: a name that docs/errors.md lists, and an
outcome where the module has one."""

from __future__ import annotations

import functools
import re
import typing as t
from collections.abc import Iterator
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "errors.md"
#: Names with a part that comes from the task or the device.
OPEN = re.compile(r"event_\d+|http_\d+|(?:preflight_)?endpoint_[a-z0-9_]+|diagnosis_(?P<finding>\w+)")
WITH_OUTCOME = ("join", "disconnect", "mdm")
AT_THE_DOOR = ("bad_option", "bad_keyword", "bad_environment")


@functools.cache
def names() -> frozenset[str]:
    """Every name in the first two columns of the page's tables: the second is the name where the first is a code."""
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    cells = " ".join(cell for row in rows for cell in row.split("|")[1:3])
    return frozenset(re.findall(r"`([A-Za-z][A-Za-z0-9_]*)`", cells))


def is_listed(name: t.Any) -> bool:
    """Whether the page has a name, as such or as one of a kind."""
    if name in names():
        return True
    of_a_kind = OPEN.fullmatch(name) if isinstance(name, str) else None
    return of_a_kind is not None and (of_a_kind["finding"] is None or is_listed(of_a_kind["finding"]))


def broken(lines: list[dict[str, t.Any]]) -> list[str]:
    """What of it does not hold in the lines of a play, a sentence each."""
    found = []
    for line in lines:
        module = str(line["action"]).removeprefix("winops.entra.")
        if module == line["action"] or line["status"] == "skipped":
            continue
        for result in _items(line["result"]):
            found += [f"{line['host']}, {line['task']}: {problem}" for problem in _problems(module, result)]
    return found


def _items(result: dict[str, t.Any]) -> Iterator[dict[str, t.Any]]:
    items = result.get("results")
    # Ansible's own result, such as that of a variable that it cannot resolve, has no changes.
    yield from (item for item in (items if isinstance(items, list) else [result]) if "changes" in item)


def _problems(module: str, result: dict[str, t.Any]) -> Iterator[str]:
    error = result.get("error") or {}
    if error and not is_listed(error.get("name")):
        yield f"its error is called {error.get('name')!r}, which docs/errors.md does not have"
    if module in WITH_OUTCOME and not result.get("outcome"):
        yield "it has no outcome"
    if module in WITH_OUTCOME and error.get("name") in AT_THE_DOOR and result.get("outcome") != "refused":
        yield f"it was refused, and its outcome is {result.get('outcome')!r}"
