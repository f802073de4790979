# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""security_key_policy: what is written and what is kept, and whom an allow list locks out."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.tenant.resources.passkey_rules import Rules

from ..fake_graph import error, guid
from ..method_graph import ADA, BOB, CONFIGURATIONS, DEFAULT, FEITIAN, REPORT, YUBIKEY
from .bench import MethodBench

MODULE = "security_key_policy"
ALLOW = {"enforcement": "allow", "aaguids": [YUBIKEY]}


@pytest.fixture
def bench() -> MethodBench:
    return MethodBench()


def test_without_options_the_policy_is_read_and_nothing_written(bench):
    result = bench.play(MODULE)
    assert result["policy"]["state"] == "enabled" and result["policy"]["include"] == {"scope": "all", "groups": []}
    assert result["policy"]["profiles"] == [] and result["policy"]["passkey_types"] is None
    assert bench.graph.writes == [] and result["shut_out"] == []


def test_only_what_changes_is_sent_and_restrictions_are_sent_whole(bench):
    bench.play(MODULE, self_service=False, key_restrictions=ALLOW, state="enabled")
    [(_method, _path, body)] = bench.graph.writes
    assert body == {
        "@odata.type": "#microsoft.graph.fido2AuthenticationMethodConfiguration",
        "isSelfServiceRegistrationAllowed": False,
        "keyRestrictions": {"isEnforced": True, "enforcementType": "allow", "aaGuids": [YUBIKEY]},
    }


def test_where_profiles_rule_the_default_one_is_written_and_the_rest_sent_back_as_it_was(bench):
    bench.graph.add_profiles()
    before = copy.deepcopy(bench.graph.passkey_policy)
    assert bench.play(MODULE)["policy"]["attestation_required"] is False, "the flat property is history"
    result = bench.play(MODULE, attestation_required=True, key_restrictions=ALLOW)
    [(_method, _path, body)] = bench.graph.writes
    assert set(body) == {"@odata.type", "passkeyProfiles"}
    default, other = body["passkeyProfiles"]
    assert other == before["passkeyProfiles"][1] and default["attestationEnforcement"] == "registrationOnly"
    assert result["policy"]["key_restrictions"]["enforcement"] == "allow" and result["changed"]
    assert bench.play(MODULE, attestation_required=True, key_restrictions=ALLOW)["changed"] is False


def test_aaguids_are_a_set_in_any_spelling(bench):
    have = {"isEnforced": True, "enforcementType": "allow", "aaGuids": [FEITIAN.upper(), YUBIKEY]}
    bench.graph.passkey_policy["keyRestrictions"] = have
    wanted = {"enforcement": "allow", "aaguids": [YUBIKEY.upper(), FEITIAN, YUBIKEY]}
    assert bench.play(MODULE, key_restrictions=wanted)["changed"] is False
    # What is not given stays, also the list.
    assert bench.play(MODULE, key_restrictions={"enforcement": "block"})["policy"]["key_restrictions"] == {
        "enforcement": "block",
        "aaguids": sorted([YUBIKEY, FEITIAN]),
    }


def test_a_target_that_is_there_keeps_its_properties_and_a_new_one_gets_the_default_profile(bench):
    bench.graph.add_profiles()
    staff, pilot = (bench.graph.group(name)["id"] for name in ("Staff", "Pilot"))
    kept = {"id": staff, "targetType": "group", "isRegistrationRequired": True, "allowedPasskeyProfiles": [guid("own")]}
    bench.graph.passkey_policy["includeTargets"] = [kept]
    include = {"scope": "selected", "groups": ["Pilot", staff]}
    bench.play(MODULE, include=include, excluded_groups=["Pilot"])
    targets = {one["id"]: one for one in bench.graph.passkey_policy["includeTargets"]}
    assert targets[staff] == kept and targets[pilot]["allowedPasskeyProfiles"] == [DEFAULT]
    assert bench.graph.passkey_policy["excludeTargets"] == [{"id": pilot, "targetType": "group"}]
    assert bench.play(MODULE, include=include, excluded_groups=["Pilot"])["changed"] is False


def test_the_write_is_read_back_until_it_shows(bench):
    shown = copy.deepcopy(bench.graph.passkey_policy)
    bench.graph.on(
        f"PATCH v1.0/{CONFIGURATIONS}/fido2", lambda request: bench.graph.on("GET .*fido2$", *[_as(shown)] * 2)
    )
    result = bench.play(MODULE, state="disabled")
    assert result["policy"]["state"] == "disabled" and len(bench.slept) == 2


