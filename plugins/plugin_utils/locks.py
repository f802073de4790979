# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locks between the processes of one controller: files that the operating system unlocks when their holder ends.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
import typing as t
from collections.abc import Callable, Iterator

_LONGEST_PAUSE = 0.02


class NotHeld(Exception):
    """Others hold the lock, and there is no time left to wait."""


@contextlib.contextmanager
def held(path: str, wait: Callable[[], t.Any]) -> Iterator[bool]:
    """Hold the lock of this file within the block; what is given says whether others held it before.

    ``wait`` is called while others hold it, and is false where there must be no more waiting: NotHeld. OSError where
    there can be no such file. Nothing of it is left behind: a file that is still there is that of a process which was
    killed, and holds nobody up.
    """
    # Not inherited by programs that are started, so that it is free when this process is done.
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    handle, waited = locked_handle(path, lambda: os.open(path, flags, 0o600), wait)
    try:
        yield waited
    finally:
        with contextlib.suppress(OSError):
            os.unlink(path)
        os.close(handle)


def locked_handle(path: str, opened: Callable[[], int], wait: Callable[[], t.Any]) -> tuple[int, bool]:
    """The handle of the file at ``path`` with its lock, and whether others held it before. ``opened`` opens it, and
    makes it where there is none; ``wait`` as ``held`` has it. Raises NotHeld and OSError."""
    waited = False
    while True:
        handle = opened()
        try:
            while not _is_locked(handle):
                waited = True
                if not wait():
                    raise NotHeld(path)
            # Who held it before may have taken it away: another may hold the new file of this name.
            at_path = is_at(handle, path)
        except BaseException:
            os.close(handle)
            raise
        if at_path:
            return handle, waited
        os.close(handle)


def is_at(handle: int, path: str) -> bool:
    """Whether the file is still the one at this path."""
    try:
        return os.path.samestat(os.fstat(handle), os.lstat(path))
    except FileNotFoundError:
        return False


def patience(seconds: float) -> Callable[[], bool]:
    """A ``wait`` for so many seconds in all, in pauses that grow from a thousandth of one."""
    deadline, pause = time.monotonic() + seconds, 0.001

    def wait() -> bool:
        nonlocal pause
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
        return True

    return wait


def _is_locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        if exc.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        return False
    return True
