# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""winops.entra.preflight on every kind of device, held against what the join then meets.

Prints the confusion table: a line a kind, a column a check. Run pytest with -s to see it of a passing run, too.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

from tests.integration import inspection, joins
from tests.integration.conftest import StartFleet
from tests.integration.play import ROOT, Play, Player
from tests.lab.process import RunningLab

SCENARIOS = ROOT / "tests/lab/scenarios"
LIBRARY = {
    kind: options
    for file in sorted(SCENARIOS.glob("kinds*.yml"))
    for kind, options in yaml.safe_load(file.read_text(encoding="utf-8"))["kinds"].items()
}
SCENARIO = yaml.safe_load((SCENARIOS / "preflight.yml").read_text(encoding="utf-8"))
# What only the tenant knows: no look at the device can foretell it.
OF_THE_TENANT = ("expired_token", "user_gone", "conditional_access", "join_blocked")
KINDS = tuple(dict.fromkeys([entry["kind"] for entry in SCENARIO["devices"]] + list(OF_THE_TENANT)))
EXPECT = {kind: LIBRARY[kind]["expect"] for kind in KINDS}
BROKEN = [kind for kind in KINDS if EXPECT[kind].get("preflight") or EXPECT[kind].get("warn")]
HEALTHY = [kind for kind in KINDS if kind not in BROKEN and EXPECT[kind]["outcome"] in ("joined", "unchanged")]
# Their joins end only when the task's time is over: nobody answers any more, or the enrollment may still come.
WAITED_OUT = ("mdm_blocked", "shut_out_by_baseline")
# Real seconds; such a join itself takes four.
LONG_ENOUGH = 90
SIGNS = {"pass": ".", "warn": "w", "fail": "F", "unknown": "?"}

OPTIONS = {
    "tenant_id": "{{ join_tenant_id }}",
    "method": "{{ join_method | default('provisioning_package') }}",
    "expect_mdm": "{{ join_expect_mdm | default(false) }}",
    "user_sign_in": "{{ preflight_user_sign_in | default(false) }}",
}


FINDING = {"id", "result", "subject", "observed", "expected", "cause", "fix", "side", "doc", "permissions", "evidence"}


def failed_ids(result: dict) -> list[str]:
    """The checks that fail, in their order."""
    return [check["id"] for check in result["findings"] if check["result"] == "fail"]


def preflight_task(name: str = "preflight", **options: t.Any) -> dict[str, t.Any]:
    """The task, which fails on nothing unless told."""
    return {"name": name, "winops.entra.preflight": OPTIONS | {"fail_on": []} | options, "ignore_errors": True}


class Foretold(t.NamedTuple):
    """A fleet that was looked at in check mode, looked at, and joined."""

    lab: RunningLab
    kinds: dict[str, str]
    before: dict[str, str]
    checked: Play
    check_commands: list[dict]
    looked: Play
    look_commands: list[dict]
    after: dict[str, inspection.State]
    joined: Play

    def device(self, kind: str) -> str:
        return next(name for name, its_kind in self.kinds.items() if its_kind == kind)

    def checks(self, kind: str) -> dict[str, dict]:
        """The checks of a kind by their ids."""
        result = self.looked.result(self.device(kind), "preflight")
        assert "findings" in result, result
        return {check["id"]: check for check in result["findings"]}

    def having(self, kind: str, result: str) -> set[str]:
        return {name for name, check in self.checks(kind).items() if check["result"] == result}

    def met(self, kind: str) -> dict[str, t.Any]:
        """What the join came to."""
        return self.joined.result(self.device(kind), "join")


