# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From an Ansible task to a device session and back to a result: what every device module's action plugin does.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import gc
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display

from ..options import require_positive
from ..result import ChangeSet, Failure, Phases
from . import blocked, wire
from .errors import error_code
from .reading import Unreadable
from .session import ConnectionLost, DeviceSession
from .waiting import Progress, connection_lost


@dataclasses.dataclass
class DeviceTask:
    """One task on one device, as a module's work sees it.

    A module that changes something sets ``changes`` (and ``phases``, where it is long) before it starts, and puts what
    it learns into ``learned``, so that a failure halfway still reports them.
    """

    args: dict[str, t.Any]
    session: DeviceSession
    check_mode: bool
    progress: Progress
    changes: ChangeSet | None = None
    phases: Phases | None = None
    learned: dict[str, t.Any] = dataclasses.field(default_factory=dict)


def prepare(operations: dict[str, dict]) -> None:
    """Do once what every worker would do again: for the top of the action plugin of a module that looks at fleets.

    Ansible imports an action plugin before it forks a worker for each host. Packed now, the runner for ``operations``
    is packed for all of them; and with what is there by now out of the garbage collector's way, no worker copies memory
    by walking over it (gc.freeze is made for that: Python, "gc"; 5 % of a play over 200 devices).
    """
    wire.prepare(operations.values())
    gc.freeze()


def run(action, host: str, result: dict, work: t.Callable[[DeviceTask], dict], spec: dict, **constraints) -> dict:
    """Validate the task's options, do ``work`` on the device and shape the result.

    ``host`` is the inventory name, for progress lines. ``spec`` is a module's ARGUMENT_SPEC, ``constraints`` what
    AnsibleModule calls required_if, mutually_exclusive and so on. A device that cannot be reached at first contact is
    unreachable (AnsibleConnectionFailure passes through); bad options, a Failure, a connection lost later, or an answer
    nobody can read, is a failed task.
    """
    try:
        _validated, args = action.validate_argument_spec(argument_spec=spec, **constraints)
    except AnsibleActionFail as exc:
        return result | {"failed": True, **bad_options(exc, action._task.action)}
    progress = Progress(_line_printer(action, host))
    task = DeviceTask(args, DeviceSession.of_action(action, host), action._task.check_mode, progress)
    try:
        require_positive(args, [name for name, option in spec.items() if option.get("type") == "int"])
        result.update(work(task))
    except Failure as failure:
        result.update(failed=True, msg=failure.msg, error=failure.error)
    except wire.WireError as exc:
        result.update(failed=True, **unreadable_answer(exc))
    except Unreadable as exc:
        result.update(failed=True, **unreadable_state(exc))
    except ConnectionLost as exc:
        if not task.session.exchanges:
            raise
        result.update(failed=True, **lost_connection(exc))
    result.update(task.learned)
    if task.changes is not None:
        result.update(task.changes.as_result(with_diff=action._task.diff))
    if task.phases is not None:
        result["phases"] = task.phases.done
    return result


def bad_options(exc: AnsibleActionFail, module: str) -> dict:
    """``msg`` and ``error`` for options that Ansible itself refuses; its sentence names the option."""
    failure = Failure(
        f"bad options: {exc}", side="controller", name="bad_option", cause=str(exc), fix=f"see ansible-doc {module}"
    )
    return {"msg": failure.msg, "error": failure.error}


def unreadable_answer(exc: wire.WireError) -> dict:
    """``msg`` and ``error`` for a device that was reached and whose answer cannot be read."""
    block = blocked.by_what(exc.printed) if isinstance(exc, wire.NoAnswer) else None
    if block:
        failure = Failure(
            f"the device's PowerShell did not run the collection's script: {block.cause}; {block.fix}",
            side="device",
            name=block.name,
            cause=block.cause,
            fix=block.fix,
            doc=block.doc,
            evidence=[{"printed": str(exc)}],
        )
        return {"msg": failure.msg, "error": failure.error}
    failure = Failure(
        f"the device was reached, but its answer cannot be read: {exc}",
        side="device",
        name=type(exc).__name__,
        cause="PowerShell did not run the collection's runner to its end: an antivirus or application control policy, "
        "constrained language mode, a profile or login banner that stops it, or a process that was killed",
        fix="run 'powershell.exe -Command $ExecutionContext.SessionState.LanguageMode' on the device: it must say "
        "FullLanguage; then look at the antivirus log",
        doc=blocked.GUIDE,
    )
    return {"msg": failure.msg, "error": failure.error}


def unreadable_state(exc: Unreadable) -> dict:
    """``msg`` and ``error`` for something that had to be read and could not be."""
    failure = Failure(
        f"the device's state cannot be read: {exc}",
        side="device",
        name="state_unreadable",
        code=error_code(exc.error),
        cause="the connecting account may not read it, or Windows is damaged there",
        fix="connect with a local administrator that has its full token (LocalAccountTokenFilterPolicy)",
        evidence=[{"read": exc.what, **exc.error}],
    )
    return {"msg": failure.msg, "error": failure.error}


def lost_connection(exc: ConnectionLost) -> dict:
    """``msg`` and ``error`` for a device that has answered before and does not any more."""
    failure = connection_lost("the device has stopped answering", exc, "its work")
    return {"msg": failure.msg, "error": failure.error}


def _line_printer(action, host: str) -> t.Callable[[str], None]:
    module = action._task.action.rsplit(".", 1)[-1]
    display = Display()
    return lambda sentence: display.display(f"{module}: [{host}] {sentence}")
