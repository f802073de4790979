# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file of the controller that holds secrets, written without a name and put in its place as a whole.

A process that is killed while it writes leaves nothing: what has no name goes with its last handle (Linux, open(2),
O_TMPFILE; linkat(2) gives it a name). Where the old file is replaced, the new one has a hidden name for the moment
between two calls, always the same one, so that the next run takes it away. A file system without O_TMPFILE has the
hidden name from the beginning.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import errno
import os
import typing as t
from collections.abc import Iterator

_MODE = 0o600
_NOT_THERE = (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL)
"""What open(2) says where it does not know of files without a name."""


class PrivateFile:
    """A new file for its owner only, which is to be at ``path``. ``stream`` takes its content, and can be read.

    ``sync`` brings the content to the disk, ``put`` the file to its path, and ``close`` forgets what was not put. All
    of them, and making it, raise OSError.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._hidden = hidden_name(path)
        self._forget()
        self._named = False
        self.stream: t.BinaryIO = os.fdopen(self._opened(), "w+b")

    def sync(self) -> None:
        """The content is on the disk: a full one may say so only now, and what is renamed before is lost with the
        power."""
        self.stream.flush()
        os.fsync(self.stream.fileno())

    def put(self, new: bool = False) -> None:
        """Bring the file to its path: who reads there has the old one or the new one, as a whole. FileExistsError where
        it is to be ``new``, and there is one."""
        self.sync()
        if new:
            return os.link(self._hidden, self.path) if self._named else self._name(self.path)
        if not self._named and not os.path.lexists(self.path):
            with contextlib.suppress(FileExistsError):  # Somebody else has made one meanwhile.
                return self._name(self.path)
        if not self._named:
            self._name(self._hidden)
            self._named = True
        os.replace(self._hidden, self.path)
        self._named = False

    def close(self) -> None:
        """Forget it where it was not put."""
        if self._named:
            self._forget()
        # A full disk says so again here: what was written before it did is tried once more.
        with contextlib.suppress(OSError):
            self.stream.close()

    def _opened(self) -> int:
        directory = os.path.dirname(self.path)
        try:
            return os.open(directory, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, _MODE)
        except (AttributeError, OSError) as exc:
            if isinstance(exc, OSError) and exc.errno not in _NOT_THERE:
                raise
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(self._hidden, flags, _MODE)
        self._named = True
        return handle

    def _name(self, path: str) -> None:
        handle = self.stream.fileno()
        # A handle of a directory makes Python call linkat(2), which follows the link in /proc; link(2) does not.
        os.link(f"/proc/self/fd/{handle}", path, src_dir_fd=handle, follow_symlinks=True)

    def _forget(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._hidden)


def hidden_name(path: str) -> str:
    """The path of what a killed run may have left of the file at ``path``."""
    directory, name = os.path.split(path)
    return os.path.join(directory, f".{name}.new")


@contextlib.contextmanager
def private_file(path: str) -> Iterator[PrivateFile]:
    """A PrivateFile, which is closed at the end."""
    file = PrivateFile(path)
    try:
        yield file
    finally:
        file.close()
