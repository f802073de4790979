# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a device: Windows paths, found without regard to case, with environment variables expanded."""

from __future__ import annotations

import dataclasses
import ntpath
import re
from collections.abc import Iterator, Mapping

ENVIRONMENT = {
    "systemdrive": "C:",
    "systemroot": r"C:\Windows",
    "windir": r"C:\Windows",
    "programdata": r"C:\ProgramData",
    "allusersprofile": r"C:\ProgramData",
    "programfiles": r"C:\Program Files",
    "programfiles(x86)": r"C:\Program Files (x86)",
    "public": r"C:\Users\Public",
    "temp": r"C:\Windows\Temp",
    "tmp": r"C:\Windows\Temp",
}


@dataclasses.dataclass(frozen=True)
class Entry:
    """A file (``data``) or a directory (``data`` is None). ``private``: only SYSTEM and Administrators may enter."""

    path: str
    data: bytes | None
    private: bool = False


class Files:
    """What lies on the disk. ``base`` (lower-case path to entry) is shared by every device of an image."""

    def __init__(self, base: Mapping[str, Entry], environment: Mapping[str, str] | None = None) -> None:
        self._base = base
        self._own: dict[str, Entry | None] = {}
        self.environment = dict(environment or ENVIRONMENT)

    def expand(self, path: str) -> str:
        """Environment variables replaced; an unknown one stays as it is."""

        def replace(match: re.Match) -> str:
            return self.environment.get(match.group(1).lower(), match.group(0))

        return re.sub(r"%([^%]+)%", replace, path)

    def resolve(self, path: str) -> str:
        """The full path: variables expanded, slashes turned, dots resolved."""
        full = ntpath.normpath(self.expand(path))
        return full if ntpath.isabs(full) else ntpath.normpath(ntpath.join(self.environment["systemroot"], full))

    def entry(self, path: str) -> Entry | None:
        key = self.resolve(path).lower()
        return self._own[key] if key in self._own else self._base.get(key)

    def exists(self, path: str) -> bool:
        return self.entry(path) is not None

    def is_directory(self, path: str) -> bool:
        entry = self.entry(path)
        return entry is not None and entry.data is None

    def read(self, path: str) -> bytes:
        entry = self.entry(path)
        if entry is None or entry.data is None:
            raise FileNotFoundError(self.resolve(path))
        return entry.data

    def write(self, path: str, data: bytes) -> None:
        full = self.resolve(path)
        if not self.is_directory(ntpath.dirname(full)):
            raise FileNotFoundError(ntpath.dirname(full))
        if self.is_directory(full):
            raise IsADirectoryError(full)
        self._own[full.lower()] = Entry(full, bytes(data))

    def make_directory(self, path: str, private: bool = False) -> bool:
        """Create a directory with its parents; False where it was there (``private`` is set either way)."""
        full = self.resolve(path)
        found = self.entry(full)
        if found is not None and found.data is not None:
            raise FileExistsError(full)
        if found is not None and (found.private or not private):
            return False
        parent = ntpath.dirname(full)
        if parent != full and not self.exists(parent):
            self.make_directory(parent)
        self._own[full.lower()] = Entry(found.path if found else full, None, private)
        return found is None

    def remove(self, path: str) -> bool:
        """Remove a file or a whole directory; False where there was none."""
        full = self.resolve(path).lower()
        if not self.exists(full):
            return False
        for key in [full, *self._below(full)]:
            if key in self._base:
                self._own[key] = None
            else:
                self._own.pop(key, None)
        return True

    def remove_empty(self, path: str, root: str) -> None:
        """Remove the directories above ``path``, up to ``root``, as far as nothing lies in them."""
        top, above = self.resolve(root).lower(), ntpath.dirname(self.resolve(path))
        while above.lower().startswith(top) and self.is_directory(above) and not self.children(above):
            self.remove(above)
            above = ntpath.dirname(above)

    def children(self, path: str) -> list[Entry]:
        """What lies directly in a directory."""
        full = self.resolve(path).lower().rstrip("\\")
        found = (self.entry(key) for key in self._below(full) if ntpath.dirname(key).rstrip("\\") == full)
        return sorted((entry for entry in found if entry), key=lambda entry: entry.path.lower())

    def image(self) -> Mapping[str, Entry]:
        """What every device of the image has."""
        return self._base

    def everything(self) -> Iterator[Entry]:
        """Every entry there is, a directory before what lies in it."""
        for key in sorted({**self._base, **self._own}):
            entry = self.entry(key)
            if entry is not None:
                yield entry

    def own(self) -> Iterator[Entry]:
        """Every entry that is not part of the image, by path."""
        for _key, entry in sorted(self._own.items()):
            if entry is not None:
                yield entry

    def removed(self) -> list[str]:
        """Paths of the image that are gone."""
        return sorted(key for key, entry in self._own.items() if entry is None)

    def _below(self, full: str) -> list[str]:
        start = full.rstrip("\\") + "\\"
        return [key for key in {**self._base, **self._own} if key.startswith(start)]
