# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong after a join: what is planted is found, what is odd is none, what is refused is not known."""

from __future__ import annotations

import json

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device.posture import (
    arrival,
    laps,
    management,
    points,
    posture,
)
from ansible_collections.winops.entra.plugins.plugin_utils.findings import PASS, UNKNOWN, WARN
from tests.planted_posture import HEALTHY, PLANTED
from tests.unit.lab.world_lab import Lab

from . import postures

INTUNE = "11111111-2222-3333-4444-555555555555"
OTHER = "99999999-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> dict:
    return postures.answers(Lab(tmp_path_factory.mktemp("lab"), "posture"))


@pytest.fixture(scope="module")
def looked(answers) -> dict[str, postures.Looked]:
    return {name: postures.look(answer) for name, answer in answers.items()}


@pytest.fixture(scope="module")
def well(answers):
    return answers["well"]


def test_every_device_of_the_scenario_is_planted_or_healthy(answers):
    assert sorted(answers) == sorted([*PLANTED, *HEALTHY])
    assert {name for name, _result, _reads in PLANTED.values()} == set(posture.POSTURE_IDS)


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_found_and_nothing_else(looked, name):
    identifier, result, _reads = PLANTED[name]
    assert looked[name].wrong == {identifier: result}
    found = looked[name].findings[identifier]
    assert found.cause and found.fix and found.evidence
    assert looked[name].posture["refused"] == []


@pytest.mark.parametrize("name", HEALTHY)
def test_what_is_odd_and_healthy_is_no_finding(looked, name):
    assert looked[name].wrong == {}
    assert list(looked[name].findings) == list(posture.POSTURE_IDS)


@pytest.mark.parametrize(("name", "read"), [(name, read) for name, planted in PLANTED.items() for read in planted[2]])
def test_where_the_read_that_decides_is_refused_the_finding_is_unknown(answers, name, read):
    found = postures.look(postures.without(answers[name], read))
    identifier = PLANTED[name][0]
    assert found.findings[identifier].result == UNKNOWN, found.findings[identifier]
    assert found.posture["refused"], "what was refused is said"


@pytest.mark.parametrize("read", posture.OBSERVATIONS)
def test_a_refused_read_is_no_finding_of_its_own_and_breaks_nothing(well, read):
    """Of a healthy device nothing is ever said to be wrong because something could not be read."""
    found = postures.look(postures.without(well, read))
    assert set(found.wrong.values()) <= {UNKNOWN}
    assert list(found.findings) == list(posture.POSTURE_IDS)
    assert found.posture["refused"]


def test_where_everything_is_refused_all_is_unknown(well):
    found = postures.look(postures.without(well, *posture.OBSERVATIONS))
    assert set(found.wrong.values()) == {UNKNOWN} and set(found.wrong) == set(posture.POSTURE_IDS)


def test_facts_of_a_healthy_device(looked):
    found = looked["well"].posture
    assert found["management"]["managed_by"] == ["intune"]
    assert found["management"]["last_sync"]["ok"] is True
    assert {area for one in found["management"]["areas"] for area in one["areas"]} == {"Authentication", "DeviceLock"}
    assert {one["provider"] for one in found["management"]["areas"]} == {"intune"}
    assert found["management"]["winners"]["Authentication/AllowAadPasswordReset"] == "intune"
    assert found["encryption"]["volumes"][0]["state"] == "protected"
    assert found["hello"]["prerequisites"] == dict.fromkeys(found["hello"]["prerequisites"], True)
    assert found["password_reset"]["enabled"] and found["password_reset"]["blockers"] == []
    assert found["sign_in"]["users"][0]["name"] == "ada@contoso.example"
    assert found["sign_in"]["prt"] is None and "session of their user" in found["sign_in"]["tokens_unread"]
    assert found["autopilot"]["profile"] is True


def test_nothing_found_never_becomes_it_works(looked):
    found = looked["well"]
    assert found.posture["sign_in"]["other_user"] is None
    assert "no blocker was found" in found.findings["password_reset"].observed
    assert len(found.posture["password_reset"]["not_looked_at"]) == 3


