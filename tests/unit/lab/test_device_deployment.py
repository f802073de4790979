# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployments of lab devices: what becomes of a device, its registry, the tenant and the event."""

from __future__ import annotations

import asyncio
import json

from tests.lab.device import deployment, joinstate, mdm
from tests.lab.device import deployment_registry as written
from tests.lab.device.accounts import entra_sid
from tests.lab.tenant import deployments, logs

from .world_lab import Lab

ADA = "ada@main.example"
READY, USED_UP = "LAB-READY", "LAB-USED-UP"


def lab_of(tmp_path) -> Lab:
    return Lab(tmp_path, "deployments")


def unpacked(lab: Lab, serial: str, **options):
    """A device that has not been deployed, with this serial number."""
    device = lab.device("unjoined_pro")
    device.hardware.serial = serial
    for name, value in options.items():
        setattr(device.deployment, name, value)
    return device


def tenant_of(lab: Lab):
    return lab.world.tenant


def event_of(lab: Lab, serial: str) -> dict:
    return next(row for row in tenant_of(lab).autopilot_events.values() if row["deviceSerialNumber"] == serial)


def phase(device, name: str) -> dict:
    return json.loads(device.registry.get(written.SETTINGS, f"{name}Category.Status"))


def deploy(tmp_path, serial: str, user: str | None, hurry: bool = False, **options):
    """(outcome, lab, device, device seconds)."""
    lab = lab_of(tmp_path)
    device = unpacked(lab, serial, **options)

    async def main() -> str:
        if hurry:
            device.hurried.set()
        try:
            return await lab.clock.run(deployment.begin(device, user))
        finally:
            await lab.world.stop()

    return asyncio.run(main()), lab, device, lab.clock.elapsed()


def test_a_deployment_joins_enrolls_and_ends_with_its_user(tmp_path):
    outcome, lab, device, seconds = deploy(tmp_path, READY, ADA)
    identity = deployments.identity_of(tenant_of(lab), READY)
    join, event = joinstate.read(device), event_of(lab, READY)
    assert outcome == "deployed" and seconds > 60
    assert device.console_user == ADA and join.user_email == ADA
    assert join.device_id == identity["azureAdDeviceId"], "the object that the registration is anchored to"
    assert tenant_of(lab).managed_devices[identity["managedDeviceId"]]["azureADDeviceId"] == join.device_id
    assert (event["deploymentState"], event["deviceSetupStatus"]) == ("success", "success")
    assert event["deviceId"] == identity["managedDeviceId"] and event["deploymentDuration"].startswith("PT")
    assert [phase(device, name)["categoryState"] for name in written.STEPS] == ["succeeded"] * 3


def test_another_user_is_locked_out_and_nobody_is_waited_for(tmp_path):
    outcome, lab, device, _seconds = deploy(tmp_path, READY, "bob@main.example")
    assert outcome == "locked_out" and joinstate.read(device) is None
    assert not [row for row in tenant_of(lab).autopilot_events.values() if row["deviceSerialNumber"] == READY]
    assert deploy(tmp_path, READY, None)[0] == "waits_for_user"
    assert deploy(tmp_path, READY, "nobody@main.example")[0] == "locked_out"


def test_a_device_without_a_user_deploys_once(tmp_path):
    lab = lab_of(tmp_path)
    kiosk = lab.device("kiosk")
    identity = deployments.identity_of(tenant_of(lab), "LAB-KIOSK")
    assert joinstate.read(kiosk) is not None and identity["userlessEnrollmentStatus"] == "blocked"
    again = lab.device("unjoined_pro")
    again.hardware.serial = "LAB-KIOSK"
    assert deployment.place(again, None, "end") == "failed"
    events = [row for row in tenant_of(lab).autopilot_events.values() if row["deviceSerialNumber"] == "LAB-KIOSK"]
    assert [row["deploymentState"] for row in events] == ["success", "failure"]
    assert "0x80180014" in events[1]["enrollmentFailureDetails"]
    assert "0x80180014" in json.dumps(phase(again, "DevicePreparation"))
    for change in (lambda: identity.update(userlessEnrollmentStatus="allowed"), tenant_of(lab).managed_devices.clear):
        identity["userlessEnrollmentStatus"] = "blocked"
        change()
        assert deployment.place(again, None, "end") == "deployed"


