# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one task of every module: options are judged, the work is done, the result is shaped.

A module says by ``sides`` whether it talks to a device, to a tenant, to both or to neither. What a side needs is in
``device/side.py`` and ``tenant/side.py``, which this file does not import: a module loads only the sides it declares.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import typing as t
from collections.abc import Callable, Iterable, Mapping, Sequence

from ansible.errors import AnsibleActionFail

from . import keywords, templates, vaulted
from .environment import Environment
from .masking import Masker
from .option_door import NOBODYS, ansible_spec, refuse_odd_values, understood
from .options import refused_by_ansible, secrets_among
from .progress import Progress
from .result import ChangeSet, Failure, Phases, Unreached
from .screen import Screen, whose
from .time_limit import TaskTimeUp, TimeLimit
from .untrusted import visible

if t.TYPE_CHECKING:
    from .device.session import DeviceSession
    from .tenant.graph.client import GraphClient


MAX_MESSAGE = 4000
"""Letters of a sentence that Ansible shows."""


def _no_file(src: str) -> t.NoReturn:
    raise FileNotFoundError(src)


@dataclasses.dataclass
class Task:
    """One task as a module's work sees it.

    ``args`` are the module's own options. What was changed goes into ``changes`` as it happens, what was learned into
    ``learned``, and a long task sets ``phases``: a failure halfway still reports them. ``session`` is there in a module
    that declares the device, ``client`` in one that declares the tenant. ``host`` is the inventory name of the device,
    where a task is delegated that of whom it is delegated to; ``variables`` are Ansible's for the host of the play, and
    ``environment`` is what a module on localhost would have for its own. ``show`` prints a sentence, ``progress`` one
    of a wait, ``show_line`` a line of a table; a ``quiet`` task (``no_log``) prints nothing. ``find_file`` gives the
    path of a file of the controller for an option such as ``src``, ``in_clear`` one at which it can be read within a
    ``with``, decrypted if it is vaulted; both raise AnsibleError. ``content`` gives the bytes of a file, as many as are
    allowed, and ``decrypted`` the text of one that stands encrypted in another, both in memory and raising
    AnsibleError; ``filled_in`` gives the value of a template, and raises templates.NoValue. Functions in ``secrets``
    give texts that nobody may see: they are masked in the result, and in what is shown.
    """

    args: dict[str, t.Any]
    check_mode: bool
    host: str = ""
    variables: Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    environment: Environment = NOBODYS
    show: Callable[[str], None] = lambda sentence: None
    show_line: Callable[[str], None] = lambda line: None
    quiet: bool = False
    find_file: Callable[[str], str] = _no_file
    in_clear: Callable[[str], contextlib.AbstractContextManager[str]] = contextlib.nullcontext
    content: Callable[[str, int], bytes] = lambda path, most: _no_file(path)
    decrypted: Callable[[str], str] = lambda text: text
    filled_in: Callable[[str], t.Any] = lambda template: template
    session: DeviceSession = t.cast("DeviceSession", None)
    client: GraphClient = t.cast("GraphClient", None)
    changes: ChangeSet = dataclasses.field(default_factory=ChangeSet)
    learned: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    phases: Phases | None = None
    secrets: list[Callable[[], Iterable[str]]] = dataclasses.field(default_factory=list)
    progress: Progress = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.progress = Progress(self.show)

    def masked(self, text: str) -> str:
        """The text without what is secret in this task, as far as that is known by now."""
        return _masker(self.secrets).text(text)


@dataclasses.dataclass(frozen=True)
class Side:
    """What a module that talks to a device, or to a tenant, has beside its own options and work.

    ``spec`` holds the options it takes for that. ``open(task, action, options)`` makes the contact ready before the
    work begins; ``options`` are the values of ``spec``. Exceptions of ``errors`` are ones that the contact raises:
    ``explain(task, exc)`` gives the Failure, or None where Ansible is to see the exception itself. ``connects`` says
    whether Ansible's connection to the task's host is used. ``close(task)`` is called when the work is over, however it
    has ended, for what is known of the contact only then.
    """

    open: Callable[[Task, t.Any, dict[str, t.Any]], None]
    spec: Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    errors: tuple[type[Exception], ...] = ()
    explain: Callable[[Task, Exception], Failure | None] = lambda task, exc: None
    connects: bool = False
    close: Callable[[Task], None] = lambda task: None


def spec_of_sides(sides: Sequence[Side]) -> dict[str, t.Any]:
    """The options that a module takes for the sides it declares."""
    return {name: option for side in sides for name, option in side.spec.items()}


def run(action, result: dict, variables: Mapping[str, t.Any]) -> dict:
    """The result of one task. ``action`` is an Action (action.py): its declarations say what is taken and done.

    Bad options, a Failure and a connection that is lost in the middle are a failed task. A device that cannot be
    reached at first contact is unreachable, as Ansible has it.
    """
    result |= {"changed": False, "changes": [], **action.refused}
    spec = {**spec_of_sides(action.sides), **action.spec}
    try:
        # Of nobody's business where no option falls back to a variable: it may hold what Ansible takes, and this not.
        reads = any("environment" in option for option in spec.values())
        environment = Environment.of_action(action, variables) if reads else NOBODYS
        given = _judged(action, spec, environment)
    except Failure as failure:
        return result | Masker(secrets_among(action._task.args, spec)).value(_failed(failure))
    task = _task(action, given, variables, environment)
    task.secrets.append(lambda: secrets_among(given, spec))

    def work(task: Task) -> dict:
        for side in action.sides:
            side.open(task, action, {name: given[name] for name in side.spec})
        return action.work(task)

    result = perform(task, action.sides, work, result, action._task.diff, action._task.timeout)
    warned = keywords.warnings(action)
    return result | ({"warnings": [*result.get("warnings", ()), *warned]} if warned else {})


