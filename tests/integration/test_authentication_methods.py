# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security keys and passes in the tenant: one play over the lab's tenant, read past the product."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.contract_methods import violations
from tests.integration.lab_tenant import LabTenant
from tests.integration.play import PATIENCE, ROOT, Play, Player, Tasks
from tests.lab.tenant import authentication

CONTRACT = ROOT.parent / "shared" / "graph" / "validate.py"
HOST = "localhost"
YUBIKEY, FEITIAN = "2fc0579f-8113-47ea-b116-bb5a8db9202a", "12ded745-4bed-47d4-abaa-e713f51d6393"
AUTHENTICATOR, HELLO = "90a3ccdf-635c-4729-a248-9b709135078f", "08987058-cadc-4b81-b6e1-30de50dcbe96"
ZEROS = "00000000-0000-0000-0000-000000000000"
OTHER = "c0000000-0000-4000-8000-000000000001"
PASSES = "temporaryAccessPassMethods"
KEY = {"aaguid": YUBIKEY, "model": "YubiKey 5"}
SCENARIO = {
    "tenants": {
        "main": {
            "name": "Contoso",
            "domain": "contoso.example",
            "users": {
                "ada": {"passkeys": [KEY], "registered": ["fido2", "mobilePhone"]},
                "bob": {
                    "passkeys": [{"aaguid": AUTHENTICATOR}, {"aaguid": HELLO}],
                    "registered": ["passKeyDeviceBound"],
                },
                "cleo": {"passkeys": [{"aaguid": FEITIAN, "model": "ePass"}], "registered": ["passKeyDeviceBound"]},
                "dan": {"passkeys": [{"aaguid": ZEROS}, {"aaguid": FEITIAN, "type": "synced"}]},
                "eve": {"enabled": False, "passkeys": [KEY], "registered": []},
                "full": {"passkeys": [{**KEY, "count": 10}], "registered": ["passKeyDeviceBound"]},
                "guest": {"registered": ["mobilePhone"]},
                "held": {"pass": "EnabledByPolicy"},
                "over": {"pass": "Expired"},
                "lost": {},
            },
            "groups": {"Pilot": {"members": ["ada", "held", "over", "lost", "eve"]}, "Guests": {"members": ["guest"]}},
            "passkey_policy": {
                "defaultPasskeyProfile": authentication.DEFAULT_PROFILE,
                "passkeyProfiles": [
                    authentication.profile(authentication.DEFAULT_PROFILE, "Default"),
                    authentication.profile(OTHER, "Administrators", attestationEnforcement="registrationOnly"),
                ],
                "includeTargets": [{"id": "all_users", "allowedPasskeyProfiles": [authentication.DEFAULT_PROFILE]}],
                "excludeTargets": [{"id": "Guests"}],
            },
            # The answer to the pass of "lost" never comes: three posts before it.
            "faults": [{"kind": "drop", "path": PASSES, "methods": ["POST"], "skip": 3, "after": True}],
        }
    },
    "devices": [{"kind": "unjoined_pro", "name": "bench"}],
}
ALLOW = {"key_restrictions": {"enforcement": "allow", "aaguids": [YUBIKEY.upper(), AUTHENTICATOR]}}
POLICY = {
    "state": "enabled",
    "minimum_lifetime": 30,
    "maximum_lifetime": 480,
    "default_lifetime": 120,
    "include": {"scope": "selected", "groups": ["Pilot"]},
}


def upn(*names: str) -> list[str]:
    return [f"{name}@contoso.example" for name in names]


@pytest.fixture(scope="module")
def tenant(start_fleet: StartFleet, player: Player) -> LabTenant:
    return LabTenant(start_fleet(SCENARIO), player)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("passes")


@pytest.fixture(scope="module")
def before(tenant: LabTenant) -> dict[str, t.Any]:
    return tenant.state()


