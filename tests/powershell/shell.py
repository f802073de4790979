# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One PowerShell, and the ways to hand it a request. Standard library only."""

from __future__ import annotations

import base64
import functools
import gzip
import importlib.util
import json
import os
import re
import subprocess
import sys
import types
import typing as t
from pathlib import Path

import stand_ins

HERE = Path(__file__).resolve().parent
DEVICE = HERE.parents[1] / "plugins" / "plugin_utils" / "device"
WAIT = 300
"""Seconds that a PowerShell or a job may take."""


def load(name: str, path: Path) -> types.ModuleType:
    """A module by its file: the collection itself is not importable without ansible."""
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


wire = load("wire", DEVICE / "wire.py")
shapes = load("shapes", HERE.parent / "shapes.py")
VOCABULARY = json.loads((DEVICE / "vocabulary.json").read_text(encoding="utf-8"))
MAIN = (DEVICE / "runner" / "main.ps1").read_text(encoding="ascii")


_PART = re.compile(r"(?m)^(?=# needs:)")


def with_stand_ins(operations: t.Iterable[str], quick: bool = False) -> bytes:
    """The packed runner for these operations, with the stand-ins before its last lines.

    ``quick`` is for a PowerShell that runs many runners: each part, as it would be sent, is a script by itself there
    and is compiled once, whatever runners it is in. A new text for each request takes three times as long.
    """
    before, end, after = wire.runner_text(operations).partition(MAIN)
    if not end or after:
        raise ValueError("the runner does not end with main.ps1")
    if not quick:
        return wire.pack_runner(before + stand_ins.text(before) + MAIN)
    # The first has the parameters.
    head, *parts = (part for part in _PART.split(before) if part)
    once = "".join(stand_ins.compiled_once(as_sent(part)) for part in parts)
    return wire.pack_runner(head + once + stand_ins.quick_text(before) + MAIN)


@functools.cache
def as_sent(text: str) -> str:
    """A part of a runner without what it does not need on a device."""
    return gzip.decompress(base64.b64decode(wire.pack_runner(text))).decode("ascii")


class Shell:
    """One PowerShell and the ways to hand it a request."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.name = Path(program).stem
        # Elsewhere there is no execution policy, and setting one is an error.
        policy = ["-ExecutionPolicy", "Unrestricted"] if os.name == "nt" else []
        self.start = [program, "-NoProfile", "-NonInteractive", *policy]
        # .NET would count how often each piece of a text is run, to make it faster in the long run: half of the time.
        self.quick = {"DOTNET_TieredPGO": "0"}

    def environment(self, scratch: Path, more: t.Mapping[str, str] | None) -> dict[str, str]:
        """The variables by which the stand-ins of a request find their Windows."""
        return {"WINOPS_PROOF": str(scratch), "WINOPS_PROOF_POWERSHELL": self.program, **(more or {})}

    def ask(
        self,
        ops: list[dict[str, t.Any]],
        scratch: Path,
        how: str = "encoded",
        packed: bytes | None = None,
        environment: t.Mapping[str, str] | None = None,
        wait: float = WAIT,
        **extra: t.Any,
    ) -> dict[str, t.Any]:
        """The answer to *ops*; raises ``wire.WireError`` with what the PowerShell printed where there is none.

        *packed* is another runner than the product's own; *scratch* is where its stand-ins find their Windows.
        """
        request = {"v": 1, "id": f"proof-{how}", "ops": ops, **extra}
        payload = wire.encode_payload(request, packed_runner=packed)
        if how == "encoded":
            command = [*self.start, "-EncodedCommand", base64.b64encode(wire.BOOTSTRAP.encode("utf-16-le")).decode()]
        else:
            script = scratch / "bootstrap.ps1"
            script.write_text(wire.BOOTSTRAP, encoding="ascii")
            command = [*self.start, "-File", str(script)]
        if how == "psrp":
            data = scratch / "payload.txt"
            data.write_bytes(payload)
            command = [*self.start, "-File", str(HERE / "psrp.ps1"), str(script), str(data)]
            payload = b""
        done = subprocess.run(
            command,
            input=payload,
            capture_output=True,
            timeout=wait,
            env={**os.environ, **self.quick, **self.environment(scratch, environment)},
            check=False,
        )
        try:
            answer = wire.decode_answer(done.stdout, request["id"])
        except wire.WireError as exc:
            printed = (done.stdout + done.stderr).decode("utf-8", "replace")
            raise type(exc)(f"{exc} (exit code {done.returncode}):\n{printed[:4000]}") from exc
        return checked(answer, len(ops))


def checked(answer: dict[str, t.Any], asked: int) -> dict[str, t.Any]:
    """The answer, where it has the agreed shape and a result for each operation; else ``wire.DamagedAnswer``."""
    problems = shapes.complaints(VOCABULARY["answer"], answer, "answer")
    if len(answer["results"]) != asked:
        problems.append(f"{len(answer['results'])} results for {asked} operations")
    if problems:
        raise wire.DamagedAnswer("; ".join(problems))
    return answer
