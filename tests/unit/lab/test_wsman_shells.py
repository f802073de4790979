# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shells and commands over WS-Man, as pywinrm sees them."""

from __future__ import annotations

import asyncio
import base64
import types
from collections.abc import Iterator

import pytest
import requests
import xmltodict
from winrm.exceptions import WinRMOperationTimeoutError, WinRMTransportError, WSManFaultError
from winrm.protocol import Protocol

from tests.lab.wsman import service, soap

from .wsman_lab import PATIENCE, WsmanLab


@pytest.fixture
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WsmanLab]:
    lab = WsmanLab(tmp_path_factory.mktemp("lab"))
    yield lab
    lab.stop()


def protocol(lab: WsmanLab, scheme: str = "http", user: str = "ops", timeout: int = 5) -> Protocol:
    transport = {"transport": "ntlm", "message_encryption": "always"} if scheme == "http" else {"transport": "basic"}
    return Protocol(
        lab.url(scheme),
        username=user,
        password=lab.hosts[0].accounts[user],
        ca_trust_path=lab.ca,
        operation_timeout_sec=timeout,
        read_timeout_sec=PATIENCE,
        **transport,
    )


def run(client: Protocol, shell: str, command: str, *arguments: str) -> tuple[bytes, bytes, int]:
    return client.get_command_output(shell, client.run_command(shell, command, arguments))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_command_returns_output_error_text_and_exit_code(lab: WsmanLab, scheme: str) -> None:
    client = protocol(lab, scheme)
    shell = client.open_shell()
    assert run(client, shell, "hostname") == (b"PC0\r\n", b"", 0)
    assert run(client, shell, "cmd", "/c", "exit", "7") == (b"", b"", 7)
    assert run(client, shell, "nonsense")[1].startswith(b"'nonsense' is not recognized as an internal")
    client.close_shell(shell)


def test_big_output_comes_in_envelopes_of_the_size_the_client_asks_for(lab: WsmanLab) -> None:
    lab.hosts[0].dsregcmd_text = "x" * 700_000
    client = protocol(lab)
    shell = client.open_shell()
    command = client.run_command(shell, "dsregcmd", ["/status"])
    sizes = []
    done = False
    while not done:
        output, _errors, _code, done = client.get_command_output_raw(shell, command)
        sizes.append(len(output))
    assert sum(sizes) == 700_000
    assert len(sizes) > 4
    assert max(sizes) <= 153600 * 3 // 4


def test_output_is_in_the_shells_code_page(lab: WsmanLab) -> None:
    lab.hosts[0].dsregcmd_text = "Gerät\r\n"
    client = protocol(lab)
    assert run(client, client.open_shell(codepage=437), "dsregcmd")[0] == "Gerät\r\n".encode("cp437")
    assert run(client, client.open_shell(codepage=65001), "dsregcmd")[0] == "Gerät\r\n".encode()


def test_the_shells_environment_is_seen_by_its_commands(lab: WsmanLab) -> None:
    client = protocol(lab)
    shell = client.open_shell(env_vars={"ROLLOUT": "wave 3"})
    assert run(client, shell, "echo", "%ROLLOUT%", "%COMPUTERNAME%")[0] == b"wave 3 PC0\r\n"


def test_receive_times_out_while_a_command_is_silent(lab: WsmanLab) -> None:
    client = protocol(lab, timeout=1)
    shell = client.open_shell()
    lab.hosts[0].gate = lab.call(_event)
    command = client.run_command(shell, "shutdown", ["/r", "/t", "0"])
    with pytest.raises(WinRMOperationTimeoutError):
        client.get_command_output_raw(shell, command)
    lab.loop.call_soon_threadsafe(lab.hosts[0].gate.set)
    assert client.get_command_output(shell, command)[2] == 0


async def _event() -> asyncio.Event:
    return asyncio.Event()


def test_an_unknown_shell_and_an_unknown_command_are_faults(lab: WsmanLab) -> None:
    client = protocol(lab)
    with pytest.raises(WSManFaultError) as no_shell:
        client.run_command("00000000-0000-0000-0000-000000000000", "hostname")
    shell = client.open_shell()
    with pytest.raises(WSManFaultError) as no_command:
        client.get_command_output_raw(shell, "00000000-0000-0000-0000-000000000000")
    for error in (no_shell.value, no_command.value):
        assert (error.code, error.fault_subcode, error.wsman_fault_code) == (500, "w:InvalidSelectors", 2150858843)


