# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/verify.yml: both halves of a few devices in one run, then with a device that is off and a credential that
may read devices and nothing else; `make demo-verify` plants a fault in each of many devices."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from tests.integration import inspection
from tests.integration.conftest import StartFleet
from tests.integration.play import PATIENCE, ROOT, Play, Player
from tests.integration.rollouts import Rollout
from tests.lab.process import RunningLab

CONTRACT = ROOT.parent / "shared" / "graph" / "validate.py"
FAILED = 2
ASK, ASK_TENANT, VERDICT = "Ask the device", "Ask the tenant about all devices", "Fail if the device is not of use"


def office(name: str, after_join: dict[str, t.Any], record: dict[str, t.Any] | None, **more: t.Any) -> dict[str, t.Any]:
    """A joined PC of the office, and what the tenant knows of it."""
    device = {"windows": {"edition": "Enterprise", "build": "26100.6584"}, "after_join": after_join}
    return {
        "kind": "joined",
        "name": name,
        "device": {**device, **({} if record is None else {"record": {"user": "ada", **record}})},
        **more,
    }


BITLOCKER = {"name": "Windows", "state": "nonCompliant", "system": True}
SCENARIO = {
    "tenants": {
        "main": {"domain": "main.example", "users": {"ada": {"registered": ["mobilePhone", "email"]}}},
    },
    "devices": [
        # The first one, by which the tasks for all devices are done, has a variable that nobody can resolve.
        office("undefined", {}, {}),
        office("well", {}, {}),
        office("stored_late", {"encryption": {"escrow": "failed"}}, {}),
        office("key_gone", {}, {"keys": []}),
        office(
            "waits",
            {"encryption": {"hours": 2}},
            {
                "compliance": "noncompliant",
                "policies": [{**BITLOCKER, "settings": [{"setting": "Windows10CompliancePolicy.BitLockerEnabled"}]}],
            },
        ),
        {"kind": "unjoined_pro", "name": "unjoined"},
        {"kind": "unjoined_pro", "name": "unasked"},
    ],
}


class Run(t.NamedTuple):
    """A run, the records of its report by device, the report, and the names of those that were asked."""

    play: Play
    devices: dict[str, dict[str, t.Any]]
    report: dict[str, t.Any]
    asked: list[str]


class Runs(t.NamedTuple):
    lab: RunningLab
    first: Run
    checked: Run
    refused: Play
    joined: Run
    known: int
    before: dict[str, str]
    after: dict[str, str]


