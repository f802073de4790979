# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/join.yml after the join: what a wave waits for, the gate before the next one, and the page for the user."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.play import PATIENCE, Play, Player
from tests.integration.rollouts import Rollout

FAILED = 2
DEVICES = [
    {"kind": "unjoined_pro", "name": "off"},
    {"kind": "unjoined_pro", "name": "pilot"},
    {"kind": "unjoined_pro", "name": "two"},
]
BITLOCKER, SECURE_BOOT = (f"Windows10CompliancePolicy.{name}" for name in ("BitLockerEnabled", "SecureBootEnabled"))
#: Encryption goes on for as long as the tests take, and decides as long as its policy is assigned.
TENANT_OPTIONS = {
    "name": "Contoso",
    "domain": "contoso.example",
    "users": {"ada": {}},
    "intune": {
        # A second of the lab is nothing, so that what comes has come before anybody asks.
        **dict.fromkeys(("record_seconds", "sync_seconds", "policy_seconds", "judge_seconds"), 1.0),
        "encrypt_seconds": 1_000_000.0,
        "enrolled_before": 1200.0,
        "policies": [
            {"name": "Encryption", "demands": [BITLOCKER]},
            {"name": "Windows", "demands": [SECURE_BOOT]},
            {"name": "Desktop", "kind": "configuration", "assigned": "users"},
        ],
    },
    "conditional_access_policies": [
        {
            "displayName": "Compliant devices",
            "conditions": {"users": {"includeUsers": ["All"]}, "applications": {"includeApplications": ["Office365"]}},
            "grantControls": {"operator": "OR", "builtInControls": ["compliantDevice"]},
        }
    ],
}
POLLS = {"join_expect_poll_interval": 1}
WAVES = {"join_serial": [1, 1, "100%"], **POLLS}
TENANT, WAIT = "See that the tenant can be asked about devices", "Wait for the tenant, for all devices at once"
AGAIN = "Look again at devices that are still being encrypted"
LOOK, END = (
    "Look at what only the device knows",
    "End the rollout with the devices that are not joined, or for which it ends",
)


class Told(t.NamedTuple):
    """A run, its devices and its gates in the report, the devices that were asked, and the page."""

    play: Play
    devices: dict[str, dict[str, t.Any]]
    gates: list[dict[str, t.Any]]
    asked: set[str]
    sheet: str


class Gates(t.NamedTuple):
    """One rollout: with variables that say nothing; without a credential; with a gate that stays shut; in check mode;
    with one that opens; and the role alone, without a playbook of ours."""

    misspelt: Told
    refused: Told
    closed: Told
    shut: Told
    check: Told
    opened: Told
    alone: Play


