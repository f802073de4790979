# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulated world: devices and tenants that share one clock. Implements ``tests.lab.host.World``."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from .clock import Clock
from .device import joinstate, wipe
from .device.build import Package
from .device.device import Device
from .tenant import Directory, Tenant


class World:
    """What a scenario describes. ``tenant`` is the one the devices are to join; ``tenants`` are all, by label."""

    def __init__(
        self,
        clock: Clock,
        directory: Directory,
        tenants: dict[str, Tenant],
        packages: dict[str, Package],
        hosts: Sequence[Device],
        variables: dict[str, t.Any],
    ) -> None:
        self.clock = clock
        self.directory = directory
        self.tenants = tenants
        self.tenant = next(iter(tenants.values()))
        self.packages = packages
        self.hosts = list(hosts)
        self.variables = variables
        directory.at_wipe = self._wipe

    def host(self, name: str) -> Device | None:
        return next((host for host in self.hosts if host.name == name), None)

    def _wipe(self, device_id: str, body: dict[str, t.Any], result: dict[str, t.Any]) -> None:
        """Intune's wipe reaches the device that has this join."""
        for host in self.hosts:
            join = joinstate.read(host)
            if join is not None and join.device_id == device_id and host.online:
                host.spawn(wipe.by_intune(host, body, result))

    async def start(self) -> None:
        """Begin to live: nothing runs on a device before something happens to it."""

    async def stop(self) -> None:
        """Cancel every timer and task."""
        for host in self.hosts:
            host.power.stop()
            host.kill_everything()
