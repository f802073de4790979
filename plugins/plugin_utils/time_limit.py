# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end that Ansible's keyword ``timeout`` sets to a task, and how the main thread is interrupted.

Ansible ends such a task by SIGALRM (ansible-core 2.16: task_executor.py, later _alarm_timeout.py): its handler raises
in the middle of whatever goes on, and the result is one sentence. So while our work goes on the signal is ours, and the
result still says what had been done. Were the signal another one some day, Ansible would do it in its own way.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import types
import typing as t

GRACE_SECONDS = 5
"""For a connection plugin's own tidying up, before it is interrupted, too."""
AGAIN_SECONDS = 0.1
"""Until what must not be interrupted is looked at again."""
# What a worker says to Ansible's main process must not be torn.
_WHOLE = ("multiprocessing", "ansible.utils.display", "ansible.executor")
# A program that is only being started could not be ended yet.
_STARTS = subprocess.Popen.__init__.__code__


class TaskTimeUp(BaseException):
    """The seconds of the task's keyword ``timeout`` are over.

    Not an Exception: what those are, connection plugins try to recover from.
    """


def interrupted(frame: types.FrameType | None, owner: types.FrameType | None) -> bool:
    """Whether the main thread, which a signal found in ``frame``, may be interrupted; programs that it waits for (ssh)
    are then ended. ``owner`` is the frame at which to stop looking."""
    found = []
    while frame is not None and frame is not owner:
        found.append(frame)
        frame = frame.f_back
    if any(one.f_code is _STARTS or str(one.f_globals.get("__name__")).startswith(_WHOLE) for one in found):
        return False
    for one in found:
        for local in one.f_locals.values():
            if isinstance(local, subprocess.Popen):
                local.terminate()
    return True


class TimeLimit:
    """Within it TaskTimeUp is raised when Ansible's alarm goes off; ``seconds`` are the task's, 0 or None for none.

    Afterwards no alarm goes off any more: what was done is then being told.
    """

    def __init__(self, seconds: int | None) -> None:
        self.seconds = seconds
        self._owner: types.FrameType | None = None
        self._previous: t.Any = None

    def __enter__(self) -> None:
        if self.seconds and threading.current_thread() is threading.main_thread():
            self._owner = sys._getframe(1)
            self._previous = signal.signal(signal.SIGALRM, self._wake)

    def __exit__(self, *_exc: object) -> None:
        if self._owner is not None:
            self._owner = None
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._previous)

    def _wake(self, _number: int, frame: types.FrameType | None) -> None:
        if self._owner is None:
            return
        if not interrupted(frame, self._owner):
            signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
            return
        # What tidies up behind the interruption may never end, either.
        signal.setitimer(signal.ITIMER_REAL, GRACE_SECONDS)
        raise TaskTimeUp
