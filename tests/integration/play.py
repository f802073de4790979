# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-playbook against a lab and gives back what every task returned on every host."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import signal
import subprocess
import sys
import time
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from tests.integration import promised
from tests.lab.process import RunningLab

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
#: How long anything may take that a test is not about: only what hangs takes longer, on the busiest machine.
PATIENCE = 400
POLL_SECONDS = 0.1
#: How long one process has to write its stacks, and how many characters of them are shown.
STACK_SECONDS, LONGEST_STACKS = 5, 20_000

Result = dict[str, t.Any]
Tasks = list[dict[str, t.Any]]
STATUSES = ("ok", "failed", "ignored", "unreachable")


class PlayFailed(AssertionError):
    """A run that did not end in time, or has no result that a test asks for."""


@dataclasses.dataclass(frozen=True)
class Play:
    """A run of ansible-playbook that has ended. ``lines`` are those of the callback plugin task_results, ``output`` is
    what it has printed; without standard error, which is in ``errors``, where that was wanted apart."""

    exit_code: int
    output: str
    directory: Path

    @property
    def errors(self) -> str:
        return (self.directory / "errors.txt").read_text(encoding="utf-8", errors="replace")

    @functools.cached_property
    def lines(self) -> list[dict[str, t.Any]]:
        """One {host, task, action, given, status, result} for each result, in the order in which they came."""
        return [line for line in self._read() if "recap" not in line]

    @functools.cached_property
    def recap(self) -> dict[str, dict[str, int]]:
        """Ansible's own counts by host: ok, changed, failures, unreachable, skipped, ..."""
        return next((line["recap"] for line in self._read() if "recap" in line), {})

    def results(self, task: str) -> dict[str, Result]:
        """What a task (by its name) returned, by host."""
        return {
            line["host"]: line["result"] for line in self.lines if line["task"] == task and line["status"] in STATUSES
        }

    def result(self, host: str, task: str) -> Result:
        """What a task returned on a host."""
        return self._line(host, task)["result"]

    def status(self, host: str, task: str) -> str:
        """How a task ended on a host: ok, failed, ignored (failed with ignore_errors), unreachable, skipped."""
        return self._line(host, task)["status"]

    def state(self, host: str, task: str) -> dict[str, t.Any]:
        """The device's dump that a task lab_state read."""
        return self.result(host, task)["state"]

    def _line(self, host: str, task: str) -> dict[str, t.Any]:
        for line in reversed(self.lines):
            if (line["host"], line["task"]) == (host, task):
                return line
        raise PlayFailed(f"no task {task!r} has run on {host}\n{self.output[-6000:]}")

    def _read(self) -> list[dict[str, t.Any]]:
        file = self.directory / "results.jsonl"
        if not file.exists():
            return []
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.endswith("}")]


