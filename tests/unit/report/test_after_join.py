# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a record says of the time after a join: small answers with their reasons, kept until somebody asks again."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.report import after_join, records, table
from tests.unit.report.making import devices, made

RECORD = records.record({"outcome": "joined", "changes": [], "join": {"device_id": "d1", "type": "entra"}}, "join")
NO = {"met": False, "reason": "encrypting", "said": "the drive is still being encrypted, 42 %", "seconds": 30}
YES = {"met": True, "reason": "in_intune", "said": "Intune shows it", "seconds": 4}
FORBIDDEN = {"failed": True, "msg": "Intune cannot be asked: forbidden", "error": {"name": "forbidden"}}


def after(**steps: t.Any) -> dict[str, t.Any]:
    return records.record({"steps": {"record": RECORD, **steps}}, "join")


def test_what_was_expected_and_nothing_else_has_an_answer():
    record = after(expected={"intune": True, "compliant": True}, row={"intune": YES, "compliant": NO, "policies": NO})
    assert {name: record["intune"][name] for name in YES} == YES and record["compliant"]["reason"] == "encrypting"
    assert record["policies"] is None and record["let_in"] is None and record["on_device"] is None
    assert record["outcome"] == "joined" and record["device_id"] == "d1"


def test_a_task_that_has_failed_leaves_it_unknown_with_its_reason():
    said = after(expected={"intune": True}, waiting=FORBIDDEN)["intune"]
    assert (said["met"], said["reason"], said["said"]) == (None, "forbidden", FORBIDDEN["msg"])
    assert after(expected={"intune": True})["intune"]["reason"] == "no_answer"


@pytest.mark.parametrize("word", [7, ["x"], {"a": 1}, None, float("nan")])
def test_what_is_no_answer_is_none(word):
    told = {"met": word, "reason": word, "said": word, "seconds": word if isinstance(word, float) else "x"}
    said = after(expected={"intune": True}, row={"intune": told})["intune"]
    assert said["met"] is None and said["reason"] is None and said["seconds"] is None
    assert said["said"] == "nobody has said why"


def test_a_long_sentence_is_cut_and_in_one_line():
    said = after(expected={"intune": True}, row={"intune": {"met": False, "said": "a\n" * 9000}})["intune"]["said"]
    assert len(said) <= after_join.MOST_SAID and "\n" not in said


def access(*verdicts: str, **more: t.Any) -> dict[str, t.Any]:
    rows = [{"application": f"app{number}", "verdict": verdict, **more} for number, verdict in enumerate(verdicts)]
    return after(asked_access=True, access={"access": rows})["let_in"]


@pytest.mark.parametrize(
    ("verdicts", "met", "reason"),
    [
        (("allowed",), True, "allowed"),
        (("allowed", "more_asked"), True, "more_asked"),
        (("more_asked", "blocked"), False, "blocked"),
        (("unknown", "device_refused"), False, "device_refused"),
        (("allowed", "unknown"), None, "unknown"),
        (("allowed", "something new"), None, "unknown"),
    ],
)
def test_the_worst_verdict_of_all_applications_counts(verdicts, met, reason):
    said = access(*verdicts)
    assert (said["met"], said["reason"]) == (met, reason)
    assert [one["verdict"] for one in said["applications"]] == list(verdicts)


def test_the_policy_that_decides_is_named_and_a_report_only_one_is_not():
    policies = [
        {"policy": "Trial", "effect": "blocks", "report_only": True},
        {"policy": "Compliant devices", "effect": "refuses_device", "report_only": False},
    ]
    said = access("device_refused", policies=policies)["said"]
    assert "Compliant devices" in said and "Trial" not in said and "app0" in said


def test_a_device_without_a_primary_user_is_unknown_because_of_that():
    said = access("unknown", why="the device has no primary user to ask about", policies=None)
    assert said["met"] is None and said["said"].endswith("the device has no primary user to ask about")


def test_an_application_that_gave_no_answer_is_unknown():
    said = after(asked_access=True, access_failed=FORBIDDEN)["let_in"]
    assert (said["met"], said["reason"]) == (None, "forbidden")
    assert after(asked_access=True, access={"access": None})["let_in"]["met"] is None


POSTURE = {
    "posture": {
        "encryption": {
            "volumes": [
                {"system": False, "state": "protected", "percentage": 100},
                {"system": True, "state": "encrypting", "percentage": 42},
            ],
            "restart_needed": False,
        },
        "updates": {"pending_restart": True, "pending_restart_reasons": ["servicing"]},
        "sign_in": {
            "users": [{"sid": "S-1-12-1-1-2-3-4", "name": "ada@contoso.example", "last": None}],
            "other_user": False,
            "other_user_blockers": [{"setting": "HideFastUserSwitching", "source": "HKLM", "value": "1"}],
            "looked_at": ["HideFastUserSwitching, HKLM"],
        },
        "hello": {"enabled": True},
    }
}


