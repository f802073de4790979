# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what a token holds is enough for a call: a permission that includes the asked one counts as well.

call_permissions.json has for each call of the tenant modules every permission of which one is enough, as Microsoft
publishes them (microsoftgraph/microsoft-graph-devx-content, permissions.json): Group.ReadWrite.All includes
Group.Create where a group is created, and not where a role is assigned. tests/tools/call_permissions.py writes it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import functools
import json
import re
import typing as t
from pathlib import Path
from urllib.parse import urlsplit

_VERSION = re.compile(r"^.*?/(?:v1\.0|beta)(?=/)")
_ANY_SEGMENT = "{id}"


class CallPermissions(t.NamedTuple):
    """A call as ``GET /groups/{id}``, its segments, and the permissions of which one is enough."""

    call: str
    segments: tuple[str, ...]
    application: frozenset[str]
    delegated: frozenset[str]


@functools.cache
def call_permissions() -> tuple[CallPermissions, ...]:
    """Every entry of call_permissions.json; read once, when first needed."""
    rows = json.loads(Path(__file__).with_name("call_permissions.json").read_text(encoding="utf-8"))
    return tuple(
        CallPermissions(row["call"], _segments(row["call"]), frozenset(row["application"]), frozenset(row["delegated"]))
        for row in rows
    )


def call_of(method: str, url: str) -> str:
    """``GET /groups`` of a method and a path or a whole address."""
    return f"{method} {_VERSION.sub('', urlsplit(url).path, count=1)}"


def known_call(call: str) -> CallPermissions | None:
    """The entry of a call such as ``GET /groups/42``; None for one that the tenant modules do not make."""
    asked = _segments(call)
    for row in call_permissions():
        if len(row.segments) == len(asked) and all(
            known in (_ANY_SEGMENT, given) for known, given in zip(row.segments, asked)
        ):
            return row
    return None


def enough(call: str, delegated: bool) -> frozenset[str]:
    """The permissions of which one is enough for a call; empty where nobody knows."""
    row = known_call(call)
    return frozenset() if row is None else row.delegated if delegated else row.application


def missing(wanted: t.Iterable[str], granted: t.Collection[str], call: str, delegated: bool) -> tuple[str, ...]:
    """Those of the wanted permissions that a token with these does not hold for this call, in their order."""
    including = enough(call, delegated)
    instead = including.intersection(granted)
    return tuple(name for name in wanted if name not in granted and not (instead and name in including))


def held(wanted: t.Iterable[str], granted: t.Collection[str], call: str, delegated: bool) -> tuple[str, ...]:
    """Of what a token holds, what stands for the wanted permissions: these, or others that include them, sorted."""
    wanted = frozenset(wanted)
    return tuple(sorted(wanted.intersection(granted) or enough(call, delegated).intersection(granted)))


def _segments(call: str) -> tuple[str, ...]:
    return tuple(call.split("/"))
