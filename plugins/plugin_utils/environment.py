# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment variables of a task, as a module on localhost would have them: those of the keyword ``environment``
of the task, its block, role and play, and behind them those of the process that runs Ansible. The only reader of both.

Ansible hands the keyword to the modules that it sends somewhere. Our work is done in its own process, where nobody
hands on anything. Source: Ansible, "Setting the remote environment".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import typing as t
from collections.abc import Iterable, Mapping

from ansible.module_utils.common.parameters import env_fallback

from .result import Failure

FROM_OPTION, FROM_TASK, FROM_CONTROLLER = "option", "task_environment", "controller_environment"
"""Where a value has come from: the module's option, the keyword ``environment``, or the environment of Ansible."""

# What is looked at, by ourselves or by the libraries that sign in.
_OURS = re.compile(r"(AZURE|WINOPS_ENTRA|IDENTITY|MSI|IMDS)_.*|.*_proxy|(REQUESTS|CURL)_CA_BUNDLE|SSL_CERT_.*", re.I)
# What decides who is signed in where nobody but azure-identity, or the az that it starts, reads the variables.
_IDENTITY = re.compile(r"(AZURE|IDENTITY|MSI|IMDS)_.*|ACC_CLOUD|AZUREPS_HOST_ENVIRONMENT|HOME|PATH")
_PROXY = re.compile(r".*_proxy", re.IGNORECASE)


class Found(t.NamedTuple):
    """A variable that is there and not empty: its name, its value as it was given, and FROM_TASK or
    FROM_CONTROLLER."""

    name: str
    value: str
    source: str


class Environment:
    """The variables of one task. ``of_task`` are those of its keyword ``environment``, templated."""

    def __init__(self, of_task: Mapping[str, t.Any] | None = None) -> None:
        self._task = {name: _text(name, value) for name, value in (of_task or {}).items()}
        # An empty variable takes away the controller's, and with a proxy in whichever letters that one is written.
        self._hidden = {spelled for name in self._task for spelled in _spellings(name)}

    @classmethod
    def of_action(cls, action: t.Any, variables: Mapping[str, t.Any]) -> Environment:
        """That of an action plugin's task. Failure that names a variable whose value cannot be one."""
        given = getattr(action._task, "environment", None) or {}
        omit = variables.get("omit")
        merged: dict[str, t.Any] = {}
        for part in given if isinstance(given, list) else [given]:
            merged |= part or {}
        # Up to ansible-core 2.18 a variable that is omitted has this value.
        return cls({name: value for name, value in merged.items() if omit is None or value != omit})

    def find(self, *names: str) -> Found | None:
        """The first of these variables that is there and not empty: in the task's environment, else in the
        controller's."""
        for name in names:
            if self._task.get(name, "").strip():
                return Found(name, self._task[name], FROM_TASK)
        for name in names:
            if name not in self._hidden and os.environ.get(name, "").strip():
                return Found(name, os.environ[name], FROM_CONTROLLER)
        return None

    def value(self, *names: str) -> str | None:
        """The value of what ``find`` finds."""
        found = self.find(*names)
        return found.value if found else None

    def fallback(self, *names: str) -> str:
        """The value of what ``find`` finds, as the fallback of an option: Ansible's AnsibleFallbackNotFound for none.

        An empty variable is how CI systems hand on what nobody has set, and azure-identity takes it for none, too.
        """
        found = self.find(*names)
        return found.value if found else env_fallback()

    def identity(self) -> str:
        """A hash that differs with every variable by which azure-identity, or az, may sign in as somebody else."""
        merged = {**os.environ, **self._task}
        told = sorted((name, value) for name, value in merged.items() if _IDENTITY.fullmatch(name))
        return hashlib.sha256(repr(told).encode("utf-8", "surrogateescape")).hexdigest()

    def of(self, names: Iterable[str]) -> tuple[str | None, ...]:
        """The value of each of these variables, to be compared with those of another task."""
        return tuple(map(self.value, names))

    @contextlib.contextmanager
    def as_own(self) -> t.Iterator[None]:
        """Within the ``with`` the process has the task's variables, for libraries that read them and programs that
        they start. Afterwards it has its own again: one process does many tasks."""
        changed = {name for name in (*self._task, *self._hidden) if os.environ.get(name) != self._task.get(name)}
        before = {name: os.environ.get(name) for name in changed}
        try:
            _set({name: self._task.get(name) for name in changed})
            yield
        finally:
            _set(before)


def _set(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _spellings(name: str) -> tuple[str, ...]:
    return (name, name.lower(), name.upper()) if _PROXY.fullmatch(name) else (name,)


def _text(name: t.Any, value: t.Any) -> str:
    """The value as Ansible hands it on. Failure for what cannot be a variable."""
    if hasattr(value, "__ENCRYPTED__"):  # a vaulted text, until somebody asks for it
        value = str(value)
    if not isinstance(name, str) or not name or "=" in name or "\0" in name:
        raise _refused(repr(name)[:60], "this is not a variable's name")
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise _refused(name, "it has a character that no variable can have")
        return str(value)
    if _OURS.fullmatch(name) and not isinstance(value, (bool, int, float)):
        raise _refused(name, "it is null" if value is None else "it is not a text")
    return str(value)


def _refused(name: str, why: str) -> Failure:
    cause = f"the environment variable {name} of the task cannot be used: {why}"
    fix = "give a text, or take it out with default(omit)"
    return Failure(f"could not begin: {cause}; {fix}", side="controller", name="bad_environment", cause=cause, fix=fix)
