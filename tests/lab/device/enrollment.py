# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enrollments as things: made with any of their parts, listed with all of them, and removed.

A removal by ``mdmregistration.dll`` (UnregisterDeviceWithManagement) takes everything with it, the policies too; one
that only deletes keys leaves the policies behind, tattooed.
"""

from __future__ import annotations

import datetime
import typing as t

from . import mdm, tasks
from .certificates import MDM_ISSUER, Certificate
from .errors import WindowsError, access_denied, bad_argument
from .images import BUILT_IN_ENROLLMENTS, ENROLLMENT_FOLDERS
from .jobs import GUID

NOT_ENROLLED = 0x8018000B
#: Issuers that the removal knows for Intune's; of other providers any but the join's own.
INTUNE_ISSUERS = ("Microsoft Intune", "Microsoft Device Management Device CA", "SC_Online_Issuing")
MMPC_DISCOVERY = "https://discovery.dm.microsoft.com/EnrollmentConfiguration?api-version=1.0"
ALL_PARTS = ("certificate", "tasks", "traces")


def add(
    device, provider: str, state: int, parts: list[str], tenant_id: str | None = None, expired: bool = False
) -> str:
    """An enrollment of any MDM with these of its parts (certificate, tasks, traces); returns its id."""
    enrollment_id = device.next_id(f"enrollment of {provider}").upper()
    if provider in mdm.BRIDGES:
        device.registry.set(rf"{mdm.ENROLLMENTS}\{enrollment_id}", {"ProviderID": provider, "EnrollmentState": state})
        return enrollment_id
    start = device.utc().replace(microsecond=0) - datetime.timedelta(days=400 if expired else 90)
    issuer = MDM_ISSUER if provider == mdm.PROVIDER else f"CN={provider} Device CA"
    certificate = Certificate(f"CN={device.next_id(provider)}", issuer, start, start + datetime.timedelta(days=365))
    if "certificate" in parts:
        device.certificates.append(certificate)
    device.registry.set(
        rf"{mdm.ENROLLMENTS}\{enrollment_id}",
        {
            "ProviderID": provider,
            "EnrollmentState": state,
            "EnrollmentType": 26 if provider == mdm.MMPC_PROVIDER else 0,
            "UPN": f"lab.user@{provider}.example",
            "DiscoveryServiceFullURL": MMPC_DISCOVERY
            if provider == mdm.MMPC_PROVIDER
            else f"https://mdm.{provider}.example/discovery",
            "DMPCertThumbPrint": certificate.thumbprint,
            **({"AADTenantID": tenant_id} if tenant_id else {}),
        },
    )
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
        found.append(
            {
                "id": name,
                "provider": values.get("ProviderID"),
                "state": values.get("EnrollmentState"),
                "built_in": name in BUILT_IN_ENROLLMENTS,
                "certificate": next((part for part in parts if part.startswith("Cert:")), None),
                "tasks": device.tasks.exists(rf"{mdm.TASK_FOLDER}\{name}"),
                "traces": [part for part in parts if part.startswith("HKLM")][:-1],
            }
        )
    return sorted(found, key=lambda enrollment: enrollment["id"])


async def remove(device, enrollment_id: str, provider: str, asked: bool) -> dict:
    """The vocabulary's enrollment_remove. WindowsError where the id is none, or its ProviderID is another."""
    if not GUID.fullmatch(enrollment_id):
        raise bad_argument("The id of an enrollment is a GUID.")
    names = device.registry.subkeys(mdm.ENROLLMENTS)
    name = next((key for key in names if key.strip("{}").lower() == enrollment_id.lower()), None)
    if name is None:
        return {"removed": [], "unregistered": None}
    known = device.registry.get(rf"{mdm.ENROLLMENTS}\{name}", "ProviderID", "")
    if not known or known != provider:
        raise access_denied(f"Refused, the provider of {enrollment_id} is '{known}'.")
    parts = _parts(device, name)
    answer: dict[str, t.Any] = {"removed": [], "unregistered": None}
    if asked:
        try:
            await unregister(device, name)
            answer["unregistered"] = True
        except WindowsError as error:
            answer["unregistered"] = False
            answer["error"] = error.as_answer()
    for part in parts:
        await device.sleep(0.2)
        _drop(device, name, part)
        answer["removed"].append(part)
    return answer


async def unregister(device, enrollment_id: str) -> None:
    """UnregisterDeviceWithManagement: WindowsError where nothing is enrolled, as nothing is without its certificate."""
    name = next(key for key in device.registry.subkeys(mdm.ENROLLMENTS) if key.lower() == enrollment_id.lower())
    await device.sleep(4)
    if not _certificate(device, name):
        raise WindowsError(
            "System.Runtime.InteropServices.COMException", "UnregisterDeviceWithManagement failed.", NOT_ENROLLED
        )
    _drop_policies(device, name)


def drop(device, name: str) -> None:
    """An enrollment goes whole, with its policies, as Windows itself ends one."""
    _drop_policies(device, name)
    for part in _parts(device, name):
        _drop(device, name, part)


def _parts(device, name: str) -> list[str]:
    """What there is of an enrollment, in the order in which it goes: the key that says whose it is comes last."""
    parts = [rf"{mdm.TASK_FOLDER}\{name}"] if device.tasks.exists(rf"{mdm.TASK_FOLDER}\{name}") else []
    parts += [rf"Cert:\LocalMachine\{c.store}\{c.thumbprint}" for c in _certificate(device, name)]
    keys = [rf"{place}\{name}" for place in (*mdm.TRACES, mdm.ENROLLMENTS)]
    return parts + [rf"HKLM\{key}" for key in keys if device.registry.exists(key)]


def _certificate(device, name: str) -> list[Certificate]:
    """The enrollment's certificate, unless another enrollment names the same, or the issuer is none of an MDM."""
    values = {
        key: device.registry.tree(rf"{mdm.ENROLLMENTS}\{key}", 0)["values"]
        for key in device.registry.subkeys(mdm.ENROLLMENTS)
    }
    thumbprint = values[name].get("DMPCertThumbPrint") if name in values else None
    if sum(other.get("DMPCertThumbPrint") == thumbprint for other in values.values()) != 1:
        return []
    intune = values[name].get("ProviderID") == mdm.PROVIDER
    return [
        c
        for c in device.certificates
        if c.thumbprint == thumbprint
        and (any(issuer in c.issuer for issuer in INTUNE_ISSUERS) if intune else "MS-Organization-" not in c.issuer)
    ]


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
