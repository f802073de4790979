# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages to test with: written by the lab, or by wimlib where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.package import Package, read_package
from tests.lab import ppkg, wim

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "package"
TOKEN = "FAKE-BULK-TOKEN-" + "-".join(f"{number:04d}.not.a.secret" for number in range(60))
PACKAGE_ID = "5b0e1c3a-7d42-4c19-9e57-1f6a2b3c4d5e"


@pytest.fixture
def save(tmp_path):
    """Write bytes to a file: ``save(data) -> path``."""

    def write(data: bytes, name: str = "some.ppkg") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


@pytest.fixture
def read(save):
    """Build a package in the lab with these arguments and read it: ``read(token=...) -> Package``."""

    def build_and_read(**arguments) -> Package:
        arguments = {"name": "Contoso join", "package_id": PACKAGE_ID, "token": TOKEN} | arguments
        return read_package(save(ppkg.build(**arguments)))

    return build_and_read


@pytest.fixture
def read_files(save):
    """Read a package of exactly these files: ``read_files({path: text}) -> Package``."""

    def write_and_read(files: dict[str, str | bytes], **properties: str) -> Package:
        contents = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        return read_package(save(wim.write(contents, "Contoso join", {"PACKAGEID": PACKAGE_ID, **properties})))

    return write_and_read


@pytest.fixture
def wimlib():
    """Run wimlib-imagex: ``wimlib("info", path) -> its output``."""
    program = shutil.which("wimlib-imagex")
    if not program:
        pytest.skip("wimlib-imagex is not installed (package wimtools)")

    def run(*arguments: object) -> str:
        command = [program, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
