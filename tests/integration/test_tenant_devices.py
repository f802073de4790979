# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Device objects of the lab's tenant: found, changed as a check said, left alone by a second run, and told apart."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.lab_tenant import LabTenant
from tests.integration.play import PATIENCE, ROOT, Player, Tasks

CONTRACT = ROOT.parent / "shared" / "graph" / "validate.py"
HOST = "localhost"
HOSTILE = "O'Brien's 100 % \"PC\" \\ Büro 日本"
SCENARIO = {
    "tenants": {
        "main": {
            "name": "Contoso",
            "domain": "contoso.example",
            "users": {"anna": {"devices": 2}},
            "devices": [
                {"name": "OLD", "count": 30, "days": 200},
                {"name": "FRESH", "count": 3, "days": 1},
                {
                    "name": "TAGGED",
                    "properties": {
                        "extensionAttributes": {"extensionAttribute2": "kept"},
                        "isCompliant": True,
                        "enrollmentProfileName": "Kiosks",
                    },
                },
                {"name": "NEVER", "days": 300, "signed_in": False},
                {"name": "HYBRID", "trust": "ServerAd", "days": 200},
                {"name": HOSTILE},
                {"name": "PHONE", "trust": "Workplace", "properties": {"operatingSystem": "iOS"}},
            ],
            "autopilot": [{"serial": "SN001", "group_tag": "kiosk"}],
        }
    },
    "devices": [{"kind": "joined", "count": 2}],
}
OLD = [f"OLD-{number:05d}" for number in range(1, 31)]


@pytest.fixture(scope="module")
def tenant(start_fleet: StartFleet, player: Player) -> LabTenant:
    return LabTenant(start_fleet(SCENARIO), player)


def objects(tenant: LabTenant) -> dict[str, dict]:
    """The device objects by name."""
    return {device["displayName"]: device for device in tenant.state()["devices"].values()}


def task(name: str, **options) -> Tasks:
    return [{"name": name, "winops.entra.directory_device": options}]


def find(name: str, **options) -> Tasks:
    return [{"name": name, "winops.entra.directory_device_info": options}]


def names(play, task_name: str) -> list[str]:
    return [device["name"] for device in play.result(HOST, task_name)["devices"]]


@pytest.mark.parametrize(
    "options, expected",
    [
        ({"state": "disabled", "names": OLD}, {"accountEnabled": False}),
        (
            {"names": ["TAGGED"], "extension_attributes": {"extensionAttribute1": "rollout", "extensionAttribute9": 9}},
            {
                "extensionAttributes": {
                    "extensionAttribute1": "rollout",
                    "extensionAttribute2": "kept",
                    "extensionAttribute9": "9",
                }
            },
        ),
        ({"names": [HOSTILE], "state": "disabled"}, {"accountEnabled": False}),
    ],
    ids=["disable 30", "tag", "hostile name"],
)
def test_a_change_arrives_as_checked_and_the_second_run_changes_nothing(tenant, options, expected):
    before = objects(tenant)
    checked = tenant.run(task("change", **options), "--check", "--diff")
    assert objects(tenant) == before
    applied = tenant.run(task("change", **options), "--diff")
    assert applied.exit_code == 0, applied.output
    after = objects(tenant)
    for name, device in after.items():
        for label, value in device.items():
            wanted = expected.get(label) if name in options["names"] else None
            if isinstance(wanted, dict):
                assert {key: text for key, text in value.items() if text} == wanted
            else:
                assert value == (before[name][label] if wanted is None else wanted)
    said, done = checked.result(HOST, "change"), applied.result(HOST, "change")
    assert said["changed"] is True and said["diff"] == done["diff"] and len(done["changes"]) == len(options["names"])
    again = tenant.run(task("change", **options), "--diff")
    assert again.result(HOST, "change")["changed"] is False and again.exit_code == 0


def test_deletions_are_counted_before_the_first(tenant):
    play = tenant.run(task("delete", names=OLD[:6], state="absent"))
    refused = play.result(HOST, "delete")
    assert refused["error"]["name"] == "too_many_deletions" and "look at the list" in refused["msg"]
    assert [(one["name"], one["state"], one["outcome"]) for one in refused["devices"]] == [
        (name, "disabled", "skipped") for name in OLD[:6]
    ]
    assert set(OLD) <= set(objects(tenant))
    play = tenant.run(
        task("delete", names=OLD[:6], state="absent", max_deletions=6) + task("again", names=OLD[:6], state="absent")
    )
    assert play.result(HOST, "delete")["changed"] is True and play.result(HOST, "again")["changed"] is False
    assert set(objects(tenant)) & set(OLD) == set(OLD[6:])


