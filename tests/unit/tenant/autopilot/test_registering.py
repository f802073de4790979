# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices are registered, each with an outcome of its own, over the lab's Windows Autopilot."""

from __future__ import annotations

import json

import httpx
import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.tenant.autopilot import imports
from tests.lab import hardware_hash
from tests.lab.tenant import Tenant, objects

from .registering import DOMAIN, device, hash_of, names, outcomes

ADA, BOB = f"ada@{DOMAIN}", f"bob@{DOMAIN}"
IMPORTS = "importedWindowsAutopilotDeviceIdentities"


def test_check_mode_sends_nothing_and_says_what_the_run_does(office):
    entries = [
        device("SN-1", group_tag="desk", assigned_user=ADA, display_name="D1"),
        {"serial_number": "sn-2 ", "group_tag": "kiosk"},
        {"serial_number": "SN-3", "group_tag": "same"},
    ]
    office.known("SN-2", userPrincipalName=BOB, addressableUserName="Bobby", displayName="Front desk")
    office.known("SN-3", groupTag="same")
    checked = office.register(*entries, check_mode=True)
    assert office.writes == []
    done = office.register(*entries)
    assert (checked["changes"], checked["diff"]) == (done["changes"], done["diff"])
    assert outcomes(checked) == outcomes(done) == ["changed", "changed", "unchanged"]
    assert [change["what"] for change in done["changes"]] == [
        "Windows Autopilot registration of sn-2",
        "Windows Autopilot registration of SN-1",
    ]
    new, tagged = office.registration("SN-1"), office.registration("SN-2")
    assert (new["userPrincipalName"], new["addressableUserName"], new["displayName"]) == (ADA, "Ada", "D1")
    # What was not given is sent as it is: the service empties what a request leaves out.
    assert (tagged["groupTag"], tagged["userPrincipalName"]) == ("kiosk", BOB)
    assert (tagged["addressableUserName"], tagged["displayName"]) == ("Bobby", "Front desk")
    before = len(office.writes)
    assert office.register(*entries)["changed"] is False and len(office.writes) == before


def test_what_is_given_alone_is_sent_in_an_import(office):
    office.register(device("SN-1"), device("SN-2", group_tag="g", product_id="P-1"))
    [body] = [body for label, body in zip(office.exchanges, office.bodies) if label.endswith("/import")]
    assert [sorted(one) for one in body["importedWindowsAutopilotDeviceIdentities"]] == [
        ["hardwareIdentifier", "serialNumber"],
        ["groupTag", "hardwareIdentifier", "productKey", "serialNumber"],
    ]


def test_a_user_is_cleared_only_where_that_is_said(office):
    office.known("SN-1", userPrincipalName=ADA, addressableUserName="Ada", groupTag="g", displayName="n")
    assert office.register({"serial_number": "SN-1", "group_tag": "g"})["changed"] is False
    done = office.register({"serial_number": "SN-1", "clear": ["assigned_user", "display_name"]})
    row = office.registration("SN-1")
    assert (row["userPrincipalName"], row["addressableUserName"], row["displayName"]) == ("", "", "")
    assert row["groupTag"] == "g" and outcomes(done) == ["changed"]
    assert [change["what"] for change in done["changes"]] == [
        "user of the Windows Autopilot registration of SN-1",
        "Windows Autopilot registration of SN-1",
    ]


def test_another_user_is_greeted_by_another_name(office):
    office.known("SN-1", userPrincipalName=ADA, addressableUserName="Ada")
    office.register({"serial_number": "SN-1", "assigned_user": BOB.upper()})
    row = office.registration("SN-1")
    assert (row["userPrincipalName"], row["addressableUserName"]) == (BOB, "Bob")
    assert office.register({"serial_number": "SN-1", "assigned_user": BOB})["changed"] is False


def test_a_device_with_a_bad_user_is_left_out_before_anything_is_sent(office):
    users = {"none": "user_not_found", "dan": "user_disabled", "gus": "user_is_guest", "una": "user_without_licence"}
    entries = [device(f"SN-{name}", assigned_user=f"{name}@{DOMAIN}") for name in users]
    result = office.register(*entries, device("SN-good", assigned_user=ADA))
    assert names(result) == [*users.values(), None] and result["error"]["name"] == "partly_done"
    assert outcomes(result) == ["failed"] * 4 + ["changed"] and set(office.imported) == {"SN-good"}
    allowed = office.register(device("SN-una", assigned_user=f"una@{DOMAIN}"), require_licence=False)
    assert outcomes(allowed) == ["changed"]


