# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""winops.entra.mdm on devices of every join type; states are read over the control API."""

from __future__ import annotations

import typing as t

import pytest

from tests.integration import inspection, joins
from tests.integration.conftest import StartFleet
from tests.integration.play import Play, Player
from tests.lab.process import RunningLab

INTUNE = "MS DM Server"
KINDS = (
    "joined",
    "joined_other_mdm",
    "joined_twice_enrolled",
    "joined_both_channels",
    "joined_state_13",
    "joined_mdm_offered",
    "joined_user_signed_in",
    "joined_no_mdm_address",
    "joined_without_administrator",
    "joined_elsewhere_left",
    "hybrid_offered",
    "ad_joined",
    "registered",
    "server",
    "unjoined_pro",
)
#: What state=enrolled comes to.
ENROLL = {
    "joined": "unchanged",
    "joined_other_mdm": "unchanged",
    "joined_twice_enrolled": "unchanged",
    "joined_both_channels": "unchanged",
    "joined_state_13": "unchanged",
    "joined_user_signed_in": "enrolled",
    "joined_mdm_offered": "failed",
    "joined_no_mdm_address": "no_mdm_address",
    "joined_without_administrator": "no_mdm_address",
    "joined_elsewhere_left": "not_joined",
    "hybrid_offered": "failed",
    "ad_joined": "not_joined",
    "registered": "not_joined",
    "server": "server_has_no_mdm",
    "unjoined_pro": "not_joined",
}


class Runs(t.NamedTuple):
    """A fleet enrolled (checked, done, again), then its enrollments removed (checked, done, again)."""

    lab: RunningLab
    states: list[dict[str, inspection.State]]
    plays: dict[str, Play]

    def of_kind(self, kind: str) -> str:
        """The name of the device of a kind."""
        return next(name for name, dump in self.states[0].items() if dump["kind"] == kind)


def task(**options: t.Any) -> dict[str, t.Any]:
    """The task, with seconds of the test's own time: one is a minute of the device."""
    given = {"poll_interval": 1, "timeout": 6} | options
    return {"name": "mdm", "winops.entra.mdm": given, "ignore_errors": True, "ignore_unreachable": True}


@pytest.fixture(scope="module")
def runs(start_fleet: StartFleet, player: Player) -> Runs:
    """The six runs, with the states before, between and after."""
    lab = start_fleet({"description": "Devices for MDM.", "devices": [{"kind": kind} for kind in KINDS]})
    states, plays = [inspection.states(lab)], {}
    for state in ("enrolled", "absent"):
        plays[f"{state} checked"] = player.tasks(lab, [task(state=state)], "--check", "--diff")
        states.append(joins.settled(lab))
        plays[state] = player.tasks(lab, [task(state=state)])
        states.append(joins.settled(lab))
        plays[f"{state} again"] = player.tasks(lab, [task(state=state)])
        states.append(joins.settled(lab))
    return Runs(lab, states, plays)


@pytest.mark.parametrize("kind", KINDS)
def test_each_join_type_enrolls_or_is_refused_with_a_reason(runs: Runs, kind: str) -> None:
    result, expected = runs.plays["enrolled"].result(runs.of_kind(kind), "mdm"), ENROLL[kind]
    if expected in ("unchanged", "enrolled", "failed"):
        assert result["outcome"] == expected, result
    else:
        assert (result["outcome"], result["error"]["name"]) == ("refused", expected) and result["error"]["fix"]
    dump = runs.states[2][runs.of_kind(kind)]
    assert dump["join"]["mdm"] is (expected in ("unchanged", "enrolled"))


@pytest.mark.parametrize("state", ["enrolled", "absent"])
def test_after_a_change_all_facts_are_read_again_together(runs: Runs, state: str) -> None:
    changed = {name: result for name, result in runs.plays[state].results("mdm").items() if result["changed"]}
    told = {name: result["ansible_facts"]["entra"] for name, result in changed.items() if "error" not in result}
    assert told
    for name, entra in told.items():
        assert set(entra["read"]) == {"join", "mdm", "packages", "os", "clock", "caller"}
        assert len({stamp["at"] for stamp in entra["read"].values()}) == 1
        assert entra["mdm"]["enrolled"] is runs.states[2 if state == "enrolled" else 5][name]["join"]["mdm"]


def test_check_mode_touches_nothing_and_predicts_the_change(runs: Runs) -> None:
    for before, after in ((0, 1), (3, 4)):
        for name, dump in runs.states[before].items():
            assert runs.states[after][name]["digest"] == dump["digest"], name
    name = runs.of_kind("joined_user_signed_in")
    assert runs.plays["enrolled checked"].result(name, "mdm")["outcome"] == "would_enroll"
    assert runs.plays["absent checked"].result(name, "mdm")["outcome"] == "would_remove"
    for state in ("enrolled", "absent"):
        predicted, real = (runs.plays[play].result(name, "mdm") for play in (f"{state} checked", state))
        assert predicted["changes"] == real["changes"]


def test_a_second_run_changes_nothing(runs: Runs) -> None:
    for state, (before, after) in {"enrolled": (2, 3), "absent": (5, 6)}.items():
        for name, result in runs.plays[state].results("mdm").items():
            if result["outcome"] != "failed":
                again = runs.plays[f"{state} again"].result(name, "mdm")
                assert again["outcome"] in ("unchanged", "refused") and again["changed"] is False, (name, again)
                assert runs.states[after][name]["digest"] == runs.states[before][name]["digest"], name


def test_a_failed_enrollment_is_explained(runs: Runs) -> None:
    error = runs.plays["enrolled"].result(runs.of_kind("joined_mdm_offered"), "mdm")["error"]
    assert error["code"] and error["cause"] and error["fix"] and error["evidence"]


def test_one_enrollment_goes_with_all_of_it_and_no_other_is_touched(runs: Runs) -> None:
    for kind in ("joined", "joined_other_mdm", "joined_user_signed_in", "joined_elsewhere_left"):
        name = runs.of_kind(kind)
        result, before, after = runs.plays["absent"].result(name, "mdm"), runs.states[4][name], runs.states[5][name]
        assert (result["outcome"], result["changed"]) == ("removed", True), result
        assert after["enrollments"] == [item for item in before["enrollments"] if item["provider"] != INTUNE]
        gone = [item["id"] for item in before["enrollments"] if item["provider"] == INTUNE]
        assert not any(gone[0] in path for path in [*after["registry"]["HKLM"], *after["tasks"]])
        assert after["join_parts"] == before["join_parts"] and inspection.ours(after) == []


def test_an_enrollment_among_several_must_be_named(runs: Runs, player: Player) -> None:
    name = runs.of_kind("joined_twice_enrolled")
    error = runs.plays["absent"].result(name, "mdm")["error"]
    assert error["name"] == "several_enrollments"
    live, old = (next(item for item in error["evidence"] if item["enrolled"] is wanted) for wanted in (True, False))
    play = player.tasks(runs.lab, [task(state="absent", enrollment_id=old["enrollment_id"])], hosts=name)
    assert play.result(name, "mdm")["outcome"] == "removed"
    found = inspection.state(runs.lab, name)["enrollments"]
    left = [item["id"].lower() for item in found if item["provider"] == INTUNE]
    assert left == [live["enrollment_id"]]
