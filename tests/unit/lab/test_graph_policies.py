# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Device registration policy and automatic enrollment."""

from __future__ import annotations

import copy

import pytest

from tests.lab.tenant import policy, roles
from tests.lab.tenant.defaults import ALL_MEMBERS, INTUNE, NO_MEMBERS, some_members

from .graph_lab import GraphLab

PATH = "/policies/deviceRegistrationPolicy"
MDM = f"/policies/mobileDeviceManagementPolicies/{INTUNE}"
MAM = f"/policies/mobileAppManagementPolicies/{INTUNE}"
GUID = "3c8ef067-8b96-44de-b2ae-557dfa0f97a0"


@pytest.fixture
def lab() -> GraphLab:
    return GraphLab()


def _policy(lab: GraphLab) -> dict:
    return {k: v for k, v in lab.get(PATH).items() if not k.startswith("@")}


def _with(policy: dict, path: str, value) -> dict:
    changed = copy.deepcopy(policy)
    *way, last = path.split(".")
    place = changed
    for name in way:
        place = place[name]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return changed


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("userDeviceQuota", 0),
        ("userDeviceQuota", 2147483647),
        ("multiFactorAuthConfiguration", "required"),
        ("azureADJoin.allowedToJoin", NO_MEMBERS),
        ("azureADJoin.allowedToJoin", some_members([GUID], [GUID])),
        ("azureADJoin.localAdmins.enableGlobalAdmins", False),
        ("azureADJoin.localAdmins.registeringUsers", NO_MEMBERS),
        ("localAdminPassword.isEnabled", True),
    ],
)
def test_each_property_can_be_set_alone(lab, path, value):
    before = _policy(lab)
    wanted = _with(before, path, value)
    assert lab.ask("PUT", PATH, wanted).status == 200
    assert _policy(lab) == wanted != before


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("userDeviceQuota", None),
        ("multiFactorAuthConfiguration", None),
        ("azureADJoin", None),
        ("azureADRegistration", None),
        ("localAdminPassword", None),
        ("azureADJoin.allowedToJoin", None),
        ("azureADJoin.localAdmins", None),
        ("azureADJoin.localAdmins.enableGlobalAdmins", None),
        ("userDeviceQuota", -1),
        ("userDeviceQuota", "5"),
        ("userDeviceQuota", True),
        ("multiFactorAuthConfiguration", "always"),
        ("azureADJoin.allowedToJoin", {}),
        ("azureADJoin.allowedToJoin", "all"),
        ("azureADJoin.allowedToJoin", {"@odata.type": "#microsoft.graph.someMembership"}),
        ("azureADJoin.allowedToJoin", {**some_members(["anna@contoso.example"], [])}),
        ("azureADJoin.allowedToJoin", {**ALL_MEMBERS, "users": []}),
        ("azureADJoin.allowedToJoin", {"@odata.type": some_members([], [])["@odata.type"]}),
        ("azureADJoin.colour", "blue"),
        ("colour", "blue"),
    ],
)
def test_a_whole_and_sound_object_is_needed(lab, path, value):
    before = _policy(lab)
    assert lab.error("PUT", PATH, _with(before, path, value))[0] == 400
    assert _policy(lab) == before


def test_a_missing_quota_is_refused_or_set_to_0(lab):
    wanted = _with(_policy(lab), "userDeviceQuota", None)
    assert lab.error("PUT", PATH, wanted)[1:] == (
        "invalid_request",
        "Tenant registration policy is missing a value for quota.",
    )
    lab.side.faults.add("quota_reset", {})
    assert lab.ask("PUT", PATH, wanted).body["userDeviceQuota"] == 0


def test_what_is_not_configurable_stays(lab):
    before = _policy(lab)
    wanted = _with(
        _with(before, "azureADJoin.isAdminConfigurable", False), "azureADRegistration.allowedToRegister", NO_MEMBERS
    )
    assert lab.ask("PUT", PATH, wanted).status == 200
    assert _policy(lab) == before


def test_people_need_a_role_to_write(lab):
    reader = lab.tenant.add_user("reader@contoso.example", "Reader")
    assert lab.error("PUT", PATH, _policy(lab), user=reader)[0] == 403
    lab.tenant.assign_role(roles.CLOUD_DEVICE_ADMINISTRATOR, reader["id"])
    assert lab.ask("PUT", PATH, _policy(lab), user=reader).status == 200


