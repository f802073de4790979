# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""winops.entra.device_facts on every kind of device: true by the control API, one command, nothing changed."""

from __future__ import annotations

import typing as t

import pytest
import yaml

from tests.integration import inspection
from tests.integration.conftest import StartFleet
from tests.integration.play import ROOT, Play, Player
from tests.lab.process import RunningLab

KINDS = yaml.safe_load((ROOT / "tests/lab/scenarios/kinds.yml").read_text(encoding="utf-8"))["kinds"]
HOME_AND_SERVERS = {"home", "server"}
FILTERED = "filtered-token"

Facts = dict[str, t.Any]


class Gathered(t.NamedTuple):
    """A run of device_facts over every kind, with the devices' states before and after it."""

    lab: RunningLab
    play: Play
    before: dict[str, dict]
    after: dict[str, dict]
    commands: list[dict]

    def facts(self, name: str) -> Facts:
        """The facts of a device."""
        return self.play.result(name, "facts")["ansible_facts"]["entra"]

    def of_kind(self, kind: str) -> tuple[Facts, dict]:
        """Facts and state of the first device of a kind."""
        name = next(name for name, dump in self.before.items() if dump["kind"] == kind)
        return self.facts(name), self.before[name]


@pytest.fixture(scope="module")
def fleet(start_fleet: StartFleet) -> RunningLab:
    """One device of every kind, and one whose account has no full token."""
    devices = [{"kind": kind} for kind in KINDS]
    return start_fleet(
        {"devices": [*devices, {"kind": "unjoined_pro", "name": FILTERED, "device": {"token_filter": True}}]}
    )


@pytest.fixture(scope="module")
def gathered(fleet: RunningLab, player: Player) -> Gathered:
    """All facts of all devices."""
    before = inspection.states(fleet)
    play = player.tasks(fleet, [{"name": "facts", "winops.entra.device_facts": {}}])
    return Gathered(fleet, play, before, inspection.states(fleet), fleet.commands())


def test_every_device_answers(gathered: Gathered) -> None:
    assert gathered.play.exit_code == 0, gathered.play.output
    assert set(gathered.play.results("facts")) == set(gathered.before)
    assert all(counts["changed"] == 0 for counts in gathered.play.recap.values())


def test_each_exchange_is_a_line_at_vvv_and_each_refusal_one_at_vvvv(fleet: RunningLab, player: Player) -> None:
    for verbosity, refusals in (("-vvv", False), ("-vvvv", True)):
        facts = [{"name": "facts", "winops.entra.device_facts": {}}]
        output = player.tasks(fleet, facts, verbosity, hosts=FILTERED).output
        lines = [line for line in output.splitlines() if f"<{FILTERED}> winops.entra: " in line]
        exchange = [line for line in lines if "bytes sent" in line]
        assert len(exchange) == 1 and "registry_read" in exchange[0] and " refused; " in exchange[0]
        assert any("bytes sent" not in line for line in lines) is refusals
        assert any("workplace_join (registry_users_read" in line for line in lines) is refusals


def test_facts_take_one_command_a_device(gathered: Gathered) -> None:
    executed = [line["device"] for line in gathered.commands]
    assert sorted(executed) == sorted(gathered.before)
    assert not [line for line in gathered.commands if line["changing"] or line["exit_code"]]


def test_facts_change_nothing(gathered: Gathered) -> None:
    assert {name: dump["digest"] for name, dump in gathered.after.items()} == {
        name: dump["digest"] for name, dump in gathered.before.items()
    }


@pytest.mark.parametrize("kind", KINDS)
def test_join_facts_are_the_devices_state(gathered: Gathered, kind: str) -> None:
    facts, dump = gathered.of_kind(kind)
    join = facts["join"]
    assert {field: join[field] for field in ("type", "device_id", "tenant_id")} == {
        field: dump["join"][field] for field in ("type", "device_id", "tenant_id")
    }
    assert (join["tenant_name"], join["joined_by"], join["thumbprint"]) == tuple(
        dump["join"].get(field) for field in ("tenant_name", "user", "thumbprint")
    )
    assert join["witnesses_agree"] is True


@pytest.mark.parametrize("kind", KINDS)
def test_mdm_facts_are_the_devices_state(gathered: Gathered, kind: str) -> None:
    facts, dump = gathered.of_kind(kind)
    assert facts["mdm"]["enrolled"] is dump["join"]["mdm"]
    ids = [task.rpartition("\\")[2].lower() for task in dump["tasks"] if "EnterpriseMgmt" in task]
    assert facts["mdm"]["enrollment_id"] == (ids[0] if ids else None)


@pytest.mark.parametrize("kind", KINDS)
def test_package_facts_are_the_devices_state(gathered: Gathered, kind: str) -> None:
    facts, dump = gathered.of_kind(kind)
    device = KINDS[kind].get("device", {})
    # Most Windows list what they find the file of; an engine may remember what is gone.
    registered = device.get("engine", {}).get("listing") == "registered"
    listed = dump["packages"] if registered or device.get("installed_before", {}).get("file", True) else []
    assert [(p["id"], p["name"], p["version"]) for p in facts["packages"]] == [
        (p["id"], p["name"], p["version"]) for p in dump["own_packages"] + listed
    ]
    origins = {p["id"]: p["origin"] for p in facts["packages"]}
    told = {origins[p["id"]] for p in dump["own_packages"]}
    assert told == (set() if facts["os"]["server"] else {"windows", "maker"})
    assert {origins[p["id"]] for p in listed} <= {"other"}