def test_a_deleted_shell_is_gone(lab: WsmanLab) -> None:
    client = protocol(lab)
    shell = client.open_shell()
    client.close_shell(shell, close_session=False)
    with pytest.raises(WSManFaultError):
        client.run_command(shell, "hostname")


def test_the_shell_of_another_account_does_not_exist(lab: WsmanLab) -> None:
    shell = protocol(lab).open_shell()
    with pytest.raises(WSManFaultError) as error:
        protocol(lab, user="guest").run_command(shell, "hostname")
    assert error.value.wsman_fault_code == 2150858843


def test_the_number_of_shells_of_an_account_is_limited(lab: WsmanLab) -> None:
    client = protocol(lab)
    shells = [client.open_shell() for _number in range(service.MAX_SHELLS)]
    with pytest.raises(WSManFaultError) as error:
        client.open_shell()
    assert error.value.wsman_fault_code == 2150859173
    client.close_shell(shells[0], close_session=False)
    assert client.open_shell()


def test_a_request_larger_than_the_services_limit_is_a_fault(lab: WsmanLab) -> None:
    client = protocol(lab)
    shell = client.open_shell()
    command = client.run_command(shell, "hostname")
    client.send_command_input(shell, command, b"x" * 300_000)
    with pytest.raises(WSManFaultError) as error:
        client.send_command_input(shell, command, b"x" * 400_000)
    assert (error.value.fault_subcode, error.value.wsman_fault_code) == ("w:EncodingLimit", 2150858805)


def test_terminate_kills_a_command_that_waits_for_input(lab: WsmanLab) -> None:
    client = protocol(lab, timeout=1)
    shell = client.open_shell()
    lab.hosts[0].gate = lab.call(_event)
    command = client.run_command(shell, "shutdown", ["/r"])
    client.cleanup_command(shell, command)
    with pytest.raises(WSManFaultError):
        client.get_command_output_raw(shell, command)
    client.close_shell(shell)
    assert [line["exit_code"] for line in lab.lines()] == [-1073741510]


def test_a_missing_program_without_a_shell_is_a_fault(lab: WsmanLab) -> None:
    client = protocol(lab)
    shell = client.open_shell()
    command = client.run_command(shell, "hostname", skip_cmd_shell=True)
    assert client.get_command_output(shell, command)[0] == b"PC0\r\n"
    with pytest.raises(WSManFaultError) as error:
        client.run_command(shell, "nonsense.exe", skip_cmd_shell=True)
    assert error.value.wsman_fault_code == 2


def test_identify_tells_the_product(lab: WsmanLab) -> None:
    body = f'<s:Body><i:Identify xmlns:i="{soap.IDENTITY}"/></s:Body>'
    envelope = f'<s:Envelope xmlns:s="{soap.SOAP}"><s:Header/>{body}</s:Envelope>'
    answer = lab.post(lab.url("https"), envelope.encode(), auth=("ops", lab.hosts[0].accounts["ops"]))
    assert answer.status_code == 200
    assert "Microsoft Corporation" in answer.text


def test_an_unknown_action_is_a_fault_that_relates_to_its_request(lab: WsmanLab) -> None:
    client = protocol(lab, "https")
    message = {"env:Envelope": client.build_wsman_header("urn:dance", soap.CMD_SHELL_URI, message_id="my-id")}
    message["env:Envelope"]["env:Body"] = {}
    with pytest.raises(WSManFaultError) as error:
        client.send_message(xmltodict.unparse(message))
    assert error.value.fault_subcode == "w:ActionNotSupported"
    assert "<a:RelatesTo>uuid:my-id</a:RelatesTo>" in error.value.response


def test_a_dropped_answer_can_be_fetched_again_on_a_new_connection(lab: WsmanLab) -> None:
    client = protocol(lab)
    shell = client.open_shell()
    lab.hosts[0].faults["drop_receive"] = [{}]
    command = client.run_command(shell, "hostname")
    with pytest.raises(requests.exceptions.ConnectionError):
        client.get_command_output(shell, command)
    assert protocol(lab).get_command_output(shell, command) == (b"PC0\r\n", b"", 0)


