# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How directory_diagnosis reads the logs: one question, paced and bounded, with the lag waited for; and refusals."""

from __future__ import annotations

import datetime
import typing as t
from urllib.parse import unquote

import httpx
import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.tenant.diagnosis import device_side, logs

from ..diagnosis_graph import NOW, DiagnosisBench, DiagnosisGraph, device, finding, said
from ..fake_graph import error, guid
from ..readiness.readiness_graph import ADA, PACKAGE

LOGS = ["sign_ins", "audits", "enrollment_failures"]
REQUEST = guid("request 0")


def play(bench: DiagnosisBench, *devices: dict[str, t.Any], **options: t.Any) -> dict[str, t.Any]:
    return bench.play(*devices, **{"log_wait": 0, "questions": LOGS, **options})


def asked(graph: DiagnosisGraph, path: str) -> list[str]:
    return [unquote(url) for url in graph.urls if path in url]


def test_each_log_is_one_question_over_the_window_for_all_devices(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    play(bench, *(device(f"PC-{number}", said(), user=ADA) for number in range(40)), device("PC-x", said()))
    assert len(graph.urls) == 3
    (sign_ins,) = asked(graph, "/beta/auditLogs/signIns")
    assert "t eq 'interactiveUser' or t eq 'nonInteractiveUser'" in sign_ins
    assert f"(userPrincipalName eq '{ADA}' or startswith(userPrincipalName,'package_'))" in sign_ins
    (audits,) = asked(graph, "/v1.0/auditLogs/directoryAudits")
    assert "activityDateTime ge " in audits and "createdDateTime" not in audits


def test_too_many_users_for_one_question_are_not_named(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    play(bench, *(device(f"PC-{number}", user=f"user{number}@contoso.com") for number in range(30)))
    (sign_ins,) = asked(graph, "signIns")
    assert "userPrincipalName" not in sign_ins and "createdDateTime ge" in sign_ins


def test_pages_are_read_as_fast_as_the_service_answers_and_not_faster(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    graph.log_page = 2
    for number in range(16):
        graph.sign_in(PACKAGE, 0, minutes=number)
    result = play(bench, device("PC-1", said()), questions=["sign_ins"])
    assert len(graph.urls) == 8 and bench.slept == [10.0] * 3
    assert result["logs"] == [{"log": "sign_ins", "read": 16, "complete": True, "oldest": result["logs"][0]["oldest"]}]
    assert sum("more requests" in sentence for sentence in bench.sentences) == 1


def test_rows_over_the_bound_and_time_that_is_up_are_said(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    for number in range(30):
        graph.sign_in(PACKAGE, 0, minutes=number)
    result = play(bench, device("PC-1", said()), questions=["sign_ins"], max_rows=10)
    assert result["logs"][0]["read"] == 10 and result["logs"][0]["complete"] is False
    assert any("the newest 10 were read" in note for note in result["notes"])
    graph.log_page = 1
    result = bench.run(device_run(questions=["sign_ins"]), {"devices": [device("PC-1", said())]}, limit=15)
    assert result["logs"][0]["complete"] is False and any("the time was up" in note for note in result["notes"])


def device_run(**options: t.Any) -> t.Callable[..., dict[str, t.Any]]:
    """The work with the defaults of its options, for a task with a limit of its own."""
    from ansible_collections.winops.entra.plugins.plugin_utils.tenant.diagnosis import directory_diagnosis

    defaults = {"hours": None, "since": None, "log_wait": 0, "max_rows": 20000, "fail_on": [], **options}

    def work(task: t.Any) -> dict[str, t.Any]:
        task.args = {**defaults, **task.args}
        return directory_diagnosis.diagnose_in_tenant(task)

    return work


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("Authentication_RequestFromNonPremiumTenantOrB2CTenant", "no license of Microsoft Entra ID P1"),
        ("Authentication_ApplicationHasNoDirectoryReadAccess", "Directory.Read.All"),
        ("Authorization_RequestDenied", "AuditLog.Read.All is missing"),
    ],
)
def test_a_log_that_is_refused_is_unknown_and_asked_once(
    bench: DiagnosisBench, graph: DiagnosisGraph, code: str, says: str
) -> None:
    graph.claims = {"roles": ["User.Read.All"]}
    graph.on("signIns", error(403, code))
    told = said(finding("0xcaa2000c", "it was refused", request_id=REQUEST, minutes=1))
    result = play(bench, device("PC-1", told), device("PC-2", told), log_wait=300)
    assert len(asked(graph, "signIns")) == 1 and result["waited"] == 0
    assert [one["id"] for one in result["findings"]] == ["sign_in_log"]
    for one in result["devices"]:
        assert one["sign_ins"] is None and one["audits"] == []
        assert one["cause"]["cause"] == "it was refused" and one["cause"]["said_by"] == "device"
        assert any(says in text and "the sign-ins" in text for text in one["unread"])


def test_a_window_beyond_what_is_kept_is_said(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    assert play(bench, device("PC-1"), hours=24 * 29)["notes"] == []
    assert "for 30 days" in play(bench, device("PC-1"), hours=24 * 31)["notes"][0]
    graph.on("signIns", error(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant"))
    assert "for 7 days, because" in play(bench, device("PC-1"), hours=24 * 8)["notes"][0]


def test_the_lag_of_the_log_is_waited_for_until_each_device_has_its_entry(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    row = graph.sign_in(PACKAGE, 50034, minutes=3)
    graph.sign_ins.clear()

    def appears(request: httpx.Request) -> None:
        if len(asked(graph, "signIns")) == 3:
            graph.sign_ins.append(row)

    graph.on("signIns", *[appears] * 3)
    told = said(finding("0xcaa20003", request_id=REQUEST, minutes=3))
    result = play(bench, device("PC-1", told), log_wait=300)
    assert bench.slept == [30.0, 30.0] and result["waited"] == 60
    assert result["devices"][0]["sign_ins"][0]["request_id"] == REQUEST and result["notes"] == []


def test_a_wait_ends_with_its_limit_and_that_is_said(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    told = said(finding("0xcaa20003", request_id=REQUEST, minutes=3))
    result = play(bench, device("PC-1", told), log_wait=70)
    assert result["waited"] == 70 and any("the log lags" in note for note in result["notes"])
    assert [one["id"] for one in result["findings"]] == ["no_trace"]
    assert result["findings"][0]["result"] == "unknown"


@pytest.mark.parametrize(
    "told",
    [
        said(),
        said(finding("0xcaa20003", minutes=60)),
        said(finding("0x80070032", minutes=1)),
        {"unreachable": True, "msg": "no route"},
    ],
    ids=["healthy", "failed long ago", "not at the service", "unreachable"],
)
def test_nothing_is_waited_for_where_no_entry_can_be_on_its_way(bench: DiagnosisBench, told: dict[str, t.Any]) -> None:
    assert play(bench, device("PC-1", told), log_wait=300)["waited"] == 0


def test_a_clock_that_is_hours_wrong_is_set_right(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    graph.sign_in(PACKAGE, 50034, minutes=60)
    told = said(finding("0xcaa20003", weight=40, minutes=60 + 600))
    told["device_utc"] = (NOW - datetime.timedelta(hours=10)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    result = play(bench, device("PC-1", told, user=PACKAGE))
    assert [one["matched_by"] for one in result["devices"][0]["sign_ins"]] == ["user"]


def test_a_log_that_breaks_off_keeps_what_was_read_and_says_so(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    graph.log_page = 1
    graph.sign_in(PACKAGE, 50034, minutes=1)
    graph.sign_in(PACKAGE, 50034, minutes=2)
    graph.on("signIns", None, *[error(403, "Authorization_RequestDenied")])
    result = play(bench, device("PC-1", said(), user=PACKAGE), questions=["sign_ins"])
    assert len(result["devices"][0]["sign_ins"]) == 1 and result["logs"][0]["complete"] is False
    assert any("1 were read, and then no more" in note for note in result["notes"])


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"since": "yesterday"}, "since"),
        ({"since": "2126-01-01T00:00:00Z"}, "since"),
        ({"since": "2026-01-01T00:00:00"}, "since"),
        ({"fail_on": ["nonsense"]}, "fail_on"),
    ],
)
def test_bad_options_are_refused_before_anything_is_asked(
    bench: DiagnosisBench, graph: DiagnosisGraph, options: dict[str, t.Any], names: str
) -> None:
    result = play(bench, device("PC-1"), **options)
    assert result["error"]["name"] == "bad_option" and names in result["msg"] and graph.requests == []


def test_a_device_that_stands_twice_and_an_empty_list_are_refused(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    assert "PC-1 stands there twice" in play(bench, device("PC-1"), device("PC-1"))["msg"]
    assert "the list is empty" in play(bench)["msg"] and graph.requests == []


def test_fail_on_fails_with_everything_that_was_found(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    graph.sign_in(PACKAGE, 700082)
    result = play(bench, device("PC-1", said(finding("0xcaa20003")), user=PACKAGE), fail_on=["sign_in"])
    assert result["failed"] and result["error"]["name"] == "directory_diagnosis_sign_in"
    assert result["devices"][0]["cause"]["code"] == "AADSTS700082"


def test_an_id_that_is_none_is_named_and_does_not_count(bench: DiagnosisBench) -> None:
    result = play(bench, device("PC-1", device_id="nonsense"))
    assert result["devices"][0]["device_id"] is None and "is not a GUID" in result["warnings"][0]


def test_what_a_device_says_is_bounded_and_believed_as_far_as_it_has_its_form() -> None:
    odd = {
        "findings": [
            "text",
            {"id": "x", "result": "fail", "cause": "one\nline\x1b[31m" * 500, "weight": "90", "side": "moon"},
            {"id": "y", "result": "fail", "cause": "c", "evidence": [1, {"data": [2, "Trace ID: " + guid("a")]}] * 90},
        ],
        "conclusion": ["no text"],
        "device_utc": 7,
        "state": {"join": {"type": [], "device_id": "x", "joined_by": "a b@c"}, "mdm": "no"},
    }
    told = device_side.device_said(odd, datetime.datetime.now(datetime.timezone.utc))
    assert told.odd == ["a finding is not of its form"] and told.conclusion is None
    assert [one.weight for one in told.findings] == [0, 0] and told.findings[0].side == "device"
    assert len(told.findings[0].cause) <= 1000 and "\x1b" not in told.findings[0].cause
    assert len(told.findings[1].evidence) <= device_side.MOST_TRACES and told.ids == {guid("a")}
    assert (told.joined, told.enrolled, told.device_id, told.user) == (None, None, None, None)
    for nothing in (None, "text", [], {"findings": "text"}, {"unreachable": True, "findings": []}):
        assert not device_side.device_said(nothing, NOW).answered


def test_users_who_are_too_many_for_one_question_are_everybody() -> None:
    assert logs.narrowed([None, "a@b", "a@b"]) == ["package_", "a@b"]
    assert logs.narrowed(f"{number}@b" for number in range(logs.MOST_IN_FILTER + 1)) == []
