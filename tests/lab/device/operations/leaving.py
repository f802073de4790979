# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leaving a tenant and its MDM, and enrolling in an MDM."""

from __future__ import annotations

import re

from .. import autoenroll, autojoin, enrollment
from ..accounts import Caller
from ..errors import bad_argument, file_not_found
from ..images import SYSTEM32
from ..leaving import leave, remove_stale
from .dispatch import operation, require_elevated, require_system


@operation("dsregcmd_leave")
async def dsregcmd_leave(device, caller: Caller, stale: list[str] | None = None) -> dict:
    require_system(caller)
    if not all(re.fullmatch("[0-9A-Fa-f]{40}|[0-9A-Fa-f-]{36}", name) for name in stale or []):
        raise bad_argument("It is neither a thumbprint nor the id of a tenant.")
    exit_code, text = await leave(device, caller)
    answer = {"exit_code": exit_code, "text": text}
    return answer | ({"removed": remove_stale(device, stale)} if stale else {})


@operation("hybrid_autojoin_stop")
def hybrid_autojoin_stop(device, caller: Caller) -> dict:
    require_elevated(caller)
    return {"disabled": autojoin.stop(device)}


@operation("mdm_auto_enroll")
async def mdm_auto_enroll(device, caller: Caller, credential: str) -> dict:
    require_system(caller)
    if credential not in autoenroll.CREDENTIALS:
        raise bad_argument(f"'{credential}' is neither user nor device.")
    program = SYSTEM32 + r"\deviceenroller.exe"
    if not device.files.exists(program):
        raise file_not_found(program)
    exit_code, text = await autoenroll.auto_enroll(device, credential)
    return {"exit_code": exit_code, "text": text}


@operation("enrollment_remove")
async def enrollment_remove(device, caller: Caller, id: str, provider: str, unregister: bool) -> dict:
    require_system(caller)
    return await enrollment.remove(device, id, provider, unregister)
