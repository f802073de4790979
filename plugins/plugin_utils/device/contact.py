# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a connection was not made, told from what Ansible's connection plugin says about it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ansible.errors import AnsibleAuthenticationFailure

from ..result import Failure, Unreached
from ..untrusted import in_one_line
from .obstacles import CREDENTIALS_REFUSED, NO_ANSWER, NOT_KNOWN, OBSTACLES, Obstacle
from .session import CONNECTION_FAILED, ConnectionLost

CONNECTIONS_GUIDE = "https://github.com/winops/entra/blob/main/docs/connections.md#what-a-failed-connection-is-called"
SAID_LETTERS = 400
"""Letters of what the connection plugin says that a message repeats."""
READ_LETTERS = 10_000
"""Letters of it in which a reason is looked for: a part of it may be the device's own."""


def obstacle(exc: Exception) -> Obstacle:
    """What is in the way of the connection whose error this is; NOT_KNOWN where its text does not tell."""
    told = exc.__cause__ or exc
    said = f"{exc} {told}"[:READ_LETTERS]
    for known in OBSTACLES:
        if known.is_told_by(said):
            return known
    return CREDENTIALS_REFUSED if isinstance(told, AnsibleAuthenticationFailure) else NOT_KNOWN


def of_the_device(exc: Exception) -> Obstacle | None:
    """What the device itself has against a connection that worked before. None where it may only be off for a while."""
    known = obstacle(exc) if isinstance(exc, ConnectionLost) else NOT_KNOWN
    return known if known.side == "device" and known is not NO_ANSWER else None


def failure(exc: ConnectionLost, way: str) -> Failure:
    """The failure of a device that was asked for the first time, and could not be; ``way`` is the connection plugin."""
    known = obstacle(exc)
    said = in_one_line(str(exc).removeprefix(f"{CONNECTION_FAILED}: "))[:SAID_LETTERS]
    kind = Failure if known.side == "controller" else Unreached
    return kind(
        f"{CONNECTION_FAILED}: {known.cause}; {known.fix} ({said})",
        side=known.side,
        name=known.name,
        cause=known.cause,
        fix=known.fix,
        doc=CONNECTIONS_GUIDE,
        evidence=[{"connection": way, "said": said}],
    )