def test_nobody_else_can_change_it(lab):
    assert lab.error("PATCH", PATH, {"userDeviceQuota": 1})[0] == 405
    assert lab.error("PUT", PATH, _policy(lab), app="reader")[0] == 403


def test_enrollment_is_for_signed_in_users_only(lab):
    for path in ("/policies/mobileDeviceManagementPolicies", MDM, MAM):
        assert lab.error("GET", path, version="beta")[::2] == (401, "Unsupported app-only call.")
        assert lab.error("GET", path, user=lab.admin)[0] == 400  # there is none in v1.0
    assert lab.error("PATCH", MDM, {"appliesTo": "none"}, version="beta")[0] == 401


def test_enrollment_policies_are_several_rows(lab):
    rows = lab.get("/policies/mobileDeviceManagementPolicies", version="beta", user=lab.admin)["value"]
    assert [row["displayName"] for row in rows] == ["Microsoft Intune", "Microsoft Intune Enrollment"]


@pytest.mark.parametrize(
    "body",
    [
        {"appliesTo": "none", "discoveryUrl": "https://mdm.example"},
        {"appliesTo": "selected"},
        {"appliesTo": "some"},
        {"displayName": "x"},
        {"includedGroups": []},
        {"colour": "blue"},
    ],
)
def test_enrollment_writes_that_are_refused(lab, body):
    assert lab.error("PATCH", MDM, body, version="beta", user=lab.admin)[0] == 400
    assert lab.tenant.mdm_policy["appliesTo"] == "all"


def test_groups_make_it_selected_and_all_drops_them(lab):
    def ask(*call):
        return lab.ask(*call, version="beta", user=lab.admin)

    group = lab.tenant.add_group("G", [lab.admin["id"]])
    reference = {"@odata.id": f"https://graph.microsoft.com/odata/groups('{group['id']}')"}
    assert ask("PATCH", MDM, {"discoveryUrl": "https://mdm.example/d"}).status == 204
    assert ask("POST", MDM + "/includedGroups/$ref", reference).status == 204
    assert ask("POST", MDM + "/includedGroups/$ref", reference).status == 400
    expanded = ask("GET", MDM + "?$expand=includedGroups").body
    assert (expanded["appliesTo"], expanded["includedGroups"][0]["id"]) == ("selected", group["id"])
    assert policy.mdm_applies(lab.tenant, lab.admin["id"]) and not policy.mdm_applies(lab.tenant, GUID)
    assert ask("PATCH", MDM, {"appliesTo": "all"}).status == 204
    assert ask("GET", MDM + "/includedGroups").body["value"] == []
    assert ask("DELETE", f"{MDM}/includedGroups/{group['id']}/$ref").status == 404


def test_only_what_exists_can_be_included(lab):
    for id_, status in ((GUID, 404), (lab.admin["id"], 404)):
        reference = {"@odata.id": f"https://graph.microsoft.com/beta/groups/{id_}"}
        assert lab.error("POST", MDM + "/includedGroups/$ref", reference, version="beta", user=lab.admin)[0] == status
    assert (
        lab.error("POST", MDM + "/includedGroups/$ref", {"@odata.id": GUID}, version="beta", user=lab.admin)[0] == 400
    )


def test_a_policy_that_is_not_valid_cannot_be_changed(lab):
    lab.tenant.mdm_policy["isValid"] = False
    assert lab.error("PATCH", MDM, {"appliesTo": "none"}, version="beta", user=lab.admin)[0] == 400


def test_v1_leaves_out_enrollment_configurations_that_only_beta_has_a_type_for(lab):
    path = "/deviceManagement/deviceEnrollmentConfigurations"
    kind = "#microsoft.graph.deviceEnrollmentPlatformRestrictionConfiguration"
    known = lab.tenant.enrollment_configurations
    known.append({**known[0], "@odata.type": kind, "id": "one_SinglePlatformRestriction"})
    new = len(lab.get(path, version="beta")["value"])
    assert new == len(known) and len(lab.get(path)["value"]) == new - 1
    assert kind not in {row["@odata.type"] for row in lab.get(path)["value"]}
