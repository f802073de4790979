# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write constraints.txt anew: the newest versions that requirements-dev.txt allows, by Python version.

    python3 tests/tools/lock.py python3.10 python3.11 python3.12 python3.13

Each interpreter resolves the requirements in a fresh environment of its own. A version that is the same everywhere
is pinned once; one that differs is pinned with a marker. The oldest interpreter also speaks for older ones, the
newest for newer ones, so that a Python released tomorrow meets pins instead of nothing.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
Version = tuple[int, int]
HEADER = """\
# The versions that the collection is developed and tested with. Written by tests/tools/lock.py: do not edit by hand.
"""


def resolve(python: str) -> tuple[Version, dict[str, str]]:
    """Return the interpreter's version and {distribution: version} of a fresh environment that it installs."""
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([python, "-m", "venv", directory], check=True)
        pip = [f"{directory}/bin/python", "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", "--no-compile", "-r", ROOT / "requirements-dev.txt"], check=True)
        frozen = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
        query = "import sys; print(*sys.version_info[:2])"
        major, minor = subprocess.run([python, "-c", query], check=True, capture_output=True, text=True).stdout.split()
    pins = dict(line.split("==", 1) for line in frozen.splitlines())
    return (int(major), int(minor)), pins


def merge(environments: dict[Version, dict[str, str]]) -> list[str]:
    """Return requirement lines that give every environment its own versions, with markers only where they differ."""
    versions = sorted(environments)
    names = {canonical(name): name for pins in environments.values() for name in pins}
    lines = []
    for name in (names[key] for key in sorted(names)):
        by_python = [(version, environments[version].get(name)) for version in versions]
        if len({environments[version].get(name) for version in versions}) == 1:
            lines.append(f"{name}=={by_python[0][1]}")
            continue
        for first, last, pin in runs(by_python):
            if pin is None:
                continue
            bounds = []
            if first != versions[0]:
                bounds.append(f'python_version >= "{first[0]}.{first[1]}"')
            if last != versions[-1]:
                bounds.append(f'python_version < "{last[0]}.{last[1] + 1}"')
            lines.append(f"{name}=={pin} ; {' and '.join(bounds)}")
    return lines


def runs(by_python: list[tuple[Version, str | None]]) -> list[tuple[Version, Version, str | None]]:
    """Join neighbouring Python versions that have the same pin to (first, last, pin)."""
    joined: list[tuple[Version, Version, str | None]] = []
    for version, pin in by_python:
        if joined and joined[-1][2] == pin:
            joined[-1] = (joined[-1][0], version, pin)
        else:
            joined.append((version, version, pin))
    return joined


def canonical(name: str) -> str:
    """Return a distribution's name as PEP 503 normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def main(pythons: list[str]) -> None:
    """Resolve with every interpreter and write constraints.txt."""
    if not pythons:
        sys.exit(__doc__)
    environments = dict(resolve(python) for python in pythons)
    (ROOT / "constraints.txt").write_text(HEADER + "\n".join(merge(environments)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
