# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""user_method_info: kinds of passkeys, which of them the policy takes, and what is not known."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.tenant.users import passkeys

from ..fake_graph import error, guid
from ..method_graph import ADA, BOB, CONFIGURATIONS, DEFAULT, EVERYBODY, FEITIAN, OTHER, YUBIKEY
from .bench import MethodBench

MODULE = "user_method_info"
HELLO, AUTHENTICATOR = "9ddd1817-af5a-4672-a2b9-3e3dd95000a9", "de1e552d-db1d-4423-a619-566b625cdc84"
ALLOWED = {"isEnforced": True, "enforcementType": "allow", "aaGuids": [YUBIKEY]}


@pytest.fixture
def bench() -> MethodBench:
    made = MethodBench()
    made.graph.add_passkey(ADA)
    return made


def rows(bench, *users, **options):
    result = bench.play(MODULE, users=list(users), **options)
    assert not result.get("failed"), result
    return result["users"]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"aaGuid": YUBIKEY, "passkeyType": "deviceBound"}, "security_key"),
        ({"aaGuid": YUBIKEY.upper(), "passkeyType": "deviceBound"}, "security_key"),
        ({"aaGuid": AUTHENTICATOR.upper(), "passkeyType": "deviceBound"}, "authenticator"),
        ({"aaGuid": HELLO, "passkeyType": "deviceBound"}, "windows_hello"),
        ({"aaGuid": FEITIAN, "passkeyType": "synced"}, "synced"),
        ({"aaGuid": passkeys.NO_MODEL, "passkeyType": "deviceBound"}, "unknown"),
        ({"aaGuid": None, "passkeyType": "deviceBound"}, "unknown"),
        ({"aaGuid": "x", "passkeyType": "deviceBound"}, "unknown"),
        ({"aaGuid": YUBIKEY, "passkeyType": "unknownFutureValue"}, "unknown"),
        ({"aaGuid": YUBIKEY, "passkeyType": None}, "unknown"),
    ],
)
def test_only_a_device_bound_passkey_that_is_none_of_the_others_is_a_security_key(row, kind):
    assert passkeys.kind_of(row) == kind


def test_authenticator_passkeys_alone_make_nobody_ready(bench):
    bench.graph.add_passkey(BOB, AUTHENTICATOR)
    ada, bob = rows(bench, ADA, BOB)
    assert (ada["security_key_ready"], bob["security_key_ready"]) == (True, False)
    assert bob["passwordless_capable"] is True


def test_which_profile_applies_depends_on_the_groups_of_the_user(bench):
    graph = bench.graph
    graph.add_profiles()
    staff = graph.group("Staff")["id"]
    graph.members[staff] = [guid(BOB)]
    graph.add_passkey(BOB)
    graph.passkey_policy["passkeyProfiles"][1]["keyRestrictions"] = {**ALLOWED, "aaGuids": [FEITIAN]}
    only_other = {**EVERYBODY, "id": staff, "allowedPasskeyProfiles": [OTHER]}
    graph.passkey_policy["includeTargets"] = [only_other]
    ada, bob = rows(bench, ADA, BOB)
    assert ada["in_scope"] is False and bob["in_scope"] is True
    assert bob["passkeys"][0]["accepted"] is False and bob["security_key_ready"] is False
    graph.passkey_policy["includeTargets"].append({**EVERYBODY, "allowedPasskeyProfiles": [DEFAULT]})
    ada, bob = rows(bench, ADA, BOB)
    assert ada["security_key_ready"] is True and bob["passkeys"][0]["accepted"] is True


def test_an_excluded_user_is_not_in_scope(bench):
    staff = bench.graph.group("Staff")["id"]
    bench.graph.members[staff] = [guid(ADA)]
    bench.graph.passkey_policy["excludeTargets"] = [{"id": staff, "targetType": "group"}]
    assert rows(bench, ADA)[0]["in_scope"] is False


def test_where_groups_cannot_be_read_the_user_is_unknown(bench):
    bench.graph.passkey_policy["includeTargets"] = [{**EVERYBODY, "id": bench.graph.group("Staff")["id"]}]
    bench.graph.on("POST .*checkMemberGroups", error(403, "Forbidden"))
    [ada] = rows(bench, ADA)
    assert ada["in_scope"] is None and ada["security_key_ready"] is None and "groups of the user" in ada["unread"][0]


