# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of docs/passwordless.md say what the code does."""

from __future__ import annotations

import re

import yaml

from ansible_collections.winops.entra.plugins.plugin_utils.report import key_users
from ansible_collections.winops.entra.plugins.plugin_utils.report.door import REPORT_OUTCOMES
from tests.collection import ROOT
from tests.tools.doc_tables import code, tables

GUIDE = "docs/passwordless.md"
ALL = {one.name.removeprefix(f"{GUIDE}: "): one for one in tables() if one.file == GUIDE}
OF_OTHERS = {
    *("joined", "disconnected", "fit", "unfit", "healthy", "unhealthy", "unchanged", "would_join", "would_disconnect"),
    *("deployed", "reset", "registered", "harvested", "would_register", "would_reset", "deploying", "incomplete"),
}


def column(name: str) -> list[str]:
    return [found for cell in ALL[name].column() for found in code(cell)]


def test_what_is_done_by_a_module_exists():
    modules = {path.stem for path in (ROOT / "plugins/modules").glob("*.py")}
    named = {
        name
        for row in ALL["what: the tenant allows keys, and takes the models that you have"].rows
        for name in code(row[1])
    }
    assert len(named) == 6 and named <= modules


def test_steps_of_the_playbook():
    """The tag of each step, and the variable by which it is asked for, are those of playbook and role."""
    text = (ROOT / "playbooks/passwordless.yml").read_text(encoding="utf-8")
    [play] = yaml.safe_load(text)
    tags = {tag for task in play["tasks"] for tag in task["tags"]} - {"always"}
    tags |= set(re.findall(r"'all', '(\w+)'", text))
    rows = ALL["step: policy"].rows
    assert {name for row in rows for name in code(row[1])} == tags
    defaults = yaml.safe_load((ROOT / "roles/security_keys/defaults/main.yml").read_text(encoding="utf-8"))
    asked = [name for row in rows for name in code(row[2])]
    assert len(asked) == len(rows) and set(asked) <= set(defaults)
    assert all(name.partition(":")[0] in defaults for row in rows for name in code(row[3]))


def test_what_may_be_missing():
    assert set(column("missing: no_security_key")) == set(key_users.NEEDS)


def test_outcomes():
    """Every outcome of a record stands in the guide, and which of them fail a host."""
    assert set(column("outcome: applied")) == set(REPORT_OUTCOMES) - OF_OTHERS - {"skipped", "begun", "not_started"}
    [verdict] = yaml.safe_load((ROOT / "roles/security_keys/tasks/verdict.yml").read_text(encoding="utf-8"))
    assert set(re.findall(r'"(\w+)"', verdict["when"])) == {"refused", "failed", "unreachable"}
