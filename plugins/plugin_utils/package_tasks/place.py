# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a package that is built comes to: the ``.ppkg``, the ``.cat`` beside it, and the file of its password.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import typing as t
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .. import locks
from ..options import bad_option
from ..package import NotAPackage, Package, PackageError, UnreadablePackage, read_package
from ..package.plain_files import sha256_of
from ..private_file import PrivateFile, hidden_name, private_file
from ..report.writer import directory_of, require_writable, unwritable
from ..result import Failure
from ..untrusted import load_json, visible

ENDING, CATALOG_ENDING = ".ppkg", ".cat"
PASSWORD_KEYS = {"password", "package_id", "sha256"}
LARGEST_CATALOG = 1 << 20
LARGEST_PASSWORD_FILE = 1 << 16
PATIENCE = 20
"""Seconds for which another task that builds the same file is waited for."""
PRIVATE = 0o600


@dataclass(frozen=True)
class Made:
    """A package that was built. ``write`` writes it, the same bytes each time, and ``sha256`` is of these.

    ``catalog`` is its catalogue, ``password`` that of an encrypted one, and ``plain`` the same one in clear, for
    who reads it. ``tool`` says which one made it, and ``unconfirmed`` what of it Windows has not confirmed.
    """

    package_id: str
    sha256: str
    write: Callable[[t.BinaryIO], None] = field(repr=False)
    catalog: bytes = field(repr=False)
    password: str | None = field(default=None, repr=False)
    plain: bytes | None = field(default=None, repr=False)
    tool: dict | None = None
    unconfirmed: list[str] = field(default_factory=list)


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

    def tidy(self) -> None:
        """Remove what a run that was killed has left beside the files: a hidden one may hold what they hold.

        Raises Failure where another task is at work, or where it cannot be removed.
        """
        left = [hidden_name(path) for path in self._all()]
        if any(os.path.lexists(path) for path in (*left, _lock_of(self.dest))):
            try:
                with locks.held(_lock_of(self.dest), locks.patience(PATIENCE)):
                    for path in left:
                        with contextlib.suppress(FileNotFoundError):
                            os.unlink(path)
            except locks.NotHeld as exc:
                raise self._being_built() from exc
            except OSError as exc:
                raise unwritable(self.dest, exc) from exc

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

    @contextlib.contextmanager
    def writing(self, made: Made) -> Iterator[Writing]:
        """The files on the disk, where nobody sees them until they are put. Raises Failure.

        Nothing of them is left where they are not put, and then what was there is there still.
        """
        contents = [(self.catalog, made.catalog)]
        if self.password_dest is not None:
            said = {"password": made.password, "package_id": made.package_id, "sha256": made.sha256}
            contents.insert(0, (self.password_dest, json.dumps(said, indent=2).encode() + b"\n"))
        path = self.dest
        with contextlib.ExitStack() as stack:
            try:
                for path in self._all():
                    stack.enter_context(directory_of(path))
                stack.enter_context(locks.held(_lock_of(self.dest), locks.patience(PATIENCE)))
                files: list[PrivateFile] = []
                for path, content in contents:
                    files.append(stack.enter_context(private_file(path)))
                    files[-1].stream.write(content)
                    files[-1].sync()
                path = self.dest
                files.append(stack.enter_context(private_file(path)))
                made.write(files[-1].stream)
                files[-1].sync()
            except locks.NotHeld as exc:
                raise self._being_built() from exc
            except (OSError, ValueError) as exc:
                raise self._unwritable(path, exc) from exc
            yield Writing(self, files)

    def _being_built(self) -> Failure:
        return Failure(
            f"{visible(self.dest)} is being built by another task; run the task again",
            side="controller",
            name="package_being_built",
            cause=f"another task has been writing {visible(self.dest)} for {PATIENCE} s",
            fix="run the task again, and let one task build a package at a time (run_once)",
        )

    def _unwritable(self, path: str, exc: Exception) -> Failure:
        return unwritable(path, exc, "password_dest" if path == self.password_dest else "dest")

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


class Writing:
    """Files that are written and not yet seen. The last of them is the package, which ``stream`` reads."""

    def __init__(self, place: Place, files: list[PrivateFile]) -> None:
        self._place = place
        self._files = files
        self.stream = files[-1].stream

    def put(self) -> None:
        """Bring each to its path, what belongs to the package first. Raises Failure."""
        for file in self._files:
            try:
                file.put()
            except OSError as exc:
                raise self._place._unwritable(file.path, exc) from exc


def _lock_of(path: str) -> str:
    directory, name = os.path.split(path)
    return os.path.join(directory, f".{name}.lock")


def _sha256_of(path: str) -> str:
    with open(path, "rb") as file:
        return sha256_of(file).hex()
