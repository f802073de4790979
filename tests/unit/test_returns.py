# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparison of results with RETURN notices each kind of difference, and RETURN says what it can compare."""

from __future__ import annotations

import json

import pytest
import yaml

from tests.returns import comparison, documentation, run
from tests.returns.conditions import CONDITIONS, Came

ERROR = {
    "code": None,
    "name": "too_many_deletions",
    "side": "tenant",
    "cause": "6 devices would be removed",
    "fix": "look at the list, then raise max_deletions if it is right",
    "evidence": ["PC-1"],
    "request_id": None,
    "permissions": [],
    "doc": None,
}
REFUSED = {"changed": False, "changes": [], "failed": True, "msg": "no", "error": ERROR, "tenant": {}}
TENANT = {"auth": "azure_cli", "tenant_id": None, "tenant_id_from": None, "client_id": None, "client_id_from": None}
MEMBERS = {"changed": False, "changes": [], "members": [], "tenant": TENANT}
REPORT = {"changed": False, "changes": [], "totals": {"devices": 3, "joined": 3}, "dest": "a.json"}
CHANGE = {"what": "join", "before": None, "after": {"type": "entra"}}
#: The texts that a doc fragment would hold, if one could hold RETURN in every ansible-core from 2.16 on.
REPEATED = ("error", "changes", "phases")


def wrong(module: str, result: dict, status: str = "ok", given: list[str] | None = None) -> list[str]:
    """What is said of a result, without the module's name."""
    compared = comparison.Comparison()
    line = {"action": f"winops.entra.{module}", "status": status, "result": result, "given": given}
    for came in comparison.of_the_module(line):
        compared.add(came, "here")
    return [sentence.removeprefix(f"{module}: ") for sentence in compared.wrong]


def without(value: dict, name: str) -> dict:
    return {key: inner for key, inner in value.items() if key != name}


@pytest.mark.parametrize("result", [MEMBERS, {**MEMBERS, "warnings": ["w"], "diff": {}, "_ansible_no_log": False}])
def test_a_result_as_documented_is_right(result):
    assert wrong("local_admin_role", result) == []


