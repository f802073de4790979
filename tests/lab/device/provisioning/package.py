# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A provisioning package as the device remembers it, and how its engine is set to behave."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

POLICY = r"SOFTWARE\Microsoft\PolicyManager\current\device\Security"
CMDLET_EXCEPTION = "Microsoft.Windows.Provisioning.ProvCommon.CmdletException"


class CspError(Exception):
    """A configuration service provider that failed at one of its nodes; ``hresult`` unsigned."""

    def __init__(self, hresult: int, node: str) -> None:
        super().__init__(f"{hresult:#010x} at {node}")
        self.hresult = hresult
        self.node = node


@dataclasses.dataclass
class Removal:
    """How removals go on one device. ``seconds``: device seconds of one; ``takes_join``: it takes the join along."""

    seconds: float = 2.0
    takes_join: bool = False


@dataclasses.dataclass
class EngineOptions:
    """How the engine of one device behaves. Times in device seconds.

    ``seconds``: what a run takes besides network waits. ``cmdlet_limit``: when the cmdlet gives up waiting (180 s, as
    decompiled in public). ``retry_delays``: the delayed retries that Microsoft documents (15 min, 1 h, 4 h).
    ``restart``: None (restart only after a rename), or {"when": "before_join" | "after_join", "after": seconds}.
    ``failures``: faults that the join meets before it may succeed: [{"hresult": int, "times": int}].
    ``refuses``: the HRESULT with which AddPackage does not take a package at all (0x80070103: nothing in it is for this
    device; 0x80004004: the question whether it is trusted was answered with no); 0 where it does.
    ``join_events``: whether a join by a package writes the events of dsregcmd (304, 305, 335) and of the sign-in
    plug-in (1081), too.
    ``listing``: where Get-ProvisioningPackage looks, ``files`` or ``registered`` (undocumented, so both exist).
    ``memory``: by what the engine knows that it has applied a file, ``checksums`` alone or, where they are gone,
    ``results`` (the same).
    """

    seconds: float = 12.0
    cmdlet_limit: float = 180.0
    retry_delays: tuple[float, ...] = (900.0, 3600.0, 14400.0)
    retries_at_once: int = 3
    restart: dict[str, t.Any] | None = None
    restart_after_rename: float = 60.0
    failures: list[dict[str, int]] = dataclasses.field(default_factory=list)
    refuses: int = 0
    join_events: bool = False
    listing: str = "files"
    memory: str = "checksums"
    removal: Removal = dataclasses.field(default_factory=Removal)


@dataclasses.dataclass
class InstalledPackage:
    """A package the engine knows. ``order`` are its ProvXML files as the engine takes them, ``pending`` the ones not
    applied yet; ``retry_at`` is when the delayed task tries them again, on the device's clock."""

    id: str
    name: str
    version: str
    path: str
    settings: dict[str, t.Any]
    pending: list[str] = dataclasses.field(default_factory=list)
    failed: dict[str, int] = dataclasses.field(default_factory=dict)
    retries: int = 0
    retry_at: datetime.datetime | None = None
    running: bool = False

    @property
    def order(self) -> list[str]:
        """The join comes last: the settings store says that it waits for others; among the rest it is the package's."""
        return sorted(self.sets, key=lambda name: category(self.sets[name]) == "AADJ")

    @property
    def sets(self) -> dict[str, list[tuple[str, str]]]:
        return self.settings["sets"]


def category(values: list[tuple[str, str]]) -> str:
    """The name of a ProvXML set in events and results: the first step of its CSP path."""
    return values[0][0].split("/")[0] if values else "Empty"


def key(package_id: str) -> str:
    """How package ids are compared: lower case, in braces."""
    return "{" + package_id.strip().strip("{}").lower() + "}"