def test_where_the_policy_is_off_nobody_is_ready(bench):
    bench.graph.passkey_policy["state"] = "disabled"
    assert rows(bench, ADA)[0]["security_key_ready"] is False


def test_where_the_policy_cannot_be_read_nothing_is_said_of_it(bench):
    bench.graph.on(f"GET v1.0/{CONFIGURATIONS}/fido2", error(403, "Forbidden"))
    result = bench.play(MODULE, users=[ADA])
    assert "Policy.Read.AuthenticationMethod" in result["policy_unread"] and result["warnings"]
    [ada] = result["users"]
    assert ada["security_key_ready"] is None and ada["passkeys"][0]["accepted"] is None
    assert result["totals"] == {"ready": 0, "not_ready": 0, "unknown": 1}


def test_a_key_of_unknown_model_does_not_decide(bench):
    bench.graph.passkey_policy["keyRestrictions"] = dict(ALLOWED)
    bench.graph.passkeys[guid(ADA)][0]["aaGuid"] = passkeys.NO_MODEL
    [ada] = rows(bench, ADA)
    assert ada["security_key_ready"] is None and ada["passkeys"][0]["accepted"] is None


def test_ten_passkeys_are_the_limit(bench):
    for _number in range(8):
        bench.graph.add_passkey(ADA, AUTHENTICATOR)
    assert rows(bench, ADA)[0]["passkey_limit_reached"] is False
    bench.graph.add_passkey(ADA, AUTHENTICATOR)
    assert rows(bench, ADA)[0]["passkey_limit_reached"] is True


def test_passkeys_that_the_caller_may_not_read_fail_the_task_with_the_permission(bench):
    bench.graph.on("GET .*fido2Methods", *[error(403, "Forbidden")] * 2)
    result = bench.play(MODULE, users=[ADA, BOB])
    assert result["failed"] and result["error"]["permissions"] == ["UserAuthMethod-Passkey.Read.All"]


def test_passkeys_of_one_user_that_cannot_be_read_are_null(bench):
    bench.graph.on(f"GET .*{guid(ADA)}/authentication/fido2Methods", error(404, "NotFound"))
    ada, bob = rows(bench, ADA, BOB)
    assert ada["passkeys"] is None and ada["passkey_limit_reached"] is None and ada["security_key_ready"] is None
    assert bob["passkeys"] == [] and bob["security_key_ready"] is False


def test_the_report_says_what_it_has_and_both_names_of_a_method_are_one(bench):
    bench.graph.add_report(ADA, "passKeyDeviceBound", "fido2", "email")
    ada, bob = rows(bench, ADA, BOB)
    assert ada["methods_registered"] == ["email", "passKeyDeviceBound"] and ada["sspr_capable"] is False
    assert bob["sspr_capable"] is None and bob["reported"] is None
    assert bob["unread"] == ["the report of registered methods does not have the user"]
    [ada] = rows(bench, ADA, registration_details=False)
    assert ada["mfa_capable"] is None and ada["unread"] == []


def test_a_report_that_may_not_be_read_is_a_warning(bench):
    bench.graph.on("GET .*userRegistrationDetails", error(403, "Forbidden"))
    result = bench.play(MODULE, users=[ADA])
    assert "AuditLog.Read.All" in result["warnings"][0] and result["users"][0]["security_key_ready"] is True


def test_unknown_and_disabled_users_are_not_ready(bench):
    bench.graph.users[guid(ADA)]["accountEnabled"] = False
    ada, nobody = rows(bench, ADA, "nobody@contoso.com")
    assert (ada["security_key_ready"], nobody["security_key_ready"]) == (False, False)
    assert nobody["found"] is False and nobody["passkeys"] is None


def test_forty_five_users_need_three_batches_for_each_question(bench):
    users = [f"user{number}@contoso.com" for number in range(45)]
    for user in users:
        bench.graph.add_user(user)
    assert len(rows(bench, *users)) == 45
    assert len(bench.graph.requests) == 3 * 3 + 1
