# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shells of WinRS and what all shells have in common: output that is fetched with Receive (MS-WSMV 3.1.4.1.31)."""

from __future__ import annotations

import asyncio
import base64
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timezone

from ..commands import cmd
from ..commands.session import Outcome, Record, Session
from ..host import Host
from ..recorder import Ended, Recorder, Traffic
from . import faults, soap

#: Output travels in pieces of this size, several in one envelope as far as MaxEnvelopeSize allows.
PIECE = 8192
#: Of an envelope: header, tags of the body, and what sealing and base64 padding may add.
_ENVELOPE_OVERHEAD = 2048
_STATE = f"{soap.SHELL}/CommandState/"
#: What a killed process leaves: STATUS_CONTROL_C_EXIT.
KILLED = -1073741510


@dataclass
class Caller:
    """Who asks: the local account and how its connection was authenticated."""

    account: str
    auth: str
    address: str = "127.0.0.1"


@dataclass
class Batch:
    """The part of a channel's output that fits one envelope; `last` when the end of the command is in it."""

    pieces: list[tuple[str, bytes]]
    last: bool


class Channel:
    """The output streams of one command (or of a runspace pool), fed by its task and emptied by Receive."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[str, bytes]] = deque()
        self._wake = asyncio.Event()
        self.closed = False
        self.exit_code: int | None = None
        #: The client hears nothing of the command any more, as of one that hangs.
        self.silent = False
        #: The last answer by the id of its request: a client whose connection broke sends the same message again.
        self.last_answer: tuple[str, str] | None = None

    def feed(self, stream: str, data: bytes, *, whole: bool = False) -> None:
        """Append output; `whole` keeps it in one piece (a fragment of PSRP)."""
        step = len(data) if whole else PIECE
        self._pieces.extend((stream, data[start : start + step]) for start in range(0, len(data), step or 1))
        self._wake.set()

    def close(self, exit_code: int) -> None:
        """No more output; the first exit code counts."""
        if not self.closed:
            self.closed, self.exit_code = True, exit_code
        self._wake.set()

    async def ready(self, timeout: float) -> bool:
        """Wait until there is something to say; False when the time is over."""
        if self.silent:
            await asyncio.sleep(timeout)
            return False
        if not self._pieces and not self.closed:
            self._wake.clear()
            try:
                await asyncio.wait_for(self._wake.wait(), timeout)
            except asyncio.TimeoutError:
                return bool(self._pieces) or self.closed
        return True

    def batch(self, max_envelope: int) -> Batch:
        """What fits the envelope, at least one piece; nothing is taken out."""
        room = max_envelope - _ENVELOPE_OVERHEAD
        pieces: list[tuple[str, bytes]] = []
        for name, data in self._pieces:
            room -= (len(data) + 2) // 3 * 4 + 120
            if room < 0 and pieces:
                break
            pieces.append((name, data))
        return Batch(pieces, self.closed and len(pieces) == len(self._pieces))

    def take(self, batch: Batch) -> None:
        """Take out what has been sent."""
        for _piece in batch.pieces:
            self._pieces.popleft()


@dataclass
class Command(Channel):
    """A running command: its input as it arrives, its output as a channel."""

    id: str
    line: str
    skip_shell: bool
    task: asyncio.Task[None] | None = None
    _input: list[bytes] = field(default_factory=list)
    _input_closed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        super().__init__()

    def send(self, data: bytes, end: bool) -> None:
        """Append to the input."""
        self._input.append(data)
        if end:
            self._input_closed.set()

    async def read_input(self) -> bytes:
        """All input, once the client has closed it."""
        await self._input_closed.wait()
        data = b"".join(self._input)
        self._input.clear()
        return data


class Shell:
    """What every shell has: its owner, its age, its traffic, its line in the recording."""

    protocol = "winrs"

    def __init__(self, shell_id: str, host: Host, caller: Caller, recorder: Recorder, request: soap.Request) -> None:
        self.id = shell_id
        self.host = host
        self.caller = caller
        self.resource_uri = request.resource_uri
        self.traffic = Traffic()
        self.deleted = False
        self.attached = True
        self._recorder = recorder
        self._ended: list[Ended] = []
        self._created = self.touched = time.monotonic()
        body = request.body
        self.idle_timeout = soap.seconds(soap.child_text(body, "IdleTimeOut"), 7200.0)
        self.input_streams = soap.child_text(body, "InputStreams", "stdin")
        self.output_streams = soap.child_text(body, "OutputStreams", "stdout stderr")

    @property
    def expired(self) -> bool:
        """Whether the shell has been idle for longer than its IdleTimeOut."""
        return time.monotonic() - self.touched > self.idle_timeout

    def touch(self) -> None:
        """A request has named the shell."""
        self.touched = time.monotonic()
        self.attached = True

    def description(self) -> str:
        """The rsp:Shell element of answers to Create and Get."""
        age = int(time.monotonic() - self._created)
        fields = (
            ("ShellId", self.id),
            ("ResourceUri", self.resource_uri),
            ("Owner", self.caller.account),
            ("ClientIP", self.caller.address),
            ("IdleTimeOut", f"PT{self.idle_timeout:.3f}S"),
            ("InputStreams", self.input_streams),
            ("OutputStreams", self.output_streams),
            ("ShellRunTime", f"P0DT0H0M{age}S"),
            ("ShellInactivity", "P0DT0H0M0S"),
        )
        inner = "".join(soap.element(f"rsp:{name}", text) for name, text in fields)
        return f'<rsp:Shell xmlns:rsp="{soap.SHELL}">{inner}</rsp:Shell>'

    def record(self, record: Record, exit_code: int) -> None:
        """Note a command that has ended."""
        self._ended.append(Ended(record, exit_code, datetime.now(timezone.utc)))
        if not self.attached:
            self.write_lines()

    def write_lines(self) -> None:
        """Write the lines of the commands that have ended; the traffic since the last line goes to the first."""
        shell = {
            "device": self.host.name,
            "shell": self.id,
            "account": self.caller.account,
            "auth": self.caller.auth,
            "protocol": self.protocol,
        }
        for ended in self._ended:
            self._recorder.write(shell, ended, self.traffic)
        self._ended.clear()

    def detach(self) -> None:
        """The connection of the client is gone; whatever the shell does from now on has no exchange to wait for."""
        self.attached = False
        self.write_lines()

    def end(self) -> None:
        """Kill what runs."""
        self.kill()
        self.detach()

    def kill(self) -> None:
        """Kill what runs."""
        raise NotImplementedError

    def channel(self, command_id: str) -> Channel:
        """The channel that a Receive asks for; raises Fault."""
        raise NotImplementedError


class CommandShell(Shell):
    """A shell of WinRS: each command is a process."""

    def __init__(self, shell_id: str, host: Host, caller: Caller, recorder: Recorder, request: soap.Request) -> None:
        super().__init__(shell_id, host, caller, recorder, request)
        self.codepage = request.options.get("WINRS_CODEPAGE", "437")
        self.working_directory = soap.child_text(request.body, "WorkingDirectory")
        self.environment: dict[str, str] = {}
        if request.body is not None:
            for variable in request.body.iterfind(f"{{{soap.SHELL}}}Environment/{{{soap.SHELL}}}Variable"):
                self.environment[variable.get("Name", "")] = variable.text or ""
        self._commands: dict[str, Command] = {}
        self._started = 0

    def command(self, request: soap.Request, limit: int) -> str:
        """Start a process; returns the body of the answer. Raises Fault."""
        if self._started >= limit:
            raise faults.too_many_operations(limit)
        body = request.body
        if body is None or body.tag != f"{{{soap.SHELL}}}CommandLine":
            raise faults.invalid_parameter()
        words = [element.text or "" for element in body if element.tag.endswith(("}Command", "}Arguments"))]
        command_id = (body.get("CommandId") or soap.new_id()).upper()
        command = Command(command_id, " ".join(words).strip(), request.flag("WINRS_SKIP_CMD_SHELL"))
        if command.skip_shell and not cmd.can_start(command.line):
            raise faults.file_not_found()
        self.write_lines()
        self._started += 1
        self._commands[command_id] = command
        command.task = asyncio.get_running_loop().create_task(self._run(command))
        return f"<rsp:CommandResponse>{soap.element('rsp:CommandId', command_id)}</rsp:CommandResponse>"

    def send(self, request: soap.Request) -> str:
        """Take input for a process."""
        for stream in () if request.body is None else request.body.iterfind(f"{{{soap.SHELL}}}Stream"):
            command = self.channel(stream.get("CommandId", ""))
            command.send(base64.b64decode(stream.text or ""), stream.get("End", "").lower() == "true")
        return "<rsp:SendResponse/>"

    def signal(self, request: soap.Request) -> str:
        """Terminate a process, or forget one that has ended."""
        command = self.channel("" if request.body is None else request.body.get("CommandId", ""))
        code = soap.child_text(request.body, "Code").lower()
        if command.task is not None:
            command.task.cancel()
        if not code.endswith(("/ctrl_c", "/ctrl_break")) or command.closed:
            del self._commands[command.id]
        return "<rsp:SignalResponse/>"

    def channel(self, command_id: str) -> Command:
        """The command of this id; raises Fault."""
        if not command_id:
            raise faults.invalid_parameter()
        command = self._commands.get(command_id.upper())
        if command is None:
            raise faults.command_not_found()
        return command

    def kill(self) -> None:
        """Kill every process."""
        for command in self._commands.values():
            if command.task is not None and command.task is not asyncio.current_task():
                command.task.cancel()
        self._commands.clear()

    async def _run(self, command: Command) -> None:
        session = Session(self.host, self.caller.account, command.read_input, self.environment, cmd.run)
        outcome = Outcome(KILLED)
        try:
            outcome = await cmd.run(command.line, session, skip_shell=command.skip_shell)
        except ConnectionAbortedError:  # the machine has lost power under the process
            pass
        finally:
            encoding = "utf-8" if self.codepage == "65001" else f"cp{self.codepage}"
            command.feed("stdout", outcome.stdout.encode(encoding, "replace"))
            command.feed("stderr", outcome.stderr.encode(encoding, "replace"))
            self.record(outcome.record, outcome.exit_code)
            command.close(outcome.exit_code)


def receive_body(command_id: str, batch: Batch, exit_code: int | None) -> str:
    """The body of an answer to Receive; `command_id` is empty for the output of a runspace pool itself."""
    owner = {"CommandId": command_id} if command_id else {}
    parts = [
        soap.element("rsp:Stream", base64.b64encode(data).decode(), Name=name, **owner) for name, data in batch.pieces
    ]
    if batch.last:
        parts += [soap.element("rsp:Stream", Name=name, End="true", **owner) for name in ("stdout", "stderr")]
    if command_id and (batch.last or batch.pieces):
        state = f"{_STATE}{'Done' if batch.last else 'Running'}"
        inner = soap.element("rsp:ExitCode", str(exit_code)) if batch.last else ""
        parts.append(f'<rsp:CommandState CommandId="{command_id}" State="{state}">{inner}</rsp:CommandState>')
    return f"<rsp:ReceiveResponse>{''.join(parts)}</rsp:ReceiveResponse>"
