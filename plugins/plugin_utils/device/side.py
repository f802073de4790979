# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The device as one of the sides of a module's task: the session, and what a broken one means.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import gc
import typing as t
from collections.abc import Mapping

from ..result import Failure
from ..task import Side, Task
from . import kept_connection, wire
from .codes.hresult import error_code
from .reading import FULL_TOKEN, STATE_UNREADABLE, Unreadable
from .session import ConnectionLost, DeviceSession


def prepare_workers(operations: dict[str, dict]) -> None:
    """Do once what every worker would do again: for the top of the action plugin of a module that looks at fleets.

    Ansible imports an action plugin before it forks a worker for each host. Packed now, the runner for ``operations``
    is packed for all of them; and with what is there by now out of the garbage collector's way, no worker copies memory
    by walking over it (gc.freeze is made for that: Python, "gc"; 5 % of a play over 200 devices).
    """
    wire.prepare_runner(operations.values())
    gc.freeze()


def _open(task: Task, action: t.Any, _options: dict[str, t.Any]) -> None:
    kept = kept_connection.is_of_another_host(action._connection, task.host)
    session = DeviceSession.of_action(action, task.host, task.show, task.masked, task.quiet)
    task.session = action.session = session
    session.silence = lambda: task.progress.silence
    if kept:
        session.leave_connection()
    if action.note is not None:
        session.note = action.note
    session.device, session.known_facts = _known(task, action._task)


def _known(task: Task, play_task: t.Any) -> tuple[str, Mapping[str, t.Any]]:
    """The inventory name of the device that is asked, and what Ansible keeps of the host to which its facts go."""
    asked, variables = play_task.delegate_to or task.host, task.variables
    if play_task.delegate_to and play_task.delegate_facts:
        variables = variables["hostvars"].get(asked, {})
    facts = variables.get("ansible_facts")
    return asked, facts if isinstance(facts, Mapping) else {}


def _explain(task: Task, exc: Exception) -> Failure:
    if isinstance(exc, wire.WireError):
        return unreadable_answer(exc, task.session.connection)
    if isinstance(exc, Unreadable):
        return unreadable_state(exc)
    # Imported where they are needed: nearly every task goes well, and has no use for them.
    if not task.session.exchanges and not task.changes.changed:
        from . import contact

        return contact.failure(t.cast(ConnectionLost, exc), str(getattr(task.session.connection, "transport", "")))
    from .waiting import connection_lost

    return connection_lost("the device has stopped answering", exc, "its work")


def unreadable_answer(exc: wire.WireError, connection: t.Any = None) -> Failure:
    """The failure of a device that was reached, by Ansible's connection, and whose answer cannot be read."""
    from . import blocked

    block = None
    if isinstance(exc, wire.NoAnswer):
        block = blocked.by_what(exc.printed)
        if block is None and _is_posix(connection):
            block = blocked.by_shell(exc.code, remote=connection.transport != "local")
    if block:
        return Failure(
            f"no PowerShell of the device ran the collection's script: {block.cause}; {block.fix}",
            side=block.side,
            name=block.name,
            cause=block.cause,
            fix=block.fix,
            doc=block.doc,
            evidence=[{"printed": str(exc)}],
        )
    if isinstance(exc, wire.LargeAnswer):
        return Failure(
            f"the device was reached, but its answer was refused: {exc}",
            side="device",
            name=exc.name,
            cause="the device sends more than the collection's script can return: a program prints into the "
            "answer, or the device cannot be trusted",
            fix="check what a profile or a login banner prints on the device, and whether it is the right device",
        )
    return Failure(
        f"the device was reached, but its answer cannot be read: {exc}",
        side="device",
        name=exc.name,
        cause="PowerShell did not run the collection's runner to its end: an antivirus or application control policy, "
        "constrained language mode, a profile or login banner that stops it, or a process that was killed",
        fix="run 'powershell.exe -Command $ExecutionContext.SessionState.LanguageMode' on the device: it must "
        "print FullLanguage; then look at the antivirus log",
        doc=blocked.GUIDE,
    )


def _is_posix(connection: t.Any) -> bool:
    """Whether Ansible takes the shell behind a connection for one of Unix, as its action plugins ask it, too."""
    shell = getattr(connection, "_shell", None)
    return shell is not None and not getattr(shell, "_IS_WINDOWS", False)


def unreadable_state(exc: Unreadable) -> Failure:
    """The failure of something that had to be read and could not be."""
    return Failure(
        f"the device's state cannot be read: {exc}",
        side="device",
        name=STATE_UNREADABLE,
        code=error_code(exc.error),
        cause="the connecting account may not read it, or Windows is damaged there",
        fix=FULL_TOKEN,
        evidence=[{"read": exc.what, **exc.error}],
    )


DEVICE_SIDE = Side(_open, errors=(wire.WireError, Unreadable, ConnectionLost), explain=_explain, connects=True)
