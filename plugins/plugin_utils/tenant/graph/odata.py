# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that becomes part of a Graph URL, escaped: nothing a user names can change what is asked for.

Source: OData 4.01 URL conventions (a quote in a literal is doubled), RFC 3986 (percent-encoding of UTF-8).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote


def literal(text: str) -> str:
    """A string literal of a filter: ``O'Brien`` becomes ``'O''Brien'`` (not percent-encoded yet: ``query`` does
    that)."""
    return "'" + text.replace("'", "''") + "'"


def equals(name: str, text: str) -> str:
    """The filter ``name eq 'text'``."""
    return f"{name} eq {literal(text)}"


def any_of(name: str, texts: Iterable[str]) -> str:
    """The filter ``name in ('a', 'b')``."""
    return f"{name} in ({', '.join(literal(text) for text in texts)})"


def path(*segments: str) -> str:
    """A path of segments, each percent-encoded: ``path("groups", "a/b")`` is ``/groups/a%2Fb``.

    ValueError for a segment that would climb or vanish.
    """
    if any(segment in ("", ".", "..") for segment in segments):
        raise ValueError(f"not a path of Graph: {segments}")
    return "".join("/" + (segment if segment in _OPERATIONS else quote(segment, safe="")) for segment in segments)


def keyed(collection: str, name: str, text: str) -> str:
    """A path by an alternate key: ``keyed("devices", "deviceId", x)`` is ``/devices(deviceId='x')``."""
    return f"/{collection}({name}='{quote(text.replace(chr(39), chr(39) * 2), safe='')}')"


def query(options: Mapping[str, str | int | bool] | None) -> str:
    """The query part with its question mark; empty without options. Values are percent-encoded, names are not."""
    if not options:
        return ""
    return "?" + "&".join(f"{name}={quote(_text(value), safe=_PLAIN)}" for name, value in options.items())


_OPERATIONS = frozenset({"$ref", "$count", "$batch"})
_PLAIN = "(),:@*"  # legal in a query and harmless in a literal; the rest is encoded


def _text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
