# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The description of a package as a task gives it, in its options or in a file, and the files that it names.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import os
import typing as t
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ansible.errors import AnsibleError, AnsibleFileNotFound

from ..options import bad_option
from ..package.description.description import Description, checked, secret_texts
from ..package.description.document import Setting
from ..package.description.problems import BadDescription, Place, Problems
from ..package.description.table import table
from ..package.description.text import LARGEST_TEXT, CannotResolve, read_text, resolved
from ..task import Task
from ..templates import NoValue
from ..untrusted import visible
from ..vaulted import TooLarge

MOST_FILES = 1_000
LARGEST_FILES = 256 << 20
"""Bytes of all files of a description together."""


@dataclass(frozen=True)
class Source:
    """A description that is right. ``files``: the contents of its files, by the paths that it has for them."""

    description: Description = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)


def plain(value: t.Any) -> t.Any:
    """A value with texts of Ansible's vault as texts: up to ansible-core 2.18 they are objects of their own."""
    if isinstance(value, Mapping):
        return {plain(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return str(value) if hasattr(value, "ciphertext") or hasattr(value, "vault") else value


def source_of(task: Task) -> Source:
    """The description in the options ``description`` or ``description_file``, with its files. Raises Failure."""
    given = _given(task)
    description = _checked(task, given)
    return Source(description, _files(task, description, given))


def description_of(task: Task) -> Description | None:
    """The description in these options, without its files; None where none is given. Raises Failure."""
    if task.args["description"] is None and task.args["description_file"] is None:
        return None
    return _checked(task, _given(task))


@dataclass(frozen=True)
class _Given:
    """What a task gives: data, the line of each place in it, and the directory of its file, where it has one."""

    data: t.Any = field(repr=False)
    lines: Mapping[Place, int] | None = None
    base: str | None = None


def _given(task: Task) -> _Given:
    given = task.args["description"]
    found = _of_file(task, task.args["description_file"]) if given is None else _Given(given)
    return _Given(plain(found.data), found.lines, found.base)


def _checked(task: Task, given: _Given) -> Description:
    task.secrets.append(lambda: secret_texts(given.data))
    description = checked(given.data, given.lines)
    task.secrets.append(description.secrets)
    return description


def file_of(setting: Setting) -> str | None:
    """The path that a setting has as its value, None where its value is not a file."""
    known = None if setting.steps[-1].is_attribute else table().find(setting.bare)
    is_file = known is not None and known.type == "file" and setting.value.strip()
    return setting.value if is_file else None


def _of_file(task: Task, src: str) -> _Given:
    try:
        path = task.find_file(src)
        raw = task.content(path, LARGEST_TEXT)
    except AnsibleError as exc:
        raise bad_option(
            "description_file",
            f"there is no readable description {visible(src)} on the controller ({visible(str(exc))})",
            "give the path of a YAML file, and the vault's password if it is encrypted",
        ) from exc
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadDescription(["it is not in UTF-8"]) from None
    data, lines = read_text(text)
    vaulted: set[str] = set()
    task.secrets.append(lambda: vaulted)

    def decrypted(ciphertext: str) -> str:
        try:
            found = task.decrypted(ciphertext)
        except AnsibleError:
            raise CannotResolve("is encrypted, and none of the vault's passwords that are given opens it") from None
        vaulted.add(found)
        return found

    def filled_in(template: str) -> t.Any:
        try:
            return task.filled_in(template)
        except NoValue as exc:
            raise CannotResolve(str(exc)) from None

    return _Given(resolved(data, lines, filled_in, decrypted), lines, os.path.dirname(path))


def _files(task: Task, description: Description, given: _Given) -> Mapping[str, bytes]:
    problems = Problems(given.lines)
    names = list(
        dict.fromkeys(
            name
            for block in description.document.blocks
            for setting in block.settings
            if (name := file_of(setting)) is not None
        )
    )
    if len(names) > MOST_FILES:
        raise BadDescription([f"it names {len(names)} files, more than {MOST_FILES}"])
    found: dict[str, bytes] = {}
    left = LARGEST_FILES
    for name in names:
        try:
            found[name] = task.content(_path_of(task, name.strip(), given.base), left)
            left -= len(found[name])
        except (AnsibleError, ValueError) as exc:
            place = next((place for place, text in _texts(given.data) if text == name), ())
            problems.add(place, f"names the file {visible(name, 300)}, {_why_not(exc, given.base)}")
    problems.raise_any()
    return found


def _why_not(exc: Exception, base: str | None) -> str:
    """Why a file cannot be had, as the end of a sentence."""
    if isinstance(exc, AnsibleFileNotFound):
        return f"which is not {'beside the description, ' if base else ''}in files or beside the playbook"
    if isinstance(exc, TooLarge):
        return f"and all files of a description may have {LARGEST_FILES >> 20} MiB together"
    return f"which cannot be read: {visible(str(exc), 300)}"


def _path_of(task: Task, name: str, base: str | None) -> str:
    """Where a file of a description is: beside the description, or where Ansible looks for files. Raises AnsibleError,
    and ValueError for what can be no path."""
    if base is not None and os.path.exists(beside := os.path.join(base, name)):
        return beside
    return task.find_file(name)


def _texts(value: t.Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, (*place, str(key)))
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            yield from _texts(inner, (*place, number))
    elif isinstance(value, str):
        yield place, value
