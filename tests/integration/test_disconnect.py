# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""winops.entra.disconnect on every kind of joined device, with every connection cut, every crash, and all the way back.

States are read over the control API.
"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.foretold.compare import foretold
from tests.foretold.story import Case
from tests.hard_to_leave import HARD
from tests.integration import inspection, joins
from tests.integration.conftest import StartFleet
from tests.integration.leaves import INTUNE, Guard, leave_task
from tests.integration.play import ROOT, Play, Player, wait_until
from tests.lab.process import RunningLab

SCENARIOS = ROOT / "tests/lab/scenarios"
SCENARIO = yaml.safe_load((SCENARIOS / "disconnect.yml").read_text(encoding="utf-8"))
UNFLUSHED = "joined_leave_unflushed"
FLEET = [entry["kind"] for entry in SCENARIO["devices"]]
#: What a kind's ``expect.disconnect`` is called in the module's result.
OUTCOMES = {"left": "disconnected", "unchanged": "unchanged", "refused": "refused", "failed": "failed"}
ROLE = "winops.entra.disconnect"
OURS = "{{ ansible_facts.entra.packages | selectattr('origin', 'eq', 'other') | map(attribute='id') }}"
EVERYTHING = {"remove_mdm": True, "reboot": True, "stop_hybrid_autojoin": True}


class Exodus(t.NamedTuple):
    """A fleet that leaves: in check mode, for real with default options, and again."""

    lab: RunningLab
    before: dict[str, inspection.State]
    checked: Play
    check_commands: list[dict]
    after_check: dict[str, str]
    real: Play
    after: dict[str, inspection.State]
    again: Play
    again_commands: list[dict]
    after_again: dict[str, inspection.State]
    guard: Guard

    def of_kind(self, kind: str) -> str:
        """The name of a device of a kind."""
        return next(name for name, dump in self.before.items() if dump["kind"] == kind)

    def result(self, kind: str) -> dict[str, t.Any]:
        """What the real run returned."""
        return self.real.result(self.of_kind(kind), "leave")


@pytest.fixture(scope="module")
def exodus(start_fleet: StartFleet, player: Player) -> Exodus:
    """The three runs."""
    lab = start_fleet("disconnect")
    before = inspection.states(lab)
    with Guard(lab) as guard:
        commands = [len(lab.commands())]
        checked = player.tasks(lab, [leave_task()], "--check", "--diff")
        commands.append(len(lab.commands()))
        after_check = inspection.digests(lab)
        real = player.tasks(lab, [leave_task()])
        after = joins.settled(lab)
        commands.append(len(lab.commands()))
        again = player.tasks(lab, [leave_task()])
        after_again = joins.settled(lab)
    recorded = lab.commands()
    return Exodus(
        lab,
        before,
        checked,
        recorded[commands[0] : commands[1]],
        after_check,
        real,
        after,
        again,
        recorded[commands[2] :],
        after_again,
        guard,
    )


def test_check_mode_sends_nothing_that_changes_and_looks_once(exodus: Exodus) -> None:
    assert [line for line in exodus.check_commands if line["changing"] or line["kind"] != "operations"] == []
    assert exodus.after_check == {name: dump["digest"] for name, dump in exodus.before.items()}
    assert sorted(line["device"] for line in exodus.check_commands) == sorted(exodus.before)


def test_check_mode_predicts_the_real_run(exodus: Exodus) -> None:
    for name, predicted in exodus.checked.results("leave").items():
        case = Case("disconnect", "defaults", exodus.before[name]["kind"])
        assert foretold(case, predicted, exodus.real.result(name, "leave")).problem is None, name


def test_an_enrollment_that_windows_ends_with_the_join_is_told_and_no_other(exodus: Exodus) -> None:
    for name, result in exodus.real.results("leave").items():
        before = {item["id"].lower() for item in exodus.before[name]["enrollments"] if item["provider"]}
        gone = before - {item["id"].lower() for item in exodus.after[name]["enrollments"]}
        assert set(result.get("mdm_ended", [])) == gone, name
        if gone:
            foretold = " ".join(exodus.checked.result(name, "leave")["warnings"])
            assert exodus.before[name]["kind"] == "joined_leave_ends_mdm"
            assert all(one in foretold and one in " ".join(result["warnings"]) for one in gone)
    assert len(exodus.result("joined_leave_ends_mdm")["mdm_ended"]) == 1


