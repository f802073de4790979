# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rows are made of, and the scratch directory that they expect. Standard library only."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import typing as t
from pathlib import Path

TEXT = 'a "quoted" \\ text, \u00fc\u20ac\U0001f600\t\0\r\n'
JOB = "0f8fad5b-d9cb-469f-a165-70867728950e"
ENROLLED, FOREIGN, BORROWED, STUCK, BUILT_IN = (f"{letter * 8}-1111-4222-8333-BBBBBBBBBBBB" for letter in "ABCDE")
"""Enrollments of stubs.ps1: one of Intune, one of another MDM, one that names the join's certificate as its own, one
whose tasks cannot be removed, and a key that only looks like one."""
ENROLLMENTS = "SOFTWARE\\Microsoft\\Enrollments"
TASK_FOLDER = "\\Microsoft\\Windows\\EnterpriseMgmt"
NO_ERROR = {"type": None, "message": None, "hresult": None}
LOST_JOB = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


@dataclasses.dataclass
class Case:
    """One operation: its parameters and what must be true of its value, or the end of its error's type."""

    op: str
    params: dict[str, t.Any]
    holds: t.Callable[[t.Any], bool] = lambda value: True
    error: str | None = None
    hresult: int | None = None

    def request(self) -> dict[str, t.Any]:
        return {"op": self.op, **self.params}


@dataclasses.dataclass
class Scene:
    """Rows that are sent as one request, with no more of the runner than travels for their operations.

    ``how`` is "driver", or a way of shell.py where a process of its own is what is proved; ``request`` are more fields
    of the request. A scene has a scratch directory of its own. ``job`` says what must be true of the status of the job
    that the scene has started; ``after`` says what is wrong with the scratch directory in the end.
    """

    name: str
    rows: t.Callable[[Path], list[Case]]
    environment: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    how: str = "driver"
    request: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    job: t.Callable[[dict[str, t.Any]], bool] | None = None
    after: t.Callable[[Path], str] = lambda scratch: ""


def own_paths(scratch: Path) -> t.Callable[..., str]:
    """A function that spells paths below the directory that is the collection's own."""
    root = scratch / "ProgramData" / "winops.entra"
    return lambda *parts: str(root.joinpath(*parts))


def prepare(scratch: Path) -> None:
    """Lays out what stubs.ps1 and the cases expect to find in the scratch directory."""
    state = scratch / "ProgramData" / "winops.entra"
    cache = scratch / "ProgramData" / "Microsoft" / "Provisioning"
    for folder in (
        state / "jobs" / LOST_JOB,
        state / "old" / "below",
        cache,
        scratch / "System32",
        scratch / "installed",
        scratch / "tasks",
    ):
        folder.mkdir(parents=True)
    for file in (
        cache / "a.ppkg",
        cache / "a.xml",
        scratch / "outside.txt",
        state / "old" / "below" / "file",
        scratch / "good.ppkg",
        scratch / "fails.ppkg",
        scratch / "already.ppkg",
        scratch / "installed" / JOB,
    ):
        file.write_bytes(b"content")
    # printf: \201 is a u with two dots in code page 850, and not UTF-8
    for name, script in (
        ("dsregcmd.exe", "printf '%s\\r\\nM\\201nchen\\r\\n' \"$*\"; echo late >&2"),
        ("deviceenroller.exe", 'echo "$*"'),
        ("shutdown.exe", "exit 0"),
    ):
        program = scratch / "System32" / name
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
        program.chmod(0o755)
    if os.name == "nt":
        # A junction: everybody may make one.
        subprocess.run(
            ["cmd", "/c", "mklink", "/J", str(state / "link"), str(scratch / "System32")],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    else:
        (state / "link").symlink_to(scratch / "System32", target_is_directory=True)
