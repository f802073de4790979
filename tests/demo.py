# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make demo`: a tenant that lets nobody join and devices of every kind, brought to order by the real playbooks.

Steps: ask the tenant whether joins would succeed (they would not), set it up with playbooks/tenant.yml, run
playbooks/join.yml in check mode (and prove that no device was touched), run it, compare the report with what each
device's scenario says, run both playbooks again (and prove that nothing changes). Exit status 0 when all of it holds.
"""

from __future__ import annotations

import dataclasses
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
RESULTS = ROOT / "build" / "demo"
REPORT = RESULTS / "join-report.json"
TENANT = RESULTS / "tenant.json"
RECAP = re.compile(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", re.MULTILINE)
# A simulated minute passes in a second. The product's own waiting is real, so it is told to wait for less than a real
# device would need: 30 s here are half an hour there.
SPEED = "60"
JOIN = ("playbooks/join.yml", "-e", f"join_report={REPORT}", "-e", "join_check_tenant=true",
        "-e", "join_poll_interval=1", "-e", "join_timeout=30")
# Packages whose users the tenant is to let join; the scenario says which devices have others.
ALLOWED = ("fleet", "rename", "no_mdm", "expired", "conditional_access")


@dataclasses.dataclass(frozen=True)
class Run:
    """What a playbook run came to: exit status, the recap's changed counts, and the report where it wrote one."""

    status: int
    changed: dict[str, int]
    report: dict | None


def main() -> int:
    started = time.monotonic()
    RESULTS.mkdir(parents=True, exist_ok=True)
    with process.running(OUT, "--scenario", "demo", "--speed", SPEED) as lab:
        expected = {device["name"]: device["expect"] for device in lab.get("/devices")}
        print(f"A lab is running: {len(expected)} devices and a tenant that lets nobody join.")

        title("Would joins succeed? join.yml asks the tenant before it asks any device")
        digests = {name: lab.get(f"/devices/{name}")["digest"] for name in expected}
        refused = play(*JOIN, "--check")
        problems = [] if refused.status and refused.report is None else ["the tenant was not found unready"]

        title("Set the tenant up: playbooks/tenant.yml")
        TENANT.write_text(json.dumps(tenant_variables(lab)), encoding="utf-8")
        repaired = play("playbooks/tenant.yml", "-e", f"@{TENANT}", "--diff")
        problems += [] if repaired.status == 0 else ["the tenant could not be set up"]

        title("First look at the fleet: playbooks/join.yml --check --diff")
        predicted = play(*JOIN, "--check", "--diff")
        problems += check_mode_problems(lab, digests)

        title("Now for real: playbooks/join.yml")
        first = play(*JOIN)
        problems += differences(first, expected) + prediction_problems(predicted, first) + unproved(first)

        title("Once more, both: a second run changes nothing")
        problems += still_changing("tenant.yml", play("playbooks/tenant.yml", "-e", f"@{TENANT}"))
        second = play(*JOIN)
        problems += still_changing("join.yml", second) + joined_again(second, expected)
    title("What happened")
    print_outcomes(first)
    shown = [path.relative_to(ROOT) for path in (REPORT, OUT / "winrm.jsonl", OUT / "graph.jsonl")]
    print(f"\nreport: {shown[0]}   what went to the devices: {shown[1]}   to Graph: {shown[2]}")
    print(f"{time.monotonic() - started:.0f} s in all")
    for problem in problems:
        print(f"PROBLEM: {problem}", file=sys.stderr)
    if problems:
        print("FAILED: not everything ended as the scenario says")
        return 1
    print("Every device ended as its scenario says.")
    return 0


def tenant_variables(lab: process.RunningLab) -> dict:
    """Variables of the role tenant: exactly these package users may join, and nobody is there to confirm MFA."""
    packages = lab.get("/packages")
    return {"tenant_registration_policy": {
        "join": {"scope": "selected", "users": [packages[label]["user"] for label in ALLOWED]}, "mfa_required": False}}


def play(playbook: str, *options: str) -> Run:
    """Run a playbook over the lab, its output on the screen."""
    REPORT.unlink(missing_ok=True)
    command = [
        str(Path(sys.executable).with_name("ansible-playbook")), playbook, "-i", str(OUT / "inventory.yml"), *options]
    tenant = json.loads((OUT / "tenant.json").read_text(encoding="utf-8"))["environment"]
    env = os.environ | tenant | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_FORCE_COLOR": "0"}
    lines = []
    with subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        for line in run.stdout:
            lines.append(line)
            print(line, end="", flush=True)
    changed = {name: int(count) for name, count in RECAP.findall("".join(lines))}
    return Run(run.returncode, changed, json.loads(REPORT.read_text(encoding="utf-8")) if REPORT.exists() else None)


def devices(run: Run) -> list[dict]:
    return run.report["devices"] if run.report else []


def check_mode_problems(lab: process.RunningLab, digests: dict[str, str]) -> list[str]:
    sent = [
        f"{c['device']}: {', '.join(c['changing'])} was sent in check mode" for c in lab.commands() if c["changing"]]
    touched = [
        f"{name}: its state changed in check mode" for name, digest in digests.items()
        if lab.get(f"/devices/{name}")["digest"] != digest]
    return sent + touched


def differences(run: Run, expected: dict) -> list[str]:
    found = []
    for device in devices(run):
        for field, value in expected[device["device"]].items():
            field = {"mdm": "mdm_enrolled"}.get(field, field)
            if field in device and device[field] != value:
                found.append(f"{device['device']}: {field} should be {value}, is {device[field]} ({device.get('msg')})")
    missing = set(expected) - {device["device"] for device in devices(run)}
    return found + [f"{name}: not in the report" for name in sorted(missing)]


def prediction_problems(predicted: Run, run: Run) -> list[str]:
    """A device that check mode would join is tried, one it refuses is refused, one it leaves alone stays."""
    after = {device["device"]: device["outcome"] for device in devices(run)}
    fits = {"would_join": ("joined", "failed", "unreachable"), "refused": ("refused",), "unchanged": ("unchanged",)}
    return [
        f"{device['device']}: check mode said {device['outcome']}, the real run {after.get(device['device'])}"
        for device in devices(predicted)
        if after.get(device["device"]) not in fits.get(device["outcome"], (device["outcome"],))]


def unproved(run: Run) -> list[str]:
    return [
        f"{device['device']}: the directory does not know it" for device in devices(run)
        if device["outcome"] in ("joined", "unchanged") and not (device.get("directory") or {}).get("found")]


def still_changing(playbook: str, run: Run) -> list[str]:
    counts = [
        f"{playbook}: changed={count} for {name} in the second run" for name, count in run.changed.items() if count]
    return counts or ([] if run.changed else [f"{playbook}: the second run did not end"])


def joined_again(run: Run, expected: dict) -> list[str]:
    return [
        f"{device['device']}: {device['outcome']} in the second run, which should find it joined"
        for device in devices(run)
        if expected[device["device"]]["outcome"] == "joined" and device["outcome"] != "unchanged"]


def print_outcomes(run: Run) -> None:
    for device in devices(run):
        reason = " ".join(part for part in (device.get("code"), device.get("cause")) if part)
        print(f"  {device['device']:28} {device['outcome']:11} {reason or device.get('device_id') or ''}".rstrip())
    if run.report:
        print("  " + ", ".join(f"{count} {name}" for name, count in run.report["totals"].items()))


def title(text: str) -> None:
    print(f"\n=== {text}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
