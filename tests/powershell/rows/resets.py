# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of recovery_environment and remote_wipe."""

from __future__ import annotations

import typing as t
from pathlib import Path

from .base import Case, Scene, variant
from .windows import Document

SETTINGS = "<?xml version='1.0' encoding='utf-8'?>\r\n<WindowsRE version=\"2.0\"/>"
SPACE = "root/cimv2/mdm/dmmap"
SERIAL, UUID = "PROOF i1", "4C4C4544-0033-4B10-8039-B2C04F5A3141"
METHOD = "doWipeMethod"
OTHERS = ("doWipeProtectedMethod", "doWipePersistProvisionedDataMethod", "doWipePersistUserDataMethod")
LONGEST = 65536
UNSUPPORTED = 0x80070032


def recovery(scratch: Path, settings: bytes | None, image: bool) -> None:
    folder = scratch / "System32" / "Recovery"
    folder.mkdir(parents=True)
    if settings is not None:
        (folder / "ReAgent.xml").write_bytes(settings)
    if image:
        (folder / "Winre.wim").write_bytes(b"image")


def look(settings: str | None, image: bool) -> t.Callable[[Path], list[Case]]:
    return lambda _scratch: [Case("recovery_environment", {}, lambda v: v == {"settings": settings, "image": image})]


def too_long(_scratch: Path) -> list[Case]:
    return [Case("recovery_environment", {}, error="InvalidDataException", said="ReAgent.xml")]


def wipe(method: str = METHOD, serial_number: str = SERIAL, uuid: str = UUID, **more: t.Any) -> Case:
    holds = more.pop("holds", lambda v: v == {"return_value": 0})
    return Case("remote_wipe", {"method": method, "serial_number": serial_number, "uuid": uuid}, holds, **more)


def rows(_scratch: Path) -> list[Case]:
    return [
        *[
            wipe(method, error="ArgumentException", said="wipe: ")
            for method in ("", "dowipemethod", "doWipeMethod\n", "doWipeCloudMethod")
        ],
        *[
            wipe(serial_number=serial, error="UnauthorizedAccessException", said=f"'{SERIAL}', not '{serial}'")
            for serial in ("", "PROOF i2", SERIAL.lower(), SERIAL.upper(), f" {SERIAL}")
        ],
        *[
            wipe(uuid=uuid, error="UnauthorizedAccessException", said=f"'{UUID}', not '{uuid}'")
            for uuid in ("", UUID.lower(), UUID[:-1] + "2")
        ],
        wipe(),
        *[wipe(method) for method in OTHERS],
    ]


def without_numbers(_scratch: Path) -> list[Case]:
    """A firmware that has neither is told by nothing, and asked for by nothing."""
    return [
        wipe(error="UnauthorizedAccessException"),
        wipe(serial_number="", uuid=""),
    ]


def failing(_scratch: Path) -> list[Case]:
    return [wipe(holds=lambda v: v == {"return_value": UNSUPPORTED})]


def to_others(_scratch: Path) -> list[Case]:
    return [wipe(error="UnauthorizedAccessException", said="only SYSTEM")]


def absent(_scratch: Path) -> list[Case]:
    return [wipe(error="NotSupportedException")]


def without_class(_scratch: Path) -> list[Case]:
    return [wipe(error="CimException", hresult=0x80041010 - 2**32)]


def machine(serial: str | None = f" {SERIAL} ", uuid: str | None = UUID, code: int = 0) -> t.Callable[[Document], None]:
    def change(document: Document) -> None:
        document["cim"]["root/cimv2"]["classes"] |= {
            "Win32_BIOS": [{"SerialNumber": serial}],
            "Win32_ComputerSystemProduct": [{"UUID": uuid}],
        }
        document["cim"][SPACE] = {
            "closed": "others",
            "classes": {
                "MDM_RemoteWipe": [
                    {"ParentID": "./Vendor/MSFT", "InstanceID": "Other"},
                    {"ParentID": "./Vendor/MSFT", "InstanceID": "RemoteWipe"},
                ]
            },
        }
        document["programs"].append({"program": "MDM_RemoteWipe", "arguments": "doWipe*Method|", "exit_code": code})

    return change


def without_instance(document: Document) -> None:
    machine()(document)
    del document["cim"][SPACE]["classes"]["MDM_RemoteWipe"][1]


def without_the_class(document: Document) -> None:
    machine()(document)
    document["cim"][SPACE]["classes"].clear()


def lies(settings: bytes | None, image: bool = False) -> t.Callable[[Path], None]:
    return lambda scratch: recovery(scratch, settings, image)


SCENES = [
    Scene("recovery environment", look(SETTINGS, False), before=lies(SETTINGS.encode())),
    variant(
        "recovery environment, marked", look(SETTINGS, True), before=lies(b"\xef\xbb\xbf" + SETTINGS.encode(), True)
    ),
    variant("recovery environment, no settings", look(None, True), before=lies(None, True)),
    variant("recovery environment, no folder", look(None, False)),
    variant("recovery environment, as long as may be", look("x" * LONGEST, False), before=lies(b"x" * LONGEST)),
    variant("recovery environment, too long", too_long, before=lies(b"x" * (LONGEST + 1))),
    Scene("wipes", rows, change=machine()),
    variant("wipes, no numbers", without_numbers, change=machine(None, None)),
    variant("wipes, failing", failing, change=machine(code=UNSUPPORTED)),
    variant("wipes, not as SYSTEM", to_others, {"WINOPS_PROOF_CALLER": "1"}, change=machine()),
    variant("wipes, no instance", absent, change=without_instance),
    variant("wipes, no class", without_class, change=without_the_class),
]
