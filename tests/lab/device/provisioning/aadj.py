# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AADJ CSP: redeems the bulk token, registers the device, writes the join. Its steps write the events of
User Device Registration that a person reads afterwards.

Events 304, 305 and 335 are those of dsregcmd, and AAD's 1081 that of the sign-in plug-in (names in public analyses and
manifests): a package's join goes by neither, so that what the token service said of it stands nowhere on the device.
Nobody has published a device that shows it either way: ``join_events`` writes them all the same.
"""

from __future__ import annotations

import json

from ...tenant import TenantError
from ...tenant import registration as service
from .. import accounts, joinstate, mdm, network
from ..accounts import Caller
from ..errors import E_ACCESSDENIED, E_NOT_SUPPORTED, signed
from ..events import AAD, REGISTRATION
from .package import CspError

NODE = "AADJ/BPRT"
REQUIRES_REBOOT = 0x801C000F
#: TPM_E_NOTFIPS: a TPM 1.2 in FIPS mode (Microsoft Entra, "Plan your Microsoft Entra join").
TPM_NOT_FIPS = 0x80280036
#: The device is joined already, to a domain or a tenant (NERR_SetupAlreadyJoined; what AADJ returns is not published).
ALREADY_JOINED = 0x80070A83
DISCOVERY_FAILED = 0x801C0021


async def apply(device, caller: Caller, values: dict[str, str]) -> None:
    """Join the device with the package's token. CspError with the HRESULT that Windows reports."""
    _check_windows(device, caller)
    _take_planned_failure(device)
    await _discover(device)
    token = values.get("AADJ/BPRT", "")
    try:
        await device.network.request(network.LOGIN)
        grant = service.redeem(device.directory, token, device)
        await device.network.request(network.REGISTRATION)
        device.event(REGISTRATION, 103, [""])
        registered = service.register(device.directory, grant, device)
    except network.Unreachable as error:
        _auth_failed(device, error.token_hresult, str(error), "Undefined")
        raise _failed(error.token_hresult) from error
    except TenantError as error:
        if error.phase == "auth":
            _of_dsregcmd(device, AAD, 1081, [error.server_code, error.response, error.correlation_id])
            _auth_failed(device, error.hresult, error.response, "Managed")
        else:
            device.event(REGISTRATION, 204, [signed(error.hresult), error.request_id, error.status, error.response])
            _of_dsregcmd(device, REGISTRATION, 304, [signed(error.hresult), error.message, "Managed", "Azure AD", ""])
        raise _failed(error.hresult) from error
    complete(device, registered)


def complete(device, registered: service.Registered) -> None:
    """The answer is good: write the join, say so, and let MDM enrollment follow."""
    device.event(
        REGISTRATION, 104, [json.dumps({"Certificate": {}, "DeviceId": registered.device_id}), registered.request_id]
    )
    joinstate.write(device, registered)
    accounts.add_role_members(device, device.directory.tenants[registered.tenant_id])
    device.event(REGISTRATION, 105)
    device.event(REGISTRATION, 106)
    mdm.follow_join(device)


def _check_windows(device, caller: Caller) -> None:
    if device.image.edition.home:
        raise _failed(E_NOT_SUPPORTED)
    if not caller.system:
        raise _failed(E_ACCESSDENIED)  # a network logon is an untried case: the lab takes the worse answer
    if device.power.blocks_join:
        raise _failed(REQUIRES_REBOOT)
    if device.hardware.tpm_fips:
        raise _failed(TPM_NOT_FIPS)
    if device.domain is not None or joinstate.read(device) is not None:
        _of_dsregcmd(device, REGISTRATION, 335, [])
        raise _failed(ALREADY_JOINED)


def _take_planned_failure(device) -> None:
    """A fault that the scenario planned: the first attempts fail, later ones may not."""
    for planned in device.engine.failures:
        if planned["times"] > 0:
            planned["times"] -= 1
            _auth_failed(device, planned["hresult"], planned.get("message", ""), "Managed")
            raise _failed(planned["hresult"])


async def _discover(device) -> None:
    try:
        await device.network.request(network.REGISTRATION)
    except network.Unreachable as error:
        wrapper = DISCOVERY_FAILED if error.hresult == network.TIMEOUT else error.hresult
        device.event(REGISTRATION, 201, [signed(error.hresult), 0, error.text])
        said = f"discover: {error.host}: 0x{error.hresult:08x}"
        _of_dsregcmd(device, REGISTRATION, 304, [signed(wrapper), "", "Undefined", "Azure AD", said])
        raise _failed(wrapper) from error
    answer = {
        "DiscoveryService": {"DiscoveryEndpoint": f"https://{network.REGISTRATION}/EnrollmentServer/Discovery.svc"},
        "DeviceRegistrationService": {"RegistrationEndpoint": joinstate.DRS},
    }
    device.event(REGISTRATION, 100)
    device.event(REGISTRATION, 101, [json.dumps(answer)])
    device.event(REGISTRATION, 102, [0, "Undefined", "login.microsoftonline.com"])


def _auth_failed(device, hresult: int, message: str, tenant_type: str) -> None:
    _of_dsregcmd(device, REGISTRATION, 305, [signed(hresult), message, tenant_type, "common"])


def _of_dsregcmd(device, log: str, event_id: int, data: list) -> None:
    """An event that a package's join does not write, or does: a switch of the device."""
    if device.engine.join_events:
        device.event(log, event_id, data)


def _failed(hresult: int) -> CspError:
    return CspError(hresult, NODE)
