# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one writer of files on the controller: whole or not at all, for their owner only, and in no place but that of a
regular file.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import json
import os
import stat
import tempfile
import typing as t

from ..options import bad_option
from ..private_file import private_file
from ..result import Failure
from ..untrusted import spelled, visible

_KINDS: tuple[tuple[t.Callable[[int], bool], str], ...] = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISLNK, "a link"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (lambda mode: stat.S_ISCHR(mode) or stat.S_ISBLK(mode), "a device file"),
)


def now() -> str:
    """The controller's time as files hold it: UTC, to the second."""
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def require_writable(path: str, option: str = "dest") -> None:
    """A file can be written at ``path`` (absolute), as far as that is known before; nothing is written to find out.

    There is a regular file that may be written, or nothing yet, in a directory that is there or can be made. A link is
    neither: what is at its other end was not named, and may belong to others. Raises the Failure of a bad ``option``.
    """
    try:
        _try_out(path)
    except (OSError, ValueError) as exc:
        raise unwritable(path, exc, option) from exc


def write(path: str, content: t.Any, new: bool = False, secret: bool = False) -> None:
    """Write ``content`` as JSON, and make the directory. A task that is stopped leaves the last good file, and one that
    fails nothing else.

    What cannot be seen is spelled: ``\\u202e``. Raises the Failure of a bad option ``dest``, and FileExistsError where
    the file is to be ``new`` and is there, by another task perhaps that writes at the same time. A ``secret`` is under
    no other name, whenever the task is stopped.
    """
    text = spelled(json.dumps(content, indent=2, ensure_ascii=False)) + "\n"
    try:
        _try_out(path)
        with directory_of(path):
            (_put_secret if secret else put)(path, text, new)
    except FileExistsError as exc:
        if new:
            raise
        raise unwritable(path, exc) from exc
    except (OSError, ValueError) as exc:
        raise unwritable(path, exc) from exc


def replace(path: str, content: bytes) -> None:
    """Put a file with this content in the place of the one at ``path``, which keeps its mode, whole or not at all. A
    new one is for its owner only, and its directory is made. Raises the Failure of a bad option ``dest``."""
    try:
        _try_out(path)
        found = _status(path)
        with directory_of(path):
            put(path, content, mode=stat.S_IMODE(found.st_mode) if found else None)
    except (OSError, ValueError) as exc:
        raise unwritable(path, exc) from exc


def put(path: str, content: str | bytes, new: bool = False, mode: int | None = None) -> None:
    """Put a file for its owner only, or with this ``mode``, in the place of the one at ``path``, whole or not at all; a
    ``new`` one only where there is none. Raises OSError, and then leaves nothing behind."""
    # 0600: what is written names people and machines, or is a secret.
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content.encode("utf-8") if isinstance(content, str) else content)
            if mode is not None:
                os.fchmod(handle, mode)
            stream.flush()
            # A full disk may say so only now, and what is renamed before it is written is lost with the power.
            os.fsync(stream.fileno())
        if new:
            os.link(temporary, path)
            os.unlink(temporary)
        else:
            os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _put_secret(path: str, text: str, new: bool) -> None:
    with private_file(path) as file:
        file.stream.write(text.encode("utf-8"))
        file.put(new)


def unwritable(path: str, exc: Exception, option: str = "dest") -> Failure:
    """The refusal of an ``option`` of which the operating system says ``exc``."""
    said = (exc.strerror if isinstance(exc, OSError) else None) or str(exc)
    return bad_option(
        option,
        f"{visible(path)} cannot be written: {visible(said)}",
        "give the path on the controller of a regular file, or of one that is new",
    )


def _try_out(path: str) -> None:
    """Raises OSError or ValueError where a file cannot be written."""
    found = _status(path)
    if found is not None:
        for is_kind, name in _KINDS:
            if is_kind(found.st_mode):
                raise ValueError(f"it is {name}")
        _require_access(path, os.W_OK)
    directory, new = os.path.dirname(path), []
    while _status(directory) is None:
        directory, name = os.path.split(directory)
        new.append(name)
    for name in new:
        _status(os.path.join(directory, name))  # One that is too long is refused by the directory that is to hold it.
    if not os.path.isdir(directory):
        raise NotADirectoryError(errno.ENOTDIR, f"{directory} is not a directory")
    _require_access(directory, os.W_OK | os.X_OK)
    _require_room(directory)


def _status(path: str) -> os.stat_result | None:
    """What is there, a link itself; None where nothing is."""
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None


def _require_access(path: str, mode: int) -> None:
    if not os.access(path, mode):
        raise PermissionError(errno.EACCES, f"{path} may not be written to")


def _require_room(directory: str) -> None:
    """A full disk is found out before the work whose report it is to hold, and not by the loss of the report."""
    room = os.statvfs(directory)
    blocks = room.f_bfree if os.geteuid() == 0 else room.f_bavail  # what is kept back is root's
    # Where nothing is counted, as on some mounted clouds, nothing is known.
    if (room.f_blocks and not blocks) or (room.f_files and not room.f_favail):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextlib.contextmanager
def directory_of(path: str) -> t.Iterator[None]:
    """The directory of the file ``path`` is there within the ``with``: made where it was not, and taken away again
    where nothing comes into it."""
    directory, made = os.path.dirname(path), []
    while not os.path.isdir(directory):
        made.append(directory)
        directory = os.path.dirname(directory)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        yield
    except BaseException:
        for directory in made:
            with contextlib.suppress(OSError):  # Others may have put something there meanwhile.
                os.rmdir(directory)
        raise
