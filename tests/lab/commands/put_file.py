# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's file transfer to and from a device: its scripts up to ansible-core 2.18, and what both generations do."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re

from .session import Record, ScriptResult, Session, terminated

_CREATE = re.compile(r"\$fd\s*=\s*\[(?:System\.)?IO\.File\]::Create\(\$path\).*FromBase64String\(\$input\)", re.S)
_READ = re.compile(r"New-Object -TypeName IO\.FileStream\(\$path.*\$stream\.Seek\(\$offset", re.S)
_PATH = re.compile(r"\$path\s*=\s*'(?P<path>(?:[^']|'')*)'")
_NUMBER = re.compile(r"\$(?P<name>buffer_size|offset)\s*=\s*(?P<value>\d+)")


def recognises(script: str) -> bool:
    """Tell the scripts with which older versions write and read a file."""
    return bool(_CREATE.search(script) or _READ.search(script))


async def run(script: str, arguments: list[str], session: Session) -> ScriptResult:
    """Run such a script; psrp passes the path as an argument, winrm writes it into the script."""
    match = _PATH.search(script)
    path = match["path"].replace("''", "'") if match else arguments[0] if arguments else ""
    if _CREATE.search(script):
        return write(path, await session.input_lines(), session)
    numbers = {found["name"]: int(found["value"]) for found in _NUMBER.finditer(script)}
    return read_part(path, numbers["offset"], numbers["buffer_size"], session)


def write(path: str, lines: list[str | bytes], session: Session) -> ScriptResult:
    """Create the file from base64 lines and print the SHA-1 of what was written."""
    record = Record("put_file")
    try:
        content = b"".join(base64.b64decode(line, validate=True) for line in lines)
    except (binascii.Error, ValueError):
        return _failed("The input is not a valid Base-64 string.", "FormatException", record)
    if "%" in path:  # .NET expands no variables: this is a name in the current directory, and its parent is not there
        path = f"C:\\Users\\{session.account}\\{path}"
        return _failed(f"Could not find a part of the path '{path}'.", "DirectoryNotFoundException", record)
    try:
        session.host.files.write(path, content)
    except FileNotFoundError:
        return _failed(f"Could not find a part of the path '{path}'.", "DirectoryNotFoundException", record)
    except (PermissionError, IsADirectoryError):
        return _failed(f"Access to the path '{path}' is denied.", "UnauthorizedAccessException", record)
    sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return ScriptResult([json.dumps({"sha1": sha1}, separators=(",", ":"))], record=record)


def read_part(path: str, offset: int, size: int, session: Session) -> ScriptResult:
    """Print one part of a file in base64, [DIR] for a directory."""
    content = _read(path, session)
    if not isinstance(content, bytes):
        return content
    part = content[offset : offset + size]
    return ScriptResult([base64.b64encode(part).decode()] if part else [], record=Record("fetch_file"))


def read_all(path: str, size: int, session: Session) -> ScriptResult:
    """Print [FILE] and every part of a file in base64, [DIR] for a directory."""
    content = _read(path, session)
    if not isinstance(content, bytes):
        return content
    parts = [content[start : start + size] for start in range(0, len(content), size)]
    return ScriptResult(["[FILE]", *(base64.b64encode(part).decode() for part in parts)], record=Record("fetch_file"))


def _read(path: str, session: Session) -> bytes | ScriptResult:
    try:
        return session.host.files.read(path)
    except FileNotFoundError:
        if session.host.files.exists(path):
            return ScriptResult(["[DIR]"], record=Record("fetch_file"))
        result = terminated(f"{path} does not exist", error_id="WriteErrorException")
        result.exit_code, result.record = 1, Record("fetch_file")
        return result
    except (PermissionError, IsADirectoryError):
        return ScriptResult(["[DIR]"], record=Record("fetch_file"))


def _failed(message: str, error_id: str, record: Record) -> ScriptResult:
    text = f'Exception calling "Create" with "1" argument(s): "{message}"'
    result = terminated(text, category="NotSpecified", error_id=error_id)
    result.exit_code, result.record = 1, record
    return result
