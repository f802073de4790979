# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""-vvv says one line an exchange, -vvvv what the device refused, and neither a secret."""

from __future__ import annotations

import re

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible.utils.display import Display

from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device import session, trace, wire

from .scripted import OperationError, ScriptedDevice

SECRET = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ1cm46bXMifQ.c2lnbmF0dXJl"
LOOK = {
    "enrollments": op.registry_read(r"SOFTWARE\Microsoft\Enrollments", depth=1),
    "version": op.registry_read(r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"),
    "dsregcmd": op.dsregcmd_status(),
}


@pytest.fixture
def shown(monkeypatch):
    """The lines that were shown, with the verbosity as it is set."""
    lines: list[str] = []
    display = Display()

    def show(level):
        return lambda text, host=None: lines.append(f"<{host}> {text}") if display.verbosity >= level else None

    monkeypatch.setattr(display, "vvv", show(3))
    monkeypatch.setattr(display, "vvvv", show(4))

    def at(verbosity: int) -> list[str]:
        monkeypatch.setattr(display, "verbosity", verbosity)
        return lines

    return at


def talk(device: ScriptedDevice, operations: dict) -> None:
    session.DeviceSession(device.connection, device.execute, trace=trace.DeviceTrace("pc-0042")).run(operations)


def test_what_a_task_knows_to_be_secret_is_in_no_line(shown):
    lines = shown(4)
    password = "fK7-quartz-ladder"
    device = ScriptedDevice()

    def refuse(_parameters):
        raise OperationError("Win32Exception", f"cannot run 'net user rescue {password}'")

    device.handlers["dsregcmd_status"] = refuse
    masker = trace.DeviceTrace("pc", lambda text: text.replace(password, "***"))
    session.DeviceSession(device.connection, device.execute, trace=masker).run(LOOK)
    assert "net user rescue ***" in str(lines) and password not in str(lines)


def test_an_exchange_is_one_line_with_its_operations_outcome_seconds_and_bytes(shown):
    lines = shown(3)
    talk(ScriptedDevice(), LOOK)
    assert len(lines) == 1
    assert re.fullmatch(
        r"<pc-0042> winops\.entra: 2 registry_read, dsregcmd_status: ok; "
        r"\d+\.\d\d s, [1-9]\d+ bytes sent, [1-9]\d+ received",
        lines[0],
    )


@pytest.mark.parametrize("verbosity", [0, 1, 2])
def test_less_than_three_v_show_nothing(shown, verbosity):
    lines = shown(verbosity)
    talk(ScriptedDevice(), LOOK)
    assert lines == []


@pytest.mark.parametrize("verbosity", [3, 4])
def test_what_the_device_refuses_is_counted_and_told_at_four_v(shown, verbosity):
    device, lines = ScriptedDevice(), shown(verbosity)
    refusal = OperationError("SecurityException", f"Access denied;\r\n token={SECRET}", -2147024891)

    def registry(params):
        if "Enrollments" in params["path"]:
            raise refusal
        return {"exists": False, "key": None}

    device.handlers["registry_read"] = registry
    talk(device, LOOK)
    assert "1 of 3 refused" in lines[0] and SECRET not in "".join(lines)
    assert len(lines) == verbosity - 2
    if verbosity == 4:
        for part in (
            "enrollments",
            r"SOFTWARE\Microsoft\Enrollments",
            "Access denied",
            "SecurityException",
            "0x80070005",
        ):
            assert part in lines[1]


@pytest.mark.parametrize(
    ("error", "says"),
    [(AnsibleConnectionFailure(f"no route; password={SECRET}"), "connection_lost"), (None, "answer_missing")],
)
def test_an_exchange_without_an_answer_is_a_line_that_says_why(shown, error, says):
    device, lines = ScriptedDevice(), shown(3)

    def execute(_script, _data):
        if error:
            raise error
        return "", f"secret: {SECRET}", 1

    device.execute = execute
    with pytest.raises((session.ConnectionLost, wire.WireError)):
        talk(device, LOOK)
    assert len(lines) == 1 and says in lines[0] and "2 registry_read" in lines[0] and SECRET not in lines[0]


def test_no_parameter_that_may_be_secret_is_shown(shown):
    device, lines = ScriptedDevice(), shown(4)
    url = "https://files.example.com/a.ppkg?sig=6f1e2d3c4b5a69788796a5b4c3d2e1f0"

    def download(_params):
        raise OperationError("WebException", f"{url} is not there")

    device.handlers["download"] = download
    talk(
        device,
        {
            "job": op.job_start("x", [op.download(url, "x", "0" * 64, 1)], 5),
            "fetch": op.download(url, "x", "0" * 64, 1),
        },
    )
    assert len(lines) == 2 and "6f1e2d3c" not in "".join(lines) and "1 of 2 refused" in lines[0]


def test_a_device_writes_no_line_of_its_own_and_nothing_that_is_not_seen(shown):
    device, lines = ScriptedDevice(), shown(4)
    closed = {"type": "a\u2028b", "message": "no\u202e\r\nPLAY RECAP", "hresult": None}

    def registry(_params):
        return {"exists": True, "key": {"values": {}, "keys": {"a\u202e\nok: [pc-1]": {"refused": closed}}}}

    device.handlers["registry_read"] = registry
    talk(device, {"enrollments": LOOK["enrollments"]})
    assert len(lines) == 2 and "PLAY RECAP" in lines[1]
    assert all(line.isprintable() for line in lines)


def test_a_task_that_may_show_nothing_has_no_line(shown):
    lines = shown(4)
    device = ScriptedDevice()
    quiet = trace.DeviceTrace("pc", quiet=True)
    session.DeviceSession(device.connection, device.execute, trace=quiet).run(LOOK)
    quiet.failed(LOOK, wire.NoAnswer("cut"), 1.0, 1, 1)
    assert lines == []
