# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file of a medium: its name, size and hash, and how its bytes are read.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import io
import typing as t
from collections.abc import Callable

from ansible.errors import AnsibleError

from ..result import Failure
from ..task import Task
from ..untrusted import visible

AT_ONCE = 1 << 20
"""Bytes that are read at once."""


@dataclasses.dataclass(frozen=True)
class Content:
    """``open`` gives a stream of the bytes for the time of a ``with``; ``size`` is in bytes."""

    name: str
    size: int
    sha256: str
    open: Callable[[], contextlib.AbstractContextManager[t.BinaryIO]] = dataclasses.field(repr=False)

    @property
    def told(self) -> str:
        """As it is shown among changes."""
        return f"sha256:{self.sha256}"


def of_bytes(name: str, data: bytes) -> Content:
    """A file that is made here."""
    return Content(name, len(data), hashlib.sha256(data).hexdigest(), lambda: io.BytesIO(data))


def of_file(task: Task, name: str, path: str) -> Content:
    """A file of the controller, in clear where it is vaulted. Raises OSError, AnsibleError and Failure."""
    with _in_clear(task, path) as stream:
        size, digest = measured(stream)
    return Content(name, size, digest, functools.partial(_again, task, name, path))


def changed(name: str) -> Failure:
    """The Failure of a file that is not as it was when it was read first."""
    cause = f"{visible(name)} has changed on the controller since it was read"
    fix = "run the task again when nobody writes the file"
    return Failure(f"{cause}; {fix}", side="controller", name="source_changed", cause=cause, fix=fix)


def belongs(catalogue: Content, package: Content) -> bool:
    """Whether a catalogue has a hash of this package: its bytes in one of version 2, its digits in an older one."""
    sha1 = hashlib.sha1(usedforsecurity=False)
    with package.open() as stream:
        while piece := stream.read(AT_ONCE):
            sha1.update(piece)
    with catalogue.open() as stream:
        data = stream.read(AT_ONCE)
    return any(
        bytes.fromhex(digest) in data or digest.upper().encode("utf-16-le") in data
        for digest in (package.sha256, sha1.hexdigest())
    )


def measured(stream: t.BinaryIO) -> tuple[int, str]:
    """(bytes, SHA-256) of a stream from where it stands to its end."""
    size, digest = 0, hashlib.sha256()
    while piece := stream.read(AT_ONCE):
        size += len(piece)
        digest.update(piece)
    return size, digest.hexdigest()


@contextlib.contextmanager
def _again(task: Task, name: str, path: str) -> t.Iterator[t.BinaryIO]:
    """A file that was there. Raises Failure where it is not any more."""
    with contextlib.ExitStack() as opened:
        try:
            stream = opened.enter_context(_in_clear(task, path))
        except (AnsibleError, OSError) as exc:
            raise changed(name) from exc
        yield stream


@contextlib.contextmanager
def _in_clear(task: Task, path: str) -> t.Iterator[t.BinaryIO]:
    with task.in_clear(path) as readable, open(readable, "rb") as stream:
        yield stream
