# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an attempt writes into the journal: when it begins, before the device forgets, and when it ends."""

from __future__ import annotations

import os
import types
import typing as t

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.winops.entra.plugins.doc_fragments.recorded import RECORDED_SPEC
from ansible_collections.winops.entra.plugins.plugin_utils.report import journal, stored
from ansible_collections.winops.entra.plugins.plugin_utils.report.recorded import Recorder

VARIABLES = {"inventory_hostname": "pc", "ansible_play_name": "p", "ansible_limit": "pc,other"}
RESULT = {"changed": True, "changes": [], "outcome": "joined", "join": {"type": "entra", "device_id": "d"}}


class Attempts:
    """A recorder over one report, and what its journal says."""

    def __init__(self, directory: t.Any) -> None:
        self.dest = str(directory / "join-report.json")
        self.action = types.SimpleNamespace(refused={"outcome": "refused"}, spec=RECORDED_SPEC, session=None, note=None)

    def attempt(self, what: t.Callable[[], dict], check: bool = False, **options: t.Any) -> dict:
        given = {"add_to_report": self.dest, **options}
        self.action._task = types.SimpleNamespace(args=given, check_mode=check)
        return Recorder("join")(self.action, VARIABLES, what)

    def lines(self, check: bool = False) -> list[dict]:
        return journal.look(stored.place(self.dest, "join", check))[0]


@pytest.fixture
def attempts(tmp_path) -> Attempts:
    return Attempts(tmp_path)


def test_an_attempt_is_recorded_when_it_begins_and_when_it_ends(attempts):
    seen = []

    def work() -> dict:
        seen.extend(attempts.lines())
        attempts.action.session = types.SimpleNamespace(machine="PC S-1-5-21-1-2-3")
        return dict(RESULT)

    assert attempts.attempt(work) == RESULT
    assert [line["record"] for line in seen] == [None]
    begun, ended = attempts.lines()
    assert begun["device"] == ended["device"] == "pc" and begun["at"] <= ended["at"]
    assert (ended["record"]["outcome"], ended["record"]["device_id"]) == ("joined", "d")
    assert ended["machine"] == "PC S-1-5-21-1-2-3"
    assert begun["run"] == ended["run"] and begun["run"]["limit"] == "pc,other" and begun["run"]["check"] is False


def test_a_device_that_cannot_be_reached_is_recorded_and_ansible_sees_its_own_exception(attempts):
    def work() -> dict:
        raise AnsibleConnectionFailure("connection refused")

    with pytest.raises(AnsibleConnectionFailure):
        attempts.attempt(work)
    assert attempts.lines()[-1]["record"]["outcome"] == "unreachable"


def test_what_is_learned_before_the_end_is_recorded_at_once(attempts):
    def work() -> dict:
        attempts.action.note({"join": {"device_id": "early"}})
        assert attempts.lines()[-1]["known"]["device_id"] == "early"
        return dict(RESULT)

    attempts.attempt(work)
    assert len(attempts.lines()) == 3


def test_check_mode_has_a_journal_of_its_own(attempts):
    attempts.attempt(lambda: dict(RESULT), check=True)
    assert attempts.lines() == [] and len(attempts.lines(check=True)) == 2


@pytest.mark.parametrize("given", [None, "", " ", 5])
def test_without_a_report_nothing_is_written(attempts, tmp_path, given):
    assert attempts.attempt(lambda: dict(RESULT), add_to_report=given) == RESULT
    assert list(tmp_path.iterdir()) == []


def test_a_journal_that_cannot_be_written_is_a_bad_option_before_anything_is_asked(attempts, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")

    def work() -> dict:
        raise AssertionError("it was asked")

    result = attempts.attempt(work, add_to_report=str(tmp_path / "file" / "report.json"))
    assert result["failed"] and "bad option add_to_report" in result["msg"] and result["outcome"] == "refused"


def test_an_end_that_cannot_be_written_is_a_warning_beside_the_result(attempts):
    def work() -> dict:
        os.unlink(journal.path_of(attempts.dest))
        os.mkdir(journal.path_of(attempts.dest))
        return dict(RESULT)

    result = attempts.attempt(work)
    assert result["outcome"] == "joined" and "does not have this result yet" in result["warnings"][0]


@pytest.mark.parametrize("given", ["a\nb.json", "\x1b[2J.json", "\u200b", "..", "x" * 5000, 7, ["r.json"]], ids=ascii)
def test_what_cannot_be_a_path_is_left_to_the_task_which_refuses_it_and_nothing_is_written(
    attempts, tmp_path, monkeypatch, given
):
    monkeypatch.chdir(tmp_path)
    assert attempts.attempt(lambda: dict(RESULT), add_to_report=given) == RESULT
    assert os.listdir(tmp_path) == []
