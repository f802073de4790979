# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions of the acceptance run about packages: the answers tell which reading of Windows a device is."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device.acceptance import package_questions, trial
from ansible_collections.winops.entra.plugins.plugin_utils.device.acceptance import run as acceptance
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from tests.lab.device.dump import dump
from tests.lab.device.provisioning import memory

from .played import Played
from .test_played_packages import source

SITE = {"title": "Gertrud", "token": "none", "policies": {"Experience/AllowCortana": 1}}
WORLD: dict[str, t.Any] = {"packages": {"site": SITE}}


def accept(played: Played, monkeypatch, package, check_mode: bool = False) -> tuple[dict, t.Any, list[dict]]:
    """The report's part about packages, the Failure or None, and the changes."""
    for module in (acceptance, trial, package_questions):
        monkeypatch.setattr(module, "Deadline", played.deadline)
    plan = acceptance.AcceptancePlan(900, 5, frozenset({"endpoints", "cim_query"}), "winrm", package)
    made, result = played.run(acceptance.AcceptanceRun, plan, monkeypatch, check_mode)
    failure = result if isinstance(result, Failure) else None
    return made.learned["report"], failure, made.changes.as_result(False)["changes"]


def asked(report: dict, *fields: str) -> dict[str, list]:
    """What each step told, by field."""
    return {field: [step[field] for step in report["package_questions"]["steps"]] for field in fields}


@pytest.mark.parametrize("listing", ["files", "registered"])
def test_a_windows_that_skips_what_it_has_applied_is_told_from_its_answers(tmp_path, monkeypatch, listing):
    with Played(tmp_path, "unjoined_pro", {"engine": {"listing": listing}}, WORLD) as played:
        report, failure, changes = accept(played, monkeypatch, source(played, "site"))
        assert failure is None and dump(played.device)["packages"] == []
        told = asked(report, "step", "listed", "installed", "file", "checksums", "results", "would_be_skipped")
        assert told == {
            "step": ["before", "added", "added again", "removed"],
            "listed": [False, True, True, False],
            "installed": [None, True, True, None],
            "file": [False, True, True, False],
            "checksums": [0, 1, 1, 0],
            "results": [0, 1, 1, 0],
            "would_be_skipped": [False, True, True, False],
        }
        events = asked(report, "events")["events"]
        # It is begun once only.
        assert ["10" in step for step in events] == [False, True, False, False]
        assert events[3] == {"63": 1, "64": 1} and report["package_questions"]["left"] is False
        assert not any("package" in change["what"] for change in changes)
        text = json.dumps(report) + "\n".join(acceptance.report.table(report))
        assert "Gertrud" not in text and played.device.hostname not in text
        assert played.lab.world.packages["site"].id not in text


def test_a_removal_that_fails_although_it_is_done_shows_in_code_and_checksums(tmp_path, monkeypatch):
    with Played(tmp_path, "unjoined_pro", {"uicc": False}, WORLD) as played:
        report, _failure, changes = accept(played, monkeypatch, source(played, "site"))
        assert asked(report, "code", "checksums", "results") == {
            "code": [None, None, None, "0x80070002"],
            "checksums": [0, 1, 1, 1],
            "results": [0, 1, 1, 0],
        }
        assert report["package_questions"]["left"] is True
        assert changes[-1] == {"what": "the package of the questions", "before": "absent", "after": "present"}
        assert played.device.registry.exists(memory.CHECKSUMS)


def test_a_package_that_the_device_knows_already_is_seen_before(tmp_path, monkeypatch):
    with Played(tmp_path, "unjoined_pro", {"installed": ["site"]}, WORLD) as played:
        report, _failure, _changes = accept(played, monkeypatch, source(played, "site"))
        assert asked(report, "listed", "code")["listed"][0] is True
        assert asked(report, "code")["code"][1] == "0x800700b7"


@pytest.mark.parametrize(
    ("kind", "options", "check_mode", "why"),
    [
        ("unjoined_pro", {}, True, acceptance.CHECK_MODE),
        ("server", {}, False, package_questions.NO_CLIENT),
        ("unjoined_pro", {"token_filter": True}, False, acceptance.NOT_ELEVATED.cause),
    ],
)
def test_where_they_cannot_be_asked_the_report_says_why(tmp_path, monkeypatch, kind, options, check_mode, why):
    with Played(tmp_path, kind, options, WORLD) as played:
        before = dump(played.device)["digest"] if check_mode or options else None
        report, _failure, _changes = accept(played, monkeypatch, source(played, "site"), check_mode)
        assert report["package_questions"] == package_questions.unasked(why)
        assert before in (None, dump(played.device)["digest"])


def test_without_a_package_they_are_reported_as_not_asked(tmp_path, monkeypatch):
    with Played(tmp_path, "unjoined_pro") as played:
        report, _failure, _changes = accept(played, monkeypatch, None)
        assert report["package_questions"] == package_questions.unasked(package_questions.NOT_NAMED)
        assert package_questions.NOT_NAMED in "\n".join(acceptance.report.table(report))


def test_an_engine_that_does_not_end_stops_the_questions(tmp_path, monkeypatch):
    with Played(tmp_path, "unjoined_pro", {"engine": {"seconds": 90000}}, WORLD) as played:
        report, _failure, _changes = accept(played, monkeypatch, source(played, "site"))
        assert report["package_questions"]["why"] == package_questions.NOT_ENDED
        assert [step["step"] for step in report["package_questions"]["steps"]] == ["before"]
