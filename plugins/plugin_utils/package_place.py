# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a package that is built comes to: the ``.ppkg``, the ``.cat`` beside it, and the file of its password.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass, field

from . import locks
from .options import bad_option
from .package import NotAPackage, Package, PackageError, UnreadablePackage, read_package
from .private_file import PrivateFile, private_file
from .report.writer import directory_of, require_writable, unwritable
from .result import Failure
from .untrusted import load_json, visible

ENDING, CATALOG_ENDING = ".ppkg", ".cat"
PASSWORD_KEYS = {"password", "package_id", "sha256"}
LARGEST_CATALOG = 1 << 20
LARGEST_PASSWORD_FILE = 1 << 16
PATIENCE = 20
"""Seconds for which another task that builds the same file is waited for."""
PRIVATE = 0o600


@dataclass(frozen=True)
class Made:
    """A package that was built. ``catalog`` is its catalogue; ``password`` that of an encrypted one.

    ``unconfirmed`` says what of it Windows has not confirmed, ``built_with`` which tool made it.
    """

    package_id: str
    ppkg: bytes = field(repr=False)
    catalog: bytes = field(repr=False)
    password: str | None = field(default=None, repr=False)
    unconfirmed: list[str] = field(default_factory=list)
    built_with: dict | None = None


@dataclass(frozen=True)
class Before:
    """What is there: ``package`` is None where nobody can read it, ``sha256`` where there is none.

    ``password`` is what the file of the password holds, empty where there is none.
    """

    package: Package | None = field(default=None, repr=False)
    sha256: str | None = None
    catalog: bytes | None = field(default=None, repr=False)
    password: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Place:
    """Absolute paths on the controller. ``password_dest`` is None for a package that is not encrypted."""

    dest: str
    catalog: str
    password_dest: str | None

    @classmethod
    def of(cls, dest: str, password_dest: str | None) -> Place:
        """The place that the options name, which can be written. Raises Failure."""
        path = os.path.abspath(dest)
        if not path.lower().endswith(ENDING) or os.path.basename(path).lower() == ENDING:
            raise bad_option("dest", f"{visible(dest)} has not the ending {ENDING}", "give a path with this ending")
        catalog = path[: -len(ENDING)] + CATALOG_ENDING
        place = cls(path, catalog, None if password_dest is None else os.path.abspath(password_dest))
        require_writable(path)
        require_writable(catalog)
        if place.password_dest is not None:
            if place.password_dest in (path, catalog):
                raise bad_option("password_dest", "it is the package or its catalogue", "give another path")
            require_writable(place.password_dest, "password_dest")
        return place

    def look(self) -> Before:
        """What is at this place. Raises Failure where it is something else than a package."""
        found = Before(catalog=self._read(self.catalog, LARGEST_CATALOG), password=self._password())
        if not os.path.lexists(self.dest):
            return found
        package = None
        try:
            package = read_package(self.dest)
        except (NotAPackage, UnreadablePackage) as exc:
            raise bad_option(
                "dest",
                f"there is a file at {visible(self.dest)} that is not a package ({exc.cause})",
                "give another path, or remove that file",
            ) from exc
        except PackageError:  # An encrypted one, or one that was damaged: it is replaced.
            pass
        sha256 = _sha256_of(self.dest) if package is None else package.sha256
        return Before(package, sha256, found.catalog, found.password)

    def require_other_than(self, path: str, option: str) -> None:
        """Refuse a file that would be replaced by what is made of it. Raises Failure."""
        for own in (self.dest, self.catalog, self.password_dest):
            with contextlib.suppress(OSError):
                if own is not None and os.path.samefile(own, path):
                    raise bad_option(option, "it is the file that is to be written", "give another dest")

    def loose_modes(self) -> Iterator[tuple[str, int]]:
        """Files that are there and are not for their owner only, with their modes."""
        for path in self._all():
            with contextlib.suppress(FileNotFoundError):
                mode = stat.S_IMODE(os.lstat(path).st_mode)
                if mode != PRIVATE:
                    yield path, mode

    def tighten(self, paths: list[str]) -> None:
        """Make these files for their owner only. Raises Failure."""
        for path in paths:
            try:
                os.chmod(path, PRIVATE)
            except OSError as exc:
                raise unwritable(path, exc) from exc

    def put(self, made: Made) -> None:
        """Write the files, each as a whole: first what belongs to the package, and then the package itself.

        Raises Failure, and then what was there is there still.
        """
        contents = [(self.catalog, made.catalog), (self.dest, made.ppkg)]
        if self.password_dest is not None:
            said = {
                "password": made.password,
                "package_id": made.package_id,
                "sha256": hashlib.sha256(made.ppkg).hexdigest(),
            }
            contents.insert(0, (self.password_dest, json.dumps(said, indent=2).encode() + b"\n"))
        path = self.dest
        try:
            with contextlib.ExitStack() as stack:
                for path, _content in contents:
                    stack.enter_context(directory_of(path))
                path = self.dest
                stack.enter_context(locks.held(_lock_of(path), locks.patience(PATIENCE)))
                files: list[PrivateFile] = []
                for path, content in contents:
                    file = stack.enter_context(private_file(path))
                    file.stream.write(content)
                    file.sync()
                    files.append(file)
                # All of them are on the disk before the first one is seen.
                for file in files:
                    path = file.path
                    file.put()
        except locks.NotHeld as exc:
            raise Failure(
                f"{visible(self.dest)} is being built by another task; run the task again",
                side="controller",
                name="package_being_built",
                cause=f"another task has been writing {visible(self.dest)} for {PATIENCE} s",
                fix="run the task again, and let one task build a package at a time (run_once)",
            ) from exc
        except (OSError, ValueError) as exc:
            raise unwritable(path, exc, "password_dest" if path == self.password_dest else "dest") from exc

    def _all(self) -> list[str]:
        return [path for path in (self.password_dest, self.catalog, self.dest) if path is not None]

    def _password(self) -> dict[str, str]:
        """What the file of the password says. Raises Failure where it is something else."""
        raw = None if self.password_dest is None else self._read(self.password_dest, LARGEST_PASSWORD_FILE)
        if raw is None:
            return {}
        try:
            said = load_json(raw.decode())
        except ValueError:
            said = None
        if (
            not isinstance(said, dict)
            or set(said) != PASSWORD_KEYS
            or not all(isinstance(v, str) for v in said.values())
        ):
            raise bad_option(
                "password_dest",
                f"there is a file at {visible(self.password_dest or '')} that holds something else",
                "give another path, or remove that file",
            )
        return t.cast("dict[str, str]", said)

    @staticmethod
    def _read(path: str, most: int) -> bytes | None:
        """What a file holds, or the beginning of a large one; None where there is none, or nobody may read it."""
        try:
            with open(path, "rb") as file:
                return file.read(most + 1)
        except OSError:
            return None


def _lock_of(path: str) -> str:
    directory, name = os.path.split(path)
    return os.path.join(directory, f".{name}.lock")


def _sha256_of(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
