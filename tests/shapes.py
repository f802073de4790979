# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks values against the small shape language of plugins/plugin_utils/device/vocabulary.json.

    "str" "int" "float" "bool" "utc" "any"    a trailing ? allows null
    [shape]                                   a list of any length
    {"name": shape, "other?": shape}          an object with exactly these keys; those ending in ? may be absent
    {"*": shape}                              any further keys

Standard library only: the PowerShell proof and the lab's tests use the same checker.
"""

from __future__ import annotations

import re
import typing as t

_UTC = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")

_SCALARS: dict[str, t.Callable[[t.Any], bool]] = {
    "str": lambda value: isinstance(value, str),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "bool": lambda value: isinstance(value, bool),
    "utc": lambda value: isinstance(value, str) and _UTC.fullmatch(value) is not None,
    "any": lambda value: True,
}


def complaints(shape: t.Any, value: t.Any, where: str = "value") -> list[str]:
    """What is wrong with *value*, one sentence each; an empty list where it has the shape.

    Raises ``ValueError`` where *shape* itself is not of the language.
    """
    if isinstance(shape, str):
        kind = shape.removesuffix("?")
        if kind not in _SCALARS:
            raise ValueError(f"{where}: {shape!r} is no shape")
        if value is None and shape.endswith("?") or _SCALARS[kind](value):
            return []
        return [f"{where}: {value!r:.80} is not {shape}"]
    if isinstance(shape, list):
        if len(shape) != 1:
            raise ValueError(f"{where}: a list shape has one item")
        if not isinstance(value, list):
            return [f"{where}: {value!r:.80} is not a list"]
        return [text for index, item in enumerate(value) for text in complaints(shape[0], item, f"{where}[{index}]")]
    if isinstance(shape, dict):
        return _object_complaints(shape, value, where)
    raise ValueError(f"{where}: {shape!r} is no shape")


def _object_complaints(shape: dict[str, t.Any], value: t.Any, where: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{where}: {value!r:.80} is not an object"]
    known = {name.removesuffix("?"): rule for name, rule in shape.items() if name != "*"}
    found = [
        f"{where}: {name!r} is missing"
        for name in shape
        if name != "*" and not name.endswith("?") and name not in value
    ]
    for name, item in value.items():
        if name in known:
            found += complaints(known[name], item, f"{where}.{name}")
        elif "*" in shape:
            found += complaints(shape["*"], item, f"{where}.{name}")
        else:
            found.append(f"{where}: {name!r} does not belong here")
    return found
