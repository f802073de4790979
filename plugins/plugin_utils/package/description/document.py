# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A customizations document as values: who the package is, and its settings one by one, each with its path.

A path names the elements below ``Common``, joined by slashes. ``[key]`` behind a name is the attribute that tells the
elements of a list apart (``Accounts/Users/User[rescue]/Password``); a "]" within it is doubled. Where it is another
attribute than the list's own, it is named (``Foo[@Id=7]``); a key that begins with "@" has it twice. ``(2)`` is the
second element of the same name and key. ``@name`` at the end is an attribute of the element.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..blocks import Condition, Target
from ..secret_settings import is_secret

_STEP = re.compile(
    r"(?P<name>@?[^\W\d][\w.\-]*)(?:\[(?P<key>(?:[^\]]|\]\])*)\])?(?:\((?P<nth>[1-9][0-9]{0,5})\))?(?:/|\Z)"
)
_NAMED_KEY = re.compile(r"@(?P<attribute>[^\W\d][\w.\-]*)=(?P<key>.*)", re.DOTALL)


class BadPath(ValueError):
    """The text is not the path of a setting."""


@dataclass(frozen=True)
class Step:
    """One element of a path. ``key_name`` is the attribute that holds the key, None where it is the list's own."""

    name: str
    key: str | None = None
    key_name: str | None = None
    nth: int = 1

    def __str__(self) -> str:
        key = ""
        if self.key is not None:
            inner = f"@{self.key_name}={self.key}" if self.key_name else self.key
            if not self.key_name and inner.startswith("@"):
                inner = f"@{inner}"
            key = f"[{inner.replace(']', ']]')}]"
        return f"{self.name}{key}{f'({self.nth})' if self.nth > 1 else ''}"

    @property
    def is_attribute(self) -> bool:
        return self.name.startswith("@")


@dataclass(frozen=True)
class Setting:
    """A setting: its path and its value as the document has it, empty for an element with nothing in it."""

    steps: tuple[Step, ...]
    value: str = field(repr=False)

    @property
    def path(self) -> str:
        return "/".join(map(str, self.steps))

    @property
    def bare(self) -> str:
        """The path without keys, as the table of settings has it; an attribute is not in the table."""
        return "/".join(step.name for step in self.steps if not step.is_attribute)

    @property
    def secret(self) -> bool:
        """Whether the value must not be seen."""
        return bool(self.value) and is_secret([step.name.lstrip("@") for step in self.steps], self.value)


def parse_path(text: str) -> tuple[Step, ...]:
    """The steps of a path. Raises BadPath where it is not one."""
    steps: list[Step] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None or (steps and steps[-1].is_attribute):
            raise BadPath(f"{text!r} is not a path of names that are joined by slashes, with keys in brackets")
        key, key_name = match["key"], None
        if key is not None:
            key = key.replace("]]", "]")
            named = _NAMED_KEY.fullmatch(key)
            if key.startswith("@@"):
                key = key[1:]
            elif named:
                key, key_name = named["key"], named["attribute"]
        steps.append(Step(match["name"], key, key_name, int(match["nth"] or 1)))
        at = match.end()
    if not steps or steps[0].is_attribute or text.endswith("/"):
        raise BadPath(f"{text!r} is not a path of names that are joined by slashes, with keys in brackets")
    return tuple(steps)


@dataclass
class Identity:
    """Who a package is, as texts of its document; None where it does not say. ``other``: further elements by name."""

    id: str | None = None
    name: str | None = None
    version: str | None = None
    owner: str | None = None
    rank: str | None = None
    other: dict[str, str] = field(default_factory=dict)


@dataclass
class SettingsBlock:
    """Settings with one condition; None for those of every device."""

    condition: Condition | None
    settings: list[Setting] = field(default_factory=list)


@dataclass
class Document:
    """A customizations document. ``dropped`` says in sentences what of its text is in no other field."""

    identity: Identity = field(default_factory=Identity)
    targets: list[Target] = field(default_factory=list)
    blocks: list[SettingsBlock] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    def always(self) -> list[Setting]:
        """The settings of every device."""
        return [setting for block in self.blocks if block.condition is None for setting in block.settings]


def in_order(settings: list[Setting]) -> list[Setting]:
    """The settings as a document has them: those within one element beside each other, as they first appear."""
    ranks: dict[tuple[Step, ...], int] = {}
    for setting in settings:
        for end in range(1, len(setting.steps) + 1):
            ranks.setdefault(setting.steps[:end], len(ranks))

    def place(setting: Setting) -> tuple[int, ...]:
        steps = setting.steps
        # Attributes stand before what is in an element, wherever they were given.
        return tuple(-1 if steps[end - 1].is_attribute else ranks[steps[:end]] for end in range(1, len(steps) + 1))

    return sorted(settings, key=place)
