# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``dsregcmd /leave``: what it takes away, from where, and what it leaves behind.

After a public analysis of ``DsrCmdDeviceEnroller::Leave`` (of a build that is not named): the unjoin is the same for
every elevated account, and only the Hello keys of other people stay where it is not SYSTEM. It is waited for 600 s;
then the exit code is 0x801c001c, and the HRESULT of whatever else failed. On a device that was joined, and is in no AD
domain, a flag of the call has the MDM enrollment ended, too, whose own end, good or bad, the exit code does not tell;
whether a plain ``/leave`` sets the flag is not known, so a device has either (``unenrolls``). Seen once on a device:
exit code 0 where nothing was joined, 0x800702e4 without elevation.

The live join's registry goes (what an earlier one left stays), then the device certificate and the keys, in this order
and not at once, so that a power cut leaves a half (ours). Never touched: package copies, profiles, policies, members of
local groups, and the tenant's device object.
"""

from __future__ import annotations

import asyncio
import dataclasses

from . import autojoin, enrollment, joinstate, mdm
from .accounts import Caller
from .errors import hexadecimal, signed
from .events import REGISTRATION

HELD_SECONDS = 86400.0
JOIN_TYPES = {True: ("3", "DomainJoined"), False: ("1", "AzureADJoined")}
#: Device seconds that dsregcmd waits, for the unjoin and for the end of the MDM enrollment.
LONGEST, LONGEST_UNENROLLMENT = 600.0, 210.0
TIMED_OUT, ELEVATION_REQUIRED, WAIT_TIMEOUT = 0x801C001C, 0x800702E4, 0x80070102
LEAVE = "DsrCmdDeviceEnroller::Leave"
OTHERS_KEYS = "Only the NGC for the current user is being removed. To remove all rerun as SYSTEM."


@dataclasses.dataclass
class Leave:
    """How a leave goes on one device.

    ``seconds``: device seconds of the whole; ``held``: it stops after the registry until somebody hurries the device;
    ``exit_code``: in place of Windows' own; ``failures``: HRESULTs of the attempts that fail first and change nothing;
    ``unflushed``: of those that clear the registry and then fail; ``unenrolls``: it ends the MDM enrollment, too, in
    ``unenroll_seconds``; ``unfinished``: it has left and was not started again since."""

    seconds: float = 6.0
    held: bool = False
    exit_code: int | None = None
    failures: list[int] = dataclasses.field(default_factory=list)
    unflushed: list[int] = dataclasses.field(default_factory=list)
    unenrolls: bool = False
    unenroll_seconds: float = 4.0
    unfinished: bool = False


async def leave(device, caller: Caller) -> tuple[int, str]:
    """Exit code and the text of /debug."""
    if not caller.elevated:
        return signed(ELEVATION_REQUIRED), _text("The requested operation requires elevation.")
    join = joinstate.read(device)
    hresult, lines = await _unjoin_in_time(device, join)
    if not hresult:
        lines += _forget_hello(device, caller)
        if device.leave.unenrolls and join is not None and device.domain is None:
            lines += await _unenroll(device)
        autojoin.follow_leave(device)
    else:
        lines.append(f"{LEAVE}: Leave failed with {hexadecimal(hresult)}")
    told = device.leave.exit_code
    return signed(hresult) if told is None else told, _text(*lines)


async def roll_back(device) -> tuple[int, list[str]]:
    """The leave by which a join of this very moment is taken back: HRESULT and what /debug prints; never with MDM."""
    hresult, lines = await _unjoin_in_time(device, joinstate.read(device))
    if not hresult:
        device.hello_keys.clear()
        return 0, lines
    said = f"WARNING! Device unjoin from Azure AD failed with error {hexadecimal(hresult)}."
    return hresult, [*lines, said]


async def _unjoin_in_time(device, join: joinstate.Join | None) -> tuple[int, list[str]]:
    """HRESULT, 0 for success, and what /debug prints. What has not ended in time ends with dsregcmd, where it is."""
    if device.leave.failures:
        hresult = device.leave.failures.pop(0)
        told = (*_kind(device), join.tenant_id if join else "", join.user_email if join else "")
        device.event(REGISTRATION, 239, [signed(hresult), *told])
        return hresult, [_begin_failed(hresult)]
    unjoin = asyncio.ensure_future(_unjoin(device, join))
    limit = asyncio.ensure_future(device.clock.limit(HELD_SECONDS if device.leave.held else LONGEST))
    try:
        await asyncio.wait({unjoin, limit}, return_when=asyncio.FIRST_COMPLETED)
        if unjoin.done():
            hresult = await unjoin
            return hresult, [_begin_failed(hresult)] if hresult else []
    finally:
        unjoin.cancel()
        limit.cancel()
    said = hexadecimal(TIMED_OUT)
    return TIMED_OUT, [f"{LEAVE}: WaitForSingleObjectEx timed out {said}", _begin_failed(TIMED_OUT)]


def _begin_failed(hresult: int) -> str:
    return f"{LEAVE}: DsrBeginDeviceUnjoin failed {hexadecimal(hresult)}"


async def _unjoin(device, join: joinstate.Join | None) -> int:
    """HRESULT, 0 for success. The registration is cleared (event 110), then its keys are flushed (event 111)."""
    step = device.leave.seconds / 3
    earlier = _earlier_certificates(device, join)
    await device.sleep(step)
    forget_registry(device)
    if join is not None:
        device.leave.unfinished = True
    if device.leave.unflushed:
        hresult = device.leave.unflushed.pop(0)
        _cleared(device, join)
        device.event(REGISTRATION, 240, [signed(hresult), *_kind(device)])
        return hresult
    await device.delay(HELD_SECONDS if device.leave.held else step)
    device.certificates = [c for c in device.certificates if c in earlier or not joinstate.belongs_to_join(c)]
    await device.sleep(step)
    had_keys = bool(device.keys)
    device.keys.clear()
    if join is not None or had_keys:
        _cleared(device, join)
        device.event(REGISTRATION, 111, _kind(device))
    return 0


def _cleared(device, join: joinstate.Join | None) -> None:
    told = (join.tenant_id if join else "", join.user_email if join else "")
    device.event(REGISTRATION, 110, [*_kind(device), *told])


def _kind(device) -> tuple[str, str]:
    return JOIN_TYPES[device.domain is not None]


def _forget_hello(device, caller: Caller) -> list[str]:
    """Windows Hello: the keys of everybody as SYSTEM, else the caller's own. What /debug says of it."""
    if caller.system:
        device.hello_keys.clear()
        return []
    device.hello_keys.discard(caller.account.rpartition("\\")[2])
    return [OTHERS_KEYS]