@pytest.fixture(scope="module")
def played(tenant: LabTenant, place: Path, before: dict[str, t.Any]) -> Play:
    """Every task once, in this order."""
    tasks: Tasks = []

    def add(name: str, module: str, options: dict[str, t.Any], check: bool = False) -> None:
        tasks.append(
            {"name": name, f"winops.entra.{module}": options, "check_mode": check, "diff": True, "ignore_errors": True}
        )

    everybody = upn("ada", "bob", "cleo", "dan", "eve", "full", "guest", "nobody")
    everybody_gets = {"users": upn("ada", "held", "over", "eve", "bob", "nobody"), "dest": str(place / "first.json")}
    add("look", "user_method_info", {"users": everybody})
    add("allow, checked", "security_key_policy", ALLOW, check=True)
    add("allow", "security_key_policy", ALLOW)
    add("allow again", "security_key_policy", ALLOW)
    add("look again", "user_method_info", {"users": everybody})
    narrow = {"include": {"scope": "selected", "groups": ["Pilot"]}, "self_service": False, "excluded_groups": []}
    add("narrow", "security_key_policy", narrow)
    add("off, with passes", "temporary_access_pass", everybody_gets)
    add("pass, checked", "temporary_access_pass", {"policy": POLICY, **everybody_gets}, check=True)
    add("pass", "temporary_access_pass", {"policy": POLICY, **everybody_gets})
    add(
        "pass again", "temporary_access_pass", {"policy": POLICY, **everybody_gets, "users": upn("ada", "held", "over")}
    )
    add("the same file", "temporary_access_pass", {**everybody_gets, "users": upn("held"), "force": True})
    second = {"users": upn("held"), "force": True, "dest": str(place / "second.json"), "lifetime": 30}
    add("force", "temporary_access_pass", second)
    add("too long", "temporary_access_pass", {**second, "dest": str(place / "third.json"), "lifetime": 481})
    add("lost", "temporary_access_pass", {"users": upn("lost"), "dest": str(place / "lost.json")})
    add("remove, checked", "temporary_access_pass", {"users": upn("ada", "cleo"), "state": "absent"}, check=True)
    add("remove", "temporary_access_pass", {"users": upn("ada", "cleo"), "state": "absent"})
    add("remove again", "temporary_access_pass", {"users": upn("ada", "cleo"), "state": "absent"})
    nobody = tenant.credential("nothing")
    add("policy forbidden", "security_key_policy", {**ALLOW, **nobody})
    add("users forbidden", "user_method_info", {"users": everybody, **nobody})
    add("pass forbidden", "temporary_access_pass", {"policy": POLICY, **nobody})
    return tenant.run(tasks, "-vvvvv")


def test_a_policy_with_profiles_survives_a_write_unchanged_but_for_what_was_asked(played, tenant, before):
    checked, done, again = (played.result(HOST, name) for name in ("allow, checked", "allow", "allow again"))
    assert checked["changes"] == done["changes"] and done["changed"] and not again["changed"]
    assert checked["policy"] == done["policy"] == again["policy"]
    assert done["policy"]["key_restrictions"] == {"enforcement": "allow", "aaguids": sorted([YUBIKEY, AUTHENTICATOR])}
    old, new = before["passkey_policy"], tenant.state()["passkey_policy"]
    default, other = new["passkeyProfiles"]
    assert other == old["passkeyProfiles"][1] and new["defaultPasskeyProfile"] == old["defaultPasskeyProfile"]
    assert {**default, "keyRestrictions": None} == {**old["passkeyProfiles"][0], "keyRestrictions": None}
    assert new["keyRestrictions"] == old["keyRestrictions"], "the flat properties are history"
    assert tenant.state()["methods_policy"] == before["methods_policy"]


def test_those_whose_keys_an_allow_list_locks_out_are_named_before_it_is_written(played):
    for name in ("allow, checked", "allow"):
        told = played.result(HOST, name)
        # Dan is not in the report, so that nobody asks for his keys.
        assert [one["user"].split("@")[0] for one in told["shut_out"]] == ["bob", "cleo"]
        assert any(
            "cleo@contoso.example (ePass)" in text and "another passkey profile" in text for text in told["warnings"]
        )
    assert played.result(HOST, "allow again")["shut_out"] == []


def test_targets_and_false_are_written(played, tenant):
    told = played.result(HOST, "narrow")
    pilot = tenant.group("Pilot")["id"]
    assert told["policy"]["include"] == {"scope": "selected", "groups": [pilot]}
    policy = tenant.state()["passkey_policy"]
    assert policy["isSelfServiceRegistrationAllowed"] is False and policy["excludeTargets"] == []
    [target] = policy["includeTargets"]
    assert target["id"] == pilot and target["allowedPasskeyProfiles"] == [authentication.DEFAULT_PROFILE]


def test_only_a_key_of_its_own_that_the_policy_takes_makes_a_user_ready(played):
    rows = {row["user"].split("@")[0]: row for row in played.result(HOST, "look again")["users"]}
    ready = {name: row["security_key_ready"] for name, row in rows.items()}
    assert ready == {
        "ada": True,
        "bob": False,
        "cleo": False,
        "dan": None,
        "eve": False,
        "full": True,
        "guest": False,
        "nobody": False,
    }
    assert [key["kind"] for key in rows["bob"]["passkeys"]] == ["authenticator", "windows_hello"]
    assert [key["kind"] for key in rows["dan"]["passkeys"]] == ["unknown", "synced"]
    assert rows["dan"]["passkeys"][0]["aaguid"] is None and rows["dan"]["passkeys"][0]["accepted"] is None
    assert rows["cleo"]["passkeys"][0]["accepted"] is False and rows["guest"]["in_scope"] is False
    assert rows["full"]["passkey_limit_reached"] is True and rows["ada"]["passkey_limit_reached"] is False
    earlier = {row["user"].split("@")[0]: row for row in played.result(HOST, "look")["users"]}
    assert earlier["cleo"]["security_key_ready"] is True and earlier["bob"]["security_key_ready"] is False


