# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on their way to a host and back: whole or not at all, and on no disk of the controller.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import os
import re
import tempfile
import typing as t
from collections.abc import Mapping

from ...result import Failure
from ...untrusted import visible
from .. import jobs
from .. import operations as op
from ..reading import Unreadable
from ..session import DeviceSession
from ..waiting import Waiter

PART_BYTES = 720_896
"""What an answer holds in base64."""
LARGEST_FETCHED = 512 << 20
_ILLEGAL = re.compile(r'[<>:"|?*\x00-\x1f]|[. ]\Z')


def bring(session: DeviceSession, waiter: Waiter, folder: str, files: Mapping[str, bytes]) -> dict[str, str]:
    """Make our directory on the host, empty, and copy these files into it: their absolute paths there, by the keys.

    Each keeps its name, in a directory of its own. Raises Failure, also for a name that Windows does not have.
    """
    names = {key: _name(key) for key in files}
    old = waiter.ask({"old": op.path_remove(folder)}, "removing what an earlier build has left")
    jobs.require(old["old"], "what an earlier build has left cannot be removed")
    asked = {"folder": op.directory_create(folder)}
    asked |= {f"of {number}": op.directory_create(rf"{folder}\files\{number}") for number in range(len(files))}
    made = waiter.ask(asked, "preparing the directory of the build")
    for result in made.results.values():
        jobs.require(result, "the directory of the build cannot be created")
    paths = {}
    for number, (key, content) in enumerate(files.items()):
        paths[key] = rf"{made[f'of {number}']['path']}\{names[key]}"
        with in_memory(content) as path:
            session.put_file(path, paths[key])
    if paths:
        _check_copies(waiter, paths, files)
    return paths


def fetch(waiter: Waiter, path: str, size: int, sha256: str) -> bytes:
    """A file of ours on the host, of this size and hash. Raises Failure."""
    if not 0 <= size <= LARGEST_FETCHED:
        raise Failure(
            f"the file {path} has {size} bytes, more than {LARGEST_FETCHED >> 20} MiB",
            side="device",
            name="built_too_large",
            cause="the package is larger than what is fetched",
            fix="leave large files out of the package, and have a command of it download them",
        )
    found = bytearray()
    while len(found) < size:
        part = waiter.ask({"part": op.file_part(path, len(found), PART_BYTES)}, f"fetching {path}")["part"]
        try:
            content = base64.b64decode(part["content"], validate=True)
            same = part["size"] == size and 0 < len(content) <= min(PART_BYTES, size - len(found))
        except (Unreadable, binascii.Error, ValueError) as exc:
            raise _damaged(f"the file {path} cannot be fetched: {exc}") from exc
        if not same:
            raise _damaged(f"the file {path} has changed while it was fetched")
        found += content
    if hashlib.sha256(found).hexdigest() != sha256:
        raise _damaged(f"the file {path} arrived damaged: its hash is not the one that the host has computed")
    return bytes(found)


@contextlib.contextmanager
def in_memory(content: bytes) -> t.Iterator[str]:
    """A path at which this process, and programs that it starts, can read the content, which is on no disk.

    Where the system has no such files (only Linux has), it is a temporary file, whose mode is 0600.
    """
    create = getattr(os, "memfd_create", None)
    if create is None or not os.path.isdir("/proc/self/fd"):
        with tempfile.NamedTemporaryFile() as named:
            named.write(content)
            named.flush()
            yield named.name
        return
    with open(create("winops.entra"), "wb") as file:
        file.write(content)
        file.flush()
        yield f"/proc/{os.getpid()}/fd/{file.fileno()}"


def _check_copies(waiter: Waiter, paths: Mapping[str, str], files: Mapping[str, bytes]) -> None:
    looks = {key: op.path_info(path, with_hash=True) for key, path in paths.items()}
    copied = waiter.ask(looks, "checking the copied files")
    for key, content in files.items():
        if copied[key].get("sha256") != hashlib.sha256(content).hexdigest():
            raise _damaged(f"the file {visible(key)} arrived damaged on the host, or something there has changed it")


def _name(key: str) -> str:
    """The name that a file has on the host: it is the one in the package, too."""
    name = key.replace("\\", "/").rpartition("/")[2]
    if not name or _ILLEGAL.search(name):
        raise Failure(
            f"the file {visible(key)} has a name that Windows cannot have",
            side="controller",
            name="bad_file_name",
            cause='a name in Windows has none of < > : " / \\ | ? * and ends with neither a dot nor a blank',
            fix="rename the file",
        )
    return name


def _damaged(sentence: str) -> Failure:
    return Failure(
        sentence,
        side="network",
        name="damaged_copy",
        cause="the copy was cut off, or something on the host changed it",
        fix="check the host's disk space and antivirus log, then run the task again",
    )
