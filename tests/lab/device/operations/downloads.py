# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""download: really fetches from a server on loopback, or from what a scenario publishes at a name of its own."""

from __future__ import annotations

import hashlib
import ntpath

from ..accounts import Caller
from ..errors import WindowsError, bad_argument
from ..web import fetch
from .dispatch import operation, require_elevated
from .files import confirm_directory, own_path


@operation("download")
async def download(device, caller: Caller, url: str, path: str, sha256: str, timeout: int) -> dict:
    require_elevated(caller)
    if not url.lower().startswith("https://"):
        raise bad_argument("Only https addresses are fetched.")
    full = own_path(device, path)
    confirm_directory(device, ntpath.dirname(full))
    data = await fetch(device, url, timeout, caller.system)
    digest = hashlib.sha256(data).hexdigest()
    if digest != sha256.lower():
        raise WindowsError("hash", f"The file has SHA-256 {digest}, not {sha256}.")
    device.files.write(full, data)
    return {"path": full, "size": len(data), "sha256": digest}