@pytest.mark.parametrize("kind", FLEET)
def test_every_kind_of_device_ends_as_its_scenario_says(exodus: Exodus, kind: str) -> None:
    name = exodus.of_kind(kind)
    expect, result, dump = exodus.before[name]["expect"], exodus.result(kind), exodus.after[name]
    if "disconnect" in expect:
        assert result["outcome"] == OUTCOMES[expect["disconnect"]], result
    if result["outcome"] == "disconnected":
        assert (result["join_state"], result["changed"]) == ("left", True)
        assert dump["join"]["type"] in ("none", "domain") and not any(dump["join_parts"].values())
        assert dump["local_administrator"] is True
    elif kind == UNFLUSHED:
        # Windows did the half of it, and the result says so.
        assert (result["error"]["name"], result["changed"]) == ("half_left", True)
        assert dump["join_parts"] == exodus.before[name]["join_parts"] | {"registry": []}
    else:
        assert dump["join_parts"] == exodus.before[name]["join_parts"] and result["changed"] is False
    if result["outcome"] in ("refused", "unchanged"):
        assert dump["digest"] == exodus.before[name]["digest"]


def test_every_refusal_says_which_accounts_there_are(exodus: Exodus) -> None:
    error = exodus.result("joined_without_administrator")["error"]
    assert error["name"] == "no_local_administrator"
    found = exodus.before[exodus.of_kind("joined_without_administrator")]["administrators"]
    assert [item["sid"] for item in error["evidence"]] == [member["sid"] for member in found]
    for item in error["evidence"]:
        assert (item["name"] or item["sid"]) in error["cause"] and item["why_not"] in error["cause"]


def test_the_record_tells_what_the_device_was(exodus: Exodus) -> None:
    name = exodus.of_kind("joined_bitlocker")
    record, before = exodus.result("joined_bitlocker")["record"], exodus.before[name]
    assert (record["device_id"], record["tenant_id"]) == (before["join"]["device_id"], before["join"]["tenant_id"])
    assert record["bitlocker"]["volumes"] == before["bitlocker"]
    assert record["intune_device_id"] in exodus.lab.get("/tenant")["managed_devices"]
    assert record["serial_number"]
    recovery = [
        protector["id"]
        for volume in before["bitlocker"]
        for protector in volume["protectors"]
        if protector["type"] == "RecoveryPassword"
    ]
    assert all(any(text in warning for warning in exodus.result("joined_bitlocker")["warnings"]) for text in recovery)


def test_a_device_that_shows_an_association_is_told_apart_from_the_others(exodus):
    marked = exodus.of_kind("joined_laps_beside")
    for play in (exodus.checked, exodus.real):
        told = {
            name: [text for text in play.result(name, "leave").get("warnings") or () if "device association" in text]
            for name in exodus.before
        }
        assert [name for name, texts in told.items() if texts] == [marked]
        assert "5d0a1f3c-2b4e-4c6d-8f70-91a2b3c4d5e6" in told[marked][0]
    assert not exodus.again.result(marked, "leave").get("warnings")


def test_a_half_left_device_is_finished(exodus: Exodus) -> None:
    name = exodus.of_kind("joined_half_left")
    assert exodus.checked.result(name, "leave")["join_state"] == "half_left"
    assert exodus.result("joined_half_left")["changes"][0]["before"]["half_left"]


def test_a_leave_leaves_nothing_of_ours_behind(exodus: Exodus) -> None:
    for name, dump in exodus.after.items():
        if exodus.real.result(name, "leave")["outcome"] == "disconnected":
            assert inspection.ours(dump) == [], name


def test_a_second_run_changes_nothing(exodus: Exodus) -> None:
    for name, first in exodus.real.results("leave").items():
        if first["outcome"] in ("disconnected", "unchanged"):
            result = exodus.again.result(name, "leave")
            assert (result["outcome"], result["changed"], result["changes"]) == ("unchanged", False, []), (name, result)
            assert exodus.after_again[name]["digest"] == exodus.after[name]["digest"], name
            assert [line["changing"] for line in exodus.again_commands if line["device"] == name] == [[]], name


@pytest.mark.parametrize(("kind", "error"), [("joined_leave_fails_once", "not_left"), (UNFLUSHED, "half_left")])
def test_a_leave_that_failed_for_once_succeeds_in_the_next_run(exodus: Exodus, kind: str, error: str) -> None:
    name = exodus.of_kind(kind)
    assert exodus.result(kind)["error"]["name"] == error
    assert exodus.again.result(name, "leave")["outcome"] == "disconnected"
    assert inspection.ours(exodus.after_again[name]) == []


def test_at_every_moment_somebody_could_get_in_and_foreign_enrollments_were_whole(exodus: Exodus) -> None:
    assert exodus.guard.broken == [] and exodus.guard.looks > 10


# --- every exchange cut -----------------------------------------------------------------------------------------------

