# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices that have enrolled in Intune, and what is under way with them: see ``arrival``."""

from __future__ import annotations

import dataclasses
import datetime
import heapq
import itertools
import typing as t

Row = dict[str, t.Any]
#: Settings of the option ``intune``, in lab seconds.
DEFAULTS: dict[str, float] = {
    "record_seconds": 20.0,
    "sync_seconds": 30.0,
    "sync_every": 180.0,
    # Of real time: stamps are in it, and a quarter of an hour is long.
    "enrolled_before": 0.0,
    "policy_seconds": 20.0,
    "judge_seconds": 30.0,
    "entra_seconds": 120.0,
}
COMPLIANCE, CONFIGURATION, CATALOG = KINDS = ("compliance", "configuration", "catalog")
DEVICES, USERS, NOBODY = TARGETS = ("devices", "users", "nobody")


class Machine(t.Protocol):
    """What Intune learns of a device when it syncs."""

    def percentage(self, now: float) -> int:
        """How much of the system drive is encrypted."""

    def attested(self, now: float) -> bool:
        """Whether Windows has attested at its last start that it is encrypted."""

    def encrypt(self, now: float, seconds: float) -> None:
        """A policy begins the encryption of a drive that is not encrypted."""

    def restart(self, now: float) -> None:
        """Windows starts anew."""


@dataclasses.dataclass
class Imagined:
    """A device of which there is an object alone. ``share`` of its drive is encrypted at ``begun``, all of it
    ``seconds`` later; it starts ``restart_after`` seconds after that, None where nobody restarts it."""

    begun: float = 0.0
    share: int = 100
    seconds: float = 0.0
    restart_after: float | None = 0.0
    restarted: float | None = None

    def percentage(self, now: float) -> int:
        if now >= self.begun + self.seconds:
            return 100
        return int(self.share + (100 - self.share) * max(now - self.begun, 0.0) / self.seconds)

    def attested(self, now: float) -> bool:
        ended = self.begun + self.seconds
        started = None if self.restart_after is None else ended + self.restart_after
        return any(start is not None and ended <= start <= now for start in (started, self.restarted))

    def encrypt(self, now: float, seconds: float) -> None:
        """Its drive is encrypted, or about to be, as the scenario says."""

    def restart(self, now: float) -> None:
        self.restarted = now


@dataclasses.dataclass
class Course:
    """One enrolled device. ``lacks`` are compliance settings that it does not meet; ``config_manager`` is the verdict
    of Configuration Manager, None where Intune judges; ``users`` are those who have signed in, as (from when, user)."""

    record: Row
    device: Row
    machine: Machine
    enrolled: float
    lacks: frozenset[str] = frozenset()
    config_manager: bool | None = None
    users: list[tuple[float, Row]] = dataclasses.field(default_factory=list)
    syncs: int = 0
    gone: bool = False


@dataclasses.dataclass
class Intune:
    """The option ``intune`` of a tenant, and all that is under way. ``policies`` by name."""

    seconds: dict[str, float]
    policies: dict[str, Row]
    secure_by_default: bool = False
    encrypt_seconds: float | None = None
    #: Something is happening: what it looks at does not let more happen.
    busy: bool = False
    courses: dict[str, Course] = dataclasses.field(default_factory=dict)
    due: list[tuple[float, int, t.Callable[[float], None]]] = dataclasses.field(default_factory=list)
    order: t.Iterator[int] = dataclasses.field(default_factory=itertools.count)
    #: The time of day of what is happening: durations are sped up, times of day are not.
    utc: datetime.datetime = datetime.datetime.min

    def at(self, moment: float, do: t.Callable[[float], None]) -> None:
        heapq.heappush(self.due, (moment, next(self.order), do))
