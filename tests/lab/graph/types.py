# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of Microsoft Graph: which properties there are, what may be sent, what an answer holds.

types.json is made by tests/tools/graph_types.py from microsoftgraph/msgraph-metadata (MIT); its kinds are explained
there.
"""

from __future__ import annotations

import datetime
import functools
import json
import typing as t
from pathlib import Path

from .answers import GraphError, bad_request

NEVER = "0001-01-01T00:00:00Z"
_NULL: dict[str, t.Any] = {"string": "", "boolean": False, "int": 0, "date": NEVER, "list": [], "object": {}}
_PYTHON: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "int": (int,),
    "date": (str,),
    "list": (list,),
    "object": (dict,),
}
#: What the service takes although the metadata of v1.0 lacks it (reference page of device, 2023).
_UNDECLARED = {("v1.0", "device", "extensionAttributes"): "object?"}


@functools.cache
def _all() -> dict[str, dict[str, dict[str, str]]]:
    return json.loads(Path(__file__).with_name("types.json").read_text(encoding="utf-8"))


def properties(version: str, name: str) -> dict[str, str]:
    """{property: kind} of a type."""
    return _all()[version][name]


def is_known(version: str, name: str) -> bool:
    """Whether a version of Graph has this type (of those that the lab has at all)."""
    return name in _all()[version]


@functools.cache
def empty(version: str, name: str) -> dict[str, t.Any]:
    """Every structural property of the type with the value it has before anything is set."""
    return {label: _empty(kind) for label, kind in properties(version, name).items() if kind != "relation"}


def _empty(kind: str) -> t.Any:
    if "?" in kind:
        return None
    base = kind.rstrip("!")
    if base.startswith("enum:"):
        members = base[5:].split("|")
        return "unknown" if "unknown" in members else members[0]
    return _NULL.get(base)


def check_body(version: str, name: str, body: dict[str, t.Any]) -> dict[str, t.Any]:
    """The properties of a request's body, each known, writable and of its kind; 400 as the directory words it.

    Annotations (``@odata.type``, ``members@odata.bind``) are left to the caller.
    """
    known = properties(version, name)
    found = {}
    for label, value in body.items():
        if "@" in label:
            continue
        kind = known.get(label) or _UNDECLARED.get((version, name, label))
        if kind is None or kind == "relation":
            raise bad_request(f"Invalid property '{label}'.", target=label)
        if "!" in kind:
            raise bad_request(f"Property '{label}' is read-only and cannot be set.", target=label)
        check_value(label, value, kind)
        found[label] = value
    return found


def check_value(label: str, value: t.Any, kind: str) -> None:
    """400 unless the value is of the kind."""
    if value is None:
        if "?" not in kind:
            raise bad_request(f"Invalid value specified for property '{label}' of resource.", target=label)
        return
    base = kind.rstrip("?!")
    if base.startswith("enum:"):
        if value not in base[5:].split("|") or value == "unknownFutureValue":
            raise bad_request(f"Invalid value '{value}' specified for property '{label}'.", target=label)
        return
    wanted = _PYTHON[base]
    if not isinstance(value, wanted) or (isinstance(value, bool) and base == "int"):
        raise GraphError(
            400, "Request_BadRequest", f"A value of the wrong kind was found for property '{label}': expected {base}."
        )


def utc(moment: datetime.datetime) -> str:
    """As Graph prints dates."""
    return f"{moment.astimezone(datetime.timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
