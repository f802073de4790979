# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""readiness_info about device preparation: policies by family, the group's owner, account, conflicts, identifiers."""

from __future__ import annotations

import pytest

from ..fake_graph import error, guid
from .readiness_graph import findings, not_passed, results, run

CLIENT = "f1346770-5b25-470b-88bd-d5744ab7952c"
GROUP, PEOPLE = guid("prepared devices"), guid("people")
NAME = "enrollment_autopilot_dpp_"
NONE = {"@odata.type": "#microsoft.graph.noDeviceRegistrationMembership"}


def target(group=None, kind="groupAssignmentTarget"):
    return {"target": {"@odata.type": f"#microsoft.graph.{kind}", **({"groupId": group} if group else {})}}


def prepare(graph, name="Office", groups=(GROUP,), family="enrollmentConfiguration"):
    settings = [
        {"settingInstance": {"settingDefinitionId": NAME + "accountype", "choiceSettingValue": {"value": "x_1"}}},
        {
            "settingInstance": {
                "settingDefinitionId": NAME + "devicesecuritygroupids",
                "simpleSettingCollectionValue": [{"value": group} for group in groups],
            }
        },
    ]
    row = {
        "id": guid(name),
        "name": name,
        "templateReference": {"templateFamily": family, "templateId": "of tomorrow_1"},
        "settings": settings,
        "assignments": [target(PEOPLE)],
    }
    graph.prepared.append(row)
    graph.group_owners[GROUP] = [{"id": guid("client"), "appId": CLIENT}, {"id": guid("ada"), "appId": None}]
    return row


def judged(bench, **options):
    return run(bench, device_preparation=True, **options)


def test_a_policy_is_known_by_its_family_and_passes_where_its_group_has_the_right_owner(bench, graph):
    prepare(graph)
    prepare(graph, "A firewall", family="endpointSecurityFirewall")
    result = judged(bench)
    assert not_passed(result) == {} and result["ready"] is True
    assert set(findings(result, "device_preparation")) == {"Office"}
    assert {one["id"] for one in result["findings"]} >= {
        "preparation_group",
        "preparation_account",
        "preparation_conflict",
    }
    assert graph.writes == []


def test_without_the_option_nothing_of_it_is_asked(bench, graph):
    prepare(graph)
    run(bench)
    assert not [path for _method, path, body in graph.requests if "configurationPolicies" in f"{path} {body}"]


def test_no_policy_no_group_and_another_owner_are_failures(bench, graph):
    assert results(judged(bench), "device_preparation") == {None: "fail"}
    prepare(graph, groups=())
    assert results(judged(bench), "preparation_group") == {"Office": "fail"}
    graph.prepared.clear()
    prepare(graph)
    graph.group_owners[GROUP] = [{"id": guid("client"), "appId": guid("another")}]
    [found] = findings(judged(bench), "preparation_group").values()
    assert found["result"] == "fail" and CLIENT in found["observed"] and "owner of the group" in found["fix"]


def test_a_registration_policy_without_local_administrators_is_a_warning(bench, graph):
    prepare(graph)
    graph.policy["azureADJoin"]["localAdmins"]["registeringUsers"] = NONE
    [found] = findings(judged(bench), "preparation_account").values()
    assert found["result"] == "warn" and "x_1" in found["observed"] and "provisioning is skipped" in found["cause"]


@pytest.mark.parametrize(
    ("assigned", "result"),
    [
        (target(PEOPLE), "warn"),
        (target(kind="allDevicesAssignmentTarget"), "warn"),
        (target(guid("others")), "pass"),
        (target(PEOPLE, "exclusionGroupAssignmentTarget"), "pass"),
    ],
)
def test_a_profile_for_the_same_people_is_a_conflict(bench, graph, assigned, result):
    prepare(graph)
    graph.profiles.append({"id": guid("classic"), "displayName": "Classic", "assignments": [assigned]})
    [found] = findings(judged(bench), "preparation_conflict").values()
    assert found["result"] == result
    assert result == "pass" or "Classic" in found["observed"]


@pytest.mark.parametrize(("groups", "result"), [([target(guid("some devices"))], "warn"), ([], "pass")])
def test_a_policy_for_everybody_meets_every_profile_that_is_assigned(bench, graph, groups, result):
    prepare(graph)
    graph.prepared[0]["assignments"] = [target(kind="allLicensedUsersAssignmentTarget")]
    graph.profiles.append({"id": guid("classic"), "displayName": "Classic", "assignments": groups})
    [found] = findings(judged(bench), "preparation_conflict").values()
    assert found["result"] == result


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("deviceManagement/configurationPolicies$", "device_preparation"),
        ("deviceManagement/configurationPolicies/[^/]+/settings", "preparation_group"),
        ("deviceManagement/configurationPolicies/[^/]+/assignments", "preparation_conflict"),
        ("deviceManagement/windowsAutopilotDeploymentProfiles$", "preparation_conflict"),
        ("groups/[^/]+/owners", "preparation_group"),
    ],
)
def test_what_may_not_be_read_is_unknown_with_its_permission(bench, graph, path, identity):
    prepare(graph)
    graph.on(path, *[error(403, "Authorization_RequestDenied")] * 4)
    [found] = findings(judged(bench), identity).values()
    assert found["result"] == "unknown" and found["permissions"]


def test_one_identifier_of_a_windows_device_makes_other_enrollments_personal(bench, graph):
    graph.identifiers.append({"id": guid("i"), "importedDeviceIdentifier": "1", "importedDeviceIdentityType": "imei"})
    assert results(run(bench), "corporate_identifier") == {None: "pass"}
    graph.identifiers.append(
        {"id": guid("j"), "importedDeviceIdentifier": "A,B,C", "importedDeviceIdentityType": "manufacturerModelSerial"}
    )
    [found] = findings(run(bench), "corporate_identifier").values()
    assert found["result"] == "warn" and "personal" in found["cause"]
    assert findings(run(bench, expect_mdm=False), "corporate_identifier") == {}
