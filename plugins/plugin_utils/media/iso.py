# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An ISO with a few files in its root, for the virtual drive of a machine: ISO 9660 with the names of Joliet.

Made by the library pycdlib, whose times are those of now; they are replaced, so that the same files give the same
bytes (ECMA-119 has the places: volume descriptors from sector 16 on, records of directories).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import hashlib
import struct
import tempfile
import typing as t
from collections.abc import Sequence

from ..options import bad_option
from ..result import Failure
from ..untrusted import in_one_line, visible
from .content import AT_ONCE, Content, changed, measured

LABEL = "PPKG"
LONGEST_IN_UTF8 = 64
SECTOR = 2048
FIRST_DESCRIPTOR = 16
_TIMES = struct.Struct("<17s17s17s17s")
_TIMES_AT = 813
_NOT_GIVEN = b"0" * 16 + b"\0"
_MADE = b"1980010100000000\0"
_RECORD_TIME = bytes((80, 1, 1, 0, 0, 0, 0))
_ROOT_AT = 156
_RECORD_TIME_AT = 18
_TERMINATOR = 255


def require_library() -> None:
    """Raises the Failure of a bad ``format`` where pycdlib is not there."""
    try:
        import pycdlib  # noqa: F401
    except ImportError as exc:
        raise bad_option(
            "format",
            f"an ISO needs the Python library pycdlib, which is missing for the Python that runs Ansible ({exc})",
            "install it for that Python (pip install pycdlib), or use format folder",
        ) from exc


def require_name(name: str, option: str) -> None:
    """Raises the Failure of a bad ``option`` where pycdlib takes no such name, whose length it counts in UTF-8."""
    if len(name.encode("utf-8")) > LONGEST_IN_UTF8:
        raise bad_option(
            option,
            f"an ISO cannot have the name {visible(name)!r}: it is longer than {LONGEST_IN_UTF8} bytes",
            "give the package a shorter name: a letter that is not of ASCII counts two to four bytes",
        )


@contextlib.contextmanager
def mastered(name: str, files: Sequence[Content]) -> t.Iterator[Content]:
    """The ISO of these files, within the ``with``. It has no name on the disk, so that nothing of it is left.

    Raises Failure.
    """
    with contextlib.ExitStack() as kept:
        try:
            image = kept.enter_context(tempfile.TemporaryFile())
            _write(image, files)
            _without_times(image)
            image.seek(0)
            size, digest = measured(image)
        except OSError as exc:
            where = visible(tempfile.tempdir or "the folder of temporary files")
            cause = f"the ISO cannot be made in {where}: {exc.strerror or exc}"
            fix = "free space there, or set the environment variable TMPDIR to another folder"
            raise Failure(f"{cause}; {fix}", side="controller", name="iso_not_made", cause=cause, fix=fix) from exc

        @contextlib.contextmanager
        def opened() -> t.Iterator[t.BinaryIO]:
            image.seek(0)
            yield image

        yield Content(name, size, digest, opened)


def _write(image: t.BinaryIO, files: Sequence[Content]) -> None:
    import pycdlib

    made = pycdlib.PyCdlib()
    made.new(interchange_level=3, joliet=3, vol_ident=LABEL)
    try:
        with contextlib.ExitStack() as opened:
            for number, content in enumerate(files):
                stream = opened.enter_context(content.open())
                # Windows reads the names of Joliet; those of ISO 9660 have eight capital letters.
                made.add_fp(stream, content.size, f"/FILE{number}.;1", joliet_path=f"/{content.name}")
            made.write_fp(image)
        for content in files:
            _require_same(image, made.get_record(joliet_path=f"/{content.name}").extent_location(), content)
    except pycdlib.pycdlibexception.PyCdlibException as exc:
        cause = f"pycdlib makes no ISO of these files: {in_one_line(str(exc))}"
        fix = "give the package another name, or use format folder"
        raise Failure(f"{cause}; {fix}", side="controller", name="iso_not_made", cause=cause, fix=fix) from exc
    finally:
        made.close()


def _require_same(image: t.BinaryIO, sector: int, content: Content) -> None:
    """Raises the Failure of a file that has changed since it was read: what begins at this sector is another one."""
    image.seek(sector * SECTOR)
    digest, left = hashlib.sha256(), content.size
    while left and (piece := image.read(min(left, AT_ONCE))):
        digest.update(piece)
        left -= len(piece)
    if digest.hexdigest() != content.sha256:
        raise changed(content.name)


def _without_times(image: t.BinaryIO) -> None:
    """Put fixed times in the place of all times of the image."""
    sector = FIRST_DESCRIPTOR
    while True:
        image.seek(sector * SECTOR)
        descriptor = bytearray(image.read(SECTOR))
        if len(descriptor) < SECTOR or descriptor[0] == _TERMINATOR:
            return
        _TIMES.pack_into(descriptor, _TIMES_AT, _MADE, _MADE, _NOT_GIVEN, _MADE)
        _set_record_time(descriptor, _ROOT_AT)
        image.seek(sector * SECTOR)
        image.write(descriptor)
        # Where the root directory is, and how long (both spellings of a number stand there: little, then big endian).
        extent, length = (struct.unpack_from("<I", descriptor, _ROOT_AT + at)[0] for at in (2, 10))
        image.seek(extent * SECTOR)
        directory = bytearray(image.read(length))
        _set_times_of_directory(directory)
        image.seek(extent * SECTOR)
        image.write(directory)
        sector += 1


def _set_times_of_directory(directory: bytearray) -> None:
    at = 0
    while at < len(directory):
        if directory[at]:
            _set_record_time(directory, at)
            at += directory[at]
        else:  # No record crosses the border of a sector.
            at = (at // SECTOR + 1) * SECTOR


def _set_record_time(holder: bytearray, at: int) -> None:
    begin = at + _RECORD_TIME_AT
    holder[begin : begin + len(_RECORD_TIME)] = _RECORD_TIME
