# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests look for in a device's dump, read over the lab's control API."""

from __future__ import annotations

import hashlib
import typing as t
import urllib.parse
from pathlib import Path

from tests.lab import inventory as lab_inventory
from tests.lab.process import RunningLab

OWN = r"c:\programdata\winops.entra"
#: Empty and closed to others, these stay.
KEPT_DIRECTORIES = frozenset({OWN, rf"{OWN}\jobs", rf"{OWN}\packages"})
PROVISIONING = "Microsoft-Windows-Provisioning-Diagnostics-Provider/Admin"
REGISTRATION = "Microsoft-Windows-User Device Registration/Admin"
#: Install-ProvisioningPackage has taken a package on; the device has been registered.
INSTALLED, REGISTERED = 61, 104

State = dict[str, t.Any]


def state(lab: RunningLab, name: str) -> State:
    """The whole state of a device."""
    return lab.get(f"/devices/{name}")


def states(lab: RunningLab) -> dict[str, State]:
    """The whole state of every device, by inventory name."""
    return {device["name"]: state(lab, device["name"]) for device in lab.get("/devices")}


def digests(lab: RunningLab) -> dict[str, str]:
    """The digest of every device's state."""
    return {name: dump["digest"] for name, dump in states(lab).items()}


def ours(dump: State) -> list[str]:
    """What the collection has left on a device beside empty directories: files, jobs, scheduled tasks."""
    entries = [entry for entry in dump["files"] if entry["path"].lower().startswith(OWN)]
    found = [
        entry["path"] for entry in entries if not entry["directory"] or entry["path"].lower() not in KEPT_DIRECTORIES
    ]
    found += [f"{entry['path']} is open" for entry in entries if entry["directory"] and not entry["private"]]
    found += [f"job {job}: {what}" for job, what in dump["jobs"].items() if what != "absent"]
    return found + [
        f"task {task['name']}"
        for tasks in dump["tasks"].values()
        for task in tasks
        if task["name"].startswith("winops.entra")
    ]


def sha256(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def copies(dump: State, *packages: Path) -> list[str]:
    """Paths of files on a device that are one of these packages, whatever they are called."""
    hashes = {sha256(package) for package in packages}
    return [entry["path"] for entry in dump["files"] if entry["sha256"] in hashes]


def events(lab: RunningLab, name: str, log: str, event_id: int) -> list[dict[str, t.Any]]:
    """The events of an id in a device's log."""
    found = lab.get(f"/devices/{name}/events?log={urllib.parse.quote(log)}")
    return [event for event in found if event["id"] == event_id]


def package_file(lab: RunningLab, label: str) -> Path:
    """A package of the lab's scenario on the controller."""
    return lab.out / "packages" / f"{label}.ppkg"


def tenant_id(lab: RunningLab) -> str:
    """The tenant that devices are to join."""
    return lab.get("/tenant")["id"]


def inventory(lab: RunningLab) -> dict[str, dict[str, t.Any]]:
    """The inventory variables of every device, those of its groups included."""
    return lab_inventory.read(lab.inventory)


def operations(commands: list[dict[str, t.Any]], device: str | None = None) -> list[dict[str, t.Any]]:
    """Recorded commands that carried operations, of one device or of all."""
    return [line for line in commands if line["kind"] == "operations" and device in (None, line["device"])]


def pending_faults(lab: RunningLab, name: str) -> dict[str, int]:
    """How many faults of each kind a device has not met yet."""
    return lab.get(f"/devices/{name}/faults")


def clear_faults(lab: RunningLab, name: str) -> None:
    """No faults of a device are pending any more."""
    lab.delete(f"/devices/{name}/faults")