def _as(body):
    import httpx

    return httpx.Response(200, json=body)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"key_restrictions": {"enforcement": "allow", "aaguids": []}}, "bad_option"),
        ({"key_restrictions": {"enforcement": "allow"}}, "bad_option"),
        ({"include": {"scope": "selected"}}, "bad_option"),
        ({"include": {"scope": "all", "groups": ["Staff"]}}, "bad_option"),
        ({"excluded_groups": ["Nowhere"]}, "group_unknown"),
        ({"excluded_groups": ["Mail"]}, "not_a_security_group"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(bench, options, name):
    bench.graph.add_group("Mail", securityEnabled=False)
    result = bench.play(MODULE, **options)
    assert result["failed"] and result["error"]["name"] == name and bench.graph.writes == []


@pytest.mark.parametrize(
    "options",
    [
        {"key_restrictions": {"enforcement": "allow", "aaguids": []}},
        {"include": {"scope": "all", "groups": ["Staff"]}},
    ],
)
def test_what_contradicts_itself_is_refused_before_anything_is_asked(bench, options):
    assert next(iter(options)) in bench.play(MODULE, **options)["msg"] and bench.graph.requests == []


def test_profiles_without_the_default_one_are_not_written_to(bench):
    bench.graph.add_profiles()
    del bench.graph.passkey_policy["passkeyProfiles"][0]
    assert bench.play(MODULE, attestation_required=True)["error"]["name"] == "no_default_profile"


# --- whom it locks out ---


def test_those_whose_key_was_taken_and_is_not_any_more_are_named(bench):
    bench.graph.add_passkey(ADA)
    bench.graph.add_passkey(BOB, FEITIAN, model="ePass")
    bench.graph.add_passkey(BOB, "00000000-0000-0000-0000-000000000000")
    checked, done = (bench.play(MODULE, check, key_restrictions=ALLOW) for check in (True, False))
    assert (
        [(one["user"], one["model"]) for one in checked["shut_out"]]
        == [(BOB, "ePass")]
        == [(one["user"], one["model"]) for one in done["shut_out"]]
    )
    assert BOB in done["warnings"][0] and ADA not in done["warnings"][0] and done["changed"]


def test_nobody_is_asked_for_keys_where_no_restriction_changes(bench):
    bench.graph.add_passkey(ADA)
    bench.play(MODULE, state="disabled", key_restrictions={"enforcement": "none", "aaguids": []})
    assert not any(REPORT in path for _method, path, _body in bench.graph.requests)


def test_what_may_not_be_read_is_null_with_the_reason_and_the_policy_is_written(bench):
    bench.graph.on(f"GET v1.0/{REPORT}", error(403, "Forbidden"))
    result = bench.play(MODULE, key_restrictions=ALLOW)
    assert result["shut_out"] is None and "AuditLog.Read.All" in result["shut_out_unread"] and result["changed"]
    assert result["shut_out_unread"] in result["warnings"]


def test_keys_that_nobody_may_read_are_no_empty_list(bench):
    bench.graph.add_passkey(BOB, FEITIAN)
    bench.graph.on("GET .*fido2Methods", error(403, "Forbidden"))
    result = bench.play(MODULE, key_restrictions=ALLOW)
    assert result["shut_out"] is None and "1 of 1" in result["shut_out_unread"]


BOTH, BOUND = frozenset({"deviceBound", "synced"}), frozenset({"deviceBound"})


@pytest.mark.parametrize(
    ("rules", "aaguid", "passkey_type", "taken"),
    [
        (Rules("none", frozenset()), None, None, True),
        (Rules("allow", frozenset({YUBIKEY})), YUBIKEY, None, True),
        (Rules("allow", frozenset({YUBIKEY})), FEITIAN, None, False),
        (Rules("allow", frozenset({YUBIKEY})), None, None, None),
        (Rules("block", frozenset({YUBIKEY})), YUBIKEY, None, False),
        (Rules("block", frozenset({YUBIKEY})), FEITIAN, None, True),
        (Rules("none", frozenset(), BOUND), YUBIKEY, "synced", False),
        (Rules("none", frozenset(), BOUND), YUBIKEY, None, None),
        (Rules("none", frozenset(), BOTH), YUBIKEY, None, True),
    ],
)
def test_a_rule_takes_a_key_or_does_not_or_cannot_tell(rules, aaguid, passkey_type, taken):
    assert rules.takes(aaguid, passkey_type) is taken
