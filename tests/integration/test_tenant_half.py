# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/diagnose.yml with the tenant's half: failures of which the tenant alone knows the reason, in one play."""

from __future__ import annotations

import subprocess
import sys
import typing as t

import pytest
import yaml

from tests.integration.conftest import StartFleet
from tests.integration.play import PATIENCE, ROOT, Play, Player
from tests.integration.rollouts import Rollout
from tests.lab.process import RunningLab

SCENARIO = yaml.safe_load((ROOT / "tests" / "lab" / "scenarios" / "tenant_half.yml").read_text(encoding="utf-8"))
KINDS: dict[str, dict[str, t.Any]] = SCENARIO["kinds"]
#: By what the scenario planted: ids of the cause, what it says, and who says it.
CAUSES: dict[str, tuple[str, str]] = {
    "not_allowed": ("join_scope", "names neither the user nor a group of the user"),
    "quota": ("device_quota", "20 of 20 devices"),
    "conditional_access": ("conditional_access", "the Conditional Access policy"),
    "user_deleted": ("sign_in", "the tenant has no such user"),
    "user_disabled": ("sign_in", "the user is disabled"),
    "token_expired": ("sign_in", "the token has expired"),
    "object_deleted": ("device_object", "has deleted one of its name"),
    "object_disabled": ("device_object", "is disabled"),
    "mdm_scope": ("mdm_scope", "is not in the MDM scope"),
    "licence": ("licence", "the user has no Intune service plan"),
    "restriction": ("enrollment_restriction", "an enrollment restriction keeps the device out"),
    "limit": ("enrollment_limit", "DeviceCapReached"),
}
ASK = "Ask the tenant"
CONTRACT = ROOT.parent / "shared" / "graph" / "validate.py"


class Told(t.NamedTuple):
    """One run over all kinds, of which one does not answer; ``half`` is the tenant's."""

    lab: RunningLab
    play: Play
    devices: dict[str, dict[str, t.Any]]
    half: dict[str, t.Any]


