# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports made of records, one run after another."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.winops.entra.plugins.plugin_utils.report import kept, rollout, stored
from ansible_collections.winops.entra.plugins.plugin_utils.report.door import read_record


def run(name: str = "r1", check: bool = False) -> dict[str, t.Any]:
    """A run as run.py gives it; runs started in the order of their names."""
    return {"id": name, "started": name, "playbook": "join.yml", "play": "p", "limit": None, "check": check}


def made(
    records: dict[str, t.Any],
    work: str = "join",
    of: str = "r1",
    report: dict[str, t.Any] | None = None,
    entries: t.Sequence[dict] = (),
    **more: t.Any,
) -> rollout.Made:
    """A report after the run ``of``, put into ``report`` (as it lies in its file)."""
    own = {name: None if told is None else read_record(name, told) for name, told in records.items()}
    wave = rollout.Wave(work, run(of), own, set(records), **more)
    return rollout.put_together(as_stored(report, work), wave, list(entries))


def as_stored(report: dict[str, t.Any] | None, work: str = "join") -> stored.Stored:
    """A report as it is read from its file."""
    if report is None:
        return stored.Stored()
    copy = json.loads(json.dumps(report))
    devices = {device["device"]: device for device in copy["devices"]}
    return stored.Stored(devices, copy["runs"], copy["runs_dropped"])


def devices(report: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """The devices of a report by name."""
    return {device["device"]: device for device in report["devices"]}


def with_earlier(records: dict[str, t.Any], earlier: dict[str, t.Any], work: str = "disconnect") -> dict[str, t.Any]:
    """Records completed by those of an earlier report."""
    before = devices(earlier)
    return {
        name: kept.with_known({"device": name, **record}, before[name], work) if record and name in before else record
        for name, record in records.items()
    }