@pytest.fixture(scope="module")
def gates(start_fleet: StartFleet, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Gates:
    lab = start_fleet({"tenants": {"main": TENANT_OPTIONS}, "devices": DEVICES})
    lab.post("/devices/off/power", {"state": "off"})
    directory = tmp_path_factory.mktemp("reports")
    rollout = Rollout(lab, player, directory, "join")

    def run(*options: str, **variables: t.Any) -> Told:
        known, check = len(lab.commands()), "--check" in options
        play = rollout.run(*options, **WAVES, **variables)
        asked = {line["device"] for line in lab.commands()[known:]}
        file = Path(directory, "page.check.html" if check else "page.html")
        sheet = file.read_text(encoding="utf-8") if file.exists() else ""
        if not (rollout.check_file if check else rollout.report_file).exists():
            return Told(play, {}, [], asked, sheet)
        return Told(play, rollout.devices(check), rollout.report(check)["runs"][-1].get("gates", []), asked, sheet)

    page = {"join_hand_over": str(directory / "page.html"), "join_account_domain": "contoso.example"}
    told = (
        run(join_gate="managed,let_inn"),
        run(join_gate=["managed"], join_gate_timeout="soon"),
        run(join_gate=["managed"], environment={"AZURE_CLIENT_SECRET": ""}),
        run(join_gate=["managed", "compliant", "let_in"], join_gate_timeout=6, **page),
        run("--check", join_gate=["compliant"], join_expect_compliant=True, join_expect_timeout=600),
    )
    # Somebody mends what was named: the policy goes, and the device gets a primary user.
    mend: dict[str, t.Any] = {"assign": "Encryption", "to": "nobody", "primary_user": "pilot", "user": "ada"}
    lab.post("/tenant/intune", {**mend, "sync": "pilot"})
    patient = {"join_gate_timeout": PATIENCE, "join_expect_timeout": PATIENCE}
    opened = run("--limit", "pilot,two", join_gate="compliant,let_in", join_expect_intune=True, **patient, **page)
    role = {"role": "winops.entra.join", "vars": {"join_expect_policies": True, **patient, **POLLS}}
    play = {**rollout.tenant.play([]), "hosts": "off,pilot,two", "roles": [role]}
    return Gates(*told, opened, player.run(lab, [play], variables={"lab_secrets": rollout.tenant.secrets}))


def in_one_line(play: Play) -> str:
    return " ".join(play.output.split())


def test_a_variable_that_says_nothing_is_named_before_any_device_is_asked(gates: Gates) -> None:
    for told, said in (
        (gates.misspelt, "bad variable join_gate: let_inn cannot be asked"),
        (gates.refused, "join_gate_timeout"),
    ):
        assert told.play.exit_code == FAILED and told.asked == set() and told.devices == {}
        assert said in in_one_line(told.play), said


def test_a_credential_that_is_missing_is_named_before_any_device_is_asked(gates: Gates) -> None:
    assert gates.closed.play.exit_code == FAILED and gates.closed.asked == set()
    [result] = gates.closed.play.results(TENANT).values()
    assert "no credential is given" in result["msg"] and "client_secret" in result["msg"]


def test_a_gate_that_stays_shut_ends_the_rollout_with_the_reason(gates: Gates) -> None:
    assert gates.shut.play.exit_code == FAILED and gates.shut.asked == {"pilot"}
    outcomes = {name: device["outcome"] for name, device in gates.shut.devices.items()}
    assert outcomes == {"off": "unreachable", "pilot": "joined", "two": "not_started"}
    said = in_one_line(gates.shut.play)
    assert "The gate (managed, compliant, let in): shut by 1 of 1 joined device: pilot: not compliant" in said
    assert "raise join_gate_timeout" in said and "leave join_gate out" in said
    # The device itself fails with what keeps it from being of use.
    assert gates.shut.devices["pilot"]["compliant"]["said"] in gates.shut.play.result("pilot", END)["msg"]


def test_a_device_that_is_off_says_nothing_at_the_gate(gates: Gates) -> None:
    first, second = gates.shut.gates
    assert (first["open"], first["devices"]) == (None, 0) and (second["open"], second["devices"]) == (False, 1)


def test_the_report_keeps_what_the_gate_was_told_and_what_is_not_known(gates: Gates) -> None:
    rows = {row["asked"]: row for row in gates.shut.gates[1]["shut_by"]}
    assert set(rows) == {"compliant", "let_in"} and {row["device"] for row in rows.values()} == {"pilot"}
    assert rows["compliant"]["known"] is True and rows["compliant"]["reason"] == "encrypting"
    assert rows["let_in"]["known"] is False and "no primary user" in rows["let_in"]["said"]
    pilot = gates.shut.devices["pilot"]
    assert pilot["intune"]["met"] is True and pilot["let_in"]["met"] is None and pilot["policies"] is None


def test_a_device_that_is_still_being_encrypted_is_asked_again_for_how_far_it_is(gates: Gates) -> None:
    pilot = gates.shut.devices["pilot"]
    newest = gates.shut.play.result("pilot", AGAIN)["posture"]["encryption"]["volumes"][0]
    assert (newest["state"], pilot["on_device"]["percentage"]) == ("encrypting", newest["percentage"])
    assert "%" in pilot["compliant"]["said"] and "The drive is being encrypted" in gates.shut.sheet


def test_check_mode_looks_once_and_neither_waits_nor_ends_the_rollout(gates: Gates) -> None:
    """A wait of ten minutes would not end in time."""
    [result] = gates.check.play.results(WAIT).values()
    assert result["waited"]["rounds"] == 1
    assert gates.check.gates[1]["open"] is False and gates.check.devices["pilot"]["compliant"]["met"] is False
    assert gates.check.devices["two"]["outcome"] == "would_join"
    assert {name for name, counts in gates.check.play.recap.items() if counts["failures"]} == {"off"}


def test_the_next_wave_follows_an_open_gate_and_the_last_one_has_none(gates: Gates) -> None:
    assert gates.opened.play.exit_code == 0, gates.opened.play.output
    assert [gate["open"] for gate in gates.opened.gates] == [True]
    outcomes = {name: gates.opened.devices[name]["outcome"] for name in ("pilot", "two")}
    assert outcomes == {"pilot": "unchanged", "two": "joined"}
    assert {gates.opened.devices[name]["intune"]["met"] for name in outcomes} == {True}
    pilot = gates.opened.devices["pilot"]
    assert (pilot["compliant"]["met"], pilot["let_in"]["met"], pilot["let_in"]["reason"]) == (True, True, "allowed")


def test_each_joined_device_has_a_page_made_of_what_was_read(gates: Gates) -> None:
    assert re.findall("<h1>(.*)</h1>", gates.shut.sheet) == ["pilot"]
    assert re.findall("<h1>(.*)</h1>", gates.opened.sheet) == ["pilot", "two"]
    assert "name@contoso.example" in gates.opened.sheet and gates.check.sheet == ""
    looked = gates.opened.devices["two"]["on_device"]["looked_at"]
    assert looked and looked[0] in gates.opened.sheet
    assert set(gates.opened.play.results(LOOK)) == {"pilot", "two"}


def test_the_role_alone_asks_about_all_hosts_at_once_and_does_not_wait_for_what_cannot_come(gates: Gates) -> None:
    [result] = gates.alone.results(WAIT).values()
    own = {gates.opened.devices[name]["device_id"] for name in ("pilot", "two")}
    assert {device["device_id"] for device in result["devices"]} == own
    assert gates.alone.exit_code == FAILED
    assert {name: counts["failures"] for name, counts in gates.alone.recap.items()} == {"off": 1, "pilot": 1, "two": 1}
    [verdict] = [line for line in gates.alone.lines if line["host"] == "two" and line["status"] == "failed"]
    assert "nobody has signed in" in verdict["result"]["msg"]
