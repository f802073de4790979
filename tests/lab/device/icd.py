# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows Configuration Designer on a device: where it is, and what is wrong with it."""

from __future__ import annotations

import asyncio
import dataclasses
import typing as t

from ..icd import stores

#: What may be odd about it.
FAULTS = (
    *("disk_full", "file_in_use", "leaves_files_out", "says_failure", "keeps_log"),
    *("no_catalog", "no_password", "no_encryption"),
)
SOURCES = ("adk", "store")
KITS = r"SOFTWARE\WOW6432Node\Microsoft\Windows Kits\Installed Roots"
ROOT = "C:\\Program Files (x86)\\Windows Kits\\10\\"
APP = "Microsoft.WindowsConfigurationDesigner"
APP_VERSION = "10.5.0.0"
FOLDERS = {
    "adk": rf"{ROOT}Assessment and Deployment Kit\Imaging and Configuration Designer\x86",
    "store": rf"C:\Program Files\WindowsApps\{APP}_{APP_VERSION}_x86__8wekyb3d8bbwe\icd",
}
DEFAULT_VERSION = "10.0.26100.1"


@dataclasses.dataclass
class Designer:
    """What the device has of it. ``seconds`` is how long a build takes, ``apps`` are its Store apps, null where it
    knows none."""

    fault: str | None = None
    seconds: float = 20
    runs: int = 0
    turn: asyncio.Lock = dataclasses.field(default_factory=asyncio.Lock)
    apps: list[dict[str, str]] | None = dataclasses.field(default_factory=list)


def furnish(device: t.Any, options: dict[str, t.Any] | None, has_apps: bool) -> None:
    """Install it from where a scenario says."""
    given = options or {}
    device.icd = Designer(given.get("fault"), given.get("seconds", 20), apps=[] if has_apps else None)
    for source in given.get("from", ["adk"]) if options is not None else []:
        folder = FOLDERS[source]
        device.files.make_directory(folder)
        version = given.get("version", DEFAULT_VERSION)
        device.files.write(rf"{folder}\ICD.exe", f"MZ ICD.exe {version}".encode())
        device.files.write(rf"{folder}\{stores.COMMON}", stores.store(stores.COMMON))
        if given.get("store", True):
            device.files.write(rf"{folder}\{stores.DESKTOP}", stores.store(stores.DESKTOP))
        if source == "adk":
            device.registry.set(KITS, {"KitsRoot10": ROOT})
        elif device.icd.apps is not None:
            device.icd.apps.append({"name": APP, "version": APP_VERSION, "place": folder.removesuffix(r"\icd")})
