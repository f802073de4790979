# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have a Windows host build a package with Microsoft's ICD.exe, fetch it, and leave nothing of it there.

    require_host(task, order)       # Failure where the host cannot; all that check mode does
    built = build(task, order)      # raises Failure

What was built is not judged here but by who reads it: of an encrypted package, which nobody can read, there is the same
in clear in ``Built.plain``. The work is done as SYSTEM by a job that survives a lost connection, in a directory that
is closed to others before anything is written there. What could not be removed is in ``task.learned``, left_behind.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import base64
import typing as t

from ...progress import Deadline
from ...result import Failure, Phases
from ...task import Task
from ...time_limit import TaskTimeUp
from .. import jobs, left_behind, wire
from .. import operations as op
from ..answers import Answer, Result, within
from ..codes.hresult import error_code
from ..reading import plain_id
from ..session import ConnectionLost
from ..waiting import Waiter, connection_lost
from ..work import AFTERWARDS_SECONDS
from . import icd_host, icd_output
from .build_order import BuildOrder, Built
from .host_files import bring, fetch
from .icd_host import Icd

POLL_SECONDS = 2
#: For copying, fetching and the start of the job, beside what the tool itself may take.
AROUND_SECONDS = 600
CLOSING_SECONDS = 120
WIM_MAGIC = b"MSWIM\0\0\0"
AGAIN = "run the task again"


def require_host(task: Task, order: BuildOrder) -> Icd:
    """The tool with which the host would build. Raises Failure where it cannot, ConnectionLost."""
    return icd_host.chosen(task.session.run(icd_host.observations(order)), order)


def build(task: Task, order: BuildOrder) -> Built:
    """Build the package. Raises Failure. Sets phases and left_behind of the task."""
    return _HostBuild(task, order).run()


