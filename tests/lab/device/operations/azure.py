# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dsregcmd_azure_vm_join."""

from __future__ import annotations

from ..accounts import Caller
from ..azure import secure_vm_join
from .dispatch import operation, require_elevated


@operation("dsregcmd_azure_vm_join")
async def dsregcmd_azure_vm_join(device, caller: Caller, mdm_id: str | None = None) -> dict:
    require_elevated(caller)
    exit_code, text = await secure_vm_join(device, caller, mdm_id)
    return {"exit_code": exit_code, "text": text}
