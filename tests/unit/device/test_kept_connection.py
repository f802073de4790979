# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection that Ansible has kept for the next item of a loop: whose it is, and what becomes of it."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import kept_connection
from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure

from .scripted import ScriptedDevice


class Connection:
    """What Ansible hands over, with the options of the host that the task is for."""

    connected = True

    def __init__(self, transport: str, port: int) -> None:
        self.transport, self.port = transport, port

    def get_options(self) -> dict:
        return {"remote_addr": "192.0.2.1", "port": self.port}


@pytest.mark.parametrize("transport", ["winrm", "psrp"])
def test_a_connection_to_another_port_is_opened_again(transport):
    connection = Connection(transport, 1)
    assert kept_connection.is_of_another_host(connection, "a") is False
    assert kept_connection.is_of_another_host(connection, "a") is False
    connection.port = 2
    assert kept_connection.is_of_another_host(connection, "b") is True
    assert kept_connection.is_of_another_host(connection, "b") is False
    connection.port, connection.connected = 3, False
    assert kept_connection.is_of_another_host(connection, "c") is False


def test_two_names_of_one_device_share_their_connection():
    connection = Connection("ssh", 22)
    assert kept_connection.is_of_another_host(connection, "a") is kept_connection.is_of_another_host(connection, "b")


@pytest.mark.parametrize("transport", ["ssh", "some.collection.tunnel"])
def test_a_kind_of_connection_that_may_stay_where_it_is_is_refused(transport):
    connection = Connection(transport, 1)
    kept_connection.is_of_another_host(connection, "a")
    connection.port = 2
    for _item in range(2):
        with pytest.raises(Failure) as caught:
            kept_connection.is_of_another_host(connection, "b")
    error = caught.value.error
    assert (error["name"], error["side"]) == ("connection_of_another_device", "controller")
    assert all(word in caught.value.msg for word in ("b was not contacted", transport, "to a", "ansible_host"))
    connection.port = 1
    assert kept_connection.is_of_another_host(connection, "a") is False


@pytest.mark.parametrize("closes", [True, False])
def test_the_one_before_is_closed_before_anything_is_sent(closes):
    device = ScriptedDevice()
    session = device.session()
    closed = []

    def close():
        closed.append(device.requests)
        if not closes:
            raise OSError("the device before is gone")

    session.connection.close = close
    session.leave_connection()
    assert session.run({"a": op.dsregcmd_status()})["a"].ok
    assert closed == [0] and device.resets == (0 if closes else 1)
