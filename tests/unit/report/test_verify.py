# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a device that was verified, and the report: what it has come to, and how many have a finding."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.report import table, verify
from ansible_collections.winops.entra.plugins.plugin_utils.report.records import record
from ansible_collections.winops.entra.plugins.plugin_utils.report.verified import totals

from .both_halves import ID, KEY, TENANT, Row, finding, look, protector, row
from .making import devices, made, with_earlier

GONE = {"unreachable": True, "changed": False, "msg": "the device does not answer", "changes": []}
REFUSAL = {"name": "permission_missing", "side": "tenant", "cause": "not allowed", "fix": "grant it"}


def steps(own: Row, theirs: Row | None = None, *found: Row, **more: t.Any) -> Row:
    """What the role puts together."""
    asks = theirs is not None
    told = {"look": own, "before": {}, "asks": asks, "row": theirs or {}, "found": list(found), "refused": []}
    return {"changes": [], "steps": {**told, "failed": None, "fail_on": ["fail"], **more}}


def recorded(*arguments: t.Any, **more: t.Any) -> Row:
    return record(steps(*arguments, **more), "verify")


def ids(told: Row) -> list[tuple[str, str]]:
    return [(one["id"], one["result"]) for one in told["findings"]]


def test_a_device_of_which_nothing_is_wrong_is_fit():
    told = recorded(look(), row())
    assert (told["outcome"], told["fails"], told["findings"], told["settled"]) == ("fit", False, [], [])
    assert (told["device_id"], told["tenant_id"], told["join_type"], told["id_from"]) == (ID, TENANT, "entra", "device")
    assert told["asked"] == {"device": True, "tenant": True} and told["cause"] is None
    assert told["summary"] == {"pass": 10, "warn": 0, "fail": 0, "unknown": 0}


def test_a_warning_does_not_make_it_unfit_and_stays_in_the_record():
    told = recorded(look(finding("hello", "warn")), row())
    assert (told["outcome"], ids(told)) == ("fit", [("hello", "warn")])


def test_the_weightiest_finding_says_why():
    own = look(finding("hello", "warn"), finding("encryption", "fail", "C: is decrypted"), finding("apps", "unknown"))
    told = recorded(own, row(), finding("access", "fail", "Office365: blocked", side="tenant"))
    assert ids(told) == [("access", "fail"), ("encryption", "fail"), ("hello", "warn"), ("apps", "unknown")]
    assert (told["outcome"], told["name"], told["side"], told["fails"]) == ("unfit", "verify_access", "tenant", True)
    assert (told["cause"], told["fix"]) == ("Office365: blocked: access matters", "mend access")
    assert told["msg"] == f"access: {told['cause']} (also encryption, hello, apps)"


def test_what_is_not_known_is_not_fit_and_fails_nobody():
    told = recorded(look(finding("apps", "unknown"), finding("hello", "warn")), row())
    assert (told["outcome"], told["name"], told["fails"]) == ("undecided", "verify_apps", False)


@pytest.mark.parametrize(
    ("fail_on", "outcome", "name", "fails"),
    [
        ([], "unfit", "verify_escrow", False),
        (["fail"], "unfit", "verify_escrow", True),
        (["compliance"], "unfit", "verify_escrow", False),
        (["escrow"], "unfit", "verify_escrow", True),
        (["hello"], "unfit", "verify_escrow", False),
        (["unknown"], "unfit", "verify_apps", True),
        (["warn"], "unfit", "verify_hello", True),
    ],
)
def test_the_host_fails_for_what_was_named_and_the_report_says_what_was_found(fail_on, outcome, name, fails):
    own = look(finding("hello", "warn"), finding("apps", "unknown"), finding("escrow", "fail"), protectors=[])
    told = recorded(own, fail_on=fail_on)
    assert (told["outcome"], told["name"], told["fails"]) == (outcome, name, fails)


