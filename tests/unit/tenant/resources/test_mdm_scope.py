# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The MDM scope: in the order that the service demands, and only for a signed-in user."""

from __future__ import annotations

import dataclasses

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.modules.mdm_scope import ARGUMENT_SPEC
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.resources import mdm_scope

from ..fake_graph import error, guid

STAFF, PILOT = guid("group Staff 0"), guid("group Pilot 1")


@pytest.fixture(autouse=True)
def signed_in_user(bench):
    bench.settings = dataclasses.replace(bench.settings, kind="device_code", client_secret=None)


def run(bench, check_mode=False, limit=300, **options):
    checked = ArgumentSpecValidator(ARGUMENT_SPEC).validate(options)
    assert not checked.error_messages
    return bench.run(mdm_scope.ensure, checked.validated_parameters, check_mode, limit)


@pytest.mark.parametrize(
    "kind", ["client_secret", "certificate", "managed_identity", "workload_identity", "environment"]
)
def test_an_application_is_refused_before_the_first_request(bench, graph, kind):
    bench.settings = dataclasses.replace(bench.settings, kind=kind)
    result = run(bench, scope="all")
    assert result["error"]["name"] == "delegated_only" and result["error"]["side"] == "controller"
    assert "device_code" in result["msg"] and result["error"]["permissions"] == ["Policy.ReadWrite.MobilityManagement"]
    assert graph.requests == [] and graph.issued == 0


@pytest.mark.parametrize(
    ("claims", "allowed"), [({"roles": ["X"]}, False), ({"scp": "Policy.Read.All"}, True)], ids=str
)
def test_who_is_signed_in_to_the_azure_cli_is_read_from_its_token(bench, graph, claims, allowed):
    bench.settings = dataclasses.replace(bench.settings, kind="azure_cli")
    graph.claims = claims if "scp" in claims else {**claims, "idtyp": "app"}
    result = run(bench)
    assert (result.get("error") is None) is allowed
    assert bool(graph.requests) is allowed


@pytest.mark.parametrize("option", ["discovery_url", "terms_of_use_url", "compliance_url"])
def test_each_url_alone(bench, graph, option):
    before = dict(graph.mdm)
    checked = run(bench, check_mode=True, **{option: "https://new"})
    assert graph.writes == []
    assert run(bench, **{option: "https://new"}) == checked
    assert len([name for name in before if before[name] != graph.mdm[name]]) == 1
    assert run(bench, **{option: "https://new"})["changed"] is False


def test_enrollment_when_registering_is_the_service_s_switch_the_other_way_round(bench, graph):
    assert run(bench)["mdm_scope"]["enroll_on_register"] is True
    run(bench, enroll_on_register=False)
    assert graph.mdm["isMdmEnrollmentDuringRegistrationDisabled"] is True


@pytest.mark.parametrize(
    ("before", "included"),
    [
        ("none", []),
        ("none", [STAFF]),
        ("all", []),
        ("all", [STAFF]),
        ("selected", [STAFF]),
        ("selected", [PILOT, STAFF]),
    ],
)
@pytest.mark.parametrize(
    "wanted",
    [
        {"scope": "none"},
        {"scope": "all"},
        {"scope": "selected", "groups": ["Staff"]},
        {"scope": "selected", "groups": ["Pilot", STAFF]},
    ],
    ids=str,
)
def test_every_way_from_one_scope_to_another(bench, graph, before, included, wanted):
    graph.mdm["appliesTo"], graph.included = before, list(included)
    checked = run(bench, check_mode=True, **wanted)
    assert graph.writes == []
    applied = run(bench, **wanted)
    assert checked["changes"] == applied["changes"] and "error" not in applied, applied
    assert graph.mdm["appliesTo"] == wanted["scope"]
    if wanted["scope"] == "selected":
        assert sorted(graph.included) == sorted(
            {"Staff": STAFF, "Pilot": PILOT}.get(name, name) for name in wanted["groups"]
        )
    assert run(bench, **wanted)["changed"] is False


def test_urls_are_written_before_the_scope_and_never_together(bench, graph):
    run(bench, scope="all", discovery_url="https://new")
    assert [body for _method, _path, body in graph.writes] == [{"discoveryUrl": "https://new"}, {"appliesTo": "all"}]


def test_groups_are_added_before_others_are_taken_out(bench, graph):
    graph.mdm["appliesTo"], graph.included = "selected", [STAFF]
    run(bench, scope="selected", groups=["Pilot"])
    assert [method for method, _path, _body in graph.writes] == ["POST", "DELETE"]
    assert graph.writes[0][2] == {"@odata.id": f"https://graph.microsoft.com/odata/groups('{PILOT}')"}


def test_what_was_done_before_a_failure_is_reported(bench, graph):
    graph.on("PATCH .*", None, error(403, "Forbidden"))
    result = run(bench, scope="all", discovery_url="https://new")
    assert [change["what"] for change in result["changes"]] == ["discovery URL"]
    assert result["error"]["permissions"] == ["Policy.ReadWrite.MobilityManagement"]


@pytest.mark.parametrize(
    "options",
    [
        {"scope": "selected"},
        {"scope": "all", "groups": ["Staff"]},
        {"groups": ["Staff"]},
        {"application": "mam", "enroll_on_register": True},
    ],
    ids=str,
)
def test_contradictions_are_refused_before_the_first_request(bench, graph, options):
    assert run(bench, **options)["error"]["name"] == "bad_option"
    assert graph.requests == []


def test_an_invalid_policy_is_read_but_not_changed(bench, graph):
    graph.mdm["isValid"] = False
    assert run(bench)["changed"] is False
    assert run(bench, discovery_url="https://new")["failed"] is True and graph.writes == []


def test_a_name_that_two_groups_have_is_refused(bench, graph):
    second = graph.add_group("Staff")
    result = run(bench, scope="selected", groups=["Staff"])
    assert STAFF in result["msg"] and second in result["msg"] and result["changed"] is False and graph.writes == []
    assert run(bench, scope="selected", groups=[second])["changed"] is True
