# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""path_info, directory_create, path_remove: what the vocabulary lets a session do with files, and where."""

from __future__ import annotations

import hashlib
import ntpath

from ..accounts import Caller
from ..errors import access_denied, bad_argument, path_denied
from .dispatch import operation, require_elevated

OWN = r"%ProgramData%\winops.entra"
ENGINE = r"%ProgramData%\Microsoft\Provisioning"


@operation("path_info")
def path_info(device, caller: Caller, path: str, hash: bool = False) -> dict:
    full = absolute(device, path)
    entry = device.files.entry(full)
    if not caller.elevated and entry is not None and _in_private(device, full):
        raise path_denied(full)
    data = entry.data if entry else None
    return {
        "path": full,
        "exists": entry is not None,
        "directory": entry is not None and entry.data is None,
        "size": None if data is None else len(data),
        "sha256": hashlib.sha256(data).hexdigest() if hash and data is not None else None,
    }


@operation("directory_create")
def directory_create(device, caller: Caller, path: str) -> dict:
    require_elevated(caller)
    full = own_path(device, path)
    return {"path": full, "created": confirm_directory(device, full)}


@operation("path_remove")
def path_remove(device, caller: Caller, path: str) -> dict:
    require_elevated(caller)
    full = absolute(device, path)
    engine = device.files.resolve(ENGINE).lower()
    cached = ntpath.dirname(full).lower() == engine and full.lower().endswith(".ppkg")
    if not cached:
        full = own_path(device, path)
    elif device.files.is_directory(full):
        raise access_denied(f"Refused, {full} is a directory")
    removed = device.files.remove(full)
    if not cached:
        device.files.remove_empty(full, OWN)
    return {"path": full, "removed": removed}


def absolute(device, path: str) -> str:
    """The full path of an absolute one, variables expanded."""
    if not ntpath.isabs(device.files.expand(path)):
        raise bad_argument(f"Not an absolute path: {path}")
    return device.files.resolve(path)


def own_path(device, path: str) -> str:
    """The full path, refused unless it lies strictly below %ProgramData%\\winops.entra, spelled out."""
    full, root = absolute(device, path), device.files.resolve(OWN)
    steps = device.files.expand(path).replace("/", "\\").split("\\")
    if ".." in steps or not full.lower().startswith(root.lower() + "\\") or ":" in full[len(root) :]:
        raise access_denied(f"Refused, not below {root}: {path}")
    return full


def confirm_directory(device, full: str) -> bool:
    """Create our directories down to this one, each closed to others; true where the last one is new.

    A directory of our name that somebody else made is refused: anybody may create one in ProgramData.
    """
    root = device.files.resolve(OWN)
    chain = [root]
    for name in full[len(root) + 1 :].split("\\"):
        chain.append(f"{chain[-1]}\\{name}")
    created = False
    for directory in chain:
        entry = device.files.entry(directory)
        if entry is not None and not entry.private:
            raise access_denied(f"{directory} belongs or is open to S-1-5-32-545. Look into it, then remove it.")
        created = device.files.make_directory(directory, private=True)
    return created


def _in_private(device, full: str) -> bool:
    while True:
        entry = device.files.entry(full)
        if entry is not None and entry.private:
            return True
        parent = ntpath.dirname(full)
        if parent == full:
            return False
        full = parent
