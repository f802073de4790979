# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-ins for Windows: their text, and the file of the description that they look at. Standard library only.

``windows/README.md`` has the format of a description.
"""

from __future__ import annotations

import base64
import json
import os
import re
import typing as t
from pathlib import Path

HERE = Path(__file__).resolve().parent
FILE = "description.json"
Document = dict[str, t.Any]
BEGIN = "$ProofBegins = $true"

_FUNCTION = re.compile(r"(?m)^function ([\w-]+)")


def texts(runner: str) -> list[str]:
    """stubs.ps1, and each of windows/ that replaces something in this runner."""
    found = (file.read_text(encoding="ascii") for file in sorted((HERE / "windows").glob("*.ps1")))
    needed = (text for text in found if any(name in runner for name in _FUNCTION.findall(text)))
    return [(HERE / "stubs.ps1").read_text(encoding="ascii"), *needed]


def text(runner: str) -> str:
    """What is put before the last lines of a runner."""
    return "\n".join(texts(runner))


def quick_text(runner: str) -> str:
    """The same for a PowerShell that runs many runners; ``BEGIN`` is its first line."""
    return f"{BEGIN}\n" + "".join(compiled_once(text) for text in texts(runner))


def compiled_once(text: str) -> str:
    """A line that does what *text* does; a PowerShell compiles that once, however many runners have it."""
    packed = base64.b64encode(text.encode("ascii")).decode("ascii")
    unpacked = f"[Text.Encoding]::ASCII.GetString([Convert]::FromBase64String('{packed}'))"
    return f". ([ScriptBlock]::Create({unpacked}))\n"


def dumps(document: Document) -> str:
    """A description as its file has it: one member a line, so that the stand-ins need not read all of it."""
    members = (f"{json.dumps(name)}:{json.dumps(value, separators=(',', ':'))}" for name, value in document.items())
    return "{\n" + ",\n".join(members) + "\n}\n"


def write(folder: Path, document: Document) -> None:
    """Put the description into a folder, whole or not at all."""
    temporary = folder / f"{FILE}.tmp"
    temporary.write_text(dumps(document), encoding="ascii")
    os.replace(temporary, folder / FILE)


def read(folder: Path) -> Document:
    """The description in a folder, as the stand-ins have left it."""
    return json.loads((folder / FILE).read_text(encoding="utf-8"))
