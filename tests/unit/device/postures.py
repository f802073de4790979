# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of devices of the scenario posture for unit tests, and those that a test changes."""

from __future__ import annotations

import asyncio
import dataclasses
import typing as t

from ansible_collections.winops.entra.plugins.plugin_utils.device.answers import Answer, Result, checked
from ansible_collections.winops.entra.plugins.plugin_utils.device.posture import posture
from tests.unit.lab.world_lab import Lab

DENIED = {"type": "UnauthorizedAccessException", "message": "Access is denied.", "hresult": -2147024891}


def answers(lab: Lab) -> dict[str, Answer]:
    """What each device of the world answers to the module's operations."""
    return asyncio.run(_answers(lab))


async def _answers(lab: Lab) -> dict[str, Answer]:
    found = {}
    for device in lab.world.hosts:
        results = await lab.ask(device, *posture.OBSERVATIONS.values())
        told = {name: checked(op, one) for (name, op), one in zip(posture.OBSERVATIONS.items(), results, strict=True)}
        now = lab.clock.utc()
        utc = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        found[device.name] = Answer(told, {"utc": utc}, now.timestamp(), now.timestamp())
    return found


def without(answer: Answer, *names: str) -> Answer:
    """The answer with these reads refused."""
    refused = {name: Result(False, {}, DENIED, answer[name].what) for name in names}
    return dataclasses.replace(answer, results={**answer.results, **refused})


def changed(answer: Answer, name: str, value: dict[str, t.Any]) -> Answer:
    """The answer with another value of one read."""
    result = dataclasses.replace(answer[name], ok=True, value=value, error=None)
    return dataclasses.replace(answer, results={**answer.results, name: result})


def key(values: dict[str, t.Any] | None = None, **keys: t.Any) -> dict[str, t.Any]:
    """The value of a registry read; keys below it as values, or as (values, keys)."""
    return {"exists": True, "key": tree(values or {}, **keys)}


def tree(values: dict[str, t.Any], **keys: t.Any) -> dict[str, t.Any]:
    return {"values": values, "keys": {name: tree(below) for name, below in keys.items()}}


def event(number: int, record: int, *data: str, utc: str = "2026-11-20T08:00:00.000Z") -> dict[str, t.Any]:
    more = {"level": 4, "record": record, "utc": utc, "provider": "p", "message": None}
    return {"id": number, "data": list(data), **more}


def events(*found: dict[str, t.Any]) -> dict[str, t.Any]:
    """The value of a read of a log, newest first."""
    return {"log_exists": True, "events": sorted(found, key=lambda one: -one["record"])}


class Looked(t.NamedTuple):
    """What the module says of an answer."""

    posture: dict[str, t.Any]
    findings: dict[str, t.Any]

    @property
    def wrong(self) -> dict[str, str]:
        """The findings that are no pass, by id."""
        return {name: one.result for name, one in self.findings.items() if one.result != "pass"}


def look(answer: Answer) -> Looked:
    seen = posture.seen_in(answer)
    found = posture.posture(seen)
    return Looked(found, {one.id: one for one in posture.judge(found, seen)})
