# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wipes and unblocked deployments over the lab's Graph in one process."""

from __future__ import annotations

import copy
import typing as t

import httpx
import pytest

from ansible_collections.winops.entra.plugins.modules.managed_device_reset import ARGUMENT_SPEC
from ansible_collections.winops.entra.plugins.plugin_utils.options import TENANT_SPEC
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.devices import managed_reset
from tests.lab.tenant import objects

from ..lab_bench import LabBench

SPEC = {"timeout": TENANT_SPEC["timeout"], **ARGUMENT_SPEC}
NOBODY = "0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f"


class Resetting(LabBench):
    """The tenant manages ``LAB-1`` to ``LAB-7``; the sixth is a Mac, and two have a placeholder for a serial number."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = {f"LAB-{number}": self.manage(f"LAB-{number}") for number in range(1, 8)}
        self.rows["LAB-6"]["operatingSystem"] = "macOS"
        self.placeholder = self.manage("Default string")

    @property
    def tenant(self) -> t.Any:
        return self.lab.tenant

    def manage(self, serial: str) -> dict[str, t.Any]:
        identity = self.tenant.object_id(f"managed/{serial}")
        row = {
            "id": identity,
            "deviceName": f"PC-{serial}"[:15],
            "serialNumber": serial,
            "azureADDeviceId": self.tenant.object_id(f"device/{serial}"),
            "operatingSystem": "Windows",
        }
        self.tenant.managed_devices[identity] = row
        return row

    def entry(self, serial: str, **changes: t.Any) -> dict[str, t.Any]:
        return {"serial_number": serial, "intune_device_id": self.rows[serial]["id"], **changes}

    def reset(self, *entries: dict[str, t.Any], check_mode: bool = False, **options: t.Any) -> dict[str, t.Any]:
        given = {"action": "wipe", **options, "devices": list(entries)}
        return self.run(managed_reset.ensure, SPEC, given, check_mode)

    def writes(self) -> list[tuple[str, t.Any]]:
        """(path, body) of each request that changes something."""
        found = []
        for exchange, body in zip(self.exchanges, self.bodies, strict=True):
            method, path = exchange.split(" ", 1)
            if path.endswith("$batch"):
                found += [(one["url"], one.get("body")) for one in body["requests"] if one["method"] == "POST"]
            elif method == "POST":
                found.append((path, body))
        return found

    def register(self, serial: str, status: str | None = "blocked") -> dict[str, t.Any]:
        row = objects.add_autopilot(self.tenant, serial, self.lab.clock.utc())
        row["userlessEnrollmentStatus"] = status
        return row


@pytest.fixture
def bench() -> Resetting:
    return Resetting()


def outcomes(result: dict[str, t.Any]) -> list[str]:
    return [one["outcome"] for one in result["devices"]]


def test_devices_are_wiped_and_a_second_run_changes_nothing(bench: Resetting) -> None:
    entries = [bench.entry("LAB-1"), bench.entry("LAB-2")]
    result = bench.reset(*entries)
    assert result["changed"] and outcomes(result) == ["changed", "changed"], result
    assert [body for _path, body in bench.writes()] == [{"keepUserData": False, "keepEnrollmentData": False}] * 2
    before = len(bench.exchanges)
    again = bench.reset(*entries)
    assert not again["changed"] and outcomes(again) == ["unchanged", "unchanged"]
    assert again["devices"][0]["before"] == "pending" and len(bench.exchanges) == before + 1


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize(("newest", "outcome"), [("pending", "unchanged"), ("done", "changed")])
def test_the_newest_wipe_counts_in_whatever_order_they_stand(bench: Resetting, newest_first, newest, outcome) -> None:
    older = "done" if newest == "pending" else "pending"
    results = [
        {"actionName": "wipe", "actionState": older, "startDateTime": "2026-01-10T08:00:00Z"},
        {"actionName": "factoryReset", "actionState": newest, "startDateTime": "2026-11-20T08:00:00Z"},
        {"actionName": "syncDevice", "actionState": "done", "startDateTime": "2026-11-21T08:00:00Z"},
    ]
    bench.rows["LAB-1"]["deviceActionResults"] = copy.deepcopy(results)[::-1] if newest_first else results
    [device] = bench.reset(bench.entry("LAB-1"))["devices"]
    assert (device["before"], device["outcome"]) == (newest, outcome)


def test_check_mode_foretells_and_sends_nothing(bench: Resetting) -> None:
    checked = bench.reset(bench.entry("LAB-1"), check_mode=True)
    assert bench.writes() == []
    done = bench.reset(bench.entry("LAB-1"))
    assert (checked["changes"], checked["diff"]) == (done["changes"], done["diff"]) and done["changed"]


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ({"keep": "user_data"}, {"keepUserData": True, "keepEnrollmentData": False}),
        ({"keep": "enrollment"}, {"keepUserData": False, "keepEnrollmentData": True}),
        ({"protected": True}, {"keepUserData": False, "keepEnrollmentData": False, "useProtectedWipe": True}),
    ],
)
def test_what_is_kept_is_what_intune_is_told(bench: Resetting, options, body) -> None:
    bench.reset(bench.entry("LAB-1"), **options)
    assert [sent for _path, sent in bench.writes()] == [body]


@pytest.mark.parametrize(
    ("serial", "changes", "says"),
    [
        ("LAB-1", {"serial_number": "lab-1"}, "has the serial number 'LAB-1'"),
        ("LAB-1", {"serial_number": "LAB-2"}, "has the serial number 'LAB-1'"),
        ("LAB-1", {"device_id": NOBODY}, "belongs to the device"),
        ("LAB-1", {"intune_device_id": NOBODY}, "no record"),
        ("LAB-6", {}, "macOS"),
    ],
)
def test_a_device_that_is_not_surely_the_one_that_is_meant_is_left_out_and_the_others_are_done(
    bench: Resetting, serial, changes, says
) -> None:
    result = bench.reset(bench.entry(serial, **changes), bench.entry("LAB-3"))
    assert outcomes(result) == ["skipped", "changed"] and says in result["devices"][0]["problem"]
    assert result["failed"] and result["error"]["name"] == "devices_left_out" and says in result["error"]["evidence"][0]
    assert [path for path, _body in bench.writes()] == [
        f"/deviceManagement/managedDevices/{bench.rows['LAB-3']['id']}/wipe"
    ]


def test_a_placeholder_confirms_a_device_only_together_with_its_device_id(bench: Resetting) -> None:
    entry = {"serial_number": "Default string", "intune_device_id": bench.placeholder["id"]}
    assert "placeholder" in bench.reset(entry)["devices"][0]["problem"] and bench.writes() == []
    result = bench.reset({**entry, "device_id": bench.placeholder["azureADDeviceId"]})
    assert outcomes(result) == ["changed"]


def test_more_devices_than_are_allowed_are_refused_before_the_first(bench: Resetting) -> None:
    entries = [bench.entry(f"LAB-{number}") for number in (1, 2, 3)]
    result = bench.reset(*entries, max_resets=2)
    assert result["error"]["name"] == "too_many_resets" and bench.writes() == [] and not result["changed"]
    assert outcomes(bench.reset(*entries, max_resets=3)) == ["changed"] * 3


BEGAN = "2026-11-21T08:00:00Z"
EARLIER, LATER = "2026-11-20T08:00:00Z", "2026-11-21T08:00:00.1234567Z"


def told(state: str | None, start: str | None, last: str | None = None, name: str = "wipe") -> dict[str, t.Any]:
    return {"actionName": name, "actionState": state, "startDateTime": start, "lastUpdatedDateTime": last}


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("results", "without", "outcome"),
    [
        ([], "changed", "changed"),
        ([told("done", LATER)], "changed", "unchanged"),
        ([told("done", LATER, name="factoryReset")], "changed", "unchanged"),
        ([told("done", EARLIER)], "changed", "changed"),
        ([told("done", EARLIER, LATER)], "changed", "changed"),
        ([told("failed", LATER)], "changed", "changed"),
        ([told("canceled", LATER)], "changed", "changed"),
        ([told("done", LATER), told("failed", "2026-11-22T08:00:00Z")], "changed", "unchanged"),
        ([told("pending", EARLIER)], "unchanged", "unchanged"),
        ([told("done", LATER, name="retire")], "changed", "changed"),
        ([told("done", "0001-01-01T00:00:00Z")], "changed", "skipped"),
        ([told("done", None, LATER)], "changed", "skipped"),
        ([told("done", "soon", "later")], "changed", "skipped"),
        ([told("done", None, EARLIER)], "changed", "changed"),
        ([told("done", None), told("done", LATER)], "changed", "unchanged"),
    ],
)
def test_what_was_wiped_since_is_not_wiped_again_where_that_is_asked_for(
    bench: Resetting, results, without, outcome, check_mode
) -> None:
    bench.rows["LAB-1"]["deviceActionResults"] = copy.deepcopy(results)
    result = bench.reset(bench.entry("LAB-1"), keep="enrollment", unless_wiped_after=BEGAN, check_mode=check_mode)
    assert outcomes(result) == [outcome] and result["changed"] == (outcome == "changed")
    assert len(bench.writes()) == (outcome == "changed" and not check_mode)
    if outcome == "skipped":
        assert result["error"]["name"] == "devices_left_out" and "does not say when" in result["devices"][0]["problem"]
    bench.rows["LAB-2"]["deviceActionResults"] = copy.deepcopy(results)
    assert outcomes(bench.reset(bench.entry("LAB-2"), check_mode=True)) == [without]


@pytest.mark.parametrize("began", [BEGAN, "2026-11-21T09:00:00+01:00", "2026-11-21T08:00:00.900Z"])
def test_a_second_run_with_the_time_of_the_first_wipes_nobody_again(bench: Resetting, began) -> None:
    bench.rows["LAB-1"]["deviceActionResults"] = [told("done", BEGAN)]
    bench.rows["LAB-3"]["deviceActionResults"] = [told("failed", LATER)]
    entries = [bench.entry("LAB-1"), bench.entry("LAB-2"), bench.entry("LAB-3")]
    options = {"keep": "enrollment", "unless_wiped_after": began, "max_resets": 2}
    assert outcomes(bench.reset(*entries, **options)) == ["unchanged", "changed", "changed"]
    for row in bench.tenant.managed_devices.values():
        for action in row.get("deviceActionResults", []):
            action["actionState"] = "done"
    again = bench.reset(*entries, **options)
    assert outcomes(again) == ["unchanged"] * 3 and not again["changed"] and len(bench.writes()) == 2


def test_a_wipe_without_an_answer_that_the_device_has_answered_is_not_sent_again(bench: Resetting) -> None:
    def lose(number: int, sent: bool) -> None:
        if number == 2 and sent:
            bench.rows["LAB-1"]["deviceActionResults"][-1]["actionState"] = "done"
            raise httpx.ReadError("reset by peer")

    bench.rows["LAB-1"]["deviceActionResults"] = [told("done", EARLIER)]
    bench.trouble = lose
    assert outcomes(bench.reset(bench.entry("LAB-1"))) == ["changed"] and len(bench.writes()) == 1


def test_a_wipe_whose_answer_is_lost_is_not_sent_again(bench: Resetting) -> None:
    def lose(number: int, sent: bool) -> None:
        if number == 2 and sent:
            raise httpx.ReadError("reset by peer")

    bench.trouble = lose
    result = bench.reset(bench.entry("LAB-1"))
    assert len(bench.writes()) == 1 and result["changed"]
    assert outcomes(result) == ["changed"]


def test_a_blocked_device_may_deploy_once_more_and_only_once_said(bench: Resetting) -> None:
    row, other = bench.register("LAB-K"), bench.register("LAB-L", "allowed")
    entries = [
        {"serial_number": "LAB-K", "autopilot_id": row["id"]},
        {"serial_number": "LAB-L", "autopilot_id": other["id"]},
    ]
    checked = bench.reset(*entries, action="unblock", check_mode=True)
    assert row["userlessEnrollmentStatus"] == "blocked" and outcomes(checked) == ["changed", "unchanged"]
    result = bench.reset(*entries, action="unblock")
    assert outcomes(result) == ["changed", "unchanged"] and row["userlessEnrollmentStatus"] == "allowed"
    assert result["changes"] == checked["changes"] and result["devices"][0]["before"] == "blocked"
    assert not bench.reset(*entries, action="unblock")["changed"]


@pytest.mark.parametrize(
    ("entries", "options", "option"),
    [
        ([{"serial_number": "LAB-1"}], {}, "devices"),
        ([{"serial_number": "LAB-1", "autopilot_id": NOBODY}], {}, "devices"),
        ([{"serial_number": "LAB-1", "intune_device_id": NOBODY}], {"action": "unblock"}, "devices"),
        ([{"serial_number": one, "intune_device_id": NOBODY} for one in ("LAB-1", "LAB-2")], {}, "devices"),
        (
            [{"serial_number": "LAB-1", "intune_device_id": NOBODY}],
            {"protected": True, "keep": "user_data"},
            "protected",
        ),
        (
            [{"serial_number": "LAB-1", "intune_device_id": NOBODY}],
            {"unless_wiped_after": "2026-11-30T08:00:00"},
            "unless_wiped_after",
        ),
        (
            [{"serial_number": "LAB-1", "autopilot_id": NOBODY}],
            {"action": "unblock", "unless_wiped_after": BEGAN},
            "unless_wiped_after",
        ),
    ],
)
def test_bad_options_are_refused_before_a_request(bench: Resetting, entries, options, option) -> None:
    result = bench.reset(*entries, **options)
    assert result["error"]["name"] == "bad_option" and result["msg"].startswith(f"bad option {option}")
    assert bench.exchanges == []


@pytest.mark.parametrize("action", ["wipe", "unblock"])
def test_a_refusal_names_the_permission_of_the_action(bench: Resetting, action, monkeypatch) -> None:
    row = bench.register("LAB-1")
    caller = bench.lab.caller("reader")
    reading = {"DeviceManagementManagedDevices.Read.All", "DeviceManagementServiceConfig.Read.All"}
    monkeypatch.setattr(
        bench.lab, "caller", lambda: type(caller)(caller.tenant_id, caller.client_id, frozenset(reading))
    )
    result = bench.reset(bench.entry("LAB-1", autopilot_id=row["id"]), action=action)
    permission = {
        "wipe": "DeviceManagementManagedDevices.PrivilegedOperations.All",
        "unblock": "DeviceManagementServiceConfig.ReadWrite.All",
    }[action]
    assert permission in result["error"]["permissions"] and not result["changed"]
