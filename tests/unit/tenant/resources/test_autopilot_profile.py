# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployment profiles: refused before anything is asked or written, assigned one by one, never guessed."""

from __future__ import annotations

import httpx
import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.doc_fragments.approval import APPROVAL_SPEC
from ansible_collections.winops.entra.plugins.modules.autopilot_profile import ARGUMENT_SPEC, CONSTRAINTS
from ansible_collections.winops.entra.plugins.plugin_utils.option_door import ansible_spec
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.resources import autopilot_profile

from ..fake_graph import Bench, error, guid
from ..intune_graph import DEVICES, EXCLUDED, GROUP, HYBRID, IntuneGraph, intune_silent

SPEC = ansible_spec({**APPROVAL_SPEC, **ARGUMENT_SPEC})
PROFILES = "/deviceManagement/windowsAutopilotDeploymentProfiles"


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.graph = IntuneGraph()
    return made


@pytest.fixture
def graph(bench) -> IntuneGraph:
    return bench.graph


def run(bench, check_mode=False, limit=300, **options):
    checked = ArgumentSpecValidator(SPEC, **CONSTRAINTS).validate({"name": "Office", **options})
    assert not checked.error_messages
    return bench.run(autopilot_profile.ensure, checked.validated_parameters, check_mode, limit)


def only(graph: IntuneGraph) -> dict:
    [profile] = graph.profiles.values()
    return profile


# --- refused before a request ---


@pytest.mark.parametrize(
    ("options", "option", "says"),
    [
        *(({"name": f"Office{letter}PC"}, "name", letter) for letter in "!#%^*)(-+;'><"),
        ({"description": "a > b"}, "description", ">"),
        ({"name": "a" * 201}, "name", "201"),
        ({"name": "  "}, "name", "1 to 200"),
        ({"description": "a" * 1501}, "description", "1501"),
        ({"device_name_template": "A" * 16}, "device_name_template", "16"),
        ({"device_name_template": "OFFICE-%RAND:9%"}, "device_name_template", "16"),
        ({"device_name_template": "ABCDEFGHIJKLMNO%SERIAL%"}, "device_name_template", "16"),
        ({"device_name_template": "PC_%SERIAL%"}, "device_name_template", "letters, digits"),
        ({"device_name_template": "PC%USER%"}, "device_name_template", "macro"),
        ({"device_name_template": "PC%RAND:0%"}, "device_name_template", "RAND:0"),
        ({"device_name_template": "12345"}, "device_name_template", "digits alone"),
        ({"locale": "german!"}, "locale", "language"),
        ({"role_scope_tag_ids": ["default"]}, "role_scope_tag_ids", "scope tag"),
        ({"role_scope_tag_ids": []}, "role_scope_tag_ids", "at least one"),
        ({"all_devices": True, "excluded_groups": ["Pilot"]}, "excluded_groups", "all devices"),
        ({"included_groups": ["Pilot"], "excluded_groups": ["pilot"]}, "excluded_groups", "included_groups"),
    ],
    ids=str,
)
def test_what_intune_would_refuse_is_refused_before_a_request(bench, graph, options, option, says):
    result = run(bench, **options)
    assert result["error"]["name"] == "bad_option" and f"bad option {option}" in result["msg"], result
    assert says in result["msg"] and graph.requests == []


@pytest.mark.parametrize(
    "template", ["", "PC%SERIAL%", "pc%serial%", "OFFICE%RAND:9%", "A23456789012345", "PC%RAND:3%-%SERIAL%"]
)
def test_templates_that_give_names_are_taken(bench, graph, template):
    assert not run(bench, device_name_template=template).get("failed")
    assert only(graph)["deviceNameTemplate"] == template


# --- made and changed ---


def test_a_new_profile_has_everything_said_and_the_second_run_changes_nothing(bench, graph):
    options = {"included_groups": ["Staff"], "excluded_groups": ["Pilot"], "locale": "de-de", "user_type": "standard"}
    checked = run(bench, True, **options)
    assert graph.writes == []
    made = run(bench, **options)
    assert {**made, "profile": {**made["profile"], "id": None}} == checked
    profile = only(graph)
    assert graph.targets(profile) == [(EXCLUDED, "Pilot"), (GROUP, "Staff")]
    assert profile["locale"] == "de-DE" and profile["outOfBoxExperienceSetting"]["escapeLinkHidden"] is True
    before = len(graph.writes)
    assert run(bench, **options)["changed"] is False and len(graph.writes) == before