def test_the_device_tells_what_its_user_has_to_know():
    told = after(posture=POSTURE)["on_device"]
    assert told["encryption"] == "encrypting" and told["percentage"] == 42
    assert told["restart"] is True and told["restart_needed"] is False and told["restart_reasons"] == ["servicing"]
    assert told["other_user"] is False and told["other_user_blockers"] == ["HideFastUserSwitching = 1 (HKLM)"]
    assert told["signed_in"] == ["ada@contoso.example"] and told["hello"] is True


@pytest.mark.parametrize(
    "posture", [None, {}, {"skipped": True, **POSTURE}, {"unreachable": True, "msg": "off"}, FORBIDDEN], ids=str
)
def test_a_device_that_was_not_asked_tells_nothing(posture):
    assert after(posture=posture)["on_device"] is None


@pytest.mark.parametrize("wrong", [7, "", [], [7], {"a": 1}, True])
def test_what_is_of_another_type_is_not_known(wrong):
    sections = dict.fromkeys(("encryption", "updates", "sign_in", "hello"), wrong)
    inner = {"encryption": {"volumes": wrong}, "sign_in": {"users": wrong, "looked_at": wrong}}
    for posture in (
        sections,
        inner,
        {"encryption": {"volumes": [{"system": True, "state": wrong, "percentage": "1"}]}},
    ):
        told = after(posture={"posture": posture})["on_device"]
        assert (told["encryption"], told["percentage"], told["hello"]) == (None, None, None)


@pytest.mark.parametrize("domain", ["AzureAD\\", "CONTOSO\\", ""])
def test_the_account_of_a_package_has_signed_in_for_nobody(domain):
    account = f"{domain}package_6e4cbe68-588b-499c-8c04-dcfff140a1ca@contoso.example"
    users = [{"sid": "S-1-12-1-1", "name": account}, {"sid": "S-1-12-1-2", "name": "package_ada@contoso.example"}]
    told = after(posture={"posture": {"sign_in": {"users": users}}})["on_device"]
    assert told["signed_in"] == ["package_ada@contoso.example"]


def test_a_run_that_does_not_ask_keeps_what_another_was_told_of_the_same_device():
    first = made({"pc": after(expected={"intune": True}, row={"intune": YES}, posture=POSTURE)})
    again = {**RECORD, "outcome": "unchanged"}
    kept = devices(made({"pc": again}, of="r2", report=first.report).report)["pc"]
    assert kept["intune"] == devices(first.report)["pc"]["intune"] and kept["on_device"]["percentage"] == 42
    other = {**again, "device_id": "d2"}
    assert devices(made({"pc": other}, of="r2", report=first.report).report)["pc"]["intune"] is None
    left = {**again, "device_id": None, "join_type": "none"}
    assert devices(made({"pc": left}, of="r2", report=first.report).report)["pc"]["intune"] is None


def test_a_device_that_is_off_keeps_them_with_its_ids():
    first = made({"pc": after(expected={"intune": True}, row={"intune": NO})})
    off = records.record({"unreachable": True, "msg": "off"}, "join")
    assert devices(made({"pc": off}, of="r2", report=first.report).report)["pc"]["intune"]["met"] is False


def test_a_newer_answer_replaces_the_older_one():
    first = made({"pc": after(expected={"intune": True}, row={"intune": NO})})
    second = made({"pc": after(expected={"intune": True}, row={"intune": YES})}, of="r2", report=first.report)
    assert devices(second.report)["pc"]["intune"]["met"] is True


def test_the_table_says_a_no_with_its_sentence_even_where_it_shows_few():
    record = after(expected={"intune": True, "compliant": True}, row={"intune": YES, "compliant": NO})
    lines = table.table([{"device": "pc", **record}, {"device": "ok", **RECORD}], 1)
    [line] = [line for line in lines if line.startswith("pc")]
    assert "managed by Intune, NOT compliant (the drive is still being encrypted, 42 %)" in line
    assert not [line for line in lines if line.startswith("ok")]
    unknown = after(expected={"policies": True}, waiting=FORBIDDEN)
    [line] = [line for line in table.table([{"device": "pc", **unknown}], 1) if line.startswith("pc")]
    assert "NOT KNOWN whether policies are applied (Intune cannot be asked: forbidden)" in line


def test_the_table_says_since_when_of_what_an_earlier_run_was_told():
    told = {**NO, "at": "2026-11-29T08:00:00.000Z"}
    for at, said in (("2026-11-30T08:00:00.000Z", True), ("2026-11-29T07:59:00.000Z", False), (None, False)):
        [_head, line] = table.table([{"device": "pc", **RECORD, "compliant": told, "at": at}], 1)
        assert ("42 %), as of 2026-11-29T08:00:00.000Z" in line) is said