@pytest.fixture(scope="module")
def runs(start_fleet: StartFleet, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    lab = start_fleet(SCENARIO)
    rollout = Rollout(lab, player, tmp_path_factory.mktemp("verify"), "verify")
    wrong: dict[str, dict[str, t.Any]] = {
        "undefined": {"verify_fail_on": "{{ nobody_knows }}"},
        "unasked": {"verify_fail_on": "compliance,access"},
    }

    def run(*options: str, check: bool = False, **more: t.Any) -> Run:
        known = len(lab.commands())
        play = rollout.run(*options, host_variables=wrong, **{"verify_tenant": True, **more})
        report = rollout.report(check)
        asked = [line["device"] for line in lab.commands()[known:]]
        return Run(play, {device["device"]: device for device in report["devices"]}, report, asked)

    before = inspection.digests(lab)
    first = run("-v")
    after = inspection.digests(lab)
    lab.post("/devices/well/power", {"state": "off"})
    reader = rollout.tenant.facts["applications"]["device_reader"]
    may_read_devices = {"AZURE_CLIENT_ID": reader["client_id"], "AZURE_CLIENT_SECRET": reader["client_secret"]}
    checked = run("--check", "-v", check=True, environment=may_read_devices, verify_serial=1)
    known = len(lab.commands())
    nobody = rollout.run(verify_tenant=True, environment={"AZURE_CLIENT_SECRET": "nobody-has-ever-had-this-0"})
    # A report of its own knows nobody: the id is in the report of the join.
    rollout = Rollout(lab, player, tmp_path_factory.mktemp("joined"), "verify")
    joins = rollout.report_file.with_name("joins.json")
    joins.write_text(json.dumps(report_of_joins(first.devices["well"]["device_id"])), encoding="utf-8")
    joined = run("--limit", "well", verify_join_report=str(joins), verify_fail_on=["compliance"])
    return Runs(lab, first, checked, nobody, joined, known, before, after)


def report_of_joins(device_id: str) -> dict[str, t.Any]:
    """The report of a join, as far as it is needed."""
    head = {"format": "winops.entra.rollout", "version": 2, "work": "join", "runs": [], "runs_dropped": 0}
    return {**head, "devices": [{"device": "well", "outcome": "joined", "device_id": device_id}]}


def findings(run: Run, device: str) -> dict[str, tuple[str, str]]:
    return {one["id"]: (one["result"], one["decided_by"]) for one in run.devices[device]["findings"]}


def test_each_device_has_one_verdict_of_both_sides(runs: Runs) -> None:
    devices = runs.first.devices
    assert {name: (device["outcome"], device["name"]) for name, device in devices.items()} == {
        "undefined": ("failed", "not_asked"),
        "unasked": ("failed", "not_asked"),
        "well": ("fit", None),
        "stored_late": ("fit", None),
        "key_gone": ("unfit", "verify_escrow"),
        "waits": ("unfit", "verify_compliance"),
        "unjoined": ("unfit", "verify_entra_object"),
    }, runs.first.play.output[-3000:]
    assert findings(runs.first, "key_gone") == {"escrow": ("fail", "tenant")}
    assert findings(runs.first, "waits") == {"compliance": ("fail", "both"), "encryption": ("warn", "device")}
    assert devices["waits"]["fix"] == "restart the device" and "the device says" in devices["waits"]["cause"]
    assert "says that it was stored" in devices["key_gone"]["cause"]


def test_what_one_side_has_settled_is_no_finding_and_is_said(runs: Runs) -> None:
    [settled] = runs.first.devices["stored_late"]["settled"]
    assert (settled["id"], settled["decided_by"]) == ("escrow", "tenant") and settled["device_says"].startswith("fail")


def test_each_device_is_asked_with_one_command_and_the_tenant_once(runs: Runs) -> None:
    assert sorted(runs.first.asked) == sorted({"well", "stored_late", "key_gone", "waits", "unjoined"})
    assert sum(line["task"] == ASK_TENANT for line in runs.first.play.lines) == 1
    assert runs.before == runs.after


def test_hosts_fail_by_what_was_found_and_the_screen_counts_it(runs: Runs) -> None:
    failed = {name for name in runs.first.devices if runs.first.play.status(name, VERDICT) == "failed"}
    assert failed == {"undefined", "unasked", "key_gone", "waits", "unjoined"} and runs.first.play.exit_code == FAILED
    lines = runs.first.play.output.splitlines()
    assert any(line.split()[:3] == ["escrow", "1", "failed"] for line in lines)
    assert runs.first.report["findings"]["escrow"] == {"warn": 0, "fail": 1, "unknown": 0}


def test_a_finding_that_nobody_is_asked_for_is_refused_before_the_device_is_asked(runs: Runs) -> None:
    told = runs.first.devices["unasked"]
    assert "verify_fail_on: nobody is asked for access;" in told["msg"] and "unasked" not in runs.first.asked


def test_a_host_that_fails_is_told_what_to_do(runs: Runs) -> None:
    [told] = [one for one in runs.first.play.lines if one["task"] == VERDICT and one["host"] == "key_gone"]
    assert str(told).count(runs.first.devices["key_gone"]["fix"]) >= 1


def test_a_batch_in_which_every_device_fails_does_not_end_the_run(runs: Runs) -> None:
    assert set(runs.checked.asked) == {"stored_late", "key_gone", "waits", "unjoined"}
    failed = {name for name in runs.first.devices if runs.checked.play.status(name, VERDICT) == "failed"}
    assert failed == {"undefined", "unasked", "well", "stored_late", "unjoined"}
    assert runs.checked.play.exit_code == FAILED


def test_a_device_that_is_off_is_looked_up_by_what_the_report_knows(runs: Runs) -> None:
    off = runs.checked.devices["well"]
    assert (off["outcome"], off["id_from"]) == ("unreachable", "report")
    assert off["asked"] == {"device": False, "tenant": True}
    assert off["device_id"] == runs.first.devices["well"]["device_id"] and "well" not in runs.checked.asked
    assert any(line.startswith("well ") and "the tenant says" in line for line in runs.checked.play.output.splitlines())


def test_a_device_that_is_off_is_looked_up_by_what_the_report_of_the_join_knows(runs: Runs) -> None:
    [off] = runs.joined.report["devices"]
    assert (off["outcome"], off["id_from"], off["asked"]["tenant"]) == ("unreachable", "report", True)
    assert off["findings"] == [] and off["summary"]["pass"] > 0 and runs.joined.play.exit_code == FAILED


def test_what_the_credential_may_not_read_is_unknown_and_the_device_still_decides(runs: Runs) -> None:
    told = findings(runs.checked, "key_gone")
    assert told["in_intune"] == ("unknown", "tenant") and {result for result, _who in told.values()} == {"unknown"}
    assert told["escrow"] == ("unknown", "tenant"), "it is gone, and the device still says that it was stored"
    assert runs.checked.devices["key_gone"]["outcome"] == "undecided"
    assert findings(runs.checked, "waits")["encryption"] == ("warn", "device")
    assert any(one["for_all"] for one in runs.checked.devices["key_gone"]["findings"])
    report = runs.checked.play.output.rpartition("[Write the report]")[2]  # That of the last batch.
    reasons = [line for line in report.splitlines() if line.startswith("for all devices, ")]
    assert reasons and len(reasons) == len(set(reasons))


def test_a_credential_that_is_wrong_is_found_before_any_device_is_asked(runs: Runs) -> None:
    assert runs.refused.exit_code == FAILED and runs.lab.commands()[runs.known :] == []
    assert "See that the tenant can be asked" in runs.refused.output


def test_a_second_run_says_the_same(runs: Runs) -> None:
    assert findings(runs.checked, "unjoined") == findings(runs.first, "unjoined")
    assert runs.checked.report["check"] is True and runs.first.report["check"] is False


@pytest.mark.skipif(not CONTRACT.exists(), reason="needs ../shared/graph, Microsoft's description of Graph")
def test_every_exchange_is_as_microsoft_describes_it(runs: Runs) -> None:
    command = [sys.executable, str(CONTRACT), str(runs.lab.out / "graph.jsonl"), "--strict"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout[-4000:]


def test_no_secret_stands_in_the_report(runs: Runs) -> None:
    secrets = [one["client_secret"] for one in _applications(runs.lab).values() if one.get("client_secret")]
    text = json.dumps([runs.first.report, runs.checked.report])
    assert secrets and not any(secret in text for secret in secrets)


def _applications(lab: RunningLab) -> dict[str, t.Any]:
    return json.loads((Path(lab.out) / "tenant.json").read_text(encoding="utf-8"))["applications"]
