# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One rollout of a disconnect in several runs, in an order that a seed gives: limited, in check mode, killed, two
at once, with the tenant's part. After each run the report is held against the lab, and at the end the tenant, too.
"""

from __future__ import annotations

import contextlib
import json
import random
import tempfile
import typing as t
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.integration.play import Play, Player, wait_until
from tests.integration.rollouts import Rollout, ids, known_ids
from tests.lab.process import running

SPEED = "120"
FLEET = {
    "devices": [
        {"kind": "joined", "name": "one"},
        {"kind": "joined", "name": "two"},
        {"kind": "joined_bitlocker", "name": "locked"},
        {"kind": "joined", "name": "three"},
        {"kind": "joined_without_administrator", "name": "stays"},
    ]
}
NAMES = [device["name"] for device in FLEET["devices"]]
RUNS = 6
LEFT = ("disconnected", "unchanged")


class Episode:
    """The runs of one seed over a lab of their own. ``problems`` says where the report was not true."""

    def __init__(self, seed: int, directory: Path, tell: Callable[[str], None] = lambda line: None) -> None:
        self.seed = seed
        self.problems: list[str] = []
        self._random = random.Random(seed)
        self._directory = directory
        self._tell = tell
        self._rollout: Rollout
        self._had: dict[str, str] = {}
        #: Devices that a run may have begun to ask; those of runs that were killed, until the next report.
        self._asked: set[str] = set()
        self._pending: set[str] = set()
        self._limits: list[str] = []

    def play(self, runs: int = RUNS) -> int:
        """Play them and the last one, which removes what has left from the tenant; returns how many there were."""
        scenario = self._directory / "fleet.yml"
        scenario.write_text(yaml.safe_dump(FLEET), encoding="utf-8")
        with running(self._directory / "lab", "--scenario", str(scenario), "--speed", SPEED) as lab:
            self._rollout = Rollout(lab, Player(self._directory), self._directory, "disconnect")
            self._had = ids(lab)
            kinds: list[Callable[[], str]] = [self._limited, self._checked, self._killed, self._at_once, self._removing]
            order = (kinds + self._random.choices(kinds, k=runs))[:runs]
            self._random.shuffle(order)
            for kind in order:
                before = self._devices()
                said = kind()
                self._tell(f"seed {self.seed}: {said}")
                self._look(said, before)
            self._asked |= set(NAMES)
            last = self._run(NAMES, disconnect_remove_from_tenant=True)
            self._pending.clear()
            self._look("the last run", {})
            self._audit(last)
        return runs + 1

    # --- the runs ---

    def _limited(self) -> str:
        names = self._some()
        self._run(names)
        self._pending.clear()
        return f"--limit {','.join(names)}"

    def _removing(self) -> str:
        names = self._some()
        self._run(names, disconnect_remove_from_tenant=True)
        self._pending.clear()
        return f"--limit {','.join(names)}, removing from the tenant"

    def _checked(self) -> str:
        names, known = self._some(), len(self._rollout.lab.commands())
        file = self._rollout.report_file
        before = file.read_bytes() if file.exists() else None
        self._rollout.run("--check", "--limit", ",".join(names), disconnect_remove_from_tenant=True)
        said = f"--check --limit {','.join(names)}"
        if before != (file.read_bytes() if file.exists() else None):
            self.problems.append(f"{said}: the report of the real runs was changed")
        if [line for line in self._rollout.lab.commands()[known:] if line["changing"]]:
            self.problems.append(f"{said}: something changing was sent")
        if not set(names) <= set(self._rollout.devices(check=True)):
            self.problems.append(f"{said}: not every device is in the report of check mode")
        return said

    def _killed(self) -> str:
        names, known = self._some(), len(self._rollout.lab.commands())
        commands = self._random.randint(1, 4 * len(names))
        with self._rollout.running("--limit", ",".join(names)) as run:
            wait_until(
                lambda: len(self._rollout.lab.commands()) >= known + commands or run.process.poll() is not None,
                f"{commands} commands",
            )
            run.kill()
        self._asked |= set(names)
        self._pending |= set(names)
        return f"--limit {','.join(names)}, killed after {commands} commands"

    def _at_once(self) -> str:
        one, other = self._some(), self._some()
        with contextlib.ExitStack() as both:
            runs = [both.enter_context(self._rollout.running("--limit", ",".join(names))) for names in (one, other)]
            for run in runs:
                self._ended(run.wait())
        self._asked |= {*one, *other}
        self._limits += [",".join(one), ",".join(other)]
        self._pending.clear()
        return f"at once --limit {','.join(one)} and --limit {','.join(other)}"

    def _run(self, names: list[str], **variables: t.Any) -> Play:
        play = self._ended(self._rollout.run("--limit", ",".join(names), **variables))
        self._asked |= set(names)
        self._limits.append(",".join(names))
        return play

    def _ended(self, play: Play) -> Play:
        if "Write the report" not in play.output:
            self.problems.append(f"a run has written no report:\n{play.output[-3000:]}")
        return play

    def _some(self) -> list[str]:
        return self._random.sample(NAMES, self._random.randint(1, 3))

    # --- the truth ---

    def _devices(self) -> dict[str, dict[str, t.Any]]:
        return self._rollout.devices() if self._rollout.report_file.exists() else {}

    def _look(self, said: str, before: dict[str, dict[str, t.Any]]) -> None:
        """Hold the report against the lab."""
        devices, joined = self._devices(), ids(self._rollout.lab)
        if not set(devices) <= self._asked or not set(before) <= set(devices):
            self.problems.append(f"{said}: the report has {sorted(devices)}, asked were {sorted(self._asked)}")
        for name, record in devices.items():
            if name not in self._pending:
                self.problems += [f"{said}: {name}: {problem}" for problem in self._untrue(name, record, joined)]
            for field in ("device_id", "bitlocker", "serial_number"):
                if before.get(name, {}).get(field) and not record.get(field):
                    self.problems.append(f"{said}: {name}: {field} is lost")
        if self._rollout.report_file.exists():
            report = self._rollout.report()
            limits = [run["limit"] for run in report["runs"]]
            missing = [limit for limit in self._limits if limits.count(limit) < self._limits.count(limit)]
            self.problems += [f"{said}: the run limited to {limit} is not in the report" for limit in missing]
            if sum(count for name, count in report["totals"].items() if name != "devices") != len(devices):
                self.problems.append(f"{said}: the totals {report['totals']} are not those of the devices")

    def _untrue(self, name: str, record: dict[str, t.Any], joined: dict[str, str]) -> list[str]:
        has_left, outcome = name not in joined, record["outcome"]
        found = []
        if outcome in LEFT and not has_left:
            found.append(f"{outcome}, and it is joined")
        if outcome == "refused" and has_left:
            found.append("refused, and it has left")
        if outcome in (*LEFT, "begun", "failed") and has_left:
            if record.get("device_id") != self._had[name]:
                found.append(f"its id is {record.get('device_id')} and not {self._had[name]} ({outcome})")
            if record.get("proof") != "proved":
                found.append(f"its proof is {record.get('proof')} ({outcome}): {record.get('not_proved')}")
        return found

    def _audit(self, last: Play) -> None:
        """Hold the tenant against the report, after a run over every device that removes what has left."""
        tenant, joined, devices = known_ids(self._rollout.tenant), ids(self._rollout.lab), self._devices()
        for name in NAMES:
            if name not in joined and self._had[name] in tenant:
                self.problems.append(f"{name} has left, and the tenant has something of it\n{last.output[-3000:]}")
            if name in joined and self._had[name] not in tenant:
                self.problems.append(f"{name} is joined, and the tenant has lost something of it")
            if devices.get(name, {}).get("outcome") != ("refused" if name == "stays" else "unchanged"):
                known = [one["outcome"] for one in devices.get(name, {}).get("earlier", ())]
                if devices.get(name, {}).get("outcome") != "disconnected" or "disconnected" in known:
                    self.problems.append(f"{name} is {devices.get(name, {}).get('outcome')} at the end")
        if self._rollout.journal():
            self.problems.append("the journal has lines at the end")


def played(seed: int, runs: int = RUNS, tell: Callable[[str], None] = lambda line: None) -> tuple[int, list[str]]:
    """Play the episode of a seed: how many runs there were, and the problems."""
    with tempfile.TemporaryDirectory(prefix="rollout") as directory:
        episode = Episode(seed, Path(directory), tell)
        count = episode.play(runs)
        if episode.problems and episode._rollout.report_file.exists():
            episode.problems.append(json.dumps(episode._rollout.report(), indent=1)[-4000:])
        return count, episode.problems
