# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make demo`: a tenant that lets nobody join and devices of every kind, brought to order by the real playbooks.

Steps: ask the tenant whether joins would succeed (they would not), set it up with playbooks/tenant.yml, run
playbooks/join.yml in check mode (and prove that no device was touched), run it, compare the report with what each
device's scenario says, run both playbooks again (and prove that nothing changes). Exit status 0 when all of it holds.
"""

from __future__ import annotations

import functools
import json
import sys
import time

from tests.demo_play import OUT, RESULTS, ROOT, SPEED, Run, check_mode_problems, digests, play, title, verdict
from tests.lab import process

REPORT, CHECK_REPORT = RESULTS / "join-report.json", RESULTS / "join-report.check.json"
TENANT = RESULTS / "tenant.json"
# As JSON: ansible-playbook splits name=value at spaces, and a path may have some.
SETTINGS = {
    "join_report": str(REPORT),
    "join_check_tenant": True,
    "join_serial": "100%",  # The fleet has a device of every kind: no wave of it proves anything of the next one.
    "join_poll_interval": 1,
    "join_timeout": 30,
}
# Packages whose users the tenant is to let join; the scenario says which devices have others.
ALLOWED = ("fleet", "rename", "no_mdm", "expired", "conditional_access")


def main(arguments: list[str]) -> int:
    """Run it, with more arguments for the lab, such as ``--devices 3``; returns the exit status."""
    started = time.monotonic()
    RESULTS.mkdir(parents=True, exist_ok=True)
    for file in (REPORT, CHECK_REPORT):
        file.unlink(missing_ok=True)  # Of another lab.
    with process.running(OUT, "--scenario", "demo", "--speed", SPEED, *arguments) as lab:
        expected = {device["name"]: device["expect"] for device in lab.get("/devices")}
        print(f"A lab is running: {len(expected)} devices and a tenant that lets nobody join.")

        title("Would joins succeed? join.yml asks the tenant before it asks any device")
        before = digests(lab)
        join = functools.partial(play, lab, "playbooks/join.yml", "-e", json.dumps(SETTINGS))
        refused = join("--check", report=CHECK_REPORT)
        problems = [] if refused.status and refused.report is None else ["the tenant was not found unready"]

        title("Set the tenant up: playbooks/tenant.yml")
        TENANT.write_text(json.dumps(tenant_variables(lab)), encoding="utf-8")
        set_up = functools.partial(play, lab, "playbooks/tenant.yml", "-e", f"@{TENANT}")
        problems += [] if set_up("--diff").status == 0 else ["the tenant could not be set up"]

        title("First look at the fleet: playbooks/join.yml --check --diff")
        predicted = join("--check", "--diff", report=CHECK_REPORT)
        problems += check_mode_problems(lab, before)

        title("Now for real: playbooks/join.yml")
        first = join(report=REPORT)
        problems += differences(first, expected) + prediction_problems(predicted, first) + unproved(first)

        title("Once more, both: a second run changes nothing")
        problems += still_changing("tenant.yml", set_up())
        second = join(report=REPORT)
        problems += still_changing("join.yml", second) + joined_again(second, expected)
    title("What happened")
    print_outcomes(first)
    shown = [path.relative_to(ROOT) for path in (REPORT, OUT / "winrm.jsonl", OUT / "graph.jsonl")]
    print(f"\nreport: {shown[0]}   what went to the devices: {shown[1]}   to Graph: {shown[2]}")
    return verdict(problems, started)


def tenant_variables(lab: process.RunningLab) -> dict:
    """Variables of the role tenant: exactly these package users may join, and nobody is there to confirm MFA."""
    packages = lab.get("/packages")
    return {
        "tenant_registration_policy": {
            "join": {"scope": "selected", "users": [packages[label]["user"] for label in ALLOWED]},
            "mfa_required": False,
        }
    }


def differences(run: Run, expected: dict) -> list[str]:
    found = []
    for device in run.devices:
        for field, value in expected[device["device"]].items():
            field = {"mdm": "mdm_enrolled"}.get(field, field)
            if field in device and device[field] != value:
                found.append(f"{device['device']}: {field} should be {value}, is {device[field]} ({device.get('msg')})")
    missing = set(expected) - {device["device"] for device in run.devices}
    return found + [f"{name}: not in the report" for name in sorted(missing)]


def prediction_problems(predicted: Run, run: Run) -> list[str]:
    """A device that check mode would join is tried, one it refuses is refused, one it leaves alone stays."""
    after = {device["device"]: device["outcome"] for device in run.devices}
    fits = {"would_join": ("joined", "failed", "unreachable"), "refused": ("refused",), "unchanged": ("unchanged",)}
    return [
        f"{device['device']}: check mode said {device['outcome']}, the real run {after.get(device['device'])}"
        for device in predicted.devices
        if after.get(device["device"]) not in fits.get(device["outcome"], (device["outcome"],))
    ]


def unproved(run: Run) -> list[str]:
    return [
        f"{device['device']}: the directory does not know it"
        for device in run.devices
        if device["outcome"] in ("joined", "unchanged") and not (device.get("directory") or {}).get("found")
    ]


def still_changing(playbook: str, run: Run) -> list[str]:
    counts = [
        f"{playbook}: changed={count} for {name} in the second run" for name, count in run.changed.items() if count
    ]
    return counts or ([] if run.changed else [f"{playbook}: the second run did not end"])


def joined_again(run: Run, expected: dict) -> list[str]:
    return [
        f"{device['device']}: {device['outcome']} in the second run, which should find it joined"
        for device in run.devices
        if expected[device["device"]]["outcome"] == "joined" and device["outcome"] != "unchanged"
    ]


def print_outcomes(run: Run) -> None:
    for device in run.devices:
        reason = " ".join(part for part in (device.get("code"), device.get("cause")) if part)
        print(f"  {device['device']:28} {device['outcome']:11} {reason or device.get('device_id') or ''}".rstrip())
    if run.report:
        print("  " + ", ".join(f"{count} {name}" for name, count in run.report["totals"].items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
