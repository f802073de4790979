# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The root of a medium as a folder: what is in it, what would have to be written, and writing it.

Every file is written under a temporary name first. They get their own names when all are whole and on the medium, so
that a stick which is pulled, a full one and a killed run leave what was there.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import hashlib
import os
import stat
import typing as t
from collections.abc import Callable, Collection, Sequence

from ..locks import NotHeld, locked_handle
from ..options import bad_option
from ..progress import Deadline, Progress
from ..result import Failure
from ..untrusted import visible
from . import checklist, names
from .content import AT_ONCE, Content, changed, measured

CATALOG = ".cat"
MOST_ENTRIES = 10_000
"""A root with more is not that of a stick."""
TEMPORARY = ".ppkg_media-"
"""What a run that was killed leaves, and the next one removes, begins so."""
MOST_WAITED = 300
"""Seconds that a task waits for another one in the same folder."""
_PAUSE = 0.05
_KEPT = "what was there before is still there"
_MARGIN = 1 << 16
"""Bytes that must stay free: what a file system itself needs for a few new files."""


@dataclasses.dataclass(frozen=True)
class Look:
    """What a root holds beside the wanted files. ``hashes`` are those of wanted files that are there, by name;
    ``packages`` are other packages, ``stale`` what must not stay beside the wanted files (a catalogue that belongs to
    no package, a checklist in another form, what a killed run has left, a name that is a wanted one but for its case),
    ``others`` all else, sorted; ``is_there`` says whether the folder exists."""

    hashes: dict[str, str]
    packages: list[str]
    stale: list[str]
    others: list[str]
    is_there: bool


def require_root(root: str, what: str = "dest") -> None:
    """The folder is there and can be written to. Raises the Failure of a bad ``dest``; nothing is written to find
    out."""
    shown = visible(root)
    try:
        if not stat.S_ISDIR(os.stat(root).st_mode):
            raise bad_option(what, f"{shown} is not a directory", "give the folder where the stick is mounted")
        read_only = os.statvfs(root).f_flag & os.ST_RDONLY
    except (OSError, ValueError) as exc:
        said = exc.strerror if isinstance(exc, OSError) else str(exc)
        raise bad_option(what, f"{shown}: {said}", "mount the stick, and give the folder where it is mounted") from exc
    if read_only:
        fix = "take the stick's write protection off and mount it for writing, or take another one"
        raise bad_option(what, f"{shown} is mounted read-only", fix)
    if not os.access(root, os.W_OK | os.X_OK):
        raise bad_option(what, f"{shown} may not be written to", "mount it for the user that runs Ansible")


def look(root: str, wanted: Collection[str]) -> Look:
    """What is in the root. Raises Failure where that cannot be read, or a wanted file cannot be replaced."""
    hashes: dict[str, str] = {}
    packages, stale, others = [], [], []
    mine = {name for name in wanted if name.lower().endswith(names.PPKG)}
    # On a stick these are one file with the wanted one.
    taken = {names.without_case(name) for name in wanted}
    unwanted = {names.without_case(os.path.splitext(name)[0] + CATALOG) for name in mine}
    try:
        for entry in _entries(root):
            name, is_file = entry.name, entry.is_file(follow_symlinks=False)
            same = names.without_case(name)
            if same in taken and not is_file:
                raise bad_option("dest", f"{visible(entry.path)} is not a regular file", "remove it")
            if name in wanted:
                with open(entry.path, "rb") as stream:
                    hashes[name] = measured(stream)[1]
            elif name.startswith(TEMPORARY):
                stale.append(name)
            elif name.lower().endswith(names.PPKG) and not entry.is_dir():
                packages.append(name)
            elif same in taken or (is_file and (same in unwanted or _is_checklist(entry))):
                stale.append(name)
            else:
                others.append(name)
    except FileNotFoundError:
        return Look({}, [], [], [], False)
    except OSError as exc:
        raise failed(root, exc, "read") from exc
    return Look(hashes, sorted(packages), sorted(stale), sorted(others), True)


def _is_checklist(entry: os.DirEntry) -> bool:
    """Whether it is a checklist of ours, of which there is another form now, or none."""
    if entry.name not in checklist.FILES.values():
        return False
    with open(entry.path, "rb") as stream:
        return checklist.is_one(stream)


@contextlib.contextmanager
def alone(root: str, progress: Progress) -> t.Iterator[None]:
    """Within it no other task works in this folder: two of them would leave two packages on one stick. Raises Failure
    where another one does not end. Nothing is written for it."""
    handle, real, deadline = None, os.path.realpath(root), Deadline(MOST_WAITED)

    def wait() -> bool:
        progress.pause(_PAUSE, f"waiting for another task in {visible(root)}", deadline)
        return not deadline.passed

    try:
        handle, _waited = locked_handle(real, lambda: os.open(real, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), wait)
    except NotHeld as exc:
        cause = f"another task has been working in {visible(root)} for more than {MOST_WAITED} s"
        fix = "let one task lay out all media (run_once, and media with a row for each), and run this one again"
        raise Failure(f"{cause}; {fix}", side="controller", name="medium_busy", cause=cause, fix=fix) from exc
    except OSError:  # Some file systems have no locks.
        pass
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def look_at_files(root: str, wanted: Collection[str]) -> Look:
    """Which of these files are in a folder in which much else may be, and what a killed run has left there. Raises
    Failure as look() does."""
    hashes = {}
    try:
        with os.scandir(root) as entries:
            left = [entry.name for entry in entries if entry.name.startswith(TEMPORARY)]
    except OSError as exc:
        raise failed(root, exc, "read") from exc
    for name in wanted:
        path = os.path.join(root, name)
        try:
            if not stat.S_ISREG(os.lstat(path).st_mode):
                raise bad_option("dest", f"{visible(path)} is not a regular file", "remove it")
            with open(path, "rb") as stream:
                hashes[name] = measured(stream)[1]
        except FileNotFoundError:
            continue
        except OSError as exc:
            raise failed(path, exc, "read") from exc
    return Look(hashes, [], sorted(left), [], True)


