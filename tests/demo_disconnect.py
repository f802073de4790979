# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make demo-disconnect`: the way back. The real disconnect playbook over simulated devices that are joined.

Steps: start the lab, run the playbook in check mode (and prove that no device was touched), run it, compare the report
with the scenario and the tenant with the report, run it again (and prove that nothing changes). Exit status 0 when all
of it holds, and somebody can get into every device that was taken out of its tenant.
"""

from __future__ import annotations

import json
import sys
import time

from tests.demo_play import OUT, RESULTS, ROOT, SPEED, Run, check_mode_problems, digests, play, title, verdict
from tests.lab import process

REPORT, CHECK_REPORT = RESULTS / "disconnect-report.json", RESULTS / "disconnect-report.check.json"
# The product's own waiting is real: a second here is a minute of a device.
SETTINGS = {
    "disconnect_report": str(REPORT),
    "disconnect_hosts": "devices",
    "disconnect_serial": "100%",
    "disconnect_max_fail_percentage": "100",
    "disconnect_reboot": "true",
    "disconnect_poll_interval": "1",
    "disconnect_timeout": "30",
    "disconnect_reboot_timeout": "60",
    "disconnect_remove_from_tenant": "true",
}
#: What a scenario's ``expect.disconnect`` is called in the report.
OUTCOMES = {"left": "disconnected", "unchanged": "unchanged", "refused": "refused", "failed": "failed"}
#: Those that a second run should leave alone.
OVER = ("disconnected", "unchanged")


def main(arguments: list[str]) -> int:
    """Run it, with more arguments for the lab, such as ``--devices 3``; returns the exit status."""
    started = time.monotonic()
    for file in (REPORT, CHECK_REPORT):
        file.unlink(missing_ok=True)  # Of another lab, whose ids a report keeps.
    with process.running(OUT, "--scenario", "disconnect", "--speed", SPEED, *arguments) as lab:
        devices = {device["name"]: device for device in lab.get("/devices")}
        title(f"A lab of {len(devices)} devices is running. First look: playbooks/disconnect.yml --check --diff")
        before = digests(lab)
        untouched = lab.get("/tenant")
        disconnect(lab, "--check", "--diff")
        problems = check_mode_problems(lab, before)
        tenant = lab.get("/tenant")
        problems += ["the tenant was changed in check mode"] if tenant != untouched else []

        title("Now for real: ansible-playbook playbooks/disconnect.yml")
        first = disconnect(lab)
        problems += differences(first, devices) + lockouts(lab, first) + objects_left(lab, first, tenant)

        title("Once more: a second run changes nothing")
        second = disconnect(lab)
        outcomes = {device["device"]: device["outcome"] for device in first.devices}
        problems += [
            f"{device['device']}: {device['outcome']} in the second run, which should leave it alone"
            for device in second.devices
            if outcomes[device["device"]] in OVER and device["outcome"] != "unchanged"
        ]
        # The tenant's half runs once, on the first device, for those too that leave only now.
        late = [
            device["device"]
            for device in second.devices
            if outcomes[device["device"]] != device["outcome"] == "disconnected"
        ]
        problems += [
            f"{name}: changed={count} in the second run"
            for name, count in second.changed.items()
            if count - (bool(late) and name == next(iter(devices))) and outcomes[name] in OVER
        ]
        problems += objects_left(lab, second, tenant)
    title("What happened")
    print_outcomes(first, devices)
    print(f"\nreport: {REPORT.relative_to(ROOT)}   devices' commands: {(OUT / 'winrm.jsonl').relative_to(ROOT)}")
    return verdict(problems, started)


def disconnect(lab: process.RunningLab, *options: str) -> Run:
    """Run the playbook, which always writes a report."""
    run = play(
        lab,
        "playbooks/disconnect.yml",
        "-e",
        json.dumps(SETTINGS),
        *options,
        report=CHECK_REPORT if "--check" in options else REPORT,
    )
    if run.report is None:
        sys.exit(f"the playbook wrote no report (exit status {run.status})")
    return run


def differences(run: Run, devices: dict) -> list[str]:
    """Devices that did not end as their kind says."""
    found = []
    for device in run.devices:
        expected = OUTCOMES.get(devices[device["device"]]["expect"].get("disconnect"))
        if expected and device["outcome"] != expected:
            found.append(f"{device['device']}: should be {expected}, is {device['outcome']} ({device.get('msg')})")
    return found


def lockouts(lab: process.RunningLab, run: Run) -> list[str]:
    """Devices that have left and that nobody can get into, by the lab's own account of them."""
    return [
        f"{device['device']}: has left without a local administrator"
        for device in run.devices
        if device["outcome"] == "disconnected" and not lab.get(f"/devices/{device['device']}")["local_administrator"]
    ]


def objects_left(lab: process.RunningLab, run: Run, before: dict) -> list[str]:
    """Devices of which the tenant has something although they have left, or nothing any more although they have not."""
    left = {device["device_id"] for device in run.devices if device.get("join_state") == "left"}
    now, found = lab.get("/tenant"), []
    for place, key in (("devices", "deviceId"), ("managed_devices", "azureADDeviceId")):
        had, has = ({row[key]: row for row in state[place].values()} for state in (before, now))
        found += [f"{identity}: still in {place}" for identity in has if identity in left]
        found += [f"{identity}: lost from {place}" for identity in had if identity not in has and identity not in left]
    return found


def print_outcomes(run: Run, devices: dict) -> None:
    """One line a device."""
    for device in run.devices:
        said = device.get("cause") or (f"was {device['device_id']}" if device.get("device_id") else "")
        kind = devices[device["device"]]["kind"]
        print(f"  {device['device']:32} {device['outcome']:12} {said[:110]} ({kind})")
    print("  " + ", ".join(f"{count} {name}" for name, count in run.report["totals"].items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
