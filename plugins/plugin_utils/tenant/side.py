# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant as one of the sides of a module's task: sign-in options, client, tokens that are masked, -vvv.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ansible.utils.display import Display

from ..options import TENANT_SPEC
from ..task import Side, Task
from ..untrusted import in_one_line, visible
from .graph import credentials, libraries
from .graph.client import GraphClient
from .graph.memory import Memory, memory_directory
from .graph.retry import Waits
from .graph.session import Session, session_for
from .graph.trace import GraphTrace

_LONGEST_URL, _LONGEST_CODE = 300, 50


def _open(task: Task, action: t.Any, options: dict[str, t.Any]) -> None:
    libraries.require()
    chosen = credentials.settings(options, frozenset(action._task.args))
    session = session_for(chosen, _prompt(task.show), options["timeout"])
    task.secrets.append(lambda: session.tokens.secrets)
    waits = Waits(options["timeout"], say=task.show)
    memory = Memory(memory_directory(), lambda: f"{session.origin}/{session.tokens.tenant()}")
    task.client = GraphClient(session, waits, task.check_mode, _trace(action, session), memory)


def _prompt(show: Callable[[str], None]) -> credentials.Prompt:
    """Where to sign in: both texts are the token service's."""

    def prompt(url: t.Any, code: t.Any) -> None:
        where, what = in_one_line(str(url), _LONGEST_URL), in_one_line(str(code), _LONGEST_CODE)
        show(f"sign in: open {where} in a browser and enter the code {what}")

    return prompt


def _trace(action, session: Session) -> GraphTrace | None:
    """The lines of ``-vvv``; None, which costs nothing, where nobody asked for them."""
    display = Display()
    if display.verbosity < 3:
        return None
    module = action._task.action.rsplit(".", 1)[-1]
    return GraphTrace(lambda line: display.vvv(f"{module}: {visible(line)}"), lambda: session.tokens.secrets)


TENANT_SIDE = Side(_open, spec=TENANT_SPEC)
