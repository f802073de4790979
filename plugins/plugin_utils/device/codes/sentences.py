# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sentence by which a service says why it refused, as it stands in events, logs and outputs beside the code.

Seen in: event 304 of User Device Registration (``{"odata.error": {"message": {"value": ...}}}``), the token service
(``{"error": ..., "error_description": ...}``), the log of the extension AADLoginForWindows (``Join message: ...``),
dsregcmd (``Server Message: ...``, ``Server Error Description: ...``).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import json
import re
import typing as t

from ..redaction import redact

MAX_CHARACTERS = 300
_OBJECTS, _DEPTH, _LONGEST = 4, 6, 65536
# In the order in which they tell most.
_FIELDS = ("error_description", "message", "errormessage", "value", "description", "error", "odata.error")
_LABEL = re.compile(
    r"\b(?:join message|server message|server error description|error description|error message)\W{1,4}(\S.{3,})",
    re.IGNORECASE,
)
_AFTER_STATUS = re.compile(r"failed with status code:? ?-?\w+\.\s+([A-Z].{8,})", re.IGNORECASE)
_AFTER_AADSTS = re.compile(r"\bAADSTS\d{4,7}:\s+([^\r\n]{4,})", re.IGNORECASE)
# Ids and times that the services append: they are evidence, and no part of the sentence.
_TAIL = re.compile(r"(?:trace id|correlation id|request id|timestamp)\b.*", re.IGNORECASE | re.DOTALL)
_DECODER = json.JSONDecoder()


def sentence(text: str) -> str | None:
    """The service's own sentence in a text, in one line and at most MAX_CHARACTERS long; None where there is none."""
    text = text[:_LONGEST]
    found = _of_json(text) or next(
        (match[1] for pattern in (_LABEL, _AFTER_STATUS, _AFTER_AADSTS) if (match := pattern.search(text))), None
    )
    return tidy(found) if found else None


def _of_json(text: str) -> str | None:
    at = text.find("{")
    for _try in range(_OBJECTS):
        if at < 0:
            return None
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            at = text.find("{", at + 1)
            continue
        if said := _said(value):
            return said
        at = text.find("{", end)
    return None


def _said(value: t.Any, depth: int = 0) -> str | None:
    """The text in the field of a JSON value that tells most: one of several words, a code is none."""
    if isinstance(value, str):
        return value if " " in value.strip() else None
    if not isinstance(value, dict) or depth > _DEPTH:
        return None
    lower = {str(name).lower(): inner for name, inner in value.items()}
    return next((said for name in _FIELDS if name in lower and (said := _said(lower[name], depth + 1))), None)


def tidy(text: str) -> str | None:
    """A text of somebody else's as one line of printable text, at most MAX_CHARACTERS long; None where none is left."""
    text = redact(_TAIL.sub("", text))
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return (text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - 1] + "\u2026") or None
