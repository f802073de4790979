# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The output of C(dsregcmd /status) as somebody gives it to us: pasted, quoted, in a table, in a file of any encoding.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ..dsregcmd import DsregcmdError, parse_lines
from .decorations import plain_lines
from .encodings import text_of


def parse(text: str | bytes) -> dict:
    """Parse the output, as ``dsregcmd.parse_lines`` returns it.

    Bytes may be UTF-8, UTF-16 or an ANSI or OEM code page, and a text may be one that was read of them wrongly; what
    cannot be decoded is replaced.
    Raises DsregcmdError, and nothing else, for whatever holds no such output.
    """
    if not isinstance(text, (bytes, str)):
        raise DsregcmdError(f"expected the output of dsregcmd /status as text, got {type(text).__name__}")
    return parse_lines(plain_lines(text_of(text)))