@pytest.fixture(scope="module")
def foretold(start_fleet: StartFleet, player: Player) -> Foretold:
    """The three runs."""
    lab = start_fleet({"devices": [joins.device_of(kind, LIBRARY) for kind in KINDS]})
    states = inspection.states(lab)
    before = {name: dump["digest"] for name, dump in states.items()}
    commands = [len(lab.commands())]
    checked = player.tasks(lab, [preflight_task()], "--check", "--diff")
    commands.append(len(lab.commands()))
    looked = player.tasks(lab, [preflight_task()])
    commands.append(len(lab.commands()))
    recorded = lab.commands()
    after = inspection.states(lab)
    options = joins.options_of_scenario(lab)
    for name, dump in states.items():
        if dump["kind"] in WAITED_OUT:
            options[name]["timeout"] = LONG_ENOUGH
    joined = player.tasks(lab, [joins.join_task()], host_variables=joins.wanted(options))
    return Foretold(
        lab,
        {name: dump["kind"] for name, dump in states.items()},
        before,
        checked,
        recorded[commands[0] : commands[1]],
        looked,
        recorded[commands[1] : commands[2]],
        after,
        joined,
    )


def table(foretold: Foretold) -> str:
    """Kind by check, what the join then came to, and the code that it met."""
    ids = list(foretold.checks(KINDS[0]))
    head = [f"{'':30}" + "".join(f" {number:2}" for number in range(1, len(ids) + 1)) + "  join"]
    rows = []
    for kind in KINDS:
        checks, met = foretold.checks(kind), foretold.met(kind)
        error = met.get("error") or {}
        signs = "".join(f"  {SIGNS[checks[name]['result']] if name in checks else ' '}" for name in ids)
        rows.append(
            f"{kind:30}{signs}  {met.get('outcome', '')} {error.get('code') or error.get('name') or ''}".rstrip()
        )
    names = [f"{number:2} {name}" for number, name in enumerate(ids, 1)]
    lines = [
        "",
        "preflight (. pass, w warn, F fail, ? unknown) and the join that followed:",
        *head,
        *rows,
        "",
        ", ".join(names),
    ]
    counts = {name: sum(1 for kind in KINDS if cell(foretold, kind) == name) for name in CELLS}
    return "\n".join([*lines, "", *(f"{name}: {count}" for name, count in counts.items())])


CELLS = (
    "fit, and joined",
    "not fit, and failed",
    "only warned, and joined",
    "only warned, and failed",
    "not fit, and joined all the same",
    "fit, and refused by the tenant",
    "fit, and failed",
)


CONFUSION = Path(__file__).resolve().parents[2] / "build" / "confusion.txt"


def cell(foretold: Foretold, kind: str) -> str:
    """Where a kind belongs in the confusion table."""
    said = "not fit" if foretold.having(kind, "fail") else "only warned" if foretold.having(kind, "warn") else "fit"
    if foretold.joined.status(foretold.device(kind), "join") == "ok":
        return f"{said}, and joined" + (" all the same" if said == "not fit" else "")
    return "fit, and refused by the tenant" if said == "fit" and kind in OF_THE_TENANT else f"{said}, and failed"


def test_the_confusion_table(foretold: Foretold) -> None:
    CONFUSION.parent.mkdir(exist_ok=True)
    CONFUSION.write_text(table(foretold) + "\n", encoding="utf-8")  # conftest.py prints it at the end of the run
    for kind in KINDS:
        assert cell(foretold, kind) != "fit, and failed", (kind, foretold.met(kind))


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_broken_is_foretold(foretold: Foretold, kind: str) -> None:
    failed, warned = foretold.having(kind, "fail"), foretold.having(kind, "warn")
    assert foretold.having(kind, "unknown") == set(EXPECT[kind].get("unknown", []))
    assert set(EXPECT[kind].get("preflight", [])) <= failed, (failed, foretold.checks(kind))
    assert set(EXPECT[kind].get("warn", [])) <= warned, (warned, foretold.checks(kind))


@pytest.mark.parametrize("kind", HEALTHY)
def test_no_false_alarm_on_a_healthy_device(foretold: Foretold, kind: str) -> None:
    alarms = {name: check for name, check in foretold.checks(kind).items() if check["result"] != "pass"}
    assert alarms == {}
    assert foretold.met(kind)["outcome"] == EXPECT[kind]["outcome"]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if EXPECT[kind]["outcome"] in ("joined", "unchanged")])
