# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enrollment status pages: quality updates always said, one list of assignments, apps of Windows, the default page."""

from __future__ import annotations

import httpx
import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.doc_fragments.approval import APPROVAL_SPEC
from ansible_collections.winops.entra.plugins.modules.enrollment_status_page import ARGUMENT_SPEC, CONSTRAINTS
from ansible_collections.winops.entra.plugins.plugin_utils.option_door import ansible_spec
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.resources import enrollment_status_page, page_apps

from ..fake_graph import Bench, error, guid
from ..intune_graph import DEFAULT_ID, DEVICES, GROUP, USERS, IntuneGraph, intune_silent

SPEC = ansible_spec({**APPROVAL_SPEC, **ARGUMENT_SPEC})
PAGES = "/deviceManagement/deviceEnrollmentConfigurations"
FILTERED = {"@odata.type": USERS, "deviceAndAppManagementAssignmentFilterId": guid("filter")}


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.graph = IntuneGraph()
    return made


@pytest.fixture
def graph(bench) -> IntuneGraph:
    return bench.graph


def run(bench, check_mode=False, limit=300, **options):
    given = options if "default_page" in options or "page_id" in options else {"name": "Office", **options}
    checked = ArgumentSpecValidator(SPEC, **CONSTRAINTS).validate(given)
    assert not checked.error_messages
    return bench.run(enrollment_status_page.ensure, checked.validated_parameters, check_mode, limit)


def page(graph: IntuneGraph, name: str = "Office") -> dict:
    return next(row for row in graph.pages.values() if row["displayName"] == name)