def test_a_user_who_is_missing_in_the_report_is_unknown(played):
    rows = {row["user"].split("@")[0]: row for row in played.result(HOST, "look")["users"]}
    assert rows["ada"]["methods_registered"] == ["mobilePhone", "passKeyDeviceBound"] and rows["ada"]["reported"]
    assert rows["ada"]["mfa_capable"] is True and rows["eve"]["mfa_capable"] is False
    assert rows["dan"]["mfa_capable"] is None and "does not have the user" in rows["dan"]["unread"][0]


OUTCOMES = ["changed", "unchanged", "changed", "skipped", "skipped", "skipped"]


def test_each_user_who_may_gets_a_pass_and_the_others_are_named(played):
    assert played.result(HOST, "off, with passes")["error"]["name"] == "passes_disabled"
    checked, done = played.result(HOST, "pass, checked"), played.result(HOST, "pass")
    assert [row["outcome"] for row in done["passes"]] == OUTCOMES
    assert [row["outcome"] for row in checked["passes"]] == OUTCOMES and checked["changes"] == done["changes"]
    why = [row["error"]["name"] for row in done["passes"] if row["error"]]
    assert why == ["user_disabled", "user_out_of_scope", "user_unknown"]
    assert done["error"]["name"] == "partly_done" and checked["msg"] == done["msg"]
    again = played.result(HOST, "pass again")
    assert not again["changed"] and [row["valid"] for row in again["passes"]] == [True] * 3


def test_the_values_are_in_the_file_alone(played, tenant, place):
    entries = json.loads((place / "first.json").read_text(encoding="utf-8"))
    assert stat.S_IMODE((place / "first.json").stat().st_mode) == 0o600
    assert [entry["user"] for entry in entries] == upn("ada", "over")
    second = json.loads((place / "second.json").read_text(encoding="utf-8"))
    values = [entry["temporary_access_pass"] for entry in (*entries, *second)]
    held = {row["temporaryAccessPass"] for row in tenant.state()["passes"].values()}
    assert len(set(values)) == 3 and {values[1], values[2]} <= held
    for value in (*values, *held):
        assert value not in played.output


def test_a_valid_pass_is_replaced_only_by_force_and_no_file_is_written_over(played, place):
    refused, forced = played.result(HOST, "the same file"), played.result(HOST, "force")
    assert refused["error"]["name"] == "bad_option" and "dest" in refused["msg"] and not refused["changed"]
    assert forced["changed"] and forced["passes"][0]["lifetime"] == 30
    too_long = played.result(HOST, "too long")
    assert "481" in too_long["msg"] and "30 to 480" in too_long["msg"] and not (place / "third.json").exists()


def test_a_pass_whose_answer_is_lost_is_not_made_twice(played, place, tenant):
    lost = played.result(HOST, "lost")
    assert (
        lost["error"]["name"] == "pass_lost" and lost["passes"][0]["error"]["name"] == "pass_lost" and lost["changed"]
    )
    assert not (place / "lost.json").exists() and lost["passes"][0]["valid"] is True
    assert tenant.state()["passes_made"] == 6, "two of the scenario, three, and the lost one"


def test_passes_are_removed_and_a_second_run_finds_none(played):
    checked, done, again = (played.result(HOST, name) for name in ("remove, checked", "remove", "remove again"))
    assert checked["changes"] == done["changes"] and done["changed"] and not again["changed"]
    assert [row["outcome"] for row in done["passes"]] == ["changed", "unchanged"]
    assert [row["valid"] for row in done["passes"]] == [False, False]


@pytest.mark.parametrize(
    ("task", "permission"),
    [
        ("policy forbidden", "Policy.Read.AuthenticationMethod"),
        ("users forbidden", "User.Read.All"),
        ("pass forbidden", "Group.Read.All"),
    ],
)
def test_a_refusal_names_the_permission_that_is_missing(played, task, permission):
    assert permission in played.result(HOST, task)["error"]["permissions"]


def test_every_exchange_is_as_microsoft_describes_it(played, tenant):
    if not CONTRACT.exists():
        pytest.skip("needs ../shared/graph, Microsoft's description of Graph")
    told = subprocess.run(
        [sys.executable, str(CONTRACT), "--strict", str(tenant.lab.out / "graph.jsonl")],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    ).stdout
    assert "exchanges" in told and not violations(told), told[-4000:]
