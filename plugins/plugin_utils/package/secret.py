# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bulk token while it is being looked at: it answers questions about itself and does not come out.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
LONGEST_CLAIMS = 16_384
"""Letters of a token whose claims are looked at."""


class Secret:
    """A text that must not be seen: it can be compared and fingerprinted, and does not print."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "Secret()"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def fingerprint(self) -> str:
        """The first 12 hexadecimal digits of its SHA-256: enough to tell two apart, useless to guess it."""
        return hashlib.sha256(self._text.encode()).hexdigest()[:12]

    def fits(self, question: Callable[[str], bool]) -> bool:
        """The answer to a question about the text that is yes or no."""
        return question(self._text)

    def expires(self) -> datetime | None:
        """When a token of the JWT form (RFC 7519) says that it ends; bulk tokens as Entra gives them out are opaque."""
        parts = self._text.split(".")
        if len(parts) != 3 or len(self._text) > LONGEST_CLAIMS:
            return None
        try:
            claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
            seconds = claims.get("exp") if isinstance(claims, dict) else None
            return EPOCH + timedelta(seconds=seconds) if isinstance(seconds, int) and seconds > 1 else None
        except (ValueError, RecursionError, OverflowError):  # no JSON, too deep, beyond the last year
            return None


@dataclass(frozen=True)
class BulkToken:
    """The join credential of a package. ``expires`` is UTC text or None: a real bulk token does not tell its end."""

    present: bool
    fingerprint: str | None = None
    expires: str | None = None


def bulk_token_of(token: Secret | None) -> BulkToken:
    """What may be said of the token."""
    if token is None:
        return BulkToken(present=False)
    end = token.expires()
    return BulkToken(present=True, fingerprint=token.fingerprint(), expires=utc_stamp(end) if end else None)


def utc_stamp(moment: datetime) -> str:
    """The time as text, in UTC."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
