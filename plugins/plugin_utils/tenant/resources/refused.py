# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused before anything is written, because of what the tenant has, or cannot do.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...result import Failure


def refused_unchanged(name: str, cause: str, fix: str) -> Failure:
    """The failure, to be raised; cause and fix are sentences without a stop."""
    return Failure(f"{cause}; nothing was changed; {fix}", side="tenant", name=name, cause=cause, fix=fix)
