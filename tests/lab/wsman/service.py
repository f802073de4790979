# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WinRM service of one device: requests in, answers or faults out."""

from __future__ import annotations

import asyncio
import typing as t
from dataclasses import dataclass

from ..host import Host
from ..recorder import Recorder, Traffic
from . import faults, soap
from .psrp import PowerShellShell
from .shell import Caller, CommandShell, Shell, receive_body

#: Defaults of Windows 10 and 11: MaxShellsPerUser, MaxConcurrentOperationsPerUser, MaxEnvelopeSizekb.
MAX_SHELLS = 30
MAX_OPERATIONS = 1500
MAX_ENVELOPE = 500 * 1024

_CONFIG_URI = "http://schemas.microsoft.com/wbem/wsman/1/config"


@dataclass
class Reply:
    """An answer and what the network should do with it: `cut` is "", "drop" (nothing is sent) or "half"."""

    status: int
    envelope: str
    shell: Shell | None = None
    cut: str = ""


class WinRM:
    """The shells of one device."""

    def __init__(self, host: Host, recorder: Recorder) -> None:
        self.host = host
        self._recorder = recorder
        self._shells: dict[str, Shell] = {}

    async def handle(self, request: soap.Request, caller: Caller) -> Reply:
        """Serve one request; a Fault becomes an answer here."""
        self._forget_expired()
        try:
            if request.size > MAX_ENVELOPE:
                raise faults.request_too_large(MAX_ENVELOPE)
            return await self._dispatch(request, caller)
        except faults.Fault as fault:
            return Reply(fault.status, fault.render(request.message_id, self.host.hostname), self._of(request, caller))

    def settle(self, reply: Reply, traffic: Traffic) -> None:
        """Count an exchange that is over; after the last one of a shell, end it."""
        if reply.shell is not None:
            reply.shell.traffic.add(traffic)
            if reply.shell.deleted:
                reply.shell.end()

    def power_off(self) -> None:
        """Lose every shell and what runs in it."""
        shells, self._shells = list(self._shells.values()), {}
        for shell in shells:
            shell.end()

    async def _dispatch(self, request: soap.Request, caller: Caller) -> Reply:
        action = request.action
        if request.body is not None and request.body.tag == f"{{{soap.IDENTITY}}}Identify":
            return Reply(200, self._identify())
        if action == f"{soap.TRANSFER}/Create":
            return self._create(request, caller)
        if action == f"{soap.TRANSFER}/Get" and request.resource_uri == _CONFIG_URI:
            size = soap.element("cfg:MaxEnvelopeSizekb", str(MAX_ENVELOPE // 1024))
            return self._answer(request, None, f'<cfg:Config xmlns:cfg="{soap.CONFIG}">{size}</cfg:Config>')
        known = action.startswith(f"{soap.SHELL}/") or action in {f"{soap.TRANSFER}/Get", f"{soap.TRANSFER}/Delete"}
        if not known:
            raise faults.action_not_supported(action)
        shell = self._of(request, caller)
        if shell is None:
            raise faults.shell_not_found(request.shell_id)
        name = action.rpartition("/")[2]
        if name == "Receive":
            return await self._receive(request, shell)
        return self._answer(request, shell, self._on_shell(name, request, shell))

    def _on_shell(self, name: str, request: soap.Request, shell: t.Any) -> str:
        if name == "Command":
            if self.host.faults.take("busy_operations") is not None:
                raise faults.too_many_operations(MAX_OPERATIONS)
            return shell.command(request, MAX_OPERATIONS)
        if name == "Send":
            return shell.send(request)
        if name == "Signal":
            return shell.signal(request)
        if name == "Get":
            return shell.description()
        if name == "Delete":
            del self._shells[shell.id]
            shell.deleted = True
            return ""
        raise faults.action_not_supported(request.action)

    def _create(self, request: soap.Request, caller: Caller) -> Reply:
        if self.host.faults.take("http_500") is not None:
            return Reply(500, "")
        if self.host.faults.take("access_denied") is not None:
            raise faults.access_denied()
        own = sum(shell.caller.account == caller.account for shell in self._shells.values())
        if own >= MAX_SHELLS or self.host.faults.take("busy_shells") is not None:
            raise faults.too_many_shells(MAX_SHELLS)
        given = "" if request.body is None else request.body.get("ShellId", "").upper()
        shell_id = given or soap.new_id()
        shell: Shell
        if request.resource_uri == soap.CMD_SHELL_URI:
            shell = CommandShell(shell_id, self.host, caller, self._recorder, request)
        elif request.resource_uri == f"{soap.POWERSHELL}/Microsoft.PowerShell":
            shell = PowerShellShell(shell_id, self.host, caller, self._recorder, request)
        else:
            raise faults.unknown_resource(request.resource_uri)
        self._shells[shell_id] = shell
        selector = soap.element("w:Selector", shell_id, Name="ShellId")
        body = (
            f"<x:ResourceCreated>{soap.element('a:Address', request.to)}<a:ReferenceParameters>"
            f"{soap.element('w:ResourceURI', request.resource_uri)}<w:SelectorSet>{selector}</w:SelectorSet>"
            f"</a:ReferenceParameters></x:ResourceCreated>{shell.description()}"
        )
        return self._answer(request, shell, body)

    async def _receive(self, request: soap.Request, shell: Shell) -> Reply:
        stream = None if request.body is None else request.body.find(f"{{{soap.SHELL}}}DesiredStream")
        command_id = "" if stream is None else stream.get("CommandId", "").upper()
        channel = shell.channel(command_id)
        if channel.last_answer and channel.last_answer[0] == request.message_id:
            return Reply(200, channel.last_answer[1], shell)
        if command_id and self.host.faults.take("never_answers") is not None:
            channel.silent = True
        if not await channel.ready(request.timeout):
            raise faults.timed_out()
        slow = self.host.faults.take("slow_receive")
        if slow is not None:
            await asyncio.sleep(float(slow.get("seconds", 1)))
        batch = channel.batch(request.max_envelope)
        if batch.last and self.host.faults.take("drop_receive") is not None:
            return Reply(200, "", shell, cut="drop")
        channel.take(batch)
        reply = self._answer(request, shell, receive_body(command_id, batch, channel.exit_code))
        channel.last_answer = (request.message_id, reply.envelope)
        if batch.last and self.host.faults.take("drop_half_answer") is not None:
            reply.cut = "half"
        return reply

    def _of(self, request: soap.Request, caller: Caller) -> Shell | None:
        """The caller's shell that a request names; another account's shell does not exist for the caller."""
        shell = self._shells.get(request.shell_id)
        if shell is None or shell.caller.account != caller.account:
            return None
        shell.touch()
        return shell

    def _answer(self, request: soap.Request, shell: Shell | None, body: str) -> Reply:
        return Reply(200, soap.answer(f"{request.action}Response", request.message_id, body), shell)

    def _identify(self) -> str:
        fields = (
            ("ProtocolVersion", soap.WSMAN),
            ("ProductVendor", "Microsoft Corporation"),
            ("ProductVersion", "OS: 10.0.22631 SP: 0.0 Stack: 3.0"),
        )
        inner = "".join(soap.element(f"wsmid:{name}", text) for name, text in fields)
        return (
            f'<s:Envelope xml:lang="en-US" xmlns:s="{soap.SOAP}"><s:Header/><s:Body><wsmid:IdentifyResponse'
            f' xmlns:wsmid="{soap.IDENTITY}">{inner}</wsmid:IdentifyResponse></s:Body></s:Envelope>'
        )

    def _forget_expired(self) -> None:
        for shell in [shell for shell in self._shells.values() if shell.expired]:
            del self._shells[shell.id]
            shell.end()
