# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""directory_posture: what Conditional Access says, and how seldom it is asked."""

from __future__ import annotations

import pytest

from .bench import DOMAIN, PostureBench, found

OFFICE = ["Office365"]
EVALUATE = "/identity/conditionalAccess/evaluate"


@pytest.fixture
def bench() -> PostureBench:
    made = PostureBench()
    for name in ("ada", "bob", "cleo"):
        made.user(name, ["mobilePhone", "email"])
    return made


def ask(bench: PostureBench, *devices: dict, **options) -> dict:
    return bench.play(*devices, **{"questions": ["user"], "applications": OFFICE, **options})


def verdicts(result: dict) -> list[str]:
    return [one["verdict"] for device in result["devices"] for one in device["access"]]


@pytest.mark.parametrize(
    ("controls", "operator", "verdict", "kind"),
    [
        (("block",), "OR", "blocked", "fail"),
        (("compliantDevice",), "OR", "device_refused", "fail"),
        (("compliantDevice", "mfa"), "OR", "more_asked", "warn"),
        (("compliantDevice", "mfa"), "AND", "device_refused", "fail"),
        (("domainJoinedDevice",), "OR", "device_refused", "fail"),
        (("mfa",), "OR", "more_asked", "warn"),
    ],
)
def test_what_a_policy_demands_is_held_against_the_device(bench, controls, operator, verdict, kind):
    bench.policy("Demand", controls=controls)["grantControls"]["operator"] = operator
    device = bench.managed("PC-1", user="ada", compliance="noncompliant")
    result = ask(bench, device)
    assert verdicts(result) == [verdict]
    [(result_of, observed)] = found(result, "access")
    assert result_of == kind and "Demand" in observed and "Office365" in observed


@pytest.mark.parametrize(
    ("registered", "controls", "kinds"),
    [
        (["mobilePhone", "email"], ("mfa",), []),
        (["mobilePhone", "email"], ("mfa", "compliantDevice"), []),
        (["mobilePhone", "email"], ("mfa", "passwordChange"), ["warn"]),
        ([], ("mfa",), ["warn"]),
        (None, ("mfa",), ["warn"]),
    ],
)
def test_mfa_that_the_user_has_registered_is_in_nobodys_way(bench, registered, controls, kinds):
    bench.policy("Demand", controls=controls)
    bench.user("dan", registered)
    device = bench.managed("PC-1", user="dan", compliance="noncompliant")
    result = ask(bench, device, questions=["user", "registration"])
    assert verdicts(result) == ["more_asked"], "what the service says stays"
    assert [kind for kind, _observed in found(result, "access")] == kinds


def test_a_device_that_is_what_a_policy_demands_is_let_in(bench):
    bench.policy("Compliant", controls=("compliantDevice",))
    bench.policy("Either", controls=("compliantDevice", "domainJoinedDevice"))
    hybrid = bench.managed("PC-2", trust="ServerAd", user="bob")
    result = ask(bench, bench.managed("PC-1", user="ada"), hybrid)
    assert verdicts(result) == ["allowed", "allowed"] and found(result, "access") == []


def test_report_only_blocks_nobody_and_is_shown(bench):
    bench.policy("Soon", "enabledForReportingButNotEnforced", ("block",))
    bench.policy("Off", "disabled", ("block",))
    result = ask(bench, bench.managed("PC-1", user="ada"))
    [policy] = result["devices"][0]["access"][0]["policies"]
    assert policy["policy"] == "Soon" and policy["report_only"] is True
    assert verdicts(result) == ["allowed"] and found(result, "access") == []


def test_not_enough_information_is_unknown_until_the_place_is_given(bench):
    bench.policy("Abroad", controls=("block",), locations={"includeLocations": ["somewhere"]})
    device = bench.managed("PC-1", user="ada")
    result = ask(bench, device)
    assert verdicts(result) == ["unknown"]
    assert result["devices"][0]["access"][0]["policies"][0]["why"].endswith("(notEnoughInformation)")
    assert verdicts(ask(bench, device, ip_address="203.0.113.5", country="it")) == ["blocked"]


