# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiled settings: the paths and values of ``.provxml`` files, and which of them a setting of a document becomes.

The table of settings says to which path of a configuration service provider (CSP) a setting is compiled; ``~Key~`` in
it stands for the key of a list. Paths are compared without what only some packages write: ``./Vendor/MSFT/``,
``!scope=Device``, the package's own id in place of its variable.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .document import Document, Setting
from .table import Known, table
from .values import same_value

_PREFIX = re.compile(r"\A(?:\./)?(?:(?:device|user)/)?(?:vendor/msft/)?", re.IGNORECASE)
_SCOPE = re.compile(r"!scope=\w+", re.IGNORECASE)
_KEY = re.compile(r"~(\w+)~")
_OWN_ID = re.compile(
    r"\A(provisioningcommands/\w+/)(?:\$\(__PackageID\)|\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\})", re.IGNORECASE
)
_NOT_COMPARED = frozenset({"file", "binary"})
"""Their content is compiled, not what the document says."""


@dataclass(frozen=True)
class Compiled:
    """One compiled value: the steps of its path in a CSP, the last of which is its name. ``scope``: device or user."""

    steps: tuple[str, ...]
    value: str = field(repr=False)
    scope: str = "device"

    @property
    def path(self) -> str:
        return "/".join(step for step in self.steps if step)


@dataclass(frozen=True)
class Expected:
    """What the compiled settings are to have for a setting of a document."""

    setting: Setting
    known: Known
    path: str

    @property
    def is_default(self) -> bool:
        """Whether the setting says what the store says is so without it."""
        default = self.known.default
        return default is not None and same_value(self.known, default) == same_value(self.known, self.setting.value)

    def is_said_by(self, value: str) -> bool:
        """Whether this compiled value says the same."""
        told, compiled = (same_value(self.known, text) for text in (self.setting.value, value))
        return as_in_attribute(told) == as_in_attribute(compiled)


def as_in_attribute(text: str) -> str:
    """A text as it is compared with an attribute of XML, which has spaces for its line breaks."""
    return " ".join(text.split())


def plain_path(path: str) -> str:
    """A path in a CSP in the one spelling in which paths are compared. Other ids than the package's own stay."""
    bare = _SCOPE.sub("", _PREFIX.sub("", path, count=1))
    return _OWN_ID.sub(r"\1$(__packageid)", bare).lower().strip("/")


def by_path(compiled: Iterable[Compiled]) -> dict[str, str]:
    """The values by their plain paths. What is there twice counts as it is last."""
    return {plain_path(each.path): each.value for each in compiled}


def expected(document: Document) -> Iterator[Expected]:
    """What is to be compiled of the settings of every device, as far as the table says where to."""
    for setting in document.always():
        known = table().find(setting.bare)
        if known is None or known.csp is None or known.type in _NOT_COMPARED or setting.steps[-1].is_attribute:
            continue
        path = filled(known.csp, setting)
        if path is not None:
            yield Expected(setting, known, plain_path(path))


def filled(csp: str, setting: Setting) -> str | None:
    """The path with the keys of the setting in it; None where it holds what only the compiler knows."""
    keys: dict[str, str] = {}
    names: list[str] = []
    for step in setting.steps:
        names.append(step.name)
        known = table().find("/".join(names))
        above = table().list_of(known) if known else None
        if above is not None and step.key is not None and step.nth == 1:
            keys[(above.key or above.path.rpartition("/")[2]).lower()] = step.key
    if "@" in csp or "#" in csp or any(name.lower() not in keys for name in _KEY.findall(csp)):
        return None
    return _KEY.sub(lambda match: keys[match[1].lower()], csp)
