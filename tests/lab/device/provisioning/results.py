# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine leaves in the registry about a package: ``Provisioning\\Results`` and its siblings.

The three levels and the value names were read by public tools from the MDM diagnostics data source; what the levels are
called is not documented.
"""

from __future__ import annotations

from ..errors import signed
from .package import InstalledPackage, category

ROOT = r"SOFTWARE\Microsoft\Provisioning"


def register(device, package: InstalledPackage) -> None:
    """The package is known to the engine from here on."""
    device.registry.set(rf"{ROOT}\Results\{package.id}", {"PackageFileName": package.path})
    device.registry.set(
        rf"{ROOT}\PackageInfo\{package.id}",
        {"PackageName": package.name, "Version": package.version, "PackagePath": package.path},
    )


def record(device, package: InstalledPackage, name: str, hresult: int, node: str = "") -> None:
    """The outcome of one ProvXML file; hresult 0 is success."""
    key = rf"{ROOT}\Results\{package.id}\DeviceContext\{category(package.sets[name])}\{name}"
    failures = device.registry.get(key, "NumFailures", 0)
    device.registry.set(
        key,
        {
            "Categories": [category(package.sets[name])],
            "LastResult": hresult & 0xFFFFFFFF,
            "NumFailures": failures + (1 if hresult else 0),
            "FailingNodePath": node,
            "Message": f"HRESULT {signed(hresult)}" if hresult else "",
        },
    )


def forget(device, package: InstalledPackage) -> None:
    device.registry.delete(rf"{ROOT}\Results\{package.id}")
    device.registry.delete(rf"{ROOT}\PackageInfo\{package.id}")
    device.registry.delete(rf"SOFTWARE\Microsoft\EnterpriseResourceManager\Tracked\{package.id}")