def test_those_whom_no_condition_tells_apart_are_asked_about_once(bench):
    bench.policy("All", controls=("mfa",))
    devices = [bench.managed(f"PC-{n}", user=("ada", "bob", "cleo")[n % 3]) for n in range(30)]
    assert verdicts(ask(bench, *devices)) == ["more_asked"] * 30
    assert bench.asked(EVALUATE) == 1
    assert bench.asked("checkMemberGroups") == 0


def test_a_condition_tells_apart_by_what_it_looks_at_and_by_no_more(bench):
    staff = bench.lab.tenant.add_group("Staff", [bench.lab.tenant.user(f"ada@{DOMAIN}")["id"]])
    rule = {"mode": "exclude", "rule": 'device.model -eq "Kiosk"'}
    bench.policy("Staff", controls=("block",), users={"includeUsers": [], "includeGroups": [staff["id"]]})
    bench.policy("Filter", controls=("mfa",), devices={"deviceFilter": rule})
    devices = [bench.managed(f"PC-{n}", user=("ada", "bob", "cleo")[n % 3]) for n in range(12)]
    for device in devices[6:]:
        device["model"] = "Kiosk"
    result = ask(bench, *devices)
    assert bench.asked(EVALUATE) == 4  # in Staff or not, Kiosk or not
    assert verdicts(result) == [
        *(["blocked", "more_asked", "more_asked"] * 2),
        *(["blocked", "allowed", "allowed"] * 2),
    ]


def test_a_rule_over_extension_attributes_is_told_what_they_are(bench):
    rule = {"mode": "include", "rule": 'device.extensionAttribute2 -eq "kiosk"'}
    bench.policy("Kiosks", controls=("block",), devices={"deviceFilter": rule})
    devices = [bench.managed(f"PC-{n}", user="ada") for n in range(4)]
    for device in devices[:2]:
        device["extensionAttributes"] = {"extensionAttribute2": "kiosk"}
    assert verdicts(ask(bench, *devices)) == ["blocked", "blocked", "allowed", "allowed"]
    assert bench.asked(EVALUATE) == 2


@pytest.mark.parametrize(
    "condition",
    [
        {"users": {"includeUsers": ["All"], "includeRoles": ["62e90394-69f5-4237-9190-012177145e10"]}},
        {"users": {"includeUsers": ["GuestsOrExternalUsers"]}},
        {"users": {"includeUsers": ["All"], "somethingNew": ["x"]}},
        {"devices": {"somethingNew": {"rule": "x"}}},
    ],
)
def test_a_condition_that_is_not_understood_tells_everybody_apart(bench, condition):
    bench.policy("Odd", controls=("mfa",), **condition)
    ask(bench, *(bench.managed(f"PC-{name}", user=name) for name in ("ada", "bob", "cleo")))
    assert bench.asked(EVALUATE) == 3


def test_without_the_policies_each_is_asked_about_by_itself(bench):
    bench.lab.side.faults.add("forbidden", {"path": "conditionalAccess/policies", "times": None})
    result = ask(bench, *(bench.managed(f"PC-{n}", user="ada") for n in range(3)))
    assert bench.asked(EVALUATE) == 3 and verdicts(result) == ["allowed"] * 3


def test_questions_are_a_second_apart_and_the_time_is_told_before(bench):
    bench.policy("Guests", controls=("mfa",), users={"includeUsers": ["GuestsOrExternalUsers"]})
    devices = [bench.managed(f"PC-{name}", user=name) for name in ("ada", "bob", "cleo")]
    before = bench.lab.clock.elapsed()
    result = ask(bench, *devices, applications=["Office365", "All"])
    assert bench.asked(EVALUATE) == 6 and bench.lab.tenant.evaluations_refused == 0
    assert 5.0 <= bench.lab.clock.elapsed() - before < 6.0
    assert bench.sentences[0] == "Conditional Access: 6 questions, one a second, about 5 s"
    assert len(verdicts(result)) == 6


