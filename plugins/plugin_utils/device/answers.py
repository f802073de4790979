# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a device answered, checked once where it comes in: what a device says is untrusted.

An answer of a shape that vocabulary.json does not allow is the error of that operation (WRONG_SHAPE), and the others
stand. What has passed is believed everywhere else, and read by reading.py.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Iterable, Mapping

from ..untrusted import in_one_line
from . import shapes
from .operations import VOCABULARY
from .reading import Key, Names, Refused

WRONG_SHAPE = "WrongShape"
NO_ERROR = {"type": "Unknown", "message": "the device does not say why", "hresult": None}
# What of an operation tells which it was, where there are several of its name.
_SUBJECTS = ("path", "class", "log", "folder", "store")


@dataclasses.dataclass(frozen=True)
class Result:
    """What one operation returned: ``value`` as vocabulary.json says, or ``error`` {type, message, hresult}.

    ``what`` says in a message which operation it was.
    """

    ok: bool
    value: dict
    error: dict | None = None
    what: str = "what was asked"

    def __getitem__(self, field: str) -> t.Any:
        """A field of the value. Raises Refused where the operation failed."""
        if not self.ok:
            raise Refused(self.what, self.error or NO_ERROR)
        return self.value[field]

    def get(self, field: str, default: t.Any = None) -> t.Any:
        """A field of the value; the default where the operation failed, for who can do without it.

        Registry keys that were closed are left out: closed_keys() tells them.
        """
        value = self.value.get(field, default)
        return _open_keys(value) if field in ("key", "users") and self.closed_keys() else value

    def closed_keys(self) -> list[tuple[str, dict]]:
        """(path below the one that was read, error) of each registry key that was closed to the caller."""
        if "key" in self.value:
            return list(_closed_keys(self.value["key"] or {}))
        users = self.value.get("users") or {}
        return [(f"{sid}{path}", error) for sid, key in users.items() for path, error in _closed_keys(key)]

    def key(self, *, refused: Key | None = None) -> Key:
        """The registry key that was read; it raises Refused when it is looked at and the operation failed.

        ``refused`` (reading.ABSENT) takes its place for who can do without it.
        """
        if self.ok:
            return Key(self.value["key"], self.what)
        return refused if refused is not None else Key(None, self.what, self.error or NO_ERROR)

    def users(self) -> dict[str, Key]:
        """The key of each user that has it, by SID. Raises Refused."""
        return {sid: Key(told, f"{sid}\\{self.what}") for sid, told in self["users"].items()}

    def instances(self) -> list[Names]:
        """The instances of a CIM class. Raises Refused."""
        return [Names(told, self.what) for told in self["instances"]]

    def instance(self) -> Names:
        """The first of them, one without properties where there is none. Raises Refused."""
        return Names(next(iter(self["instances"]), {}), self.what)


@dataclasses.dataclass(frozen=True)
class Answer:
    """Results by name, what the device said of itself, and when it said so.

    The time is the controller's clock, in seconds since the epoch.
    """

    results: dict[str, Result]
    device: dict
    asked_at: float
    answered_at: float

    def __getitem__(self, name: str) -> Result:
        return self.results[name]


def checked(operation: Mapping[str, t.Any], told: Mapping[str, t.Any]) -> Result:
    """The result of an operation from what the device told {ok, value or error}."""
    what = subject(operation)
    if not told["ok"]:
        return failed(told.get("error"), what)
    problem = misfit_of(operation, told["value"])
    return _wrong(problem, what) if problem else Result(True, told["value"], None, what)


def misfit_of(operation: Mapping[str, t.Any], value: t.Any, place: str = "value") -> str | None:
    """What is wrong with a value as the answer to this operation: its shape, or that it has more than was asked for."""
    return shapes.bad_value(operation["op"], value, place) or _too_many(operation, value, place)


def _too_many(operation: Mapping[str, t.Any], value: Mapping[str, t.Any], place: str) -> str | None:
    """What is wrong with a list that is longer than what was asked for."""
    for name, most in (("events", operation.get("limit")), ("results", len(operation.get("targets") or ()))):
        # Who reads the answer of an earlier question (within) does not know how much was asked.
        if most and len(value.get(name, ())) > most:
            return f"{place}.{name} has {len(value[name])} items, but at most {most} were requested"
    return None


def failed(error: t.Any, what: str) -> Result:
    """The result of an operation that failed with this error."""
    problem = shapes.bad_error(error)
    if problem:
        return _wrong(problem, what)
    # Both stand in sentences of ours.
    said = {field: in_one_line(error[field]) for field in ("type", "message")}
    return Result(False, {}, {**said, "hresult": error["hresult"]}, what)


def bad_identity(device: t.Any) -> str | None:
    """What is wrong with what the device says of itself; None where nothing is."""
    return shapes.misfit(device, VOCABULARY["answer"]["device"], "device")


def machine(device: Mapping[str, t.Any]) -> str | None:
    """Which Windows has answered, by its name and the SIDs that it gives its accounts: ``PC-0001 S-1-5-21-1-2-3``.

    None where the account is one of those that every Windows has. Of an account of a domain it is the domain's.
    """
    issuer, _dash, _account = str(device["sid"]).rpartition("-")
    return f"{device['name']} {issuer}" if issuer.startswith("S-1-5-21-") else None


def subject(operation: Mapping[str, t.Any]) -> str:
    """How messages call an operation: its name, or what it looks at. Nothing of it can be secret."""
    return next((str(operation[name]) for name in _SUBJECTS if name in operation), operation["op"])


def within(status: Result, operations: Iterable[Mapping[str, t.Any]] = ()) -> list[Result]:
    """The results in the answer of a job or a probe, none where it has left none that can be understood.

    The first of them are those of ``operations``, and held against their shapes; of the others only the outcome is
    known, that a value is an object, and that its own ``error`` is one.
    """
    envelope = status.get("answer")
    told = envelope.get("results") if isinstance(envelope, dict) else None
    if not isinstance(told, list):
        return []
    asked = list(operations)
    return [_inner(asked[number] if number < len(asked) else None, item) for number, item in enumerate(told)]


def _inner(operation: Mapping[str, t.Any] | None, told: t.Any) -> Result:
    what = subject(operation) if operation else "a step of the job"
    if not isinstance(told, dict):
        return _wrong("it is not an object", what)
    if told.get("ok") is not True:
        return failed(told.get("error"), what)
    if not isinstance(told.get("value"), dict):
        return _wrong("value is not an object", what)
    if operation:
        return checked(operation, told)
    problem = shapes.bad_step_error(told["value"])
    return _wrong(problem, what) if problem else Result(True, told["value"], None, what)


def _wrong(problem: str, what: str) -> Result:
    # The place that the problem names may be the device's own word.
    message = in_one_line(f"the device's answer does not have the agreed form: {problem}")
    return Result(False, {}, {"type": WRONG_SHAPE, "message": message, "hresult": None}, what)


def _closed_keys(key: Mapping, path: str = "") -> Iterable[tuple[str, dict]]:
    if "refused" in key:
        yield path, key["refused"]
    for name, child in key.get("keys", {}).items():
        yield from _closed_keys(child, f"{path}\\{name}")


def _open_keys(told: t.Any) -> t.Any:
    """A key, or keys by user, without those that were closed."""
    if "keys" not in told:
        return {sid: _open_keys(key) for sid, key in told.items() if "refused" not in key}
    return {**told, "keys": _open_keys_below(told["keys"])}


def _open_keys_below(keys: Mapping) -> dict:
    return {name: {**key, "keys": _open_keys_below(key["keys"])} for name, key in keys.items() if "refused" not in key}
