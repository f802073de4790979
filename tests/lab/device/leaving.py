# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``dsregcmd /leave``: what it takes away, from where, and what it leaves behind.

As SYSTEM from a 64-bit process: the live join's registry (what an earlier one left stays), the device certificate and
the keys, in this order and not at once, so that a power cut leaves a half. From any other context the certificate and
the keys stay, and nobody says so (JumpCloud ADMU, pull request 61). Never touched: the MDM enrollment, package copies,
profiles, policies, members of local groups, and the tenant's device object.
"""

from __future__ import annotations

import dataclasses

from . import autojoin, joinstate
from .accounts import Caller
from .errors import E_ACCESSDENIED, hexadecimal, signed
from .events import REGISTRATION

HELD_SECONDS = 86400.0
JOIN_TYPES = {True: "3 (DomainJoined)", False: "1 (AzureADJoined)"}


@dataclasses.dataclass
class Leave:
    """How a leave goes on one device. ``seconds``: device seconds of the whole; ``held``: it stops after the registry
    until somebody hurries the device; ``exit_code``: of a leave that did not
    fail; ``failures``: HRESULTs of the attempts that fail first and change nothing; ``unfinished``: it has left and was
    not started again since."""

    seconds: float = 6.0
    held: bool = False
    exit_code: int = 0
    failures: list[int] = dataclasses.field(default_factory=list)
    unfinished: bool = False


async def leave(device, caller: Caller) -> tuple[int, str]:
    """Exit code and the text of /debug. Exit codes are undocumented: the state tells."""
    if not caller.elevated:
        return signed(E_ACCESSDENIED), _text("DsrCmdLeave failed.", hexadecimal(E_ACCESSDENIED))
    if device.leave.failures:
        hresult = device.leave.failures.pop(0)
        device.event(REGISTRATION, 239, [signed(hresult)])
        return device.leave.exit_code, _text(f"DsrDeviceAutoLeave failed: {hexadecimal(hresult)}")
    step = device.leave.seconds / 3
    join = joinstate.read(device)
    earlier = _earlier_certificates(device, join)
    await device.sleep(step)
    forget_registry(device)
    if join is not None:
        device.leave.unfinished = True
    if caller.system and not caller.wow64:
        await device.delay(HELD_SECONDS if device.leave.held else step)
        device.certificates = [c for c in device.certificates if c in earlier or not joinstate.belongs_to_join(c)]
        await device.sleep(step)
        had_keys = bool(device.keys)
        device.keys.clear()
        if join is not None or had_keys:
            kind = JOIN_TYPES[device.domain is not None]
            device.event(
                REGISTRATION,
                110,
                [
                    kind.split()[0],
                    kind.split()[1].strip("()"),
                    join.tenant_id if join else "",
                    join.user_email if join else "",
                ],
            )
            device.event(REGISTRATION, 111, [kind.split()[0], kind.split()[1].strip("()")])
    autojoin.follow_leave(device)
    return device.leave.exit_code, _text("DsrDeviceAutoLeave: the device was unjoined.")


def _earlier_certificates(device, join: joinstate.Join | None) -> list:
    """Device certificates of earlier joins, which a leave of the live one does not know."""
    if join is None:
        return []
    return [c for c in device.certificates if joinstate.is_device_certificate(c) and c != join.certificate]


def forget_registry(device) -> None:
    """The first half of a leave, and the whole of one from the wrong context."""
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
