# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the connection that Ansible hands over is to the host that the task is for.

Within the loop of a task Ansible keeps a connection as long as the address stays the same (ansible-core,
``TaskExecutor._execute`` compares ``remote_addr``). It gives it the options of the next item, but a WinRM connection
that is open stays where it is: of devices behind one address, with a port each, the first would get the work of all.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from ..result import Failure

#: Connection plugins that read all of their options again when they connect (ansible-core, ``_connect``).
_REOPENED = ("winrm", "psrp")
_OPENED_WITH = "_winops_entra_opened_with"


def is_of_another_host(connection: t.Any, host: str) -> bool:
    """True for a connection that was opened for another host, or with other options, and has to be opened again.

    Remembers with the connection for whom it will be. Failure for a kind of connection of which nobody knows that
    opening it again helps: it stays the other host's.
    """
    now = (host, connection.get_options())
    before = getattr(connection, _OPENED_WITH, now)
    of_another = before[1] != now[1] and connection.connected
    if not of_another or connection.transport in _REOPENED:
        setattr(connection, _OPENED_WITH, now)
        return of_another
    cause = (
        f"Ansible has kept the {connection.transport} connection of the loop's item before, to {before[0]}, because "
        "both have the same address"
    )
    fix = "give each device an ansible_host of its own, or a task of its own: one play over the devices, without a loop"
    raise Failure(
        f"{host} was not contacted, as the connection is to another device: {cause}; {fix}",
        side="controller",
        name="connection_of_another_device",
        cause=cause,
        fix=fix,
    )
