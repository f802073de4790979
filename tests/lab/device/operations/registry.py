# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""registry_read, registry_users_read."""

from __future__ import annotations

from ..accounts import Caller
from ..errors import bad_argument, registry_denied
from ..images import SYSTEM_ONLY
from ..registry import parts
from .dispatch import operation

REFUSED = {"refused": registry_denied().as_answer()}
HIVES = ("HKLM", "HKLM:", "HKEY_LOCAL_MACHINE", "HKU", "HKU:", "HKEY_USERS", "HKCU", "HKCU:", "HKEY_CURRENT_USER")


@operation("registry_read")
def registry_read(
    device, caller: Caller, path: str, depth: int = 0, names: list[str] | None = None, having: str | None = None
) -> dict:
    relative = _relative(path)
    closed = () if caller.system else tuple(path.lower() for path in (*SYSTEM_ONLY, *device.closed_keys))
    if any(f"{relative}\\".lower().startswith(f"{path}\\") for path in closed):
        raise registry_denied()
    key = device.registry.tree(relative, depth)
    if key is None:
        return {"exists": False, "key": None}
    key = _closed(key, relative, closed)
    if having is not None:
        key = _with_value(key, having.lower())
    return {"exists": True, "key": key if names is None else _of_names(key, {name.lower(): name for name in names})}


@operation("registry_users_read")
def registry_users_read(device, caller: Caller, path: str, depth: int = 0) -> dict:
    relative = _relative(path)
    trees = {sid: hive.tree(relative, depth) for sid, hive in device.users.items()}
    # Without a full token the hives of others are closed, and the caller has none loaded.
    shut = device.closed_users if caller.elevated else trees
    closed = {sid: REFUSED for sid in trees if sid in shut and not caller.system}
    return {"users": {sid: tree for sid, tree in trees.items() if tree is not None} | closed}


def _closed(key: dict, path: str, closed: tuple[str, ...]) -> dict:
    """The key, in the place of each subkey that is closed to the caller its refusal."""
    keys = {}
    for name, child in key["keys"].items():
        below = f"{path}\\{name}".lstrip("\\")
        keys[name] = REFUSED if below.lower() in closed else _closed(child, below, closed)
    return {"values": key["values"], "keys": keys}


def _with_value(key: dict, name: str) -> dict:
    """The key with those of the keys below it that are closed, or have a value of this name."""
    keys = {
        below: child if child is REFUSED else _with_value(child, name)
        for below, child in key["keys"].items()
        if child is REFUSED or name in map(str.lower, child["values"])
    }
    return {"values": key["values"], "keys": keys}


def _of_names(key: dict, spelled: dict[str, str]) -> dict:
    """The key, and those below it, with the values of these names only, spelled as they were asked for."""
    values = {spelled[name.lower()]: value for name, value in key["values"].items() if name.lower() in spelled}
    keys = {name: child if child is REFUSED else _of_names(child, spelled) for name, child in key["keys"].items()}
    return {"values": values, "keys": keys}


def _relative(path: str) -> str:
    """The path below its hive. A hive's own name in it would find nothing on a device: said aloud here."""
    names = parts(path)
    if names and names[0].upper() in HIVES:
        raise bad_argument(f"the path is relative to its hive: '{names[0]}' must not stand in it")
    return "\\".join(names)
