# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make demo-autopilot`: running devices go to their users with Windows Autopilot, by the real playbook.

Steps: start the lab and its people, run the playbook in check mode (and prove that no device and nothing of the tenant
was touched), run it (devices are registered, get their profile, are reset, unpacked by their people, and deployed),
compare the report with the scenario and the lab with the report, run it again (and prove that nothing changes). Exit
status 0 when all of it holds.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
import typing as t

import yaml

from tests.demo_play import OUT, RESULTS, ROOT, SPEED, Run, check_mode_problems, digests, play, title, verdict
from tests.lab import process

REPORT, CHECK_REPORT = RESULTS / "autopilot-report.json", RESULTS / "autopilot-report.check.json"
SHEET = RESULTS / "autopilot-hand-over.html"
# The product's own waiting is real: a second here is a minute of a device.
SETTINGS: dict[str, t.Any] = {
    "autopilot_report": str(REPORT),
    "autopilot_hand_over": str(SHEET),
    "autopilot_contact": "the service desk of Contoso, extension 4711",
    "autopilot_poll_interval": 1,
    "autopilot_wait_timeout": 60,
    "autopilot_reset": True,
    "autopilot_max_resets": 25,
    "autopilot_reset_timeout": 60,
    "autopilot_reset_gone_after": 3,
    "autopilot_follow_timeout": 90,
    "autopilot_groups": [{"name": "Autopilot devices of the office", "autopilot_group_tag": "Office"}],
    "autopilot_profiles": [
        {
            "name": "Office PCs",
            "deployment_mode": "user_driven",
            "user_type": "standard",
            "included_groups": ["Autopilot devices of the office"],
        }
    ],
    "autopilot_pages": [
        {
            "name": "Office PCs",
            "timeout_minutes": 20,
            "device_use_allowed": True,
            "install_quality_updates": False,
            "included_groups": ["Autopilot devices of the office"],
        }
    ],
}
#: Numbers of devices in the tenant that a check run must leave as they are.
PLACES = ("devices", "managed_devices", "groups")


def main(arguments: list[str]) -> int:
    """Run it, with more arguments for the lab; returns the exit status."""
    started = time.monotonic()
    for file in (REPORT, CHECK_REPORT, SHEET):
        file.unlink(missing_ok=True)  # Of another lab.
    with process.running(OUT, "--scenario", "autopilot", "--speed", SPEED, *arguments) as lab, people(lab) as unpacked:
        devices = {device["name"]: device for device in lab.get("/devices")}
        title(f"A lab of {len(devices)} devices is running. First look: playbooks/autopilot.yml --check")
        before, tenant = digests(lab), lab.get("/tenant")
        autopilot(lab, "--check")
        problems = check_mode_problems(lab, before)
        now = lab.get("/tenant")
        problems += [
            f"{place} of the tenant changed in check mode" for place in PLACES if set(now[place]) != set(tenant[place])
        ]

        title("Now for real: register, assign, wait, reset; the people unpack their devices meanwhile")
        first = autopilot(lab)
        problems += differences(first, devices) + untold(first) + unlike_the_lab(lab, first)
        problems += on_the_sheet(first)

        title("Once more: a second run changes nothing")
        second = autopilot(lab)
        problems += [f"{name}: changed={count} in the second run" for name, count in second.changed.items() if count]
        problems += [] if second.changed else ["the second run did not end"]
        problems += differences(second, devices)
    title("What happened")
    print_outcomes(first, devices)
    print(f"\n{len(unpacked)} devices were unpacked by their people.")
    shown = [path.relative_to(ROOT) for path in (REPORT, SHEET, OUT / "graph.jsonl")]
    print(f"report: {shown[0]}   hand-over sheet: {shown[1]}   what went to Graph: {shown[2]}")
    return verdict(problems, started)


def autopilot(lab: process.RunningLab, *options: str) -> Run:
    """Run the playbook, which always writes a report."""
    report = CHECK_REPORT if "--check" in options else REPORT
    run = play(lab, "playbooks/autopilot.yml", "-e", json.dumps(SETTINGS), *options, report=report)
    if run.report is None:
        sys.exit(f"the playbook wrote no report (exit status {run.status})")
    return run


@contextlib.contextmanager
def people(lab: process.RunningLab) -> t.Iterator[list[str]]:
    """The people of the lab: whoever gets a device unpacks it, and signs in with the account that the inventory has.

    Gives the names of the devices that were unpacked, as they are.
    """
    hosts = yaml.safe_load(lab.inventory.read_text(encoding="utf-8"))["all"]["children"]["devices"]["hosts"]
    users = {name: options.get("autopilot_assigned_user") for name, options in hosts.items()}
    unpacked: list[str] = []
    over = threading.Event()

    def live() -> None:
        while not over.wait(0.5):
            for device in lab.get("/devices"):
                if device["out_of_box"] and device["name"] not in unpacked:
                    lab.post(f"/devices/{device['name']}/sign-in", {"user": users[device["name"]]})
                    unpacked.append(device["name"])

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    try:
        yield unpacked
    finally:
        over.set()
        thread.join(10)


def differences(run: Run, devices: dict) -> list[str]:
    """Devices that did not end as the scenario says."""
    found = []
    for device in run.devices:
        expect = devices[device["device"]]["expect"]
        for field, wanted in (("outcome", expect["autopilot"]), ("name", expect.get("autopilot_name"))):
            if wanted and device[field] != wanted:
                said = f"{field} should be {wanted}, is {device[field]}"
                found.append(f"{device['device']}: {said} ({device.get('cause') or device.get('msg')})")
    return found + [f"{name}: not in the report" for name in devices if name not in {d["device"] for d in run.devices}]


def untold(run: Run) -> list[str]:
    """Devices that need attention, and of which the report does not say why and what to do."""
    bad = [device for device in run.devices if device["outcome"] in ("failed", "refused", "incomplete")]
    return [
        f"{device['device']}: the report does not say why" for device in bad if not (device["cause"] and device["fix"])
    ]


def unlike_the_lab(lab: process.RunningLab, run: Run) -> list[str]:
    """Devices that the report calls deployed, and that the lab's own account does not know as joined and enrolled; and
    the other way round devices that were reset although the report says otherwise."""
    now = {device["name"]: device for device in lab.get("/devices")}
    found = []
    for device in run.devices:
        name, join = device["device"], now[device["device"]]["join"]
        if device["outcome"] in ("deployed", "incomplete") and not (join["type"] == "entra" and join["mdm"]):
            found.append(f"{name}: the report says {device['outcome']}, and it is not joined and enrolled")
        if device["reset_at"] is None and now[name]["out_of_box"]:
            found.append(f"{name}: it was reset, and the report does not say so")
    return found


def on_the_sheet(run: Run) -> list[str]:
    """Devices that were reset, and have no page for whoever unpacks them."""
    text = SHEET.read_text(encoding="utf-8") if SHEET.exists() else ""
    handed = [device["device"] for device in run.devices if device["outcome"] in ("deployed", "incomplete")]
    return [f"{name}: no page in the sheet" for name in handed if f"<h1>{name}</h1>" not in text]


def print_outcomes(run: Run, devices: dict) -> None:
    """One line a device."""
    for device in run.devices:
        said = device.get("cause") or f"{device['serial_number']}, {device.get('assigned_user') or 'nobody signs in'}"
        print(f"  {device['device']:20} {device['outcome']:11} {said[:150]}")
    print("  " + ", ".join(f"{count} {name}" for name, count in run.report["totals"].items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
