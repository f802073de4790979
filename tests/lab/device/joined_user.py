# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user of the tenant signs in to a device that is joined, and what Intune learns of the device over time."""

from __future__ import annotations

import dataclasses
import typing as t

from ..tenant import arriving
from . import after_join, bitlocker, joinstate
from .accounts import entra_sid


def may(device) -> bool:
    """Whether a user of a tenant can sign in: it is joined, and not at its first start."""
    join = joinstate.read(device)
    return join is not None and not device.out_of_box and join.tenant_id in device.directory.tenants


def sign_in(device, name: str) -> str:
    """The user principal name. ValueError for somebody whom the tenant does not know."""
    join = joinstate.read(device)
    assert join is not None
    tenant = device.directory.tenants[join.tenant_id]
    user = tenant.user(name if "@" in name else f"{name}@{tenant.domains[0]}")
    if user is None:
        raise ValueError(f"there is no user '{name}' in {tenant.name}")
    after_join.sign_in(device, user, entra_sid(user["id"]), device.utc())
    for course in tenant.intune.courses.values() if tenant.intune else ():
        if course.device["deviceId"] == join.device_id:
            arriving.sign_in(tenant, course, user["userPrincipalName"], device.directory.clock.elapsed())
    return user["userPrincipalName"]


@dataclasses.dataclass
class OfDevice:
    """What Intune learns of a simulated device: a ``Machine`` of ``tests.lab.tenant.enrolled``."""

    device: t.Any

    def percentage(self, now: float) -> int:
        system = self._system()
        return 0 if system is None else system.percentage

    def attested(self, now: float) -> bool:
        system = self._system()
        if system is None or not system.protected or system.conversion != "encrypted":
            return False
        return system.ended is None or system.ended <= self.device.booted

    def encrypt(self, now: float, seconds: float) -> None:
        system = self._system()
        if system is not None and system.conversion != "decrypted":
            return
        made = bitlocker.volume(self.device, bitlocker.SYSTEM_DRIVE, ["Tpm", "RecoveryPassword"], protected=False)
        made.conversion, made.percentage, made.goes_on = "encrypting", 0, bitlocker.GoesOn(now, 0, seconds)
        self.device.volumes = [made, *(one for one in self.device.volumes if not one.system)]

    def restart(self, now: float) -> None:
        raise KeyError("a device of the lab restarts by its own route")

    def _system(self) -> bitlocker.Volume | None:
        return next((volume for volume in self.device.volumes if volume.system), None)