FAULTS = ("drop_receive", "drop_half_answer", "drop_request")
EXCHANGES, REQUESTS = 16, 6


def cut_fleet(lasting: bool) -> dict[str, t.Any]:
    """One hybrid device for each exchange of a whole leave, whose connection breaks there in one of three ways: once,
    or for good from then on."""
    kinds = {"hard": {"description": "hybrid joined, enrolled, other MDMs", "device": HARD, "package": "fleet"}}
    devices = []
    for number in range(EXCHANGES):
        kind = FAULTS[number % 3]
        # drop_request counts HTTP requests, of which an exchange needs several; the others count answers.
        faults = [{"kind": kind, "skip": number * (REQUESTS if kind == "drop_request" else 1)}]
        faults += [{"kind": kind, "times": 10_000}] if lasting else []
        devices.append({"kind": "hard", "name": f"cut-{number:02d}", "device": {"faults": faults}})
    return {"description": "Each device loses its connection at another exchange.", "kinds": kinds, "devices": devices}


def left_whole(lab: RunningLab) -> dict[str, inspection.State]:
    """The states of the devices, each of which must have left in every respect."""
    after = joins.settled(lab)
    for name, dump in after.items():
        assert dump["join"]["type"] == "domain" and not any(dump["join_parts"].values()), name
        assert dump["autojoin_stopped"] and dump["local_administrator"] and inspection.ours(dump) == [], name
        assert [item for item in dump["enrollments"] if item["provider"] == INTUNE] == [], name
        assert dump["leave_unfinished"] is False, name
    return after


def test_a_connection_that_breaks_once_at_any_exchange_does_not_stop_the_leave(
    start_fleet: StartFleet, player: Player
) -> None:
    lab = start_fleet(cut_fleet(lasting=False))
    with Guard(lab) as guard:
        first = player.tasks(lab, [leave_task(**EVERYTHING)])
        # Only a device that could not be reached at all is for the next run.
        for name, result in first.results("leave").items():
            assert result.get("outcome") == "disconnected" or result.get("unreachable"), (name, result)
        # What a quick leave never came to is not for the second run.
        for name in first.results("leave"):
            inspection.clear_faults(lab, name)
        again = player.tasks(lab, [leave_task(**EVERYTHING)])
    assert guard.broken == []
    left_whole(lab)
    for name, result in again.results("leave").items():
        assert result["outcome"] == "unchanged" or first.result(name, "leave").get("unreachable"), name


def test_a_device_that_is_lost_at_any_exchange_is_finished_by_the_next_run(
    start_fleet: StartFleet, player: Player
) -> None:
    lab = start_fleet(cut_fleet(lasting=True))
    before = inspection.states(lab)
    with Guard(lab) as guard:
        # Longer than a step takes on a busy machine: that a device is lost is to end the task, and nothing else. Each
        # answer that is cut leaves a session open; a fast machine that asks each second would use up the account's.
        broken = player.tasks(lab, [leave_task(**EVERYTHING, timeout=15, reboot_timeout=15, poll_interval=3)])
        for name, result in broken.results("leave").items():
            if not result.get("unreachable"):
                assert result["outcome"] in ("failed", "disconnected"), (name, result)
        errors = [result["error"] for result in broken.results("leave").values() if result.get("outcome") == "failed"]
        assert len(errors) >= 8 and "network" in {error["side"] for error in errors}, errors
        # On a machine that is busy enough, a step's time is over before its device is lost.
        assert {error["name"] for error in errors if error["side"] != "network"} <= {"unfinished"}, errors
        for name in before:
            inspection.clear_faults(lab, name)
        player.tasks(lab, [leave_task(**EVERYTHING)])
        joins.settled(lab)
        last = player.tasks(lab, [leave_task(**EVERYTHING)])
    assert guard.broken == []
    left_whole(lab)
    assert {result["changed"] for result in last.results("leave").values()} == {False}


# --- crashes ----------------------------------------------------------------------------------------------------------


