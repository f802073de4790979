# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes out of what a device says what looks like a credential, before anybody else sees it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re

REMOVED = "(removed)"
# Tokens of Entra ID: JWTs, refresh and bulk tokens; and whatever is that long without a blank in it. Where no dot
# follows, the run is passed over as a whole and not begun again within, so that time grows with the text only.
_RUN = "[A-Za-z0-9+/_=-]"
_TOKEN = re.compile(
    rf"(?:\beyJ[\w-]{{10,}}|\b[01]\.A[\w-]{{20,}})(?:(?P<token>\.[\w.-]+)|{_RUN}*)|(?P<long>{_RUN}{{200,}})"
)
_LONG = re.compile(f"{_RUN}{{200,}}")
_PASSWORD = re.compile(
    r"(?i)\b(password|pwd|secret|client_secret|refresh_token|access_token|bprt|sig)([\"']?\s*[:=]\s*[\"']?)[^\s\"'&,;]+"
)
_URL_PASSWORD = re.compile(r"(?i)(://)[^/\s@]+@")
_SECRET_NAME = re.compile(r"(?i)password|secret|token|bprt|opaque|credential(?!type)")


def redact(value):
    """The value without what looks like a credential: by the name it has, or by its own look."""
    if isinstance(value, dict):
        # Binary values are keys and blobs; no finding is read out of one.
        if set(value) == {"base64"}:
            return REMOVED
        return {
            name: REMOVED if _SECRET_NAME.search(name) and isinstance(item, (str, list)) and item else redact(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [redact(item) for item in value]
    if isinstance(value, str):
        text = _PASSWORD.sub(rf"\1\2{REMOVED}", _TOKEN.sub(_without_token, value))
        return _URL_PASSWORD.sub(rf"\1{REMOVED}@", text)
    return value


def _without_token(match: re.Match) -> str:
    if match.lastgroup:
        return REMOVED
    return REMOVED if _LONG.search(match[0]) else match[0]