# --- who manages --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "moved", "unclear"),
    [
        (0, [], []),
        (1, [], []),
        (8193, [], []),
        (1 + 32, ["endpoint_protection"], []),
        (8193 + 32, [], ["endpoint_protection"]),
        (8193 + 4128, ["endpoint_protection"], []),
        (12543, list(management.WORKLOADS), []),
        (1 + 16 + 64, ["windows_update", "client_apps"], []),
    ],
)
def test_workloads_are_read_in_the_meaning_of_the_client_that_wrote_them(flags, moved, unclear):
    found_moved, staying, found_unclear = management._workloads(flags)
    assert (found_moved, found_unclear) == (moved, unclear)
    assert sorted([*found_moved, *staying, *found_unclear]) == sorted(management.WORKLOADS)


def session(begin: int, whose: str) -> dict:
    return postures.event(208, begin, f"{{{whose.upper()}}}", "https://server")


def end(record: int, code: int) -> dict:
    return postures.event(209, record, str(code), utc=f"2026-11-20T08:00:{record:02}.000Z")


@pytest.mark.parametrize(
    ("told", "codes"),
    [
        ([session(1, INTUNE), end(2, 0)], ["0x00000000"]),
        ([session(1, INTUNE), end(2, -2147012889)], ["0x80072ee7"]),
        ([session(1, OTHER), end(2, -2147012889)], []),
        ([session(1, INTUNE), session(2, OTHER), end(3, -1), end(4, 0)], [None]),
        ([session(1, INTUNE), end(2, 0), session(3, OTHER), end(4, -1)], ["0x00000000"]),
        ([end(1, -1), session(2, INTUNE)], []),
    ],
)
def test_the_end_of_a_session_belongs_to_the_one_that_has_begun(told, codes):
    assert [one["code"] for one in arrival._sessions(told, "Sync", INTUNE)] == codes


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (-2016345112, "0x87d103e8"),
        ("2278622184", "0x87d103e8"),
        ("0x87D103E8", "0x87d103e8"),
        ("87d103e8", "0x87d103e8"),
    ],
)
def test_a_code_is_one_however_it_is_written(written, code):
    assert points.code_of(written) == code


@pytest.mark.parametrize("written", ["", "text", None, True, 1.5, "0x1", "1" * 30])
def test_what_is_no_code_is_none(written):
    assert points.code_of(written) is None


@pytest.mark.parametrize("written", ["--5", "-", "9" * 30, "٣"])
def test_a_text_that_looks_like_a_number_is_no_code_and_breaks_nothing(written):
    assert points.code_of(written) is None


# --- LAPS ---------------------------------------------------------------------------------------------------------


def test_the_first_root_with_any_value_rules_as_a_whole(well):
    told = postures.changed(well, "laps_mdm", postures.key({"PasswordLength": 20}))
    told = postures.changed(told, "laps_policy", postures.key({"BackupDirectory": 1}))
    found = postures.look(told)
    assert found.posture["laps"]["root"] == "mdm" and found.posture["laps"]["backup"] == "off"
    assert found.posture["laps"]["ignored_roots"] == ["policy"]
    assert found.wrong == {"laps": WARN}


@pytest.mark.parametrize("value", ["1", 7])
def test_a_backup_that_cannot_be_read_is_not_off(well, value):
    found = postures.look(postures.changed(well, "laps_mdm", postures.key({"BackupDirectory": value})))
    assert found.posture["laps"]["backup"] is None and found.wrong == {"laps": UNKNOWN}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"error": {"code": "x", "innererror": {"subcode": "error_missing_device"}}}, "device_missing"),
        ({"error": {"message": "Local admin password solution is not enabled for this tenant."}}, "tenant_disabled"),
        ({"error": {"code": "laps_not_enabled", "message": "no"}}, "tenant_disabled"),
        ({"error": {"message": "The device object is disabled."}}, "other"),
        ({"error": {"message": "else"}}, "other"),
        ({"error": 5}, "other"),
        ([1], "other"),
    ],
)
def test_a_refused_backup_is_told_by_its_body(body, reason):
    assert laps._body(["400", json.dumps(body)])["reason"] == reason


@pytest.mark.parametrize("fields", [[], [""], ["{"], ["{" * 5000], ["no JSON"]])
def test_a_body_that_is_no_json_is_read_all_the_same(fields):
    assert laps._body(fields)["reason"] in (None, "other")


