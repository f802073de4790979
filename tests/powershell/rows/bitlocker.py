# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of bitlocker."""

from __future__ import annotations

from pathlib import Path

from .base import Case, Scene, variant


def rows(_scratch: Path) -> list[Case]:
    return [
        Case(
            "bitlocker",
            {},
            lambda v: (
                v["available"]
                and [(o["mount_point"], o["system"], o["protected"]) for o in v["volumes"]]
                == [("C:", True, True), ("D:", False, False), ("locked", False, None)]
                and [[(p["id"], p["type"]) for p in o["protectors"]] for o in v["volumes"]]
                == [
                    [("{tpm}", "Tpm"), ("{numbers}", "RecoveryPassword"), ("{new}", "Unknown")],
                    [],
                    [("{only}", "ExternalKey")],
                ]
            ),
        ),
    ]


def absent(_scratch: Path) -> list[Case]:
    """A Windows without BitLocker."""
    return [Case("bitlocker", {}, lambda v: v == {"available": False, "volumes": []})]


def denied(_scratch: Path) -> list[Case]:
    """A caller who may not look."""
    return [Case("bitlocker", {}, error="CimException", hresult=0x80041003 - 2**32)]


def broken(_scratch: Path) -> list[Case]:
    """A volume that answers with a code of its own."""
    return [Case("bitlocker", {}, error="COMException", hresult=-2144272384)]


SPACE = "root/cimv2/Security/MicrosoftVolumeEncryption"
SCENES = [
    Scene("bitlocker", rows),
    variant("no BitLocker namespace", absent, change=lambda windows: windows["cim"].pop(SPACE)),
    variant("no BitLocker class", absent, change=lambda windows: windows["cim"][SPACE]["classes"].clear()),
    variant("BitLocker denied", denied, change=lambda windows: windows["cim"][SPACE].update(closed="all")),
    variant("BitLocker broken", broken, change=lambda windows: windows["protectors"].update(system=2150694912)),
]
