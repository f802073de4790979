# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""path_info, directory_create, path_remove: what the vocabulary lets a session do with files, and where."""

from __future__ import annotations

import hashlib
import ntpath

from ..accounts import Caller
from ..errors import bad_argument, path_denied
from .dispatch import operation, require_elevated

OWN = r"%ProgramData%\winops.entra"
ENGINE = r"%ProgramData%\Microsoft\Provisioning"


@operation("path_info")
def path_info(device, caller: Caller, path: str, hash: bool = False) -> dict:  # noqa: A002 the vocabulary's name
    full = device.files.resolve(path)
    entry = device.files.entry(full)
    if not caller.elevated and entry is not None and _in_private(device, full):
        raise path_denied(full)
    data = entry.data if entry else None
    return {
        "path": full, "exists": entry is not None, "directory": entry is not None and entry.data is None,
        "size": None if data is None else len(data),
        "sha256": hashlib.sha256(data).hexdigest() if hash and data is not None else None,
    }


@operation("directory_create")
def directory_create(device, caller: Caller, path: str) -> dict:
    require_elevated(caller)
    full = confined(device, path)
    return {"path": full, "created": device.files.make_directory(full, private=True)}


@operation("path_remove")
def path_remove(device, caller: Caller, path: str) -> dict:
    require_elevated(caller)
    full = device.files.resolve(path)
    engine = device.files.resolve(ENGINE).lower()
    package_copy = ntpath.dirname(full).lower() == engine and full.lower().endswith(".ppkg")
    if package_copy and device.files.is_directory(full):
        raise bad_argument(f"'{full}' is a directory")
    if not package_copy:
        confined(device, path)
    return {"path": full, "removed": device.files.remove(full)}


def confined(device, path: str) -> str:
    """The full path, refused unless it lies below %ProgramData%\\winops.entra (or is that directory)."""
    full = device.files.resolve(path)
    root = device.files.resolve(OWN)
    if full.lower() != root.lower() and not full.lower().startswith(root.lower() + "\\"):
        raise bad_argument(f"'{full}' is not below {root}")
    return full


def _in_private(device, full: str) -> bool:
    while True:
        entry = device.files.entry(full)
        if entry is not None and entry.private:
            return True
        parent = ntpath.dirname(full)
        if parent == full:
            return False
        full = parent
