# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enrollments as things: made with any of their parts, listed with all of them, and removed.

A removal by ``mdmregistration.dll`` (UnregisterDeviceWithManagement) takes everything with it, the policies too; one
that only deletes keys leaves the policies behind, tattooed.
"""

from __future__ import annotations

import datetime

from . import mdm, tasks
from .certificates import Certificate
from .errors import WindowsError, bad_argument
from .images import BUILT_IN_ENROLLMENTS, ENROLLMENT_FOLDERS
from .jobs import GUID

COR_E_INVALID_OPERATION = 0x80131509
ALL_PARTS = ("certificate", "tasks", "traces")


def add(device, provider: str, state: int, parts: list[str]) -> str:
    """An enrollment of any MDM with these of its parts (certificate, tasks, traces); returns its id."""
    enrollment_id = device.next_id(f"enrollment of {provider}").upper()
    start = device.utc().replace(microsecond=0) - datetime.timedelta(days=90)
    certificate = Certificate(f"CN={device.next_id(provider)}", f"CN={provider} Device CA", start,
                              start + datetime.timedelta(days=365))
    if "certificate" in parts:
        device.certificates.append(certificate)
    device.registry.set(rf"{mdm.ENROLLMENTS}\{enrollment_id}", {
        "ProviderID": provider, "EnrollmentState": state, "EnrollmentType": 0, "UPN": f"lab.user@{provider}.example",
        "DiscoveryServiceFullURL": f"https://mdm.{provider}.example/discovery", "DMPCertThumbPrint":
        certificate.thumbprint})
    if "traces" in parts:
        for place in mdm.TRACES:
            device.registry.set(rf"{place}\{enrollment_id}")
    if "tasks" in parts:
        for name in mdm.TASKS:
            device.tasks.register(rf"{mdm.TASK_FOLDER}\{enrollment_id}", tasks.Task(name))
    return enrollment_id


def overview(device) -> list[dict]:
    """Every subkey of Enrollments that stands for one, with what there is of it; built-in ones are marked."""
    found = []
    for name in device.registry.subkeys(mdm.ENROLLMENTS):
        if name in ENROLLMENT_FOLDERS:
            continue
        values = device.registry.tree(rf"{mdm.ENROLLMENTS}\{name}", 0)["values"]
        parts = _parts(device, name)
        found.append({
            "id": name, "provider": values.get("ProviderID"), "state": values.get("EnrollmentState"),
            "built_in": name in BUILT_IN_ENROLLMENTS,
            "certificate": next((part for part in parts if part.startswith("Cert:")), None),
            "tasks": device.tasks.exists(rf"{mdm.TASK_FOLDER}\{name}"),
            "traces": [part for part in parts if part.startswith("HKLM")][1:],
        })
    return sorted(found, key=lambda enrollment: enrollment["id"])


async def remove(device, enrollment_id: str, provider: str, unregister: bool) -> dict:
    """The vocabulary's enrollment_remove. WindowsError where the id is none, or its ProviderID is another."""
    if not GUID.fullmatch(enrollment_id.strip("{}")):
        raise bad_argument(f"'{enrollment_id}' is no GUID.")
    wanted = enrollment_id.strip("{}").lower()
    name = next((key for key in device.registry.subkeys(mdm.ENROLLMENTS) if key.strip("{}").lower() == wanted), None)
    known = device.registry.get(rf"{mdm.ENROLLMENTS}\{name}", "ProviderID") if name else None
    if name is None or not provider or known != provider:
        raise WindowsError("System.InvalidOperationException",
                           f"Refused, enrollment {wanted} is of the provider '{known or ''}', not '{provider}'.",
                           COR_E_INVALID_OPERATION)
    before, unregistered = _parts(device, name), None
    if unregister:
        await device.sleep(4)
        unregistered = bool(_certificate(device, name))  # without its certificate nothing is enrolled any more
        if unregistered:
            _drop_policies(device, name)
    for part in reversed(before):  # the key itself last: a removal that was cut off can be done again
        await device.sleep(0.2)
        _drop(device, name, part)
    return {"removed": before, "unregistered": unregistered}


def _parts(device, name: str) -> list[str]:
    """What there is of an enrollment: keys (its own first), task folder, certificate."""
    keys = [rf"{place}\{name}" for place in (mdm.ENROLLMENTS, *mdm.TRACES)]
    parts = [rf"HKLM\{key}" for key in keys if device.registry.exists(key)]
    if device.tasks.exists(rf"{mdm.TASK_FOLDER}\{name}"):
        parts.append(rf"{mdm.TASK_FOLDER}\{name}")
    return parts + [rf"Cert:\LocalMachine\{c.store}\{c.thumbprint}" for c in _certificate(device, name)]


def _certificate(device, name: str) -> list[Certificate]:
    thumbprint = device.registry.get(rf"{mdm.ENROLLMENTS}\{name}", "DMPCertThumbPrint")
    return [c for c in device.certificates if c.thumbprint == thumbprint]


def _drop(device, name: str, part: str) -> None:
    if part.startswith("HKLM\\"):
        device.registry.delete(part.removeprefix("HKLM\\"))
    elif part.startswith("Cert:"):
        gone = _certificate(device, name)
        device.certificates = [c for c in device.certificates if c not in gone]
    else:
        device.tasks.remove_folder(part)


def _drop_policies(device, name: str) -> None:
    """Values that this enrollment won; see ``mdm.apply_policies``."""
    area = rf"{mdm.CURRENT_POLICIES}\{mdm.POLICY_AREA}"
    if device.registry.get(area, f"{mdm.POLICY}_WinningProvider") == name:
        device.registry.delete(area)
