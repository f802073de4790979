# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal beside a report: a line for each attempt that begins or ends, written at that moment, until the next
writing of the report takes them in.

A device costs two appended lines, however many devices the report has. The journal is also the lock of the report: a
task that appends to it, or that reads the report in order to write it, holds an exclusive ``flock`` on it. A task that
takes the lines in removes the file while it holds the lock; one that waited for the lock of a file that is gone by then
opens the next one. docs/reports.md has the form of a line.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import stat
import typing as t

from .. import locks
from ..options import bad_option
from ..result import Failure
from ..untrusted import load_json, visible
from . import writer

JOURNAL_FORMAT, JOURNAL_VERSION = "winops.entra.rollout_journal", 1
MAX_JOURNAL_BYTES = 2**29
LOCK_PATIENCE = 300.0
"""Seconds within which the lock must be had: the report of 100,000 devices is written in a tenth of it."""
_HEADER = json.dumps({"format": JOURNAL_FORMAT, "version": JOURNAL_VERSION}) + "\n"


def path_of(dest: str) -> str:
    """Where the journal of the report at ``dest`` lies."""
    return f"{dest}.journal"


class Journal:
    """The journal of a report while its lock is held."""

    def __init__(self, path: str, handle: int) -> None:
        self._path = path
        self.handle = handle

    def append(self, entry: dict[str, t.Any]) -> None:
        """Add a line. Raises OSError."""
        line = json.dumps(entry, separators=(",", ":")) + "\n"
        size = os.fstat(self.handle).st_size
        if size < len(_HEADER) and _HEADER.encode().startswith(os.pread(self.handle, size, 0)):
            os.ftruncate(self.handle, 0)  # Nothing, or what a killed task has written of it.
            size, line = 0, _HEADER + line
        elif os.pread(self.handle, 1, size - 1) != b"\n":
            line = "\n" + line  # A task was killed while it wrote: what it wrote stays alone.
        data = line.encode("ascii")
        try:
            while data:
                data = data[os.write(self.handle, data) :]
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self.handle, size)
            raise

    def read(self) -> tuple[list[dict[str, t.Any]], int]:
        """The entries in their order, and how many lines are damaged: a task was killed while it wrote.

        Raises the Failure of a bad option ``dest`` for what is not a journal.
        """
        size = os.fstat(self.handle).st_size
        if size > MAX_JOURNAL_BYTES:
            raise _no_journal(self._path, f"it has more than {MAX_JOURNAL_BYTES} bytes")
        with open(os.dup(self.handle), "rb") as stream:
            stream.seek(0)
            return _entries(self._path, stream.read(size))

    def clear(self) -> None:
        """Remove it: the report has what it held."""
        os.unlink(self._path)


def append(dest: str, entry: dict[str, t.Any], option: str, durable: bool = False) -> None:
    """Add one line to the journal of the report at ``dest``; ``durable``: it is on the disk when this returns. Raises
    the Failure of the bad ``option``."""
    try:
        with locked(dest, option) as lines:
            lines.append(entry)
            written = os.dup(lines.handle) if durable else None
        if written is not None:  # Nobody has to wait for the disk.
            try:
                os.fsync(written)
            finally:
                os.close(written)
    except OSError as exc:
        raise writer.unwritable(path_of(dest), exc, option) from exc


@contextlib.contextmanager
def locked(dest: str, option: str = "dest") -> t.Iterator[Journal]:
    """The journal of the report at ``dest`` (absolute), made where there is none, its lock held within the ``with``.

    One that is made here and stays empty is removed again. Raises the Failure of a bad ``option`` where it cannot be
    had within LOCK_PATIENCE, or cannot be written.
    """
    path = path_of(dest)
    try:
        with writer.directory_of(path):
            handle = _locked_handle(path)
    except (OSError, ValueError) as exc:
        raise writer.unwritable(path, exc, option) from exc
    try:
        yield Journal(path, handle)
    finally:
        with contextlib.suppress(OSError):
            if not os.fstat(handle).st_size and locks.is_at(handle, path):
                os.unlink(path)
        fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)


def look(dest: str) -> tuple[list[dict[str, t.Any]], int]:
    """The entries of the journal as ``Journal.read`` gives them, without its lock and without making one.

    To be read before the report itself: then what is taken in meanwhile is seen twice, and nothing is missed.
    """
    path = path_of(dest)
    try:
        handle = _opened(path, os.O_RDONLY)
    except FileNotFoundError:
        return [], 0
    except (OSError, ValueError) as exc:
        raise _no_journal(path, str(exc.strerror or exc) if isinstance(exc, OSError) else str(exc)) from exc
    try:
        return Journal(path, handle).read()
    finally:
        os.close(handle)


def _locked_handle(path: str) -> int:
    def opened() -> int:
        return _opened(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)

    try:
        return locks.locked_handle(path, opened, locks.patience(LOCK_PATIENCE))[0]
    except locks.NotHeld:
        raise OSError(errno.EBUSY, f"other tasks have held its lock for {LOCK_PATIENCE:.0f} s") from None


def _opened(path: str, flags: int) -> int:
    # Without waiting, as a pipe would make us, and not by a link, whose other end nobody has named.
    handle = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ValueError("it is not a regular file")
    return handle


def _entries(path: str, data: bytes) -> tuple[list[dict[str, t.Any]], int]:
    if _HEADER.encode().startswith(data):
        return [], 0
    lines = data.decode("utf-8", "replace").split("\n")
    header = _value(lines[0])
    if not isinstance(header, dict) or header.get("format") != JOURNAL_FORMAT:
        raise _no_journal(path, "its first line is not that of a journal")
    if header.get("version") != JOURNAL_VERSION:
        raise _no_journal(path, f"it is of version {header.get('version')!r}, and this release reads {JOURNAL_VERSION}")
    # What stands behind the last line end was not written to its end.
    told = [_value(line) for line in lines[1:-1]]
    found = [entry for entry in told if isinstance(entry, dict) and isinstance(entry.get("device"), str)]
    return found, len(told) - len(found) + bool(lines[-1])


def _value(line: str) -> t.Any:
    try:
        return load_json(line)
    except ValueError:
        return None


def _no_journal(path: str, problem: str) -> Failure:
    return bad_option(
        "dest",
        f"what lies at {visible(path)} is not the journal of a report: {visible(problem)}",
        "move it away or give another path; it is not written over, as ids in it may be needed",
    )
