# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keywords of Ansible that mean nothing to a task of ours: refused, or warned of, by name.

Ansible refuses ``async`` by itself, in a sentence without side, cause and fix, and says nothing of ``become``, which it
does not apply to the raw commands of an action plugin (ansible-core, ``ActionBase.run`` and
``_low_level_execute_command``).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from .result import Failure

BAD_KEYWORD = "bad_keyword"
"""The name of the failure of a task that is refused for a keyword: nothing was done."""


def refusal(action: t.Any) -> Failure | None:
    """The Failure of a task that would not be done as its keywords say; None where they can be followed."""
    if not action._task.async_val:
        return None
    cause = f"{action._task.action} does not run in the background: async cannot be used with it"
    fix = (
        "leave async and poll out; long work on a device goes on there by itself, and with more forks or with "
        "strategy: free other devices go on meanwhile"
    )
    return Failure(f"bad keyword async: {cause}; {fix}", side="controller", name=BAD_KEYWORD, cause=cause, fix=fix)


def warnings(action: t.Any) -> list[str]:
    """What is said of keywords that change nothing, in the same words for every device: Ansible then shows it once."""
    if getattr(action._connection, "become", None) is None:
        return []
    connects = any(side.connects for side in action.sides)
    whom = (
        "it works as the account that Ansible connects with, and as SYSTEM where it has to"
        if connects
        else "it works in Ansible's own process, as the user that runs it"
    )
    return [f"become has no effect on {action._task.action}: {whom}"]
