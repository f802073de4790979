# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demos share: a playbook run over the lab with its output on the screen, and what they say about it."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.lab.process import RunningLab, utf8_environment

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "lab"
RESULTS = ROOT / "build" / "demo"
# A simulated minute passes in a second. The product's own waiting is real, so the demos tell it to wait for less than a
# real device would need: 30 s here are half an hour there.
SPEED = "60"
RECAP = re.compile(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Run:
    """What a playbook run came to: exit status, the recap's changed counts by host, the report it wrote, if any, and
    what it has shown."""

    status: int
    changed: dict[str, int]
    report: dict | None
    output: str = ""

    @property
    def devices(self) -> list[dict]:
        """The devices of the report; none where there is no report."""
        return self.report["devices"] if self.report else []


def play(
    lab: RunningLab,
    playbook: str,
    *options: str,
    report: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Run a playbook over the lab to its end; ``report`` is where it writes one. ``environment`` goes before the one by
    which the lab's tenant is reached.

    A report that an earlier run has left there is none of this run, and it stays there.
    """
    earlier = _content(report)
    command = [str(Path(sys.executable).with_name("ansible-playbook")), playbook, "-i", str(lab.inventory), *options]
    tenant = json.loads((lab.out / "tenant.json").read_text(encoding="utf-8"))["environment"]
    env = utf8_environment() | tenant | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_FORCE_COLOR": "0"}
    env |= environment or {}
    env["PYTHONUNBUFFERED"] = "1"  # else the tables, which go to standard error, come before what they follow
    lines = []
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    ) as run:
        for line in run.stdout:
            lines.append(line)
            print(line, end="", flush=True)
    shown = "".join(lines)
    changed = {name: int(count) for name, count in RECAP.findall(shown)}
    written = _content(report)
    return Run(run.returncode, changed, json.loads(written) if written and written != earlier else None, shown)


def _content(file: Path | None) -> bytes | None:
    return file.read_bytes() if file is not None and file.exists() else None


def digests(lab: RunningLab) -> dict[str, str]:
    """The digest of every device's state, by name."""
    return {device["name"]: lab.get(f"/devices/{device['name']}")["digest"] for device in lab.get("/devices")}


def check_mode_problems(lab: RunningLab, before: dict[str, str]) -> list[str]:
    """Devices to which something changing was sent so far, and those whose digest is another than before."""
    sent = [
        f"{c['device']}: {', '.join(c['changing'])} was sent in check mode" for c in lab.commands() if c["changing"]
    ]
    after = digests(lab)
    return sent + [
        f"{name}: its state changed in check mode" for name, digest in before.items() if after[name] != digest
    ]


def title(text: str) -> None:
    """Begin the next step."""
    print(f"\n=== {text}\n", flush=True)


def verdict(problems: list[str], started: float) -> int:
    """Say how long it took (since ``started`` of time.monotonic) and what is wrong; returns the exit status."""
    print(f"{time.monotonic() - started:.0f} s in all")
    for problem in problems:
        print(f"PROBLEM: {problem}", file=sys.stderr)
    failed = "FAILED: not everything ended as the scenario says"
    print(failed if problems else "Every device ended as its scenario says.")
    return 1 if problems else 0