@pytest.mark.parametrize(
    ("option", "value", "name", "sent"),
    [
        ("description", "x", "description", "x"),
        ("preprovisioning_allowed", True, "preprovisioningAllowed", True),
        ("convert_devices", True, "hardwareHashExtractionEnabled", True),
        ("locale", "en-US", "locale", "en-US"),
        ("role_scope_tag_ids", ["0", "7"], "roleScopeTagIds", ["0", "7"]),
        ("device_name_template", "PC%SERIAL%", "deviceNameTemplate", "PC%SERIAL%"),
    ],
)
def test_each_setting_is_sent_alone_with_its_type(bench, graph, option, value, name, sent):
    graph.add_profile("Office")
    assert run(bench, **{option: value})["changed"] is True
    [(_method, _path, body)] = graph.writes
    assert {key: body[key] for key in body if key != "@odata.type"} == {name: sent} and "@odata.type" in body


@pytest.mark.parametrize(
    ("option", "name", "sent"),
    [
        ("privacy_settings_hidden", "privacySettingsHidden", True),
        ("license_terms_hidden", "eulaHidden", True),
        ("keyboard_selection_skipped", "keyboardSelectionPageSkipped", True),
    ],
)
def test_settings_of_the_first_start_are_sent_together(bench, graph, option, name, sent):
    before = dict(graph.add_profile("Office")["outOfBoxExperienceSetting"])
    run(bench, **{option: True})
    [(_method, _path, body)] = graph.writes
    assert body["outOfBoxExperienceSetting"] == {**before, name: sent} and len(body) == 2


def test_a_profile_without_the_hidden_link_is_not_changed_for_it_alone(bench, graph):
    graph.add_profile("Office")["outOfBoxExperienceSetting"]["escapeLinkHidden"] = False
    assert run(bench)["changed"] is False
    run(bench, license_terms_hidden=True)
    assert graph.writes[0][2]["outOfBoxExperienceSetting"]["escapeLinkHidden"] is True


def test_a_profile_of_two_with_its_name_is_not_guessed_and_the_id_selects_it(bench, graph):
    graph.add_profile("Office")
    second = graph.add_profile("Office")
    result = run(bench, description="x")
    assert result["error"]["name"] == "profile_ambiguous" and second["id"] in result["msg"] and graph.writes == []
    assert run(bench, profile_id=second["id"].upper(), name=None, description="x")["profile"]["id"] == second["id"]
    assert second["description"] == "x"


def test_a_profile_that_the_portal_named_oddly_is_managed_by_its_id(bench, graph):
    odd = graph.add_profile("Office - (old)")
    assert run(bench, profile_id=odd["id"], name=None, description="x")["profile"]["name"] == "Office - (old)"


def test_a_profile_without_a_name_is_in_nobodys_way(bench, graph):
    graph.add_profile("", displayName=None)
    assert run(bench, all_devices=True)["changed"] and len(graph.profiles) == 2
    assert run(bench)["changed"] is False


def test_an_unknown_id_is_refused_unless_it_is_to_be_absent(bench, graph):
    assert run(bench, profile_id=guid("none"))["error"]["name"] == "bad_option"
    assert run(bench, profile_id=guid("none"), state="absent") == {
        "changed": False,
        "changes": [],
        "profile": None,
        "diff": {"before": {}, "after": {}},
    }


def test_another_usage_needs_a_new_profile(bench, graph):
    graph.add_profile("Office")
    result = run(bench, deployment_mode="self_deploying", description="x")
    assert result["error"]["name"] == "deployment_mode_fixed" and graph.writes == []
    assert run(bench, deployment_mode="user_driven")["changed"] is False


def test_a_profile_for_hybrid_join_is_left_alone(bench, graph):
    graph.add_profile("Office", kind=HYBRID)
    for state in ("present", "absent"):
        assert run(bench, state=state)["error"]["name"] == "profile_for_hybrid_join" and graph.writes == []


def test_a_refusal_without_a_reason_says_what_was_checked(bench, graph):
    graph.add_profile("Office")
    graph.on(f"PATCH beta{PROFILES}", intune_silent())
    result = run(bench, description="x")
    assert result["error"]["name"] == "unexplained"
    assert "has checked the characters" in result["msg"] and "MDM authority" in result["error"]["fix"]
    assert result["changed"] is False


