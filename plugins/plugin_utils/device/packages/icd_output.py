# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ICD.exe prints: errors, and the password of an encrypted package.

Its exit code and its last sentence are not believed: it reports success for a package without its files. Source of the
lines of errors: build logs that people have published (ms-iot/iot-adk-addonkit). Nobody has published a line with a
password: any line counts that has the word and something behind it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ...result import Failure
from ...untrusted import in_one_line

MOST_ERRORS = 20
LONGEST_PASSWORD = 256
_NOTHING = "ICD.exe has built no package"
_ERROR = re.compile(r"ICD(?:\.exe)? ?: ?ERROR ?: ?(.*)", re.IGNORECASE)
_LOG = re.compile(r"[A-Za-z]:\\.*\.log", re.IGNORECASE)


def errors(text: str) -> list[str]:
    """The errors that it names, without its own heading of them and the path of its log."""
    found = [match[1].strip() for line in text.splitlines() if (match := _ERROR.match(line.strip()))]
    told = [line for line in found if line and not _LOG.fullmatch(line)]
    return [in_one_line(line) for line in told if not line.endswith(":")][:MOST_ERRORS]


def password(text: str) -> str | None:
    """The password that it has made; None where it names none, or several."""
    found = set()
    for line in text.splitlines():
        at = line.lower().rfind("password")
        _word, mark, value = line[at:].partition(":") if at >= 0 else ("", "", "")
        value = value.strip().strip("\"'")
        if mark and value and not any(letter.isspace() for letter in value):
            found.add(value)
    only = found.pop() if len(found) == 1 else None
    return only if only and len(only) <= LONGEST_PASSWORD else None


def failed(texts: list[str], exit_code: int | None) -> Failure:
    """The Failure of a run that has written no package."""
    said = [line for text in texts for line in errors(text)]
    told = "; ".join(said) or f"it names no error (exit code {exit_code})"
    more: dict[str, t.Any] = {"side": "device", "code": exit_code, "evidence": said}
    if _has(said, "0x80070490"):
        cause = f"this version of the tool does not know a setting: {told}"
        fix = "install a newer one, name its settings store in store_file, or leave the setting out"
        return Failure(f"{_NOTHING}: {cause}; {fix}", name="setting_not_in_store", cause=cause, fix=fix, **more)
    if _has(said, "0x80070070"):
        cause, fix = f"the host's disk is full: {told}", "free space on the host's system drive"
        return Failure(f"{_NOTHING}: {cause}; {fix}", name="host_disk_full", cause=cause, fix=fix, **more)
    if _has(said, "0x80070020"):
        cause = f"another program on the host has a file open: {told}"
        fix = "look which program it is, such as a virus scanner or the graphical tool, and run the task again"
        return Failure(f"{_NOTHING}: {cause}; {fix}", name="host_file_in_use", cause=cause, fix=fix, **more)
    fix = "correct the description, or build it in Windows Configuration Designer, which shows where it is wrong"
    return Failure(f"{_NOTHING}: {told}; {fix}", name="icd_failed", cause=f"ICD.exe says: {told}", fix=fix, **more)


def _has(said: list[str], code: str) -> bool:
    return any(code in line.lower() for line in said)
