# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The MDM enrollment that /AzureSecureVMJoin /MdmId makes at once, after the join.

After a public analysis of ``AzureSecureVMJoinOperation``: the MDM's address is asked for by its id with a token of the
device, then a token for the MDM; where the token broker fails (0x801c0070) it is asked again, ten times in all, after
which the code is 0x801c0076 or 0x801c007c. No address is 0x801c0072. Any failure has the join taken back, and is the
exit code. The waits between the attempts are ours, but for the fifth. What a server says is not known (here
0x80180014).
"""

from __future__ import annotations

import dataclasses

from . import joinstate, mdm, network
from .errors import hexadecimal

BROKER_FAILED = 0x801C0070
NO_ADDRESS = 0x801C0072
NO_ADDRESS_IN_TIME, NO_TOKEN_IN_TIME = 0x801C0076, 0x801C007C
NOT_FOR_SERVERS = 0x80180014
WAITS = (5, 5, 10, 10, 20, 20, 30, 30, 60)


class JoinFailed(Exception):
    """A join that failed at a step, with what /debug prints of it."""

    def __init__(self, hresult: int, step: str, *reasons: str) -> None:
        super().__init__(f"{hexadecimal(hresult)} at {step}")
        self.hresult = hresult
        self.step = step
        self.reasons = reasons


async def enroll(device, tenant, mdm_id: str) -> list[str]:
    """Enroll; what /debug prints of it. JoinFailed where the join must be taken back."""
    await _broker(device, "MDM_URL_Discovery", NO_ADDRESS_IN_TIME)
    address = tenant.mdm_policy["discoveryUrl"] if mdm_id.lower() == tenant.mdm_policy["id"] else None
    if not address:
        said = f"Discovery of MDM URLs failed (specified MDM app ID ({mdm_id}) was not resolved)."
        raise JoinFailed(NO_ADDRESS, _broker_step("MDM_URL_Discovery"), said)
    await _broker(device, "MMDM_Token", NO_TOKEN_IN_TIME)
    hresult = mdm.refusal(device) or (NOT_FOR_SERVERS if device.image.server else None)
    try:
        await device.network.request(network.MDM)
    except network.Unreachable:
        hresult = mdm.CONNECTIVITY
    if hresult is not None:
        mdm.fail(device, hresult)
        said = f"MDM enrollment (DeviceEnroller::EnrollToMdm) failed with error {hexadecimal(hresult)}."
        raise JoinFailed(hresult, "DeviceEnroller::EnrollToMdm()", said)
    join = joinstate.read(device)
    assert join is not None
    mdm.enroll(device, dataclasses.replace(join, mdm_url=address))
    mdm.succeed(device)
    return ["MDM enrollment succeeded."]


async def _broker(device, purpose: str, in_vain: int) -> None:
    """A token of the device, asked for until the broker gives one or the attempts are used up."""
    step, lines = _broker_step(purpose), []
    for wait in (*WAITS, None):
        hresult = await _ask_broker(device)
        if hresult is None:
            return
        lines.append(f"{step} failed with error {hexadecimal(hresult)}.")
        if hresult != BROKER_FAILED:
            raise JoinFailed(hresult, step, *lines)
        if wait is not None:
            await device.sleep(wait)
    raise JoinFailed(in_vain, step, *lines)


def _broker_step(purpose: str) -> str:
    return f"DeviceEnroller::GetDeviceOnlyWamToken({purpose})"


async def _ask_broker(device) -> int | None:
    if device.mdm.broker_failures:
        await device.sleep(1)
        return device.mdm.broker_failures.pop(0)
    try:
        await device.network.request(network.LOGIN)
    except network.Unreachable:
        return BROKER_FAILED
    return None
