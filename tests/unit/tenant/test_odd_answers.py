# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is answered in Graph's place, a module ends in a result or in a failure of its own."""

from __future__ import annotations

import random

import pytest

from .odd_answers import MISSING, ODD, RUNS, changing, play, told

#: (run, request, path, value) each: answers that once ended in a traceback.
ONCE = [
    ("device tagged", "GET devices", ("value", 0, "extensionAttributes"), MISSING),
    ("device deleted", "GET devices", ("value", 0, "deviceId"), MISSING),
    ("device tagged", "GET devices", ("value", 0, "extensionAttributes"), "\u0663"),
    ("device tagged", "GET devices", ("value", 0, "physicalIds"), -1),
    ("group made", "POST groups", (), {}),
    ("info by id", "GET deviceManagement/managedDevices", ("value", 0, "lastSyncDateTime"), [{}]),
    ("info by id", "GET devices", ("value", 0, "id"), MISSING),
    ("info by id", "GET devices", ("value", 0, "id"), {}),
    ("info of all", "GET devices", ("value", 0), ""),
    ("info of an owner", "GET users/ada@contoso.com/ownedDevices/microsoft.graph.device", ("value", 0), {}),
    (
        "info of an owner",
        "GET users/ada@contoso.com/ownedDevices/microsoft.graph.device",
        ("value", 0, "trustType"),
        [{}],
    ),
    ("policy", "GET policies/deviceRegistrationPolicy", ("azureADJoin", "allowedToJoin", "groups"), -1),
    ("policy", "GET policies/deviceRegistrationPolicy", ("azureADJoin", "allowedToJoin", "users"), -1),
    ("policy", "GET policies/deviceRegistrationPolicy", ("azureADRegistration", "allowedToRegister"), "x"),
    ("readiness of a user", "GET deviceManagement/deviceEnrollmentConfigurations", ("value", 0), ""),
    ("readiness of a user", "GET deviceManagement/deviceEnrollmentConfigurations", ("value",), -1),
    ("readiness of a user", "GET identity/conditionalAccess/policies", ("value",), "\u0663"),
    ("readiness of a user", "GET policies/deviceRegistrationPolicy", ("azureADJoin",), "x"),
    (
        "readiness of a user",
        "GET policies/deviceRegistrationPolicy",
        ("azureADRegistration", "allowedToRegister"),
        "\ud800",
    ),
    ("readiness of a user", "GET policies/deviceRegistrationPolicy", (), ""),
    ("readiness of a user", "GET servicePrincipals", ("value", 0), ""),
    ("readiness of a user", "GET users", ("value", 0), ""),
    ("readiness of a user", "GET users", ("value", 0, "id"), 0),
    ("readiness of a user", "GET users", ("value", 0, "id"), MISSING),
    ("readiness of a user", "GET users/ada@contoso.com", ("assignedPlans", 0), ""),
    ("readiness of a user", "GET users/ada@contoso.com", ("assignedPlans",), 0),
    ("readiness of a user", "GET users/ada@contoso.com", (), ""),
    ("readiness of a user", "GET users/ada@contoso.com/ownedDevices/microsoft.graph.device", ("value", 0), ""),
    ("removal", "GET deviceManagement/managedDevices", ("value", 0), ""),
    ("removal", "GET deviceManagement/windowsAutopilotDeviceIdentities", ("value", 0), ""),
    ("removal", "GET deviceManagement/windowsAutopilotDeviceIdentities", ("value", 0), {}),
    ("removal", "GET devices", ("value", 0, "id"), ""),
    ("removal", "GET devices", ("value", 0, "physicalIds"), -1),
    ("removal", "GET devices", ("value", 0, "physicalIds", 0), 0),
    ("role", "GET groups", ("value", 0), ""),
    ("role", "GET groups", ("value", 0, "id"), 0),
    ("role", "GET groups", ("value", 0, "id"), MISSING),
    ("role", "GET roleManagement/directory/roleAssignments", ("value", 0), ""),
    ("role", "GET roleManagement/directory/roleAssignments", ("value", 0, "id"), MISSING),
    ("role", "GET roleManagement/directory/roleAssignments", ("value", 0, "principal"), "\u0663"),
    ("role", "GET roleManagement/directory/roleAssignments", ("value", 0, "principalId"), 0),
    ("role", "GET roleManagement/directory/roleAssignments", ("value", 0, "principalId"), MISSING),
]
#: What readiness_info does not look at.
UNREAD = ("azureADRegistration",)
SAMPLE = 40


@pytest.mark.parametrize("name", RUNS)
def test_each_run_does_its_work_where_nothing_is_odd(name):
    result = play(name, lambda label, body: body)
    assert not result.get("failed"), result
    assert result["changed"] or "info" in name or "readiness" in name
    if name == "readiness of a user":
        assert result["summary"]["unknown"] == 0


@pytest.mark.parametrize(("name", "label", "path", "value"), ONCE)
def test_an_odd_answer_is_an_unreadable_one_or_says_nothing(name, label, path, value):
    assert (label, path) in told(name) or (label, ()) in told(name)
    result = play(name, changing(label, path, value))
    if name == "readiness of a user":  # what cannot be read is a finding
        assert not result.get("failed")
        assert result["summary"]["unknown"] > 0 or path[:1] == UNREAD
    else:
        assert not result.get("failed") or result["error"]["name"] in ("unreadable_answer", "not_shown"), result["msg"]


@pytest.mark.parametrize("name", RUNS)
def test_a_value_of_any_kind_in_any_place_is_a_result_or_a_failure_of_our_own(name):
    chance = random.Random(name)
    for label, path in chance.choices(told(name), k=SAMPLE):
        play(name, changing(label, path, chance.choice(ODD)))
