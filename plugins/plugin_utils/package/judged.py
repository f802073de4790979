# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a package that was built has the files of its description, judged by what can be read in it.

ICD.exe leaves out what it does not find, and reports success: what it says proves nothing (Microsoft, "Windows
Configuration Designer command-line interface"; scripts of the field).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from .plain_files import base_name, from_base64
from .reader import Package

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")


def missing_files(package: Package, files: Mapping[str, bytes]) -> list[str]:
    """The paths of the files that are not in the package byte for byte. ``files``: contents by path.

    Each is there by its own name: another one may have the same content. A certificate may be in its compiled settings
    and in no file.
    """
    embedded = {(name.lower(), digest) for name, digest in package.digests}
    compiled = {
        hashlib.sha1(raw, usedforsecurity=False).digest()
        for each in package.forms.compiled
        if (raw := from_base64(each.value)) is not None
    }

    def is_there(path: str, content: bytes) -> bool:
        name = base_name(path.strip()).lower()
        return any(digest in compiled or (name, digest) in embedded for digest in _digests(content))

    return [path for path, content in files.items() if not is_there(path, content)]


def _digests(content: bytes) -> set[bytes]:
    """The SHA-1 of a file, which a package has of its files, and of the certificate that it may spell in base64."""
    pem = _PEM.search(content) if len(content) <= 1 << 16 else None
    raw = from_base64(pem[1].decode()) if pem else None
    forms = [content] if raw is None else [content, raw]
    return {hashlib.sha1(form, usedforsecurity=False).digest() if form else bytes(20) for form in forms}
