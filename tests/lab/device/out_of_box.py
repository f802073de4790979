# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A device at its first start (OOBE): it answers nobody until it is deployed.

Real devices have no WinRM after that, and no local account that anybody knows. Those of the lab have both: the lab's
tenant is said to have a policy of Intune (WinRM, its firewall rules, and the local account of the inventory), so that a
play can go on with the device. A device that no MDM manages does not get it.
"""

from __future__ import annotations

import asyncio

from . import deployment, furnish, mdm, winrm

#: Outcomes of a deployment after which somebody uses the device.
IN_USE = ("deployed", "incomplete", "not_autopilot")


#: How often the device looks for policies of its MDM, in device seconds.
POLICY_SECONDS = 5.0


def sign_in(device, user: str | None) -> asyncio.Task:
    """The person who has unpacked it signs in. The task ends with the deployment's outcome."""
    if not device.out_of_box:
        raise ValueError(f"{device.name} is not at its first start")
    return asyncio.get_running_loop().create_task(_deployed(device, user))


async def _deployed(device, user: str | None) -> str:
    run = deployment.begin(device, user)
    # The policy comes with the first synchronization, while the status page is still shown.
    while not run.done() and not mdm.enrollments(device):
        await asyncio.wait({run, device.spawn(device.delay(POLICY_SECONDS))}, return_when=asyncio.FIRST_COMPLETED)
    if mdm.enrollments(device):
        device.out_of_box = False
        await answer_again(device)
    outcome = await run
    if outcome in IN_USE:
        device.out_of_box = False
    return outcome


async def answer_again(device) -> None:
    """What the lab's policy of Intune brings: WinRM, and the account of the inventory with its password."""
    furnish.policy_account(device)
    winrm.listen(device)
    await device.power.on()