class _HostBuild:
    """One build."""

    def __init__(self, task: Task, order: BuildOrder) -> None:
        self.task = task
        self.order = order
        self.job = jobs.job_id("icd_build", order.place)
        self.folder = rf"{op.BUILD_DIRECTORY}\{plain_id(order.place)}"
        self.seconds = order.timeout * (2 if order.encrypt else 1)
        self.waiter = self._waiter(order.timeout + self.seconds + AROUND_SECONDS)
        self.phases = task.phases = task.phases or Phases()
        task.learned["left_behind"] = []

    def run(self) -> Built:
        with self.phases.phase("look"):
            look = self.task.session.run({"job": op.job_status(self.job), **icd_host.observations(self.order)})
            tool = icd_host.chosen(look, self.order)
        cut_off = False
        try:
            return self._built(look, tool)
        except TaskTimeUp:
            cut_off = True
            self._tell_unknown()
            raise
        except (ConnectionLost, wire.WireError) as exc:
            raise connection_lost("the host stopped answering while it built", exc, "the build") from exc
        finally:
            if not cut_off:
                self._clean_up()

    def _built(self, look: Answer, tool: Icd) -> Built:
        status = look["job"]
        if jobs.is_running(status):
            with self.phases.phase("earlier run"):
                status = self._ended("waiting for what an earlier run has started")
        with self.phases.phase("copy"):
            paths = bring(self.task.session, self.waiter, self.folder, self.order.files)
        with self.phases.phase("build"):
            start = op.icd_build(
                self.folder,
                tool.path,
                list(tool.stores),
                base64.b64encode(self.order.customizations(paths)).decode("ascii"),
                self.order.encrypt,
                self.order.timeout,
            )
            ask = op.job_start(self.job, [start], self.order.timeout + self.seconds + CLOSING_SECONDS)
            jobs.start(self.waiter, ask, status, "the build")
            value = self._answer(self._ended("waiting for Windows Configuration Designer"), start)
        with self.phases.phase("fetch"):
            return self._fetched(value, tool)

    def _ended(self, sentence: str) -> Result:
        asked = {"job": op.job_status(self.job)}
        ended = self.waiter.until(asked, lambda answer: not jobs.is_running(answer["job"]), sentence)
        if ended is None:
            raise self._timed_out()
        return ended["job"]

    def _answer(self, status: Result, start: dict) -> dict:
        """What the operation in the job has answered. Raises Failure where it could not be carried out."""
        results = within(status, [start])
        if not results:
            raise Failure(
                f"the build was ended before it was done; {AGAIN}",
                side="device",
                name="build_ended",
                cause="the host was restarted, or somebody has ended the task",
                fix=AGAIN,
                evidence=[{"state": status.get("state"), "last_task_result": status.get("last_task_result")}],
            )
        if (error := results[0].error) and error["type"].endswith("TimeoutException"):
            raise self._timed_out()
        jobs.require(results[0], "the package cannot be built as SYSTEM")
        value = results[0].value
        self._tell_left(value["left"])
        if value["error"]["type"]:
            raise self._not_run(value["error"])
        return value

    def _not_run(self, error: dict) -> Failure:
        if error["type"].endswith("TimeoutException"):
            return self._timed_out()
        return Failure(
            f"the package cannot be built on the host: {error['message']}",
            side="device",
            name="build_not_run",
            code=error_code(error),
            cause=error["message"],
            fix="look at the host's disk space, its virus scanner, and at Windows Configuration Designer there",
            evidence=[error],
        )

    def _fetched(self, value: dict, tool: Icd) -> Built:
        runs, files = value["runs"], {file["name"]: file for file in value["files"]}
        names = ["package.ppkg", *(["encrypted.ppkg"] if self.order.encrypt else [])]
        codes = [run["exit_code"] for run in runs]
        word = None
        if self.order.encrypt:
            word = icd_output.password(runs[-1]["text"]) if len(runs) == len(names) else None
            self.task.secrets.append(lambda: [word] if word else [])
        for number, name in enumerate(names):
            if name not in files or name.replace(".ppkg", ".cat") not in files:
                # A run with a password says nothing that could be shown, but its lines of errors.
                raise icd_output.failed([run["text"] for run in runs], codes[number] if number < len(codes) else None)
        if any(codes):
            sentence = "ICD.exe has ended with exit code {}, and has written a package, which is judged by its contents"
            self.task.learned.setdefault("warnings", []).append(sentence.format(next(filter(None, codes))))
        plain = self._fetch(files["package.ppkg"])
        if not self.order.encrypt:
            return Built(plain, self._fetch(files["package.cat"]), None, tool.told())
        if word is None:
            raise Failure(
                "ICD.exe has encrypted the package, and its output names no password",
                side="device",
                name="password_not_told",
                cause="this version of ICD.exe prints the password in another form, or in another language",
                fix="build the package without encrypt, or encrypt it in the graphical Windows Configuration Designer",
                doc=icd_host.COMMAND_LINE_DOC,
            )
        ppkg = self._fetch(files["encrypted.ppkg"])
        if ppkg.startswith(WIM_MAGIC):
            raise Failure(
                "ICD.exe has reported success, and the package is not encrypted",
                side="device",
                name="not_encrypted",
                cause="this version of ICD.exe takes the switch +Encrypted, and does nothing about it",
                fix="build the package without encrypt, or install a newer Windows Configuration Designer",
                doc=icd_host.COMMAND_LINE_DOC,
            )
        return Built(ppkg, self._fetch(files["encrypted.cat"]), word, tool.told(), plain)

    def _fetch(self, file: dict) -> bytes:
        return fetch(self.waiter, rf"{self.folder}\{file['name']}", file["size"], file["sha256"])

    def _timed_out(self) -> Failure:
        return Failure(
            f"Windows Configuration Designer has not built the package within {self.order.timeout} s",
            side="device",
            name="build_timed_out",
            cause="the host is slow or builds other packages, the package is large, or ICD.exe waits for somebody",
            fix="raise timeout, and look at the host",
        )

    # --- what stays ---------------------------------------------------------------------------------------------------

    def _clean_up(self) -> None:
        """Remove the job and the directory, and tell what could not be removed."""
        asked = {"job": op.job_remove(self.job), "folder": op.path_remove(self.folder)}
        try:
            with self.phases.phase("clean up"):
                answer = self._waiter(AFTERWARDS_SECONDS).ask(asked, "removing what was needed for the build")
        except (ConnectionLost, wire.WireError):
            self._tell_unknown()
            return
        except TaskTimeUp:
            self._tell_unknown()
            raise
        if answer["job"].error:
            self._tell([left_behind.job(self.job, left_behind.NOT_REMOVED)])
        if answer["folder"].error:
            self._tell([self._of_folder(left_behind.NOT_REMOVED)])

    def _tell_unknown(self) -> None:
        self._tell([left_behind.job(self.job, left_behind.MAY_BE), self._of_folder(left_behind.MAY_BE)])

    def _tell_left(self, paths: t.Sequence[str]) -> None:
        """What ICD.exe has left elsewhere. What is in our own directory goes with that, or is told with it."""
        elsewhere = [path for path in paths if f"\\builds\\{plain_id(self.order.place)}\\" not in path.lower()]
        by_hand = "remove it by hand: it may hold secrets of the package"
        self._tell([left_behind.entry("log", path, left_behind.NOT_REMOVED, by_hand) for path in elsewhere])

    def _of_folder(self, why: str) -> left_behind.LeftBehind:
        again = "run the task again: it removes the directory; it holds secrets of the package"
        return left_behind.entry("build", self.folder, why, again)

    def _tell(self, entries: list[left_behind.LeftBehind]) -> None:
        self.task.learned["left_behind"] = [*self.task.learned["left_behind"], *entries]

    def _waiter(self, seconds: float) -> Waiter:
        return Waiter(self.task.session, self.task.progress, POLL_SECONDS, Deadline(seconds))
