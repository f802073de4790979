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

from ..task import Task

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
    opened = functools.partial(_in_clear, task, path)
    with opened() as stream:
        size, digest = measured(stream)
    return Content(name, size, digest, opened)


def measured(stream: t.BinaryIO) -> tuple[int, str]:
    """(bytes, SHA-256) of a stream from where it stands to its end."""
    size, digest = 0, hashlib.sha256()
    while piece := stream.read(AT_ONCE):
        size += len(piece)
        digest.update(piece)
    return size, digest.hexdigest()


@contextlib.contextmanager
def _in_clear(task: Task, path: str) -> t.Iterator[t.BinaryIO]:
    with task.in_clear(path) as readable, open(readable, "rb") as stream:
        yield stream
