# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/join.yml over a fleet: waves, the report, the table, exit codes, devices that are off."""

from __future__ import annotations

import json
import typing as t
from datetime import datetime
from pathlib import Path

import pytest

from tests.integration import inspection, vault
from tests.integration.conftest import StartFleet
from tests.integration.play import ROOT, Play, Player
from tests.lab.process import RunningLab

PLAYBOOK = ROOT / "playbooks" / "join.yml"
# The order is that of the waves.
FLEET = {
    "devices": [
        {"kind": "unjoined_pro", "name": "first"},
        {"kind": "expired_token", "name": "expired"},
        {"kind": "unjoined_enterprise", "name": "second"},
        {"kind": "home", "name": "refused"},
        {"kind": "unjoined_windows10", "name": "switched-off"},
        {"kind": "joined", "name": "joined"},
        {"kind": "unjoined_pro", "name": "last"},
    ]
}
NAMES = [device["name"] for device in FLEET["devices"]]
BRIEF = {
    "join_serial": "100%",
    "join_poll_interval": 1,
    "join_timeout": 30,
    "join_report": "{{ run_directory }}/join-report.json",
}
FAILED = 2
TITLE = ["device", "outcome", "seconds", "says"]
#: Of each device in the report: name to the types that its value may have, None for null.
RECORD: dict[str, tuple] = {
    "device": (str,),
    "outcome": (str,),
    "changed": (bool,),
    "seconds": (float, int),
    "device_id": (str, None),
    "tenant_id": (str, None),
    "join_type": (str, None),
    "mdm_enrolled": (bool, None),
    # What comes after the join, where somebody asks about it.
    "account_domain": (str, None),
    **dict.fromkeys(("intune", "compliant", "policies", "let_in", "on_device"), (dict, None)),
    "restarted": (bool, None),
    "reboot_required": (bool, None),
    "msg": (str, None),
    "phases": (list,),
    "code": (str, None),
    "name": (str, None),
    "side": (str, None),
    "cause": (str, None),
    "fix": (str, None),
    "doc": (str, None),
}


class Run(t.NamedTuple):
    """A run of the playbook, its report, and what it sent."""

    play: Play
    report: dict[str, t.Any]
    commands: list[dict]
    after: dict[str, inspection.State]

    def device(self, name: str) -> dict[str, t.Any]:
        """A device's record in the report."""
        return next(device for device in self.report["devices"] if device["device"] == name)

    def outcomes(self) -> dict[str, str]:
        """What became of each device."""
        return {device["device"]: device["outcome"] for device in self.report["devices"]}


class Rollout(t.NamedTuple):
    """A rollout: looked at, stopped after its first wave, carried through, and repeated where it had succeeded."""

    before: dict[str, inspection.State]
    checked: Run
    stopped: Run
    whole: Run
    again: Run
    tenant_id: str