@pytest.mark.parametrize("fail_on", ["warn", "compliance, warn"])
def test_a_text_is_taken_for_a_list_as_ansible_does(fail_on):
    told = recorded(look(finding("hello", "warn")), fail_on=fail_on)
    assert (told["outcome"], told["fails"]) == ("unfit", True)


def test_a_warning_that_was_named_makes_it_unfit():
    told = recorded(look(finding("hello", "warn")), fail_on=["warn"])
    assert (told["outcome"], told["fails"]) == ("unfit", True)


def test_what_one_side_has_settled_is_said():
    told = recorded(look(finding("escrow", "fail"), protectors=[protector(escrow="failed")]), row(escrow=[KEY]))
    assert told["outcome"] == "fit" and [one["id"] for one in told["settled"]] == ["escrow"]
    assert told["settled"][0]["device_says"].startswith("fail")


def test_the_half_of_the_device_alone_is_a_record_too():
    """This is what is in the journal before the tenant is asked."""
    told = record({**look(finding("escrow", "fail"), protectors=[])}, "verify")
    assert (told["outcome"], told["asked"]) == ("unfit", {"device": True, "tenant": False})


@pytest.mark.parametrize("result", [GONE, {"failed": True, "msg": "x", "changes": [], "error": {"name": "bad_option"}}])
def test_a_device_that_was_not_asked_is_looked_up_by_the_id_that_is_known(result):
    before = {"device_id": ID, "tenant_id": TENANT, "join_type": "entra"}
    told = recorded(result, row(), finding("compliance", "fail", side="tenant"), before=before)
    assert told["outcome"] == ("unreachable" if "unreachable" in result else "refused") and told["fails"]
    assert (told["device_id"], told["id_from"], ids(told)) == (ID, "report", [("compliance", "fail")])
    assert told["asked"] == {"device": False, "tenant": True}


def test_one_that_nobody_knows_has_no_id_and_no_finding():
    told = recorded(GONE, {})
    assert (told["outcome"], told["device_id"], told["id_from"], told["findings"]) == ("unreachable", None, None, [])
    assert told["name"] == "unreachable" and told["fix"]


def test_a_device_id_of_earlier_counts_for_nothing_if_the_device_answers():
    own = look()
    own["posture"]["join"] = {"type": "none", "device_id": None, "tenant_id": None}
    told = recorded(own, before={"device_id": ID})
    assert (told["device_id"], told["outcome"], told["name"]) == (None, "unfit", "verify_entra_object")


def test_a_tenant_that_refuses_altogether_leaves_what_the_device_says():
    failed = {"failed": True, "msg": "refused: not allowed", "error": REFUSAL, "changes": []}
    told = recorded(look(), {}, failed=failed, asks=True)
    assert (told["outcome"], told["name"], told["fails"]) == ("failed", "permission_missing", True)
    told = recorded(look(finding("hello", "fail")), {}, failed=failed, asks=True)
    assert (told["outcome"], told["name"]) == ("unfit", "verify_hello")


def test_an_id_that_the_tenant_was_not_asked_about_is_unknown():
    told = recorded(look(), {}, asks=True)
    assert (told["outcome"], told["name"]) == ("undecided", "verify_entra_object")
    assert ID in told["findings"][0]["observed"]


def test_a_record_is_bounded():
    many = [finding("access", "fail", f"application {number}") for number in range(200)]
    told = recorded(look(), row(unread=["x"] * 100), *many)
    assert len(told["findings"]) == verify.MOST_VERDICTS and told["findings_dropped"] == 140
    assert len(told["unread"]) == verify.MOST_UNREAD


