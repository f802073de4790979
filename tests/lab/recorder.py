# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recording of what clients did: one JSON line per command in <out>/winrm.jsonl.

Fields of a line:

``utc`` when the command ended, ``device`` inventory name, ``shell`` id, ``account``, ``auth`` basic or ntlm,
``protocol`` winrs or psrp, ``kind`` operations | module | put_file | fetch_file | command, ``operations`` names of the
request's operations (of a module: its name), ``changing`` those that the vocabulary marks changing, also inside a job,
``processes`` PowerShell processes started, ``exit_code``, ``requests``, ``bytes_in``, ``bytes_out``.

The last three count the HTTP requests and body bytes (as sent, so sealed where messages are encrypted) of the shell,
from the handshake of its connection to its deletion. For that, the line of a command waits until its exchange is over:
until the shell is deleted or gets its next command, or its connection breaks. A shell without any command leaves none.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from . import private
from .commands.session import Record


@dataclass
class Traffic:
    """HTTP requests and body bytes not yet written to a line."""

    requests: int = 0
    bytes_in: int = 0
    bytes_out: int = 0

    def add(self, other: Traffic) -> None:
        """Take over what the other has counted, and empty it."""
        self.requests += other.requests
        self.bytes_in += other.bytes_in
        self.bytes_out += other.bytes_out
        other.requests = other.bytes_in = other.bytes_out = 0


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    record: Record
    exit_code: int
    utc: datetime


class Recorder:
    """Writes the lines, each whole and at once, to a new file."""

    def __init__(self, path: Path) -> None:
        self._file = private.new_file(path)

    def write(self, shell: dict[str, str], ended: Ended, traffic: Traffic) -> None:
        """Write one line; `shell` has device, shell, account, auth, protocol. Empties the traffic."""
        if self._file.closed:  # a command that the end of the lab has cut off
            return
        line: dict[str, t.Any] = {
            "utc": f"{ended.utc:%Y-%m-%dT%H:%M:%S}.{ended.utc.microsecond // 1000:03d}Z",
            **shell,
            "kind": ended.record.kind,
            "operations": ended.record.operations,
            "changing": ended.record.changing,
            "processes": ended.record.processes,
            "exit_code": ended.exit_code,
            "requests": traffic.requests,
            "bytes_in": traffic.bytes_in,
            "bytes_out": traffic.bytes_out,
        }
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
        traffic.requests = traffic.bytes_in = traffic.bytes_out = 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()