# --- hello, apps, updates -----------------------------------------------------------------------------------------


def test_a_check_of_a_remote_session_says_nothing_of_the_person_at_the_console(well):
    remote = postures.event(360, 9, "Yes", "No", "Yes", "Yes", "No", "No")
    local = postures.event(360, 8, "Yes", "Yes", "Yes", "Yes", "Not Tested", "Yes")
    found = postures.look(postures.changed(well, "hello_check", postures.events(remote, local))).posture["hello"]
    assert found["prerequisites"]["entra_sign_in"] is True and found["prerequisites"]["hardware"] is None


def test_group_policy_goes_before_an_mdm(well):
    told = postures.changed(well, "hello_group_policy", postures.key({"Enabled": 0}))
    assert postures.look(told).posture["hello"]["source"] == "group_policy"


def test_a_value_of_another_type_is_neither_on_nor_off(well):
    told = postures.changed(well, "hello_group_policy", postures.key({"Enabled": "yes"}))
    found = postures.look(told)
    assert found.posture["hello"]["enabled"] is None and found.findings["hello"].result == UNKNOWN


def test_of_several_revisions_of_an_app_the_newest_counts(looked):
    found = looked["remediated"].posture["apps"]["apps"]
    assert [one["state"] for one in found] == ["installed", "installed"] and {one["code"] for one in found} == {None}
    [bad] = looked["app_fails"].posture["apps"]["apps"]
    assert bad["code"] == "0x80070643" and bad["scope"] != "device"


@pytest.mark.parametrize("text", ["{", "[]", "5", "{" * 30_000, '{"a":' * 5000])
def test_an_app_that_says_no_json_is_not_known(looked, answers, text):
    message = {"ComplianceStateMessage": ({"ComplianceStateMessage": text})}
    app = {"values": {}, "keys": {"ComplianceStateMessage": {"values": message["ComplianceStateMessage"], "keys": {}}}}
    scope = {"values": {}, "keys": {INTUNE: app}}
    told = {"exists": True, "key": {"values": {}, "keys": {"00000000-0000-0000-0000-000000000000": scope}}}
    found = postures.look(postures.changed(answers["app_fails"], "apps", told))
    assert found.posture["apps"]["apps"][0]["state"] is None and found.findings["apps"].result == UNKNOWN


def test_nobody_is_missed_on_a_hybrid_device_whose_users_are_of_the_domain(well):
    told = postures.changed(well, "profiles", postures.key())
    assert postures.look(told).wrong == {"user": WARN}
    seen = posture.seen_in(told)
    seen.state["join"]["type"] = "hybrid"
    found = {one.id: one for one in posture.judge(posture.posture(seen), seen)}
    assert found["user"].result == PASS


def test_rules_of_passwords_that_windows_does_not_say_are_not_known(well):
    rules = {**well["password_rules"].value, "min_length": None}
    told = postures.changed(postures.changed(well, "password_rules", rules), "policies", postures.key())
    assert postures.look(told).findings["password_rules"].result == UNKNOWN


def test_an_mdm_address_of_wsus_is_no_conflict_with_its_own_ring(well):
    values = {"UpdateServiceUrl": "http://wsus", "DeferQualityUpdatesPeriodInDays": 7}
    found = postures.look(postures.changed(well, "policies", postures.key({}, Update=values)))
    assert found.posture["updates"]["delivered_by"] == "wsus" and found.findings["update_source"].result == PASS


@pytest.mark.parametrize(
    ("policy", "enabled"), [(None, False), ({"EnableFIDODeviceLogon": 1}, True), ({"EnableFIDODeviceLogon": "1"}, None)]
)
def test_the_security_key_option_is_told_by_its_one_reader(well, policy, enabled):
    told = {"exists": False, "key": None} if policy is None else postures.key(policy)
    found = postures.look(postures.changed(well, "security_key_policy", told)).posture["sign_in"]
    assert found["security_key"] is enabled and bool(found["security_key_reason"]) is (enabled is None)


