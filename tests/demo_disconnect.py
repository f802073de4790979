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
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.demo import OUT, RECAP, ROOT, SPEED, check_mode_problems, title
from tests.lab import process

REPORT = ROOT / "build" / "demo" / "disconnect-report.json"
# The product's own waiting is real: a second here is a minute of a device.
SETTINGS = {
    "disconnect_hosts": "devices", "disconnect_serial": "100%", "disconnect_max_fail_percentage": "100",
    "disconnect_reboot": "true", "disconnect_poll_interval": "1", "disconnect_timeout": "30",
    "disconnect_reboot_timeout": "60", "disconnect_tenant": "true"}
#: What a scenario's ``expect.disconnect`` is called in the report.
OUTCOMES = {"left": "disconnected", "unchanged": "unchanged", "refused": "refused", "failed": "failed"}
#: Those that a second run should leave alone.
OVER = ("disconnected", "unchanged")


def main() -> int:
    started = time.monotonic()
    REPORT.unlink(missing_ok=True)  # later runs keep the ids that the first has written
    with process.running(OUT, "--scenario", "disconnect", "--speed", SPEED) as lab:
        devices = {device["name"]: device for device in lab.get("/devices")}
        title(f"A lab of {len(devices)} devices is running. First look: playbooks/disconnect.yml --check --diff")
        digests = {name: lab.get(f"/devices/{name}")["digest"] for name in devices}
        untouched = lab.get("/tenant")
        run_playbook("--check", "--diff")
        problems = check_mode_problems(lab, digests)
        tenant = lab.get("/tenant")
        problems += ["the tenant was changed in check mode"] if tenant != untouched else []

        title("Now for real: ansible-playbook playbooks/disconnect.yml")
        first = run_playbook()
        problems += differences(first, devices) + lockouts(lab, first) + objects_left(lab, first, tenant)

        title("Once more: a second run changes nothing")
        second = run_playbook()
        outcomes = {device["device"]: device["outcome"] for device in first["devices"]}
        problems += [
            f"{device['device']}: {device['outcome']} in the second run, which should leave it alone"
            for device in second["devices"] if outcomes[device["device"]] in OVER and device["outcome"] != "unchanged"]
        # The tenant's half runs once, on the first device, for those too that leave only now.
        late = [device["device"] for device in second["devices"] if outcomes[device["device"]] != device["outcome"]
                == "disconnected"]
        problems += [f"{name}: changed={count} in the second run" for name, count in second["recap"].items()
                     if count - (bool(late) and name == next(iter(devices))) and outcomes[name] in OVER]
        problems += objects_left(lab, second, tenant)
    title("What happened")
    print_outcomes(first, devices)
    print(f"\nreport: {REPORT.relative_to(ROOT)}   devices' commands: {(OUT / 'winrm.jsonl').relative_to(ROOT)}")
    print(f"{time.monotonic() - started:.0f} s in all")
    for problem in problems:
        print(f"PROBLEM: {problem}", file=sys.stderr)
    print("FAILED: not every device ended as it should" if problems else "Every device ended as its scenario says.")
    return 1 if problems else 0


def run_playbook(*options: str) -> dict:
    """Run the playbook over the lab; returns its report, with the recap's changed counts under ``recap``."""
    earlier = REPORT.read_bytes() if REPORT.exists() else None
    command = [
        str(Path(sys.executable).with_name("ansible-playbook")), "playbooks/disconnect.yml", "-i",
        str(OUT / "inventory.yml"), "-e", f"disconnect_report={REPORT}", "-e", json.dumps(SETTINGS), *options]
    tenant = json.loads((OUT / "tenant.json").read_text(encoding="utf-8"))["environment"]
    env = os.environ | tenant | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_FORCE_COLOR": "0"}
    lines = []
    with subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        for line in run.stdout:
            lines.append(line)
            print(line, end="", flush=True)
    if not REPORT.exists() or REPORT.read_bytes() == earlier:
        sys.exit(f"the playbook wrote no report (exit status {run.returncode})")
    recap = {name: int(changed) for name, changed in RECAP.findall("".join(lines))}
    return json.loads(REPORT.read_text(encoding="utf-8")) | {"recap": recap}


def differences(report: dict, devices: dict) -> list[str]:
    """Devices that did not end as their kind says."""
    found = []
    for device in report["devices"]:
        expected = OUTCOMES.get(devices[device["device"]]["expect"].get("disconnect"))
        if expected and device["outcome"] != expected:
            found.append(f"{device['device']}: should be {expected}, is {device['outcome']} ({device.get('msg')})")
    return found


def lockouts(lab: process.RunningLab, report: dict) -> list[str]:
    """Devices that have left and that nobody can get into, by the lab's own account of them."""
    return [
        f"{device['device']}: has left without a local administrator" for device in report["devices"]
        if device["outcome"] == "disconnected" and not lab.get(f"/devices/{device['device']}")["local_administrator"]]


def objects_left(lab: process.RunningLab, report: dict, before: dict) -> list[str]:
    """Devices of which the tenant has something although they have left, or nothing any more although they have not."""
    left = {device["device_id"] for device in report["devices"] if device.get("join_state") == "left"}
    now, found = lab.get("/tenant"), []
    for place, key in (("devices", "deviceId"), ("managed_devices", "azureADDeviceId")):
        had, has = ({row[key]: row for row in state[place].values()} for state in (before, now))
        found += [f"{identity}: still in {place}" for identity in has if identity in left]
        found += [f"{identity}: lost from {place}" for identity in had if identity not in has and identity not in left]
    return found


def print_outcomes(report: dict, devices: dict) -> None:
    """One line a device."""
    for device in report["devices"]:
        said = device.get("cause") or (f"was {device['device_id']}" if device.get("device_id") else "")
        kind = devices[device["device"]]["kind"]
        print(f"  {device['device']:32} {device['outcome']:12} {said[:110]} ({kind})")
    print("  " + ", ".join(f"{count} {name}" for name, count in report["totals"].items()))


if __name__ == "__main__":
    sys.exit(main())
