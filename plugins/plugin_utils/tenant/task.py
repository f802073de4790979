# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From an Ansible task to a Graph client and back to a result: what every tenant module's action plugin does.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable

from ansible.utils.display import Display

from ..options import TENANT_SPEC, require_positive
from ..result import ChangeSet, Failure, Phases
from .graph import credentials, libraries, tokens
from .graph.client import GraphClient
from .graph.retry import Waits
from .graph.session import Session, session_for
from .graph.trace import Trace


@dataclasses.dataclass
class TenantTask:
    """One task on one tenant, as a module's work sees it.

    ``args`` are the module's own options. What was changed goes into ``changes`` as it happens, what was learned into
    ``learned``: a failure halfway still reports both. ``progress`` shows a sentence to the user.
    """

    args: dict[str, t.Any]
    client: GraphClient
    check_mode: bool
    changes: ChangeSet = dataclasses.field(default_factory=ChangeSet)
    progress: Callable[[str], None] = lambda sentence: None
    learned: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    phases: Phases | None = None

    def require_delegated(self, what: str, permission: str) -> None:
        """Failure, before the first Graph call, where the credential is an application's and only a user may
        ``what``."""
        tokens.require_delegated(self.client.session.tokens, self.client.session.settings, what, permission)


def run(action, result: dict, work: Callable[[TenantTask], dict], spec: dict, **constraints) -> dict:
    """Validate the options, do ``work`` and shape the result.

    ``spec`` is a module's ARGUMENT_SPEC without the options of the doc fragment, which are added here; ``constraints``
    what
    AnsibleModule calls required_if, mutually_exclusive and so on. A Failure is a failed task. ``changed``, ``changes``
    and ``diff`` come from the change set alone.
    """
    checked, args = action.validate_argument_spec(argument_spec={**TENANT_SPEC, **spec}, **constraints)
    shared = {name: args.pop(name) for name in TENANT_SPEC}
    show = _line_printer(action)
    try:
        libraries.require()
        require_positive(shared, ["timeout"])
        chosen = credentials.settings(shared, frozenset(action._task.args))
        session = session_for(chosen, _prompt(show), shared["timeout"])
    except Failure as failure:
        secrets = tuple(filter(None, (shared["client_secret"], shared["certificate_password"])))
        return {**result, "changed": False, "changes": [], **_failed(failure, secrets)}
    waits = Waits(shared["timeout"], say=show)
    client = GraphClient(session, waits, action._task.check_mode, _trace(action, session))
    return perform(TenantTask(args, client, action._task.check_mode, progress=show), work, result, action._task.diff)


def perform(task: TenantTask, work: Callable[[TenantTask], dict], result: dict, with_diff: bool) -> dict:
    """Do the work and shape the result: the part of ``run`` that needs no Ansible."""
    try:
        result.update(work(task))
    except Failure as failure:
        result.update(_failed(failure, task.client.session.tokens.secrets))
    result.update(task.learned)
    result.update(task.changes.as_result(with_diff))
    if task.phases is not None:
        result["phases"] = task.phases.done
    return result


def _failed(failure: Failure, secrets: tuple[str, ...]) -> dict:
    """Texts of a failure come from servers in part: what is secret is masked in them, whatever they quote."""
    return _masked({"failed": True, "msg": failure.msg, "error": failure.error}, secrets)


def _masked(value: t.Any, secrets: tuple[str, ...]) -> t.Any:
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, "***")
        return value
    if isinstance(value, dict):
        return {name: _masked(inner, secrets) for name, inner in value.items()}
    return [_masked(inner, secrets) for inner in value] if isinstance(value, list) else value


def _prompt(show: Callable[[str], None]) -> credentials.Prompt:
    return lambda url, code: show(f"sign in: open {url} in a browser and enter the code {code}")


def _trace(action, session: Session) -> Trace | None:
    """The lines of ``-vvv``; None, which costs nothing, where nobody asked for them."""
    display = Display()
    if display.verbosity < 3:
        return None
    module = action._task.action.rsplit(".", 1)[-1]
    return Trace(lambda line: display.vvv(f"{module}: {line}"), lambda: session.tokens.secrets)


def _line_printer(action) -> Callable[[str], None]:
    module = action._task.action.rsplit(".", 1)[-1]
    display = Display()
    return lambda sentence: display.display(f"{module}: {sentence}")
