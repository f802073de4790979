# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's Windows Autopilot takes its time: imports, the list, synchronizations, profiles."""

from __future__ import annotations

import pytest

from tests.lab import hardware_hash
from tests.lab.tenant import objects

from .graph_lab import GraphLab

IDENTITIES = "/deviceManagement/windowsAutopilotDeviceIdentities"
IMPORTS = "/deviceManagement/importedWindowsAutopilotDeviceIdentities"
SETTINGS = "/deviceManagement/windowsAutopilotSettings"


@pytest.fixture
def lab() -> GraphLab:
    return GraphLab()


def take(lab: GraphLab, *serials: str, **given: str) -> list[str]:
    """Ids of the receipts of an import."""
    devices = [
        {"serialNumber": serial, "hardwareIdentifier": hardware_hash.make(serial), **given} for serial in serials
    ]
    return [row["id"] for row in lab.ask("POST", IMPORTS + "/import", {IMPORTS[18:]: devices}).body["value"]]


def state(lab: GraphLab, receipt: str) -> tuple[str, str]:
    found = lab.get(f"{IMPORTS}/{receipt}")["state"]
    return found["deviceImportStatus"], found["deviceErrorName"]


def listed(lab: GraphLab) -> list[str]:
    return sorted(row["serialNumber"] for row in lab.get(IDENTITIES)["value"])


def later(lab: GraphLab, seconds: float) -> None:
    lab.clock._now += seconds


def test_an_import_is_pending_then_complete_then_listed(lab):
    [receipt] = take(lab, "SN1", groupTag="desk")
    assert state(lab, receipt) == ("unknown", "") and listed(lab) == []
    later(lab, 31)
    assert state(lab, receipt) == ("complete", "") and listed(lab) == []
    later(lab, 20)
    assert listed(lab) == ["SN1"]
    [row] = lab.get(IDENTITIES)["value"]
    anchor = lab.get(f"/devices(deviceId='{row['azureActiveDirectoryDeviceId']}')")
    assert "[OrderId]:desk" in anchor["physicalIds"]


def test_a_second_import_of_a_device_is_an_error_with_its_name(lab):
    first, twin = take(lab, "SN1", "sn1")
    later(lab, 31)
    assert (state(lab, first)[0], state(lab, twin)) == ("complete", ("error", "ZtdDeviceAlreadyAssigned"))


def test_a_damaged_hash_is_an_error(lab):
    text = hardware_hash.damaged(hardware_hash.make("SN1"), "flipped")
    [receipt] = take(lab, "SN1", hardwareIdentifier=text)
    later(lab, 31)
    assert state(lab, receipt) == ("error", "InvalidZtdHardwareHash")


def test_a_synchronization_lists_what_is_hidden_and_is_throttled(lab):
    objects.add_autopilot(lab.tenant, "SN1", lab.clock.utc(), listed="after_sync")
    objects.add_autopilot(lab.tenant, "SN2", lab.clock.utc(), listed="never")
    later(lab, 9999)
    assert listed(lab) == []
    assert lab.ask("POST", SETTINGS + "/sync", version="beta").status == 204
    assert lab.get(SETTINGS, version="beta")["syncStatus"] == "inProgress"
    later(lab, 31)
    assert listed(lab) == ["SN1"] and lab.get(SETTINGS, version="beta")["syncStatus"] == "completed"
    assert lab.error("POST", SETTINGS + "/sync", version="beta")[0] == 429
    later(lab, 600)
    assert lab.ask("POST", SETTINGS + "/sync", version="beta").status == 204


def test_what_an_update_leaves_out_is_emptied(lab):
    found = objects.add_autopilot(lab.tenant, "SN1", lab.clock.utc(), group_tag="desk", user="admin@contoso.example")
    assert lab.ask("POST", f"{IDENTITIES}/{found['id']}/updateDeviceProperties", {"displayName": "D"}).status == 204
    assert (found["groupTag"], found["userPrincipalName"], found["displayName"]) == ("", "", "D")


