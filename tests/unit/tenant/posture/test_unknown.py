# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""directory_posture: what is refused is unknown with its reason, asked once, and a thousand devices are cheap."""

from __future__ import annotations

import pytest

from .bench import PostureBench, found

#: The question, what of the path is refused, what of the device is null then, and the finding.
ASKED = [
    ("user", "managedDevices/[^/]+/users", "primary_user", "primary_user"),
    ("compliance", "deviceCompliancePolicyStates", "compliance", "compliance"),
    ("configuration", "deviceConfigurationStates", "configuration", "configuration"),
    ("settings_catalog", "getConfigurationPoliciesReportForDevice", "settings_catalog", "settings_catalog"),
    ("escrow", "recoveryKeys", "escrow", "escrow"),
    ("registration", "userRegistrationDetails", "registration", "registration"),
    ("domain", "/domains", "domain", "domain"),
    ("user", "conditionalAccess/evaluate", None, "access"),
]


@pytest.fixture
def bench() -> PostureBench:
    made = PostureBench()
    for number in range(45):
        made.user(f"user{number}", ["mobilePhone", "email"])
        made.managed(f"PC-{number}", user=f"user{number}")
    return made


def ids(bench: PostureBench) -> list[str]:
    return [row["deviceId"] for row in bench.lab.tenant.devices.values()]


@pytest.mark.parametrize(("question", "path", "field", "identity"), ASKED)
def test_a_missing_permission_is_unknown_and_asked_once(bench, question, path, field, identity):
    bench.lab.side.faults.add("forbidden", {"path": path, "times": None})
    more = {"applications": ["Office365"]} if identity == "access" else {}
    result = bench.play(*ids(bench), questions=[question], **more)
    assert not result.get("failed"), result["msg"]
    [(kind, observed)] = found(result, identity)
    assert kind == "unknown" and "unknown, because" in observed
    for device in result["devices"]:
        assert field is None or device[field] is None
        assert any(one.startswith("unknown, because") for one in device["unread"])
    assert not any(one["result"] in ("fail", "warn") for one in result["findings"])
    asked = sum(count for name, count in bench.lab.side.requests.items() if path.rpartition("/")[2] in name)
    assert asked <= 21, "the other batches are not sent"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("no_premium", "the tenant has no license of Microsoft Entra ID P1"),
        ("no_directory_read", "whether the tenant has the license could not be checked"),
        ("denied", "AuditLog.Read.All"),
    ],
)
def test_no_licence_licence_not_checkable_and_no_permission_are_three_texts(bench, form, words):
    bench.lab.side.faults.add("refusal", {"path": "userRegistrationDetails", "form": form, "times": None})
    result = bench.play(*ids(bench)[:3], questions=["registration"])
    [(kind, observed)] = found(result, "registration")
    assert kind == "unknown" and words in observed
    assert all(words in str(device["unread"]) and device["registration"] is None for device in result["devices"])


def test_intune_refused_leaves_what_entra_says(bench):
    bench.lab.side.faults.add("forbidden", {"path": "/deviceManagement", "times": None})
    result = bench.play(*ids(bench))
    assert [kind for kind, _said in found(result, "in_intune")] == ["unknown"]
    for device in result["devices"]:
        assert device["in_intune"] is None and device["in_entra"] and device["entra"]["managed"] is True
        assert device["escrow"] and device["has_primary_user"] is None
    assert not any(one["result"] in ("fail", "warn") for one in result["findings"] if one["id"] != "escrow")


def test_entra_refused_leaves_what_intune_says(bench):
    bench.lab.side.faults.add("forbidden", {"path": "^/devices", "times": None})
    result = bench.play(*ids(bench)[:3], applications=["Office365"])
    assert [kind for kind, _said in found(result, "entra_object")] == ["unknown"]
    for device in result["devices"]:
        assert device["in_entra"] is None and device["in_intune"] and device["name"].startswith("PC-")
        assert device["access"][0]["verdict"] == "unknown"


def test_where_neither_can_be_read_the_task_fails(bench):
    bench.lab.side.faults.add("forbidden", {"path": "^/(devices|deviceManagement)", "times": None})
    result = bench.play(*ids(bench)[:3])
    assert result["failed"] and result["error"]["permissions"] == ["Device.Read.All"]


@pytest.mark.parametrize(("question", "path", "field", "identity"), ASKED[:6])
def test_one_bad_member_keeps_no_other_from_its_answer(bench, question, path, field, identity):
    bench.lab.side.faults.add("odd_answer", {"path": path, "skip": 7, "body": {"value": "x", "id": 3}})
    result = bench.play(*ids(bench), questions=[question])
    assert sum(device[field] is None for device in result["devices"]) == 1
    assert [kind for kind, _said in found(result, identity)] == ["unknown"]


def test_a_service_that_is_down_is_given_up_after_two_batches(bench):
    bench.lab.side.faults.add("unavailable", {"path": "recoveryKeys", "times": None})
    result = bench.play(*ids(bench), questions=["escrow"], timeout=10)
    assert all(device["escrow"] is None and device["unread"] for device in result["devices"])


def test_a_thousand_devices_cost_a_twentieth_of_the_batches_a_question(capsys):
    bench = PostureBench()
    for number in range(1000):
        bench.user(f"user{number}", ["mobilePhone", "email"])
        setting = {"setting": "Windows10CompliancePolicy.BitLockerEnabled"}
        bad = [{"name": "Windows", "state": "nonCompliant", "settings": [setting]}]
        policies = bad if number % 10 == 0 else [{"name": "Windows"}]
        state = "noncompliant" if number % 10 == 0 else "compliant"
        bench.managed(f"PC-{number}", user=f"user{number}", policies=policies, compliance=state)
    bench.policy("All", controls=("compliantDevice",))
    result = bench.play(*ids(bench), applications=["Office365"])
    assert result["summary"]["fail"] == 200 and result["summary"]["unknown"] == 0
    kinds: dict[str, int] = {}
    for exchange, body in zip(bench.exchanges, bench.bodies):
        if exchange == "POST /$batch":
            first = body["requests"][0]["url"].partition("?")[0].split("/")
            kind = "/".join(part for part in first if not any(letter.isdigit() for letter in part))
        else:
            kind = exchange
        kinds[kind] = kinds.get(kind, 0) + 1
    with capsys.disabled():
        print("\ndirectory_posture, 1,000 devices:", sum(kinds.values()), "requests", kinds)
    assert all(count <= 1000 / 20 for count in kinds.values()), kinds
    assert kinds["POST /identity/conditionalAccess/evaluate"] == 1
    assert sum(kinds.values()) <= 8 * 50
