# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nobody may see of a package, and the package's texts without it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable, Iterable

from ..masking import SHORTEST_SECRET, Masker
from .errors import UnsupportedPackage
from .secret_settings import profile_secrets
from .settings import CERTIFICATES, USER_GROUPS

if t.TYPE_CHECKING:
    from .reader import Package

SIGN = "********"
MAX_SECRETS = 100
"""Different values; a package of Windows Configuration Designer has a handful."""
PLAIN_WORD = 12
"""Letters from which on a word or a number is one that is secret for sure."""
MASKED_FIELDS = ("name", "version", "owner", "authority", "computer_name")
MASKED_ROWS = ("certificates", "accounts", "files")
_ROWS = ("commands", "certificates", "accounts", "settings")
_OWN_WORDS = frozenset({*CERTIFICATES.values(), *USER_GROUPS.values()})


class PackageSecrets:
    """The values of a package's secret settings (secret_settings.py). It does not print."""

    def __init__(self) -> None:
        self._values: set[str] = set()

    def __repr__(self) -> str:
        return "PackageSecrets()"

    def add(self, values: Iterable[str]) -> None:
        """Note these values. Raises UnsupportedPackage where they are more than any package has."""
        for value in values:
            self._values.add(value)
            if len(self._values) > MAX_SECRETS:
                raise UnsupportedPackage(f"the package holds more than {MAX_SECRETS} secrets")

    def add_profile(self, content: bytes) -> None:
        """Note the secrets of an embedded file of XML, in whatever encoding."""
        for encoding in ("utf-8", "utf-16"):
            text = content.decode(encoding, errors="ignore")
            self.add(value.strip() for value in profile_secrets(text) if value.strip())

    def texts(self) -> Iterable[str]:
        """What must be masked wherever a task shows text: all but short ones and plain words.

        A password that is a word such as "joined" would take it out of the result's own sentences; it is masked in
        what comes from the package, and nowhere else.
        """
        return (value for value in self._values if len(value) >= PLAIN_WORD or not _is_plain(value))

    def within_commands(self) -> Callable[[str], str]:
        """Masks the secrets in a command line, or in another value of the package."""
        masker = Masker(self._values, SIGN)
        short = [value for value in self._values if len(value) < SHORTEST_SECRET]
        # Of a short one it is said where it stands as a whole argument: within words it would stand everywhere.
        words = "|".join(re.escape(value) for value in sorted(short, key=len, reverse=True))
        alone = re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])") if short else None

        def masked(text: str) -> str:
            text = masker.text(text)
            return alone.sub(SIGN, text) if alone else text

        return masked

    def masked_fields(self, package: Package) -> dict[str, t.Any]:
        """The fields of the package with the secrets masked in them. Words that are Windows' own stay: the names of
        settings, groups and kinds of certificates."""
        masker, command = Masker(self._values, SIGN), self.within_commands()

        def row(found: dict) -> dict:
            return {name: value if value in _OWN_WORDS else masker.value(value) for name, value in found.items()}

        def inner(value: t.Any) -> t.Any:
            """Names of fields stay: they are ours."""
            if isinstance(value, dict):
                return {name: inner(each) for name, each in value.items()}
            return [inner(each) for each in value] if isinstance(value, list) else masker.value(value)

        def block(found: dict) -> dict:
            return {
                **{name: inner(value) for name, value in found.items() if name not in _ROWS},
                "commands": [command(text) for text in found["commands"]],
                **{name: [row(each) for each in found[name]] for name in ("certificates", "accounts")},
                "settings": found["settings"],
            }

        return {
            "conditional": [block(found) for found in package.conditional],
            "built_with": inner(package.built_with),
            **{name: masker.value(getattr(package, name)) for name in MASKED_FIELDS},
            "commands": [command(text) for text in package.commands],
            **{name: [row(found) for found in getattr(package, name)] for name in MASKED_ROWS},
            "mdm": package.mdm and row(package.mdm),
        }


def _is_plain(value: str) -> bool:
    """Whether it is a word or a number, and may well stand in a sentence."""
    return value.isalpha() or value.isdecimal()
