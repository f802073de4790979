# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``deviceenroller.exe /c /AutoEnrollMDM``: who may enroll, and which codes the others get.

Codes: Microsoft's mdmregistration constants and "Troubleshoot auto-enrollment"; which of them answers which case is in
part a guess, see docs/lab.md. The exit code is undocumented and says nothing here: 0, always.
"""

from __future__ import annotations

from ..tenant import policy
from . import joinstate, mdm, mdm_admission, network

CREDENTIALS = {"user": 1, "device": 2}
NOT_AUTHENTICATED = 0x80180002
NOT_AUTHORISED = 0x80180003
NO_CERTIFICATE = 0x80180028
NO_USER_TOKEN = 0x8018002A
OUT_OF_SCOPE = 0x8018002B
NOT_CONFIGURED = 0x80180031
SECONDS = 8.0


async def auto_enroll(device, credential: str) -> tuple[int, str]:
    """Exit code and text."""
    await device.sleep(SECONDS)
    hresult = await _enroll(device, credential)
    if hresult == 0:
        return 0, ""  # It ends without a word.
    if hresult is not None:
        mdm.fail(device, hresult, CREDENTIALS[credential])
    else:
        mdm.succeed(device, CREDENTIALS[credential])
    return 0, ""


async def _enroll(device, credential: str) -> int | None:
    """Enroll; the HRESULT where that fails, 0 where nothing says so."""
    join = joinstate.read(device)
    if join is None:
        return NO_CERTIFICATE if credential == "device" else NO_USER_TOKEN
    if credential == "user" and device.console_user is None:
        return NO_USER_TOKEN
    stopped = mdm.refusal(device)
    if stopped in (0, mdm.ALREADY_ENROLLED):
        return stopped
    if not join.mdm_url:
        return NOT_CONFIGURED
    try:
        await device.network.request(network.MDM)
    except network.Unreachable:
        return mdm.CONNECTIVITY
    refusal = stopped or _tenant_refuses(device, join, credential)
    if refusal is None:
        mdm.enroll(device, join)
    return refusal


def _tenant_refuses(device, join: joinstate.Join, credential: str) -> int | None:
    tenant = device.directory.tenants.get(join.tenant_id)
    found = tenant.device(join.device_id) if tenant else None
    if tenant is None or found is None or not found["accountEnabled"]:
        return NOT_AUTHENTICATED
    if credential == "device" and device.domain is not None and tenant.mdm_policy["appliesTo"] != "none":
        return None  # co-management: no user stands behind it
    upn = device.console_user if credential == "user" else join.user_email
    user = next((user["id"] for user in tenant.users.values() if user["userPrincipalName"] == upn), None)
    if policy.mdm_applies(tenant, user):
        return mdm_admission.refusal(device, join, "windowsAutoEnrollment")
    return OUT_OF_SCOPE if tenant.mdm_policy["appliesTo"] == "none" else NOT_AUTHORISED
