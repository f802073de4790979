# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The DeviceLink of a lab device, in the form that exported files have: base64 of JSON, in a CSV file in UTF-16.

Keys and signature are only as long as real ones: nobody here can check them. Source of the form: public decoders of
``.devicelink.csv`` files.
"""

from __future__ import annotations

import base64
import hashlib
import json
import typing as t
import uuid

from . import firmware
from .deployment_registry import SETTINGS
from .images import SYSTEM32

NAMESPACE = uuid.UUID("0a6d0f3e-5b70-4f0e-9f52-5a5c1d9d3b11")
CREATED = "2026-11-02T08:00:00Z"
COLUMNS = "SerialNumber,Manufacturer,Model,Data"
TOOL = SYSTEM32 + r"\MdmDiagnosticsTool.exe"
DISCOVERY = "https://ztd.dds.microsoft.com/devicelink/lab"
#: What the tool gives. The lab has it only where a scenario asks for it, as a real PowerShell cannot run it.
LINKS = ("whole", "another", "none", "damaged", "no_cabinet", "no_tool")
OTHER_CSV = "Device Serial Number,Windows Product ID,Hardware Hash\r\n"
FAILED = 0x80004005 - 2**32


def furnish(device, how: str, tenants: list[str]) -> None:
    """Lay out the tool, and what Windows keeps of the tenants of which the service has told it that they own the
    device: one DeviceLink each (source: WindowsDeviceLink, "Local source-tenant discovery")."""
    for tenant in tenants:
        link = _id(f"{device.hardware.serial}/{tenant}/link")
        hints = {f"{link}_TenantIdHint": tenant, f"{link}_DiscoveryUrl": DISCOVERY}
        device.registry.set(SETTINGS, hints)
    device.hardware.link = how
    if how != "no_tool":
        device.files.write(TOOL, b"MZ MdmDiagnosticsTool.exe")


def harvest(device) -> dict[str, t.Any]:
    """What the operation answers: the tool's exit code, and the CSV files in its cabinet."""
    how = device.hardware.link
    if how == "no_tool":
        return {"present": False, "exit_code": None, "cabinet": False, "files": []}
    if how == "no_cabinet":
        return {"present": True, "exit_code": FAILED, "cabinet": False, "files": []}
    files = {"DeviceHash_LAB.csv": OTHER_CSV.encode()}
    if how != "none" and device.hardware.tpm:
        serial, maker, model = device.hardware.serial, firmware.maker(device), firmware.model(device)
        data = make(f"{serial}-2" if how == "another" else serial, firmware.smbios_uuid(device), maker, model)
        files["DeviceLink.csv"] = csv(serial, maker, model, data[:-40] + "====" if how == "damaged" else data)
    shown = [
        {"name": name, "size": len(content), "content": base64.b64encode(content).decode()}
        for name, content in files.items()
    ]
    return {"present": True, "exit_code": 0, "cabinet": True, "files": shown}


def make(serial: str, smbios_uuid: str, manufacturer: str = "Lab", model: str = "Lab 14 G5") -> str:
    """The column Data of one device."""
    seed = f"{serial}/{smbios_uuid}"
    document = {
        "Version": "1.0",
        "DeviceLinkCreationTimeUtc": CREATED,
        "DeviceInfo": {
            "DeviceIdKeyList": [
                {"KeyName": name, "KeyId": _id(f"{seed}/{name}"), "KeyType": kind, "KeyPub": _bytes(seed + name, 272)}
                for kind, name in enumerate(("IDK_1", "EK_1"), 1)
            ],
            "Manufacturer": manufacturer,
            "ModelName": model,
            "SerialNumber": serial,
            "SmbiosUuid": smbios_uuid,
            "LinkId": _id(f"{seed}/link"),
            "LinkIdCreationTimeUtc": CREATED,
        },
        "DeviceLinkKeyData": {
            "DeviceInfoSigningAlgorithm": "RSA2048-SHA256",
            "DeviceInfoSigningKeyName": "IDK_1",
            "DeviceInfoSignature": _bytes(f"{seed}/signature", 256),
            "DeviceInfoSignaturePssHashSchemeAlgorithm": "SHA256",
            "DeviceInfoSignaturePssSaltLength": 222,
        },
    }
    return base64.b64encode(json.dumps(document, separators=(",", ":")).encode()).decode()


def csv(serial: str, manufacturer: str, model: str, data: str) -> bytes:
    """The file that Windows writes."""
    text = f"{COLUMNS}\r\n{','.join(_cell(one) for one in (serial, manufacturer, model, data))}\r\n"
    return b"\xff\xfe" + text.encode("utf-16-le")


def read(text: str) -> dict[str, t.Any]:
    """What a DeviceLink says of its device: ``DeviceInfo``. ValueError for a text that is none."""
    padded = text + "=" * (-len(text) % 4)
    info = json.loads(base64.b64decode(padded, validate=True))["DeviceInfo"]
    if not info["SerialNumber"]:
        raise ValueError("no serial number")
    return info


def _cell(text: str) -> str:
    return f'"{text}"' if "," in text else text


def _id(text: str) -> str:
    return str(uuid.uuid5(NAMESPACE, text))


def _bytes(seed: str, count: int) -> str:
    made = b""
    while len(made) < count:
        made += hashlib.sha256(f"{seed}{len(made)}".encode()).digest()
    return base64.b64encode(made[:count]).decode()