@pytest.fixture(scope="module")
def rollout(start_fleet: StartFleet, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Rollout:
    """The four runs; the package is vaulted in the second."""
    lab = start_fleet(FLEET)
    lab.post("/devices/switched-off/power", {"state": "off"})
    before = inspection.states(lab)
    checked = _run(lab, player, "--check", "--diff")
    vaulted = vault.encrypt(inspection.package_file(lab, "fleet"), tmp_path_factory.mktemp("vault"))
    stopped = _run(
        lab,
        player,
        "--vault-password-file",
        vaulted.password_file,
        host_variables={"first": {"join_src": vaulted.file}},
        join_serial=2,
        join_max_fail_percentage=0,
    )
    whole = _run(lab, player, join_serial=[1, "50%", "100%"])
    again = _run(lab, player, "--limit", "first,second,joined,last")
    return Rollout(before, checked, stopped, whole, again, inspection.tenant_id(lab))


def _run(
    lab: RunningLab, player: Player, *options: str, host_variables: dict[str, dict] | None = None, **variables: t.Any
) -> Run:
    known = len(lab.commands())
    play = player.run(lab, PLAYBOOK, *options, variables=BRIEF | variables, host_variables=host_variables)
    report = Path(play.directory / ("join-report.check.json" if "--check" in options else "join-report.json"))
    assert report.exists(), play.output
    return Run(play, json.loads(report.read_text(encoding="utf-8")), lab.commands()[known:], inspection.states(lab))


# --- check mode -------------------------------------------------------------------------------------------------------


def test_check_mode_reports_what_would_happen_and_changes_nothing(rollout: Rollout) -> None:
    assert rollout.checked.outcomes() == {
        "first": "would_join",
        "refused": "refused",
        "second": "would_join",
        "expired": "would_join",
        "switched-off": "unreachable",
        "joined": "unchanged",
        "last": "would_join",
    }
    assert [line for line in rollout.checked.commands if line["changing"]] == []
    assert {name: dump["digest"] for name, dump in rollout.checked.after.items()} == {
        name: dump["digest"] for name, dump in rollout.before.items()
    }


def test_the_difference_is_shown_on_the_screen(rollout: Rollout) -> None:
    lines = [line.strip() for line in rollout.checked.play.output.splitlines()]
    assert "--- before" in lines and "+++ after" in lines
    shown = [line.replace('"', "") for line in lines if line.startswith(("-", "+"))]
    assert any(rollout.tenant_id in line for line in shown if line.startswith("+"))
    assert any("type: none" in line for line in shown if line.startswith("-"))
    assert "+++ after" not in rollout.whole.play.output


# --- waves ------------------------------------------------------------------------------------------------------------


def test_a_wave_with_too_many_failures_is_the_last(rollout: Rollout) -> None:
    assert rollout.stopped.outcomes() == {"first": "joined", "expired": "failed"} | dict.fromkeys(
        NAMES[2:], "not_started"
    )
    assert rollout.stopped.play.exit_code == FAILED
    assert {line["device"] for line in rollout.stopped.commands} == {"first", "expired"}
    assert "failed of 2 that were tried" in " ".join(rollout.stopped.play.output.split())
    assert rollout.stopped.play.recap["first"]["failures"] == 0
    untouched = NAMES[2:]
    assert [rollout.stopped.after[name]["digest"] for name in untouched] == [
        rollout.before[name]["digest"] for name in untouched
    ]


def test_a_vaulted_package_joins(rollout: Rollout) -> None:
    join = rollout.stopped.after["first"]["join"]
    assert (join["type"], join["tenant_id"]) == ("entra", rollout.tenant_id)


def test_devices_that_fail_do_not_stop_the_others(rollout: Rollout) -> None:
    assert rollout.whole.outcomes() == {
        "first": "unchanged",
        "refused": "refused",
        "second": "joined",
        "expired": "failed",
        "switched-off": "unreachable",
        "joined": "unchanged",
        "last": "joined",
    }
    joined = {name for name, dump in rollout.whole.after.items() if dump["join"]["tenant_id"] == rollout.tenant_id}
    assert joined == {"first", "second", "joined", "last"}
    assert rollout.whole.play.exit_code == FAILED


def test_waves_come_one_after_the_other(rollout: Rollout) -> None:
    order = list(dict.fromkeys(line["device"] for line in rollout.whole.commands))
    assert [set(order[:1]), set(order[1:4]), set(order[4:])] == [
        {"first"},
        {"refused", "second", "expired"},
        {"joined", "last"},
    ]
    assert rollout.whole.play.output.count("PLAY [Join devices in waves]") == 3


# --- the report -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("run", ["checked", "stopped", "whole", "again"])
def test_the_report_holds_every_device_in_one_form(rollout: Rollout, run: str) -> None:
    report = getattr(rollout, run).report
    assert set(report) == {
        *("format", "version", "work", "check", "generated", "totals", "runs", "runs_dropped", "devices")
    }
    assert (report["format"], report["version"], report["work"]) == ("winops.entra.rollout", 2, "join")
    [ran] = report["runs"]
    assert (ran["playbook"], ran["check"], ran["limit"]) == (
        "join.yml",
        run == "checked",
        "first,second,joined,last" if run == "again" else None,
    )
    assert {device["run"] for device in report["devices"] if device["outcome"] != "not_started"} == {ran["id"]}
    assert datetime.fromisoformat(report["generated"].replace("Z", "+00:00")).tzinfo is not None
    expected = ["first", "second", "joined", "last"] if run == "again" else NAMES
    assert [device["device"] for device in report["devices"]] == expected
    outcomes = [device["outcome"] for device in report["devices"]]
    assert report["totals"] == {"devices": len(expected)} | {name: outcomes.count(name) for name in set(outcomes)}
    for device in report["devices"]:
        if device["outcome"] == "not_started":
            assert device == {"device": device["device"], "outcome": "not_started"}
            continue
        answered = {"machine"} if device["outcome"] != "unreachable" else set()
        assert set(device) == {*RECORD, "run", "at"} | answered
        for name, types in RECORD.items():
            assert (
                device[name] is None
                if device[name] is None and None in types
                else isinstance(device[name], tuple(kind for kind in types if kind))
            ), (device["device"], name)


def test_the_report_tells_what_was_joined(rollout: Rollout) -> None:
    device, dump = rollout.whole.device("second"), rollout.whole.after["second"]
    assert (device["device_id"], device["tenant_id"], device["mdm_enrolled"], device["join_type"]) == (
        dump["join"]["device_id"],
        rollout.tenant_id,
        dump["join"]["mdm"],
        "entra",
    )
    assert device["changed"] is True
    assert device["seconds"] == pytest.approx(sum(phase["seconds"] for phase in device["phases"]), abs=0.1)
    assert (device["msg"], device["code"], device["cause"], device["fix"]) == (None, None, None, None)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("refused", {"name": "home_edition", "side": "device", "code": None}),
        ("expired", {"code": "AADSTS700082", "side": "tenant"}),
        ("switched-off", {"name": "connection_refused", "side": "network"}),
    ],
)
def test_the_report_tells_what_failed_and_what_to_do(
    rollout: Rollout, name: str, expected: dict[str, str | None]
) -> None:
    device = rollout.whole.device(name)
    assert {field: device[field] for field in expected} == expected
    assert device["cause"] and device["fix"] and device["msg"]
    assert device["changed"] is False


