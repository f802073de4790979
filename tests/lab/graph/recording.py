# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recording of every exchange with Graph: one JSON line each in <out>/graph.jsonl. Those whose answer was made odd
on purpose, which Graph's description does not have, are in <out>/graph-odd.jsonl.

Fields: ``method``, ``url`` (path with version and query), ``version``, ``request_headers`` (those that matter to the
contract), ``request_body``, ``status``, ``response_headers`` (Retry-After, request-id), ``response_body``. No
Authorization header, no token; passwords and keys inside answers are replaced.
"""

from __future__ import annotations

import base64
import json
import typing as t
from pathlib import Path

from .. import private

FILE = "application/octet-stream"
HEADERS = ("consistencylevel", "content-type", "prefer", "accept-language", "client-request-id", "user-agent")
SECRETS = {
    "passwordBase64": base64.b64encode(b"not recorded").decode(),
    "key": "not recorded",
    "temporaryAccessPass": "not recorded",
    "deviceAccountPassword": "not recorded",
}


class Recording:
    """Writes the lines, each whole and at once, to a new file; without a path it only counts."""

    def __init__(self, path: Path | None) -> None:
        self._file = private.new_file(path) if path else None
        self._odd = private.new_file(path.with_stem(f"{path.stem}-odd")) if path else None

    def write(
        self,
        method: str,
        url: str,
        version: str,
        request: tuple[dict[str, str], t.Any],
        answer: tuple[int, dict[str, str], t.Any],
        odd: bool = False,
    ) -> None:
        file = self._odd if odd else self._file
        if file is None or file.closed:
            return
        line = {
            "method": method,
            "url": url,
            "version": version,
            "request_headers": {name: request[0][name] for name in HEADERS if name in request[0]},
            "request_body": request[1],
            "status": answer[0],
            "response_headers": {name: answer[1][name] for name in ("Retry-After", "request-id") if name in answer[1]},
            "response_body": mask(_described(answer[1], answer[2])),
        }
        file.write(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n")

    def close(self) -> None:
        for file in (self._file, self._odd):
            if file is not None:
                file.close()


def _described(headers: dict[str, str], body: t.Any) -> t.Any:
    """The body without files, of which the description of Graph says nothing."""
    if headers.get("Content-Type") == FILE:
        return None
    if isinstance(body, dict) and isinstance(body.get("responses"), list):
        parts = [one | {"body": _described(one.get("headers") or {}, one.get("body"))} for one in body["responses"]]
        return {**body, "responses": parts}
    return body


def mask(value: t.Any) -> t.Any:
    """The same with secrets replaced; shares what has none."""
    if isinstance(value, dict):
        if "identityProvider" in value:  # of an alternative security id: a hash of what everybody may know
            return value
        return {
            name: SECRETS[name] if name in SECRETS and isinstance(item, str) else mask(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [mask(item) for item in value]
    return value
