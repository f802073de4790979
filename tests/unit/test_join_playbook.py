# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/join.yml and the part of its role that looks before it joins."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TASKS = ROOT / "roles/join/tasks"


def _first_task(file: str) -> dict:
    return yaml.safe_load((TASKS / file).read_text(encoding="utf-8"))[0]


def test_a_look_asks_what_the_join_asks_and_changes_and_records_nothing() -> None:
    look, join = _first_task("first.yml"), _first_task("attempt.yml")
    options = dict(join["winops.entra.join"])
    del options["add_to_report"]
    assert look["winops.entra.join"] == options
    assert look["check_mode"] is True and look["changed_when"] is False
    assert (look["ignore_errors"], look["ignore_unreachable"]) == (True, True)


@pytest.mark.parametrize("work", ["join", "disconnect"])
def test_the_waves_of_a_playbook_are_what_its_head_says(work: str) -> None:
    text = (ROOT / f"playbooks/{work}.yml").read_text(encoding="utf-8")
    [given] = re.findall(rf"{work}_serial \| default\((\[.*?\])\)", text)
    [told] = re.findall(rf'^# {work}_serial .*(\[1, "10%", "100%"\])$', text, re.MULTILINE)
    assert yaml.safe_load(given) == yaml.safe_load(told) == [1, "10%", "100%"]
