# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A removable medium that somebody inserts into a device at its first start, and what Windows takes from it.

After Microsoft, "Apply a provisioning package": Windows looks into the root, applies a single package by itself, and
asks which one where there are several. It runs as SYSTEM, and nobody signs in. A device that is set up takes nothing on
insertion. As on real ones nothing answers before a command of the package has turned WinRM on; that these are commands
which name Enable-PSRemoting or winrm is the lab's own, since it runs no commands.
"""

from __future__ import annotations

from pathlib import Path

from . import winrm
from .accounts import SYSTEM
from .errors import WindowsError
from .provisioning import cmdlets, engine
from .registry import Registry

DRIVE = "D:\\"
ENDING = ".ppkg"
TURN_ON = ("enable-psremoting", "winrm")


def insert(device, folder: Path) -> dict:
    """{packages: those in the root, taken: the one that is applied or None, screen: what the person sees}.

    Raises ValueError where there is nothing to insert, or into nothing.
    """
    if not device.online:
        raise ValueError(f"{device.name} is off")
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder")
    packages = sorted(one.name for one in folder.iterdir() if one.is_file() and one.name.lower().endswith(ENDING))
    taken = packages[0] if device.out_of_box and len(packages) == 1 else None
    if not device.out_of_box or not packages:
        screen = "nothing happens"
    elif taken is None:
        screen = "asks which package to apply"
    else:
        screen = "sets up the device"
        path = f"{DRIVE}{taken}"
        device.files.make_directory(DRIVE)
        device.files.write(path, (folder / taken).read_bytes())
        device.spawn(_set_up(device, path))
    return {"packages": packages, "taken": taken, "screen": screen}


async def _set_up(device, path: str) -> None:
    try:
        await cmdlets.install(device, SYSTEM, path, force=False)
    except WindowsError:
        pass  # The engine has said why in its log, and goes on where it can.
    finally:
        device.files.remove(path)
    while engine.is_running(device):
        await device.sleep(1)
    commands = [line.lower() for package in device.applied.values() for line in package.settings["commands"]]
    if any(word in line for word in TURN_ON for line in commands):
        device.out_of_box = False
        for account in device.local_accounts:
            hive = Registry()
            hive.set(r"Control Panel\International", {"LocaleName": device.image.language})
            device.users.setdefault(account.sid(device.machine_sid), hive)
        winrm.listen(device)
        for callback in list(device.on_power):
            await callback(device, True)
