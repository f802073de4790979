# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of volume_encryption and account_policy."""

from __future__ import annotations

from pathlib import Path

from .base import Case, Scene, variant
from .bitlocker import SPACE

NUMBERS = ("protection", "conversion", "percentage", "suspended")


def rows(_scratch: Path) -> list[Case]:
    return [
        Case(
            "volume_encryption",
            {},
            lambda v: (
                v["available"]
                and [(o["mount_point"], o["system"], *(o[name] for name in NUMBERS)) for o in v["volumes"]]
                == [("C:", True, 1, 2, 43, 1), ("D:", False, 0, 0, 0, 0), ("locked", False, 2, None, None, None)]
                and {o["protectors_known"] for o in v["volumes"]} == {True}
                and [[p["type"] for p in o["protectors"]] for o in v["volumes"]]
                == [["Tpm", "RecoveryPassword", "Unknown"], [], ["ExternalKey"]]
            ),
        ),
    ]


def broken(_scratch: Path) -> list[Case]:
    """A volume that does not tell its protectors takes nothing from the others."""
    return [
        Case(
            "volume_encryption",
            {},
            lambda v: (
                [(o["conversion"], o["protectors_known"], len(o["protectors"])) for o in v["volumes"]]
                == [(2, False, 0), (0, True, 0), (None, True, 1)]
            ),
        )
    ]


def silent(_scratch: Path) -> list[Case]:
    """A volume that does not say whether it is protected is not one whose protection is off."""
    return [Case("volume_encryption", {}, lambda v: [o["protection"] for o in v["volumes"]] == [2, 0, 2])]


def say_no_protection(windows: dict) -> None:
    next(iter(windows["cim"][SPACE]["classes"].values()))[0]["ProtectionStatus"] = None


def absent(_scratch: Path) -> list[Case]:
    """A Windows without BitLocker."""
    return [Case("volume_encryption", {}, lambda v: v == {"available": False, "volumes": []})]


def denied(_scratch: Path) -> list[Case]:
    """A caller who may not look."""
    return [Case("volume_encryption", {}, error="CimException", hresult=0x80041003 - 2**32)]


def rules(_scratch: Path) -> list[Case]:
    expected = {"min_length": 8, "max_age": -1, "history": 24, "lockout_threshold": 10, "lockout": None}
    return [Case("account_policy", {}, lambda v: v == expected)]


def closed(_scratch: Path) -> list[Case]:
    """ADSI is refused."""
    return [Case("account_policy", {}, error="COMException", hresult=-2147024891)]


SCENES = [
    Scene("encryption", rows),
    Scene("account rules", rules),
    variant("encryption without BitLocker", absent, change=lambda windows: windows["cim"].pop(SPACE)),
    variant("encryption denied", denied, change=lambda windows: windows["cim"][SPACE].update(closed="all")),
    variant("encryption broken", broken, change=lambda windows: windows["protectors"].update(system=2150694912)),
    variant("encryption without a word", silent, change=say_no_protection),
    variant("account rules closed", closed, change=lambda windows: windows.update(account_rules=None)),
]
