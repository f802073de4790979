# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A build of a package is killed before each call that writes: no reader sees a half, and the next run tidies up."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t

import pytest

from tests.integration.play import PATIENCE, ROOT

Step = dict[str, t.Any]
CATALOGUE, PACKAGE = "a.cat", "a.ppkg"


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> list[Step]:
    """What each kill has left; the last build was not killed."""
    command = [sys.executable, "-m", "tests.integration.killed_builder", str(tmp_path_factory.mktemp("killed"))]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=PATIENCE)
    found: list[Step] = json.loads(done.stdout)
    return found


def test_it_is_killed_at_every_kind_of_call_and_then_comes_to_its_end(steps: list[Step]) -> None:
    *killed, last = steps
    assert {step["call"] for step in killed} == {"open", "fdopen", "fsync", "link", "replace", "unlink"}
    assert last["call"] is None and last["kinds"] == {CATALOGUE: "new", PACKAGE: "new"}


def test_both_files_are_whole_whenever_it_is_killed(steps: list[Step]) -> None:
    seen = [(step["kinds"][CATALOGUE], step["kinds"][PACKAGE]) for step in steps]
    assert list(dict.fromkeys(seen)) == [("old", "old"), ("new", "old"), ("new", "new")]


def test_what_is_left_beside_them_is_empty_or_for_the_owner_only_in_the_moment_of_a_replacement(
    steps: list[Step],
) -> None:
    beside = [
        (step["call"], name, kind)
        for step in steps
        for name, kind in step["kinds"].items()
        if name not in (CATALOGUE, PACKAGE) and kind != "empty"
    ]
    assert beside == [("replace", ".a.cat.new", "whole"), ("replace", ".a.ppkg.new", "whole")]
    assert {mode for step in steps for mode in step["modes"].values()} == {0o600}


def test_the_next_run_brings_it_to_its_end_and_leaves_nothing(steps: list[Step]) -> None:
    assert [step for step in steps if not step["whole_then"]] == []