class RunningPlay:
    """A run of ansible-playbook that goes on. ``output`` of the whole run is in its directory."""

    def __init__(self, process: subprocess.Popen, directory: Path) -> None:
        self.process = process
        self.directory = directory

    def wait(self, seconds: float = PATIENCE) -> Play:
        """The run once it has ended."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            stacks = self._stacks()
            self.kill()
            said = f"{self.output[-6000:]}\n{stacks}"
            raise PlayFailed(f"the playbook has not ended within {seconds} s\n{said}") from None
        play = Play(code, self.output, self.directory)
        if problems := promised.broken(play.lines):
            raise PlayFailed("\n".join(problems))
        return play

    @property
    def output(self) -> str:
        """What it has printed so far, standard error included."""
        return (self.directory / "output.txt").read_text(encoding="utf-8", errors="replace")

    def _stacks(self) -> str:
        """Where Ansible and each of its workers stand."""
        file = self.directory / "stacks.txt"
        pids = [self.process.pid, *_descendants(self.process.pid)] if file.exists() else []
        for pid in pids:
            before = file.stat().st_size
            with file.open("a", encoding="utf-8") as stacks:
                stacks.write(f"process {pid}\n")
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGUSR1)
            end = time.monotonic() + STACK_SECONDS
            while file.stat().st_size < before + 100 and time.monotonic() < end:
                time.sleep(POLL_SECONDS)
        return file.read_text(encoding="utf-8", errors="replace")[-LONGEST_STACKS:] if pids else ""

    def kill(self) -> None:
        """End it as a crash of the controller would: at once, with all its workers."""
        if self.process.poll() is not None:
            return
        for pid in [self.process.pid, *_descendants(self.process.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


class Player:
    """Runs playbooks, each in a directory of its own below ``directory``."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._count = 0

    def run(self, lab: RunningLab, playbook: Path | list, *options: str, **settings: t.Any) -> Play:
        """Run a playbook to its end; see ``running``."""
        with self.running(lab, playbook, *options, **settings) as run:
            return run.wait()

    def tasks(self, lab: RunningLab, tasks: Tasks, *options: str, hosts: str = "devices", **settings: t.Any) -> Play:
        """Run tasks on hosts, all of them by default, without facts."""
        play = {"hosts": hosts, "gather_facts": False, "tasks": tasks}
        return self.run(lab, [play], *options, **settings)

    @contextlib.contextmanager
    def running(
        self,
        lab: RunningLab,
        playbook: Path | list,
        *options: str,
        variables: dict | None = None,
        host_variables: dict[str, dict] | None = None,
        environment: dict[str, str] | None = None,
        apart: bool = False,
        folder: Path = ROOT,
    ) -> Iterator[RunningPlay]:
        """Start a playbook (a file, or its content as data) with the lab's inventory; it is dead when the block ends.

        variables: extra variables of the command line, to which run_directory is added; host_variables: by host, over
        those of the inventory; environment: of ansible-playbook, over the controller's, such as ANSIBLE_STRATEGY;
        apart: standard error goes to a file of its own; folder: the current one of ansible-playbook.
        """
        self._count += 1
        directory = self._directory / f"play{self._count:02d}"
        (directory / "tmp").mkdir(parents=True)
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(lab.inventory)]
        if host_variables:
            command += ["-i", _write(directory / "hosts.yml", {"all": {"hosts": host_variables}})]
        if not isinstance(playbook, Path):
            playbook = Path(_write(directory / "playbook.yml", playbook))
        extra = {"lab_control": lab.ready["control"], "run_directory": str(directory), **(variables or {})}
        command += ["-e", "@" + _write(directory / "variables.yml", extra), *options, str(playbook)]
        with contextlib.ExitStack() as files:
            output = files.enter_context((directory / "output.txt").open("wb"))
            errors = files.enter_context((directory / "errors.txt").open("wb")) if apart else subprocess.STDOUT
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=_environment(directory) | (environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
            )
        run = RunningPlay(process, directory)
        try:
            yield run
        finally:
            run.kill()


def wait_until(condition: Callable[[], t.Any], what: str) -> t.Any:
    """The first true value of a condition; fails when it never comes."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise PlayFailed(f"not within {PATIENCE} s: {what}")
        time.sleep(POLL_SECONDS)
    return value


def _write(path: Path, content: t.Any) -> str:
    path.write_text(yaml.safe_dump(content, sort_keys=False, width=1000), encoding="utf-8")
    return str(path)


def _environment(directory: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return kept | {
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_FORCE_COLOR": "0",
        "ANSIBLE_FORKS": "20",
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
        "ANSIBLE_CALLBACKS_ENABLED": "task_results",
        "ANSIBLE_ACTION_PLUGINS": str(HERE / "action_plugins"),
        "TASK_RESULTS": str(directory / "results.jsonl"),
        "ANSIBLE_LOCAL_TEMP": str(directory / "tmp"),
        "TMPDIR": str(directory / "tmp"),
        "ANSIBLE_LOG_PATH": str(directory / "ansible.log"),
        # What a controller remembers: one for the plays of one player.
        "ANSIBLE_HOME": str(directory.parent / "home"),
    }


def _descendants(pid: int) -> list[int]:
    """Children and their children. Ansible's workers leave the process group and the session of their parent."""
    listing = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = dict(map(int, line.split()) for line in listing.splitlines())
    found, waiting = [], [pid]
    while waiting:
        parent = waiting.pop()
        children = [child for child, its_parent in parents.items() if its_parent == parent]
        found += children
        waiting += children
    return found
