# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an action plugin of this collection is: a declaration. The work is elsewhere, and task.py does the rest.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from . import keywords, task, worker_log
from .task import Side, Task


class Action(ActionBase):
    """A module. ``sides`` are what it talks to: none, the device (device/side.py), the tenant (tenant/side.py), both.

    ``spec`` and ``constraints`` are as AnsibleModule takes them, without the options of the sides; ``spec`` may say
    more of an option, as option_door.py has it. ``refused`` holds what a result promises even where no work was done.
    ``around`` does the attempt and more, such as record it (report/recorded.py). A module that needs no connection says
    so by ``_requires_connection``, which Ansible reads of the class.
    """

    sides: t.ClassVar[tuple[Side, ...]] = ()
    spec: t.ClassVar[Mapping[str, t.Any]] = {}
    constraints: t.ClassVar[Mapping[str, t.Any]] = {}
    refused: t.ClassVar[dict[str, t.Any]] = {}
    around: t.ClassVar[t.Any] = None
    #: That of the device, where a side has opened one, and what records what it has learned so far.
    session: t.Any = None
    note: t.Any = None

    @staticmethod
    def work(task: Task) -> dict:
        """The module's own fields of the result. Raises Failure."""
        raise NotImplementedError

    def run(self, tmp=None, task_vars=None):
        worker_log.leave_alone()
        refusal = keywords.refusal(self)
        if refusal is not None:
            return task.refused(self, refusal)
        started, around = super().run(tmp, task_vars), type(self).around

        def attempt() -> dict:
            return task.run(self, started, task_vars)

        result = attempt() if around is None else around(self, task_vars, attempt)
        if result.get("unreachable") and self._is_judged():
            # Ansible would ask these conditions about fields that an unreachable device has not, and call it failed.
            # Of its own exception it does not, but takes nothing but a sentence from it.
            raise AnsibleConnectionFailure(result["msg"])
        return result

    def _is_judged(self) -> bool:
        """Whether conditions of the playbook are asked about the result. A ``false`` asks nothing."""
        asked = (self._task.failed_when, self._task.changed_when, self._task.until)
        return any(condition and condition != [False] for condition in asked)
