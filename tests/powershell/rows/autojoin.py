# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of hybrid_autojoin_stop."""

from __future__ import annotations

import typing as t
from pathlib import Path

import stand_ins

from .base import Case, Scene, variant
from .windows import Document, put

POLICY = "SOFTWARE\\Policies\\Microsoft\\Windows\\WorkplaceJoin"
FOLDER, TASK = "\\Microsoft\\Windows\\Workplace Join", "Automatic-Device-Join"
STOPPED = {"state": "Disabled", "last_result": 267014}
"""What is left of a task that was disabled and then stopped; 267014: it was ended by a user."""


def rows(_scratch: Path) -> list[Case]:
    return [
        Case("hybrid_autojoin_stop", {}, lambda v: v == {"disabled": True}),
        Case("hybrid_autojoin_stop", {}, lambda v: v == {"disabled": False}),
        Case("registry_read", {"path": POLICY}, lambda v: v["key"]["values"] == {"autoWorkplaceJoin": 0}),
    ]


def changed(_scratch: Path) -> list[Case]:
    """It says that it changed something, and does."""
    return [
        Case("hybrid_autojoin_stop", {}, lambda v: v == {"disabled": True}),
        Case("registry_read", {"path": POLICY}, lambda v: v["key"]["values"] == {"autoWorkplaceJoin": 0}),
    ]


def unchanged(_scratch: Path) -> list[Case]:
    """There is nothing to do."""
    return [Case("hybrid_autojoin_stop", {}, lambda v: v == {"disabled": False})]


def denied(_scratch: Path) -> list[Case]:
    """What cannot be read is not absent."""
    return [Case("hybrid_autojoin_stop", {}, error="UnauthorizedAccessException")]


def windows(value: list | None, task: Document | None, closed: str = "") -> t.Callable[[Document], None]:
    """A Windows with this policy (type and data) and this task."""

    def change(document: Document) -> None:
        if value is not None:
            put(document["registry"]["HKLM"], POLICY, {"autoWorkplaceJoin": value})
        folder = document["tasks"][FOLDER]
        folder["tasks"] = {} if task is None else {TASK: task}
        folder["closed"] = closed

    return change


def no_folder(document: Document) -> None:
    """A Windows without the folder of the task."""
    put(document["registry"]["HKLM"], POLICY, {"autoWorkplaceJoin": ["REG_DWORD", 0]})
    del document["tasks"][FOLDER]


def left(task: Document) -> t.Callable[[Path], str]:
    """What is wrong with the task in the end."""

    def after(scratch: Path) -> str:
        found = stand_ins.read(scratch)["tasks"][FOLDER]["tasks"][TASK]
        return "" if found == task else f"the task is {found}"

    return after


OFF, READY = {"state": "Disabled", "last_result": 0}, {"state": "Ready", "last_result": 0}
QUEUED = {"state": "Queued", "last_result": 267045}
NO = ["REG_DWORD", 0]

SCENES = [
    Scene("autojoin", rows, after=left(STOPPED)),
    variant("autojoin, by policy", changed, change=windows(["REG_DWORD", 1], OFF), after=left(OFF)),
    variant("autojoin, policy a text", changed, change=windows(["REG_SZ", "0"], OFF), after=left(OFF)),
    variant("autojoin, by task", changed, change=windows(NO, READY), after=left(OFF)),
    variant("autojoin, queued", changed, change=windows(NO, QUEUED), after=left(STOPPED)),
    variant("autojoin, stopped", unchanged, change=windows(NO, OFF), after=left(OFF)),
    variant("autojoin, no task", unchanged, change=windows(NO, None)),
    variant("autojoin, no folder", unchanged, change=no_folder),
    variant("autojoin, denied", denied, change=windows(NO, READY, "all")),
]