@pytest.mark.parametrize("retry_after", [3, None])
def test_somebody_else_who_asks_as_well_only_takes_time(bench, retry_after):
    options = {"path": "conditionalAccess/evaluate", "times": 2, "retry_after": retry_after}
    bench.lab.side.faults.add("throttle", options)
    result = ask(bench, bench.managed("PC-1", user="ada"))
    assert verdicts(result) == ["allowed"] and bench.lab.clock.elapsed() >= 3


def test_what_does_not_fit_into_the_time_is_unknown(bench):
    bench.policy("Guests", controls=("mfa",), users={"includeUsers": ["GuestsOrExternalUsers"]})
    devices = [bench.managed(f"PC-{name}", user=name) for name in ("ada", "bob", "cleo")]
    result = ask(bench, *devices, timeout=1)
    assert verdicts(result) == ["allowed", "allowed", "unknown"]
    assert "time of the task has ended" in result["devices"][2]["access"][0]["why"]
    assert bench.sentences[0].endswith("about 2 s, of which 1 s are left")


def test_nobody_is_asked_for_a_device_without_a_primary_user(bench):
    result = ask(bench, bench.managed("PC-1"))
    assert bench.asked(EVALUATE) == 0 and verdicts(result) == ["unknown"]
    assert "no primary user" in found(result, "access")[0][1]


def test_one_answer_that_cannot_be_read_is_unknown_alone(bench):
    bench.policy("Guests", controls=("mfa",), users={"includeUsers": ["GuestsOrExternalUsers"]})
    bench.lab.side.faults.add("odd_answer", {"path": "conditionalAccess/evaluate", "body": {"value": [{"state": 1}]}})
    result = ask(bench, *(bench.managed(f"PC-{name}", user=name) for name in ("ada", "bob")))
    assert verdicts(result) == ["unknown", "allowed"] and len(found(result, "access")) == 1


@pytest.mark.parametrize(
    ("option", "value"),
    [("applications", ["Exchange"]), ("ip_address", "here"), ("country", "Italy"), ("applications", ["All"] * 21)],
)
def test_odd_options_are_refused_by_name_before_the_first_exchange(bench, option, value):
    result = bench.play(bench.lab.device("PC-1"), **{option: value})
    assert result["failed"] and result["msg"].startswith(f"bad option {option}") and bench.exchanges == []


# --- the lab ---


def body(bench: PostureBench, **more) -> dict:
    return {
        "signInIdentity": {
            "@odata.type": "#microsoft.graph.userSignIn",
            "userId": bench.lab.tenant.user(f"ada@{DOMAIN}")["id"],
        },
        "signInContext": {
            "@odata.type": "#microsoft.graph.applicationContext",
            "includeApplications": OFFICE,
        },
        "signInConditions": {"devicePlatform": "windows"},
        **more,
    }


def test_the_lab_answers_one_question_a_second_in_a_batch_as_well(bench):
    item = {"method": "POST", "url": EVALUATE, "body": body(bench), "headers": {"Content-Type": "application/json"}}
    requests = [{**item, "id": str(number)} for number in range(3)]
    answers = bench.lab.ask("POST", "/$batch", {"requests": requests}).body["responses"]
    assert sorted(one["status"] for one in answers) == [200, 429, 429]
    assert sorted("Retry-After" in one["headers"] for one in answers if one["status"] == 429) == [False, True]


@pytest.mark.parametrize(
    "more",
    [
        {"signInIdentity": {"userId": "x"}},
        {"signInContext": {"includeApplications": OFFICE}},
        {"signInConditions": None},
        {"conditionalAccessWhatIfSubject": {}},
    ],
)
def test_the_lab_refuses_bodies_that_the_service_refuses(bench, more):
    assert bench.lab.error("POST", EVALUATE, body(bench, **more))[0] == 400


def test_the_lab_takes_a_missing_verdict_for_not_compliant(bench):
    bench.policy(
        "F", controls=("mfa",), devices={"deviceFilter": {"mode": "include", "rule": "device.isCompliant -eq True"}}
    )
    [row] = bench.lab.ask("POST", EVALUATE, body(bench)).body["value"]
    assert (row["policyApplies"], row["analysisReasons"]) == (False, "devices")