def test_users_are_read_in_one_batch_however_many_devices_they_have(office):
    office.register(*(device(f"SN-{number}", assigned_user=(ADA, BOB)[number % 2]) for number in range(30)))
    asked = [
        item["url"].partition("?")[0]
        for label, body in zip(office.exchanges, office.bodies)
        if label == "POST /$batch"
        for item in body["requests"]
        if item["url"].startswith("/users/")
    ]
    assert asked == ["/users/ada%40contoso.example", "/users/bob%40contoso.example"]


def test_each_error_of_the_service_is_the_devices_own(office):
    other = Tenant("11111111-3f38-4e38-9d7b-0f6f3f6a1c55", "Fabrikam", ["fabrikam.example"])
    office.lab.directory.tenants[other.id] = other
    objects.add_autopilot(other, "SN-other", office.lab.clock.utc())
    office.tenant.autopilot_service["errors"] = {
        "SN-another": ["ZtdDeviceAssignedToAnotherTenant"],
        "SN-hash": ["InvalidZtdHardwareHash"],
        "SN-later": ["StorageError"],
        "SN-never": ["StorageError"] * 5,
        "SN-new": ["SomethingNew"],
    }
    serials = ["SN-other", "SN-another", "SN-hash", "SN-later", "SN-never", "SN-new", "SN-good"]
    result = office.register(*(device(serial) for serial in serials))
    assert names(result) == [
        *("registered_elsewhere", "registered_elsewhere", "bad_hardware_hash", None),
        *("import_storage_error", "import_refused", None),
    ]
    assert [one["import_error"] for one in result["devices"]][:3] == [
        *("ZtdDeviceAssignedToOtherTenant", "ZtdDeviceAssignedToAnotherTenant", "InvalidZtdHardwareHash")
    ]
    assert result["devices"][0]["error"]["code"] == "808 ZtdDeviceAssignedToOtherTenant"
    assert result["summary"] == {"changed": 2, "failed": 5, "pending": 0, "skipped": 0, "unchanged": 0, "unknown": 0}
    assert office.imported["SN-later"] == 2 and office.imported["SN-never"] == imports.MOST_TRIES
    assert office.tenant.autopilot_imports == {}


def test_already_assigned_is_a_success_once_it_is_listed(office):
    office.known("SN-1", listed="after_sync", groupTag="old")
    office.known("SN-2", listed="never")
    result = office.register(device("SN-1", group_tag="new"), device("SN-2"))
    assert outcomes(result) == ["changed", "failed"] and names(result) == [None, "registered_not_listed"]
    assert office.registration("SN-1")["groupTag"] == "new"
    assert office.exchanges.count("POST /deviceManagement/windowsAutopilotSettings/sync") == 1
    again = office.register(device("SN-1", group_tag="new"), device("SN-2"), listing_timeout=60)
    # Ten minutes have not passed, so that the service is not asked for another one.
    assert office.exchanges.count("POST /deviceManagement/windowsAutopilotSettings/sync") == 1
    assert outcomes(again) == ["unchanged", "failed"]


def test_a_throttled_synchronization_is_a_warning(office, monkeypatch):
    office.known("SN-1", listed="never")
    office.tenant.autopilot_service["last_manual_sync"] = objects.utc_seconds(office.lab.clock.utc())
    later = office.lab.clock.utc().replace(year=2027)
    monkeypatch.setattr(
        "ansible_collections.winops.entra.plugins.plugin_utils.tenant.autopilot.sync.now", lambda: later
    )
    slept = office.lab.clock.elapsed()
    result = office.register(device("SN-1"), listing_timeout=30)
    assert any("synchronization" in warning for warning in result["warnings"])
    assert names(result) == ["registered_not_listed"] and office.lab.clock.elapsed() - slept < 200


