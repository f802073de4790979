# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""readiness_info against the lab's Graph: what its What If answers, its pace, and the three refusals."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.action.readiness_info import ActionModule
from ansible_collections.winops.entra.plugins.plugin_utils.option_door import understood
from ansible_collections.winops.entra.plugins.plugin_utils.task import spec_of_sides
from tests.lab.tenant import roles

from ..posture.bench import DOMAIN, PostureBench

SPEC = {**spec_of_sides(ActionModule.sides), **ActionModule.spec}
EVALUATE = "/identity/conditionalAccess/evaluate"
NAMES = ("ada", "bob", "cleo")


@pytest.fixture
def bench() -> PostureBench:
    made = PostureBench()
    for name in NAMES:
        made.user(name)
    return made


def ready(bench, *names, **options):
    args = {"users": [f"{name}@{DOMAIN}" for name in names or NAMES], "expect_mdm": False, "timeout": 300, **options}
    defaults = {name: spec.get("default") for name, spec in SPEC.items()}
    return bench.run(ActionModule.work, SPEC, understood({**defaults, **args}, SPEC))


def joins(bench, name, action="registerdevice", **more):
    made = bench.policy(name, controls=("mfa",), **more)
    made["conditions"]["applications"] = {"includeUserActions": [f"urn:user:{action}"]}
    return made


def access(result):
    return {
        one["subject"].partition("@")[0]: one["result"]
        for one in result["findings"]
        if one["id"] == "conditional_access"
    }


def what_if(result):
    return [(one["result"], one["observed"]) for one in result["findings"] if one["id"] == "what_if"]


def test_roles_that_are_not_read_the_service_knows(bench):
    bench.lab.tenant.assign_role(roles.INTUNE_ADMINISTRATOR, bench.lab.tenant.user(f"ada@{DOMAIN}")["id"])
    joins(bench, "Admins", users={"includeUsers": [], "includeRoles": [roles.INTUNE_ADMINISTRATOR]})
    joins(bench, "Security information", "registersecurityinfo")
    assert access(ready(bench)) == {"ada": "warn", "bob": "pass", "cleo": "pass"}
    assert bench.asked(EVALUATE) == 3 and bench.lab.tenant.evaluations_refused == 0
    assert access(ready(bench, what_if=False)) == dict.fromkeys(NAMES, "pass")


def test_all_users_are_one_question(bench):
    joins(bench, "Everybody")
    assert access(ready(bench)) == dict.fromkeys(NAMES, "warn")
    assert bench.asked(EVALUATE) == 1 and bench.lab.clock.elapsed() == 0


def test_questions_are_a_second_apart_and_the_time_is_told_before(bench):
    joins(bench, "Guests", users={"includeUsers": ["GuestsOrExternalUsers"]})
    result = ready(bench)
    assert bench.sentences[0] == "Conditional Access: 3 questions, one a second, about 2 s"
    assert 2.0 <= bench.lab.clock.elapsed() < 3.0 and bench.lab.tenant.evaluations_refused == 0
    assert what_if(result) == [("pass", "Conditional Access was asked about 3 users in 3 questions")]


def test_what_does_not_fit_into_the_time_is_unknown(bench):
    joins(bench, "Guests", users={"includeUsers": ["GuestsOrExternalUsers"]})
    result = ready(bench, timeout=1)
    assert [one for one, _observed in what_if(result)] == ["unknown"]
    assert bench.sentences[0].endswith("about 2 s, of which 1 s are left")


@pytest.mark.parametrize("retry_after", [3, None])
def test_somebody_else_who_asks_as_well_only_takes_time(bench, retry_after):
    joins(bench, "Everybody")
    options = {"path": "conditionalAccess/evaluate", "times": 2, "retry_after": retry_after}
    bench.lab.side.faults.add("throttle", options)
    assert access(ready(bench)) == dict.fromkeys(NAMES, "warn") and bench.lab.clock.elapsed() >= 3


def test_a_place_that_was_not_given(bench):
    joins(bench, "Abroad", locations={"includeLocations": ["somewhere"]})
    assert access(ready(bench, "ada")) == {"ada": "unknown"}
    assert access(ready(bench, "ada", ip_address="203.0.113.5", country="it")) == {"ada": "warn"}


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("no_premium", "Microsoft Entra ID P1"),
        ("no_directory_read", "Directory.Read.All"),
        ("denied", "Policy.Read.ConditionalAccess"),
    ],
)
def test_the_three_refusals_are_three_texts_and_leave_the_reading(bench, form, name):
    joins(bench, "Everybody")
    bench.lab.side.faults.add("refusal", {"path": "conditionalAccess/evaluate", "form": form, "times": None})
    result = ready(bench)
    [found] = [one for one in result["findings"] if one["id"] == "what_if"]
    assert found["result"] == "unknown" and name in str(found)
    assert access(result) == dict.fromkeys(NAMES, "warn")


# --- the lab ---


@pytest.mark.parametrize("action", [None, "registerDevice", "urn:user:registerdevice", "unknownFutureValue"])
def test_the_lab_refuses_user_actions_that_the_service_does_not_know(bench, action):
    body = {
        "signInIdentity": {
            "@odata.type": "#microsoft.graph.userSignIn",
            "userId": bench.lab.tenant.user(f"ada@{DOMAIN}")["id"],
        },
        "signInContext": {"@odata.type": "#microsoft.graph.userActionContext", "userAction": action},
        "signInConditions": {},
    }
    assert bench.lab.error("POST", EVALUATE, body)[0] == 400


def test_a_role_in_an_administrative_unit_is_no_role_of_the_tenant(bench):
    user = bench.lab.tenant.user(f"ada@{DOMAIN}")["id"]
    bench.lab.tenant.assign_role(roles.PASSWORD_ADMINISTRATOR, user, "3c3b5e8e-0000-4000-8000-000000000001")
    assert bench.lab.tenant.roles_of(user) == set()
    result = ready(bench, users=[], token_requesters=[f"ada@{DOMAIN}"])
    [found] = [one for one in result["findings"] if one["id"] == "token_role"]
    assert found["result"] == "fail" and "for an administrative unit only" in found["observed"]
