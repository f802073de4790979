# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running lab for integration tests."""

from __future__ import annotations

import contextlib
import os
import typing as t
from collections.abc import Callable, Iterator

import pytest
import yaml

from tests.integration.play import Player
from tests.lab.process import RunningLab, running, utf8_environment
from tests.returns import run as returns

StartLab = Callable[..., RunningLab]
StartFleet = Callable[..., RunningLab]

# For every program of Ansible that a test starts.
os.environ.update(utf8_environment())

# A simulated minute passes in a second; playbooks wait in real time.
SPEED = "60"

_LOG_TAIL = 4000

#: What was found at the end of the run about results and RETURN.
COMPARED = pytest.StashKey[list[str]]()
#: Arguments by which all integration tests run.
WHOLE = (["tests/integration"], ["tests/unit", "tests/integration"])

# Files that take longest, longest first: no worker is to be left alone with one of them at the end.
LONGEST = (
    "test_disconnect.py",
    "test_tenant_removal.py",
    "test_report_of_a_rollout.py",
    "test_tenant_settings.py",
    "test_two_readers.py",
    "test_odd_places.py",
    "test_lost_connections.py",
    "test_tenant_sign_in.py",
    "test_real_powershell.py",
    "test_acceptance.py",
    "test_tenant_devices.py",
    "test_tenant_readiness.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the longest files to the front; the order within a file stays."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(LONGEST)))


@pytest.fixture(scope="session")
def start_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartLab]:
    """A function that starts a lab of its own: ``start_lab("--scenario", "every_kind", "--speed", "60")``.

    The labs stop at the end of the session; a test that changes devices starts its own.
    """
    with contextlib.ExitStack() as labs:

        def start(*arguments: str) -> RunningLab:
            return labs.enter_context(running(tmp_path_factory.mktemp("lab"), *arguments))

        yield start


@pytest.fixture(scope="module")
def start_fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartFleet]:
    """A function that starts a lab from a scenario's name or its content (docs/lab.md has the schema), at a speed.

    The labs stop after the module's last test.
    """
    with contextlib.ExitStack() as labs:

        def start(scenario: str | dict, speed: str = SPEED) -> RunningLab:
            out = tmp_path_factory.mktemp("fleet")
            if isinstance(scenario, dict):
                file = out / "scenario.yml"
                file.write_text(yaml.safe_dump(scenario, sort_keys=False), encoding="utf-8")
                scenario = str(file)
            return labs.enter_context(running(out / "lab", "--scenario", scenario, "--speed", speed))

        yield start


@pytest.fixture(scope="session")
def player(tmp_path_factory: pytest.TempPathFactory) -> Player:
    """Runs playbooks."""
    return Player(tmp_path_factory.mktemp("plays"))


@pytest.fixture(scope="session")
def lab(start_lab: StartLab) -> RunningLab:
    """The lab of the session: devices that can all be joined, for tests that only look at them."""
    return start_lab("--scenario", "healthy", "--speed", SPEED)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> t.Any:
    """Show with a failed test what its lab has said."""
    report = yield
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            log = value.out / "lab.log" if isinstance(value, RunningLab) else None
            if log is not None and log.exists():
                text = log.read_text(encoding="utf-8", errors="replace")
                report.sections.append((f"lab in {value.out}", text[-_LOG_TAIL:] or "(the lab's log is empty)"))
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Compare every result that has come with what RETURN of its module says; the run fails where they differ."""
    config = session.config
    if hasattr(config, "workerinput"):
        return  # The results of all workers are below the directory of the one that has started them.
    compared = returns.compare(config._tmp_path_factory.getbasetemp())  # type: ignore[attr-defined]
    if not compared.results:
        return
    whole = _is_whole(session)
    problems = returns.problems(compared, whole)
    config.stash[COMPARED] = [*problems, returns.summary(compared, whole)]
    if problems:
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def _is_whole(session: pytest.Session) -> bool:
    """Whether all integration tests were wanted, and none has failed: only then something can be said to never come."""
    options = session.config.option
    chosen = options.keyword or options.markexpr or options.deselect or getattr(options, "lf", False)
    return not chosen and not session.exitstatus and session.config.args in WHOLE


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print how results and RETURN differ, and what preflight foretold against what the joins met, where that was asked
    in this run."""
    if COMPARED in config.stash:
        terminalreporter.section("results against RETURN")
        terminalreporter.write_line("\n".join(config.stash[COMPARED]))
    table = config.rootpath / "build" / "confusion.txt"
    if table.exists() and not hasattr(config, "workerinput"):
        terminalreporter.section("preflight against the join")
        terminalreporter.write(table.read_text(encoding="utf-8"))
        table.unlink()