@pytest.mark.parametrize(
    ("result", "says"),
    [
        ({**MEMBERS, "secret": 1}, "secret is not documented"),
        (without(MEMBERS, "members"), "members is missing, but returned: success"),
        (without(MEMBERS, "changes"), "changes is missing, but returned: always"),
        ({**MEMBERS, "error": ERROR}, "error has come, but returned: failure"),
        ({**MEMBERS, "members": {}}, "members is a dict, not a list"),
        ({**MEMBERS, "members": ["ada"]}, "members has a str, not a dict"),
        ({**MEMBERS, "changes": None}, "changes is null, and its description says nothing of that"),
        ({**MEMBERS, "tenant": {**TENANT, "auth": True}}, "tenant.auth is a bool, not a str"),
        ({**MEMBERS, "tenant": {**TENANT, "more": 1}}, "tenant.more is not documented"),
        ({**MEMBERS, "tenant": without(TENANT, "auth")}, "tenant.auth is missing, but returned: with its parent"),
        ({**MEMBERS, "changes": [without(CHANGE, "after")]}, "changes.after is missing, but returned: with its parent"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_difference_is_said(result, says):
    assert says in wrong("local_admin_role", result)


def test_a_failure_has_its_error_and_nothing_of_a_success():
    failure = {**REFUSED, "tenant": TENANT}
    assert wrong("local_admin_role", failure, "failed") == []
    assert wrong("local_admin_role", without(failure, "error"), "ignored") == [
        "error is missing, but returned: failure"
    ]
    assert wrong("local_admin_role", {**failure, "members": []}, "failed") == [
        "members has come, but returned: success"
    ]
    assert wrong("local_admin_role", {**failure, "failed_when_result": False}, "ok") == []


def test_a_refusal_that_says_to_look_at_the_list_has_it():
    refusal = {**REFUSED, "tenant": TENANT}
    assert wrong("device_removal", refusal, "failed") == [
        "devices is missing, but returned: when the devices could be read",
        "associations_unread is missing, but returned: when the devices could be read",
    ]
    assert wrong("device_removal", {**refusal, "devices": [], "associations_unread": None}, "failed") == []
    other = {**refusal, "error": {**ERROR, "fix": "try again"}}
    assert wrong("device_removal", other, "failed") == []


def test_fields_of_one_condition_come_together():
    refusal = {**REFUSED, "tenant": TENANT, "error": {**ERROR, "fix": "try again"}}
    assert wrong("directory_device", {**refusal, "devices": []}, "failed") == [
        "missing is missing, but returned: once each name is known to mean one device"
    ]


def test_a_number_of_each_outcome_may_have_any_name_and_must_be_a_number():
    assert wrong("rollout_report", {**REPORT, "totals": {"devices": 3, "not_started": 3}}) == []
    assert wrong("rollout_report", {**REPORT, "totals": {"devices": "3"}}) == ["totals.* is a str, not a int"]


def test_what_an_option_asks_for_comes_with_it_alone():
    devices = [dict.fromkeys(name for name in documentation.documented("directory_device_info")["devices"].fields)]
    devices[0] = {**devices[0], "refused": []}
    for name in ("extension_attributes", "autopilot"):
        del devices[0][name]
    result = {
        "changed": False,
        "changes": [],
        "devices": devices,
        "missing": {"device_ids": [], "object_ids": [], "names": []},
        "count": 1,
        "tenant": TENANT,
    }
    assert wrong("directory_device_info", result, given=["intune"]) == []
    assert wrong("directory_device_info", result, given=[]) == [
        "devices.intune has come, but returned: with O(intune)",
        "devices.intune_records has come, but returned: with O(intune)",
    ]
    assert wrong("directory_device_info", result, given=["intune", "autopilot"]) == [
        "devices.autopilot is missing, but returned: with O(autopilot)"
    ]


def test_each_item_of_a_loop_is_a_result():
    looped = {"results": [{**MEMBERS, "item": 1, "ansible_loop_var": "item"}, without(MEMBERS, "members")]}
    assert wrong("local_admin_role", looped) == ["members is missing, but returned: success"]


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ({"changed": False, "skip_reason": "Conditional result was False"}, "skipped"),
        ({"changed": False, "censored": "the output has been hidden"}, "ok"),
        ({"changed": False, "msg": "Task failed: Finalization of task args failed"}, "failed"),
        ({"unreachable": True, "msg": "the connection to the device failed"}, "unreachable"),
    ],
    ids=["skipped", "hidden", "template", "connection"],
)
def test_what_ansible_itself_says_is_not_a_result_of_the_module(result, status):
    assert wrong("local_admin_role", result, status) == []


def test_results_of_a_run_are_found_in_all_its_plays(tmp_path):
    lines = [
        {"task": "one", "host": "pc", "action": "winops.entra.local_admin_role", "status": "ok", "result": MEMBERS},
        {"task": "two", "host": "pc", "action": "ansible.builtin.debug", "status": "ok", "result": {"msg": "hello"}},
        {"recap": {"pc": {"ok": 2}}},
    ]
    for worker in ("popen-gw0", "popen-gw1"):
        directory = tmp_path / worker / "plays0" / "play01"
        directory.mkdir(parents=True)
        text = "\n".join(map(json.dumps, lines)) + '\n{"task": "killed in the mid'
        (directory / run.RESULTS).write_text(text, encoding="utf-8")
    compared = run.compare(tmp_path)
    assert (compared.results, compared.wrong) == (2, {})
    assert run.problems(compared, whole=False) == []
    assert "local_admin_role.members.name never came with a value: add a case" in str(
        run.problems(compared, whole=True)
    )


def test_a_field_that_has_come_after_all_is_taken_out_of_the_list(monkeypatch):
    monkeypatch.setattr(run, "held", lambda: run.Held({"tenant.auth": "nobody signs in"}, {}))
    compared = comparison.Comparison()
    compared.add(Came("local_admin_role", MEMBERS, False), "here")
    assert "tenant.auth has come with a value" in str(run.problems(compared, whole=True))


def test_every_word_of_when_a_field_is_returned_can_be_compared():
    assert {field.returned for field in documentation.every_field()} <= set(CONDITIONS)


def test_the_exceptions_are_about_documented_fields():
    paths = {field.path for field in documentation.every_field()}
    assert set(documentation.OPEN) | set(documentation.ONE_KEY_EACH) | set(documentation.SAME_AS) <= paths
    assert set(documentation.WITHOUT) <= paths
    never, sometimes = run.held()
    assert set(never) | set(sometimes) <= set(run.described())
    assert all({**documentation.OPEN, **never, **sometimes}.values())


@pytest.mark.parametrize("path", documentation.SAME_AS)
def test_what_is_described_elsewhere_says_where(path):
    module, *names = path.split(".")
    entry = {"contains": documentation.returned(module)}
    for name in names:
        entry = entry["contains"][name]
    other = documentation.SAME_AS[path].split(".")[0]
    text = yaml.safe_dump(entry["description"], width=10_000)
    assert f"M(winops.entra.{other})" in text or (other == module and "RV(" in text)


@pytest.mark.parametrize("name", REPEATED)
def test_what_every_module_returns_is_described_in_the_same_words(name):
    texts = {
        module: documentation.returned(module)[name]["contains"]
        for module in documentation.names()
        if "contains" in documentation.returned(module).get(name, {})
    }
    assert len(texts) >= 4 and all(text == texts["join"] for text in texts.values())
    if name == "error":
        assert set(texts) == set(documentation.names())


@pytest.mark.parametrize("module", documentation.names())
def test_samples_are_as_documented(module):
    compared = comparison.Comparison()
    entries = documentation.returned(module)
    came = Came(module, {}, failed=False)
    found = [
        sentence
        for name, field in documentation.documented(module).items()
        if entries[name].get("sample") is not None
        for sentence in compared.differences(field, name, entries[name]["sample"], came)
    ]
    assert found == []
