# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that are on every PC: Windows' own, and one of whoever made the processor.

Names as public lists have them (Autopilot-Monitor; AMD's and Intel's drivers); ids, versions and contents are ours.
That of the maker fails, with the code that Microsoft documents for power settings, and the engine tries it again at
each start of the device and whenever it runs: its events tell of nothing else.
"""

from __future__ import annotations

import datetime
import ntpath
import types
import uuid

from ..errors import signed
from ..events import PROVISIONING
from ..registry import Registry
from . import results
from .package import InstalledPackage, category, key

IN_IMAGE = r"C:\Windows\Provisioning\Packages"
STORE = r"C:\ProgramData\Microsoft\Provisioning"
#: STATUS_PRIVILEGE_NOT_HELD, of power settings that somebody applies who may not (Microsoft, "Provisioning packages").
NOT_HELD = 0xC0000061
#: Seconds after a start at which the engine has tried.
AFTER_BOOT = 40.0
_NAMESPACE = uuid.UUID("0d6e1c0a-6e0c-4b7e-8b52-8c8b1f0f4e11")
_WINDOWS = {
    "Power.Settings.Sleep": "MCSF/Power/Controls/Settings/Sleep",
    "Power.EnergyEstimationEngine.CPU": "MCSF/Power/EnergyEstimationEngine/CPU",
    "SecureStart.Settings": "MCSF/SecureStart/Settings",
}
_PROCESSOR = "MCSF/Power/Controls/Settings/Processor"
#: When images are made.
_MADE = datetime.datetime(2026, 1, 5, 7, 30, tzinfo=datetime.timezone.utc)


def of_build(build: int) -> tuple[InstalledPackage, ...]:
    """The packages of an image, the maker's last: of AMD's where the build is even, else of Intel's."""
    return (*(_package(name, IN_IMAGE, setting) for name, setting in _WINDOWS.items()), _MAKERS[build % 2])


def furnish(registry: Registry, image) -> None:
    """What the engine has left of an image's packages in its hive."""
    where = types.SimpleNamespace(
        registry=registry,
        image=image,
        utc=lambda: _MADE,
        next_id=lambda what: str(uuid.uuid5(_NAMESPACE, what)),
    )
    for package in image.packages:
        results.register(where, package)
        for name in package.sets:
            failed = package is image.packages[-1]
            results.record(where, package, name, NOT_HELD if failed else 0, _PROCESSOR if failed else "")


def try_again(device, when=None) -> None:
    """What the logs tell of the one that fails; ``when`` on the device's clock, now where None."""
    if not device.image.packages:
        return
    package, moment = device.image.packages[-1], when or device.utc()
    area = category([(_PROCESSOR, "")])
    for event_id, data in (
        (20, [_file(package), package.id]),
        (10, [area, _PROCESSOR]),
        (12, [area, signed(NOT_HELD), _PROCESSOR, area]),
        (22, [_file(package), signed(NOT_HELD)]),
    ):
        device.events.write(PROVISIONING, event_id, moment, data)


def tells_of_own(event) -> bool:
    """Whether an event of the provisioning log is one that try_again() has written."""
    return event.data[:1] in [(_file(package),) for package in _MAKERS] or _PROCESSOR in event.data


def _file(package: InstalledPackage) -> str:
    return ntpath.basename(package.path)


def _package(name: str, folder: str, setting: str) -> InstalledPackage:
    """Applied long ago; ``setting`` is all that it sets."""
    package_id = key(str(uuid.uuid5(_NAMESPACE, name)))
    settings = {"sets": {"0.provxml": [(setting, "1")]}}
    return InstalledPackage(package_id, name, "1.0", rf"{folder}\{name}.ppkg", settings)


_MAKERS = (
    _package("AMD.Power.Processor", STORE, _PROCESSOR),
    _package("Intel.Power.Settings.Processor", IN_IMAGE, _PROCESSOR),
)