async def _unenroll(device) -> list[str]:
    """The first enrollment of a join (type 6), if there is one, ended by Windows itself. What /debug says of it.

    The events of it are in no published manifest, so none is written.
    """
    own = [
        name
        for name in mdm.enrollments(device)
        if device.registry.get(rf"{mdm.ENROLLMENTS}\{name}", "EnrollmentType") == mdm.ENTRA_ENROLLMENT
    ]
    if not own:
        return []
    await device.delay(min(device.leave.unenroll_seconds, LONGEST_UNENROLLMENT))
    if device.leave.unenroll_seconds > LONGEST_UNENROLLMENT:
        said = f"UnenrollAsync failed with timeout (error code: {hexadecimal(WAIT_TIMEOUT)})."
        return [f"DsrCmdDeviceEnroller::UnenrollFromMDM: {said}"]
    enrollment.drop(device, own[0])
    return [f"Successfully unenrolled from MDM (enrollment ID {own[0]})."]


def _earlier_certificates(device, join: joinstate.Join | None) -> list:
    """Device certificates of earlier joins, which a leave of the live one does not know."""
    if join is None:
        return []
    return [c for c in device.certificates if joinstate.is_device_certificate(c) and c != join.certificate]


def forget_registry(device) -> None:
    """The first half of a leave: what a power cut in it has left."""
    join = joinstate.read(device)
    if join is not None:
        _forget(device, "JoinInfo", join.key)
        _forget(device, "TenantInfo", join.tenant_id)


def _forget(device, place: str, name: str) -> None:
    parent = rf"{joinstate.CLOUD_DOMAIN_JOIN}\{place}"
    device.registry.delete(rf"{parent}\{name}")
    if not device.registry.subkeys(parent):
        device.registry.delete(parent)


def remove_stale(device, names: list[str]) -> list[str]:
    """The vocabulary's ``stale`` of a leave: what earlier joins have left, by thumbprint, device and tenant. What
    went."""
    removed = []
    for name in names:
        for place in ("JoinInfo",) if len(name) == 40 else ("JoinInfo", "TenantInfo"):
            parent = rf"{joinstate.CLOUD_DOMAIN_JOIN}\{place}"
            own = next((key for key in device.registry.subkeys(parent) if key.upper() == name.upper()), None)
            if own is not None:
                device.registry.delete(rf"{parent}\{own}")
                removed.append(rf"HKLM\{parent}\{own}")
        gone = [c for c in device.certificates if c.thumbprint == name.upper() and joinstate.is_device_certificate(c)]
        device.certificates = [c for c in device.certificates if c not in gone]
        removed += [rf"Cert:\LocalMachine\My\{name}" for _certificate in gone]
    return removed


def remains(device) -> dict[str, list[str]]:
    """What of a join is there: all lists are empty on a device that has none, only some on one that is half left."""
    return {
        "registry": [
            f"{place}\\{name}"
            for place in ("JoinInfo", "TenantInfo")
            for name in device.registry.subkeys(rf"{joinstate.CLOUD_DOMAIN_JOIN}\{place}")
        ],
        "certificates": [c.thumbprint for c in device.certificates if joinstate.is_device_certificate(c)],
        "keys": sorted(device.keys),
    }


def _text(*lines: str) -> str:
    return "".join(line + "\r\n" for line in lines)
