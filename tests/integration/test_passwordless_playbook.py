# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/passwordless.yml in check mode, for real with a package that Microsoft's tool builds on a Windows host, and
once more for two devices without asking them; `make demo-passwordless` plays 20 devices, every kind of user, and a
package that is built on the controller."""

from __future__ import annotations

import json
import stat
import typing as t
from pathlib import Path

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.play import Play, Player
from tests.integration.rollouts import Rollout
from tests.lab.process import RunningLab

FAILED = 2
YUBIKEY, AUTHENTICATOR = "2fc0579f-8113-47ea-b116-bb5a8db9202a", "90a3ccdf-635c-4729-a248-9b709135078f"
CSP = r"SOFTWARE\Microsoft\Policies\PassportForWork\SecurityKey"
APPLY, LOOK, BUILD = "Apply the package", "See whether the device offers security keys", "Build the package"
DESCRIPTION = {"name": "Contoso keys", "version": "1.0", "security_keys": True}


def office(name: str, *users: str, **more: t.Any) -> dict[str, t.Any]:
    """A joined PC of the office."""
    variables = {"security_keys_users": [f"{user}@main.example" for user in users], **more}
    device = {"windows": {"edition": "Enterprise", "build": "26200.6584"}}
    return {"kind": "joined", "name": name, "device": device, "variables": variables}


FLEET = {
    "tenants": {
        "main": {
            "domain": "main.example",
            "users": {
                "ada": {"passkeys": [{"aaguid": YUBIKEY, "model": "YubiKey 5"}], "registered": ["fido2"]},
                "bob": {"passkeys": [{"aaguid": AUTHENTICATOR}], "registered": ["passKeyDeviceBound"]},
                "eve": {"registered": []},
            },
            "passkey_policy": {"state": "disabled"},
        }
    },
    "devices": [
        # The first one, by which the tasks for all devices are done, gets no package.
        office("off", "ada", security_keys_apply=False),
        # Set up from a stick, so that it is met first; and another device at the address of one that was.
        office("good", "ada", security_keys_first_contact={"joined": True, "timeout": 60}),
        office("stranger", "ada", security_keys_first_contact={"serial_number": "PF-OTHER", "timeout": 60}),
        office("shared", "ada", "bob", "nobody", "ADA"),
        office("new", "eve"),
        office("undefined", "ada"),
        {"kind": "unjoined_pro", "name": "builder", "device": {"icd": {"seconds": 1}}},
    ],
}


class Run(t.NamedTuple):
    """A run, the records of its report by device, and the tenant and the packages of each device after it."""

    play: Play
    devices: dict[str, dict[str, t.Any]]
    tenant: dict[str, t.Any]
    offers: dict[str, bool]


class Runs(t.NamedTuple):
    checked: Run
    first: Run
    last: Run
    place: Path


@pytest.fixture(scope="module")
def runs(start_fleet: StartFleet, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    lab = start_fleet(FLEET)
    place = tmp_path_factory.mktemp("passwordless")
    (place / "stick").mkdir()
    rollout = Rollout(lab, player, place, "security_keys")
    settings = {
        "security_keys_hand_over": str(place / "sheet.html"),
        "security_keys_contact": "extension 4711",
        "security_keys_policy": {"state": "enabled", "self_service": True, "include": {"scope": "all"}},
        "security_keys_pass_policy": {"state": "enabled", "include": {"scope": "all"}},
        "security_keys_description": DESCRIPTION,
        "security_keys_hosts": "devices:!builder",
        "security_keys_method": "icd",
        "security_keys_build_host": "builder",
        "security_keys_package": str(place / "keys.ppkg"),
        "security_keys_media": {"dest": str(place / "stick")},
        "security_keys_passes": "without_mfa",
        "security_keys_pass_file": str(place / "passes.json"),
    }
    wrong = {"undefined": {"security_keys_users": "{{ nobody_knows }}"}}

    def run(*options: str, check: bool = False, **more: t.Any) -> Run:
        play = rollout.run(*options, *(["--check"] if check else []), host_variables=wrong, **{**settings, **more})
        return Run(play, rollout.devices(check), lab.get("/tenant"), offers(lab))

    checked = run(check=True)
    first = run("-vvvvv")
    lab.post("/tenant/passkeys", {"user": "bob", "aaguid": YUBIKEY})
    return Runs(checked, first, run("--skip-tags", "device", "--limit", "shared,new,builder"), place)


def offers(lab: RunningLab) -> dict[str, bool]:
    """Whether each device has the option, by the lab's own account."""
    names = [device["name"] for device in lab.get("/devices")]
    found = {name: lab.get(f"/devices/{name}")["registry"]["HKLM"].get(CSP, {}) for name in names}
    return {name: values.get("UseSecurityKeyForSignin") == 1 for name, values in found.items()}


def outcomes(run: Run) -> dict[str, tuple[str, str | None]]:
    return {name: (device["outcome"], device["name"]) for name, device in run.devices.items()}


