# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant as one of the sides of a module's task: sign-in options, client, tokens that are masked, -vvv.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import os
import typing as t

from ansible import constants
from ansible.utils.display import Display

from ..options import TENANT_SPEC, bad_option
from ..task import Side, Task
from ..untrusted import in_one_line, visible
from .graph import credentials, libraries
from .graph.approval import approvals_of
from .graph.client import GraphClient
from .graph.memory import Memory
from .graph.retry import Waits
from .graph.session import Session, session_for
from .graph.trace import GraphTrace

FROM_TOKEN = "access_token"
"""Where an id has come from that no option and no variable says (beside those of environment.py)."""
_LONGEST_URL, _LONGEST_CODE = 300, 50


def _open(task: Task, action: t.Any, options: dict[str, t.Any]) -> None:
    libraries.require()
    chosen = credentials.settings(options, frozenset(action._task.args), task.environment)
    task.learned["tenant"] = chosen.described()
    session = session_for(chosen, _prompt(task), options["timeout"])
    task.secrets.append(lambda: session.tokens.secrets)
    waits = Waits(options["timeout"], say=task.show)
    # Beside the user's other data of Ansible.
    directory = os.path.join(constants.ANSIBLE_HOME, "winops_entra")
    memory = Memory(directory, lambda: f"{session.origin}/{session.tokens.tenant()}")
    trace = None if task.quiet else _trace(action, session)
    task.client = GraphClient(session, waits, task.check_mode, trace, memory, approvals_of(task.args, waits))


def _close(task: Task) -> None:
    """Say who has signed in, where only the token tells. Without a client nobody has."""
    if task.client is None:
        return
    told = task.learned["tenant"]
    for name, value in zip(("tenant_id", "client_id"), task.client.session.tokens.signed_in()):
        if told[name] is None and value is not None:
            told |= {name: value, f"{name}_from": FROM_TOKEN}


def _prompt(task: Task) -> credentials.Prompt:
    """Where to sign in: both texts are the token service's."""

    def prompt(url: t.Any, code: t.Any) -> None:
        if task.quiet:
            raise bad_option(
                "auth",
                "device_code shows a code to sign in with, and no_log lets the task show nothing",
                "leave no_log out of this task, sign in with another task before and share its token_cache, or choose "
                "another auth",
            )
        where, what = in_one_line(str(url), _LONGEST_URL), in_one_line(str(code), _LONGEST_CODE)
        task.show(f"sign in: open {where} in a browser and enter the code {what}")

    return prompt


def _trace(action, session: Session) -> GraphTrace | None:
    """The lines of ``-vvv``; None, which costs nothing, where nobody asked for them."""
    display = Display()
    if display.verbosity < 3:
        return None
    module = action._task.action.rsplit(".", 1)[-1]
    return GraphTrace(lambda line: display.vvv(f"{module}: {visible(line)}"), lambda: session.tokens.secrets)


TENANT_SIDE = Side(_open, spec=TENANT_SPEC, close=_close)
