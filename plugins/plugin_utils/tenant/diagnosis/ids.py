# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ids as they are compared: in lower case, without braces; that of zeros stands for none.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from ...options import is_guid


def id_in(value: t.Any) -> str | None:
    """The id of a request, an attempt or a device; None where there is none."""
    if not isinstance(value, str):
        return None
    text = value[:100].strip().strip("{}()").lower()
    return text if is_guid(text) and text.strip("0-") else None