def test_an_autopilot_anchor_stays(tenant):
    refused = tenant.run(task("delete", names=["SN001"], state="absent"))
    assert refused.result(HOST, "delete")["error"]["name"] == "autopilot_anchor"
    told = tenant.run(task("delete", names=["SN001"], state="absent", allow_autopilot=True)).result(HOST, "delete")
    assert told["error"]["name"] == "partly_done" and "Autopilot registration first" in told["error"]["fix"]
    assert "SN001" in objects(tenant)


def test_part_of_a_batch_that_fails_is_told_by_device(tenant):
    """An application may not disable a device that does not run Windows."""
    result = tenant.run(task("disable", names=["FRESH-00001", "PHONE", "FRESH-00002"], state="disabled")).result(
        HOST, "disable"
    )
    assert {device["name"]: device["outcome"] for device in result["devices"]} == {
        "FRESH-00001": "changed",
        "PHONE": "failed",
        "FRESH-00002": "changed",
    }
    assert result["changed"] is True and len(result["changes"]) == 2
    now = objects(tenant)
    assert [now[name]["accountEnabled"] for name in ("FRESH-00001", "PHONE", "FRESH-00002")] == [False, True, False]


def test_writes_that_show_late_and_items_that_are_throttled(tenant):
    tenant.lab.post("/tenant/settings", {"lag": 2})
    tenant.lab.post("/tenant/faults", {"kind": "throttle", "methods": ["PATCH"], "times": 2, "retry_after": 1})
    try:
        play = tenant.run(task("enable", names=["FRESH-00001", "FRESH-00002"], state="enabled"))
    finally:
        tenant.lab.post("/tenant/settings", {"lag": 0})
    assert play.result(HOST, "enable")["changed"] is True and play.exit_code == 0
    assert objects(tenant)["FRESH-00001"]["accountEnabled"] is True


def test_devices_are_found_by_what_they_are(tenant):
    play = tenant.run(
        find("stale", join_type="entra", stale_days=150)
        + find("hybrid", join_type="hybrid")
        + find("owner", owner="anna@contoso.example")
        + find("hostile", names=[HOSTILE])
        + find("managed", managed=True)
        + find("everything", intune=True, autopilot=True)
    )
    assert play.exit_code == 0, play.output
    assert set(names(play, "stale")) == {*OLD[6:], "NEVER"}  # SN001 never signed in, but waits for its deployment
    assert names(play, "hybrid") == ["HYBRID"] and names(play, "hostile") == [HOSTILE]
    assert sorted(names(play, "owner")) == ["ANNA-1", "ANNA-2"]
    everything = {device["name"]: device for device in play.result(HOST, "everything")["devices"]}
    assert set(everything) == set(objects(tenant))
    assert everything["SN001"]["autopilot"]["serial_number"] == "SN001" and everything["OLD-00007"]["autopilot"] is None
    managed = {device["azureADDeviceId"] for device in tenant.state()["managed_devices"].values()}
    assert {device["device_id"] for device in everything.values() if device["intune"]} == managed
    assert {device["device_id"] for device in play.result(HOST, "managed")["devices"]} == managed and managed


def test_named_devices_with_intune_beside_them(tenant):
    managed = [device["azureADDeviceId"] for device in tenant.state()["managed_devices"].values()]
    play = tenant.run(find("joined", device_ids=[*managed, "00000000-1111-2222-3333-444444444444"], intune=True))
    result = play.result(HOST, "joined")
    assert [device["device_id"] for device in result["devices"]] == managed
    assert all(device["intune"]["id"] for device in result["devices"])
    assert result["missing"]["device_ids"] == ["00000000-1111-2222-3333-444444444444"]


@pytest.mark.parametrize(
    "application, tasks, permission",
    [
        ("nothing", find("read"), "Device.Read.All"),
        ("device_reader", find("read", intune=True), "DeviceManagementManagedDevices.Read.All"),
        ("device_reader", task("read", names=["HYBRID"], state="disabled"), "Device.ReadWrite.All"),
    ],
    ids=["read", "intune", "write"],
)
def test_a_missing_permission_is_named(tenant, application, tasks, permission):
    play = tenant.run(tasks, sign_in=tenant.credential(application))
    result = play.result(HOST, "read")
    assert play.status(HOST, "read") == "failed"
    assert result["error"]["permissions"] == [permission] and permission in result["msg"]


@pytest.mark.skipif(not CONTRACT.exists(), reason="needs ../shared/graph, the description of Graph")
def test_everything_sent_and_answered_is_as_microsoft_describes_it(tenant):
    """Last, over all that the tests above exchanged."""
    check = subprocess.run(
        [sys.executable, str(CONTRACT), str(tenant.lab.out / "graph.jsonl")],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert check.returncode == 0, check.stdout[-3000:] + check.stderr[-1000:]
