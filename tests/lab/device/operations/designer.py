# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""icd_find, icd_build, file_part: a package built by Windows Configuration Designer."""

from __future__ import annotations

import base64
import binascii
import hashlib
import ntpath
import re

from ...icd import program, stores
from .. import icd
from ..accounts import Caller
from ..errors import E_PATH_NOT_FOUND, WindowsError, access_denied, bad_argument, file_not_found
from .dispatch import operation, require_elevated, require_system
from .files import absolute, confirm_directory, own_path

LARGEST_PART = 720896
SHOWN = 20000
NO_ERROR = {"type": None, "message": None, "hresult": None}
_BUILT = re.compile(r"(package|encrypted)\.[a-z]+")


@operation("icd_find")
def icd_find(device, caller: Caller, path: str | None = None) -> dict:
    if path:
        full = absolute(device, path)
        return {"tools": _tool(device, "path", full), "apps": True}
    tools = []
    root = device.registry.get(icd.KITS, "KitsRoot10")
    if root:
        folder = rf"{root}Assessment and Deployment Kit\Imaging and Configuration Designer\x86"
        tools += _tool(device, "adk", rf"{folder}\ICD.exe")
    if device.icd.apps is None or not caller.elevated:
        return {"tools": tools, "apps": False}
    for app in device.icd.apps:
        tools += _tool(device, "store", rf"{app['place']}\icd\ICD.exe")
    return {"tools": tools, "apps": True}


@operation("icd_build")
async def icd_build(
    device, caller: Caller, folder: str, tool: str, stores: list, customizations: str, encrypted: bool, timeout: int
) -> dict:
    require_system(caller)
    full, program_path = own_path(device, folder), absolute(device, tool)
    if ntpath.basename(program_path).lower() != "icd.exe":
        raise access_denied(f"Refused, it is no ICD.exe: {program_path}")
    confirm_directory(device, full)
    async with device.icd.turn:
        return await _build(device, full, program_path, customizations, stores, encrypted, timeout)


async def _build(
    device, full: str, program_path: str, customizations: str, stores: list, encrypted: bool, timeout: int
) -> dict:
    answer: dict = {"runs": [], "files": [], "left": [], "error": NO_ERROR}
    before = {entry.path for entry in _logs(device)}
    try:
        if device.files.entry(program_path) is None:
            raise file_not_found(program_path)
        copies = _write_input(device, full, customizations, stores)
        for name, more in (("package", ""), ("encrypted", " +Encrypted"))[: 2 if encrypted else 1]:
            answer["runs"].append(await _run(device, full, name, copies, more, timeout))
    except WindowsError as error:
        answer["error"] = error.as_answer()
    built = []
    for entry in device.files.children(full):
        name = ntpath.basename(entry.path)
        if entry.data is not None and _BUILT.fullmatch(name):
            sha256 = hashlib.sha256(entry.data).hexdigest()
            built.append({"name": name, "size": len(entry.data), "sha256": sha256})
        else:
            device.files.remove(entry.path)
    answer["files"] = built
    for entry in [entry for entry in _logs(device) if entry.path not in before]:
        if device.icd.fault == "keeps_log":
            answer["left"].append(entry.path)
            continue
        device.files.remove(entry.path)
        device.files.remove_empty(entry.path, ntpath.dirname(program.LOGS))
    return answer


@operation("file_part")
def file_part(device, caller: Caller, path: str, offset: int, length: int) -> dict:
    require_elevated(caller)
    full = own_path(device, path)
    if offset < 0 or not 0 < length <= LARGEST_PART:
        raise bad_argument(f"No piece of a file: {length} bytes from {offset} on")
    entry = device.files.entry(full)
    if entry is None:
        raise _missing(device, full)
    if entry.data is None:
        raise access_denied(f"Access to the path '{full}' is denied.")
    content = base64.b64encode(entry.data[offset : offset + length]).decode("ascii")
    return {"size": len(entry.data), "content": content}


def _missing(device, path: str) -> WindowsError:
    """What is said of a file that is not there: where not even its directory is, another thing."""
    full = device.files.resolve(path)
    if device.files.is_directory(ntpath.dirname(full)):
        return file_not_found(full)
    message = f"Could not find a part of the path '{full}'."
    return WindowsError("System.IO.DirectoryNotFoundException", message, E_PATH_NOT_FOUND)


def _tool(device, source: str, path: str) -> list[dict]:
    entry = device.files.entry(path)
    if entry is None or entry.data is None:
        return []
    store = rf"{ntpath.dirname(entry.path)}\{stores.DESKTOP}"
    version = entry.data.decode("ascii", "replace").split(" ")[2]
    found = store if device.files.exists(store) else None
    return [{"source": source, "path": entry.path, "store": found, "version": version}]


def _write_input(device, folder: str, customizations: str, given: list) -> str:
    try:
        document = base64.b64decode(customizations, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise WindowsError("System.FormatException", "The input is not a valid Base-64 string.") from exc
    device.files.write(rf"{folder}\customizations.xml", document)
    device.files.make_directory(rf"{folder}\temp")
    copies = []
    for number, path in enumerate(given):
        entry = device.files.entry(absolute(device, path))
        if entry is None or entry.data is None:
            raise _missing(device, path)
        copies.append(rf"{folder}\store{number}.dat")
        device.files.write(copies[-1], entry.data)
    return ",".join(copies)


async def _run(device, folder: str, name: str, copies: str, more: str, timeout: int) -> dict:
    if device.icd.seconds > timeout:
        await device.delay(timeout)
        raise WindowsError("System.TimeoutException", f"ICD.exe did not end within {timeout} s")
    await device.delay(device.icd.seconds)
    line = rf'/Build-ProvisioningPackage /CustomizationXML:"{folder}\customizations.xml" '
    line += rf'/PackagePath:"{folder}\{name}.ppkg" /StoreFile:"{copies}" +Overwrite{more}'
    exit_code, text = program.run(device, line)
    return {"exit_code": exit_code, "text": text[-SHOWN:]}


def _logs(device) -> list:
    folders = [entry.path for entry in device.files.children(program.DOCUMENTS)]
    found: list = []
    while folders:
        for entry in device.files.children(folders.pop()):
            (found if entry.data is not None else folders).append(entry if entry.data is not None else entry.path)
    return found
