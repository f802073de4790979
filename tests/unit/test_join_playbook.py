# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/join.yml, and the parts of its role that look before it joins and wait after it has."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.winops.entra.plugins.modules import rollout_report, wait_for_management
from ansible_collections.winops.entra.plugins.plugin_utils.report import after_join, gate
from tests.tools.doc_tables import code, tables

from .roles import argument_specs

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


def _playbook() -> list[dict]:
    return yaml.safe_load((ROOT / "playbooks/join.yml").read_text(encoding="utf-8"))


def _tasks_named(tasks: list[dict], name: str) -> list[dict]:
    return [task for task in tasks if name in json.dumps(task)]


def test_the_gate_asks_the_same_everywhere() -> None:
    """The option of the report, the variable of the role, the records that answer, and the head of the playbook."""
    asked = set(rollout_report.ARGUMENT_SPEC["gate"]["choices"])
    assert (
        asked == set(gate.GATE_FIELDS) == set(argument_specs("join")["expect"]["options"]["join_gate_asks"]["choices"])
    )
    assert set(gate.GATE_FIELDS.values()) <= set(after_join.AFTER_FIELDS)
    text = (ROOT / "playbooks/join.yml").read_text(encoding="utf-8")
    assert all(re.search(rf"^#.*\b{name}\b", text, re.MULTILINE) for name in asked)


def test_the_times_of_the_role_are_those_of_the_module_that_waits() -> None:
    defaults = yaml.safe_load((ROOT / "roles/join/defaults/main.yml").read_text(encoding="utf-8"))
    spec = wait_for_management.ARGUMENT_SPEC
    assert defaults["join_expect_timeout"] == defaults["join_gate_timeout"] == spec["timeout"]["default"]
    assert defaults["join_expect_poll_interval"] == spec["poll_interval"]["default"]
    assert [defaults[f"join_expect_{name}"] for name in after_join.AWAITED] == [False, False, False]


def test_without_its_variables_a_rollout_asks_nothing_more() -> None:
    """What asks the tenant or a device after the join is behind a condition, which nothing fulfils by default."""
    first, waves, *_rest = _playbook()
    [before] = _tasks_named(first["tasks"], '"tenant"')
    [after] = _tasks_named(waves["tasks"], '"expect"')
    assert before["when"] == "join_waits_for_tenant | bool" and before["run_once"] is True
    assert "join_gate_now" in after["when"] and "join_expects" in after["when"] and "join_hand_over" in after["when"]
    main = yaml.safe_load((TASKS / "main.yml").read_text(encoding="utf-8"))
    included = {task["ansible.builtin.include_tasks"]: task.get("when") for task in main}
    assert included["tenant.yml"] == included["expect.yml"] == "join_expects"


def test_no_fork_waits_for_the_tenant_and_no_answer_fails_a_host_before_the_report() -> None:
    tasks = yaml.safe_load((TASKS / "expect.yml").read_text(encoding="utf-8"))
    for module in ("wait_for_management", "directory_posture", "device_posture"):
        asking = [task for task in tasks if f"winops.entra.{module}" in task]
        assert asking and all(task["ignore_errors"] is True for task in asking)
        assert all(task.get("run_once", False) is (module != "device_posture") for task in asking)
    assert not [task for task in tasks if "ansible.builtin.fail" in task or "ansible.builtin.assert" in task]
    names = [task["name"] for task in _playbook()[1]["tasks"]]
    report = names.index("Write the report")
    assert names.index("Wait for what is expected of the joined devices, and ask what the next wave hangs on") < report
    assert report < names.index("End the rollout with the devices that are not joined, or for which it ends")


def test_a_wait_that_breaks_is_said_of_each_device_after_the_report() -> None:
    tasks = _playbook()[1]["tasks"]
    [wait] = [task for task in tasks if task["name"].startswith("Wait for what is expected")]
    [noted] = wait["rescue"]
    assert set(noted["ansible.builtin.set_fact"]) == {"join_nobody_knows", "join_unmet"}
    [end] = [task for task in tasks if task["name"].startswith("End the rollout with")]
    assert "default(join_nobody_knows" in end["ansible.builtin.fail"]["msg"]


def test_what_the_gate_may_ask_is_the_same_in_the_first_look() -> None:
    first = _playbook()[0]
    assert first["any_errors_fatal"] is True
    [odd] = re.findall(r"difference\((\[.*?\])\)", first["tasks"][0]["vars"]["join_gate_odd"])
    assert yaml.safe_load(odd) == list(gate.GATE_FIELDS)


def test_the_module_that_joins_knows_nothing_of_what_is_expected_after_it() -> None:
    """No fork waits for a tenant."""
    join = _first_task("attempt.yml")["winops.entra.join"]
    assert set(map(str, join)) & {"expect_intune", "expect_compliant", "expect_policies"} == set()


def test_what_may_be_expected_and_asked_at_the_gate_is_in_the_guide() -> None:
    found = {one.name: one for one in tables()}
    expected = found["docs/join.md: variable: join_expect_intune"].column()
    assert [name for cell in expected for name in code(cell)] == [f"join_expect_{name}" for name in after_join.AWAITED]
    asked = found["docs/join.md: in join_gate: managed"].column()
    assert [name for cell in asked for name in code(cell)] == list(gate.GATE_FIELDS)