def test_a_device_that_is_off_is_told_from_one_that_failed(rollout: Rollout) -> None:
    device = rollout.whole.device("switched-off")
    assert "it is on" in device["fix"]
    assert (device["device_id"], device["join_type"]) == (None, None)
    assert rollout.whole.play.recap["switched-off"]["failures"] == 1


# --- the screen -------------------------------------------------------------------------------------------------------


def test_the_table_has_a_line_for_every_device_of_the_wave(rollout: Rollout) -> None:
    lines = rollout.checked.play.output.splitlines()
    start = next(number for number, line in enumerate(lines) if line.split() == TITLE)
    table = {line.split()[0]: line for line in lines[start + 1 : start + 1 + len(NAMES)]}
    assert {name: line.split()[1] for name, line in table.items()} == rollout.checked.outcomes()
    assert "Home" in table["refused"] and " -> upgrade" in table["refused"]
    assert lines[start + 1 + len(NAMES)] == "7 devices: 1 unchanged, 4 would join, 1 refused, 1 unreachable"


def test_each_wave_shows_its_own_devices(rollout: Rollout) -> None:
    lines = rollout.whole.play.output.splitlines()
    titles = [number for number, line in enumerate(lines) if line.split() == TITLE]
    assert len(titles) == 3
    assert lines[titles[0] + 1].split()[:2] == ["first", "unchanged"]
    assert lines[titles[0] + 2] == "7 devices: 1 unchanged, 6 not started"


# --- again ------------------------------------------------------------------------------------------------------------


def test_a_second_run_over_joined_devices_succeeds_and_changes_nothing(rollout: Rollout) -> None:
    assert rollout.again.play.exit_code == 0, rollout.again.play.output
    assert set(rollout.again.outcomes().values()) == {"unchanged"}
    assert {host: counts["changed"] for host, counts in rollout.again.play.recap.items()} == dict.fromkeys(
        ["first", "second", "joined", "last"], 0
    )
    assert [line for line in rollout.again.commands if line["changing"]] == []
    for name in rollout.again.outcomes():
        assert rollout.again.after[name]["digest"] == rollout.whole.after[name]["digest"]
        assert inspection.ours(rollout.again.after[name]) == []
