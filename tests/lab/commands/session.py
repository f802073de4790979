# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command is given and what comes of it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from ..host import Host

#: Reads all input until the client has closed it: bytes of a process, or the objects piped into a pipeline.
ReadInput = Callable[[], Awaitable["bytes | list[str | bytes]"]]

#: Runs a command line in a session, the last argument says whether without cmd.exe.
Start = Callable[[str, "Session", bool], Awaitable["Outcome"]]

_LINE_END = re.compile("\r\n|\n|\r")


@dataclass
class Session:
    """Where a command runs: the device, whose token it has, the process' environment, and its input."""

    host: Host
    account: str
    read_input: ReadInput
    environment: dict[str, str] = field(default_factory=dict)
    #: Starts a further process from its command line; set by whoever opens the session (``cmd.run``).
    start: Start | None = None

    async def run_process(
        self, command_line: str, given_input: bytes | None = None, *, skip_shell: bool = False
    ) -> Outcome:
        """Start a process from within another one; without `given_input` it inherits the input.

        Raises FileNotFoundError with `skip_shell`, where the first word is no program.
        """
        assert self.start is not None, "a session without a shell cannot start processes"
        session = self if given_input is None else replace(self, read_input=lambda: _constant(given_input))
        return await self.start(command_line, session, skip_shell)

    async def input_lines(self) -> list[str | bytes]:
        """The input as PowerShell's $input enumerates it: lines of text, or objects as they were piped."""
        data = await self.read_input()
        if not isinstance(data, bytes):
            return data
        lines: list[str | bytes] = list(_LINE_END.split(data.decode("utf-8", "replace").removeprefix("\ufeff")))
        if lines and not lines[-1]:
            lines.pop()
        return lines

    def variable(self, name: str) -> str | None:
        """An environment variable of the process; case does not matter."""
        return {**self.standard_variables(), **{k.upper(): v for k, v in self.environment.items()}}.get(name.upper())

    def standard_variables(self) -> dict[str, str]:
        """The variables that commands ask for most."""
        profile = f"C:\\Users\\{self.account}"
        return {
            "COMPUTERNAME": self.host.hostname.upper(),
            "USERNAME": self.account,
            "USERDOMAIN": self.host.hostname.upper(),
            "USERPROFILE": profile,
            "TEMP": f"{profile}\\AppData\\Local\\Temp",
            "PROGRAMDATA": "C:\\ProgramData",
            "SYSTEMDRIVE": "C:",
            "SYSTEMROOT": "C:\\Windows",
            "WINDIR": "C:\\Windows",
            "OS": "Windows_NT",
            "PROCESSOR_ARCHITECTURE": "AMD64",
        }


@dataclass
class Record:
    """What the recorder notes about a command, beside its exit code."""

    kind: str = "command"
    operations: list[str] = field(default_factory=list)
    changing: list[str] = field(default_factory=list)
    processes: int = 0


@dataclass
class Outcome:
    """The end of a process: text is encoded with the code page of its shell by whoever started it."""

    exit_code: int = 0
    stdout: str = ""
    stderr: str = ""
    record: Record = field(default_factory=Record)


@dataclass(frozen=True)
class Error:
    """One record of PowerShell's error stream; without a category it is what a native program wrote to stderr."""

    message: str
    category: str = ""
    error_id: str = ""

    def __str__(self) -> str:
        """As Windows PowerShell shows it on a console."""
        if not self.category:
            return self.message
        return (
            f"{self.message}\r\n    + CategoryInfo          : {self.category}: (:) [], {self.error_id}\r\n"
            f"    + FullyQualifiedErrorId : {self.error_id}\r\n "
        )


@dataclass
class ScriptResult:
    """The end of a PowerShell script: objects written to the output (as text), errors, the exit code.

    `exit_code` is None where the script has not called exit; `failed` tells whether its last statement has failed,
    `stopped` whether a terminating error has ended it.
    """

    output: list[str] = field(default_factory=list)
    errors: list[Error] = field(default_factory=list)
    exit_code: int | None = None
    failed: bool = False
    stopped: bool = False
    record: Record = field(default_factory=Record)

    @property
    def process_exit_code(self) -> int:
        """The exit code of a powershell.exe that ran only this script."""
        return self.exit_code if self.exit_code is not None else int(self.failed)


def terminated(message: str, *, category: str = "OperationStopped", error_id: str = "RuntimeException") -> ScriptResult:
    """A script that a terminating error has ended."""
    return ScriptResult(errors=[Error(message, category, error_id)], failed=True, stopped=True)


def native(outcome: Outcome) -> ScriptResult:
    """What a script sees of a program it has run: lines of output, standard error as one record, the exit code."""
    lines = outcome.stdout.replace("\r\n", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    errors = [Error(outcome.stderr)] if outcome.stderr else []
    return ScriptResult(lines, errors, outcome.exit_code, outcome.exit_code != 0, record=outcome.record)


async def _constant(data: bytes) -> bytes:
    return data
