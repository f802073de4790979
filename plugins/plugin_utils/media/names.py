# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and sizes that a medium can hold: those of FAT32 (Microsoft, "Naming Files, Paths, and Namespaces" and "File
System Functionality Comparison") and of Joliet, on whatever file system: sticks are copied.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import os
import re
import unicodedata

from ..options import bad_option
from ..untrusted import spelled, visible

LARGEST_ON_MEDIA = 0xFFFFFFFF
"""Bytes of a file of FAT32."""
LONGEST_ON_MEDIA = 64
"""UTF-16 units of a file's name: of Joliet. FAT32 has 255."""
PPKG = ".ppkg"
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
# Windows drops blanks before the dot.
_RESERVED = re.compile(
    r"(?:con|conin\$|conout\$|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3]) {0,64}(?:\.|$)",
    re.IGNORECASE,
)
# A share, or a URL, or a drive of Windows: none is a directory of the controller.
_SHARE = re.compile(r"\\\\|//|[A-Za-z][A-Za-z0-9+.-]{1,30}://")
_DRIVE = re.compile(r"[A-Za-z]:(?:[\\/]|$)")


def problem(name: str) -> str | None:
    """Why Windows, FAT32 or Joliet does not take this name of a file or folder; None where all do."""
    if not name.strip(" ."):
        return "it is empty"
    if found := _FORBIDDEN.search(name):
        return f"it has {found[0]!r}"
    if name[0] == " " or name[-1] in " .":
        return "it begins with a blank, or ends with a blank or a dot"
    if _RESERVED.match(name):
        return "it is the name of a device of Windows"
    if spelled(name) != name:
        return "it has a letter that cannot be seen"
    try:
        units = len(name.encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        return "it is not a text"
    return f"it is longer than {LONGEST_ON_MEDIA} letters" if units > LONGEST_ON_MEDIA else None


def require_name(name: str, option: str, more: int = 0) -> None:
    """Raises the Failure of a bad ``option`` where no medium can hold a name, to which ``more`` letters are added."""
    if found := problem(name) or problem(name + "x" * more):
        raise bad_option(
            option,
            f"a stick cannot have the name {visible(name)!r}: {found}",
            f"take a name of at most {LONGEST_ON_MEDIA - more} letters that Windows accepts",
        )


def without_case(name: str) -> str:
    """A name as FAT32 and NTFS compare it: letter by letter, in any case. Two names that are equal here are one file
    there."""
    return "".join(upper if len(upper := letter.upper()) == 1 else letter for letter in name)


def without_form(name: str) -> str:
    """A name as file systems compare it to which an accent is the same on its letter and beside it (macOS)."""
    return without_case(unicodedata.normalize("NFC", name))


def package_name(path: str) -> str:
    """The name that a package file has on a medium: its own, with the ending by which Windows finds it."""
    name = os.path.basename(path)
    return name if name.lower().endswith(PPKG) else name + PPKG


def refuse_share(dest: str) -> None:
    """Raises the Failure of a bad ``dest`` where that is a share, or a path of Windows."""
    if _SHARE.match(dest):
        raise bad_option(
            "dest",
            f"{visible(dest)} is a share, and Windows takes a package from no share at its first start",
            "give the folder where the stick is mounted on the controller; once a device is set up, "
            "winops.entra.ppkg and winops.entra.join apply the package to it",
        )
    if _DRIVE.match(dest):
        raise bad_option(
            "dest",
            f"{visible(dest)} is a path of Windows",
            "give the folder where the stick is mounted on the controller",
        )
