# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two packages, or a package and a description, compared setting by setting in each form that both have.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..blocks import Condition, Target
from ..secret_settings import is_secret
from .compiled import Compiled, Expected, by_path, expected, plain_path
from .document import Document, Setting
from .table import ITEMS, table
from .values import same_value

IN_CUSTOMIZATIONS, IN_ANSWER_FILE, IN_COMPILED = "customizations", "answer_file", "compiled"
COMPARED_FIELDS = ("id", "name", "version", "owner", "rank")


@dataclass(frozen=True)
class Difference:
    """What is not the same: ``here`` and ``there`` are the values, None where there is none. They may be secret."""

    form: str
    path: str
    here: str | None = field(repr=False)
    there: str | None = field(repr=False)
    condition: Condition | None = None
    secret: bool = False


@dataclass
class Forms:
    """A package in the three forms in which it says its settings; None and empty where it has not got one."""

    customizations: Document | None = None
    answer_file: Document | None = None
    compiled: list[Compiled] = field(default_factory=list)

    def told(self) -> Document | None:
        """What Windows Configuration Designer was told: customizations.xml, or its copy."""
        return self.customizations or self.answer_file


def compare(here: Forms, there: Forms) -> list[Difference]:
    """What differs between two packages. A form that only one of them has is not compared."""
    found = []
    if here.customizations and there.customizations:
        found += list(_documents(here.customizations, there.customizations, IN_CUSTOMIZATIONS))
    if here.answer_file and there.answer_file:
        found += list(_documents(here.answer_file, there.answer_file, IN_ANSWER_FILE))
    if here.compiled and there.compiled:
        found += list(_compiled(here.compiled, there.compiled))
    return found


def compare_with_document(here: Forms, wanted: Document) -> list[Difference]:
    """What of a package is not as this document, which a description is, says. Its id counts where it has one."""
    found = []
    for form, document in ((IN_CUSTOMIZATIONS, here.customizations), (IN_ANSWER_FILE, here.answer_file)):
        if document is not None:
            found += list(_documents(document, wanted, form))
    if here.compiled:
        found += list(not_as_compiled(wanted, here.compiled, absent=True))
    return found


def not_as_compiled(document: Document, compiled: Iterable[Compiled], absent: bool = False) -> Iterator[Difference]:
    """Settings of a document whose compiled value is another; with ``absent`` those that are not compiled, too.

    What is not compiled and would be the default is the same.
    """
    values = by_path(compiled)
    for each in expected(document):
        value = values.get(each.path)
        if value is None:
            if absent and not each.is_default:
                yield _of_compiled(each, None)
        elif not each.is_said_by(value):
            yield _of_compiled(each, value)


def _of_compiled(each: Expected, value: str | None) -> Difference:
    return Difference(IN_COMPILED, each.setting.path, value, each.setting.value, secret=each.setting.secret)


def _compiled(here: list[Compiled], there: list[Compiled]) -> Iterator[Difference]:
    known = {plain_path(each.path): each for each in (*there, *here)}
    ours, theirs = by_path(here), by_path(there)
    for path, each in known.items():
        one, other = ours.get(path), theirs.get(path)
        if one != other:
            secret = any(is_secret(each.steps, value) for value in (one, other) if value)
            yield Difference(IN_COMPILED, each.path, one, other, secret=secret)


def _documents(here: Document, there: Document, form: str) -> Iterator[Difference]:
    if form != IN_ANSWER_FILE:
        for name in COMPARED_FIELDS:
            one, other = getattr(here.identity, name), getattr(there.identity, name)
            same = (one or "").strip("{}").lower() == (other or "").strip("{}").lower()
            if not same and not (name == "id" and other is None):
                yield Difference(form, f"PackageConfig/{name}", one, other)
    yield from differing_targets(here.targets, there.targets, form)
    ours, theirs = by_place(here), by_place(there)
    for place in dict.fromkeys([*ours, *theirs]):
        one, other = ours.get(place), theirs.get(place)
        if one is None or other is None or comparable(one) != comparable(other):
            either = one or other
            if either is None:
                continue
            yield Difference(
                form,
                either.path,
                one.value if one else None,
                other.value if other else None,
                place[0],
                any(each.secret for each in (one, other) if each),
            )


def differing_targets(here: list[Target], there: list[Target], form: str) -> Iterator[Difference]:
    ours, theirs = ({target.id: target.states for target in targets} for targets in (here, there))
    for name in dict.fromkeys([*ours, *theirs]):
        one, other = ours.get(name), theirs.get(name)
        if one is None or other is None or sorted(map(sorted, one)) != sorted(map(sorted, other)):
            yield Difference(form, f"Targets/Target[{name}]", _said(one), _said(other))


def _said(states: tuple[tuple[tuple[str, str], ...], ...] | None) -> str | None:
    if states is None:
        return None
    return " or ".join(" and ".join(f"{name}={value}" for name, value in state) for state in states)


def by_place(document: Document) -> dict[tuple[Condition | None, str], Setting]:
    """The settings by what tells them apart: their condition, and a path in the store's spelling.

    The elements of a list without keys are told apart by their order: commands run in it, and an answer file has no
    names. Empty folders say nothing, and are left out.
    """
    found: dict[tuple[Condition | None, str], Setting] = {}
    for block in document.blocks:
        orders: dict[str, dict[str, int]] = {}
        counts: Counter[str] = Counter()
        for setting in block.settings:
            known = table().find(setting.bare)
            if (
                known is not None
                and not setting.value
                and known.type not in ("string", ITEMS)
                and table().below(known.path)
            ):
                continue
            place = ""
            names: list[str] = []
            for step in setting.steps:
                names.append(step.name)
                step_known = table().find("/".join(names))
                above = table().list_of(step_known) if step_known else None
                name = step_known.path.rpartition("/")[2] if step_known else step.name
                text = str(type(step)(name, step.key, step.key_name, step.nth)).lower()
                if above is not None and above.type == ITEMS:
                    within = orders.setdefault(place, {})
                    text = f"{name}#{within.setdefault(text, len(within) + 1)}".lower()
                place = f"{place}/{text}"
            counts[place] += 1
            found[block.condition, f"{place} {counts[place]}" if counts[place] > 1 else place] = setting
    return found


def comparable(setting: Setting) -> str:
    known = table().find(setting.bare) if not setting.steps[-1].is_attribute else None
    text = same_value(known, setting.value)
    # A description has the controller's path of a file, a package that of the host where it was built, or of its asset.
    return text.replace("\\", "/").rpartition("/")[2].lower() if known is not None and known.type == "file" else text
