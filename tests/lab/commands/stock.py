# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of a plain Windows that stock clients start: hostname, whoami, ipconfig, dsregcmd, shutdown, ..."""

from __future__ import annotations

import re
import typing as t

from .session import Outcome, Session

Program = t.Callable[[list[str], Session], t.Awaitable[Outcome]]

_WORD = re.compile(r'"([^"]*)"|(\S+)')
_PATH = re.compile(r"^(?:.*\\)?(?P<name>[^\\]+?)(?:\.exe|\.com)?$", re.IGNORECASE)


def words(command_line: str) -> list[str]:
    """Split a command line at white space outside double quotes."""
    return [match[1] if match[1] is not None else match[2] for match in _WORD.finditer(command_line)]


def find(name: str) -> Program | None:
    """The program of this name (a path and .exe do not matter), or None."""
    match = _PATH.match(name)
    return PROGRAMS.get(match["name"].lower()) if match else None


async def hostname(_arguments: list[str], session: Session) -> Outcome:
    """The computer name as it was typed when the machine was named."""
    return Outcome(stdout=f"{session.host.hostname}\r\n")


async def whoami(_arguments: list[str], session: Session) -> Outcome:
    """Domain and account in small letters."""
    return Outcome(stdout=f"{session.host.hostname}\\{session.account}\r\n".lower())


async def ipconfig(_arguments: list[str], _session: Session) -> Outcome:
    """One Ethernet adapter."""
    return Outcome(
        stdout="\r\nWindows IP Configuration\r\n\r\n\r\nEthernet adapter Ethernet:\r\n\r\n"
        "   Connection-specific DNS Suffix  . : \r\n   IPv4 Address. . . . . . . . . . . : 127.0.0.1\r\n"
        "   Subnet Mask . . . . . . . . . . . : 255.0.0.0\r\n   Default Gateway . . . . . . . . . : \r\n"
    )


async def dsregcmd(arguments: list[str], session: Session) -> Outcome:
    """What the device model prints."""
    exit_code, text = await session.host.dsregcmd(arguments, account=session.account)
    return Outcome(exit_code, text)


async def chcp(arguments: list[str], _session: Session) -> Outcome:
    """The code page that was asked for."""
    return Outcome(stdout=f"Active code page: {arguments[0] if arguments else '65001'}\r\n")


async def shutdown(arguments: list[str], session: Session) -> Outcome:
    """`shutdown /r [/t seconds] [/c text]`, through the device model's own restart operation."""
    options = [argument.lower().replace("-", "/", 1) for argument in arguments]
    if "/r" not in options:
        return Outcome(1, stderr="The lab knows shutdown /r only.\r\n")
    delay = arguments[options.index("/t") + 1] if "/t" in options[:-1] else "30"
    comment = arguments[options.index("/c") + 1] if "/c" in options[:-1] else ""
    if not delay.isdecimal():
        return Outcome(87, stderr="The parameter is incorrect.(87)\r\n")
    operation = {"op": "restart", "delay": int(delay), "comment": comment}
    request = {"v": 1, "id": "shutdown", "ops": [operation]}
    answer = await session.host.run_operations(request, account=session.account)
    result = answer["results"][0]
    outcome = Outcome(result["value"]["exit_code"] if result["ok"] else 5)
    if outcome.exit_code == 1190:
        outcome.stderr = "A system shutdown has already been scheduled.(1190)\r\n"
    elif outcome.exit_code == 1115:
        outcome.stderr = "A system shutdown is in progress.(1115)\r\n"
    outcome.record.changing = ["restart"]
    return outcome


PROGRAMS: dict[str, Program] = {
    "hostname": hostname,
    "whoami": whoami,
    "ipconfig": ipconfig,
    "dsregcmd": dsregcmd,
    "chcp": chcp,
    "shutdown": shutdown,
}
