# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A device of the lab whose leave has everything to do that a leave can have, and other MDMs to spare."""

from __future__ import annotations

import typing as t

HARD: dict[str, t.Any] = {
    "join": {"type": "hybrid"},
    "domain": "corp.contoso.example",
    "mdm": "enrolled",
    "enrollments": [{"provider": "AirWatchMDM"}, {"provider": "Fleet", "state": 0, "parts": ["traces"]}],
    "bitlocker": [{"protectors": ["Tpm", "RecoveryPassword"]}],
}