def test_a_csp_value_of_a_security_key_is_among_the_reads_of_windows_hello(well):
    told = postures.changed(well, "hello_mdm", postures.key({}, SecurityKey={"UseSecurityKeyForSignin": 1}))
    assert postures.look(told).posture["sign_in"]["security_key"] is True


# --- encryption, the sign-in screen -------------------------------------------------------------------------------


def drive(well, **changes) -> dict:
    told = well["encryption"].value
    volume = {**told["volumes"][0], **changes}
    return postures.look(postures.changed(well, "encryption", {**told, "volumes": [volume]}))


def test_a_paused_decryption_is_no_paused_encryption(well):
    found = drive(well, conversion=5, protection=0)
    assert found.posture["encryption"]["volumes"][0]["state"] == "decrypting_paused"
    assert found.findings["encryption"].cause == "its decryption is paused"


def test_an_unknown_percentage_is_not_shown(well):
    assert (
        drive(well, conversion=2, protection=0, percentage=None).findings["encryption"].observed == "C: is encrypting"
    )


def test_a_system_drive_that_does_not_say_its_protection_is_not_locked(well):
    assert drive(well, protection=2, conversion=None).wrong == {"encryption": UNKNOWN}


def test_one_stored_recovery_password_opens_the_drive(well):
    [stored] = [one for one in well["encryption"].value["volumes"][0]["protectors"] if one["type"] != "Tpm"]
    other = {"type": "RecoveryPassword", "id": "{0EAF6BFC-5E81-5A9A-8547-511CFAF6E23E}"}
    log = well["escrow"].value["events"]
    lost = postures.event(846, max(one["record"] for one in log) + 1, other["id"], "0x80072f9a")
    told = postures.changed(well, "escrow", postures.events(*log, lost))
    volume = {**told["encryption"].value["volumes"][0], "protectors": [stored, other]}
    found = postures.look(postures.changed(told, "encryption", {**told["encryption"].value, "volumes": [volume]}))
    assert found.wrong == {"escrow": WARN} and stored["id"] in found.findings["escrow"].cause


def test_an_encrypted_drive_without_a_recovery_password_is_no_healthy_one(well):
    protectors = [one for one in well["encryption"].value["volumes"][0]["protectors"] if one["type"] == "Tpm"]
    assert drive(well, protectors=protectors).wrong == {"escrow": WARN}
    assert drive(well, protectors=[], conversion=0, protection=0).findings["escrow"].result == PASS


def test_protectors_that_could_not_be_read_are_not_none(well):
    found = drive(well, protectors=[], protectors_known=False)
    assert found.wrong == {"escrow": UNKNOWN}
    assert found.posture["encryption"]["volumes"][0]["protectors"] is None


@pytest.mark.parametrize(
    ("members", "reset", "other"),
    [
        (["*S-1-5-32-544", "*S-1-5-32-545"], PASS, PASS),
        (["*S-1-5-32-544", "Users"], PASS, PASS),
        (["*S-1-5-32-544", "Benutzer"], UNKNOWN, UNKNOWN),
        (["*S-1-5-32-544", "*S-1-12-1-1-2-3-4"], WARN, UNKNOWN),
        (["*S-1-5-32-544"], WARN, WARN),
        ([], WARN, WARN),
    ],
)
def test_who_may_sign_in_is_told_by_sids_and_not_guessed_from_names(well, members, reset, other):
    told = well["policies"].value
    areas = {name: below["values"] for name, below in told["key"]["keys"].items()}
    areas["UserRights"] = {"AllowLocalLogOn": "\uf000".join(members)}
    found = postures.look(postures.changed(well, "policies", postures.key(told["key"]["values"], **areas)))
    assert (found.findings["password_reset"].result, found.findings["other_user"].result) == (reset, other)


def test_the_server_that_beats_a_ring_is_named(looked):
    assert looked["wsus"].findings["update_source"].cause.startswith("the WSUS server http")


# --- what it asks -------------------------------------------------------------------------------------------------


def test_it_asks_for_nothing_that_changes_a_device_and_reads_no_state_of_tokens():
    asked = {operation["op"] for operation in posture.OBSERVATIONS.values()}
    assert not asked & op.CHANGING
    assert "prt" not in " ".join(posture.OBSERVATIONS)
