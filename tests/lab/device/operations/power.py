# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""restart."""

from __future__ import annotations

from ..accounts import Caller
from .dispatch import operation, require_elevated


@operation("restart")
def restart(device, caller: Caller, delay: int, comment: str) -> dict:
    require_elevated(caller)
    exit_code = device.power.schedule_restart(delay, comment, caller.account)
    return {"scheduled": exit_code == 0, "exit_code": exit_code}
