# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the provisioning engine is made to apply a package that it has applied before.

In this order, each way only where the one before it cannot be taken, or has changed nothing:

1. by the engine alone: add, which puts the package's file back; remove, which makes it forget; add. Only where the
   package is known to hold nothing that a removal takes back.
2. its checksums are cleared, then it is added; and where that was not enough, its results with them.
3. a refusal.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

from .. import operations as op
from ..answers import Result, within
from ..requirements import JoinRefusal
from .engine_memory import NO_TRIES_LEFT, EngineMemory
from .provisioning import PackageSource

BY_ENGINE, BY_CHECKSUMS, BY_RESULTS = "engine", "checksums", "results"
_SENTENCES = {
    BY_ENGINE: "the engine alone: it is added, removed and added",
    BY_CHECKSUMS: "its checksums are cleared, then it is added",
    BY_RESULTS: "its checksums and results are cleared, then it is added",
}
# How often package_forget runs: the first time it takes the checksums, then the results.
_FORGETTING = {BY_CHECKSUMS: 1, BY_RESULTS: 2}


@dataclasses.dataclass(frozen=True)
class Way:
    """One way; ``cleared`` are the registry keys that it takes."""

    name: str
    package: PackageSource
    cleared: tuple[str, ...] = ()

    @property
    def steps(self) -> list[dict]:
        """The operations of its job, as SYSTEM."""
        add = op.package_install(self.package.device_path, True)
        if self.name == BY_ENGINE:
            return [add, op.package_remove(self.package.id), add]
        return [op.package_forget(self.package.id)] * _FORGETTING[self.name] + [add]

    @property
    def change(self) -> tuple[str, dict, dict]:
        """Its entry in a change set."""
        after = {"applied": "again", "by": _SENTENCES[self.name], "runs_again": self.package.runs_again}
        return "package", {"id": self.package.id}, after | ({"cleared": list(self.cleared)} if self.cleared else {})

    def done(self, job: Result) -> Way:
        """This way with what its job has really cleared, as far as the job tells."""
        told = [result.get("removed") for result in within(job)]
        places = [place for removed in told if isinstance(removed, list) for place in removed]
        return dataclasses.replace(self, cleared=tuple(map(str, places))) if places else self


class Ways:
    """The ways of one run, each taken once at most. ``allowed`` is false where the user wants none of them."""

    def __init__(self, package: PackageSource, allowed: bool) -> None:
        self.package = package
        self.allowed = allowed
        self.taken: list[str] = []

    def next(self, memory: EngineMemory, listed: dict | None) -> Way | None:
        """The next way that may be taken, None where there is none. ``listed`` is what Windows lists of the package."""
        if not self.allowed or _is_foreign(listed):
            return None
        ways = {
            BY_ENGINE: self.package.reverts == (),
            BY_CHECKSUMS: memory.checksums is not None,
            BY_RESULTS: True,
        }
        for name, is_possible in ways.items():
            if is_possible and name not in self.taken:
                self.taken.append(name)
                return Way(name, self.package, _places(name, memory))
        return None

    def refusal(self, memory: EngineMemory | None) -> JoinRefusal:
        """Why there is no way, or none is left."""
        cause = f"the provisioning engine has applied the package {self.package.id} before, and skips what it has "
        cause += "applied, without an error"
        if memory and memory.skipped == NO_TRIES_LEFT:
            cause = f"the package {self.package.id} has failed {memory.failures} times, and the provisioning engine "
            cause += "does not try it again"
        fix = "rebuild the package with a new id; a higher version is not enough"
        if self.taken:
            cause += "; it could not be made to forget it"
        elif not self.allowed:
            fix += "; or allow it to be applied again (apply_again: true)"
        return JoinRefusal("package_applied_before", cause, fix)


def _places(name: str, memory: EngineMemory) -> tuple[str, ...]:
    places = {BY_ENGINE: (), BY_CHECKSUMS: (memory.checksums,), BY_RESULTS: (memory.checksums, memory.results)}[name]
    return tuple(place for place in places if place)


def _is_foreign(listed: dict | None) -> bool:
    """Whether it is a package of Windows or of the device's maker, which lies elsewhere than where ours are put."""
    path = (listed or {}).get("path") or ""
    return bool(path) and "\\programdata\\microsoft\\provisioning\\" not in path.lower()
