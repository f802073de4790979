# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on a device of one package, or of the job of a join without one, when a task ends.

The engine keeps a copy of each package that it was given in its own folder, under the name of the file that it was
given, and works with that copy only (public decompilations of its PackageCopier). It keeps checksums and results until
the package is removed (engine_memory.py), and a failed package it tries again by tasks of its own (provisioning.py).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import ntpath

from .. import jobs, left_behind
from .. import operations as op
from ..answers import Answer, Result
from ..left_behind import LeftBehind
from ..reading import known, plain_id
from . import engine_memory, provisioning
from .provisioning import PackageSource

PACKAGE_ENTRY, OWN_COPY, ENGINE_COPY = "package", "copy of the package", "copy of the package (Windows)"
"""What entries call it: that Windows remembers it, our copy, and the engine's."""
_HOLDS = "it holds all that the package holds, such as a bulk token, in clear text"


class Remains:
    """``package`` is None for a join without one; ``job`` is the job that applies or joins."""

    def __init__(self, package: PackageSource | None, job: str) -> None:
        self.package = package
        self.job = job

    def observations(self) -> dict[str, dict]:
        """What tells; a listing of the packages (``packages``), which takes long, says more where it is there."""
        look = {"job": op.job_status(self.job)}
        if self.package is None:
            return look
        look |= {
            "removal": op.job_status(self.package.remove_job),
            "engine_copy": op.path_info(self.package.engine_path),
            "engine_tasks": provisioning.ENGINE_OBSERVATIONS["engine_tasks"],
        }
        if self.package.path is None:
            look["file"] = op.path_info(self.package.device_path)
        return look | engine_memory.OBSERVATIONS

    @property
    def id(self) -> str:
        return self.package.id if self.package else ""

    def listed(self, answer: Answer) -> frozenset[str] | None:
        """The ids of all packages that Windows lists; None where it was not asked, or could not be read."""
        listing = answer.results.get("packages")
        return known(lambda: frozenset(plain_id(one["id"]) for one in listing["packages"])) if listing else None

    # --- as the result tells it ---------------------------------------------------------------------------------------

    def entries(self, answer: Answer, why: str = "keep_copy is true") -> list[LeftBehind]:
        """All that is there, by an answer to observations(). ``why`` is for our copy where no job of ours uses it."""
        found = self.own(answer, why)
        if self.package is None:
            return found
        for path in self._engine_copies(answer):
            found.append(
                left_behind.entry(
                    ENGINE_COPY,
                    path,
                    f"Windows keeps it as long as it knows the package, and needs it to remove the package; {_HOLDS}",
                    _absent(self.id),
                )
            )
        shown = self.shown(answer)
        if shown:
            tasks = answer.results.get("engine_tasks")
            again = known(lambda: provisioning.next_attempt(tasks)) if tasks and shown.get("failures") else None
            later = f"; Windows tries it again at {again}" if again else ""
            found.append(
                left_behind.entry(
                    PACKAGE_ENTRY,
                    _memory_of(self.id),
                    f"Windows remembers each package that it was given{later}",
                    self._how_to_forget(answer),
                )
            )
        return found

    def own(self, answer: Answer, why: str = "keep_copy is true") -> list[LeftBehind]:
        """What of it is ours: jobs, and the copy that is not the user's own file."""
        found = [
            left_behind.job(job, left_behind.STILL_RUNS if jobs.is_running(status) else left_behind.NOT_REMOVED)
            for job, status in self._jobs(answer)
            if jobs.is_there(status)
        ]
        file = answer.results.get("file")
        if self.package and self.package.path is None and file and file.get("exists"):
            runs = jobs.is_running(answer["job"])
            reason = "a job of ours still uses it, and removes it at its end" if runs else why
            found.append(_own_copy(self.package, f"{reason}; {_HOLDS}"))
        return found

    def of_another(self, answer: Answer, package_id: str) -> list[LeftBehind]:
        """What a listing (``packages``) tells of a package with another id than was given."""
        listed = provisioning.listed(answer["packages"], package_id)
        why, remove = f"the file has this id, and not {self.id}; {_HOLDS}", _absent(package_id)
        if listed is None:
            return []
        return [
            left_behind.entry(ENGINE_COPY, listed["path"], why, remove),
            left_behind.entry(
                PACKAGE_ENTRY, _memory_of(package_id), "Windows remembers each package that it was given", remove
            ),
        ]

    def unknown(self) -> list[LeftBehind]:
        """All that may be there of a device that does not answer any more."""
        found = [left_behind.job(self.job, left_behind.MAY_BE)]
        if self.package is None:
            return found
        if self.package.path is None:
            found.append(
                _own_copy(self.package, f"{left_behind.MAY_BE}; the job that uses it removes it at its end; {_HOLDS}")
            )
        copy = left_behind.entry(
            ENGINE_COPY,
            self.package.engine_path,
            f"{left_behind.MAY_BE}; {_HOLDS}",
            "run the task again: it continues, and removes it where it is not to stay",
        )
        known_by_windows = left_behind.entry(
            PACKAGE_ENTRY, _memory_of(self.id), left_behind.MAY_BE, "run the task again: it tells what is there then"
        )
        return [*found, copy, known_by_windows]

    # --- as changes tell it -------------------------------------------------------------------------------------------

    def shown(self, answer: Answer) -> dict | None:
        """What Windows knows of the package; None where it knows nothing of it, or it could not be read."""
        if self.package is None:
            return None
        memory = engine_memory.remembered(answer, self.package.id)
        listing = answer.results.get("packages")
        entry = known(lambda: provisioning.listed(listing, self.id)) if listing else None
        remembered = memory if memory and (memory.checksums or memory.results) else None
        copies = self._engine_copies(answer)
        if remembered is None and entry is None and not copies:
            return None
        failures = remembered.failures if remembered else 0
        told = {"failures": failures} if failures else {}
        return {"id": self.package.id} | told | ({"copy": copies[0]} if copies else {})

    def settings(self, answer: Answer) -> list[str]:
        """The settings of the package, other than the join, that Windows has applied and does not revert when it
        removes the package."""
        memory = engine_memory.remembered(answer, self.package.id) if self.package else None
        applied = [one.names for one in memory.settings if one.result == 0] if memory else []
        return sorted(names.strip() for names in applied if not self._goes(names))

    def _goes(self, names: str) -> bool:
        words = set(names.lower().replace("\\", " ").replace("/", " ").split())
        reverted = self.package.reverted_areas if self.package else ()
        return bool(words & set(reverted)) or any(join in word for word in words for join in engine_memory.JOIN_WORDS)

    # --- helpers ------------------------------------------------------------------------------------------------------

    def _jobs(self, answer: Answer) -> list[tuple[str, Result]]:
        found = [(self.job, answer["job"])]
        if self.package and "removal" in answer.results:
            found.append((self.package.remove_job, answer["removal"]))
        return found

    def _engine_copies(self, answer: Answer) -> list[str]:
        copy, listing = answer.results.get("engine_copy"), answer.results.get("packages")
        packages = (known(lambda: listing["packages"]) if listing else None) or []
        entry = next((one for one in packages if plain_id(one["id"]) == plain_id(self.id)), None)
        path = copy["path"] if copy and copy.get("exists") else ""
        if path and not entry and any(_file(one["path"]) == _file(path) for one in packages):
            return []  # It is another package's.
        if entry and provisioning.is_engine_copy(entry["path"]):
            path = path or entry["path"]
        return [path] if path else []

    def _how_to_forget(self, answer: Answer) -> str:
        if self._engine_copies(answer):
            return _absent(self.id)
        return (
            "it needs no removal: join and ppkg apply such a package again. Windows forgets it with remove_package in "
            "a join, or with state=absent after it was applied with keep_copy"
        )


def _own_copy(package: PackageSource, why: str) -> LeftBehind:
    remove = f"{_absent(package.id)}, or run the task again without keep_copy"
    return left_behind.entry(OWN_COPY, package.device_path, why, remove)


def _absent(package_id: str) -> str:
    """How a package is removed with all that is kept of it."""
    return f"winops.entra.ppkg with state=absent and package_id={package_id}"


def _memory_of(package_id: str) -> str:
    """Where Windows remembers a package."""
    return rf"HKLM\{engine_memory.CHECKSUMS} and HKLM\{engine_memory.ENGINE_RESULTS}, {package_id}"


def _file(path: str) -> str:
    return ntpath.basename(path).lower()
