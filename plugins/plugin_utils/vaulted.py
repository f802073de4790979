# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of the controller that may be encrypted with Ansible Vault: in clear on its disk only while they are used.

Ansible decrypts such a file into one of its own (mode 0600, in a directory of mode 0700 below ``local_tmp``), and a
worker ends without taking it away: it lies there until ansible-playbook ends, which may be hours later (ansible-core,
``DataLoader.get_real_file`` and ``WorkerProcess``). Who holds a join credential cannot wait for that.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import typing as t

from ansible.errors import AnsibleError
from ansible.parsing.vault import is_encrypted

from .result import Failure
from .untrusted import visible

_HEADER = 100
"""Bytes, of which the first line of a vaulted file is less."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


class TooLarge(AnsibleError):
    """A file has more bytes than it may have."""


def find(action: t.Any, src: str) -> str:
    """The path of the file that an option such as ``src`` names, looked for as playbooks do. Raises AnsibleError."""
    return action._find_needle("files", src)


def _full_disk(exc: BaseException | None) -> int | None:
    """The error number of a disk that takes nothing, in an exception or what it was raised for. Ansible gives it on as
    one of several, and as a plain Exception, too."""
    while exc is not None:
        if isinstance(exc, OSError) and exc.errno in _FULL:
            return exc.errno
        exc = exc.__cause__ or exc.__context__
    return None


def content(action: t.Any, path: str, most: int) -> bytes:
    """What a file of the controller holds, decrypted in memory where it is encrypted: nothing of it is written.

    Raises AnsibleError, also where it is not a regular file, and TooLarge where it has more than ``most`` bytes.
    """
    try:
        with open(path, "rb", opener=_opened) as file:
            found = file.read(most + 1)
            if is_encrypted(found[:_HEADER]):
                # Two letters of hexadecimal digits twice, and line ends.
                found = _decrypted(action, found + file.read(5 * most + _HEADER))
    except OSError as exc:
        raise AnsibleError(os.strerror(exc.errno) if exc.errno else type(exc).__name__) from exc
    if len(found) > most:
        raise TooLarge(f"it has more than {most} bytes")
    return found


def _opened(path: str, flags: int) -> int:
    """The handle of a regular file: a pipe or a device would be waited for, and a directory has no content."""
    handle = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise AnsibleError("it is not a regular file")
    return handle


def text(action: t.Any, ciphertext: str) -> str:
    """The text that stands encrypted in another. Raises AnsibleError."""
    try:
        return _decrypted(action, ciphertext.encode()).decode()
    except UnicodeDecodeError as exc:
        raise AnsibleError("it is not a text") from exc


def _decrypted(action: t.Any, ciphertext: bytes) -> bytes:
    return action._loader._vault.decrypt(ciphertext.strip())


@contextlib.contextmanager
def in_clear(action: t.Any, path: str) -> t.Iterator[str]:
    """The path at which the content of a file can be read within the ``with``, its own where it is not encrypted.

    Raises AnsibleError, and Failure where the controller's disk does not take it.
    """
    try:
        readable = action._loader.get_real_file(path)
    except Exception as exc:
        full = _full_disk(exc)
        if full is None:
            raise
        cause = f"{visible(path)} cannot be decrypted on the controller: {os.strerror(full)}"
        fix = (
            "free space where Ansible keeps its temporary files (local_tmp), or set ANSIBLE_LOCAL_TEMP to another place"
        )
        raise Failure(
            f"could not begin: {cause}; {fix}", side="controller", name="not_decrypted", cause=cause, fix=fix
        ) from exc
    try:
        yield readable
    finally:
        action._loader.cleanup_tmp_file(readable)
