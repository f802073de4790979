# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows LAPS: its policy, the account that it has made, and what its state says.

LAPS CSP and "Windows LAPS account management modes" (Microsoft). Which value of the state names the account is not
documented, so that none does here.
"""

from __future__ import annotations

import datetime
import typing as t

from .accounts import Account

ROOTS = {
    "mdm": r"SOFTWARE\Microsoft\Policies\LAPS",
    "policy": r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\LAPS",
    "config": r"SOFTWARE\Microsoft\Windows\CurrentVersion\LAPS\Config",
}
STATE = r"SOFTWARE\Microsoft\Windows\CurrentVersion\LAPS\State"
DIRECTORIES = {"off": 0, "entra": 1, "ad": 2}
TARGETS = {"built_in": 0, "new": 1}
AUTOMATIC = "AutomaticAccountManagement"
RID = 1100
FILETIME_EPOCH = datetime.datetime(1601, 1, 1, tzinfo=datetime.timezone.utc)


def manage(device, options: dict[str, t.Any]) -> None:
    """``root``: whose policy it is; ``backup``: where to; ``account``: the one of manual management; ``automatic``:
    {target, name, enabled, random}, as the policy has them; ``gone``: the policy has been taken away since."""
    policy: dict[str, t.Any] = {"BackupDirectory": DIRECTORIES[options.get("backup", "entra")]}
    if "account" in options:
        policy["AdministratorAccountName"] = options["account"]
    if "automatic" in options:
        policy |= _automatic(device, options["automatic"])
    if not options.get("gone"):
        device.registry.set(ROOTS[options.get("root", "mdm")], policy)
    if policy["BackupDirectory"]:
        now = round((device.utc() - FILETIME_EPOCH).total_seconds()) * 10**7
        expiry = {"AzurePasswordExpiryTime": now + 30 * 86400 * 10**7} if policy["BackupDirectory"] == 1 else {}
        device.registry.set(STATE, {"LastPasswordUpdateTime": now, **expiry})


def _automatic(device, options: dict[str, t.Any]) -> dict[str, t.Any]:
    found = {f"{AUTOMATIC}Enabled": 1}
    if "target" in options:
        found[f"{AUTOMATIC}Target"] = TARGETS[options["target"]]
    if "name" in options:
        found[f"{AUTOMATIC}NameOrPrefix"] = options["name"]
    for name, value in (("EnableAccount", "enabled"), ("RandomizeName", "random")):
        if value in options:
            found[AUTOMATIC + name] = int(options[value])
    if options.get("target", "new") == "new":
        digits = str(int(device.new_id("laps account").replace("-", ""), 16))[:8] if options.get("random") else ""
        name = options.get("name", "WLapsAdmin")
        password = device.new_id("laps password")
        device.local_accounts.append(
            Account((name[:12] if digits else name) + digits, RID, password, enabled=options.get("enabled", False))
        )
    return found
