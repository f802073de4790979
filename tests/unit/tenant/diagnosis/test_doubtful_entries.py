# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""directory_diagnosis: entries that look as if they were a device's, and are not, or that are not of their form."""

from __future__ import annotations

import typing as t

import httpx
import pytest

from ..diagnosis_graph import ENROLLMENT, DiagnosisBench, DiagnosisGraph, applied, device, finding, said
from ..fake_graph import guid
from ..readiness.readiness_graph import ADA, PACKAGE

LOGS = ["sign_ins", "audits", "enrollment_failures"]
NONE = "00000000-0000-0000-0000-000000000000"
REQUEST = guid("request 0")


def play(bench: DiagnosisBench, *devices: dict[str, t.Any], **options: t.Any) -> list[dict[str, t.Any]]:
    return bench.play(*devices, **{"log_wait": 0, "questions": LOGS, **options})["devices"]


def test_an_id_of_zeros_is_nobodys(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    graph.sign_in(ADA, 53003, deviceDetail={"deviceId": NONE}, correlationId=NONE, minutes=600)
    graph.sign_in(ADA, 0, minutes=10, correlationId=NONE)
    seen = finding("0xcaa2000c", data=[f"Correlation ID: {NONE}"], request_id=NONE)
    told = play(bench, device("PC-1", said(seen), device_id=NONE), device("PC-2", said(seen), device_id=NONE))
    assert [one["sign_ins"] for one in told] == [[], []] and told[0]["device_id"] is None
    graph.sign_in(ADA, 50057, minutes=20, correlationId=NONE)
    (told,) = play(bench, device("PC-1", said(), user=ADA))
    assert told["cause"]["code"] == "AADSTS50057"


@pytest.mark.parametrize(
    "spelled", ["Correlation ID: {%s}", "correlation-id='%s'", 'Trace ID: "%s"', "x request id=%s,"]
)
def test_ids_count_in_each_spelling(bench: DiagnosisBench, graph: DiagnosisGraph, spelled: str) -> None:
    graph.sign_in(PACKAGE, 50034)
    text = spelled % guid("attempt 0").upper() + f" Correlation ID: {guid('another')}"
    (told,) = play(bench, device("PC-1", said(finding("0xcaa20003", data=[text]))))
    assert told["sign_ins"][0]["matched_by"] == "request_id"


def test_an_id_that_two_devices_show_is_surely_of_neither(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    graph.sign_in(PACKAGE, 50034)
    both = [device(name, said(finding("0xcaa20003", weight=40, request_id=REQUEST))) for name in ("PC-1", "PC-2")]
    told = play(bench, *both)
    assert [one["sign_ins"][0]["matched_by"] for one in told] == ["user", "user"]
    assert all("may be of another device" in one["cause"]["cause"] for one in told)
    graph.sign_ins[0]["deviceDetail"] = {"deviceId": guid("one")}
    both[0]["device_id"], both[1]["device_id"] = guid("one").upper(), guid("two")
    told = play(bench, *both)
    assert told[0]["sign_ins"][0]["matched_by"] == "request_id" and told[1]["sign_ins"] == []


def test_a_success_for_another_resource_of_the_same_attempt_is_not_got_over(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    attempt = guid("one attempt")
    refused = applied("Block enrollment", "failure", "Block")
    graph.sign_in(PACKAGE, 0, minutes=60, correlationId=attempt)
    graph.sign_in(
        PACKAGE,
        53003,
        minutes=59,
        correlationId=attempt,
        resourceId=ENROLLMENT,
        appliedConditionalAccessPolicies=[refused],
    )
    seen = finding("0xcaa20003", subject="mdm", data=[f"Correlation ID: {attempt}"])
    (told,) = play(bench, device("PC-1", said(seen, joined=True)))
    assert told["cause"]["result"] == "fail" and "'Block enrollment' blocks" in told["cause"]["cause"]
    graph.sign_in(PACKAGE, 0, minutes=70, correlationId=attempt, resourceId=ENROLLMENT)
    (told,) = play(bench, device("PC-1", said(seen, joined=True)))
    assert "'Block enrollment' blocks" in told["cause"]["cause"], "a success before it is none after it"


@pytest.mark.parametrize(
    "odd",
    [
        {"status": None},
        {"status": {"errorCode": 0}, "conditionalAccessStatus": "failure"},
        {"status": {"errorCode": 50140}},
    ],
)
def test_what_did_not_surely_go_well_is_no_success(
    bench: DiagnosisBench, graph: DiagnosisGraph, odd: dict[str, t.Any]
) -> None:
    graph.sign_in(PACKAGE, 50057, minutes=60)
    graph.sign_in(PACKAGE, 0, minutes=30, correlationId=guid("attempt 0"), **odd)
    seen = finding("0xcaa20003", request_id=REQUEST, data=[f"request id: {guid('request 1')}"])
    (told,) = play(bench, device("PC-1", said(seen)))
    assert told["cause"]["code"] == "AADSTS50057" and told["contradiction"] is None


def test_another_failure_of_a_shared_user_does_not_overrule_what_a_device_knows(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    graph.sign_in(PACKAGE, 53003, appliedConditionalAccessPolicies=[applied("Another", "failure", "Block")])
    known = [
        finding("0xcaa20003", "the clock is wrong", weight=95),
        finding("0xcaa20003", "the service refused", weight=40, request_id=guid("its own")),
        finding("AADSTS50034", "no such user", weight=40),
    ]
    for one in known:
        (told,) = play(bench, device("PC-1", said(one), user=PACKAGE))
        assert told["cause"]["cause"] == one["cause"] and told["cause"]["said_by"] == "device"
        assert "Another" not in told["conclusion"]


def test_no_cause_is_made_up_for_a_device_that_is_well(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    graph.sign_in(PACKAGE, 53003)
    graph.audit("PC-9", failed=True, targetResources=[])
    row = graph.sign_in(ADA, 53003, resourceId=guid("other"), appId=guid("app"))
    well = said(joined=True, enrolled=True)
    (told,) = play(bench, device("PC-1", well, user=PACKAGE))
    assert told["cause"] is None and told["findings"] == [] and "neither" in told["conclusion"]
    mild = finding("AADSTS53003", "an old warning", result="warn", weight=20, subject="sign_in", request_id=row["id"])
    (told,) = play(bench, device("PC-1", well | {"findings": [mild]}))
    assert told["cause"]["result"] == "warn"
    graph.sign_in(PACKAGE, 50076, correlationId=guid("a"), deviceDetail={"deviceId": guid("PC-1")})
    (told,) = play(bench, device("PC-1", well, device_id=guid("PC-1")), questions=LOGS)
    assert told["cause"] is None, "what is over has caused nothing"


def test_an_enrollment_of_a_phone_is_not_that_of_a_device_with_windows(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    graph.sign_in(ADA, 0)
    graph.failure("userValidation", "UserNotLicensed", userId=guid(ADA), operatingSystem="iOS")
    graph.failure(
        "userValidation", "UserNotLicensed", userId=guid(ADA), enrollmentType="androidEnterpriseDedicatedDevice"
    )
    (told,) = play(bench, device("PC-1", said(joined=True), user=ADA))
    assert told["enrollment_failures"] == []
    graph.failure("authorization", "MdmNotConfigured", userId=guid(ADA), operatingSystem="Windows")
    (told,) = play(bench, device("PC-1", said(joined=True), user=ADA))
    assert "MDM user scope" in told["cause"]["fix"]


def test_a_policy_whose_result_nobody_knows_is_not_said_to_have_let_it_pass(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    graph.sign_in(PACKAGE, 50076, appliedConditionalAccessPolicies=[applied("New", "unknownFutureValue", "Mfa")])
    graph.sign_in(PACKAGE, 53003, conditionalAccessStatus="notApplied")
    (told,) = play(bench, device("PC-1", said(finding("0xcaa2000c", request_id=REQUEST))))
    assert "'New'" in told["cause"]["cause"] and "no Conditional Access policy did" not in told["cause"]["cause"]
    (told,) = play(bench, device("PC-1", said(finding("0xcaa2000c", request_id=guid("request 1")))))
    assert told["sign_ins"][0]["policies"] is None and "unknown, because" in told["cause"]["cause"]


def test_an_entry_that_is_not_of_its_form_takes_no_other_with_it(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    graph.sign_in(PACKAGE, 50057, status={"errorCode": 50057, "failureReason": "\u202e{{ x }}\n" * 200_000})
    for odd in (
        {"id": None},
        {"status": []},
        {"correlationId": "x" * 400},
        {"appliedConditionalAccessPolicies": [None]},
    ):
        graph.sign_in(PACKAGE, 0, **odd)
    result = bench.play(device("PC-1", said(finding("0xcaa20003", request_id=REQUEST))), log_wait=0, questions=LOGS)
    (told,) = result["devices"]
    assert told["cause"]["code"] == "AADSTS50057" and len(told["sign_ins"][0]["says"]) < 400
    assert result["logs"][0]["complete"] is False and any(
        "4 entries are not of the form" in one for one in result["notes"]
    )
    assert any("4 entries are not of the form" in one for one in told["unread"])


def test_what_a_log_did_not_come_to_stays_unknown_while_it_is_waited_for(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    for number in range(10):
        graph.sign_in(PACKAGE, 0, minutes=1 + number * 0.1)
    seen = finding("AADSTS50034", minutes=2, request_id=guid("not there"))
    result = bench.play(device("PC-1", said(seen)), log_wait=60, max_rows=5, questions=["sign_ins"])
    assert result["logs"][0]["complete"] is False and any("max_rows" in note for note in result["notes"])
    assert "no_trace" not in [one["id"] for one in result["devices"][0]["findings"]]


def test_a_failure_while_it_is_waited_keeps_what_was_read(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    graph.sign_in(PACKAGE, 50057)
    answer, asked = graph._log, []

    def then_refused(*args: t.Any) -> httpx.Response:
        asked.append(args)
        return answer(*args) if len(asked) == 1 else httpx.Response(403, json={"error": {"code": "x", "message": "y"}})

    graph._log = then_refused  # type: ignore[method-assign]
    well = device("PC-1", said(finding("0xcaa20003", request_id=REQUEST)))
    late = device("PC-2", said(finding("AADSTS50034", minutes=2, request_id=guid("not there"))))
    told = play(bench, well, late, log_wait=60, questions=["sign_ins"])
    assert len(asked) > 1 and told[0]["cause"]["code"] == "AADSTS50057"


def test_names_of_entries_are_printable_where_they_stand_in_sentences(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    graph.sign_in(PACKAGE, 50057, userPrincipalName="package_\u202e\x00x")
    graph.failure("autho\u202erization\n", correlationId=guid("attempt 0"))
    (told,) = play(bench, device("PC-1", said(finding("0xcaa20003", request_id=REQUEST))))
    assert told["sign_ins"] and (str(told["cause"]) + str(told["findings"])).find("\\u202e") < 0
    assert all(one["observed"].isprintable() and one["cause"].isprintable() for one in told["findings"])


def test_what_to_do_names_the_policies_and_fits_who_signed_in(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    policies = [applied("One", "failure", "Mfa"), applied("Two", "failure", "RequireCompliantDevice")]
    graph.sign_in(ADA, 53003, appliedConditionalAccessPolicies=policies)
    graph.sign_in(ADA, 700082, appliedConditionalAccessPolicies=policies)
    (told,) = play(bench, device("PC-1", said(finding("0xcaa20003", request_id=REQUEST))))
    assert "a new device cannot be compliant" in told["cause"]["cause"]
    assert "from the policies 'One' and 'Two'" in told["cause"]["fix"]
    (told,) = play(bench, device("PC-1", said(finding("0xcaa20003", request_id=guid("request 1")))))
    assert told["cause"]["cause"].startswith("the token has expired") and "package" not in told["cause"]["fix"]


@pytest.mark.parametrize("code", [50034, 50057, 700082, 135011, 7000112])
def test_a_refusal_that_policies_do_not_give_is_not_blamed_on_one_that_nobody_may_see(
    bench: DiagnosisBench, graph: DiagnosisGraph, code: int
) -> None:
    graph.sign_in(PACKAGE, code, appliedConditionalAccessPolicies=None)
    (told,) = play(bench, device("PC-1", said(finding("0xcaa20003", request_id=REQUEST))))
    assert told["cause"]["id"] == "sign_in" and "policy" not in told["cause"]["cause"]
    assert any("the policies of its sign-ins" in one for one in told["unread"])