def person(run: Run, device: str, user: str) -> dict[str, t.Any]:
    return next(one for one in run.devices[device]["users"] if one["user"] == f"{user}@main.example")


def test_each_device_comes_as_far_as_it_can_and_the_report_says_why_not_further(runs: Runs) -> None:
    assert outcomes(runs.first) == {
        "good": ("ready", None),
        "shared": ("waiting", None),
        "new": ("waiting", None),
        "off": ("failed", "security_key_option"),
        "stranger": ("failed", "first_contact_serial_number"),
        "undefined": ("failed", "not_asked"),
    }
    assert "nobody_knows" in runs.first.devices["undefined"]["cause"] and runs.first.play.exit_code == FAILED
    assert {name for name, offered in runs.first.offers.items() if offered} == {"good", "shared", "new"}


def test_the_report_says_of_each_user_who_is_ready_and_what_is_missing(runs: Runs) -> None:
    found = {one["user"]: (one["ready"], one["missing"]) for one in runs.first.devices["shared"]["users"]}
    assert found == {
        "ada@main.example": (True, []),
        "bob@main.example": (False, ["no_security_key"]),
        "nobody@main.example": (False, ["user_not_found"]),
    }
    assert len(found) == len(runs.first.devices["shared"]["users"])
    assert "Microsoft Authenticator" in person(runs.first, "shared", "bob")["says"]


def test_check_mode_touches_nothing_and_foretells_the_run(runs: Runs) -> None:
    assert set(runs.checked.offers.values()) == {False} and runs.checked.tenant["passkey_policy"]["state"] == "disabled"
    assert runs.checked.tenant["passes"] == {} and not list(runs.place.glob("*.check.cat"))
    foretold = outcomes(runs.checked)
    assert {name: foretold[name][0] for name in ("good", "shared", "new")} == dict.fromkeys(
        ("good", "shared", "new"), "would_enable"
    )
    assert {name: foretold[name] for name in ("off", "stranger", "undefined")} == {
        name: outcomes(runs.first)[name] for name in ("off", "stranger", "undefined")
    }
    assert person(runs.checked, "shared", "bob")["missing"] == ["no_security_key"]
    built, again = (run.play.result("off", BUILD) for run in (runs.checked, runs.first))
    assert built["package_id"] == again["package_id"] and built["changed"]


def test_a_later_run_need_not_ask_the_devices_and_knows_who_has_registered_a_key(runs: Runs) -> None:
    assert runs.last.play.results(APPLY) == {} and runs.last.play.results(LOOK) == {}
    assert person(runs.last, "shared", "bob")["ready"] is True
    assert person(runs.last, "shared", "nobody")["missing"] == ["user_not_found"]
    assert outcomes(runs.last) == outcomes(runs.first)
    # The pass of the first run is still a second factor.
    assert person(runs.last, "new", "eve")["missing"] == ["no_security_key"]


def test_nothing_of_tenant_and_package_is_done_a_second_time(runs: Runs) -> None:
    changed = {name: counts["changed"] for name, counts in runs.last.play.recap.items()}
    assert changed == {"shared": 0, "new": 0}
    assert runs.last.play.result("shared", BUILD)["package_id"] == runs.last.devices["shared"]["package_id"]
    assert runs.last.tenant["passes"] == runs.first.tenant["passes"]


def test_who_needs_a_pass_has_one_in_a_private_file_and_its_value_is_nowhere_else(runs: Runs) -> None:
    file = runs.place / "passes.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    [row] = json.loads(file.read_text(encoding="utf-8"))
    assert row["user"] == "eve@main.example"
    assert person(runs.first, "new", "eve")["missing"] == ["no_security_key"]
    told = [one.read_text(encoding="utf-8") for one in runs.place.glob("*.*") if one.suffix in (".html", ".json")]
    assert sum(row["temporary_access_pass"] in text for text in told) == 1
    assert row["temporary_access_pass"] not in runs.first.play.output


def test_who_has_to_register_a_key_has_a_page_and_nobody_else(runs: Runs) -> None:
    sheet = (runs.place / "sheet.html").read_text(encoding="utf-8")
    assert "<h1>eve@main.example</h1>" in sheet and sheet.count("<h1>") == 1
    assert "https://aka.ms/mysecurityinfo" in sheet and "extension 4711" in sheet


def test_the_stick_has_the_package_that_was_built(runs: Runs) -> None:
    stick, package = runs.place / "stick", runs.place / "keys.ppkg"
    assert [file.name for file in stick.glob("*.ppkg")] == ["keys.ppkg"]
    assert (stick / "keys.ppkg").read_bytes() == package.read_bytes()
    assert runs.first.devices["good"]["package_id"] == runs.first.play.result("off", BUILD)["package_id"]


def test_the_tasks_for_all_devices_run_once(runs: Runs) -> None:
    for task in (BUILD, "Ask the tenant which users have a key", "Give passes to users who have to register a key"):
        assert len({line["host"] for line in runs.first.play.lines if line["task"] == task}) == 1