def refused(action, failure: Failure) -> dict:
    """The result of a task that is refused before its options are looked at."""
    return {"changed": False, "changes": [], **action.refused, **_failed(failure)}


def perform(
    task: Task,
    sides: Sequence[Side],
    work: Callable[[Task], dict],
    result: dict,
    with_diff: bool = False,
    seconds: int | None = None,
) -> dict:
    """Do the work and shape the result: the part of ``run`` that needs no Ansible, but for the alarm that it sets where
    the keyword ``timeout`` gives the task its ``seconds``."""
    errors: tuple[type[Exception], ...] = sum((side.errors for side in sides), ())
    try:
        with TimeLimit(seconds):
            result.update(work(task))
    except TaskTimeUp:
        # What is promised of a refusal does not hold: something had begun.
        result.update(_timed_out(task, seconds), **({"outcome": "failed"} if "outcome" in result else {}))
    except Failure as failure:
        result.update(_failed(failure))
    except errors as exc:
        explained = next(side.explain(task, exc) for side in sides if isinstance(exc, side.errors))
        if explained is None:
            raise
        result.update(_failed(explained))
    for side in sides:
        side.close(task)
    result.update(task.learned)
    _make_visible(result)
    result.update(task.changes.as_result(with_diff))
    if task.phases is not None:
        result["phases"] = task.phases.done
    # Texts come from servers, devices and packages in part: what is secret is masked, whoever repeats it.
    return _masker(task.secrets).value(result)


def _judged(action, spec: Mapping[str, dict], environment: Environment) -> dict[str, t.Any]:
    """The options of the task, as its work wants them. Raises Failure."""
    raw = action._task.args
    # Before Ansible, whose conversion trips over some values, and once more with what stands in the place of others.
    refuse_odd_values(raw, spec)
    try:
        known = ansible_spec(spec, environment)
        _validated, given = action.validate_argument_spec(argument_spec=known, **action.constraints)
    except AnsibleActionFail as exc:
        raise refused_by_ansible(exc, action._task.action, raw, spec) from exc
    refuse_odd_values(given, spec)
    return understood(given, spec)


def _make_visible(result: dict) -> None:
    """Make what Ansible, or a playbook, shows as a sentence of ours one line of what can be seen: warnings, and why a
    device of many was left out."""
    if "warnings" in result:
        result["warnings"] = [visible(text, MAX_MESSAGE) for text in result["warnings"]]
    for device in result.get("devices") or ():
        if device.get("problem"):
            device["problem"] = visible(device["problem"], MAX_MESSAGE)


def _task(action, given: Mapping[str, t.Any], variables: Mapping[str, t.Any], environment: Environment) -> Task:
    host = variables["inventory_hostname"]
    foreign = set(spec_of_sides(action.sides)) - set(action.spec)
    secrets: list[Callable[[], Iterable[str]]] = []
    quiet = bool(getattr(action._task, "no_log", False))
    connects = any(side.connects for side in action.sides)
    screen = Screen(whose(action, host, connects), lambda text: _masker(secrets).text(text), quiet)
    return Task(
        {name: value for name, value in given.items() if name not in foreign},
        action._task.check_mode,
        host=(getattr(action._task, "delegate_to", None) if connects else None) or host,
        variables=variables,
        environment=environment,
        secrets=secrets,
        show=screen.say,
        show_line=screen.line,
        quiet=quiet,
        find_file=functools.partial(vaulted.find, action),
        in_clear=functools.partial(vaulted.in_clear, action),
        content=functools.partial(vaulted.content, action),
        decrypted=functools.partial(vaulted.text, action),
        filled_in=functools.partial(templates.filled_in, action),
    )


def _masker(secrets: Iterable[Callable[[], Iterable[str]]]) -> Masker:
    return Masker(secret for source in secrets for secret in source())


def _timed_out(task: Task, seconds: int | None) -> dict:
    """``timedout`` is Ansible's own field of such a result."""
    doing = f" (it has said last: {task.progress.last})" if task.progress.last else ""
    failure = Failure(
        f"the task timed out: its keyword timeout ended it after {seconds} s{doing}; changes says what "
        "was done by then",
        side="controller",
        name="task_timed_out",
        cause=f"the keyword timeout of the task is {seconds} s, and its work was not done by then{doing}",
        fix="leave the keyword timeout out (the option timeout of the module bounds the work, and minds what it has "
        "begun), or raise it above that option; run the task again: it continues",
    )
    return _failed(failure) | {"timedout": {"period": seconds}}


def _failed(failure: Failure) -> dict:
    """Texts of a failure come from servers and devices in part: each is one line of what can be seen. Evidence is as it
    was."""
    error = {
        name: visible(value, MAX_MESSAGE) if isinstance(value, str) else value for name, value in failure.error.items()
    }
    kind = "unreachable" if isinstance(failure, Unreached) else "failed"
    return {kind: True, "msg": visible(failure.msg, MAX_MESSAGE), "error": error}
