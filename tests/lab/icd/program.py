# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ICD.exe of the lab: its command line, what it prints, and what it leaves behind.

Syntax: Microsoft, "Windows Configuration Designer command-line interface". The form of errors, the exit code 100 and
the place of the log are those of published build logs (ms-iot/iot-adk-addonkit). It reports success for a package
without the files that had a relative path (scripts of the field). How it words a success and names a password is a
guess: nobody has published it.
"""

from __future__ import annotations

import hashlib
import re
import typing as t

from .. import ppkg
from . import stores
from .catalog import catalog
from .compiler import Package, Refused

BANNER = "Microsoft (C) Windows Imaging and Configuration Designer"
FAILED = 100
#: SYSTEM's documents, as a 32-bit program sees them.
DOCUMENTS = r"C:\Windows\SysWOW64\config\systemprofile\Documents"
LOGS = rf"{DOCUMENTS}\Windows Imaging and Configuration Designer (WICD)\Common"
SWITCHES = {"build-provisioningpackage", "customizationxml", "packagepath", "storefile", "productname", "variables"}
FLAGS = {"encrypted", "overwrite"}
_PART = re.compile(r'(?:[^\s"]|"[^"]*")+')


def run(device: t.Any, line: str) -> tuple[int, str]:
    """(exit code, what it prints) for a command line without the program."""
    said, code, secret = [BANNER, ""], 0, None
    try:
        secret = _build(device, _options(line))
        said += [f"Password: {secret}"] if secret and device.icd.fault != "no_password" else []
        said += ["", "Provisioning package was successfully built.", ""]
        code = FAILED if device.icd.fault == "says_failure" else 0
    except Refused as exc:
        code, log = FAILED, _log_path(device)
        said += [f"ICD.exe : ERROR: {text}" for text in (*exc.lines, log)]
    _write_log(device, [line, *said, *([secret] if secret else [])])
    return code, "\r\n".join(said) + "\r\n"


def _options(line: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for part in (match[0].replace('"', "") for match in _PART.finditer(line)):
        name, _colon, value = part[1:].partition(":")
        kind = SWITCHES if part[:1] == "/" else FLAGS if part[:1] in "+-" else ()
        if name.lower() not in kind:
            raise Refused("Command-line has too many parameters")
        given[name.lower()] = value if part[:1] == "/" else part[0]
    if "build-provisioningpackage" not in given or "packagepath" not in given:
        raise Refused("Required command-line parameters were not specified")
    return given


def _build(device: t.Any, given: dict[str, str]) -> str | None:
    """Build it. Gives the password of an encrypted one."""
    files, target, fault = device.files, given["packagepath"], device.icd.fault
    if files.exists(target) and given.get("overwrite") != "+":
        raise Refused(f"The file '{target}' already exists. (0x80070050)")
    try:
        document = files.read(given.get("customizationxml", ""))
        # Without a store it knows what is common to all Windows, and says nothing about it.
        places = given["storefile"].split(",") if "storefile" in given else []
        contents = [files.read(place) for place in places] or [stores.store(stores.COMMON)]
        known = stores.known(*contents)
    except (FileNotFoundError, ValueError) as exc:
        raise Refused(f"Could not find file '{exc}'. (0x80070002)" if isinstance(exc, OSError) else str(exc)) from exc
    package = Package(document, known, files.read)
    data = package.data(leave_out=fault == "leaves_files_out")
    if fault == "disk_full":
        raise Refused("There is not enough space on the disk. (0x80070070)")
    if fault == "file_in_use":
        raise Refused("The process cannot access the file because it is being used by another process. (0x80070020)")
    secret = None
    if given.get("encrypted") == "+" and fault != "no_encryption":
        secret = hashlib.sha256(data).hexdigest()[:16]
        data = ppkg.encrypt(data, secret)
    elif given.get("encrypted") == "+":
        secret = "fedcba9876543210"
    files.write(target, data)
    if fault != "no_catalog":
        list_id = hashlib.md5(data, usedforsecurity=False).digest()
        files.write(re.sub(r"\.ppkg$", ".cat", target), catalog(data, list_id, device.utc()))
    return secret


def _log_path(device: t.Any) -> str:
    return rf"{LOGS}\ICDCommon_{device.utc():%Y%m%d-%H%M%S}-{device.icd.runs:03d}_4711.log"


def _write_log(device: t.Any, lines: list[str]) -> None:
    device.icd.runs += 1
    device.files.make_directory(LOGS)
    device.files.write(_log_path(device), "\r\n".join(lines).encode("utf-8"))
