# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a package comes to be applied in one run: plainly, or again by one way after the other.

What the engine remembers decides, and is read again before each way: no answer of a job is believed.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...result import ChangeSet, Failure
from .. import operations as op
from ..answers import Answer, Result
from ..reading import known
from ..requirements import JoinRefusal
from ..session import DeviceSession
from ..waiting import Waiter
from . import engine_memory, provisioning
from .again import Way, Ways
from .provisioning import PackageSource


class Applying:
    """One package in one run. ``way`` is the way that is taken now, None where the package is simply added."""

    def __init__(self, package: PackageSource, allowed: bool, keep_copy: bool = False) -> None:
        self.package = package
        self.keep_copy = keep_copy
        self.ways = Ways(package, allowed)
        self.way: Way | None = None
        self.memory: engine_memory.EngineMemory | None = None

    def decide(self, look: Answer, force: bool = False) -> JoinRefusal | None:
        """Take the first way where the engine would skip the package, or there is none to take, or no file: the
        refusal.

        ``look`` holds the answers to provisioning.observations(). ``force``: also where the engine would apply some of
        it by itself.
        """
        self.memory = engine_memory.remembered(look, self.package.id)
        if provisioning.under_way(self.package, look):
            return None
        if refusal := provisioning.missing_file(self.package, look["file"]):
            return refusal
        if self.memory is None:
            return None
        if self.memory.skipped or (force and self.memory.checksums and not self.memory.pending):
            return self._take(look, self.memory)
        return None

    def plainly(self, look: Answer) -> None:
        """Simply add it the next time."""
        self.memory, self.way = engine_memory.remembered(look, self.package.id), None

    def skipped(self, look: Answer, changes: ChangeSet) -> None:
        """The engine has skipped the package: take the next way. Raises Failure where there is none."""
        self.tell(changes, look["job"])
        self.memory = engine_memory.remembered(look, self.package.id)
        refusal = self.ways.refusal(None) if self.memory is None else self._take(look, self.memory)
        if refusal:
            raise refusal.failure("the package was not applied", [{"tried": self.ways.taken}])
        self.tell(changes)

    @property
    def may_be_skipped(self) -> bool:
        """Whether the engine knew the package when it was looked at last, or has skipped it once."""
        return bool(self.way or (self.memory and self.memory.may_skip))

    def tell(self, changes: ChangeSet, job: Result | None = None) -> None:
        """Record the way that is taken; with its ended job, what that has really cleared."""
        if self.way:
            self.way = self.way.done(job) if job else self.way
            changes.undo("package")
            changes.add(*self.way.change)

    def start(self, session: DeviceSession, waiter: Waiter, look: Answer) -> None:
        """Bring the package and start the job that applies it. Raises Failure."""
        if self.way and not provisioning.engine_is_idle(look["engine"]):
            self._await_engine(waiter)
        provisioning.bring(session, waiter, self.package, look["file"])
        if self.way:
            steps = self.way.steps
        else:
            # The package may be there from an attempt that failed: only a forced installation tries again.
            force = known(lambda: provisioning.listed(look["packages"], self.package.id)) is not None
            steps = [op.package_install(self.package.device_path, force)]
        provisioning.start_install(waiter, self.package, steps, look["job"], self.keep_copy)

    def _take(self, look: Answer, memory: engine_memory.EngineMemory) -> JoinRefusal | None:
        listed = known(lambda: provisioning.listed(look["packages"], self.package.id))
        self.way = self.ways.next(memory, listed)
        return None if self.way else self.ways.refusal(memory)

    def _await_engine(self, waiter: Waiter) -> None:
        """Nothing of the engine's memory is touched while it works for another package."""
        idle = waiter.until(
            {"engine": op.processes(provisioning.ENGINE)},
            lambda answer: provisioning.engine_is_idle(answer["engine"]),
            "waiting for the provisioning engine to finish its work",
        )
        if idle is None:
            raise Failure(
                f"the provisioning engine is still working on another package after {waiter.deadline.seconds:.0f} s",
                side="device",
                name="engine_busy",
                cause="the device is applying another provisioning package, or this cannot be read",
                fix="run the task again later; look at the Provisioning-Diagnostics-Provider event log on the device",
            )
