# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices removed from a tenant that answers some of the questions badly: the module against the lab, read past it."""

from __future__ import annotations

import typing as t

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.lab_tenant import LabTenant
from tests.integration.play import Player, Tasks

HOST = "localhost"
LIST = "^/deviceManagement/managedDevices$"
#: By device: the faults of its own questions, with {id} for its device id and {record} for that of its Intune record;
#: and whether Intune, Windows Autopilot and the directory have it afterwards.
TROUBLES: dict[str, tuple[list[dict[str, t.Any]], tuple[bool, bool, bool]]] = {
    "fine": ([], (False, False, False)),
    "behind-a-page": ([{"kind": "empty_first_page", "path": LIST, "query": "{id}"}], (False, False, False)),
    "expired-once": (
        [
            {"kind": "empty_first_page", "path": LIST, "query": "{id}"},
            {"kind": "expired_page", "path": LIST, "query": "{id}.*skiptoken"},
        ],
        (False, False, False),
    ),
    "challenged": (
        [{"kind": "claims_challenge", "path": LIST, "query": "{id}", "times": None}],
        (False, False, False),
    ),
    "expired-twice": (
        [
            {"kind": "empty_first_page", "path": LIST, "query": "{id}", "times": 2},
            {"kind": "expired_page", "path": LIST, "query": "{id}.*skiptoken", "times": 2},
        ],
        (True, True, True),
    ),
    "in-a-circle": (
        [{"kind": "empty_first_page", "path": LIST, "query": "{id}", "times": None}],
        (True, True, True),
    ),
    "foreign": (
        [
            {"kind": "empty_first_page", "path": LIST, "query": "{id}"},
            {"kind": "foreign_next_link", "path": LIST, "query": "{id}"},
        ],
        (True, True, True),
    ),
    "unreadable": ([{"kind": "odd_answer", "path": LIST, "query": "{id}", "body": "none"}], (True, True, True)),
    "unreadable-behind": (
        [
            {"kind": "empty_first_page", "path": LIST, "query": "{id}"},
            {"kind": "odd_answer", "path": LIST, "query": "{id}.*skiptoken", "body": {"value": [{"id": 5}]}},
        ],
        (True, True, True),
    ),
    "refused": ([{"kind": "forbidden", "path": LIST, "query": "{id}"}], (True, True, True)),
    "throttled": (
        [{"kind": "throttle", "path": LIST, "query": "{id}", "retry_after": 3000, "times": None}],
        (True, True, True),
    ),
    "not-deleted": (
        [{"kind": "forbidden", "path": "managedDevices/{record}", "methods": ["DELETE"]}],
        (True, True, True),
    ),
    "not-looked-at": (
        [{"kind": "forbidden", "path": "managedDevices/{record}", "methods": ["GET"]}],
        (False, True, True),
    ),
}


@pytest.fixture(scope="module")
def tenant(start_fleet: StartFleet, player: Player) -> LabTenant:
    scenario = {
        "tenants": {"main": {"name": "Contoso", "autopilot": [{"serial": f"SN-{name}"} for name in TROUBLES]}},
        "devices": [{"kind": "joined", "name": name, "device": {"serial": f"SN-{name}"}} for name in TROUBLES],
    }
    return LabTenant(start_fleet(scenario), player)


@pytest.fixture(scope="module")
def records(tenant: LabTenant) -> dict[str, dict[str, t.Any]]:
    """What an inventory has recorded. Each device is tied to its registration, as after a deployment."""
    state, found = tenant.state(), {}
    registered = {row["serialNumber"]: row["id"] for row in state["autopilot_devices"].values()}
    managed = {row["azureADDeviceId"]: row["id"] for row in state["managed_devices"].values()}
    for name in TROUBLES:
        device_id = tenant.lab.get(f"/devices/{name}")["join"]["device_id"]
        tenant.lab.patch(f"/tenant/devices/{device_id}", {"physicalIds": [f"[ZTDID]:{registered[f'SN-{name}']}"]})
        found[name] = {
            "device": name,
            "device_id": device_id,
            "intune_device_id": managed[device_id],
            "autopilot_id": registered[f"SN-{name}"],
            "serial_number": f"SN-{name}",
        }
    return found


def held(tenant: LabTenant, records: dict[str, dict[str, t.Any]]) -> dict[str, tuple[bool, bool, bool]]:
    state = tenant.state()
    devices = {row["deviceId"] for row in state["devices"].values()}
    return {
        name: (
            record["intune_device_id"] in state["managed_devices"],
            record["autopilot_id"] in state["autopilot_devices"],
            record["device_id"] in devices,
        )
        for name, record in records.items()
    }


