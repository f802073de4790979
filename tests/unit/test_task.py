# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one task: what a failure still reports, what is masked, and which side explains what."""

from __future__ import annotations

import types

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.winops.entra.plugins.plugin_utils import screen, task
from ansible_collections.winops.entra.plugins.plugin_utils.device import wire
from ansible_collections.winops.entra.plugins.plugin_utils.device.session import ConnectionLost
from ansible_collections.winops.entra.plugins.plugin_utils.device.side import DEVICE_SIDE
from ansible_collections.winops.entra.plugins.plugin_utils.progress import Deadline
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure, Phases, Unreached
from ansible_collections.winops.entra.plugins.plugin_utils.task import Side, Task
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.side import TENANT_SIDE

SECRET = "pL4-granite-umbrella"


class Broken(Exception):
    """What a side's contact raises."""


def made(**fields) -> Task:
    return Task({}, False, **fields)


def failing(exc: Exception):
    def work(a_task: Task) -> dict:
        a_task.changes.add("disk", "old", "new")
        a_task.learned["outcome"] = "failed"
        a_task.phases = Phases(lambda: 0.0)
        with a_task.phases.phase("look"):
            raise exc

    return work


def side(explained: Failure | None, **fields) -> Side:
    return Side(lambda *_args: None, errors=(Broken,), explain=lambda _task, _exc: explained, **fields)


@pytest.mark.parametrize("exc", [Failure("it failed", side="device"), Broken("cut")])
def test_a_failure_halfway_reports_what_was_changed_and_learned(exc):
    sides = [side(Failure("it failed", side="device"))]
    result = task.perform(made(), sides, failing(exc), {"outcome": "refused"}, with_diff=True)
    assert (result["failed"], result["msg"], result["changed"]) == (True, "it failed", True)
    assert result["changes"] == [{"what": "disk", "before": "old", "after": "new"}]
    assert result["diff"] == {"before": {"disk": "old"}, "after": {"disk": "new"}}
    assert result["outcome"] == "failed" and result["phases"] == [{"name": "look", "seconds": 0.0}]


@pytest.mark.parametrize("sides", [[], [side(None)]])
def test_what_no_side_explains_is_ansibles(sides):
    with pytest.raises(Broken):
        task.perform(made(), sides, failing(Broken("cut")), {})


def test_secrets_are_masked_in_everything_that_a_failure_says():
    failure = Failure(
        f"refused {SECRET}",
        side="tenant",
        cause=f"'{SECRET}' is wrong",
        evidence=[{"said": [SECRET, 5, None]}, f"a {SECRET}"],
    )
    a_task = made(secrets=[lambda: (), lambda: ["", SECRET]])
    result = task.perform(a_task, [], failing(failure), {})
    assert SECRET not in str(result)
    assert result["msg"] == "refused ***" and result["error"]["evidence"] == [{"said": ["***", 5, None]}, "a ***"]


def test_secrets_are_masked_in_what_goes_well_too():
    def work(a_task: Task) -> dict:
        a_task.changes.add(f"command {SECRET}", None, {"line": [f"run {SECRET}"]})
        a_task.learned["events"] = ({"text": f"said%3A{SECRET}"},)
        return {"package": {"commands": [f"a {SECRET}"]}, "count": 3}

    result = task.perform(made(secrets=[lambda: [SECRET]]), [], work, {}, with_diff=True)
    assert SECRET not in str(result)
    assert (result["package"], result["count"]) == ({"commands": ["a ***"]}, 3)
    assert result["diff"]["after"] == {"command ***": {"line": ["run ***"]}}


def test_a_short_secret_tears_no_sentence():
    result = task.perform(
        made(secrets=[lambda: ["a", " ", "is"]]), [], failing(Failure("it is a pity", side="device")), {}
    )
    assert result["msg"] == "it is a pity"


def test_a_secret_that_is_known_by_now_is_masked_on_the_screen(monkeypatch):
    shown: list[str] = []
    monkeypatch.setattr(screen.Display, "display", lambda _self, line, stderr: shown.append(line) if stderr else None)

    def work(a_task: Task) -> dict:
        a_task.secrets.append(lambda: [SECRET])
        a_task.show(f"applying {SECRET}")
        a_task.progress.say(f"waiting for {SECRET}", Deadline(5))
        return {"said": a_task.masked(f"{SECRET}!")}

    action = Acting((), {})
    action.work = work
    assert run(action)["said"] == "***!"
    assert shown[0] == "both: applying ***" and "waiting for ***" in shown[1] and SECRET not in str(shown)


def contacted(exchanges: int) -> types.SimpleNamespace:
    """A session that has had so many exchanges."""
    return types.SimpleNamespace(exchanges=exchanges, connection=types.SimpleNamespace(transport="winrm"))


@pytest.mark.parametrize(
    ("exchanges", "changed", "unreachable"), [(0, False, True), (1, False, False), (0, True, False)]
)
def test_a_device_is_unreachable_only_where_nothing_has_happened_yet(exchanges, changed, unreachable):
    """A module of both sides may have changed the tenant before: that must be told."""
    a_task = made(session=contacted(exchanges))
    if changed:
        a_task.changes.add("group", None, "made")
    explained = DEVICE_SIDE.explain(a_task, ConnectionLost("No route to host"))
    assert isinstance(explained, Unreached) is unreachable
    assert explained.error["name"] == ("no_route" if unreachable else "connection_lost")


