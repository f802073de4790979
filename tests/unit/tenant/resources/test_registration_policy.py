# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The device registration policy: what is not named survives, what is named arrives, and nothing is guessed."""

from __future__ import annotations

import copy
import itertools

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.modules.registration_policy import ARGUMENT_SPEC
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.resources import registration_policy
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.resources.engine import compare, merge

from ..fake_graph import ALL, error, guid

STAFF = guid("group Staff 0")
ADA = guid("ada@contoso.com")
EACH = {
    "join": {"scope": "none"},
    "register": {"scope": "selected", "users": ["ada@contoso.com"]},
    "local_administrators": {"scope": "selected", "groups": ["Staff"]},
    "global_administrators_local": False,
    "devices_per_user": 5,
    "mfa_required": True,
    "laps": True,
}


def arguments(**options) -> dict:
    checked = ArgumentSpecValidator(ARGUMENT_SPEC).validate(options)
    assert not checked.error_messages
    return checked.validated_parameters


def run(bench, check_mode=False, limit=300, **options):
    return bench.run(registration_policy.ensure, arguments(**options), check_mode, limit)


def flat(value, path=""):
    if isinstance(value, dict):
        return {key: leaf for name, inner in value.items() for key, leaf in flat(inner, f"{path}.{name}").items()}
    return {path: value}


def test_without_options_the_policy_is_read_and_nothing_is_written(bench, graph):
    result = run(bench)
    assert result["changed"] is False and graph.writes == []
    assert result["policy"]["devices_per_user"] == 50
    assert result["policy"]["join"] == {"scope": "all", "users": [], "groups": []}


@pytest.mark.parametrize("option", EACH)
def test_each_option_alone_changes_only_its_property(bench, graph, option):
    before = flat(copy.deepcopy(graph.policy))
    result = run(bench, **{option: EACH[option]})
    assert result["changed"] is True, result
    after = flat(graph.policy)
    item = next(item for item in registration_policy.POLICY.properties if item.option == option)
    touched = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert touched and all(path.startswith("." + item.path) for path in touched)
    assert len(result["changes"]) == 1
    assert run(bench, **{option: EACH[option]})["changed"] is False


@pytest.mark.parametrize(
    "options",
    [
        *({option: value} for option, value in EACH.items()),
        *(dict(pair) for pair in itertools.combinations(EACH.items(), 2)),
    ],
    ids=str,
)
def test_check_mode_says_what_applying_does_and_writes_nothing(bench, graph, options):
    checked = run(bench, check_mode=True, **options)
    assert graph.writes == []
    applied = run(bench, **options)
    assert checked == applied


def test_the_whole_policy_is_sent_but_what_is_read_only(bench, graph):
    run(bench, laps=True)
    ((method, _path, body),) = graph.writes
    assert method == "PUT"
    assert set(body) == {
        "userDeviceQuota",
        "multiFactorAuthConfiguration",
        "azureADRegistration",
        "azureADJoin",
        "localAdminPassword",
        "newSettingOfTomorrow",
    }
    assert body["azureADJoin"]["isAdminConfigurable"] is True


def test_members_are_compared_as_sets(bench, graph):
    graph.policy["azureADJoin"]["allowedToJoin"] = {
        "@odata.type": "#microsoft.graph.enumeratedDeviceRegistrationMembership",
        "users": [ADA.upper()],
        "groups": sorted(graph.groups, reverse=True),
    }
    wanted = {"scope": "selected", "users": ["ADA@contoso.com", ADA], "groups": ["Pilot", "Staff", "Staff"]}
    assert run(bench, join=wanted)["changed"] is False


def test_join_and_local_administrators_do_not_leak_into_each_other(bench, graph):
    run(bench, join={"scope": "none"}, local_administrators={"scope": "selected", "groups": ["Staff"]})
    join = graph.policy["azureADJoin"]
    assert join["allowedToJoin"] == {"@odata.type": "#microsoft.graph.noDeviceRegistrationMembership"}
    assert join["localAdmins"]["registeringUsers"]["groups"] == [STAFF]
    assert graph.policy["azureADRegistration"]["allowedToRegister"] == ALL


def test_a_locked_setting_is_refused_when_it_would_change_and_only_then(bench, graph):
    graph.policy["azureADRegistration"]["isAdminConfigurable"] = False
    assert run(bench, register={"scope": "all"})["changed"] is False
    refused = run(bench, register={"scope": "none"}, laps=True)
    assert refused["error"]["name"] == "not_configurable" and "register" in refused["error"]["fix"]
    assert graph.writes == [] and refused["changed"] is False
    assert run(bench, laps=True)["changed"] is True
    assert graph.policy["azureADRegistration"]["isAdminConfigurable"] is False


def test_a_policy_that_was_read_in_part_is_not_written(bench, graph):
    del graph.policy["userDeviceQuota"]
    assert run(bench, laps=True)["error"]["name"] == "incomplete_policy"
    assert graph.writes == []


@pytest.mark.parametrize(
    "options",
    [
        {"join": {"scope": "all", "users": ["ada@contoso.com"]}},
        {"join": {"scope": "selected"}},
        {"devices_per_user": -1},
        {"devices_per_user": 2**31},
    ],
    ids=str,
)
def test_contradictions_are_refused_before_the_first_request(bench, graph, options):
    result = run(bench, **options)
    assert result["error"]["name"] == "bad_option" and next(iter(options)) in result["msg"]
    assert graph.requests == []


def test_it_waits_until_the_new_policy_shows(bench, graph):
    graph.lag = 3
    assert run(bench, devices_per_user=7)["policy"]["devices_per_user"] == 7
    assert bench.slept == [0.5, 1.0, 2.0]


def test_a_change_that_never_shows_is_a_failure_that_reports_it(bench, graph):
    graph.lag = 10_000
    result = run(bench, limit=20, devices_per_user=7)
    assert result["error"]["name"] == "not_shown" and result["changed"] is True
    assert sum(bench.slept) <= 20


def test_403_on_reading_and_on_writing_names_the_permission(bench, graph):
    graph.on("GET .*deviceRegistrationPolicy", error(403, "Authorization_RequestDenied"))
    assert run(bench, laps=True)["error"]["permissions"] == ["Policy.Read.DeviceConfiguration"]
    graph.on("PUT .*", error(403, "Authorization_RequestDenied"))
    result = run(bench, laps=True)
    assert result["error"]["permissions"] == ["Policy.ReadWrite.DeviceConfiguration"]
    assert "Policy.ReadWrite.DeviceConfiguration" in result["msg"] and result["error"]["request_id"] == "r-1"
    assert result["changed"] is False


def test_what_was_read_stays_as_it_was_when_changes_are_merged(graph):
    before = copy.deepcopy(graph.policy)
    changes = compare(registration_policy.POLICY, {"laps": True, "join": {"scope": "none"}}, graph.policy)
    assert merge(graph.policy, changes)["localAdminPassword"] == {"isEnabled": True}
    assert graph.policy == before


@pytest.mark.parametrize("option", ["join", "register", "local_administrators"])
def test_a_name_that_two_groups_have_is_refused(bench, graph, option):
    second = graph.add_group("Staff")
    result = run(bench, **{option: {"scope": "selected", "groups": ["Staff"]}})
    assert STAFF in result["msg"] and second in result["msg"] and result["changed"] is False and graph.writes == []
    assert run(bench, **{option: {"scope": "selected", "groups": [second]}})["changed"] is True
