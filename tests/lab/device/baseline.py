# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a security baseline does right after the enrollment: it may shut out the very account that started the join.

Both settings are in Microsoft's Windows security baselines: the firewall on in every profile, and UAC restrictions to
local accounts on network logons.
"""

from __future__ import annotations

from . import winrm
from .accounts import POLICIES


def apply(device) -> None:
    """Set what the scenario's MDM sets; where the firewall now keeps WinRM out, its listeners are gone."""
    if "token_filter" in device.mdm.baseline:
        device.registry.set(POLICIES, {"LocalAccountTokenFilterPolicy": 0})
    if "firewall" in device.mdm.baseline:
        for _name, key in winrm.PROFILES.values():
            device.registry.set(rf"{winrm.POLICY}\{key}", {"EnableFirewall": 1})
        if not winrm.reachable(device):
            device.spawn(_shut(device))


async def _shut(device) -> None:
    for callback in list(device.on_power):
        await callback(device, False)