@pytest.mark.parametrize(("user", "status"), [("nobody@contoso.example", 204), ("admin@fabrikam.example", 400)])
def test_of_a_user_the_domain_alone_is_looked_at(lab, user, status):
    found = objects.add_autopilot(lab.tenant, "SN1", lab.clock.utc())
    assert (
        lab.ask("POST", f"{IDENTITIES}/{found['id']}/assignUserToDevice", {"userPrincipalName": user}).status == status
    )


def test_a_receipt_may_outlive_its_deletion(lab):
    lab.tenant.autopilot_service["kept_receipts"] = {"SN1": 1}
    [receipt] = take(lab, "SN1")
    assert lab.ask("DELETE", f"{IMPORTS}/{receipt}").status == 204 and state(lab, receipt)
    assert lab.ask("DELETE", f"{IMPORTS}/{receipt}").status == 204
    assert lab.error("GET", f"{IMPORTS}/{receipt}")[0] == 404


def test_a_removal_may_take_its_time(lab):
    lab.tenant.autopilot_service["removal_seconds"] = 60.0
    found = objects.add_autopilot(lab.tenant, "SN1", lab.clock.utc())
    assert lab.ask("DELETE", f"{IDENTITIES}/{found['id']}").status == 204 and listed(lab) == ["SN1"]
    later(lab, 61)
    assert listed(lab) == []


def profile(lab: GraphLab, *targets: dict, usage: str = "singleUser") -> None:
    found = {
        "id": lab.tenant.object_id("profile"),
        "displayName": "P",
        "outOfBoxExperienceSetting": {"deviceUsageType": usage},
        "assignments": [{"id": str(number), "target": target} for number, target in enumerate(targets)],
    }
    lab.tenant.autopilot_profiles[found["id"]] = found


def assigned(lab: GraphLab) -> tuple[str, str | None]:
    [row] = lab.get(IDENTITIES, version="beta")["value"]
    return row["deploymentProfileAssignmentStatus"], row["deploymentProfileAssignmentDetailedStatus"]


def test_a_profile_follows_the_group_that_follows_the_registration(lab):
    rule = '(device.devicePhysicalIds -any (_ -eq "[OrderID]:desk"))'
    group = lab.tenant.add_group(
        "Desks", [], groupTypes=["DynamicMembership"], membershipRule=rule, membershipRuleProcessingState="On"
    )
    profile(lab, {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group["id"]})
    found = objects.add_autopilot(lab.tenant, "SN1", lab.clock.utc())
    assert assigned(lab)[0] == "notAssigned"
    lab.ask("POST", f"{IDENTITIES}/{found['id']}/updateDeviceProperties", {"groupTag": "desk"})
    assert assigned(lab)[0] == "pending"
    later(lab, 61)
    assert assigned(lab)[0] == "assignedUnkownSyncState"
    assert lab.get(f"{IDENTITIES}/{found['id']}", version="beta")["deploymentProfileAssignmentStatus"] == "unknown"
    assert "deploymentProfileAssignmentStatus" not in lab.get(IDENTITIES)["value"][0]


def test_a_device_without_a_tpm_does_not_get_a_self_deploying_profile(lab):
    profile(lab, {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}, usage="shared")
    take(lab, "SN1", hardwareIdentifier=hardware_hash.make("SN1", ek=None))
    later(lab, 60)
    assert assigned(lab)[0] == "pending"
    later(lab, 61)
    assert assigned(lab) == ("failed", "hardwareRequirementsNotMet")


def test_an_excluded_device_gets_no_profile(lab):
    found = objects.add_autopilot(lab.tenant, "SN1", lab.clock.utc())
    anchor = lab.tenant.device(found["azureActiveDirectoryDeviceId"])
    group = lab.tenant.add_group("Not these", [anchor["id"]])
    profile(
        lab,
        {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"},
        {"@odata.type": "#microsoft.graph.exclusionGroupAssignmentTarget", "groupId": group["id"]},
    )
    assert assigned(lab)[0] == "notAssigned"
