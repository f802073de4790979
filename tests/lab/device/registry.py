# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry hive: an immutable tree that is copied along the path of a write.

Devices of the same image share one tree; each pays only for the keys it changed. Names keep their case and are found
without regard to it, as in Windows.
"""

from __future__ import annotations

import base64
import typing as t
from collections.abc import Iterator, Mapping

Value = int | str | bytes | list


class Key:
    """One key: values and subkeys by lower-case name, each with the name as written."""

    __slots__ = ("values", "keys")

    def __init__(self, values: Mapping[str, tuple[str, Value]], keys: Mapping[str, tuple[str, Key]]) -> None:
        self.values = values
        self.keys = keys


EMPTY = Key({}, {})


def parts(path: str) -> list[str]:
    """The names of a path; backslashes at the ends or doubled do not matter."""
    return [part for part in path.split("\\") if part]


class Registry:
    """One hive (HKLM, or one user's). Paths are relative to it."""

    def __init__(self, root: Key = EMPTY) -> None:
        self.root = root

    def find(self, path: str) -> Key | None:
        """The key at the path, or None."""
        key = self.root
        for part in parts(path):
            found = key.keys.get(part.lower())
            if found is None:
                return None
            key = found[1]
        return key

    def exists(self, path: str) -> bool:
        return self.find(path) is not None

    def get(self, path: str, name: str, default: Value | None = None) -> Value | None:
        """One value, or the default where key or value is missing."""
        key = self.find(path)
        found = key.values.get(name.lower()) if key else None
        return default if found is None else found[1]

    def subkeys(self, path: str) -> list[str]:
        """Names of the subkeys, as written."""
        key = self.find(path)
        return [name for name, _child in key.keys.values()] if key else []

    def set(self, path: str, values: Mapping[str, Value] | None = None) -> None:
        """Create the key (with its parents) and set the given values in it."""
        new = {name.lower(): (name, value) for name, value in (values or {}).items()}
        self.root = _edit(self.root, parts(path), lambda key: Key({**key.values, **new}, key.keys))

    def delete_value(self, path: str, name: str) -> None:
        if self.exists(path):
            self.root = _edit(self.root, parts(path), lambda key: Key(_without(key.values, name), key.keys))

    def delete(self, path: str) -> bool:
        """Remove a key with everything below it; False where there was none."""
        *parent, name = parts(path)
        if not self.exists(path):
            return False
        self.root = _edit(self.root, parent, lambda key: Key(key.values, _without(key.keys, name)))
        return True

    def tree(self, path: str, depth: int) -> dict | None:
        """The key in the shape of vocabulary.json ({values, keys}), None where it does not exist."""
        key = self.find(path)
        return None if key is None else _shape(key, depth)

    def walk(self) -> Iterator[tuple[str, str, Value]]:
        """Every (key path, value name, value) in a stable order; a key without values comes as (path, "", None)."""
        yield from _walk(self.root, "")


def _edit(key: Key, path: list[str], change: t.Callable[[Key], Key]) -> Key:
    if not path:
        return change(key)
    name, child = key.keys.get(path[0].lower(), (path[0], EMPTY))
    return Key(key.values, {**key.keys, path[0].lower(): (name, _edit(child, path[1:], change))})


def _without(entries: Mapping, name: str) -> dict:
    return {key: value for key, value in entries.items() if key != name.lower()}


def _shape(key: Key, depth: int) -> dict:
    return {
        "values": {name: wire_value(value) for name, value in key.values.values()},
        "keys": {name: _shape(child, depth - 1) for name, child in key.keys.values()} if depth > 0 else {},
    }


def wire_value(value: Value) -> t.Any:
    """REG_BINARY as {base64: text}; integers, texts and lists as they are."""
    return {"base64": base64.b64encode(value).decode("ascii")} if isinstance(value, bytes) else value


def _walk(key: Key, path: str) -> Iterator[tuple[str, str, t.Any]]:
    if not key.values and not key.keys:
        yield path, "", None
    for _lower, (name, value) in sorted(key.values.items()):
        yield path, name, wire_value(value)
    for _lower, (name, child) in sorted(key.keys.items()):
        yield from _walk(child, f"{path}\\{name}" if path else name)