def test_a_trouble_with_one_device_keeps_it_in_order_and_the_others_go(tenant, records):
    """Of all of them at once: shown, removed, and once more without troubles."""
    most = {"devices": list(records.values()), "max_deletions": len(records)}
    task: Tasks = [{"name": "remove", "winops.entra.device_removal": most}]
    info: Tasks = [
        {
            "name": "look",
            "winops.entra.directory_device_info": {
                "device_ids": [record["device_id"] for record in records.values()],
                "intune": True,
            },
        }
    ]
    assert set(held(tenant, records).values()) == {(True, True, True)}
    _set(tenant, records)
    shown = tenant.run(info)
    assert shown.exit_code == 0, shown.output
    assert held(tenant, records) == dict.fromkeys(records, (True, True, True))
    by_id = {device["device_id"]: device for device in shown.result(HOST, "look")["devices"]}
    for name, record in records.items():
        found = by_id[record["device_id"]]
        unread = name not in ("not-deleted", "not-looked-at") and TROUBLES[name][1][0]
        assert (found["intune"] is None, found["intune_records"], bool(found["refused"])) == (
            unread,
            None if unread else 1,
            unread,
        ), name

    tokens = tenant.token_requests()
    _set(tenant, records)
    applied = tenant.run(task)
    assert held(tenant, records) == {name: after for name, (_faults, after) in TROUBLES.items()}, applied.output[-3000:]
    result = applied.result(HOST, "remove")
    assert applied.exit_code != 0 and tenant.token_requests() == tokens + 2  # one is for the claims that were demanded
    told = {device["device"]: device for device in result["devices"]}
    for name, (_faults, after) in TROUBLES.items():
        left_out = after == (True, True, True) and name != "not-deleted"
        assert bool(told[name]["problem"]) is left_out, name
    assert told["not-looked-at"]["intune"]["outcome"] == "changed" and told["not-looked-at"]["intune"]["error"]
    assert told["not-deleted"]["intune"]["outcome"] == "failed"

    tenant.lab.delete("/tenant/faults")
    again = tenant.run(task)
    assert again.exit_code == 0, again.output
    assert set(held(tenant, records).values()) == {(False, False, False)}


def _set(tenant: LabTenant, records: dict[str, dict[str, t.Any]]) -> None:
    tenant.lab.delete("/tenant/faults")
    for name, (faults, _after) in TROUBLES.items():
        words = {"{id}": records[name]["device_id"], "{record}": records[name]["intune_device_id"]}
        for fault in faults:
            filled = dict(fault)
            for option in ("path", "query"):
                for word, value in words.items():
                    if option in filled:
                        filled[option] = filled[option].replace(word, value)
            tenant.lab.post("/tenant/faults", filled)


# --- a device that has taken another one's serial number --------------------------------------------------------------


def test_a_serial_number_takes_nothing_of_another_device(start_fleet, player):
    """The thieves keep their own id and key; one hides that it is enrolled. The owner is registered with Autopilot.
    About a fourth device Intune does not answer, which keeps nobody else."""
    takes = {"claims": {"device": "owner", "how": "serial"}}
    lab = start_fleet(
        {
            "tenants": {"main": {"name": "Contoso", "autopilot": [{"serial": "SN-OWNER"}]}},
            "devices": [
                {"kind": "joined", "name": "owner", "device": {"serial": "SN-OWNER"}},
                {"kind": "joined", "name": "unenrolled", "device": {**takes, "mdm": "none"}},
                {"kind": "joined", "name": "enrolled", "device": takes},
                {"kind": "joined", "name": "unread"},
            ],
        }
    )
    tenant = LabTenant(lab, player)
    ids = {name: lab.get(f"/devices/{name}")["join"]["device_id"] for name in ("unenrolled", "unread")}
    lab.post("/tenant/faults", {"kind": "odd_answer", "path": LIST, "query": ids["unread"], "body": "x", "times": None})
    before = tenant.state()
    play = player.run(
        lab,
        [
            {
                "hosts": ["unenrolled", "enrolled", "unread"],
                "gather_facts": False,
                "module_defaults": {"group/winops.entra.tenant": tenant.credential()},
                "roles": [{"role": "winops.entra.disconnect"}],
            }
        ],
        variables={
            "disconnect_remove_from_tenant": True,
            "disconnect_poll_interval": 1,
            "lab_secrets": tenant.secrets,
        },
    )
    after = tenant.state()
    assert after["autopilot_devices"] == before["autopilot_devices"], play.output[-3000:]
    assert set(after["managed_devices"]) == set(before["managed_devices"])
    gone = {row["deviceId"] for row in before["devices"].values()} - {
        row["deviceId"] for row in after["devices"].values()
    }
    assert gone == {ids["unenrolled"]}, play.output[-3000:]
    [removal] = play.results("Remove the objects of all devices that have left from the tenant").values()
    [warning] = [text for text in removal["warnings"] if "Windows Autopilot registration" in text]
    assert "serial number" in warning
    said = play.results("Fail if the objects in the tenant are not certainly its own")
    assert "its serial number is SN-OWNER" in said["enrolled"]["msg"]
    assert "its record in Intune could not be read" in said["unread"]["msg"]
    assert removal["error"]["name"] == "unreadable_answer" and play.recap["unenrolled"]["failures"] == 0
