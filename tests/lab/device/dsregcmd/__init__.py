# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dsregcmd.exe: the switches the lab knows."""

from __future__ import annotations

from ..accounts import Caller
from . import status

USAGE = """DSREGCMD switches
                        /? : Displays the help message for DSREGCMD
                   /status : Displays the device join status
               /status_old : Displays the device join status in old format
                     /join : Schedules and monitors the Autojoin task to Hybrid Join the device
                    /leave : Performs Hybrid Unjoin
                    /debug : Displays debug messages
               /refreshprt : Refreshes PRT in the CloudAP cache
          /refreshp2pcerts : Refreshes P2P certificates
          /cleanupaccounts : Deletes all WAM accounts
             /listaccounts : Lists all WAM accounts
             /UpdateDevice : Update device attributes to Azure AD
            /forcerecovery : Force recovery of the device
"""


async def run(device, caller: Caller, arguments: list[str]) -> tuple[int, str]:
    """Exit code and text, CRLF. Exit codes other than those of the secure VM join are undocumented; 0 is a guess."""
    switches = [argument.lower() for argument in arguments]
    if "/azuresecurevmjoin" in switches:
        from ..azure import secure_vm_join

        position = switches.index("/mdmid") + 1 if "/mdmid" in switches else 0
        mdm_id = arguments[position] if 0 < position < len(arguments) else None
        return await secure_vm_join(device, caller, mdm_id)
    if "/leave" in switches:
        from ..leaving import leave

        return await leave(device, caller)
    if "/status" in switches:
        return 0, status.render(device, caller)
    return (0 if "/?" in switches else 1), USAGE.replace("\n", "\r\n")