def test_a_controller_that_crashes_between_steps_is_followed_by_a_run_that_finishes(
    start_fleet: StartFleet, player: Player
) -> None:
    kinds = {"hard": {"description": "hybrid joined, enrolled, other MDMs", "device": HARD, "package": "fleet"}}
    lab = start_fleet({"description": "One device.", "kinds": kinds, "devices": [{"kind": "hard", "name": "one"}]})
    record = inspection.state(lab, "one")["join"]
    # How many changing commands the device has executed when the controller dies: three jobs, a restart.
    with Guard(lab) as guard:
        for count in range(1, 5):

            def changed() -> int:
                return sum(1 for line in lab.commands() if {"job_start", "restart"} & set(line["changing"]))

            with player.running(
                lab, [{"hosts": "devices", "gather_facts": False, "tasks": [leave_task(**EVERYTHING)]}]
            ) as run:
                wait_until(lambda: changed() >= count or run.process.poll() is not None, f"{count} changes")  # noqa: B023
                run.kill()
        joins.settled(lab)
        finished = player.tasks(lab, [leave_task(**EVERYTHING)])
        last = player.tasks(lab, [leave_task(**EVERYTHING)])
    assert guard.broken == []
    left_whole(lab)
    assert finished.result("one", "leave")["record"]["device_id"] == record["device_id"]
    assert last.result("one", "leave")["outcome"] == "unchanged"


# --- the playbook -----------------------------------------------------------------------------------------------------


def test_the_playbook_reports_the_ids_of_what_left_and_fails_what_did_not(
    start_fleet: StartFleet, player: Player, tmp_path: Path
) -> None:
    lab = start_fleet(
        {
            "description": "One that leaves and one that must not.",
            "devices": [
                {"kind": "joined_bitlocker", "name": "goes"},
                {"kind": "joined_without_administrator", "name": "stays"},
            ],
        }
    )
    before = inspection.state(lab, "goes")
    report = tmp_path / "report.json"
    play = player.run(
        lab,
        ROOT / "playbooks/disconnect.yml",
        variables={
            "disconnect_hosts": "devices",
            "disconnect_serial": 1,
            "disconnect_max_fail_percentage": 100,
            "disconnect_remove_mdm": True,
            "disconnect_poll_interval": 1,
            "disconnect_report": str(report),
        },
    )
    made = json.loads(report.read_text(encoding="utf-8"))
    assert made["totals"] == {"devices": 2, "disconnected": 1, "refused": 1}
    goes, stays = made["devices"]
    assert goes["device_id"] == before["join"]["device_id"]
    assert goes["intune_device_id"] in lab.get("/tenant")["managed_devices"]
    assert goes["bitlocker"]["volumes"] == before["bitlocker"] and goes["serial_number"]
    assert stays["name"] == "no_local_administrator" and all(not item["counts"] for item in stays["administrators"])
    assert play.recap["goes"]["failures"] == 0 and play.recap["stays"]["failures"] == 1


# --- there and back ---------------------------------------------------------------------------------------------------


def test_a_device_that_joins_leaves_joins_another_tenant_and_leaves_ends_as_it_began(
    start_fleet: StartFleet, player: Player
) -> None:
    lab = start_fleet(
        {
            "description": "One device and two tenants.",
            "tenants": {"other": {"name": "Fabrikam", "domain": "fabrikam.example", "join": "all", "mdm": "all"}},
            "devices": [{"kind": "unjoined_pro", "name": "traveller"}],
        }
    )
    before = inspection.state(lab, "traveller")
    tasks = []
    for label, tenant in (("fleet", inspection.tenant_id(lab)), ("other_tenant", lab.get("/tenants/other")["id"])):
        package = str(inspection.package_file(lab, label))
        tasks += [
            {
                "name": f"join {label}",
                "winops.entra.join": {
                    "tenant_id": tenant,
                    "src": package,
                    "expect_mdm": True,
                    # Else the engine remembers the package for good, when its file is gone.
                    "remove_package": True,
                    "poll_interval": 1,
                    "timeout": 60,
                },
            },
            {
                "name": f"disconnect {label}",
                "ansible.builtin.include_role": {"name": ROLE},
                "vars": {
                    "disconnect_tenant_id": tenant,
                    "disconnect_remove_mdm": True,
                    "disconnect_reboot": True,
                    "disconnect_remove_packages": OURS,
                    "disconnect_poll_interval": 1,
                    "disconnect_timeout": 60,
                    "disconnect_reboot_timeout": 30,
                },
            },
            {"name": f"outcome {label}", "ansible.builtin.debug": {"var": "disconnect_outcome"}},
            {"name": f"state {label}", "lab_state": {}},
        ]
    play = player.tasks(lab, tasks)
    assert play.exit_code == 0, play.output[-4000:]
    for label in ("fleet", "other_tenant"):
        assert play.result("traveller", f"outcome {label}")["disconnect_outcome"]["outcome"] == "disconnected"
        assert play.state("traveller", f"state {label}")["join"]["type"] == "none"
    after = joins.settled(lab)["traveller"]
    for part in ("registry", "tasks", "certificates", "enrollments", "join_parts", "packages", "accounts"):
        assert after[part] == before[part], part
    assert inspection.ours(after) == []
