# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents of settings of one package: each is parsed, counted, and searched for what is secret.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from .errors import DamagedPackage, PackageError, UnsupportedPackage
from .package_secrets import PackageSecrets
from .safe_xml import UnsafeXml, parse
from .secret_settings import profile_secrets, secret_values
from .wim import NO_SENSE, File, Wim

MAX_TAGS = 300_000
"""Of all documents together: some bytes make one, and each costs a hundred times as many and some microseconds."""


class Documents:
    """Reads documents of an open package. ``secrets`` are those of all that were read."""

    def __init__(self, wim: Wim) -> None:
        self._wim = wim
        self._tags = 0
        self.secrets = PackageSecrets()

    def parse(self, entry: File) -> Element:
        """The root of a document of settings. Raises PackageError."""
        content = self._wim.read(entry)
        self._tags += content.count(b"<")
        if self._tags > MAX_TAGS:
            raise UnsupportedPackage(f"the settings of the package have more than {MAX_TAGS} elements")
        try:
            root = parse(content)
        except UnsafeXml as exc:
            raise DamagedPackage(f"{entry.path} inside the package is not usable XML: {exc}") from None
        self.secrets.add(secret_values(root))
        return root

    def parse_or_search(self, entry: File) -> Element | None:
        """The root of a document that nobody needs; None, and searched for secrets, where it cannot be parsed."""
        try:
            return self.parse(entry)
        except DamagedPackage:
            self.search(entry)
            return None

    def dead_streams(self) -> dict:
        """Contents that belong to no file: {count, bytes, secrets: whether one holds a secret, None where unknown}."""
        dead = self._wim.dead()
        held: bool | None = False
        for entry in dead:
            try:
                held = self._holds_secrets(self._wim.read(entry)) or held
            except (PackageError, *NO_SENSE):  # It is never applied, so the package is not refused.
                held = held or None
        return {"count": len(dead), "bytes": sum(entry.size for entry in dead), "secrets": held}

    def _holds_secrets(self, content: bytes) -> bool:
        try:
            found = list(secret_values(parse(content)))
        except UnsafeXml:
            texts = (content.decode(encoding, errors="ignore") for encoding in ("utf-8", "utf-16"))
            found = [value.strip() for text in texts for value in profile_secrets(text) if value.strip()]
        self.secrets.add(found)
        return bool(found)

    def search(self, entry: File) -> None:
        """Look for secrets only, in a file that may be XML."""
        self.secrets.add_profile(self._wim.read(entry))
