# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the two halves of the lab meet.

The WS-Man servers (``tests.lab.wsman``), the commands (``tests.lab.commands``) and ``tests.lab.__main__`` see a
simulated world only through these protocols; ``tests.lab.device`` and ``tests.lab.scenario`` implement them.
"""

from __future__ import annotations

import typing as t
from collections.abc import Awaitable, Callable, Mapping, Sequence

PowerCallback = Callable[["Host", bool], Awaitable[None]]


class Faults(t.Protocol):
    """Faults asked for by a scenario or over the control API, each consumed once."""

    def take(self, kind: str) -> dict[str, t.Any] | None:
        """Consume the oldest pending fault of this kind and return its options, or None.

        Kinds the WS-Man server asks for, with the options it reads:

        ``drop_receive``      abort the connection instead of answering the next Receive that carries the end of a
                              command; the command itself HAS run
        ``drop_half_answer``  send half of the bytes of that answer, then abort the connection
        ``drop_request``      abort the connection at the next request, before anything has run
        ``http_500``          answer the next Create with status 500 and no SOAP body
        ``slow_receive``      {"seconds": float}: real seconds that what a command has printed is on its way (default 1)
        ``never_answers``     a command's end is never told: each Receive is answered by w:TimedOut, as Windows does
                              while a command runs; the command itself runs
        ``busy_shells``       answer the next Create with the quota fault of MaxShellsPerUser (2150859173)
        ``busy_operations``   answer the next Command with the quota fault of MaxConcurrentOperations (2150859174)
        ``access_denied``     answer the next Create with the fault w:AccessDenied (5)

        ``powershell_blocked`` {"by": "constrained_language" or "malicious_content"}: PowerShell does not run the next
                              script of the collection, and says so

        What the device itself asks for:

        ``download``          {"as": "cut", "redirect", "http" or "too_large"}: fail the next download that reaches its
                              server, in the runner's words
        ``clock_set``         {"seconds": float}: its clock is set by so much, on or back, before its next request
        """


class Files(t.Protocol):
    """The device's files. Paths are Windows paths: case does not matter, %VARIABLES% are expanded."""

    def write(self, path: str, data: bytes) -> None:
        """Create or replace a file; missing parent directories raise FileNotFoundError."""

    def read(self, path: str) -> bytes:
        """Return the content; FileNotFoundError when there is none."""

    def exists(self, path: str) -> bool:
        """Tell whether a file or directory lies at the path."""


class RealPowerShell(t.Protocol):
    """The PowerShell of a device that is more than simulated."""

    async def exchange(self, script: str, items: bytes | list[str | bytes], account: str) -> tuple[str, str, int]:
        """Run the collection's bootstrap with its input; (output, errors, exit code)."""


class Host(t.Protocol):
    """One simulated Windows device, as the network sees it."""

    @property
    def name(self) -> str:
        """The inventory name; never changes."""

    @property
    def hostname(self) -> str:
        """The current computer name; may change at a reboot."""

    @property
    def accounts(self) -> Mapping[str, str]:
        """Local accounts and their passwords, for Basic and NTLM. May change while the lab runs."""

    @property
    def login(self) -> str:
        """The account that the inventory uses."""

    @property
    def variables(self) -> Mapping[str, t.Any]:
        """Further inventory variables of this host."""

    @property
    def groups(self) -> Sequence[str]:
        """The groups beside ``devices`` that it is in."""

    @property
    def secure(self) -> bool | None:
        """Whether the inventory connects by HTTPS; None where it may choose."""

    @property
    def online(self) -> bool:
        """False while the machine is off or restarting."""

    @property
    def on_power(self) -> list[PowerCallback]:
        """Awaited with (host, up) after ``online`` has changed."""

    @property
    def faults(self) -> Faults:
        """What is to go wrong."""

    @property
    def files(self) -> Files:
        """Its files."""

    @property
    def powershell(self) -> RealPowerShell | None:
        """None where PowerShell is simulated, as it is almost everywhere."""

    async def run_operations(
        self, request: dict[str, t.Any], *, account: str, system: bool = False
    ) -> dict[str, t.Any]:
        """Run one request of vocabulary.json and return its answer envelope. Never raises for a failing operation."""

    async def dsregcmd(self, arguments: list[str], *, account: str) -> tuple[int, str]:
        """Run dsregcmd.exe: exit code and text with CRLF line ends."""

    def process_started(self, count: int = 1) -> None:
        """Count PowerShell processes started by a remote session; called before a command runs."""


class World(t.Protocol):
    """What ``tests.lab.scenario.load_world(scenario, *, devices, speed, out)`` returns.

    scenario: name of a file in tests/lab/scenarios or path of a YAML file; devices: the wanted number or None for the
    scenario's own; speed: device seconds per real second of ``clock.sleep``; out: existing directory for files that
    the world writes (packages). Raises ``tests.lab.host.ScenarioError`` on a scenario that cannot be used.
    """

    @property
    def hosts(self) -> Sequence[Host]:
        """The devices."""

    @property
    def variables(self) -> Mapping[str, t.Any]:
        """Inventory variables of the group ``devices``."""

    tenant: t.Any

    async def start(self) -> None:
        """Begin to live (timers); called once, before the listeners open."""

    async def stop(self) -> None:
        """Cancel every timer and task."""


# The control API is ``tests.lab.control.application(world) -> aiohttp.web.Application``; ``__main__`` serves it.
# A host restarts or goes off by setting ``online`` and then awaiting every callback of ``on_power`` in order.


class ScenarioError(ValueError):
    """A scenario that cannot be used; the message names the file, the place and what would be right."""