@pytest.mark.parametrize("kind", KINDS)
def test_windows_facts_are_those_of_the_scenario(gathered: Gathered, kind: str) -> None:
    facts, dump = gathered.of_kind(kind)
    device = KINDS[kind].get("device", {})
    windows = device.get("windows", {})
    os = facts["os"]
    assert os["edition"] == windows.get("edition", "Professional")
    assert os["build"] == windows.get("build", "22631.4317")
    # ServerRdsh is the edition of Enterprise multi-session, which is a client.
    assert os["server"] is (os["edition"].startswith("Server") and os["edition"] != "ServerRdsh")
    assert os["azure_vm"] is ("azure" in device)
    assert os["joinable"] is (kind not in HOME_AND_SERVERS)
    assert bool(os["why_not_joinable"]) is not os["joinable"]
    assert os["pending_reboot"] is bool(device.get("pending_reboot"))
    assert os["last_boot"] == dump["booted"]


def test_an_old_enrollment_that_was_removed_badly_is_no_enrollment(gathered: Gathered) -> None:
    facts, dump = gathered.of_kind("enrollment_leftovers")
    states = [values.get("EnrollmentState") for key, values in dump["registry"]["HKLM"].items() if "Enrollments" in key]
    assert 1 in states
    assert facts["mdm"]["enrolled"] is False


@pytest.mark.parametrize("kind", KINDS)
def test_clock_facts_tell_how_far_the_clock_is_off(gathered: Gathered, kind: str) -> None:
    clock = gathered.of_kind(kind)[0]["clock"]
    skew = KINDS[kind].get("device", {}).get("clock_skew", 0)
    assert abs(clock["skew_seconds"] - skew) <= clock["uncertainty_seconds"] + 0.2


def test_the_caller_is_told_apart_from_the_device(gathered: Gathered) -> None:
    facts, dump = gathered.of_kind("joined")
    caller = facts["caller"]
    assert caller["account"].upper() == f"{dump['hostname']}\\ansible".upper()
    assert (caller["elevated"], caller["system"]) == (True, False)
    assert "SSO State" in caller["sections"]


def test_healthy_devices_give_no_warnings(gathered: Gathered) -> None:
    warned = [name for name, result in gathered.play.results("facts").items() if result.get("warnings")]
    assert warned == [FILTERED]
    facts = {name: result["ansible_facts"]["entra"] for name, result in gathered.play.results("facts").items()}
    assert [name for name, entra in facts.items() if entra["refused"]] == [FILTERED]


def test_an_account_without_its_full_token_is_warned_about(gathered: Gathered) -> None:
    result = gathered.play.result(FILTERED, "facts")
    assert result["ansible_facts"]["entra"]["caller"]["elevated"] is False
    assert any("packages could not be read" in warning for warning in result["warnings"])
    assert result["ansible_facts"]["entra"]["refused"] == result["warnings"]


def test_a_subset_asks_the_device_for_less(gathered: Gathered, player: Player) -> None:
    names = [name for name, dump in gathered.before.items() if dump["kind"] in ("joined", "wrong_clock")]
    known = len(gathered.lab.commands())
    subsets = ("clock", "join", "mdm")
    tasks = [{"name": subset, "winops.entra.device_facts": {"gather_subset": [subset]}} for subset in subsets]
    play = player.tasks(gathered.lab, tasks, hosts=",".join(names))
    assert play.exit_code == 0, play.output
    sent = gathered.lab.commands()[known:]
    whole = {line["device"]: len(line["operations"]) for line in gathered.commands}
    told = ["refused", "read", "device"]
    for name in names:
        of_task = {subset: play.result(name, subset)["ansible_facts"]["entra"] for subset in subsets}
        assert [list(facts) for facts in of_task.values()] == [
            ["clock", *told],
            ["join", "clock", *told],
            ["join", "mdm", "clock", *told],
        ]
        assert all(list(facts["read"]) == list(facts)[: -len(told)] for facts in of_task.values())
        # What an earlier task has read stays as it was, time included.
        assert of_task["mdm"]["clock"] == of_task["clock"]["clock"]
        assert of_task["mdm"]["read"]["clock"] == of_task["clock"]["read"]["clock"]
        clock, join, mdm = (set(line["operations"]) for line in sent if line["device"] == name)
        assert (clock, "dsregcmd_status" in join, "dsregcmd_status" in mdm) == (set(), True, False)
        assert max(len(join), len(mdm)) < whole[name]


def test_facts_in_check_mode_are_the_same(gathered: Gathered, player: Player) -> None:
    name = next(name for name, dump in gathered.before.items() if dump["kind"] == "joined")
    play = player.tasks(gathered.lab, [{"name": "facts", "winops.entra.device_facts": {}}], "--check", hosts=name)
    checked = play.result(name, "facts")["ansible_facts"]["entra"]
    real = gathered.facts(name)
    assert {subset: checked[subset] for subset in ("join", "mdm", "packages", "os", "caller")} == {
        subset: real[subset] for subset in ("join", "mdm", "packages", "os", "caller")
    }
