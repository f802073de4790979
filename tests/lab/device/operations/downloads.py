# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""download: really fetches from a server on loopback, or from what a scenario publishes at a name of its own."""

from __future__ import annotations

import hashlib
import ntpath

from ..accounts import Caller
from ..errors import WindowsError, bad_argument, directory_not_found
from ..web import WebError, fetch
from .dispatch import operation, require_elevated
from .files import confined


@operation("download")
async def download(device, caller: Caller, url: str, path: str, sha256: str, timeout: int) -> dict:
    require_elevated(caller)
    full = confined(device, path)
    if not url.lower().startswith("https://"):
        raise bad_argument("only https addresses are fetched")
    try:
        data = await fetch(device, url, timeout)
    except WebError as error:
        raise WindowsError("System.Net.WebException", str(error), error.hresult) from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != sha256.lower():
        raise WindowsError("System.IO.InvalidDataException", f"SHA-256 of the download is {digest}, not {sha256.lower()}",
                           0x80131501)
    if not device.files.is_directory(ntpath.dirname(full)):
        raise directory_not_found(full)
    device.files.write(full, data)
    return {"path": full, "size": len(data), "sha256": digest}
