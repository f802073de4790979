# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An attempt is recorded when it begins and when it ends, so that a run that is killed loses nothing.

The task that writes the report runs only after the slowest device of a wave; so each attempt writes a line of its own,
in its own worker.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import os
import typing as t
from collections.abc import Callable, Mapping

from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ..option_door import Spec, refuse_odd_values
from ..result import Failure
from . import journal, stored
from .door import read_record
from .records import record
from .run import moment, this_run

OPTION = "add_to_report"


def _is_path(given: t.Any, spec: Spec) -> bool:
    """Whether the option is given, and can be a path. What cannot, the task refuses by name, before anything is
    written."""
    if not isinstance(given, str):
        return False
    try:
        refuse_odd_values({OPTION: given}, spec)
    except Failure:
        return False
    return True


class Recorder:
    """Records the attempts of a module: what its Action declares as ``around``. ``work`` is what a report calls it."""

    def __init__(self, work: str) -> None:
        self._work = work

    def __call__(self, action: t.Any, variables: Mapping[str, t.Any], attempt: Callable[[], dict]) -> dict:
        """The result of the attempt. It is then in the journal of the report that the task's option names, if any.

        ``action`` is an Action (action.py). A journal that cannot be written is a bad option before anything is asked;
        at the end it is a warning, since what was done is done.
        """
        given = action._task.args.get(OPTION)
        if not _is_path(given, action.spec):
            return attempt()
        check = bool(action._task.check_mode)
        # As Ansible reads an option of type path.
        dest = stored.place(os.path.expanduser(os.path.expandvars(given)), self._work, check)
        run, host = this_run(variables, check), variables["inventory_hostname"]
        try:
            journal.append(dest, {"run": run, "device": host, "at": moment(), "record": None}, OPTION)
        except Failure as failure:
            shape = {"changed": False, "changes": [], **action.refused}
            return {**shape, "failed": True, "msg": failure.msg, "error": failure.error}

        def note(learned: dict[str, t.Any]) -> None:
            told = read_record(host, record({"changes": [], **learned}, self._work))
            entry = {"run": run, "device": host, "at": moment(), "record": None, "known": told}
            journal.append(dest, entry, OPTION, durable=True)

        def end(result: Mapping[str, t.Any]) -> str | None:
            told = read_record(host, record(result, self._work))
            entry = {"run": run, "device": host, "at": moment(), "record": told}
            entry["machine"] = getattr(action.session, "machine", None)
            try:
                journal.append(dest, entry, OPTION, durable=True)
            except Failure as failure:
                return f"the report does not have this result yet: {failure.msg}"
            return None

        action.note = note
        try:
            result = attempt()
        except AnsibleError as exc:
            what = "unreachable" if isinstance(exc, AnsibleConnectionFailure) else "failed"
            end({what: True, "msg": str(exc), "changes": []})
            raise
        problem = end(result)
        if problem:
            result["warnings"] = [*(result.get("warnings") or ()), problem]
        return result
