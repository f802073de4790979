# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ids that a device has had under its name and has no more: kept until their objects are removed."""

from __future__ import annotations

import typing as t

from ansible_collections.winops.entra.plugins.plugin_utils.report import kept
from tests.unit.report.making import devices, made

OLD = {
    "outcome": "disconnected",
    "device_id": "old",
    "serial_number": "s",
    "join_state": "left",
    "proof": "proved",
    "proved_thumbprint": "AB",
    "bitlocker": {"volumes": [1]},
}
NEW = OLD | {"outcome": "refused", "device_id": "new", "join_state": "joined", "bitlocker": {"volumes": []}}
GONE = {"id": "o", "outcome": "changed", "error": None}


def row(device_id: str, gone: t.Any, problem: str | None = None) -> dict[str, t.Any]:
    return {"device": "a", "device_id": device_id, "problem": problem, "directory": gone}


def after(*records: dict, report: dict | None = None) -> dict[str, t.Any]:
    for number, record in enumerate(records):
        report = made({"a": record}, "disconnect", f"r{number}", report).report
    assert report is not None
    return report


def test_a_device_that_joined_again_keeps_the_ids_of_the_join_before():
    device = devices(after(OLD, NEW, NEW))["a"]
    assert device["device_id"] == "new"
    [ids] = device["left_behind"]
    assert {field: ids[field] for field in ("device", "device_id", "proof", "proved_thumbprint", "join_state")} == {
        "device": "a",
        "device_id": "old",
        "proof": "proved",
        "proved_thumbprint": "AB",
        "join_state": "left",
    }
    assert ids["bitlocker"] == {"volumes": [1]}


def test_ids_whose_objects_are_removed_are_not_kept_any_more():
    removed = OLD | {"removals": [row("old", GONE)], "removal": row("old", GONE)}
    assert devices(after(removed))["a"].get("removal") == row("old", GONE)
    assert "left_behind" not in devices(after(removed, NEW))["a"]
    later = NEW | {"removals": [row("old", GONE)], "removal": row("old", GONE)}
    device = devices(after(OLD, NEW, later))["a"]
    assert "left_behind" not in device and "removal" not in device


def test_ids_whose_objects_could_not_be_removed_stay_with_the_reason():
    later = NEW | {"removals": [row("old", None, "not its own")], "removal": row("old", None, "not its own")}
    [ids] = devices(after(OLD, NEW, later))["a"]["left_behind"]
    assert ids["removal"]["problem"] == "not its own"
    failed = {"id": "o", "outcome": "failed", "error": {"code": "x"}}
    assert devices(after(OLD, NEW, NEW | {"removals": [row("old", failed)]}))["a"]["left_behind"]


def test_a_removal_is_remembered_when_a_later_run_finds_nothing_to_remove():
    forgotten = OLD | {"outcome": "unchanged", "device_id": None, "proof": "missing"}
    again = forgotten | {"removals": [row("old", None)], "removal": row("old", None)}
    device = devices(after(OLD | {"removals": [row("old", GONE)]}, forgotten, again))["a"]
    assert device["removal"] == row("old", GONE) and device["device_id"] == "old"


def test_the_sets_are_bounded_and_what_was_dropped_is_counted():
    count = kept.MOST_LEFT_BEHIND + 4
    device = devices(after(*(OLD | {"device_id": f"id {number}"} for number in range(count))))["a"]
    assert len(device["left_behind"]) == kept.MOST_LEFT_BEHIND and device["left_behind_dropped"] == 3
    assert device["left_behind"][-1]["device_id"] == f"id {count - 2}"