def file_system(root: str) -> int:
    """The number of the file system on which a folder is. Raises Failure."""
    try:
        return os.stat(root).st_dev
    except OSError as exc:
        raise failed(root, exc, "read") from exc


def require_room(root: str, contents: Sequence[Content]) -> None:
    """There is room for these files beside what is there. Raises Failure."""
    needed = sum(content.size for content in contents)
    for content in contents:
        if content.size > names.LARGEST_ON_MEDIA:
            fix = "make the package smaller: a stick with FAT32 holds no file of 4 GiB or more"
            raise bad_option("dest", f"{visible(content.name)} has {content.size} bytes", fix)
    while not os.path.isdir(root):
        root = os.path.dirname(root)
    try:
        room = os.statvfs(root)
    except OSError as exc:  # A stick that was pulled out.
        raise failed(root, exc, "read") from exc
    free = (room.f_bfree if os.geteuid() == 0 else room.f_bavail) * room.f_frsize
    # Where nothing is counted, as on some mounted clouds, nothing is known.
    if contents and room.f_blocks and free < needed + _MARGIN:
        raise _full(root, f"{needed} bytes are to be written to {visible(root)}, and {free} are free")


def write(
    root: str, contents: Sequence[Content], remove: Sequence[str], done: Callable[[str], None] = lambda name: None
) -> None:
    """Write these files, remove others, and have all of it on the medium; ``done`` is called with each name that now is
    as wanted. Raises Failure: then what was there is as it was, but for those."""
    made, whole = not os.path.isdir(root), False
    waiting: list[tuple[str, str]] = []
    try:
        if made:
            os.mkdir(root, 0o700)
        for number, content in enumerate(contents):
            temporary = os.path.join(root, f"{TEMPORARY}{os.getpid()}-{number}.tmp")
            waiting.append((temporary, os.path.join(root, content.name)))
            _put(temporary, content)
        whole = True
        for name in remove:
            os.unlink(os.path.join(root, name))
            done(name)
        for content in contents:
            os.replace(*waiting[0])
            del waiting[0]
            done(content.name)
        _settle(root)
    except OSError as exc:
        raise failed(root, exc, "written", "changes says what was done by then" if whole else _KEPT) from exc
    finally:
        for temporary, _name in waiting:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        if made:
            with contextlib.suppress(OSError):
                os.rmdir(root)  # Where nothing has come into it.


def failed(root: str, exc: OSError, what: str, kept: str = _KEPT) -> Failure:
    """The Failure of a medium of which the operating system says ``exc``; ``kept`` is what is to be said of what was
    there before."""
    shown, said = visible(root), exc.strerror or type(exc).__name__
    if exc.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return _full(root, f"{shown} cannot be {what}: {said}")
    return Failure(
        f"{shown} cannot be {what}: {said}; {kept}",
        side="controller",
        name="medium_failed",
        cause=f"{shown} cannot be {what}: {said}",
        fix="check that the stick is still inserted and mounted for writing, and not worn out; then run the task again",
    )


def _full(root: str, cause: str) -> Failure:
    fix = "free space there, or take a larger stick"
    return Failure(f"{cause}; {fix}", side="controller", name="medium_full", cause=cause, fix=fix)


def _entries(root: str) -> t.Iterator[os.DirEntry]:
    with os.scandir(root) as entries:
        for number, entry in enumerate(entries):
            if number >= MOST_ENTRIES:
                fix = "give the root of a stick"
                raise bad_option("dest", f"{visible(root)} has more than {MOST_ENTRIES} entries", fix)
            yield entry


def _put(path: str, content: Content) -> None:
    """A file for its owner only, whole and on the medium. Raises OSError, and Failure where its source has changed."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as stream:
        digest = hashlib.sha256()
        with content.open() as source:
            while piece := source.read(AT_ONCE):
                digest.update(piece)
                stream.write(piece)
        if digest.hexdigest() != content.sha256:
            raise changed(content.name)
        stream.flush()
        # A full or worn-out stick may say so only now.
        os.fsync(stream.fileno())


def _settle(root: str) -> None:
    """Have the names on the medium, too."""
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as exc:
        if exc.errno not in (errno.EINVAL, errno.ENOTSUP):  # Some file systems have no such thing.
            raise
    finally:
        os.close(handle)
