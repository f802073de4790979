# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of what a device answers: the part of a lying device that is the same for every device.

What is changed is named by the operation that answers (``op`` or ``op:what it looks at``, ``device`` for what the
device says of itself, ``answer`` for the whole) and by the way to it.
"""

from __future__ import annotations

import base64
import copy
import gzip
import json
import typing as t
from collections.abc import Iterator

from .scripted import ScriptedDevice, key, request_of

MISSING, DEEP, TWICE = object(), object(), object()
"""In the place of a value: the field is gone; a registry key with 300 levels; the member of a list is there twice."""

Way = tuple[str | int, ...]


class Lying(ScriptedDevice):
    """``change(operation, way, value)`` makes it lie; ``seen`` is all that it has answered, where ``notes`` is set."""

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self.lies: list[tuple[str, Way, t.Any]] = []
        self.seen: dict[tuple[str, Way], t.Any] = {}
        self.notes = True
        self.honest_for = 0

    def change(self, operation: str, way: Way, value: t.Any) -> None:
        self.lies.append((operation, way, value))

    def execute(self, script: str, data: bytes) -> tuple[str, str, int]:
        line, stderr, code = super().execute(script, data)
        if self.requests <= self.honest_for or not (self.lies or self.notes):
            return line, stderr, code
        answer = json.loads(gzip.decompress(base64.b64decode(line.split(":")[2])))
        asked = request_of(data)["ops"]
        for number, operation in reversed(list(enumerate(asked))):
            name = named(operation)
            self._see(name, answer["results"][number])
            self._lie(name, answer["results"], number)
        self._see("device", answer["device"])
        self._lie("device", answer, "device")
        holder = {"answer": answer}
        self._lie("answer", holder, "answer")
        return packed(holder.get("answer")), stderr, code

    def _see(self, name: str, value: t.Any) -> None:
        if self.notes:
            for way, found in ways(value):
                self.seen.setdefault((name, way), found)

    def _lie(self, name: str, holder: t.Any, at: str | int) -> None:
        for operation, way, value in self.lies:
            if name == operation or name.split(":")[0] == operation:
                put(holder, (at, *way), value)


def named(operation: dict) -> str:
    what = next((operation[name] for name in ("path", "class", "log", "folder") if name in operation), "")
    return f"{operation['op']}:{what}"


def packed(answer: t.Any) -> str:
    body = base64.b64encode(gzip.compress(json.dumps(answer).encode(), compresslevel=1)).decode()
    return f"#winops1:{len(body)}:{body}:end#\r\n"


def ways(value: t.Any, way: Way = ()) -> Iterator[tuple[Way, t.Any]]:
    """The way to everything in a value, and what is there; itself first."""
    yield way, value
    if isinstance(value, dict):
        for name, item in value.items():
            yield from ways(item, (*way, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from ways(item, (*way, number))


def put(holder: t.Any, way: Way, value: t.Any) -> None:
    """Change what is at the end of the way, where there is such a way."""
    for step in way[:-1]:
        try:
            holder = holder[step]
        except (KeyError, IndexError, TypeError):
            return
    last = way[-1]
    if not (isinstance(holder, dict) or isinstance(holder, list) and isinstance(last, int) and last < len(holder)):
        return
    if value is MISSING:
        if isinstance(holder, list) or last in holder:
            del holder[last]
    elif value is TWICE:
        if isinstance(holder, list):
            holder.insert(last, holder[last])
    else:
        holder[last] = deep() if value is DEEP else copy.deepcopy(value)


def deep(levels: int = 300) -> dict:
    made = key()
    for _level in range(levels):
        made = key(a=made)
    return made
