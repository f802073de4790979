# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recording counts what really went over the wire."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import pytest
import requests
from winrm.protocol import Protocol

from .wsman_lab import WsmanLab


@pytest.fixture
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WsmanLab]:
    lab = WsmanLab(tmp_path_factory.mktemp("lab"))
    yield lab
    lab.stop()


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Body sizes of every request and answer, counted where requests hands them to the network."""
    seen: list[tuple[int, int]] = []
    send = requests.adapters.HTTPAdapter.send

    def counted(self: t.Any, request: requests.PreparedRequest, **options: t.Any) -> requests.Response:
        answer = send(self, request, **options)
        seen.append((len(request.body or b""), int(answer.headers["Content-Length"])))
        return answer

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", counted)
    return seen


@pytest.mark.parametrize(("scheme", "requests_of_one_command"), [("http", 8), ("https", 5)])
def test_one_line_has_the_whole_exchange(
    lab: WsmanLab, wire: list[tuple[int, int]], scheme: str, requests_of_one_command: int
) -> None:
    transport = {"transport": "ntlm", "message_encryption": "always"} if scheme == "http" else {"transport": "basic"}
    client = Protocol(
        lab.url(scheme), username="ops", password=lab.hosts[0].accounts["ops"], ca_trust_path=lab.ca, **transport
    )
    shell = client.open_shell()
    command = client.run_command(shell, "cmd", ["/c", "exit", "3"])
    client.get_command_output(shell, command)
    client.cleanup_command(shell, command)
    assert lab.lines() == []  # the exchange is not over
    client.close_shell(shell)
    (line,) = lab.lines()
    assert (line["device"], line["account"], line["shell"], line["exit_code"]) == ("pc0", "ops", shell, 3)
    assert line["auth"] == ("ntlm" if scheme == "http" else "basic")
    assert (line["kind"], line["operations"], line["processes"]) == ("command", [], 0)
    assert line["requests"] == len(wire) == requests_of_one_command
    assert line["bytes_in"] == sum(sent for sent, _received in wire)
    assert line["bytes_out"] == sum(received for _sent, received in wire)


def test_two_commands_of_one_shell_are_two_lines_with_all_the_traffic(
    lab: WsmanLab, wire: list[tuple[int, int]]
) -> None:
    client = Protocol(
        lab.url("https"), transport="basic", username="ops", password=lab.hosts[0].accounts["ops"], ca_trust_path=lab.ca
    )
    shell = client.open_shell()
    for name in ("hostname", "whoami"):
        command = client.run_command(shell, name)
        client.get_command_output(shell, command)
        client.cleanup_command(shell, command)
    client.close_shell(shell)
    lines = lab.lines()
    assert [line["exit_code"] for line in lines] == [0, 0]
    assert sum(line["requests"] for line in lines) == len(wire)
    assert sum(line["bytes_in"] + line["bytes_out"] for line in lines) == sum(map(sum, wire))


def test_a_command_whose_client_has_gone_is_recorded(lab: WsmanLab) -> None:
    client = Protocol(
        lab.url("https"), transport="basic", username="ops", password=lab.hosts[0].accounts["ops"], ca_trust_path=lab.ca
    )
    shell = client.open_shell()
    client.get_command_output(shell, client.run_command(shell, "hostname"))
    client.transport.close_session()
    lab.stop()
    assert [line["exit_code"] for line in lab.lines()] == [0]
