# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``MDM_RemoteWipe``: the reset of a device, which takes lab time and everything that is on the disk.

After Microsoft's RemoteWipe CSP and reports of users: the method returns, Windows restarts a moment later into its
recovery environment and installs itself anew. Without an enabled recovery environment it returns 0x80070032. If the
recovery environment cannot be started (its partition is gone), Windows comes back as it was, although the method has
returned 0. What comes afterwards is ``out_of_box``.
"""

from __future__ import annotations

import dataclasses

from . import recovery
from .bitlocker import Volume
from .events import EventLogs
from .leaving import Leave
from .mdm import MdmOptions
from .registry import Registry
from .tasks import Tasks

METHODS = (
    "doWipeMethod",
    "doWipeProtectedMethod",
    "doWipePersistProvisionedDataMethod",
    "doWipePersistUserDataMethod",
)
KEEPS_PACKAGES = "doWipePersistProvisionedDataMethod"
PROTECTED = "doWipeProtectedMethod"
NOT_SUPPORTED = 0x80070032
#: Device seconds until it hears of Intune's wipe.
CONTACT_SECONDS = 60.0
#: Editions without the class.
WITHOUT = ("Core", "CoreSingleLanguage")


@dataclasses.dataclass
class Wipe:
    """How a reset goes on one device.

    ``ready``: device seconds from the method's return to the restart; ``seconds``: how long the reset takes;
    ``returns``: values of the calls that fail first and change nothing; ``ignored``: Windows accepts it and does
    nothing; ``undone``: the recovery environment gives up, and the old Windows comes back; ``bricked``: a protected
    wipe leaves a device that does not start; ``methods``: what was called."""

    ready: float = 20.0
    seconds: float = 600.0
    returns: list[int] = dataclasses.field(default_factory=list)
    ignored: bool = False
    undone: bool = False
    bricked: bool = False
    methods: list[str] = dataclasses.field(default_factory=list)


def is_there(device) -> bool:
    """Whether this Windows has an instance of the class."""
    return not device.image.server and device.image.edition.id not in WITHOUT


async def remote_wipe(device, method: str) -> int:
    """Call one of METHODS: its return value."""
    device.wipe.methods.append(method)
    if device.wipe.returns:
        return device.wipe.returns.pop(0)
    if not recovery.is_enabled(device):
        return NOT_SUPPORTED
    if not device.wipe.ignored:
        device.power.take_over(_reset(device, method))
    return 0


async def by_intune(device, body: dict, result: dict) -> None:
    """What Intune asks for at the device's next contact; ``result`` becomes what Intune hears of it."""
    await device.sleep(CONTACT_SECONDS)
    if body.get("useProtectedWipe"):
        method = PROTECTED
    elif body.get("keepUserData"):
        method = "doWipePersistUserDataMethod"
    else:
        method = METHODS[0]
    accepted = await remote_wipe(device, method) == 0
    now = f"{device.clock.utc():%Y-%m-%dT%H:%M:%SZ}"
    result.update(actionState="done" if accepted else "failed", lastUpdatedDateTime=now)


async def _reset(device, method: str) -> None:
    await device.clock.sleep(device.wipe.ready)
    await device.power.off(clean=True)
    if device.wipe.bricked and method == PROTECTED:
        return
    undone = device.wipe.undone or not device.hardware.recovery_partition
    await device.clock.sleep(device.power.boot_seconds if undone else device.wipe.seconds)
    if undone:
        await device.power.on()
        return
    install_anew(device, keeps_packages=method == KEEPS_PACKAGES)
    device.out_of_box = True


def install_anew(device, keeps_packages: bool = False) -> None:
    """Everything goes that an installation of Windows holds; hardware and partitions stay."""
    image = device.image
    device.registry = Registry(image.registry)
    device.users = {}
    if not keeps_packages:
        device.packages = {package.id: package for package in image.packages}
    for entry in list(device.files.own()):
        device.files.remove(entry.path)
    device.closed_keys, device.closed_users = set(), set()
    device.certificates = []
    device.events = EventLogs(image.logs, image.language.split("-")[0])
    device.tasks = Tasks(image.task_folders, image.tasks)
    device.jobs = {}
    device.volumes = [Volume(volume.mount_point) if volume.system else volume for volume in device.volumes]
    device.keys, device.hello_keys = set(), set()
    device.secure_vm = device.console_user = device.domain = device.claim = None
    device.leave, device.mdm = Leave(), MdmOptions(delay=device.mdm.delay)
    device.local_accounts, device.members = [], []
    device.installations += 1
    device.installed = device.utc()
    device.machine_sid = device.sid_of_installation()
    device.set_name("DESKTOP-" + device.next_id("name").replace("-", "")[:7].upper(), active=True)
