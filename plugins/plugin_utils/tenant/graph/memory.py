# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this controller has made in a tenant within the last minutes: the next task knows it where Graph does not yet.

A file for each tenant beside the user's other data of Ansible: kind, name and id of each object, and when it was made.
It helps and is never needed: one that is missing, damaged or cannot be written is passed over.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import itertools
import json
import math
import os
import stat
import time
import typing as t
from collections.abc import Callable, Iterator

from ...locks import NotHeld, held, patience
from ...options import is_guid
from ...report.writer import put
from ...result import Failure
from ...untrusted import in_one_line, read_json
from .consistency import NEW_SECONDS
from .retry import Waits

#: Objects in one file; the oldest go first.
MOST_OBJECTS = 500
_LARGEST_FILE = 1 << 20
_LONGEST_NAME = 1000
#: Another task's writing takes milliseconds.
_PATIENCE_SECONDS = 2.0
#: Between two looks at whether another task is done with a creation.
_POLL_SECONDS = 0.25
#: A line of progress every 20 seconds.
_LOOKS_A_LINE = 80


@dataclasses.dataclass(frozen=True)
class NewObject:
    """An object that this controller has made. ``noun`` and ``name`` are as people name it, ``made`` is in seconds
    since 1970. ``id`` is None where Graph's answer was lost, so that it may have been made or not."""

    noun: str
    name: str
    id: str | None
    made: float


class Memory:
    """The new objects of one tenant. ``directory`` None: only those of this task are known. ``tenant`` says which
    tenant it is, and is asked when it is needed, as only a token knows it for sure."""

    def __init__(
        self,
        directory: str | None = None,
        tenant: Callable[[], str] = lambda: "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.directory = directory
        self._tenant = tenant
        self._clock = clock
        self._own: set[str] = set()

    @property
    def key(self) -> str:
        """The tenant in the names of files."""
        return hashlib.sha256(self._tenant().encode()).hexdigest()[:32]

    @property
    def path(self) -> str | None:
        """The file; None where there is none."""
        return os.path.join(self.directory, f"new_objects_{self.key}.json") if self.directory else None

    def recall(self, noun: str, name: str) -> NewObject | None:
        """The newest object of this name that this controller has made within the last minutes."""
        return next((one for one in reversed(self._load()) if (one.noun, one.name) == (noun, name)), None)

    def made(self, identity: str) -> bool:
        """Whether this controller has made the object of this id within the last minutes."""
        return identity.lower() in self._own or any(one.id == identity.lower() for one in self._load())

    @contextlib.contextmanager
    def alone(self, noun: str, name: str, waits: Waits) -> Iterator[bool]:
        """Be the only task of this controller that creates an object of this name in the tenant; what is given says
        whether another one was at it before. Where there can be no files, nothing is locked.

        Failure where another task is not done within the task's timeout.
        """
        with contextlib.ExitStack() as lock:
            yield self._lock(lock, noun, name, waits)

    def _lock(self, lock: contextlib.ExitStack, noun: str, name: str, waits: Waits) -> bool:
        if self.directory is None:
            return False
        which = hashlib.sha256(f"{noun}\0{name.casefold()}".encode("utf-8", "replace")).hexdigest()[:32]
        why = f"another task creates the {noun} {in_one_line(name)!r}"
        try:
            os.makedirs(self.directory, mode=0o700, exist_ok=True)
            path = os.path.join(self.directory, f"creating_{self.key}_{which}.lock")
            return lock.enter_context(held(path, _polling(waits, why)))
        except NotHeld:
            cause = f"{why} on this controller, and is not done"
            fix = "run the task again; run_once lets one host do what is the same for all"
            raise Failure(f"{cause}; {fix}", side="controller", name="creation_locked", cause=cause, fix=fix) from None
        except OSError:
            return False

    def add(self, noun: str, name: str, identity: str | None) -> None:
        """Remember an object that was made, or renamed, just now."""
        identity = identity and identity.lower()
        if identity:
            self._own.add(identity)
        entry = NewObject(noun, name, identity, self._clock())
        self._change(lambda old: [*(one for one in old if not _same(one, entry)), entry])

    def forget(self, noun: str, name: str, identity: str | None) -> None:
        """The object was deleted; with id None, what was in doubt is clear."""
        self._own.discard(identity or "")
        gone = NewObject(noun, name, identity, 0)
        self._change(lambda old: [one for one in old if not _same(one, gone)])

    def _load(self) -> list[NewObject]:
        path = self.path
        if path is None:
            return []
        try:
            status = os.lstat(path)
            if not stat.S_ISREG(status.st_mode) or status.st_uid != os.getuid():
                return []
            content = read_json(path, _LARGEST_FILE)
        except (OSError, ValueError):
            return []
        rows = content.get("objects") if isinstance(content, dict) else None
        found = [_entry(row) for row in rows] if isinstance(rows, list) else []
        now = self._clock()
        return [one for one in found if one is not None and abs(now - one.made) < NEW_SECONDS]

    def _change(self, change: Callable[[list[NewObject]], list[NewObject]]) -> None:
        """Read, change and replace the file, while no other task does."""
        path = self.path
        if path is None:
            return
        with contextlib.suppress(OSError, ValueError, NotHeld):
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            with held(path + ".lock", patience(_PATIENCE_SECONDS)):
                old = self._load()
                new = change(old)[-MOST_OBJECTS:]
                if new != old:
                    put(path, json.dumps({"objects": [dataclasses.asdict(one) for one in new]}))


def _polling(waits: Waits, why: str) -> Callable[[], bool]:
    """Waits a moment each time, within the task's timeout, and not in silence."""
    looks = itertools.count()

    def wait() -> bool:
        if next(looks) % _LOOKS_A_LINE == 0:
            waits.tell(f"{why}: waiting for it ({waits.left:.0f} s left)")
        return waits.wait(_POLL_SECONDS, why)

    return wait


def _same(one: NewObject, other: NewObject) -> bool:
    """Whether these are the same object, or one of them is what was in doubt about the other."""
    if None in (one.id, other.id):
        return (one.noun, one.name) == (other.noun, other.name) and one.id is None
    return one.id == other.id


def _entry(row: t.Any) -> NewObject | None:
    """One row of the file, where it is one."""
    if not isinstance(row, dict):
        return None
    noun, name, identity, made = (row.get(field) for field in ("noun", "name", "id", "made"))
    if not isinstance(noun, str) or not isinstance(name, str) or len(name) > _LONGEST_NAME:
        return None
    if identity is not None and not (isinstance(identity, str) and is_guid(identity)):
        return None
    if isinstance(made, bool) or not isinstance(made, (int, float)) or not math.isfinite(made):
        return None
    return NewObject(noun, name, identity, float(made))
