# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Microsoft Graph prints times."""

from __future__ import annotations

import datetime


def utc_seconds(moment: datetime.datetime) -> str:
    """As Graph prints dates: ``2026-11-21T08:00:00Z``."""
    return f"{moment.astimezone(datetime.timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