def test_a_duplicate_follows_its_twin(office):
    """Somebody else's import of the same device is open while this one is decided."""
    office.tenant.autopilot_service["errors"] = {"SN-1": ["ZtdDeviceDuplicated"]}

    def another(number: int, sent: bool) -> None:
        if sent and office.exchanges[-1].endswith("/import") and len(office.tenant.autopilot_imports) == 1:
            from tests.lab.tenant import autopilot

            body = {"serialNumber": "SN-1", "hardwareIdentifier": hash_of("SN-1")}
            autopilot.accept(office.lab.directory, office.tenant, body)["due"] += 60

    office.trouble = another
    result = office.register(device("SN-1"))
    assert outcomes(result) == ["changed"] and result["devices"][0]["registered"] is True


def test_an_import_that_has_not_ended_is_pending_and_continued(office):
    office.tenant.autopilot_service["import_seconds"] = 5000.0
    result = office.register(device("SN-1"), import_timeout=60)
    assert outcomes(result) == ["pending"] and names(result) == ["import_pending"] and result["changed"]
    assert result["devices"][0]["registered"] is None
    office.pass_time(6000)
    again = office.register(device("SN-1"))
    assert outcomes(again) == ["changed"] or outcomes(again) == ["unchanged"]
    assert office.imported == {"SN-1": 1} and office.tenant.autopilot_imports == {}


def test_an_old_receipt_does_not_keep_a_removed_device_from_being_registered(office):
    office.register(device("SN-1"), import_timeout=1)
    office.pass_time(600)
    office.register(device("SN-1"), state="absent")
    office.lab.ask("GET", "/deviceManagement/windowsAutopilotDeviceIdentities")
    office.tenant.autopilot_devices.clear()
    assert len(office.tenant.autopilot_imports) == 1
    result = office.register(device("SN-1"))
    assert outcomes(result) == ["changed"] and len(office.tenant.autopilot_devices) == 1
    assert office.tenant.autopilot_imports == {}


def test_receipts_that_stay_are_deleted_again_and_told_of(office):
    office.tenant.autopilot_service["kept_receipts"] = {"SN-1": 1, "SN-2": 99}
    result = office.register(device("SN-1"), device("SN-2"))
    assert outcomes(result) == ["changed", "changed"]
    assert [row["serialNumber"] for row in office.tenant.autopilot_imports.values()] == ["SN-2"]
    assert any("1 receipts of imports stay" in warning for warning in result["warnings"])


def test_a_chunk_has_at_most_a_hundred_devices_and_the_next_waits_for_it(office):
    office.register(*(device(f"SN-{number}") for number in range(205)))
    sizes = [
        len(body["importedWindowsAutopilotDeviceIdentities"])
        for label, body in zip(office.exchanges, office.bodies)
        if label.endswith("/import")
    ]
    assert sizes == [100, 100, 5]
    starts = [place for place, label in enumerate(office.exchanges) if label.endswith("/import")]
    assert "POST /$batch" in office.exchanges[starts[0] : starts[1]]


