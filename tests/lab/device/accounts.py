# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Local accounts and the token that a caller gets."""

from __future__ import annotations

import dataclasses

SYSTEM_SID = "S-1-5-18"
ADMINISTRATORS = "S-1-5-32-544"
REMOTE_MANAGEMENT_USERS = "S-1-5-32-580"
POLICIES = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System"


@dataclasses.dataclass
class Account:
    """One local account. ``rid`` is the last number of its SID; 500 is the built-in Administrator."""

    name: str
    rid: int
    password: str
    administrator: bool = True
    enabled: bool = True


@dataclasses.dataclass(frozen=True)
class Caller:
    """Who runs an operation. ``network_logon``: over WinRM, not at the console and not as a task."""

    account: str
    sid: str
    system: bool = False
    elevated: bool = False
    network_logon: bool = True


SYSTEM = Caller(r"NT AUTHORITY\SYSTEM", SYSTEM_SID, system=True, elevated=True, network_logon=False)


def caller(device, account: str) -> Caller:
    """The token of a local account over the network.

    An administrator other than RID 500 gets a filtered token unless LocalAccountTokenFilterPolicy is 1 (documented by
    Microsoft as "UAC remote restrictions").
    """
    name = account.rsplit("\\", 1)[-1]
    if name.lower() in ("system", "nt authority\\system"):
        return SYSTEM
    found = device.account(name)
    if found is None:
        return Caller(account, "S-1-5-7", elevated=False)
    filtered = device.registry.get(POLICIES, "LocalAccountTokenFilterPolicy", 0) != 1 and found.rid != 500
    return Caller(
        f"{device.hostname}\\{found.name}", f"{device.machine_sid}-{found.rid}",
        elevated=found.administrator and not filtered)
