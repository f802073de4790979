# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which setting of a template is which one of the description: both have the same ones, or it is said what is not so.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..blocks import Condition
from ..description.compare import by_place, comparable, differing_targets
from ..description.compiled import filled, plain_path
from ..description.document import Document, Setting
from ..description.table import FOLDERS, Known, table
from .located import Slot

Mask = Callable[[str], str]


@dataclass(frozen=True)
class Pair:
    """A setting as the template has it, and as the description has it."""

    old: Setting
    new: Setting
    condition: Condition | None
    known: Known | None

    @property
    def is_file(self) -> bool:
        """Whether its value is the path of a file, whose content is what counts."""
        return self.known is not None and self.known.type == "file"

    @property
    def is_changed(self) -> bool:
        """Whether the template's value says something else. A file's is not looked at here."""
        if self.is_file:
            return False
        if self.known is None or self.known.type in ("string", "binary"):
            return str(self.old.value) != self.new.value
        return comparable(self.old) != comparable(self.new)

    @property
    def secret(self) -> bool:
        return self.old.secret or self.new.secret

    @property
    def csp(self) -> str | None:
        """The path that it is compiled to, in the one spelling; None where the table does not say it."""
        if self.known is None or self.known.csp is None or self.old.steps[-1].is_attribute:
            return None
        path = filled(self.known.csp, self.old)
        return plain_path(path) if path else None


def pairs_of(template: Document, description: Document) -> tuple[list[Pair], list[str], list[str]]:
    """(the pairs, paths that only the description has, paths that only the template has)."""
    old, new = by_place(template), by_place(description)
    pairs = [Pair(setting, new[place], place[0], _known(setting)) for place, setting in old.items() if place in new]
    lacking = [_shown(setting, place[0]) for place, setting in new.items() if place not in old]
    beyond = [_shown(setting, place[0]) for place, setting in old.items() if place not in new]
    return pairs, lacking, beyond


def problems_of(template: Document, description: Document, mask: Mask) -> list[str]:
    """What one of the two has and the other lacks, in sentences without a value."""
    pairs, lacking, beyond = pairs_of(template, description)
    found = [f"the template lacks {mask(path)}" for path in lacking]
    found += [f"the description does not mention {mask(path)}, which the template has" for path in beyond]
    for each in differing_targets(template.targets, description.targets, ""):
        found.append(f"{mask(each.path)} is not the same in both, and cannot be changed")
    for pair in pairs:
        if _other_keys(pair):
            found.append(f"the template lacks {mask(pair.new.path)}, and has {mask(pair.old.path)} in its place")
        if pair.is_changed and not isinstance(pair.old.value, Slot):
            found.append(f"{mask(pair.old.path)} has no value in the template")
    return [*found, *_problems_of_identity(template, description, mask)]


def _problems_of_identity(template: Document, description: Document, mask: Mask) -> Iterable[str]:
    old, new = template.identity, description.identity
    for name in ("name", "version", "owner", "rank"):
        if getattr(old, name) is None:
            yield f"the template does not say its {name}"
    for tag, text in new.other.items():
        if text and tag not in old.other:
            yield f"the template lacks PackageConfig/{mask(tag)}"
    for tag, text in old.other.items():
        if text and tag not in new.other:
            yield f"the description does not mention PackageConfig/{mask(tag)}, which the template has"


def _other_keys(pair: Pair) -> bool:
    """Whether elements of a list that are told apart by their order have other names."""
    steps = zip(pair.old.steps, pair.new.steps, strict=False)
    return any(None not in (old.key, new.key) and old.key != new.key for old, new in steps)


def _known(setting: Setting) -> Known | None:
    if setting.steps[-1].is_attribute:
        return None
    known = table().find(setting.bare)
    return None if known is not None and known.type in FOLDERS else known


def _shown(setting: Setting, condition: Condition | None) -> str:
    if condition is None:
        return setting.path
    name = f" {condition.name}" if condition.name else ""
    return f"{setting.path} (in the {condition.kind}{name} for {', '.join(condition.targets) or 'nobody'})"
