# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a wave says of its rollout: what was done, what failed, and what was left out and so says nothing."""

from __future__ import annotations

import json

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.report import records, rollout, totals
from ansible_collections.winops.entra.plugins.plugin_utils.report.door import REPORT_OUTCOMES
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task, perform

DONE = {"joined", "disconnected", "fit", "healthy", "unchanged", "would_join", "would_disconnect", "unfit", "unhealthy"}
DONE |= {"harvested", "registered", "ready", "reset", "deploying", "deployed", "would_register", "would_reset"}
DONE |= {"waiting", "undecided", "enabled", "applied", "would_enable"}
FAILED, LEFT_OUT = {"failed", "begun", "incomplete"}, {"refused", "unreachable", "skipped", "not_started"}


@pytest.mark.parametrize("outcome", REPORT_OUTCOMES)
def test_each_outcome_has_its_place_in_a_wave(outcome):
    place = next(name for name, of in (("done", DONE), ("failed", FAILED), ("left_out", LEFT_OUT)) if outcome in of)
    counted = totals.of_wave([{"outcome": outcome, "name": None}])
    assert counted == {"devices": 1, "done": 0, "failed": 0, "left_out": 0} | {place: 1}


def test_a_device_that_was_not_asked_has_not_failed_and_one_without_a_result_has():
    not_asked = {"outcome": "failed", "name": records.NOT_ASKED}
    no_result = {"outcome": "failed", "name": "no_result"}
    assert totals.of_wave([not_asked, no_result]) == {"devices": 2, "done": 0, "failed": 1, "left_out": 1}


@pytest.fixture
def wave(tmp_path):
    """Plays the task after a wave of these records (None: a later wave), over one report."""

    def played(found: dict[str, str | None], **options) -> dict:
        hostvars = {name: {"join_outcome": {"outcome": outcome}} if outcome else {} for name, outcome in found.items()}
        args = {"work": "join", "dest": str(tmp_path / "report.json"), "hosts": None, "directory": None}
        args |= {"only_try": False, "not_started": [], "table_limit": 50, "write_in_check_mode": True, "gate": []}
        args |= {"hand_over_domain": None, **options}
        batch = [name for name, outcome in found.items() if outcome]
        known = {"hostvars": hostvars, "ansible_play_hosts_all": list(found), "ansible_play_batch": batch}
        return perform(Task(args, False, variables=known), (), rollout.write_and_show, {})

    return played


def test_a_wave_is_counted_without_those_of_other_waves(wave):
    told = wave({"first": "joined", "off": "unreachable", "bad": "failed", "later": None})
    assert told["wave"] == {"devices": 3, "done": 1, "failed": 1, "left_out": 1}
    assert told["totals"] == {"devices": 4, "joined": 1, "failed": 1, "unreachable": 1, "not_started": 1}


def test_the_next_wave_knows_what_this_run_has_done(wave):
    assert wave({"first": None, "later": None}, only_try=True)["totals"] == {"devices": 0}
    told = wave({"first": "joined", "later": None})
    assert wave({"first": None, "later": None}, only_try=True)["totals"] == told["totals"]


def test_another_run_has_proved_nothing_for_this_one(wave, monkeypatch):
    wave({"first": "joined"})
    monkeypatch.setattr("ansible_collections.winops.entra.plugins.plugin_utils.report.run._ID", "another")
    assert wave({"first": None}, only_try=True)["totals"] == {"devices": 0}


def test_a_device_that_was_only_looked_at_is_not_started_and_keeps_what_is_known(wave, tmp_path):
    wave({"known": "failed"})
    told = wave({"bad": "failed", "known": "would_join", "new": "would_join"}, not_started=["known", "new"])
    assert told["wave"]["failed"] == 2  # What is known of a device of this run counts for it.
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert {one["device"]: one["outcome"] for one in report["devices"]} == {
        "known": "failed",
        "bad": "failed",
        "new": "not_started",
    }
