# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a method and a path to the function that answers, with the permissions that the call needs."""

from __future__ import annotations

import dataclasses
import re
import typing as t
import urllib.parse

from .answers import Answer, Call

VERSIONS = ("v1.0", "beta")
Handler = t.Callable[[Call], Answer]


@dataclasses.dataclass(frozen=True)
class Route:
    """``application`` and ``delegated``: any of these permissions is enough; empty: nobody of that kind may.

    ``roles``: a delegated caller needs one of these directory roles besides (names of ``tests.lab.tenant.roles``).
    """

    method: str
    template: str
    versions: tuple[str, ...]
    application: tuple[str, ...]
    delegated: tuple[str, ...]
    roles: tuple[str, ...]
    handler: Handler
    segments: tuple[re.Pattern[str], ...]

    def match(self, path: tuple[str, ...]) -> dict[str, str] | None:
        params: dict[str, str] = {}
        for pattern, segment in zip(self.segments, path):
            found = pattern.fullmatch(segment)
            if found is None:
                return None
            quoted = "='" in self.template  # an alternate key is an OData literal: '' is one quote
            params.update((k, v.replace("''", "'") if quoted else v) for k, v in found.groupdict().items())
        return params


ROUTES: list[Route] = []


def route(
    method: str,
    template: str,
    permissions: str = "",
    *,
    delegated: str | None = None,
    application: bool = True,
    roles: tuple[str, ...] = (),
    versions: tuple[str, ...] = VERSIONS,
) -> t.Callable[[Handler], Handler]:
    """Register a function. ``permissions``: names with blanks between, the same for delegated callers unless said."""
    names = tuple(permissions.split())

    def register(handler: Handler) -> Handler:
        ROUTES.append(
            Route(
                method,
                template,
                versions,
                names if application else (),
                names if delegated is None else tuple(delegated.split()),
                roles,
                handler,
                tuple(_pattern(part) for part in template.strip("/").split("/")),
            )
        )
        return handler

    return register


class Router:
    """All routes, found by the number of their segments; fixed segments win over keys."""

    def __init__(self, routes: t.Iterable[Route] = ()) -> None:
        self._by_length: dict[int, list[Route]] = {}
        for known in sorted(routes or ROUTES, key=lambda r: r.template.count("{")):
            self._by_length.setdefault(len(known.segments), []).append(known)

    def find(self, version: str, path: tuple[str, ...]) -> list[tuple[Route, dict[str, str]]]:
        """Every route of the best template that fits: one a method."""
        found: list[tuple[Route, dict[str, str]]] = []
        for known in self._by_length.get(len(path), []):
            if version not in known.versions or (found and known.template != found[0][0].template):
                continue
            params = known.match(path)
            if params is not None:
                found.append((known, params))
        return found


def split(raw_path: str) -> tuple[str, ...]:
    """The decoded segments of a path; ``name('key')`` is two segments, ``microsoft.graph.x`` is ``graph.x``."""
    segments: list[str] = []
    for part in raw_path.strip("/").split("/"):
        text = urllib.parse.unquote(part)
        keyed = re.fullmatch(r"(\w+)\('((?:[^']|'')*)'\)", text)
        if keyed:
            segments += [keyed[1], keyed[2].replace("''", "'")]
        else:
            segments.append(re.sub(r"^microsoft\.graph\.", "graph.", text, flags=re.IGNORECASE))
    return tuple(segments)


def _pattern(part: str) -> re.Pattern[str]:
    keyed = re.fullmatch(r"(\w+)\((\w+)='\{(\w+)\}'\)", part)
    if keyed:
        return re.compile(rf"{keyed[1]}\({keyed[2]}='(?P<{keyed[3]}>(?:[^']|'')*)'\)", re.IGNORECASE)
    if part.startswith("{"):
        return re.compile(rf"(?P<{part.strip('{}')}>[^$].*)")
    return re.compile(re.escape(part) + r"(\(\))?" if "$" not in part else re.escape(part), re.IGNORECASE)
