# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine remembers of a package, and which of its settings it therefore skips.

A CRC32 of each ProvXML text (``RtlCrc32`` over UTF-16) is kept as a REG_DWORD in ``CachedCRCs\\RunTime``, a key a
package. Changed text: the old result is removed, the file runs. Unchanged text runs again only after a failure, while
it has failed fewer than (number of delayed retries + 2) times, or while it is pending; a file also runs where an
earlier one of its settings group does. Everything else is skipped without a word (public decompilations of
``mvengine``: ProcessMVProvisionData, ShouldRetryProvisionData, CacheProvisionXmlCrc, GetCachedSettingRegPath).
"""

from __future__ import annotations

from . import results
from .package import InstalledPackage

CHECKSUMS = r"SOFTWARE\Microsoft\Multivariant\Status\CachedCRCs\RunTime"
#: Where it is missing, a removal fails when it comes to the checksums (inferred from the same decompilations).
UICC = r"SOFTWARE\Microsoft\Multivariant\UICC"


def due(device, package: InstalledPackage) -> list[str]:
    """The files that a run of the engine applies, in their order. Forgets results of files whose text has changed."""
    found: list[str] = []
    groups: set[str] = set()
    for name in package.order:
        group = package.settings["groups"].get(name, name)
        changed = _is_changed(device, package, name)
        if changed:
            results.remove(device, package, name)
        if changed or group in groups or _is_tried_again(device, package, name):
            found.append(name)
            groups.add(group)
    return found


def keep(device, package: InstalledPackage, name: str) -> None:
    """Remember that a file was run, whatever came of it."""
    device.registry.set(rf"{CHECKSUMS}\{package.id}", {name: package.settings["checksums"][name]})


def forget(device, package: InstalledPackage) -> None:
    device.registry.delete(rf"{CHECKSUMS}\{package.id}")


def _is_changed(device, package: InstalledPackage, name: str) -> bool:
    kept = device.registry.get(rf"{CHECKSUMS}\{package.id}", name)
    if kept is None and device.engine.memory == "results":
        # Nobody has published how the engine compares: perhaps what went well needs no checksum.
        return results.last(device, package, name) != (0, 0)
    return kept != package.settings["checksums"][name]


def _is_tried_again(device, package: InstalledPackage, name: str) -> bool:
    result, failures = results.last(device, package, name) or (0, 0)
    return result == results.PENDING or 0 < failures < len(device.engine.retry_delays) + 2
