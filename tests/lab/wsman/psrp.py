# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shells of PowerShell remoting: a runspace pool as a shell, its pipelines as commands (MS-PSRP over MS-WSMV).

The protocol itself, with its fragments and CLIXML, is psrpcore's; here it meets the shells and the scripts.
"""

from __future__ import annotations

import asyncio
import base64
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import psrpcore
from psrpcore.types import (
    ErrorCategoryInfo,
    ErrorRecord,
    HostMethodIdentifier,
    NETException,
    PipelineState,
    PSInvocationState,
    PSVersion,
)

from ..commands import cmd, powershell
from ..commands.session import Error, Record, ScriptResult, Session
from ..host import Host
from ..recorder import Recorder
from . import faults, soap
from .shell import KILLED, Caller, Channel, Shell

_FRAGMENT = 32768
_VERSIONS = {
    "PSVersionTable": {
        "PSVersion": PSVersion("5.1.22621.4391"),
        "PSEdition": "Desktop",
        "WSManStackVersion": PSVersion("3.0"),
        "PSRemotingProtocolVersion": PSVersion("2.3"),
        "SerializationVersion": PSVersion("1.1.0.1"),
    }
}


@dataclass
class Pipeline(Channel):
    """A pipeline: the server side of psrpcore, the objects piped into it, its output."""

    id: str
    core: psrpcore.ServerPipeline
    task: asyncio.Task[None] | None = None
    _input: list[str | bytes] = field(default_factory=list)
    _input_closed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        super().__init__()

    def pipe(self, item: object) -> None:
        """Take one object of input."""
        self._input.append(bytes(item) if isinstance(item, bytes) else str(item))

    def close_input(self) -> None:
        """No more input."""
        self._input_closed.set()

    async def read_input(self) -> list[str | bytes]:
        """All input, once the client has closed it."""
        await self._input_closed.wait()
        return self._input


class PowerShellShell(Shell):
    """A runspace pool; its scripts run in the host process of the shell, so no PowerShell process is started."""

    protocol = "psrp"

    def __init__(self, shell_id: str, host: Host, caller: Caller, recorder: Recorder, request: soap.Request) -> None:
        super().__init__(shell_id, host, caller, recorder, request)
        self._pool = psrpcore.ServerRunspacePool(application_private_data=dict(_VERSIONS))
        self._channel = Channel()
        self._pipelines: dict[str, Pipeline] = {}
        self._started = 0
        opening = None if request.body is None else request.body.findtext(f"{{{soap.POWERSHELL}}}creationXml")
        if not opening:
            raise faults.invalid_parameter()
        self._take(base64.b64decode(opening), None)

    def command(self, request: soap.Request, limit: int) -> str:
        """Create a pipeline; the first fragments are in the arguments. Raises Fault."""
        if self._started >= limit:
            raise faults.too_many_operations(limit)
        body = request.body
        if body is None or not body.get("CommandId"):
            raise faults.invalid_parameter()
        self.write_lines()
        self._started += 1
        command_id = body.get("CommandId", "").upper()
        core = psrpcore.ServerPipeline(self._pool, uuid.UUID(command_id))
        self._pipelines[command_id] = Pipeline(command_id, core)
        self._take(base64.b64decode(soap.child_text(body, "Arguments")), command_id)
        return f"<rsp:CommandResponse>{soap.element('rsp:CommandId', command_id)}</rsp:CommandResponse>"

    def send(self, request: soap.Request) -> str:
        """Take fragments for the pool or a pipeline."""
        for stream in () if request.body is None else request.body.iterfind(f"{{{soap.SHELL}}}Stream"):
            command_id = stream.get("CommandId", "").upper()
            self.channel(command_id)
            self._take(base64.b64decode(stream.text or ""), command_id or None)
        return "<rsp:SendResponse/>"

    def signal(self, request: soap.Request) -> str:
        """Stop a pipeline, or forget one that has ended."""
        command_id = "" if request.body is None else request.body.get("CommandId", "").upper()
        pipeline = self._pipelines.pop(command_id, None)
        if pipeline is None:
            raise faults.command_not_found()
        if pipeline.task is not None:
            pipeline.task.cancel()
        return "<rsp:SignalResponse/>"

    def channel(self, command_id: str) -> Channel:
        """The pool's channel for the empty id, else the pipeline's; raises Fault."""
        if not command_id:
            return self._channel
        pipeline = self._pipelines.get(command_id.upper())
        if pipeline is None:
            raise faults.command_not_found()
        return pipeline

    def kill(self) -> None:
        """Stop every pipeline."""
        for pipeline in self._pipelines.values():
            if pipeline.task is not None and pipeline.task is not asyncio.current_task():
                pipeline.task.cancel()
        self._pipelines.clear()

    def _take(self, data: bytes, command_id: str | None) -> None:
        """Hand fragments to psrpcore, act on what they make, and queue what it says."""
        pipeline_id = uuid.UUID(command_id) if command_id else None
        self._pool.receive_data(psrpcore.PSRPPayload(data, psrpcore.StreamType.default, pipeline_id))
        while (event := self._pool.next_event()) is not None:
            pipeline = self._pipelines.get(str(event.pipeline_id).upper())
            if isinstance(event, psrpcore.CreatePipelineEvent) and pipeline is not None:
                if event.pipeline.no_input:
                    pipeline.close_input()
                pipeline.task = asyncio.get_running_loop().create_task(self._run(pipeline, event.pipeline))
            elif isinstance(event, psrpcore.PipelineInputEvent) and pipeline is not None:
                pipeline.pipe(event.data)
            elif isinstance(event, psrpcore.EndOfPipelineInputEvent) and pipeline is not None:
                pipeline.close_input()
            elif isinstance(event, psrpcore.GetAvailableRunspacesEvent):
                self._pool.runspace_availability_response(event.ci, 1)
        self._flush()

    def _flush(self) -> None:
        while (payload := self._pool.data_to_send(_FRAGMENT)) is not None:
            target = self._pipelines.get(str(payload.pipeline_id).upper()) if payload.pipeline_id else self._channel
            if target is not None:
                target.feed("stdout", payload.data, whole=True)

    async def _run(self, pipeline: Pipeline, created: psrpcore.PowerShell) -> None:
        pipeline.core.start()
        result = ScriptResult(exit_code=KILLED)
        try:
            result = await _script(
                created,
                Session(
                    self.host,
                    self.caller.account,
                    _reader(pipeline),
                    {},
                    cmd.run,
                ),
            )
        except ConnectionAbortedError:  # the machine has lost power under the pipeline
            pass
        finally:
            self.record(result.record, result.exit_code if result.exit_code is not None else int(bool(result.errors)))
            for line in result.output:
                pipeline.core.write_output(line)
            last = result.errors.pop() if result.stopped and result.errors else None
            for error in result.errors:
                pipeline.core.write_error(NETException(Message=error.message), fully_qualified_error_id=error.error_id)
            if result.exit_code is not None:
                pipeline.core.host_call(HostMethodIdentifier.SetShouldExit, [result.exit_code])
            if last is None:
                pipeline.core.complete()
            else:
                _fail(pipeline.core, last)
            self._flush()
            pipeline.close(0)


def _reader(pipeline: Pipeline) -> Callable[[], Awaitable[list[str | bytes]]]:
    return pipeline.read_input


def _fail(pipeline: psrpcore.ServerPipeline, error: Error) -> None:
    """End a pipeline with the terminating error that stopped it (MS-PSRP 2.2.2.21)."""
    record = ErrorRecord(
        Exception=NETException(Message=error.message),
        CategoryInfo=ErrorCategoryInfo(Reason=error.error_id),
        FullyQualifiedErrorId=error.error_id,
    )
    pipeline.prepare_message(PipelineState(PipelineState=PSInvocationState.Failed.value, ExceptionAsErrorRecord=record))
    pipeline.state = PSInvocationState.Failed


async def _script(created: psrpcore.PowerShell, session: Session) -> ScriptResult:
    """Run the commands of a pipeline: a script as it is, Invoke-Expression's script, a cmdlet with its arguments."""
    total = ScriptResult(record=Record())
    for command in created.commands:
        named = {str(name).lower(): value for name, value in command.parameters if name}
        arguments = [str(value) for name, value in command.parameters if not name]
        if command.command_text == "Out-String":
            total.output = ["\r\n".join([*total.output, ""])] if total.output else []
            continue
        if command.command_text == "Invoke-Expression" and "command" in named:
            text = str(named["command"])
        else:
            text = command.command_text if command.is_script else " ".join([command.command_text, *arguments])
        result = await powershell.run_script(text, arguments, session)
        total.output += result.output
        total.errors += result.errors
        total.exit_code, total.record, total.stopped = result.exit_code, result.record, result.stopped
    return total