def test_of_a_body_that_is_not_taken_the_wrong_device_is_found(office):
    service = office._handle

    async def picky(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/import") and b'"SN-3"' in request.content:
            return httpx.Response(400, json={"error": {"code": "BadRequest", "message": "An error has occurred"}})
        return await service(request)

    office._handle = picky
    result = office.register(*(device(f"SN-{number}") for number in range(7)))
    assert outcomes(result) == ["changed"] * 3 + ["failed"] + ["changed"] * 3
    assert len(office.tenant.autopilot_devices) == 6


@pytest.mark.parametrize("status", [403, 401])
def test_who_may_not_import_is_told_before_the_second_chunk(office, status):
    async def refuses(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/import"):
            return httpx.Response(status, json={"error": {"code": "Forbidden", "message": "no"}})
        return await service(request)

    service, office._handle = office._handle, refuses
    result = office.register(*(device(f"SN-{number}") for number in range(205)))
    assert result["failed"] and result["error"]["permissions"] in ([], ["DeviceManagementServiceConfig.ReadWrite.All"])
    assert sum(label.endswith("/import") for label in office.exchanges) <= 1 and outcomes(result)[0] == "skipped"


def test_a_failed_precondition_is_tried_again(office):
    office.known("SN-1")
    service, refused = office._handle, []

    async def loaded(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("updateDeviceProperties") and len(refused) < 2:
            refused.append(request)
            return httpx.Response(412, json={"error": {"code": "ConditionNotMet", "message": "ConditionNotMet"}})
        return await service(request)

    office._handle = loaded
    assert outcomes(office.register({"serial_number": "SN-1", "group_tag": "g"})) == ["changed"]
    assert len(refused) == 2


def test_devices_with_one_placeholder_are_told_apart_by_their_ids(office):
    rows = [office.known("Default string"), office.known("Default string ")]
    tags = ["a", "b"]
    done = office.register(
        *(
            {"serial_number": "Default string", "autopilot_id": row["id"], "group_tag": tag}
            for row, tag in zip(rows, tags)
        )
    )
    assert [row["groupTag"] for row in rows] == tags == [one["group_tag"] for one in done["devices"]]
    assert len({change["what"] for change in done["changes"]}) == 2


def test_a_connection_that_breaks_is_told_of_every_device_that_is_not_done(office, monkeypatch):
    monkeypatch.setattr(imports, "CHUNK_SIZE", 2)
    office.known("SN-0", listed="after_sync")
    sent: list[int] = []

    def breaks(number: int, after: bool) -> None:
        if not after and office.exchanges[-1].endswith("/import"):
            sent.append(number)
        if len(sent) > 1:
            raise httpx.ReadError("gone")

    office.trouble = breaks
    result = office.register(*(device(f"SN-{number}") for number in range(5)))
    assert outcomes(result) == ["skipped", "changed", "unknown", "unknown", "skipped"]
    assert all(one["error"] for one in result["devices"] if one["outcome"] != "changed")
    assert result["error"]["name"] == "partly_done" and result["error"]["side"] == "network"


def test_no_more_is_sent_while_nothing_of_a_chunk_ends(office, monkeypatch):
    monkeypatch.setattr(imports, "CHUNK_SIZE", 2)
    office.tenant.autopilot_service["import_seconds"] = 5000.0
    result = office.register(*(device(f"SN-{number}") for number in range(5)), import_timeout=60)
    assert outcomes(result) == ["pending", "pending", "skipped", "skipped", "skipped"]
    assert names(result)[2:] == ["import_not_tried"] * 3 and len(office.imported) == 2


def test_an_unassignment_that_breaks_keeps_the_other_changes_from_being_called_done(office):
    office.known("SN-1", userPrincipalName=ADA, groupTag="old")
    office.known("SN-2", groupTag="old")

    def breaks(number: int, after: bool) -> None:
        if "unassignUserFromDevice" in office.exchanges[-1]:
            raise httpx.ReadError("gone")

    office.trouble = breaks
    entries = [{"serial_number": "SN-1", "clear": ["assigned_user"]}, {"serial_number": "SN-2", "group_tag": "new"}]
    result = office.register(*entries)
    assert result["failed"] and all(one["error"] for one in result["devices"])
    assert (
        set(outcomes(result)) <= {"failed", "unknown", "skipped"} and office.registration("SN-2")["groupTag"] == "old"
    )


def test_the_progress_is_shown(office):
    office.register(device("SN-1"))
    assert any("0 of 1 imports have ended" in sentence for sentence in office.sentences)


def test_hashes_do_not_come_back(office):
    text = hardware_hash.make("SN-1")
    assert text[:60] not in json.dumps(office.register(device("SN-1", hardware_hash=text)))


def test_an_approval_is_asked_for_the_import_and_not_for_what_does_no_harm(office):
    office.tenant.approvals.protect, office.tenant.approvals.decide = ["tenantConfiguration"], "approve"
    given = [device("SN-1"), device("SN-2")]
    result = office.register(*given, approval_justification="Rollout of March", approval_timeout=3600)
    assert outcomes(result) == ["changed", "changed"] and office.imported == {"SN-1": 1, "SN-2": 1}
    asked = [one.path.rpartition("/")[2] for one in office.tenant.approvals.requests.values()]
    assert asked == ["import"]
    assert any("synchronization" in warning for warning in result["warnings"])
    assert any("2 receipts of imports stay" in warning for warning in result["warnings"])
    assert outcomes(office.register(*given, approval_justification="Rollout of March")) == ["unchanged"] * 2
    assert len(office.tenant.approvals.requests) == 1
