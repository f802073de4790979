# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""device_facts over 200 devices against the floor, and against what people do today.

Two floors: a play that asks nothing (ansible.builtin.assert) plus a bare pywinrm loop that makes the same exchange; and
a task that makes it and does nothing with the answer. Today: ansible.windows.win_command with dsregcmd /status, whose
text still has to be parsed.
"""

from __future__ import annotations

import functools
import importlib
import json
import statistics
import sys
import uuid
from pathlib import Path

from ansible.plugins.loader import init_plugin_loader

from tests.lab import process

from . import checking
from .measure import Run, peak_mib, run

DEVICES = 200
FORKS = 5
ROUNDS = 5
HERE = Path(__file__).parent


def measure(root: Path) -> dict:
    """Interleaved rounds of the five; figures by name."""
    with process.running(root / "build" / "bench" / "lab", "--scenario", "healthy", "--devices", str(DEVICES)) as lab:
        contenders = {
            "assert": lambda: _play(root, lab, "assert.yml"),
            "pywinrm": lambda: _pywinrm(root, lab),
            "bare_exchange": lambda: _play(root, lab, "bare_exchange.yml", f"exchange={_exchange(lab)}"),
            "device_facts": lambda: _play(root, lab, "device_facts.yml"),
            "win_command": lambda: _play(root, lab, "win_command.yml"),
        }
        _exchange(lab)
        _play(root, lab, "assert.yml")  # Warms the disk cache for all of them.
        runs: dict[str, list[Run]] = {name: [] for name in contenders}
        traffic: dict[str, list[dict]] = {name: [] for name in contenders}
        for _round in range(ROUNDS):
            for name, contender in contenders.items():
                before = len(lab.commands())
                runs[name].append(contender())
                traffic[name] += lab.commands()[before:]
        lab_memory = peak_mib(lab.process.pid)
    seconds = {name: statistics.median(one.seconds for one in many) for name, many in runs.items()}
    wire = {
        name: sum(c["bytes_in"] + c["bytes_out"] for c in many) / ROUNDS / DEVICES for name, many in traffic.items()
    }
    for name, value in seconds.items():
        print(f"{name:14} {value:6.2f} s for {DEVICES} devices, {wire[name]:9.0f} bytes a device")
    floor = statistics.median(
        facts.seconds / (empty.seconds + raw.seconds)
        for facts, empty, raw in zip(runs["device_facts"], runs["assert"], runs["pywinrm"])
    )
    today = statistics.median(
        facts.seconds / command.seconds for facts, command in zip(runs["device_facts"], runs["win_command"])
    )
    bare = statistics.median(
        facts.seconds / exchange.seconds for facts, exchange in zip(runs["device_facts"], runs["bare_exchange"])
    )
    least = statistics.median(
        exchange.seconds / command.seconds for exchange, command in zip(runs["bare_exchange"], runs["win_command"])
    )
    above = statistics.median(
        (facts.seconds - empty.seconds) / (command.seconds - empty.seconds)
        for facts, empty, command in zip(runs["device_facts"], runs["assert"], runs["win_command"])
    )
    share = statistics.median(one.processor_seconds for one in runs["device_facts"]) / DEVICES
    check = checking.seconds()
    print(
        f"a device's share of device_facts {1000 * share:.1f} ms of processor time, checking it {1000 * check:.2f} ms"
    )
    return {
        "device_facts: checking the answer, part of a device's processor time": {
            "value": check / share,
            "goal": 0.02,
            "better": "lower",
        },
        "device_facts: time against assert play + bare pywinrm loop": {"value": floor, "goal": 1.2, "better": "lower"},
        "device_facts: time against a task that makes the exchange only": {
            "value": bare,
            "goal": 1.2,
            "better": "lower",
        },
        # No code of ours could be below this one.
        "a task that makes the exchange only: time against win_command dsregcmd": {
            "value": least,
            "goal": None,
            "better": "lower",
        },
        "device_facts: time against win_command dsregcmd": {"value": today, "goal": 0.85, "better": "lower"},
        "device_facts: time against win_command, each less the empty play": {
            "value": above,
            "goal": None,
            "better": "lower",
        },
        "device_facts: bytes on the wire against win_command": {
            "value": wire["device_facts"] / wire["win_command"],
            "goal": 0.1,
            "better": "lower",
        },
        "device_facts: commands a device": {
            "value": len(traffic["device_facts"]) / ROUNDS / DEVICES,
            "goal": 1,
            "better": "lower",
        },
        "device_facts: bytes a device": {"value": wire["device_facts"], "goal": None, "better": "lower"},
        f"ansible-playbook: peak MiB with {DEVICES} devices": {
            "value": max(one.peak_mib for one in runs["device_facts"]),
            "goal": None,
            "better": "lower",
        },
        f"lab of {DEVICES} devices: peak MiB": {"value": lab_memory, "goal": None, "better": "lower"},
    }


def _play(root: Path, lab: process.RunningLab, name: str, variable: str = "") -> Run:
    command = [
        str(Path(sys.executable).with_name("ansible-playbook")),
        str(HERE / name),
        "-i",
        str(lab.inventory),
        "--forks",
        str(FORKS),
        *(["--extra-vars", variable] if variable else []),
    ]
    return run(
        command,
        root,
        ANSIBLE_CONFIG=str(root / "ansible.cfg"),
        ANSIBLE_STDOUT_CALLBACK="ansible.builtin.default",
        ANSIBLE_DISPLAY_OK_HOSTS="false",
    )


def _pywinrm(root: Path, lab: process.RunningLab) -> Run:
    loop = [sys.executable, "-m", "tests.benchmarks.bare_pywinrm"]
    return run([*loop, str(lab.inventory), str(FORKS), str(_exchange(lab))], root)


@functools.cache
def _exchange(lab: process.RunningLab) -> Path:
    """The script and the payload of one device_facts task, in a file."""
    init_plugin_loader([str(Path("build/collections").resolve())])
    device = importlib.import_module("ansible_collections.winops.entra.plugins.plugin_utils.device.state")
    wire = importlib.import_module("ansible_collections.winops.entra.plugins.plugin_utils.device.wire")
    request = {"v": 1, "id": str(uuid.UUID(int=1)), "stop_on_error": False, "ops": list(device.observations().values())}
    path = lab.out / "exchange.json"
    path.write_text(json.dumps({"script": wire.BOOTSTRAP, "payload": wire.encode_payload(request).decode("ascii")}))
    return path