# --- refused before a request ---


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"name": " "}, "name"),
        ({"name": "a" * 201}, "name"),
        ({"description": "a" * 1001}, "description"),
        ({"error_message": "a" * 10_001}, "error_message"),
        ({"role_scope_tag_ids": []}, "role_scope_tag_ids"),
        ({"role_scope_tag_ids": ["x"]}, "role_scope_tag_ids"),
        ({"blocking_apps": [f"app {number}" for number in range(101)]}, "blocking_apps"),
        ({"setup_retry_blocked": True, "device_use_allowed": True}, "device_use_allowed"),
        ({"setup_retry_blocked": True, "device_reset_allowed": True}, "device_reset_allowed"),
        ({"setup_retry_blocked": True, "failed_apps_tolerated": True}, "failed_apps_tolerated"),
        ({"default_page": True, "state": "absent"}, "state"),
        ({"default_page": True, "priority": 1}, "priority"),
        ({"default_page": True, "all_users": True}, "all_users"),
        ({"default_page": True, "included_groups": []}, "included_groups"),
        ({"default_page": True, "name": "Office"}, "name"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_intune_would_refuse_is_refused_before_a_request(bench, graph, options, option):
    result = run(bench, **options)
    assert result["error"]["name"] == "bad_option" and f"bad option {option}" in result["msg"], result
    assert graph.requests == []


def test_flags_are_held_against_what_the_page_has(bench, graph):
    graph.add_page("Office", allowDeviceUseOnInstallFailure=True)
    assert "device_use_allowed" in run(bench, setup_retry_blocked=True)["msg"] and graph.writes == []
    assert not run(bench, setup_retry_blocked=True, device_use_allowed=False).get("failed")


# --- settings ---


def test_a_new_page_has_everything_said_and_the_second_run_changes_nothing(bench, graph):
    options = {"timeout_minutes": 90, "error_message": "Call.", "included_groups": ["Staff"], "priority": 1}
    checked = run(bench, True, **options)
    assert graph.writes == []
    made = run(bench, **options)
    assert {**made, "page": {**made["page"], "id": None}} == checked
    found = page(graph)
    assert found["installQualityUpdates"] is False and found["priority"] == 1
    assert found["installProgressTimeoutInMinutes"] == 90 and graph.targets(found) == [(GROUP, "Staff")]
    before = len(graph.writes)
    assert run(bench, **options)["changed"] is False and len(graph.writes) == before


@pytest.mark.parametrize(("before", "sent"), [(None, False), (False, False), (True, True)])
def test_quality_updates_are_sent_with_every_change(bench, graph, before, sent):
    graph.add_page("Office", installQualityUpdates=before)
    run(bench, timeout_minutes=30)
    body = graph.writes[0][2]
    assert body["installQualityUpdates"] is sent and body["installProgressTimeoutInMinutes"] == 30
    assert body["@odata.type"].endswith("CompletionPageConfiguration") and len(body) == 3


def test_a_page_that_does_not_say_it_is_made_to_say_it(bench, graph):
    graph.add_page("Office")
    result = run(bench)
    assert [(change["before"], change["after"]) for change in result["changes"]] == [(None, False)]
    assert run(bench)["changed"] is False


def test_the_default_page_is_found_by_its_id_and_changed(bench, graph):
    result = run(bench, default_page=True, show_progress=True)
    assert result["page"]["id"] == DEFAULT_ID and graph.pages[DEFAULT_ID]["showInstallationProgress"] is True
    assert result["page"]["priority"] == 0


@pytest.mark.parametrize("options", [{"priority": 1}, {"all_devices": True}, {"state": "absent"}], ids=str)
def test_the_default_page_by_its_name_is_the_default_page(bench, graph, options):
    result = run(bench, name="All users and all devices", **options)
    assert result["error"]["name"] == "bad_option" and graph.writes == []


def test_the_default_page_keeps_its_name_by_whatever_it_was_found(bench, graph):
    result = run(bench, page_id=DEFAULT_ID, name="Renamed")
    assert result["error"]["name"] == "bad_option" and "name" in result["msg"] and graph.writes == []
    assert "error" not in run(bench, page_id=DEFAULT_ID, name="All users and all devices", timeout_minutes=30)


def test_other_configurations_are_no_pages(bench, graph):
    assert run(bench, page_id=guid("limit") + "_DefaultLimit")["error"]["name"] == "bad_option"


def test_a_page_of_two_with_its_name_is_not_guessed(bench, graph):
    graph.add_page("Office")
    graph.add_page("Office", id=guid("x") + "_Windows10EnrollmentCompletionPageConfiguration")
    assert run(bench)["error"]["name"] == "page_ambiguous" and graph.writes == []


def test_a_52nd_page_is_refused(bench, graph):
    for number in range(50):
        graph.add_page(f"Page {number}")
    assert run(bench)["error"]["name"] == "too_many_pages" and graph.writes == []
    assert run(bench, name="Page 7")["changed"] is True


def test_a_refusal_without_a_reason_says_what_was_checked(bench, graph):
    graph.on(f"POST beta{PAGES}$", intune_silent())
    result = run(bench)
    assert result["error"]["name"] == "unexplained" and "of Windows" in result["msg"]


# --- order ---


def test_an_equal_priority_is_no_request(bench, graph):
    found = graph.add_page("Office", installQualityUpdates=False)
    assert run(bench, priority=found["priority"])["changed"] is False and graph.writes == []
    result = run(bench, priority=1)
    assert [path.rpartition("/")[2] for _method, path, _body in graph.writes] == ["setPriority"]
    assert result["page"]["priority"] == 1 and result["changes"][0]["what"] == "priority"


def test_a_priority_without_an_answer_is_read_back_and_not_repeated(bench, graph):
    found = graph.add_page("Office", installQualityUpdates=False)

    def lost(request):
        found["priority"] = 1
        raise httpx.ReadError("gone")

    graph.on("setPriority", lost)
    assert run(bench, priority=1)["changed"] is True
    assert len([path for _method, path, _body in graph.writes if path.endswith("setPriority")]) == 1


# --- assignments ---


def test_the_whole_list_is_read_merged_and_written(bench, graph):
    found = graph.add_page("Office", graph.target("Staff"), FILTERED, installQualityUpdates=False)
    result = run(bench, included_groups=["Pilot"])
    [(_method, path, body)] = graph.writes
    assert path.endswith("/assign")
    sent = [one["target"] for one in body["enrollmentConfigurationAssignments"]]
    assert FILTERED in sent and graph.target("Pilot") in sent and len(sent) == 2
    assert graph.targets(found) == [(USERS, ""), (GROUP, "Pilot")]
    assert result["page"]["all_users"] is True and result["page"]["included_groups"] == [guid("group Pilot 1")]


def test_assignments_that_are_not_given_stay_and_empty_ones_go(bench, graph):
    found = graph.add_page("Office", graph.target("Staff"), {"@odata.type": DEVICES}, installQualityUpdates=False)
    assert run(bench)["changed"] is False
    run(bench, included_groups=[])
    assert graph.targets(found) == [(DEVICES, "")]
    run(bench, all_devices=False)
    assert found["assignments"] == []


def test_a_page_is_deleted_with_its_assignments(bench, graph):
    graph.add_page("Office", graph.target("Staff"))
    checked = run(bench, True, state="absent")
    assert graph.writes == [] and run(bench, state="absent") == checked
    assert "Office" not in [row["displayName"] for row in graph.pages.values()]
    assert run(bench, state="absent")["changed"] is False


# --- apps ---


def test_apps_are_found_by_name_or_id_and_only_those_of_windows(bench, graph):
    graph.add_app("Company Portal", "iosVppApp")
    portal, office = graph.add_app("Company Portal", "winGetApp"), graph.add_app("Office", "officeSuiteApp")
    result = run(bench, blocking_apps=["Company Portal", office.upper()])
    assert page(graph)["selectedMobileAppIds"] == sorted([portal, office]) == result["page"]["blocking_apps"]
    assert run(bench, blocking_apps=[office, portal])["changed"] is False
    assert run(bench, blocking_apps=[])["page"]["blocking_apps"] == []


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("Nothing", "app_unknown"),
        ("company portal", "app_unknown"),
        ("Phone", "app_of_another_platform"),
        ("Twice", "app_ambiguous"),
        (guid("nothing"), "app_unknown"),
    ],
)
def test_an_app_that_cannot_block_is_refused_before_a_write(bench, graph, wanted, name):
    for title, kind in (("Company Portal", "winGetApp"), ("Phone", "windowsPhone81AppX"), ("Twice", "win32LobApp")):
        graph.add_app(title, kind)
    graph.add_app("Twice", "windowsMobileMSI")
    assert run(bench, blocking_apps=[wanted])["error"]["name"] == name and graph.writes == []


