# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one door through which texts go that may hold a secret: results, failures, lines on the screen.

A secret is masked wherever its value stands, also within a longer word, and also where it is spelled for another
reader: in base64 (of UTF-8 or UTF-16, as of ``powershell -EncodedCommand``), with percent signs for a URL, with the
entities of XML, with the escapes of JSON, PowerShell or cmd. Who looks for a secret by its look, without knowing it, is
``device/redaction.py``.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import base64
import binascii
import functools
import html
import re
import typing as t
from collections.abc import Iterable
from html.entities import codepoint2name
from urllib.parse import quote, unquote

MASKED = "***"
SHORTEST_SECRET = 4
"""Letters. What is shorter stands in every other word: masking it would leave no sentence whole, and hide nothing."""
LONGEST_SPELLED = 256
"""Letters of a secret that is looked for with each letter escaped or not; a longer one only escaped as a whole."""
MOST_HIDDEN = 20
"""Secrets in one text in another spelling; a text with more is masked as a whole, since looking for each takes time."""

_MAY_BE_SPELLED = re.compile(r"[%&\\^`+]|''|\"\"")
_BASE64_LETTERS = "A-Za-z0-9+/_-"
_STANDARD = str.maketrans("-_", "+/")
_ESCAPES = re.compile(r"[\\^`](.)|([\"'%])\2", re.DOTALL)
_JSON = re.compile(r"\\u([0-9a-fA-F]{4})")


class Masker:
    """Masks these secrets. One that is shorter than SHORTEST_SECRET is not masked."""

    def __init__(self, secrets: Iterable[str], sign: str = MASKED) -> None:
        # The longest first: a secret may be a part of another.
        known = {secret for secret in secrets if len(secret.strip()) >= SHORTEST_SECRET}
        self._secrets = sorted(known, key=lambda secret: (-len(secret), secret))
        self._sign = sign

    def value(self, value: t.Any) -> t.Any:
        """A value of JSON with every text in it masked, the names in a dict, too: those of a diff are sentences."""
        if not self._secrets:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.value(name): self.value(inner) for name, inner in value.items()}
        return [self.value(inner) for inner in value] if isinstance(value, (list, tuple)) else value

    def text(self, text: str) -> str:
        """The text without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, self._sign)
        if not self._secrets:
            return text
        hidden = self._hidden_in(text)
        if len(hidden) > MOST_HIDDEN:
            return self._sign
        for secret in hidden:
            text = _spelled(secret).sub(lambda _match: self._sign, text)
        return self._base64.sub(self._without_base64, text)

    def _hidden_in(self, text: str) -> list[str]:
        """The secrets that stand in a text in another spelling."""
        if not _MAY_BE_SPELLED.search(text):
            return []
        read = {reader(text) for reader in _READERS} - {text}
        return [secret for secret in self._secrets if any(secret in other for other in read)] if read else []

    @functools.cached_property
    def _base64(self) -> re.Pattern[str]:
        # Made when it is first needed: most tasks have no secret.
        shortest = min(len(secret.encode(errors="replace")) for secret in self._secrets)
        return re.compile(f"[{_BASE64_LETTERS}]{{{shortest * 4 // 3},}}={{0,2}}")

    def _without_base64(self, match: re.Match[str]) -> str:
        texts = list(_decoded(match[0]))
        return self._sign if any(secret in text for secret in self._secrets for text in texts) else match[0]


def _decoded(run: str) -> t.Iterator[str]:
    """What a run of letters may be base64 of, from each of its first letters on: another letter may stand before it."""
    letters = run.rstrip("=").translate(_STANDARD)
    for start in range(4):
        part = letters[start:]
        part = part[: len(part) - (len(part) % 4 == 1)]
        try:
            raw = base64.b64decode(part + "=" * (-len(part) % 4))
        except (binascii.Error, ValueError):
            continue
        yield raw.decode(errors="ignore")
        yield raw.decode("utf-16-le", errors="ignore")
        yield raw[1:].decode("utf-16-le", errors="ignore")


def _unescaped(text: str) -> str:
    text = _JSON.sub(lambda match: chr(int(match[1], 16)), text)
    return _ESCAPES.sub(lambda match: match[1] or match[2], text)


#: Each reads a text as one of its readers would.
_READERS: tuple[t.Callable[[str], str], ...] = (
    lambda text: unquote(text) if "%" in text else text,
    lambda text: unquote(unquote(text.replace("+", " "))) if "%" in text or "+" in text else text,
    lambda text: html.unescape(text) if "&" in text else text,
    lambda text: _unescaped(html.unescape(unquote(text))),
    _unescaped,
)


@functools.lru_cache(maxsize=256)
def _spelled(secret: str) -> re.Pattern[str]:
    """A pattern of the secret in every spelling."""
    if len(secret) > LONGEST_SPELLED:
        return re.compile(
            "|".join(re.escape(form) for form in (quote(secret, safe=""), quote(secret), html.escape(secret)))
        )
    return re.compile("".join(f"(?:{'|'.join(_spellings(letter))})" for letter in secret))


def _spellings(letter: str) -> t.Iterator[str]:
    plain, code = re.escape(letter), ord(letter)
    if not letter.isalnum():
        yield plain * 2
    yield rf"[\\^`]?{plain}"
    yield "".join(f"(?i:%(?:25)*{byte:02x})" for byte in letter.encode(errors="surrogatepass"))
    yield f"(?i:&(?:amp;)*#0*{code};?|&(?:amp;)*#x0*{code:x};?)"
    name = {"'": "apos"}.get(letter, codepoint2name.get(code))
    if name:
        yield f"&(?:amp;)*{name};"
    if code < 0x10000:
        yield rf"(?i:\\u{code:04x})"
    if letter == " ":
        yield r"\+"
