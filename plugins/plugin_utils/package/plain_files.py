# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of any file in or beside a package: its name, its hash, the bytes that it spells.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import BinaryIO

_READ_AT_ONCE = 1 << 20


def base_name(path: str) -> str:
    """The last part of a path, of the controller or of Windows."""
    return path.replace("\\", "/").rpartition("/")[2]


def from_base64(text: str) -> bytes | None:
    """The bytes that a text spells, which may have line breaks in it; None where it is not base64."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def sha256_of(file: BinaryIO) -> bytes:
    """The hash of a file from its beginning. Raises OSError."""
    digest = hashlib.sha256()
    file.seek(0)
    while piece := file.read(_READ_AT_ONCE):
        digest.update(piece)
    return digest.digest()
