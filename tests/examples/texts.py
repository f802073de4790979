# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the examples out of the texts: EXAMPLES of modules and filters, README files, guides and playbook heads."""

from __future__ import annotations

import dataclasses
import re
import typing as t
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.returns.documentation import constants

ROOT = Path(__file__).resolve().parents[2]
#: How variables of roles begin.
ROLES = tuple(f"{path.name}_" for path in (ROOT / "roles").iterdir())
#: Keywords of a play's or a block's entry that hold tasks.
LISTS = ("pre_tasks", "tasks", "post_tasks", "block", "rescue", "always")
#: Keywords of a task; what else stands in it is its action.
_NO_ACTION = frozenset(
    "name register until retries delay run_once delegate_to when loop vars failed_when changed_when module_defaults "
    "ignore_errors check_mode environment loop_control".split()
)
_FENCED = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^(?:    |#   )((?:\S*/)?ansible(?:-playbook)? (?:.*\\\n)*.*)", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Block:
    """A text of one or more examples that belong together, as it stands in ``source``, a path in the repository."""

    source: str
    text: str

    @property
    def variables(self) -> dict[str, t.Any]:
        """What it sets for roles, empty where it is something else."""
        content = yaml.safe_load(self.text)
        found = isinstance(content, dict) and all(name.startswith(ROLES) for name in content)
        return content if found else {}

    @property
    def entries(self) -> list[dict[str, t.Any]]:
        """Its tasks or plays, empty where it is something else."""
        content = yaml.safe_load(self.text)
        found = content if isinstance(content, list) else []
        return [entry for entry in found if isinstance(entry, dict) and ("hosts" in entry or is_task(entry))]


def is_task(entry: dict[str, t.Any]) -> bool:
    """Whether it is a task or a block of tasks."""
    return "block" in entry or any("." in name for name in entry)


def blocks() -> Iterator[Block]:
    """All texts in YAML."""
    for kind in ("modules", "filter"):
        for path in sorted((ROOT / "plugins" / kind).glob("*.py")):
            text = constants(path).get("EXAMPLES")
            if text is not None:
                yield Block(_named(path), text)
    for path in _guides():
        for text in _FENCED.findall(path.read_text(encoding="utf-8")):
            yield Block(_named(path), text)


def commands() -> Iterator[Block]:
    """All commands of Ansible, each in one line and without what a comment says."""
    for path in [*_guides(), *sorted((ROOT / "playbooks").glob("*.yml"))]:
        for text in _COMMAND.findall(path.read_text(encoding="utf-8")):
            line = re.sub(r"\\\n\s*", "", text)
            yield Block(_named(path), re.sub(r"\s+#.*", "", line))


def leaves(entry: dict[str, t.Any]) -> Iterator[dict[str, t.Any]]:
    """The tasks of a play, of a block or of a task, which is one itself; of a play of roles none."""
    lists = [entry[name] for name in LISTS if name in entry]
    if not lists and "hosts" not in entry:
        yield entry
    for tasks in lists:
        for task in tasks:
            yield from leaves(task)


def title(entry: dict[str, t.Any]) -> str:
    """The name of a task or play, as Ansible's callbacks have it."""
    return entry.get("name") or next(name for name in entry if name not in _NO_ACTION)


def _guides() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "roles").glob("*/README.md"))]


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
