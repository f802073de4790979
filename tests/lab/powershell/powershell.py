# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""powershell.exe of a device that is reached over ssh: the real PowerShell, with the stand-ins in its runner.

Started as ``python -m tests.lab.powershell.powershell CONTROL DEVICE ARGUMENT...``. Standard library only.
"""

from __future__ import annotations

import subprocess
import sys

from . import native, payload


def main() -> int:
    """Exit code: the PowerShell's."""
    control, device, *arguments = sys.argv[1:]
    address = control.removeprefix("http://")
    found = native.ask(address, f"/devices/{device}/sync", {})
    sent = payload.prepared(sys.stdin.buffer.read())
    ended = subprocess.run([found["program"], *arguments], input=sent, env=found["environment"], check=False)
    native.ask(address, f"/devices/{device}/sync", {})
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main())
