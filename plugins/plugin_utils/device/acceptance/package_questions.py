# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions that only a real Windows answers, asked with a package that the user has named for it, and with no other.

It is added twice and removed. Before, and after each of the three, Windows is asked what it lists, what the
provisioning engine remembers, and whether the package's file is there. What is told of it are numbers, yes or no, and
codes.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import functools
import typing as t

from ...progress import Deadline
from .. import jobs
from .. import operations as op
from ..answers import Answer
from ..codes.hresult import error_code
from ..diagnosis import logs
from ..joining import engine_memory, provisioning
from ..joining.engine_memory import EngineMemory
from ..reading import known, plain_id
from ..waiting import Waiter
from .system import ACCEPTANCE_DIRECTORY, ACCEPTANCE_JOB
from .trial import Ground

NOT_NAMED = "no package was given (option package)"
NO_CLIENT = "this Windows has no provisioning packages"
NOT_ENDED = "the provisioning engine did not end in time"
FILE = "question.ppkg"
#: Where the engine has its own copy of a file of this name.
COPY = rf"%ProgramData%\Microsoft\Provisioning\{FILE}"
PACKAGE_INFO = r"SOFTWARE\Microsoft\Provisioning\PackageInfo"
#: One step: the engine may wait 180 s at a time.
STEP_SECONDS = 900
#: Of the engine's log: settings, packages, additions, removals.
EVENTS = (10, 11, 12, 13, 20, 21, 22, 23, *range(60, 70))


def unasked(why: str) -> dict:
    """The part of the report where nothing was asked."""
    return {"asked": False, "why": why, "left": False, "steps": []}


def ask(ground: Ground, package: provisioning.PackageSource) -> dict:
    """Ask, and give the part of the report. Raises ConnectionLost, WireError and Failure."""
    return PackageQuestions(ground, package).ask()


class PackageQuestions:
    """One round of questions."""

    def __init__(self, ground: Ground, package: provisioning.PackageSource) -> None:
        self.package = package
        # Of its own: what was begun is brought to its end.
        self.waiter = Waiter(ground.session, ground.progress, ground.poll_interval, Deadline(4 * STEP_SECONDS))
        self.session = ground.session
        self.since: int | str = 0
        self.newest = 0
        self.steps: list[dict] = []

    def ask(self) -> dict:
        """Look, add, add, remove."""
        path = rf"{ACCEPTANCE_DIRECTORY}\{FILE}"
        prepare = {"directory": op.directory_create(ACCEPTANCE_DIRECTORY)} | logs.ends(logs.PROVISIONING_LOG)
        made = self.waiter.ask(prepare, "preparing the questions")
        self.since = logs.start_of(made)[logs.PROVISIONING_LOG]
        self.session.put_file(self.package.src or "", rf"{made['directory']['path']}\{FILE}")
        self._look("before", None)
        why = None
        for name, step in (
            ("added", op.package_install(path, False)),
            ("added again", op.package_install(path, True)),
            ("removed", op.package_remove(self.package.id)),
        ):
            ended = self._do(step)
            if not ended:
                why = NOT_ENDED
                break
            self._look(name, ended)
        last = self.steps[-1]
        left = bool(last["listed"] or last["results"] or last["checksums"] or last["file"])
        return {"asked": True, "why": why, "left": left, "steps": self.steps}

    def _do(self, step: dict) -> Answer | None:
        """Have the engine do it as SYSTEM; None where it does not end."""
        self.waiter.ask({"old": op.job_remove(ACCEPTANCE_JOB)}, "preparing a question")
        start = {"job": op.job_start(ACCEPTANCE_JOB, [step], STEP_SECONDS)}
        jobs.require(self.waiter.ask(start, "asking as SYSTEM")["job"], "the question cannot be asked as SYSTEM")
        return self.waiter.until(
            {"job": op.job_status(ACCEPTANCE_JOB), "engine": op.processes(provisioning.ENGINE)},
            lambda answer: jobs.outcome(answer["job"])[0] and provisioning.engine_is_idle(answer["engine"]),
            "waiting for the provisioning engine",
        )

    def _look(self, name: str, ended: Answer | None) -> None:
        found = self.waiter.ask(
            {
                "packages": op.provisioning_packages(),
                "info": op.registry_read(PACKAGE_INFO, depth=1),
                "file": op.path_info(COPY),
                "events": op.events(logs.PROVISIONING_LOG, EVENTS, self.since, 200),
            }
            | engine_memory.OBSERVATIONS,
            "reading what Windows knows about the package",
        )
        memory = engine_memory.remembered(found, self.package.id)
        listed = known(functools.partial(provisioning.listed, found["packages"], self.package.id))
        self.steps.append(
            {
                "step": name,
                "code": error_code(jobs.outcome(ended["job"])[1]) if ended else None,
                "listed": listed is not None,
                "installed": listed["installed"] if listed else None,
                "file": found["file"].get("exists"),
                "package_info": known(lambda: self._has_key(found, "info")),
                "checksums": known(lambda: self._values(found)),
                **_told(memory),
                "events": self._new_events(found),
            }
        )

    def _has_key(self, found: Answer, name: str) -> bool:
        return any(plain_id(key) == self.package.id for key, _child in found[name].key().children())

    def _values(self, found: Answer) -> int:
        """How many checksums there are of it."""
        keys = found["package_checksums"].key().children()
        return sum(len(key.values) for name, key in keys if plain_id(name) == self.package.id)

    def _new_events(self, found: Answer) -> dict[str, int]:
        """How often each id has come since the last look, but for what is about other packages."""
        own = engine_memory.own_events(found["events"].get("events", []), self.package.id)
        events = [event for event in own if event["record"] > self.newest]
        self.newest = max([self.newest, *(event["record"] for event in events)])
        ids = sorted(event["id"] for event in events)
        return {str(number): ids.count(number) for number in dict.fromkeys(ids)}


def _told(memory: EngineMemory | None) -> dict[str, t.Any]:
    """What is recorded of the package's settings: how many, how often they have failed, how many are pending."""
    if memory is None:
        return dict.fromkeys(("results", "failures", "pending", "would_be_skipped"))
    return {
        "results": len(memory.settings),
        "failures": memory.failures,
        "pending": sum(setting.pending for setting in memory.settings),
        "would_be_skipped": memory.skipped is not None,
    }
