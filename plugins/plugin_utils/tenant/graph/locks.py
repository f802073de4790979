# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locks between the processes of one controller: files that the operating system unlocks when their holder ends.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import typing as t
from collections.abc import Callable, Iterator


class NotHeld(Exception):
    """Others hold the lock, and there is no time left to wait."""


@contextlib.contextmanager
def held(path: str, wait: Callable[[], t.Any]) -> Iterator[bool]:
    """Hold the lock of this file within the block; what is given says whether others held it before.

    ``wait`` is called while others hold it, and is false where there must be no more waiting: NotHeld. OSError where
    there can be no such file. Nothing of it is left behind: a file that is still there is that of a process which was
    killed, and holds nobody up.
    """
    waited = False
    while True:
        # Not inherited by programs that are started, so that it is free when this process is done.
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            while not _locked(handle):
                waited = True
                if not wait():
                    raise NotHeld(path)
            # Who held it before has taken it away: another may hold the new file of this name.
            if not _is_at(handle, path):
                continue
            try:
                yield waited
                return
            finally:
                with contextlib.suppress(OSError):
                    os.unlink(path)
        finally:
            os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(handle: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.lstat(path))
    except FileNotFoundError:
        return False
