# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""certificates, dsregcmd_status, cim_query, processes, device_link."""

from __future__ import annotations

import base64

from .. import cim, claims, device_link, dsregcmd, wql
from ..accounts import Caller
from ..certificates import ROOTS
from ..errors import WBEM_E_INVALID_QUERY, cim_error
from ..images import SYSTEM32
from ..joinstate import is_device_certificate
from ..wire import utc_text
from .dispatch import operation, require_elevated


@operation("certificates")
def certificates(device, caller: Caller, store: str, issuers: list) -> dict:
    found = [c for c in (*device.certificates, *ROOTS) if c.store.lower() == store.lower()]
    if issuers:
        found = [c for c in found if any(text.lower() in c.issuer.lower() for text in issuers)]
    return {
        "certificates": [
            {
                "thumbprint": c.thumbprint,
                "subject": c.subject,
                "issuer": c.issuer,
                "not_before": utc_text(c.not_before),
                "not_after": utc_text(c.not_after),
                "has_private_key": c.has_private_key,
            }
            for c in found
        ]
    }


@operation("device_key_proof")
def device_key_proof(device, caller: Caller, device_id: str, nonce: str) -> dict:
    mine = [c for c in device.certificates if is_device_certificate(c) and c.store == "My"]
    found = [c for c in mine if c.subject.lower() == f"CN={device_id}".lower()]
    if not found:
        return {"thumbprint": None, "certificate": None, "signature": None}
    newest = max(found, key=lambda c: c.not_before)
    signature = claims.signature(device, newest, f"winops.entra proof\n{device_id}\n{nonce}".encode("ascii"))
    return {
        "thumbprint": newest.thumbprint,
        "certificate": base64.b64encode(newest.der).decode("ascii"),
        "signature": signature and base64.b64encode(signature).decode("ascii"),
    }


@operation("dsregcmd_status")
async def dsregcmd_status(device, caller: Caller) -> dict:
    if not device.files.exists(SYSTEM32 + r"\dsregcmd.exe"):
        return {"present": False, "exit_code": None, "text": ""}
    exit_code, text = await dsregcmd.run(device, caller, ["/status"])
    return {"present": True, "exit_code": exit_code, "text": text}


@operation("cim_query")
def cim_query(
    device, caller: Caller, class_name: str, properties: list, namespace: str = cim.CIMV2, filter: str | None = None
) -> dict:
    found = cim.instances(device, caller, class_name, namespace)
    if filter:
        test = wql.parse(filter)
        found = [instance for instance in found if test(instance)]
    return {"instances": [{name: _property(instance, name) for name in properties} for instance in found]}


def _property(instance: dict, name: str):
    for key, value in instance.items():
        if key.lower() == name.lower():
            return value
    raise cim_error("Invalid query ", WBEM_E_INVALID_QUERY)  # a property that the class does not have


@operation("processes")
def processes(device, caller: Caller, names: list) -> dict:
    return {"processes": [{"name": p.name, "pid": p.pid} for p in device.processes.named(*names)]}


@operation("device_link")
def device_link_csv(device, caller: Caller, timeout: int) -> dict:
    require_elevated(caller)
    return device_link.harvest(device)
