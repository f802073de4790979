# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings that Windows Configuration Designer knows: looked up, and what is near where there is none.

``table.txt`` beside this file has them, with their source. It is read when it is first needed.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

PLAIN_GROUP, KEYED_LIST, ITEMS = "group", "list", "items"
FOLDERS = frozenset({PLAIN_GROUP, KEYED_LIST, ITEMS})
"""Types of settings that have others in them and no value of their own."""
SPELLINGS = {
    # Documentation spells it so, the store otherwise.
    "windowshelloforbusiness/securitykeys/usesecuritykeyforsignin": (
        "WindowsHelloForBusiness/SecurityKeys/UseSecurityKeyForSignin"
    ),
    # The store misspells it, and samples mend that.
    "certificates/cacertificates/cacertificate": "Certificates/CACertificates/CACerificate",
    "certificates/cacertificates/cacertificate/certificatepath": (
        "Certificates/CACertificates/CACerificate/CertificatePath"
    ),
    "certificates/trustedpeoplecertificates/trustedcertificate": ("Certificates/TrustedPeopleCertificates/Certificate"),
    "certificates/trustedpeoplecertificates/trustedcertificate/certificatepath": (
        "Certificates/TrustedPeopleCertificates/Certificate/TrustedCertificate"
    ),
}
"""Other spellings that are met, in lower case, and the store's own."""
MOST_NEAR = 3


@dataclass(frozen=True)
class Known:
    """A setting of the store. ``path`` has no leading slash. What the store does not say is None, False or empty.

    ``type``: group, list (each element in it has the attribute ``key``), items (elements without a key), string,
    integer, boolean, file or binary; ``values``: (value, label) pairs, the label may be empty; ``after``: what must be
    applied before it, as the store says it; ``csp``: the path that it is compiled to; ``hidden``: Windows Configuration
    Designer does not show it.
    """

    __slots__ = (
        *("after", "csp", "default", "hidden", "key", "max_length", "maximum", "min_length", "minimum", "path"),
        *("pattern", "reboot", "required", "type", "values"),
    )

    path: str
    type: str
    key: str | None
    required: bool
    minimum: int | None
    maximum: int | None
    min_length: int | None
    max_length: int | None
    pattern: str | None
    values: tuple[tuple[str, str], ...]
    default: str | None
    reboot: bool
    after: str | None
    csp: str | None
    hidden: bool

    @property
    def scope(self) -> str | None:
        """``device`` or ``user``, where the path that it is compiled to says so; None for a folder."""
        if self.csp is None:
            return None
        csp = self.csp.lower()
        return "user" if csp.startswith("./user/") or "!scope=user" in csp else "device"


class Table:
    """All settings of the store, by their paths."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines: dict[str, tuple[str, str]] = {}  # a line is only taken apart when somebody asks for it
        self._read: dict[str, Known] = {}
        self._below: dict[str, list[str]] = {}
        steps: list[str] = []
        for line in lines:
            if line.startswith("#"):
                continue
            name, _tab, fields = line.rstrip("\n").partition("\t")
            depth = len(name) - len(name.lstrip(" "))
            above = "/".join(steps[:depth])
            steps[depth:] = [name[depth:]]
            path = f"{above}/{name[depth:]}" if above else name
            self._lines[path.lower()] = path, fields
            self._below.setdefault(above.lower(), []).append(path)

    def __iter__(self) -> Iterator[Known]:
        return (self._at(key) for key in self._lines)

    def _at(self, key: str) -> Known:
        if key not in self._read:
            self._read[key] = _known(*self._lines[key])
        return self._read[key]

    def find(self, path: str) -> Known | None:
        """The setting with this path (no leading slash, no keys), in any case and in the other spellings."""
        wanted = path.lower()
        wanted = SPELLINGS.get(wanted, wanted).lower()
        return self._at(wanted) if wanted in self._lines else None

    def item_of(self, known: Known) -> Known | None:
        """What the elements of a list are: the store gives each list exactly one."""
        below = self._below.get(known.path.lower(), []) if known.type in (KEYED_LIST, ITEMS) else []
        return self._at(below[0].lower()) if below else None

    def list_of(self, known: Known) -> Known | None:
        """The list whose elements these are; None where it is in none."""
        above = self.find(known.path.rpartition("/")[0])
        return above if above is not None and above.type in (KEYED_LIST, ITEMS) else None

    def below(self, path: str) -> list[str]:
        """The paths of what is directly in this folder, as the store spells them."""
        return list(self._below.get(path.lower(), ()))

    def near(self, path: str) -> list[str]:
        """Up to three paths that may be meant by one that is not there, the likeliest first."""
        wanted = path.lower()
        last = wanted.rpartition("/")[2]
        # The same name in another folder says more than a path of nearly the same letters.
        elsewhere = [path for key, (path, _fields) in self._lines.items() if key.rpartition("/")[2] == last]
        alike = [self._lines[key][0] for key in get_close_matches(wanted, self._lines, MOST_NEAR, 0.8)]
        return list(dict.fromkeys([*elsewhere[:MOST_NEAR], *alike]))[:MOST_NEAR]


@functools.cache
def table() -> Table:
    """The table, read once a process."""
    with pathlib.Path(__file__).with_name("table.txt").open(encoding="utf-8") as lines:
        return Table(lines)


def _known(path: str, line: str) -> Known:
    fields = line.split("\t") if line else []
    kind = fields.pop(0) if fields and "=" not in fields[0] and fields[0] not in _FLAGS else PLAIN_GROUP
    told = {name: value for name, _sign, value in (field.partition("=") for field in fields)}

    def number(name: str) -> int | None:
        return int(told[name]) if name in told else None

    listed = told["values"].split("|") if "values" in told else []
    return Known(
        path=path,
        type=kind,
        key=told.get("key"),
        required="required" in told,
        minimum=number("minimum"),
        maximum=number("maximum"),
        min_length=number("min_length"),
        max_length=number("max_length"),
        pattern=told.get("pattern"),
        values=tuple((value, label) for value, _sign, label in (each.partition("=") for each in listed)),
        default=told.get("default"),
        reboot="reboot" in told,
        after=told.get("after"),
        csp=told.get("csp"),
        hidden="private" in told,
    )


_FLAGS = frozenset({"required", "reboot", "private"})
