# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enrollments as things: made with any of their parts, listed with all of them, and removed.

A removal by ``mdmregistration.dll`` (UnregisterDeviceWithManagement) takes everything with it, the policies too; one
that only deletes keys leaves the policies behind, tattooed.
"""

from __future__ import annotations

import asyncio
import datetime
import typing as t

from . import mdm, own_keys, tasks
from .certificates import MDM_ISSUER, Certificate
from .errors import E_FAIL, WindowsError, access_denied, bad_argument
from .images import ENROLLMENT_FOLDERS
from .jobs import GUID

NOT_ENROLLED = 0x8018000B
#: So long whoever asks for an unregistration waits for it; one that hangs is ended, and the rest is removed by hand.
LONGEST_UNREGISTRATION = 120.0
FOR_EVER = 86400.0
COM_ERROR = "System.Runtime.InteropServices.COMException"
#: Issuers that the removal knows for Intune's; of other providers any but the join's own.
INTUNE_ISSUERS = ("Microsoft Intune", "Microsoft Device Management Device CA", "SC_Online_Issuing")
MMPC_DISCOVERY = "https://discovery.dm.microsoft.com/EnrollmentConfiguration?api-version=1.0"
ALL_PARTS = ("certificate", "tasks", "traces")


def add(
    device, provider: str, state: int, parts: list[str], tenant_id: str | None = None, expired: bool = False
) -> str:
    """An enrollment of any MDM with these of its parts (certificate, tasks, traces); returns its id."""
    enrollment_id = device.next_id(f"enrollment of {provider}").upper()
    if provider in own_keys.PROVIDERS:
        device.registry.set(
            rf"{mdm.ENROLLMENTS}\{enrollment_id}",
            {"ProviderID": provider, "EnrollmentState": state, "EnrollmentType": own_keys.PROVIDERS[provider]},
        )
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
            "EnrollmentType": 26 if provider == mdm.MMPC_PROVIDER else 1,
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
        device.registry.set(rf"{mdm.ACCOUNTS}\{enrollment_id}", mdm.account_values(provider, certificate.thumbprint))
    if "tasks" in parts:
        for name in mdm.TASKS:
            device.tasks.register(rf"{mdm.TASK_FOLDER}\{enrollment_id}", tasks.Task(name))
    return enrollment_id


def overview(device) -> list[dict]:
    """Every subkey of Enrollments that stands for one, with what there is of it; built-in ones are marked: Windows'
    own, and those of packages."""
    found, own = [], own_keys.names(device)
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
                "built_in": name in own,
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
            await unregister_in_time(device, name)
            answer["unregistered"] = True
        except WindowsError as error:
            answer["unregistered"] = False
            answer["error"] = error.as_answer()
    for part in parts:
        await device.sleep(0.2)
        _drop(device, name, part)
        answer["removed"].append(part)
    return answer


async def unregister_in_time(device, name: str) -> None:
    work = device.spawn(unregister(device, name))
    limit = asyncio.ensure_future(device.clock.limit(LONGEST_UNREGISTRATION))
    try:
        await asyncio.wait({work, limit}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        limit.cancel()
        hangs = work.cancel()
    if hangs:
        raise WindowsError("System.TimeoutException", "powershell.exe did not end within 120 s", None)
    await work


async def unregister(device, enrollment_id: str) -> None:
    """UnregisterDeviceWithManagement: WindowsError where nothing is enrolled, as nothing is without its certificate.

    It may hang, or return a code although it worked (public scripts that give it a time, and look at the state).
    """
    name = next(key for key in device.registry.subkeys(mdm.ENROLLMENTS) if key.lower() == enrollment_id.lower())
    await device.sleep(FOR_EVER if device.mdm.unregistration == "hangs" else 4)
    if not _certificate(device, name):
        raise WindowsError(COM_ERROR, "UnregisterDeviceWithManagement failed.", NOT_ENROLLED)
    _drop_policies(device, name)
    if device.mdm.unregistration == "returns_code":
        raise WindowsError(COM_ERROR, "UnregisterDeviceWithManagement failed.", E_FAIL)


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
    root = device.registry.find(mdm.ENROLLMENTS)
    told = [key.values.get("dmpcertthumbprint", ("", None))[1] for _name, key in root.keys.values()] if root else []
    thumbprint = device.registry.get(rf"{mdm.ENROLLMENTS}\{name}", "DMPCertThumbPrint")
    if told.count(thumbprint) != 1:
        return []
    intune = device.registry.get(rf"{mdm.ENROLLMENTS}\{name}", "ProviderID") == mdm.PROVIDER
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