@pytest.mark.parametrize(
    "odd",
    [
        {"look": {"posture": {"join": [], "encryption": {"volumes": [{"system": True, "protectors": [1]}]}}}},
        {"look": {"posture": 7, "findings": [{"id": []}, {"result": {}}, None]}},
        {"row": {"intune": [], "escrow": [7, {}, {"id": 3}], "compliance": {"policies": [{"settings": [{}]}]}}},
        {"found": [{"id": "escrow"}, {"id": None, "result": []}, 3], "refused": [{"id": 4}]},
        {"fail_on": 5, "before": [], "failed": "x"},
    ],
)
def test_whatever_stands_in_the_steps_there_is_a_record(odd):
    told = recorded(look(), row(), **odd)
    assert told["outcome"] in ("fit", "unfit", "undecided", "failed")


# --- the report -------------------------------------------------------------------------------------------------------


def test_a_second_run_says_the_same_and_a_device_that_is_off_keeps_its_ids():
    first = made({"pc": recorded(look(), row())}, "verify")
    again = made({"pc": recorded(look(), row())}, "verify", "r2", first.report)
    kept = ("outcome", "findings", "settled", "summary", "device_id")
    before, after = devices(first.report)["pc"], devices(again.report)["pc"]
    assert {name: before[name] for name in kept} == {name: after[name] for name in kept}
    off = with_earlier({"pc": recorded(GONE)}, first.report, "verify")["pc"]
    assert (off["outcome"], off["device_id"], off["id_from"]) == ("unreachable", ID, "report")
    left = recorded({**look(), "posture": {"join": {"type": "none"}}})
    assert with_earlier({"pc": left}, first.report, "verify")["pc"]["device_id"] is None


def test_the_report_counts_the_devices_of_each_finding():
    bad = recorded(look(finding("escrow", "fail"), finding("hello", "warn"), protectors=[]))
    twice = recorded(look(), row(), finding("access", "unknown"), finding("access", "fail"))
    report = made({"a": bad, "b": bad, "c": twice, "d": recorded(look())}, "verify").report
    assert report["findings"] == {
        "access": {"warn": 0, "fail": 1, "unknown": 0},
        "escrow": {"warn": 0, "fail": 2, "unknown": 0},
        "hello": {"warn": 2, "fail": 0, "unknown": 0},
    }
    assert report["totals"] == {"devices": 4, "fit": 1, "unfit": 3, "same_device": 4}
    lines = totals.lines(report["devices"])
    assert lines[:3] == ["escrow  2 failed", "access  1 failed", "hello   2 warned"] and len(lines) == 3


def test_what_the_tenant_refuses_for_all_is_said_once_and_not_in_a_line_for_each_device():
    refused = [finding("settings_catalog", "unknown", "unknown, because the permission X is missing", side="tenant")]
    told = [
        {"device": f"pc{number}", **recorded(look(), row(settings_catalog=None), refused=refused)}
        for number in range(60)
    ]
    own = {"device": "odd", **recorded(look(finding("apps", "unknown")), row(), refused=refused)}
    shown = table.table([*told, own], 50)
    assert [line.split()[0] for line in shown[1:-1]] == ["odd"] and "60 devices" in shown[-1]
    reasons = [line for line in totals.lines([*told, own]) if line.startswith("for all devices")]
    assert reasons == ["for all devices, settings_catalog: unknown, because the permission X is missing"]


def test_without_the_tenant_the_screen_says_so():
    assert "verify_tenant" in totals.lines([recorded(look())])[-1]
    assert totals.lines([recorded(look(), row())]) == [] and totals.lines([recorded(GONE)]) == []


def test_a_line_names_the_finding_and_what_the_tenant_says_of_one_that_is_off():
    bad = {"device": "a", **recorded(look(finding("encryption", "fail", cause="it is off")))}
    off = {"device": "b", **recorded(GONE, row(), finding("compliance", "fail"), before={"device_id": ID})}
    fine = {"device": "c", **recorded(GONE, row(), before={"device_id": ID})}
    lines = table.table([bad, off, fine], 50)
    assert "encryption: it is off -> mend encryption" in lines[1]
    assert lines[2].endswith("; the tenant says: failed: compliance")
    assert lines[3].endswith("; the tenant says: nothing is wrong")
