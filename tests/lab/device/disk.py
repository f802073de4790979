# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a device on a real disk, for a device whose PowerShell is real: drive C is the directory C below a root.

A private directory is one that is closed to others by its mode: what the PowerShell stand-ins make of an access list.
"""

from __future__ import annotations

import ntpath
import shutil
from collections.abc import Iterator
from pathlib import Path

from .files import Entry, Files

OPEN, PRIVATE = 0o755, 0o700


class DiskFiles(Files):
    """Like ``Files``, with everything below ``root``; what the image has is laid out there at once."""

    def __init__(self, root: Path, files: Files) -> None:
        """``files``: what lies on the device until now."""
        super().__init__(files.image(), files.environment)
        self.root = root
        for entry in files.everything():
            self._put(entry)

    def location(self, path: str) -> Path:
        """Where a Windows path lies. Names are found in any case."""
        drive, rest = ntpath.splitdrive(self.resolve(path))
        found = self.root / drive.rstrip(":").upper()
        for name in rest.split("\\"):
            if name:
                found = _child(found, name)
        return found

    def entry(self, path: str) -> Entry | None:
        return self._entry(self.location(path))

    def write(self, path: str, data: bytes) -> None:
        full = self.resolve(path)
        if not self.is_directory(ntpath.dirname(full)):
            raise FileNotFoundError(ntpath.dirname(full))
        if self.is_directory(full):
            raise IsADirectoryError(full)
        self._put(Entry(full, data))

    def make_directory(self, path: str, private: bool = False) -> bool:
        full = self.resolve(path)
        found = self.entry(full)
        if found is not None and found.data is not None:
            raise FileExistsError(full)
        if found is None or private:
            self._put(Entry(full, None, private))
        return found is None

    def remove(self, path: str) -> bool:
        location = self.location(path)
        if location.is_dir() and not location.is_symlink():
            shutil.rmtree(location)
        elif location.exists():
            location.unlink()
        else:
            return False
        return True

    def children(self, path: str) -> list[Entry]:
        location = self.location(path)
        found = (self._entry(child) for child in location.iterdir()) if location.is_dir() else ()
        return sorted((entry for entry in found if entry), key=lambda entry: entry.path.lower())

    def own(self) -> Iterator[Entry]:
        image = self.image()
        entries = (self._entry(location) for location in self.root.glob("?/**/*"))
        for entry in sorted((entry for entry in entries if entry), key=lambda entry: entry.path.lower()):
            known = image.get(entry.path.lower())
            if known is None or (known.data, known.private) != (entry.data, entry.private):
                yield entry

    def removed(self) -> list[str]:
        return sorted(key for key, entry in self.image().items() if not self.exists(entry.path))

    def _put(self, entry: Entry) -> None:
        location = self.location(entry.path)
        if entry.data is None:
            location.mkdir(parents=True, exist_ok=True)
            location.chmod(PRIVATE if entry.private else OPEN)
        else:
            location.parent.mkdir(parents=True, exist_ok=True)
            location.write_bytes(entry.data)

    def _entry(self, location: Path) -> Entry | None:
        if not location.exists():
            return None
        drive, *names = location.relative_to(self.root).parts
        path = f"{drive}:\\" + "\\".join(names)
        if location.is_dir():
            return Entry(path, None, not location.stat().st_mode & 0o077)
        return Entry(path, location.read_bytes())


def _child(directory: Path, name: str) -> Path:
    exact = directory / name
    if not exact.exists() and directory.is_dir():
        for child in directory.iterdir():
            if child.name.lower() == name.lower():
                return child
    return exact
