# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins as tasks: one task for every device of a fleet, its options by host."""

from __future__ import annotations

import typing as t

from tests.integration import inspection
from tests.integration.play import wait_until
from tests.lab.process import RunningLab

OPTIONS = (
    "method",
    "tenant_id",
    "src",
    "path",
    "url",
    "checksum",
    "package_id",
    "mdm_id",
    "expect_mdm",
    "reboot",
    "reboot_timeout",
    "timeout",
    "poll_interval",
    "on_failure",
    "keep_copy",
    "apply_again",
    "remove_package",
)
#: Real seconds; at the lab's speed one is a minute of the device. Long enough for everything on the busiest machine,
#: and short for what is to be waited for in vain. The engine tries a failed join again after fifteen.
LONG, SHORT = 300, 14
#: Device seconds, in which no join of a test goes on waiting for the next attempt.
TOO_LATE = 7 * 86400.0

Options = dict[str, t.Any]


def join_task(name: str = "join") -> dict[str, t.Any]:
    """The task: each host's options are its variable C(want); a failure does not end the play for the host."""
    options = {option: f"{{{{ want.{option} | default(omit) }}}}" for option in OPTIONS}
    return {"name": name, "winops.entra.join": options, "ignore_errors": True, "ignore_unreachable": True}


def device_of(kind: str, kinds: dict[str, t.Any]) -> dict[str, t.Any]:
    """A scenario's entry for a device of a kind. Where its join is to fail, the first failure ends the task, however
    busy this machine is: Windows would try again too late."""
    if kinds[kind]["expect"].get("outcome") != "failed":
        return {"kind": kind}
    engine = kinds[kind].get("device", {}).get("engine", {})
    return {"kind": kind, "device": {"engine": engine | {"retry_delays": [TOO_LATE]}}}


def options_of_scenario(lab: RunningLab) -> dict[str, Options]:
    """What each device's scenario asks for, by inventory name."""
    found = {}
    for name, variables in inspection.inventory(lab).items():
        wanted = {option: variables[f"join_{option}"] for option in OPTIONS if f"join_{option}" in variables}
        found[name] = {"poll_interval": 1, "timeout": LONG, **wanted}
        if found[name].get("method") == "azure_vm":
            found[name].pop("src", None)
    return found


def wanted(options: dict[str, Options]) -> dict[str, dict[str, Options]]:
    """Host variables for join_task."""
    return {name: {"want": given} for name, given in options.items()}


def enrolled(lab: RunningLab) -> dict[str, inspection.State]:
    """The devices' states once nothing goes on any more and every enrollment that was still to come has come."""
    for name in settled(lab):
        lab.post(f"/devices/{name}/hurry")

    def look() -> dict[str, inspection.State] | None:
        found = settled(lab)
        return found if all(dump["join"]["type"] == "none" or dump["join"]["mdm"] for dump in found.values()) else None

    return wait_until(look, "every joined device enrolled")


def settled(lab: RunningLab) -> dict[str, inspection.State]:
    """The devices' states once nothing goes on any more: no restart, nothing that a start brings a little later, no
    provisioning engine."""

    def look() -> dict[str, inspection.State] | None:
        found = inspection.states(lab)
        busy = [
            name
            for name, dump in found.items()
            if dump["restart_scheduled"]
            or not dump["online"]
            or dump["starting"]
            or any(process["name"].lower() in ("provtool.exe", "powershell.exe") for process in dump["processes"])
        ]
        return None if busy else found

    return wait_until(look, "every device at rest")
