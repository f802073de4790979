# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant side: a task over an empty action and over the typed SDK, lists over bare httpx, requests of look-ups.

Everything talks to the lab's Graph with TLS, and signs in there.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

import yaml

from tests.lab import process

from .measure import Run, run

HERE = Path(__file__).parent
DEVICES, NAMED, READS, TYPED_READS, ROUNDS, LISTS = 10_000, 1_000, 100, 5, 3, 7
SCENARIO = {
    "tenants": {
        "main": {"name": "Contoso", "domain": "contoso.example", "devices": [{"name": "PC", "count": DEVICES}]}
    },
    "devices": [{"kind": "unjoined_pro"}],
}


def measure(root: Path) -> dict:
    """Interleaved rounds; figures by name."""
    out = root / "build" / "bench"
    out.mkdir(parents=True, exist_ok=True)
    scenario = _write(out / "tenant_scenario.yml", SCENARIO)
    with process.running(out / "tenant_lab", "--scenario", scenario) as lab:
        bench = _Bench(root, out, lab)
        return bench.tasks() | bench.lists() | bench.look_up()


class _Bench:
    def __init__(self, root: Path, out: Path, lab: process.RunningLab) -> None:
        self.root, self.out, self.lab = root, out, lab
        self.facts = json.loads((lab.out / "tenant.json").read_text(encoding="utf-8"))

    def play(self, task: dict, times: int) -> Run:
        """A play of one task in a loop."""
        book = [
            {
                "hosts": "localhost",
                "gather_facts": False,
                "tasks": [
                    {"name": "measured", **task, "loop": list(range(times)), "loop_control": {"label": "{{ item }}"}}
                ],
            }
        ]
        command = [
            str(Path(sys.executable).with_name("ansible-playbook")),
            "-i",
            "localhost,",
            _write(self.out / "tenant_play.yml", book),
        ]
        return run(
            command,
            self.root,
            ANSIBLE_CONFIG=str(self.root / "ansible.cfg"),
            ANSIBLE_DISPLAY_OK_HOSTS="false",
            ANSIBLE_STDOUT_CALLBACK="ansible.builtin.default",
            ANSIBLE_LIBRARY=str(HERE / "library"),
            ANSIBLE_ACTION_PLUGINS=str(HERE / "action_plugins"),
            SSL_CERT_FILE=self.facts["ca_file"],
            **self.facts["environment"],
        )

    def tasks(self) -> dict:
        """A read of the registration policy, alone and as a packaged module with the typed SDK makes it."""
        empty, ours, typed = {"empty_action": {}}, {"winops.entra.registration_policy": {}}, {"typed_sdk_policy": {}}
        connection = {"vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}
        self.play(ours, 1)  # Warms the disk cache.
        self.play(typed | connection, 1)
        over, factors = [], []
        for _round in range(ROUNDS):
            start = self.play(empty, 1).seconds
            nothing = self.play(empty, READS).seconds
            read = self.play(ours, READS).seconds
            packaged = self.play(typed | connection, TYPED_READS).seconds
            over.append((read - nothing) / READS * 1000)
            factors.append((packaged - start) / TYPED_READS / (read / READS))  # Ours with Ansible's own start in it.
            print(
                f"one task: empty {1000 * (nothing - start) / READS:5.0f} ms, "
                f"read {1000 * (read - start) / READS:5.0f} ms, "
                f"typed SDK {1000 * (packaged - start) / TYPED_READS:5.0f} ms"
            )
        return {
            "tenant task: ms over an empty action": {"value": statistics.median(over), "goal": 30, "better": "lower"},
            "tenant task: times faster than a packaged module with the typed SDK": {
                "value": statistics.median(factors),
                "goal": 10,
                "better": "higher",
            },
        }

    def lists(self) -> dict:
        """Every device of the tenant, kept in memory."""
        program, facts = str(HERE / "tenant_list.py"), str(self.lab.out / "tenant.json")
        seconds, memory = [], []
        run([sys.executable, program, "ours", facts], self.root)
        for _round in range(LISTS):
            ours = run([sys.executable, program, "ours", facts], self.root)
            bare = run([sys.executable, program, "httpx", facts], self.root)
            (ours_count, ours_seconds), (bare_count, bare_seconds) = ours.output.split(), bare.output.split()
            if ours_count != bare_count or int(ours_count) < DEVICES:
                raise RuntimeError(f"different lists: {ours.output} and {bare.output}")
            seconds.append(float(ours_seconds) / float(bare_seconds))
            memory.append(ours.peak_mib / bare.peak_mib)
            print(
                f"list of {DEVICES}: {float(ours_seconds):5.2f} s {ours.peak_mib:4.0f} MiB, bare httpx "
                f"{float(bare_seconds):5.2f} s {bare.peak_mib:4.0f} MiB"
            )
        return {
            f"list of {DEVICES} devices: time against bare httpx": {
                "value": statistics.median(seconds),
                "goal": 1.3,
                "better": "lower",
            },
            f"list of {DEVICES} devices: memory against bare httpx": {
                "value": statistics.median(memory),
                "goal": 1.3,
                "better": "lower",
            },
        }

    def look_up(self) -> dict:
        """Requests that prove a rollout, the directory and Intune together."""
        ids = [device["deviceId"] for device in self.lab.get("/tenant")["devices"].values()][:NAMED]
        before = len(self._exchanges())
        self.play({"winops.entra.directory_device_info": {"device_ids": ids, "intune": True}}, 1)
        asked = self._exchanges()[before:]
        print(f"look-up of {len(ids)} devices: {len(asked)} requests")
        return {
            f"look-up of {len(ids)} devices with Intune: requests": {
                "value": len(asked),
                "goal": NAMED / 20,
                "better": "lower",
            }
        }

    def _exchanges(self) -> list[str]:
        """Requests to Graph so far, a batch counting as one."""
        return (self.lab.out / "graph.jsonl").read_text(encoding="utf-8").splitlines()


def _write(path: Path, content: object) -> str:
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return str(path)
