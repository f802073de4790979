# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the harvest of a DeviceLink: the files of a cabinet, and that nothing stays of it."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from .base import Case, Scene, variant

TOOLS = {
    # -area Autopilot -cab FILE
    "MdmDiagnosticsTool.exe": 'test "$WINOPS_PROOF_ODD" = none || printf cab > "$4"; echo "$*"; exit 3',
    # CABINET -F:*.csv FOLDER
    "expand.exe": (
        'test "$2" = "-F:*.csv" && test -f "$1" || exit 1; printf "a,b" > "$3/link.csv"; '
        'head -c 262145 /dev/zero > "$3/large.csv"; echo x > "$3/other.txt"; '
        'if test "$WINOPS_PROOF_ODD" = many; then '
        'for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21; do echo > "$3/$n.csv"; done; fi'
    ),
}
#: So many files are read.
MOST = 20
LINK = {"name": "link.csv", "size": 3, "content": base64.b64encode(b"a,b").decode()}
LARGE = {"name": "large.csv", "size": 262145, "content": None}


def lay_out(scratch: Path) -> None:
    """The programs, and what a harvest has left that was ended."""
    for folder in (scratch / "System32", scratch / "native"):
        for name, script in TOOLS.items():
            program = folder / name
            program.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
            program.chmod(0o755)
    left = scratch / "ProgramData" / "winops.entra" / "device_link"
    left.mkdir(mode=0o700)
    (left / "old.csv").write_bytes(b"old")


def rows(_scratch: Path) -> list[Case]:
    return [
        Case(
            "device_link",
            {"timeout": 30},
            lambda v: (
                (v["present"], v["exit_code"], v["cabinet"]) == (True, 3, True)
                and sorted(v["files"], key=lambda one: one["size"]) == [LINK, LARGE]
            ),
        )
    ]


def without_cabinet(_scratch: Path) -> list[Case]:
    expected = {"present": True, "exit_code": 3, "cabinet": False, "files": []}
    return [Case("device_link", {"timeout": 30}, lambda v: v == expected)]


def crowded(_scratch: Path) -> list[Case]:
    return [Case("device_link", {"timeout": 30}, lambda v: len(v["files"]) == MOST)]


def without_tool(_scratch: Path) -> list[Case]:
    expected = {"present": False, "exit_code": None, "cabinet": False, "files": []}
    return [Case("device_link", {"timeout": 30}, lambda v: v == expected)]


def is_gone(scratch: Path) -> str:
    """What is wrong with what stays."""
    stays = (scratch / "ProgramData" / "winops.entra" / "device_link").exists()
    return "the directory of the cabinet stays" if stays else ""


# On Windows these programs are a text.
WITH_TOOLS = [
    Scene("device_link", rows, before=lay_out, after=is_gone),
    variant("device_link, no cabinet", without_cabinet, {"WINOPS_PROOF_ODD": "none"}, before=lay_out, after=is_gone),
    variant("device_link, many files", crowded, {"WINOPS_PROOF_ODD": "many"}, before=lay_out, after=is_gone),
]
SCENES = [
    *([] if os.name == "nt" else WITH_TOOLS),
    variant("device_link, no tool", without_tool),
]