@pytest.fixture(scope="module")
def told(start_fleet: StartFleet, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Told:
    # In real time: what is a minute old stays so.
    lab = start_fleet("tenant_half", "1")
    rollout = Rollout(lab, player, tmp_path_factory.mktemp("reports"), "diagnose")
    names = {device["kind"]: device["name"] for device in lab.get("/devices")}
    # The inventory knows the people who have joined, and not the users of packages.
    who: dict[str, dict[str, t.Any]] = {
        names[kind]: {"diagnose_user": f"{tried['user']}@contoso.example"}
        for kind, options in KINDS.items()
        if "user" in (tried := options["device"].get("tried", {}))
    }
    # Nothing listens there.
    who[names["hans_not_allowed"]]["ansible_port"] = 1
    play = rollout.run(host_variables=who, diagnose_check_tenant=True, diagnose_log_wait=2)
    devices = rollout.devices()
    half = next(iter(play.results(ASK).values()))
    return Told(lab, play, {kind: devices[name] for kind, name in names.items()}, half)


@pytest.mark.parametrize("kind", [kind for kind, options in KINDS.items() if options["expect"]["tenant"] in CAUSES])
def test_what_the_tenant_alone_knows_is_the_cause(told: Told, kind: str) -> None:
    device, expect = told.devices[kind], KINDS[kind]["expect"]
    cause, (identity, says) = device["tenant"]["cause"], CAUSES[expect["tenant"]]
    assert cause["id"] == identity and says in cause["cause"] and says in device["conclusion"], device["conclusion"]
    assert expect.get("policy", "") in cause["cause"] and cause["said_by"] in ("tenant", "both")
    assert cause["evidence"][0]["source"] == "tenant"
    if kind != "hans_not_allowed":
        assert (device["outcome"], device["cause"], device["name"]) == ("unhealthy", cause["cause"], cause["id"])


@pytest.mark.parametrize("kind", [kind for kind, options in KINDS.items() if options["expect"]["tenant"] == "nothing"])
def test_a_device_that_only_looks_odd_stays_well(told: Told, kind: str) -> None:
    device = told.devices[kind]
    assert device["outcome"] == "healthy", device["conclusion"]
    assert (device["tenant"]["cause"] or {"result": "warn"})["result"] == "warn"


def test_no_report_only_or_disabled_policy_is_a_cause(told: Told) -> None:
    assert not any("CA90" in device["conclusion"] for device in told.devices.values() if device["conclusion"])


def test_a_log_that_lags_is_waited_for_and_said(told: Told) -> None:
    device = told.devices["too_early"]
    assert told.half["waited"] == 2 and "too-early-01" in "".join(told.half["notes"])
    assert device["tenant"]["cause"]["said_by"] == "device" and "the log has no such sign-in" in device["conclusion"]
    assert [one["id"] for one in device["tenant"]["findings"]] == ["no_trace"]


def test_what_may_be_another_devices_is_said_to_be_one_of_the_users_sign_ins(told: Told) -> None:
    for device in told.devices.values():
        cause = (device["tenant"] or {}).get("cause") or {}
        assert (cause.get("matched_by") == "user") is ("which may be of another device" in cause.get("cause", "")), (
            cause
        )


def test_a_device_that_did_not_answer_has_its_half_by_what_the_inventory_knows(told: Told) -> None:
    device = told.devices["hans_not_allowed"]
    assert device["outcome"] == "unreachable" and device["tenant"]["user"] == "hans@contoso.example"
    assert "the device did not answer" in device["conclusion"]
    assert "the tenant says: join: the registration policy names neither" in told.play.output


def test_the_tenant_is_asked_once_and_each_log_is_one_question(told: Told) -> None:
    assert len(told.play.results(ASK)) == 1 and told.play.exit_code == 0
    assert [(log["log"], log["complete"]) for log in told.half["logs"]] == [
        ("sign_ins", True),
        ("audits", True),
        ("enrollment_failures", True),
    ]


@pytest.mark.skipif(not CONTRACT.exists(), reason="needs ../shared/graph, Microsoft's description of Graph")
def test_every_exchange_is_as_microsoft_describes_it(told: Told) -> None:
    command = [sys.executable, str(CONTRACT), str(told.lab.out / "graph.jsonl"), "--strict"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert told.half["devices"] and done.returncode == 0, done.stdout[-4000:]


def test_a_tenant_that_cannot_be_asked_takes_nothing_from_what_the_devices_say(
    start_fleet: StartFleet, player: Player, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lab = start_fleet("tenant_half_mfa", "1")
    rollout = Rollout(lab, player, tmp_path_factory.mktemp("reports"), "diagnose")
    play = rollout.run(diagnose_check_tenant=True, diagnose_log_wait=0)
    (device,) = rollout.devices().values()
    assert play.exit_code == 0 and device["name"] == "mfa_at_join", device["conclusion"]
    # A second run, in which nobody can sign in.
    play = rollout.run(
        diagnose_check_tenant=True, environment={"AZURE_CLIENT_SECRET": "Wr0ng~correct-horse-battery-staple"}
    )
    (device,) = rollout.devices().values()
    assert play.exit_code != 0 and device["outcome"] == "unhealthy" and device["findings"]
    assert device["cause"] == device["findings"][0]["cause"] and "client secret" in device["tenant"]["problem"]
    # A third, in which there is no credential: that is said before any device is asked.
    before = rollout.report_file.read_bytes()
    play = rollout.run(diagnose_check_tenant=True, environment={"AZURE_CLIENT_ID": "", "AZURE_CLIENT_SECRET": ""})
    assert play.exit_code != 0 and "credential" in play.output
    assert "TASK [Diagnose]" not in play.output and rollout.report_file.read_bytes() == before, play.output
