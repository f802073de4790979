# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A native program of a device whose PowerShell is real: asks the lab, prints what it says.

Started as ``python -IS native.py HOST:PORT DEVICE PROGRAM ARGUMENT...``; quick, so nothing but sockets is imported. The
exit code of a program of Windows has 32 bits: it also goes to the file that WINOPS_PROOF_EXIT names.
"""

from __future__ import annotations

import json
import os
import socket
import sys


def ask(address: str, path: str, body: dict) -> dict:
    """The lab's answer to one POST."""
    host, _colon, port = address.partition(":")
    data = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.0\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + data)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def main() -> int:
    """Exit code: the program's, as far as it fits."""
    address, device, program, *arguments = sys.argv[1:]
    caller = os.environ.get("WINOPS_PROOF_CALLER", "")
    said = ask(address, f"/devices/{device}/programs", {"program": program, "arguments": arguments, "caller": caller})
    if "exit_code" not in said:
        print(json.dumps(said))
        return 0
    sys.stdout.buffer.write(said["text"].encode("utf-8"))
    if "WINOPS_PROOF_EXIT" in os.environ:
        with open(os.environ["WINOPS_PROOF_EXIT"], "w", encoding="ascii") as file:
            file.write(str(said["exit_code"]))
    return said["exit_code"] & 0xFF


if __name__ == "__main__":
    sys.exit(main())
