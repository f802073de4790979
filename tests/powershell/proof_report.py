# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a run of the proof: which PowerShell on which system, and how many rows of each operation passed.

``{format, version, generated, system, runner, verdict, shells: [{powershell, edition, operations: {name: {real or
stand_ins: {passed, failed}}}, others: {passed, failed}}]}``. ``runner`` is of the runner that was proved, ``others``
are rows of no operation, such as what was left behind. tests/tools/seen.py makes a table of such reports.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import platform
import re
import subprocess
import typing as t
from pathlib import Path

from shell import VOCABULARY, WAIT, wire

FORMAT, VERSION = "winops.entra.powershell_proof", 1
REAL = "real"
"""What the table calls rows of the untouched runner on a real Windows; all others have the stand-ins."""


def build(rows: t.Iterable[tuple[str, t.Any]], programs: t.Mapping[str, str]) -> dict[str, t.Any]:
    """The report of *rows* (name of the shell, row), where *programs* has the path of each shell."""
    rows = list(rows)
    shells = [_shell(path, [row for shell, row in rows if shell == name]) for name, path in programs.items()]
    failed = any(row.result == "failed" for _shell_name, row in rows)
    ran = any(row.result == "passed" for _shell_name, row in rows)
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        "format": FORMAT,
        "version": VERSION,
        "generated": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "system": system(),
        "runner": runner_digest(),
        "verdict": "passed" if ran and not failed else "failed",
        "shells": shells,
    }


def write(path: Path, report: t.Mapping[str, t.Any]) -> None:
    path.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def runner_digest() -> str:
    """The start of the SHA-256 of the whole runner: reports with the same one are of the same PowerShell text."""
    return hashlib.sha256(wire.runner_text(VOCABULARY["operations"]).encode("ascii")).hexdigest()[:16]


def system() -> str:
    """The operating system, without the machine's name."""
    if platform.system() == "Windows":
        return f"Windows {platform.win32_edition() or '?'} {platform.version().rpartition('.')[2]}"
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return f"{platform.system()} {platform.release()}"


def _shell(program: str, rows: list) -> dict[str, t.Any]:
    version = _version(program)
    operations: dict[str, dict[str, dict[str, int]]] = {}
    others = {"passed": 0, "failed": 0}
    for row in rows:
        if row.result in others:
            name = row.what.partition(" ")[0]
            how = REAL if row.how == REAL else "stand_ins"
            known = name in VOCABULARY["operations"]
            counts = operations.setdefault(name, {}).setdefault(how, dict.fromkeys(others, 0)) if known else others
            counts[row.result] += 1
    edition = "Core" if version and int(version.partition(".")[0]) >= 6 else "Desktop"
    return {
        "powershell": version,
        "edition": edition if version else None,
        "operations": operations,
        "others": others,
    }


def _version(program: str) -> str | None:
    """What it says of itself; None where that is no version."""
    command = [program, "-NoProfile", "-NonInteractive", "-Command", "$PSVersionTable.PSVersion.ToString()"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WAIT, check=False)
    found = re.search(r"^\d+\.\d+(\.\S+)?$", done.stdout.strip(), re.MULTILINE)
    return found[0] if found else None
