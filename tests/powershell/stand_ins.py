# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-ins for Windows: their text, and the file of the description that they look at. Standard library only.

``windows/README.md`` has the format of a description.
"""

from __future__ import annotations

import json
import os
import re
import typing as t
from pathlib import Path

HERE = Path(__file__).resolve().parent
FILE = "description.json"
Document = dict[str, t.Any]

_FUNCTION = re.compile(r"(?m)^function ([\w-]+)")


def text(runner: str) -> str:
    """What is put before the last lines of a runner: stubs.ps1, and each of windows/ that replaces something in it."""
    texts = (file.read_text(encoding="ascii") for file in sorted((HERE / "windows").glob("*.ps1")))
    needed = (text for text in texts if any(name in runner for name in _FUNCTION.findall(text)))
    return "\n".join([(HERE / "stubs.ps1").read_text(encoding="ascii"), *needed])


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
