# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of the wire: dates as vocabulary.json writes them."""

from __future__ import annotations

import datetime


def utc_text(moment: datetime.datetime) -> str:
    """``2026-11-21T08:00:00.000Z``."""
    utc = moment.astimezone(datetime.timezone.utc)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def parse_utc(text: str) -> datetime.datetime:
    """The reverse; ValueError for other texts."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
