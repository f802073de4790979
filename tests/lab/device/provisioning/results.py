# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine leaves in the registry about a package: ``Provisioning\\Results`` and its siblings.

The three levels and the value names were read by public tools from the MDM diagnostics data source, and in public
decompilations of the engine; what the levels are called is not documented.
"""

from __future__ import annotations

import ntpath

from .. import own_keys
from ..errors import signed
from ..wire import utc_text
from .package import InstalledPackage, category

ROOT = r"SOFTWARE\Microsoft\Provisioning"
#: Keys without braces, by which Windows knows whose a setting is.
OWNERS = (r"SOFTWARE\Microsoft\EnterpriseResourceManager\Tracked", own_keys.POLICY_PROVIDERS)
#: From this build on the enrollment of a package has a ProviderID here: whether it has one is not known.
WITH_PROVIDER = 26100
#: LastResult of a setting that waits for something: no failure.
PENDING = 0x02AB0003
BEGUN, WAITS, DONE = 1, 2, 3


def register(device, package: InstalledPackage) -> None:
    """The package is known to the engine from here on."""
    device.registry.set(
        rf"{ROOT}\Results\{package.id}",
        {
            "PackageFileName": ntpath.basename(package.path),
            "PackageInstallStart": utc_text(device.utc()),
            "Session": device.next_id("provisioning session"),
        },
    )
    device.registry.set(
        rf"{ROOT}\PackageInfo\{package.id}",
        {"PackageName": package.name, "Version": package.version, "PackagePath": package.path},
    )
    own_keys.enroll_package(device.registry, package.id, device.image.build >= WITH_PROVIDER)
    for place in OWNERS:
        device.registry.set(rf"{place}\{package.id.strip('{}')}")


def begin(device, package: InstalledPackage, name: str) -> None:
    """One ProvXML file is being applied."""
    device.registry.set(_leaf(package, name), {"Categories": [category(package.sets[name])], "State": BEGUN})


def record(device, package: InstalledPackage, name: str, hresult: int, node: str = "") -> None:
    """The outcome of one run of one ProvXML file; hresult 0 is success, PENDING is neither."""
    leaf, failures = _leaf(package, name), (last(device, package, name) or (0, 0))[1]
    failed = hresult not in (0, PENDING)
    device.registry.set(
        leaf,
        {
            "Categories": [category(package.sets[name])],
            "State": WAITS if hresult == PENDING else DONE,
            "UserNamedChildNodes": [],
            "Message": f"HRESULT {signed(hresult)}" if failed else "",
            "LastResult": hresult & 0xFFFFFFFF,
            "NumFailures": failures + 1 if failed else 0 if hresult == 0 else failures,
        },
    )
    for value, content in (("FailingNodePath", node), ("FailingCategory", category(package.sets[name]))):
        if failed:
            device.registry.set(leaf, {value: content})
        else:
            device.registry.delete_value(leaf, value)


def last(device, package: InstalledPackage, name: str) -> tuple[int, int] | None:
    """(LastResult, NumFailures) of a file that was run before, None where nothing is recorded."""
    leaf = _leaf(package, name)
    result = device.registry.get(leaf, "LastResult")
    return None if result is None else (result, device.registry.get(leaf, "NumFailures", 0))


def remove(device, package: InstalledPackage, name: str) -> None:
    device.registry.delete(_leaf(package, name))


def forget(device, package: InstalledPackage) -> None:
    device.registry.delete(rf"{ROOT}\Results\{package.id}")


def forget_package(device, package: InstalledPackage) -> None:
    """The package is not known any more, its results still are."""
    device.registry.delete(rf"{ROOT}\PackageInfo\{package.id}")
    own_keys.unenroll_package(device.registry, package.id)
    for place in OWNERS:
        device.registry.delete(rf"{place}\{package.id.strip('{}')}")


def _leaf(package: InstalledPackage, name: str) -> str:
    return rf"{ROOT}\Results\{package.id}\DeviceContext\{category(package.sets[name])}\{name}"
