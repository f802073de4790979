# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of the scenario posture: what is wrong with each, and which read decides it; and answers for unit tests."""

from __future__ import annotations

import asyncio
import dataclasses
import typing as t

from ansible_collections.winops.entra.plugins.plugin_utils.device.answers import Answer, Result, checked
from ansible_collections.winops.entra.plugins.plugin_utils.device.posture import posture
from ansible_collections.winops.entra.plugins.plugin_utils.findings import FAIL, WARN
from tests.unit.lab.world_lab import Lab

#: By device: the one finding that is none of a healthy device's, its result, and the reads of which each decides it.
PLANTED: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "unmanaged": ("managed", FAIL, ("enrollments", "client_service")),
    "other_client": ("managed", WARN, ("enrollments", "client_service")),
    "no_first_sync": ("first_sync", FAIL, ("first_sync",)),
    "sync_fails": ("last_sync", FAIL, ("sync_sync",)),
    "silent": ("last_sync", WARN, ("sync_admin",)),
    "not_encrypted": ("encryption", FAIL, ("encryption",)),
    "no_tpm_protector": ("encryption", FAIL, ("encryption",)),
    "suspended": ("encryption", WARN, ("encryption",)),
    "encrypting": ("encryption", WARN, ("encryption",)),
    "paused": ("encryption", FAIL, ("encryption",)),
    "attested_later": ("encryption", WARN, ("encryption", "encryption_ended", "system")),
    "key_not_stored": ("escrow", FAIL, ("escrow", "encryption")),
    "hello_off": ("hello", WARN, ("hello_group_policy",)),
    "hello_lacks": ("hello", WARN, ("hello_mdm", "hello_check", "hello_pins", "hello_group_policy")),
    "pin_reset_blocked": ("pin_reset", WARN, ("lock_screen", "hello_mdm")),
    "reset_blocked": ("password_reset", WARN, ("personalization", "policies")),
    "short_passwords": ("password_rules", WARN, ("password_rules", "policies")),
    "laps_refused": ("laps", FAIL, ("laps_events", "laps_mdm")),
    "laps_no_object": ("laps", FAIL, ("laps_events", "laps_mdm")),
    "wsus": ("update_source", WARN, ("wsus", "policies")),
    "old_updates": ("quality_update", WARN, ("installed_updates",)),
    "waits_for_restart": ("pending_restart", WARN, ("settings_restart",)),
    "app_fails": ("apps", WARN, ("apps",)),
    "kiosk_screen": ("other_user", WARN, ("winlogon",)),
    "nobody_yet": ("user", WARN, ("profiles",)),
}
HEALTHY = (
    "well",
    "co_managed",
    "all_moved",
    "late_key",
    "remediated",
    "failed_before",
    "wsus_for_features",
    "reset_late",
    "unwanted_app",
    "laps_automatic",
)
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
