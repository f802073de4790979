# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sshd starts for a command (ForceCommand): the real PowerShell, or scp with the device's path translated.

Started as ``python -m tests.lab.powershell.login DIRECTORY CONTROL DEVICE``; the directory has what is called
powershell.exe.
"""

from __future__ import annotations

import os
import re
import shlex
import sys

from .native import ask

_DRIVE = re.compile(r"^/?([A-Za-z]):")


def main() -> int:
    """Exit code: that of what was started; 255 where the device is off."""
    starts, control, device = sys.argv[1:]
    command = os.environ.get("SSH_ORIGINAL_COMMAND", "")
    found = ask(control.removeprefix("http://"), f"/devices/{device}/sync", {})
    if "error" in found:
        print(found["error"], file=sys.stderr)
        return 255
    if command.startswith("scp "):
        words = shlex.split(command)
        words[-1] = _DRIVE.sub(lambda drive: f"{found['directory']}/{drive[1].upper()}", words[-1])
        os.execvp("scp", words)
    os.environ["PATH"] = f"{starts}:{os.environ['PATH']}"
    os.execv(found["program"], [found["program"], "-NoProfile", "-NonInteractive", "-Command", command])


if __name__ == "__main__":
    sys.exit(main())
