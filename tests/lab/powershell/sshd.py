# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A way into a device with a real PowerShell over ssh: OpenSSH's own server, whose shell is that PowerShell.

A server on loopback for each device, as an ordinary user, with keys of its own. Commands are the PowerShell's to
understand; only what it would start as powershell.exe is ``powershell.py``, which puts the stand-ins into the runner.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from . import executables, payload

#: Linux finds programs by their exact names; these are the ones that clients start.
SPELLINGS = ("powershell.exe", "powershell", "PowerShell")
READY_SECONDS = 20
SERVER = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
ForceCommand {command}
"""


def program() -> str | None:
    """OpenSSH's server on this machine."""
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextlib.contextmanager
def serving(control: str, device: str, folder: Path) -> t.Iterator[dict[str, t.Any]]:
    """Serve a device of a running lab; gives the inventory variables by which Ansible reaches it.

    ``control``: the lab's control address; ``folder``: an empty one for keys and scripts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    starts = folder / "bin"
    starts.mkdir()
    for name in SPELLINGS:
        _script(starts / name, "powershell", control, device)
    login = folder / "login"
    _script(login, "login", str(starts), control, device)
    if os.geteuid() == 0:
        # Started by root, the server wants the directory that its package's service makes.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    port = _free_port()
    text = SERVER.format(port=port, folder=folder, command=login)
    (folder / "sshd_config").write_text(text, encoding="utf-8")
    with (folder / "sshd.log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(
            [str(program()), "-D", "-e", "-f", str(folder / "sshd_config")], stdin=subprocess.DEVNULL, stderr=log
        )
    try:
        _wait(server, port, folder / "sshd.log")
        yield _variables(port, folder)
    finally:
        server.terminate()
        server.wait()


def _variables(port: int, folder: Path) -> dict[str, t.Any]:
    return {
        "ansible_connection": "ssh",
        "ansible_shell_type": "powershell",
        "ansible_host": "127.0.0.1",
        "ansible_port": port,
        "ansible_user": getpass.getuser(),
        "ansible_password": None,
        "ansible_ssh_private_key_file": str(folder / "user_key"),
        # The sftp of Windows takes /C:/; here a path can only be translated where it is on a command line.
        "ansible_ssh_transfer_method": "scp",
        "ansible_scp_extra_args": "-O",
        "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",
    }


def _script(path: Path, module: str, *arguments: str) -> None:
    """An executable that runs a module of this package, with more arguments behind these."""
    python = ["env", f"PYTHONPATH={payload.ROOT}", sys.executable]
    executables.write(path, [*python, "-m", f"{__package__}.{module}", *arguments])


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _wait(server: subprocess.Popen, port: int, log: Path) -> None:
    """Until it answers. Raises RuntimeError with what it has said."""
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"sshd does not answer on port {port}: {log.read_text(encoding='utf-8')[-2000:]}")
