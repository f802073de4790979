# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The project works in a folder whose name has spaces and an umlaut, in the C locale, in another time zone, without a
terminal: people clone it to such places, and cron runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.integration.play import ROOT

# So many that a machine with other things to do is not too slow; on a quiet one it takes half a minute.
DEMO_SECONDS = 600


@pytest.fixture
def checkout(tmp_path) -> Path:
    """The tracked files, as they are now, in such a folder, with the environment of this checkout."""
    there = tmp_path / "ein Ordner mit ü" / "pro jekt"
    if not (ROOT / ".venv" / "bin" / "python").exists():
        pytest.skip("there is no environment made by make")
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode:
        pytest.skip("this is no git repository")
    for name in os.fsdecode(listing.stdout).split("\0"):
        if name and (ROOT / name).is_file():
            (there / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, there / name)
    (there / ".venv").symlink_to((ROOT / ".venv").resolve())
    return there


def test_the_demo_runs_in_a_folder_with_spaces_in_the_c_locale_without_a_terminal(checkout):
    before = {path.name for path in checkout.iterdir()}
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "ANSIBLE_"))
    }
    environment |= {"LC_ALL": "C", "TZ": "Asia/Kathmandu"}
    # The copied files are younger than the environment; it must not be installed again, as others use it at this time.
    installed = [
        option for stamp in (checkout / ".venv").glob(".installed*") for option in ("-o", f".venv/{stamp.name}")
    ]
    done = subprocess.run(
        ["make", "demo", "ARGS=--devices 2", *installed],
        cwd=checkout,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=DEMO_SECONDS,
        check=False,
        start_new_session=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "Every device ended as its scenario says." in done.stdout
    report = json.loads((checkout / "build" / "demo" / "join-report.json").read_text(encoding="utf-8"))
    assert len(report["devices"]) == 2
    # A path that was split at its spaces leaves files in other places.
    assert {path.name for path in checkout.iterdir()} == before | {"build"}
    assert [path.name for path in checkout.parent.iterdir()] == [checkout.name]