def test_nothing_fails_on_a_device_that_joins_but_what_its_kind_plants(foretold: Foretold, kind: str) -> None:
    assert foretold.having(kind, "fail") <= set(EXPECT[kind].get("preflight", []))


@pytest.mark.parametrize("kind", OF_THE_TENANT)
def test_what_only_the_tenant_knows_is_no_alarm(foretold: Foretold, kind: str) -> None:
    assert foretold.having(kind, "fail") == set()


def test_what_join_refuses_fails_by_the_same_rule(foretold: Foretold) -> None:
    for kind in KINDS:
        error = foretold.met(kind).get("error") or {}
        if foretold.met(kind).get("outcome") == "refused":
            causes = {check["cause"] for check in foretold.checks(kind).values() if check["result"] == "fail"}
            assert error["cause"] in causes or kind == "not_administrator", (kind, error, causes)


def test_a_check_says_what_it_saw_and_what_to_do(foretold: Foretold) -> None:
    for kind in KINDS:
        for check in foretold.checks(kind).values():
            assert set(check) == FINDING
            assert check["observed"] and check["expected"]
            assert check["result"] == "pass" or (check["cause"] and check["fix"]), check


def test_each_device_is_asked_once(foretold: Foretold) -> None:
    for commands in (foretold.check_commands, foretold.look_commands):
        assert sorted(line["device"] for line in commands) == sorted(foretold.kinds)


def test_check_mode_makes_no_task_and_asks_as_the_caller(foretold: Foretold) -> None:
    assert [line for line in foretold.check_commands if line["changing"]] == []
    result = foretold.checked.result(foretold.device("unjoined_pro"), "preflight")
    assert {check["observed"] for check in result["findings"] if check["id"] == "endpoint_login"} == {
        "HTTP 200 as the connecting account"
    }
    blocked = foretold.checked.result(foretold.device("blocked_for_system"), "preflight")
    assert "endpoint_registration" not in failed_ids(blocked)


def test_a_preflight_changes_nothing(foretold: Foretold) -> None:
    for name, dump in foretold.after.items():
        assert inspection.ours(dump) == [], name
        assert dump["join"]["type"] == foretold.after[name]["join"]["type"]
    for play in (foretold.checked, foretold.looked):
        assert {
            name: result.get("changed") for name, result in play.results("preflight").items() if result.get("changed")
        } == {}
    diff = foretold.checked.result(foretold.device("home"), "preflight")["diff"]
    assert diff == {"before": {}, "after": {}}


def test_the_task_fails_by_what_fail_on_names(foretold: Foretold, player: Player) -> None:
    home, pro = foretold.device("home"), foretold.device("packages_forbidden")
    tasks = [
        preflight_task("all", fail_on=["fail"]),
        preflight_task("other", fail_on=["clock"]),
        preflight_task("skipped", fail_on=["fail"], skip=["edition", "endpoints"]),
        preflight_task("bad", fail_on=["editoin"]),
    ]
    before = len(foretold.lab.commands())
    play = player.tasks(foretold.lab, tasks, hosts=f"{home},{pro}")
    result = play.result(home, "all")
    assert (play.status(home, "all"), result["error"]["name"]) == ("ignored", "preflight_edition")
    assert "Windows Home" in result["msg"] and failed_ids(result) == ["edition"]
    assert play.status(home, "other") == play.status(home, "skipped") == "ok"
    bad = play.result(home, "bad")
    assert bad["error"]["name"] == "bad_option" and "fail_on" in bad["msg"]
    assert len([line for line in foretold.lab.commands()[before:] if line["device"] == home]) == 3
    assert (play.result(pro, "all")["error"]["name"], play.status(pro, "skipped")) == (
        "preflight_package_policy",
        "ignored",
    )