def test_an_app_that_hangs_ends_with_the_page_or_when_it_is_hurried(tmp_path):
    outcome, lab, device, seconds = deploy(tmp_path, READY, ADA, app="hangs")
    assert outcome == "failed" and seconds > 3600, "the page gives up after an hour"
    assert event_of(lab, READY)["deploymentState"] == "failure"
    assert phase(device, "DeviceSetup")["categoryState"] == "failed"
    assert deploy(tmp_path, READY, ADA, app="hangs", hurry=True)[3] < 60


def test_a_person_goes_past_an_error_where_the_page_lets_them(tmp_path):
    outcome, lab, device, _seconds = deploy(tmp_path, READY, ADA, app="fails", goes_on=True, form="flat")
    assert outcome == "incomplete" and event_of(lab, READY)["deploymentState"] == "successWithTimeout"
    shown = phase(device, "DeviceSetup")
    assert "0x87d1041c" in shown["AppsSubcategory"] and shown["categorySucceeded"] is None
    assert device.registry.get(written.first_sync(_enrollment(device), _sid(lab)), "IsSyncDone") == 1


def test_devices_are_placed_where_the_scenario_says(tmp_path):
    lab = lab_of(tmp_path)
    states = {
        kind: [phase(lab.device(kind), name).get("categoryState") for name in written.STEPS]
        for kind in ("prepares", "hangs", "waits", "account", "done", "failed")
    }
    done, runs, waits = "succeeded", "inProgress", "notStarted"
    assert states == {
        "prepares": [runs, waits, waits],
        "hangs": [done, runs, waits],
        "waits": [done, runs, waits],
        "account": [done, done, runs],
        "done": [done, done, done],
        "failed": [done, "failed", waits],
    }
    assert "von" in phase(lab.device("sets_up"), "DeviceSetup")["AppsSubcategory"]
    assert event_of(lab, "LAB-HANGS")["deploymentState"] == "inProgress"
    assert event_of(lab, "LAB-HANGS")["eventDateTime"] < "2026-11-21T03"


def _sid(lab: Lab) -> str:
    return entra_sid(tenant_of(lab).user(ADA)["id"])


def _enrollment(device) -> str:
    [found] = mdm.enrollments(device)
    return found


def test_the_tenant_judges_and_logs_the_person_who_deploys(tmp_path):
    lab = lab_of(tmp_path)
    tenant, device = tenant_of(lab), unpacked(lab, READY)
    tenant.conditional_access.append(
        {
            "id": "1",
            "displayName": "No joins",
            "state": "enabled",
            "conditions": {
                "users": {"includeUsers": ["All"]},
                "applications": {"includeUserActions": ["urn:user:registerdevice"]},
            },
            "grantControls": {"operator": "OR", "builtInControls": ["block"]},
        }
    )

    async def main() -> list[str]:
        ends = [await lab.clock.run(deployment.begin(device, ADA))]
        tenant.conditional_access.clear()
        ends.append(await lab.clock.run(deployment.begin(device, ADA)))
        await lab.world.stop()
        return ends

    assert asyncio.run(main()) == [deployment.FAILED, deployment.DEPLOYED]
    rows = [row for row in reversed(tenant.logs.shown(logs.SIGN_INS, 10**6)) if row["userPrincipalName"] == ADA][-3:]
    assert [(row["status"]["errorCode"], row["isInteractive"]) for row in rows] == [
        (53003, True),
        (0, True),
        (0, False),
    ]
    assert [row["resourceDisplayName"] for row in rows[1:]] == [
        "Device Registration Service",
        "Microsoft Intune Enrollment",
    ]
