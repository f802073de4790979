# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An answer of the network made harmless where it comes in: whole, unpacked, bounded, with headers that are plain text.

Proxies, login pages and broken gateways answer in the place of a service: what comes is data, whatever it says of
itself. Source: RFC 9110 section 8.4 (content codings).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import typing as t
import zlib

from ...untrusted import harmless, in_one_line, load_json
from .libraries import httpx
from .retry import seconds_of

#: Of an unpacked body. A page of 999 devices has about 1 MiB.
LARGEST_BODY = 16 * 2**20
#: Objects, lists and members in one body: each may take 200 bytes of memory, and 2 bytes of the body.
MOST_VALUES = 800_000
MOST_HEADERS, LONGEST_HEADER = 100, 4000
#: What is asked for; whatever else comes was packed by somebody who did not listen.
ACCEPTED_ENCODING = "gzip"
CHALLENGE = "www-authenticate"
_RETRY_AFTER = "retry-after"
# Of the way here, not of the answer; and cookies, which nothing here wants back.
_DROPPED = {"content-encoding", "transfer-encoding", "content-length", "connection", "set-cookie", "set-cookie2"}


class OddAnswer(Exception):
    """An answer that nobody can read. Its text says why, as part of a sentence."""


async def made_harmless(response: t.Any, hidden: t.Collection[str] = ()) -> t.Any:
    """The whole answer to a request that was sent with ``stream=True``, as a new ``httpx.Response``.

    Headers in ``hidden`` are left out; ``extensions["challenge"]`` has the one of CHALLENGE all the same. OddAnswer for
    one that is too large, or packed otherwise than was asked for.
    """
    try:
        body = await _unpacked(response)
    finally:
        await response.aclose()
    headers = _plain_headers(response.headers)
    challenge = next((value for name, value in headers if name == CHALLENGE), "")
    return httpx.Response(
        response.status_code,
        headers=[(name, value) for name, value in headers if name not in hidden],
        content=body,
        request=response.request,
        extensions={"challenge": challenge},
    )


async def _unpacked(response: t.Any) -> bytes:
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding not in ("", "identity", ACCEPTED_ENCODING):
        raise OddAnswer(f"it is packed as {in_one_line(coding, 40)}, which was not asked for")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16) if coding == ACCEPTED_ENCODING else None
    body, begun = bytearray(), False
    async with contextlib.aclosing(response.aiter_raw()) as parts:
        async for raw in parts:
            begun = begun or bool(raw)
            try:
                body += raw if unpack is None else unpack.decompress(raw, LARGEST_BODY + 1 - len(body))
            except zlib.error:
                raise OddAnswer("it says that it is packed, and is not") from None
            if len(body) > LARGEST_BODY:
                raise OddAnswer(f"it is larger than {LARGEST_BODY // 2**20} MiB")
    if unpack is not None and begun and not unpack.eof:
        raise OddAnswer("it ends in the middle of what was packed")
    return bytes(body)


def _plain_headers(headers: t.Any) -> list[tuple[str, str]]:
    """(name in lower case, printable ASCII) each. What to wait for is in seconds, or left out where nobody can read
    it."""
    plain = []
    for name, value in headers.multi_items()[:MOST_HEADERS]:
        name = name.lower()
        if name == _RETRY_AFTER:
            seconds = seconds_of(value)
            value = "" if seconds is None else f"{seconds:.0f}"
        if value and name not in _DROPPED:
            plain.append((name, in_one_line(value, LONGEST_HEADER).encode("ascii", "replace").decode()))
    return plain


def json_of(content: bytes) -> t.Any:
    """The value of a JSON body. ValueError for what is none, or is more than an answer holds."""
    if sum(content.count(mark) for mark in (b",", b"[", b"{")) > MOST_VALUES:
        raise ValueError(f"it holds more than {MOST_VALUES} values")
    return load_json(content.decode("utf-8-sig"))


def text_of(content: bytes, longest: int) -> str:
    """The beginning of a body that is no JSON."""
    return harmless(content[: 4 * longest].decode("utf-8", "replace"))[:longest]
