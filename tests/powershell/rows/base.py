# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rows are made of, and the scratch directory that they expect. Standard library only."""

from __future__ import annotations

import dataclasses
import functools
import os
import subprocess
import typing as t
from pathlib import Path

import stand_ins

from . import windows
from .names import FOREIGN_FOLDER, LOST_JOB, LOST_PROBE


@dataclasses.dataclass
class Case:
    """One operation: its parameters and what must be true of its value, or the end of its error's type and its code.

    A code of None is not looked at. ``said`` is a part of the error's message.
    """

    op: str
    params: dict[str, t.Any]
    holds: t.Callable[[t.Any], bool] = lambda value: True
    error: str | None = None
    hresult: int | str | None = None
    said: str = ""

    def request(self) -> dict[str, t.Any]:
        return {"op": self.op, **self.params}


@dataclasses.dataclass
class Scene:
    """Rows that are sent as one request, with no more of the runner than travels for their operations.

    ``how`` is "driver", or a way of shell.py where a process of its own is what is proved. ``request`` are more fields
    of the request. A scene has a scratch directory of its own with the Windows of windows.py, which ``change`` makes
    another one, as ``before`` does with the files. ``job`` says what must be true of the status of the job that the
    scene has started; ``after`` says what is wrong with the scratch directory in the end. ``served`` scenes meet the
    server of misbehaving.py, whose address replaces {server} and {refusing} in the rows, the environment and the
    WinHTTP proxy. Its certificate is trusted by a variable that only OpenSSL knows, and the driver has it: nothing of
    this on Windows. Scenes
    are played again in other cultures (``everywhere``), unless they only have another Windows or other parameters for
    what others play there, or something else that no culture has to do with (``variant``).
    """

    name: str
    rows: t.Callable[[Path], list[Case]]
    environment: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    how: str = "driver"
    request: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    job: t.Callable[[dict[str, t.Any]], bool] | None = None
    after: t.Callable[[Path], str] = lambda scratch: ""
    change: t.Callable[[windows.Document], None] = lambda document: None
    served: bool = False
    before: t.Callable[[Path], None] = lambda scratch: None
    everywhere: bool = True


variant = functools.partial(Scene, everywhere=False)


def own_paths(scratch: Path) -> t.Callable[..., str]:
    """A function that spells paths below the directory that is the collection's own."""
    root = scratch / "ProgramData" / "winops.entra"
    return lambda *parts: str(root.joinpath(*parts))


def prepare(scratch: Path, change: t.Callable[[windows.Document], None]) -> None:
    """Lays out the description of a Windows and the files that the rows expect in the scratch directory."""
    document = windows.described(scratch)
    change(document)
    stand_ins.write(scratch, document)
    windows.lay_out_programs(scratch)
    state = scratch / "ProgramData" / "winops.entra"
    cache = scratch / "ProgramData" / "Microsoft" / "Provisioning"
    jobs = [state / "jobs" / name for name in (LOST_JOB, LOST_PROBE, FOREIGN_FOLDER)]
    for folder in (*jobs, state / "old" / "below", state / "foreign", cache / "folder.ppkg"):
        folder.mkdir(parents=True)
    for file in (
        cache / "a.ppkg",
        cache / "a.xml",
        scratch / "outside.txt",
        state / "old" / "below" / "file",
        *(scratch / f"{name}.ppkg" for name in ("good", "fails", "already", "brief")),
    ):
        file.write_bytes(b"content")
    (scratch / "downloaded.bin").write_bytes(b"downloaded")
    (scratch / "empty.bin").write_bytes(b"")
    for folder in (state, state / "jobs", *jobs):
        folder.chmod(0o700)
    if os.name == "nt":
        # A junction: everybody may make one.
        subprocess.run(
            ["cmd", "/c", "mklink", "/J", str(state / "link"), str(scratch / "System32")],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    else:
        (state / "link").symlink_to(scratch / "System32", target_is_directory=True)