def test_an_answer_that_nobody_can_read_is_a_failure_at_first_contact_too():
    a_task = made(session=contacted(0))
    assert DEVICE_SIDE.explain(a_task, wire.DamagedAnswer("cut")).error["name"] == "answer_damaged"


# --- options of modules with several sides ----------------------------------------------------------------------------


class Acting:
    """An action plugin as task.run sees it, with options that Ansible has checked."""

    def __init__(self, sides, given: dict, refuse: str | None = None) -> None:
        self.sides = sides
        self.spec = {"name": {"type": "str"}, "timeout": {"type": "int"}, "password": {"type": "str", "no_log": True}}
        self.constraints, self.refused = {}, {"outcome": "refused"}
        self.given, self.refuse = given, refuse
        self._connection = types.SimpleNamespace(become=None)
        self._task = types.SimpleNamespace(
            args=given, action="winops.entra.both", check_mode=True, diff=False, timeout=0
        )

    def validate_argument_spec(self, argument_spec, **_constraints):
        if self.refuse:
            raise AnsibleActionFail(self.refuse)
        return None, {name: self.given.get(name) for name in argument_spec}

    @staticmethod
    def work(a_task: Task) -> dict:
        return {"args": a_task.args, "host": a_task.host, "check": a_task.check_mode}


def run(action) -> dict:
    return task.run(action, {}, {"inventory_hostname": "pc"})


def test_each_side_gets_its_options_and_the_module_keeps_its_own():
    opened = []
    one = Side(lambda _task, _action, options: opened.append(options), spec={"tenant_id": {"type": "str"}})
    other = Side(
        lambda _task, _action, options: opened.append(options),
        spec={"url": {"type": "str"}, "timeout": {"type": "int"}},
    )
    given = {"name": "x", "timeout": 5, "tenant_id": "t", "url": "u"}
    result = run(Acting((one, other), given))
    assert opened == [{"tenant_id": "t"}, {"url": "u", "timeout": 5}]
    assert result["args"] == {"name": "x", "timeout": 5, "password": None}
    assert (result["host"], result["check"], result["changed"], result["changes"]) == ("pc", True, False, [])


def test_no_side_is_opened_after_an_option_was_refused_and_secrets_of_options_are_masked():
    opened = []
    watch = Side(lambda *_args: opened.append(1))
    small = run(Acting((watch,), {"timeout": 0}))
    quoted = run(Acting((watch,), {"password": SECRET}, refuse=f"password: {SECRET} is no choice"))
    assert opened == [] and SECRET not in str(quoted)
    for result in (small, quoted):
        assert (result["failed"], result["outcome"], result["error"]["name"]) == (True, "refused", "bad_option")


def test_a_side_that_cannot_be_opened_fails_without_work():
    def refuse(*_args):
        raise Failure(f"no {SECRET}", side="controller", name="bad_option")

    result = run(Acting((Side(refuse),), {"password": SECRET, "timeout": 1}))
    assert (result["failed"], result["msg"], result["outcome"]) == (True, "no ***", "refused")
    assert "args" not in result


def test_the_device_and_the_tenant_go_together():
    assert not set(DEVICE_SIDE.spec) & set(TENANT_SIDE.spec) and DEVICE_SIDE.connects and not TENANT_SIDE.connects


HOSTILE = "no\r\n[ERROR]: all devices joined\x1b[2J\u2028\u202e\x85\ud800"
SHOWN = r"no [ERROR]: all devices joined\u001b[2J\u2028\u202e\u0085\ufffd"


def test_what_a_failure_says_is_one_line_of_what_can_be_seen_and_its_evidence_is_as_it_was():
    evidence = [{"said": HOSTILE}]
    failure = Failure(HOSTILE, side="device", name="x", cause=HOSTILE, fix=HOSTILE, evidence=evidence)
    result = task.perform(made(), [], failing(failure), {})
    assert (result["msg"], result["error"]["cause"], result["error"]["fix"]) == (SHOWN, SHOWN, SHOWN)
    assert result["error"]["evidence"] == evidence


def test_a_message_has_an_end():
    result = task.perform(made(), [], failing(Failure("x" * 10**6, side="tenant", name="x")), {})
    assert len(result["msg"]) == task.MAX_MESSAGE


def test_warnings_and_the_problems_of_devices_are_lines_of_what_can_be_seen():
    def work(a_task: Task) -> dict:
        a_task.learned["warnings"] = [HOSTILE]
        return {"devices": [{"problem": HOSTILE, "device": "a"}, {"problem": None}, {"device": "b"}]}

    result = task.perform(made(), [], work, {})
    assert result["warnings"] == [SHOWN]
    assert result["devices"] == [{"problem": SHOWN, "device": "a"}, {"problem": None}, {"device": "b"}]


@pytest.mark.parametrize("changed", [True, False])
@pytest.mark.parametrize("with_diff", [True, False])
def test_changed_changes_and_diff_are_always_there_and_say_the_same(changed, with_diff):
    def work(a_task: Task) -> dict:
        a_task.changes.add("disk", "old", "new" if changed else "old")
        return {}

    result = task.perform(made(), [], work, {}, with_diff=with_diff)
    assert result["changed"] is changed
    assert result["changes"] == ([{"what": "disk", "before": "old", "after": "new"}] if changed else [])
    seen = {"before": {"disk": "old"}, "after": {"disk": "new"}} if changed else {"before": {}, "after": {}}
    assert result.get("diff") == (seen if with_diff else None)