def test_a_creation_without_an_answer_is_looked_for_and_not_repeated(bench, graph):
    def lost(request):
        graph.add_profile("Office")
        raise httpx.ReadError("gone")

    graph.on(f"POST beta{PROFILES}$", lost)
    result = run(bench)
    assert not result.get("failed") and result["changed"] is True and len(graph.profiles) == 1
    assert [path for method, path, _body in graph.writes if method == "POST"] == [PROFILES]


def test_a_403_names_the_permission(bench, graph):
    graph.claims = {"roles": ["DeviceManagementServiceConfig.Read.All"]}
    graph.on(f"POST beta{PROFILES}", error(403, "Forbidden", "x"))
    assert run(bench)["error"]["permissions"] == ["DeviceManagementServiceConfig.ReadWrite.All"]


# --- assignments ---


def test_assignments_that_are_not_given_stay_and_empty_ones_go(bench, graph):
    profile = graph.add_profile("Office", graph.target("Staff"), graph.target("Pilot", EXCLUDED))
    assert run(bench)["changed"] is False
    assert run(bench, included_groups=["Staff"])["changed"] is False
    result = run(bench, included_groups=[])
    assert graph.targets(profile) == [(EXCLUDED, "Pilot")] and result["profile"]["included_groups"] == []
    run(bench, excluded_groups=[])
    assert profile["assignments"] == []


def test_missing_assignments_come_before_surplus_ones_go(bench, graph):
    graph.add_group("New")
    profile = graph.add_profile("Office", graph.target("Staff"))
    run(bench, included_groups=["New"])
    assert [method for method, _path, _body in graph.writes] == ["POST", "DELETE"]
    assert graph.targets(profile) == [(GROUP, "New")]


def test_what_is_right_already_is_not_written_again(bench, graph):
    profile = graph.add_profile("Office", graph.target("Staff"))
    kept = profile["assignments"][0]["id"]
    run(bench, included_groups=["Staff", "Pilot"])
    assert [method for method, _path, _body in graph.writes] == ["POST"] and profile["assignments"][0]["id"] == kept


def test_from_all_devices_to_groups_with_exclusions(bench, graph):
    profile = graph.add_profile("Office", {"@odata.type": DEVICES})
    result = run(bench, all_devices=False, included_groups=["Staff"], excluded_groups=["Pilot"])
    assert not result.get("failed"), result
    assert graph.targets(profile) == [(EXCLUDED, "Pilot"), (GROUP, "Staff")]
    assert run(bench, all_devices=True, included_groups=[], excluded_groups=[])["profile"]["all_devices"] is True
    assert graph.targets(profile) == [(DEVICES, "")]


@pytest.mark.parametrize("options", [{"all_devices": True}, {"included_groups": ["Staff"]}], ids=str)
def test_exclusions_that_stay_and_all_devices_are_refused_before_a_write(bench, graph, options):
    present = graph.target("Pilot", EXCLUDED) if "all_devices" in options else {"@odata.type": DEVICES}
    graph.add_profile("Office", present)
    extra = {} if "all_devices" in options else {"excluded_groups": ["Pilot"]}
    result = run(bench, description="x", **options, **extra)
    assert result["error"]["name"] == "all_devices_with_exclusions" and graph.writes == []


def test_a_second_profile_for_all_devices_is_refused_and_the_first_one_named(bench, graph):
    first = graph.add_profile("Everybody", {"@odata.type": DEVICES})
    result = run(bench, all_devices=True)
    assert result["error"]["name"] == "all_devices_assigned" and graph.writes == []
    assert "'Everybody'" in result["msg"] and first["id"] in result["msg"]
    assert run(bench, name="Everybody", all_devices=True)["changed"] is False


def test_targets_of_kinds_that_no_option_names_stay(bench, graph):
    collection = {"@odata.type": "#microsoft.graph.configurationManagerCollectionAssignmentTarget", "collectionId": "x"}
    profile = graph.add_profile("Office", collection)
    run(bench, included_groups=["Staff"], excluded_groups=[], all_devices=False)
    assert len(profile["assignments"]) == 2


def test_a_profile_is_deleted_after_its_assignments(bench, graph):
    graph.add_profile("Office", graph.target("Staff"), {"@odata.type": DEVICES})
    checked = run(bench, True, state="absent")
    assert graph.writes == [] and run(bench, state="absent") == checked and graph.profiles == {}
    assert [change["what"] for change in checked["changes"]] == [
        "assignment to all devices",
        f"assignment to the group {guid('group Staff 0')}",
        "profile 'Office'",
    ]
    assert run(bench, state="absent")["changed"] is False