def test_an_id_of_another_platform_is_refused(bench, graph):
    phone = graph.add_app("Phone", "iosVppApp")
    assert run(bench, blocking_apps=[phone])["error"]["name"] == "app_of_another_platform" and graph.writes == []


@pytest.mark.parametrize(
    ("kind", "windows"),
    [
        ("win32LobApp", True),
        ("officeSuiteApp", True),
        ("windowsPhoneXAP", False),
        ("webApp", False),
        ("iosVppApp", False),
    ],
)
def test_platforms_by_type(kind, windows):
    assert page_apps.is_of_windows({"@odata.type": f"#microsoft.graph.{kind}"}) is windows


# --- apps that block, and users ---


def assigned(graph: IntuneGraph, *targets: dict) -> None:
    graph.add_page("Office", *targets, installQualityUpdates=False, selectedMobileAppIds=[graph.add_app("App")])


def test_blocking_apps_for_users_are_warned_of(bench, graph):
    assigned(graph, {"@odata.type": USERS})
    assert "all users" in run(bench)["warnings"][0]


@pytest.mark.parametrize(("kind", "warned"), [("user", True), ("device", False)])
def test_groups_of_users_are_told_from_groups_of_devices(bench, graph, kind, warned):
    assigned(graph, graph.target("Staff"))
    members = [{"id": guid("m"), "@odata.type": f"#microsoft.graph.{kind}"}]
    graph.on("GET v1.0/groups/.*/members", httpx.Response(200, json={"value": members}))
    assert ("warnings" in run(bench)) is warned


def test_a_group_that_may_not_be_read_is_said(bench, graph):
    assigned(graph, graph.target("Staff"))
    graph.on("GET v1.0/groups/.*/members", error(403, "Forbidden"))
    result = run(bench)
    assert "GroupMember.Read.All" in result["warnings"][0] and not result.get("failed")


def test_a_page_that_waits_for_all_apps_needs_no_warning(bench, graph):
    graph.add_page("Office", {"@odata.type": USERS}, installQualityUpdates=False)
    assert "warnings" not in run(bench)
