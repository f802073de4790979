# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make demo`: the real join playbook over simulated devices, compared with what each device's scenario says.

Steps: start the lab, run the playbook in check mode (and prove that no device was touched), run it, compare the report
with the scenario, run it again (and prove that nothing changes). Exit status 0 when all of it holds.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.lab import process

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "lab"
REPORT = ROOT / "build" / "demo" / "join-report.json"
RECAP = re.compile(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", re.MULTILINE)
# A simulated minute passes in a second. The product's own waiting is real, so it is told to wait for less than a real
# device would need: 30 s here are half an hour there.
SPEED = "60"
WAITING = ("-e", "join_poll_interval=1", "-e", "join_timeout=30")


def main() -> int:
    started = time.monotonic()
    with process.running(OUT, "--scenario", "demo", "--speed", SPEED) as lab:
        expected = {device["name"]: device["expect"] for device in lab.get("/devices")}
        title(f"A lab of {len(expected)} devices is running. First look: ansible-playbook playbooks/join.yml --check --diff")
        digests = {name: lab.get(f"/devices/{name}")["digest"] for name in expected}
        predicted = run_playbook("--check", "--diff")
        problems = check_mode_problems(lab, digests)

        title("Now for real: ansible-playbook playbooks/join.yml")
        first = run_playbook()
        problems += differences(first, expected) + prediction_problems(predicted, first)

        title("Once more: a second run changes nothing")
        second = run_playbook()
        problems += changed_devices(second)
        problems += [
            f"{device['device']}: {device['outcome']} in the second run, which should find it joined"
            for device in second["devices"]
            if expected[device["device"]]["outcome"] == "joined" and device["outcome"] != "unchanged"]
    title("What happened")
    print_outcomes(first, expected)
    print(f"\nreport: {REPORT.relative_to(ROOT)}   devices' commands: {(OUT / 'winrm.jsonl').relative_to(ROOT)}")
    print(f"{time.monotonic() - started:.0f} s in all")
    for problem in problems:
        print(f"PROBLEM: {problem}", file=sys.stderr)
    print("FAILED: not every device ended as its scenario says" if problems else "Every device ended as its scenario says.")
    return 1 if problems else 0


def run_playbook(*options: str) -> dict:
    """Run the join playbook over the lab; returns its report, with the recap's changed counts under ``recap``."""
    REPORT.unlink(missing_ok=True)
    command = [
        str(Path(sys.executable).with_name("ansible-playbook")), "playbooks/join.yml", "-i", str(OUT / "inventory.yml"),
        "-e", f"join_report={REPORT}", *WAITING, *options]
    env = os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_FORCE_COLOR": "0"}
    lines = []
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        for line in run.stdout:
            lines.append(line)
            print(line, end="", flush=True)
    if not REPORT.exists():
        sys.exit(f"the playbook wrote no report (exit status {run.returncode})")
    recap = {name: int(changed) for name, changed in RECAP.findall("".join(lines))}
    return json.loads(REPORT.read_text(encoding="utf-8")) | {"recap": recap}


def check_mode_problems(lab: process.RunningLab, digests: dict[str, str]) -> list[str]:
    sent = [f"{c['device']}: {', '.join(c['changing'])} was sent in check mode" for c in lab.commands() if c["changing"]]
    touched = [
        f"{name}: its state changed in check mode" for name, digest in digests.items()
        if lab.get(f"/devices/{name}")["digest"] != digest]
    return sent + touched


def differences(report: dict, expected: dict) -> list[str]:
    found = []
    for device in report["devices"]:
        expect = expected[device["device"]]
        for field, value in expect.items():
            if device.get({"mdm": "mdm_enrolled"}.get(field, field)) != value:
                found.append(f"{device['device']}: {field} should be {value}, is {device.get(field)} ({device.get('msg')})")
    missing = set(expected) - {device["device"] for device in report["devices"]}
    return found + [f"{name}: not in the report" for name in sorted(missing)]


def prediction_problems(predicted: dict, report: dict) -> list[str]:
    """A device that check mode would join is tried, one it refuses is refused, one it leaves alone stays."""
    after = {device["device"]: device["outcome"] for device in report["devices"]}
    fits = {"would_join": ("joined", "failed", "unreachable"), "refused": ("refused",), "unchanged": ("unchanged",)}
    return [
        f"{device['device']}: check mode said {device['outcome']}, the real run {after[device['device']]}"
        for device in predicted["devices"] if after[device["device"]] not in fits.get(device["outcome"], (device["outcome"],))]


def changed_devices(report: dict) -> list[str]:
    return [f"{name}: changed={count} in the second run" for name, count in report["recap"].items() if count]


def print_outcomes(report: dict, expected: dict) -> None:
    kinds = {name: expect.get("kind", "") for name, expect in expected.items()}
    for device in report["devices"]:
        reason = " ".join(part for part in (device.get("code"), device.get("cause")) if part)
        print(f"  {device['device']:28} {device['outcome']:11} {reason or device.get('device_id') or ''} {kinds[device['device']]}".rstrip())
    print("  " + ", ".join(f"{count} {name}" for name, count in report["totals"].items()))


def title(text: str) -> None:
    print(f"\n=== {text}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