def test_the_same_message_sent_again_gets_the_same_answer(lab: WsmanLab) -> None:
    client = protocol(lab, "https")
    shell = client.open_shell()
    command = client.run_command(shell, "hostname")
    header = client.build_wsman_header(f"{soap.SHELL}/Receive", soap.CMD_SHELL_URI, shell, message_id="again")
    stream = {"@CommandId": command, "#text": "stdout stderr"}
    header["env:Body"] = {"rsp:Receive": {"rsp:DesiredStream": stream}}
    first, second = (client.send_message(xmltodict.unparse({"env:Envelope": header})) for _time in range(2))
    assert first == second
    assert base64.b64encode(b"PC0\r\n") in first


def test_a_shell_that_was_idle_for_too_long_is_gone(lab: WsmanLab) -> None:
    client = protocol(lab)
    shell = client.open_shell(idle_timeout="PT0S")
    with pytest.raises(WSManFaultError) as error:
        client.run_command(shell, "hostname")
    assert error.value.wsman_fault_code == 2150858843


def test_an_answer_can_be_slow(lab: WsmanLab, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(service, "asyncio", types.SimpleNamespace(sleep=sleep))
    lab.hosts[0].faults["slow_receive"] = [{"seconds": 45}]
    client = protocol(lab)
    shell = client.open_shell()
    command = client.run_command(shell, "hostname")
    assert waits == []
    client.get_command_output(shell, command)
    assert waits == [45]


def test_a_cut_answer_ends_in_the_middle_and_its_command_is_recorded(lab: WsmanLab) -> None:
    client = protocol(lab, "https")
    shell = client.open_shell()
    lab.hosts[0].faults["drop_half_answer"] = [{}]
    command = client.run_command(shell, "hostname")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        client.get_command_output(shell, command)
    assert [line["exit_code"] for line in lab.lines(at_least=1)] == [0]


def test_a_dropped_request_runs_nothing(lab: WsmanLab) -> None:
    client = protocol(lab)
    shell = client.open_shell()
    lab.hosts[0].faults["drop_request"] = [{}]
    with pytest.raises(requests.exceptions.ConnectionError):
        client.run_command(shell, "hostname")
    assert lab.lines() == []


def test_a_bare_500_is_no_fault(lab: WsmanLab) -> None:
    lab.hosts[0].faults["http_500"] = [{}]
    with pytest.raises(WinRMTransportError) as error:
        protocol(lab).open_shell()
    assert (error.value.code, error.value.response_text) == (500, "")


def test_faults_of_quota_and_access_can_be_asked_for(lab: WsmanLab) -> None:
    faults = lab.hosts[0].faults
    faults |= {"busy_shells": [{}], "access_denied": [{}], "busy_operations": [{}]}
    client = protocol(lab)
    with pytest.raises(WSManFaultError) as denied:
        client.open_shell()
    with pytest.raises(WSManFaultError) as shells:
        client.open_shell()
    with pytest.raises(WSManFaultError) as operations:
        client.run_command(client.open_shell(), "hostname")
    assert denied.value.wsman_fault_code == 5
    assert shells.value.wsman_fault_code == 2150859173
    assert operations.value.wmierror_code == 0x803381A6  # the code that ansible-core looks for


def test_power_off_closes_the_ports_and_loses_the_shells_and_power_on_opens_the_same_ports(lab: WsmanLab) -> None:
    client = protocol(lab)
    shell = client.open_shell()
    before = dict(lab.listeners.ports)
    lab.power(False)
    with pytest.raises(requests.exceptions.ConnectionError, match=r"reset|aborted|closed|refused"):
        client.run_command(shell, "hostname")
    for scheme in ("http", "https"):
        with pytest.raises(requests.exceptions.ConnectionError, match="refused"):
            lab.post(lab.url(scheme))
    lab.power(True)
    assert lab.listeners.ports == before
    client = protocol(lab)
    with pytest.raises(WSManFaultError) as error:
        client.run_command(shell, "hostname")
    assert error.value.wsman_fault_code == 2150858843
    assert run(client, client.open_shell(), "hostname")[0] == b"PC0\r\n"


def test_another_device_stays_on(lab: WsmanLab) -> None:
    lab.power(False)
    assert lab.post(lab.url("http", 1)).status_code == 401
