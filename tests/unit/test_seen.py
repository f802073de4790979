# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/seen.md says what the reports say: no more, and no failure less."""

from __future__ import annotations

import json

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device.acceptance import report as acceptance_report
from tests.tools import seen

OPERATIONS = ["events", "bitlocker", "restart"]
SYSTEM = {"edition": "Professional", "build": "26100", "revision": 2314, "powershell": "5.1.26100.2314"}


def proof(real=None, stand_ins=None, verdict="passed", system="Windows 10.0.20348", powershell="7.6.9") -> dict:
    """A report of the proof; the rows of each operation as (passed, failed)."""
    operations: dict = {}
    for how, given in (("real", real), ("stand_ins", stand_ins)):
        for name, (passed, failed) in (given or {}).items():
            operations.setdefault(name, {})[how] = {"passed": passed, "failed": failed}
    shell = {
        "powershell": powershell,
        "edition": "Core",
        "operations": operations,
        "others": {"passed": 1, "failed": 0},
    }
    head = {"format": seen.PROOF, "version": 1, "generated": "2026-11-29T08:00:00Z", "runner": "ab12"}
    return {**head, "system": system, "verdict": verdict, "shells": [shell]}


def accepted(statuses, kernel=800000, **system) -> dict:
    """A file with one report of an acceptance run, in which these operations ended so."""
    entries = {name: {"status": status, "seen": {}} for name, status in statuses.items()}
    entries["path_info"] = {"status": "ran", "seen": {"kernel_bytes": kernel}}
    one = {"generated": "2026-11-29T08:00:00Z", "runner": "ab12", "connection": "psrp", "verdict": "passed"}
    one |= {"system": SYSTEM | system, "operations": entries}
    return {"format": seen.ACCEPTANCE, "version": 1, "reports": [one]}


def cells(**reports) -> dict[str, list[str]]:
    """The table's cells by operation: what it comes to, then one a column."""
    text = seen.page(reports, OPERATIONS)
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return {line[0].strip("`"): line[1:] for line in lines}


def test_the_page_is_what_the_reports_say():
    assert seen.PAGE.read_text(encoding="utf-8") == seen.page(seen.read(), seen.operations()), "run make pages"


def test_there_is_a_report_and_every_operation_has_a_line():
    text = seen.PAGE.read_text(encoding="utf-8")
    assert seen.read()
    assert [name for name in seen.operations() if f"| `{name}` | " not in text] == []


def test_an_operation_without_a_report_has_been_read_only():
    assert cells() == {name: [seen.READ] for name in OPERATIONS}
    found = cells(one=proof(stand_ins={"events": (3, 0)}))
    assert found["restart"] == [seen.READ, seen.READ]
    assert found["events"] == [seen.STAND_INS, seen.STAND_INS]


@pytest.mark.parametrize(
    "report",
    [
        proof(real={"events": (5, 1)}, stand_ins={"events": (9, 0)}),
        proof(real={"events": (5, 0)}, stand_ins={"events": (9, 1)}),
        accepted({"events": "failed"}),
    ],
)
def test_an_operation_of_which_anything_failed_is_never_shown_as_fine(report):
    sound = proof(real={"events": (5, 0), "bitlocker": (1, 0)}, system="another")
    assert cells(one=report, two=sound)["events"] == [seen.FAILED, seen.FAILED, seen.REAL]
    assert cells(two=sound, one=report)["events"] == [seen.FAILED, seen.REAL, seen.FAILED]
    assert cells(one=report, two=sound)["bitlocker"][0] == seen.REAL


def test_real_counts_more_than_stand_ins_and_rows_that_never_passed_count_nothing():
    found = cells(one=proof(real={"events": (1, 0), "restart": (0, 0)}, stand_ins={"events": (1, 0)}))
    assert (found["events"][0], found["restart"][0]) == (seen.REAL, seen.READ)


def test_what_was_not_possible_in_an_acceptance_run_has_been_read_only():
    found = cells(one=accepted({"events": "ran", "restart": "not_possible"}))
    assert (found["events"], found["restart"]) == ([seen.REAL] * 2, [seen.READ] * 2)


def test_two_reports_of_one_system_share_a_column_and_a_failure_in_one_of_them_stays():
    found = cells(one=accepted({"events": "failed", "bitlocker": "ran"}), two=accepted({"events": "ran"}))
    assert (found["events"], found["bitlocker"]) == ([seen.FAILED] * 2, [seen.REAL] * 2)
    apart = cells(one=accepted({"events": "ran"}), two=accepted({"events": "ran"}, build="19045"))
    assert len(apart["events"]) == 3


def test_a_report_of_a_simulated_device_is_no_report():
    with pytest.raises(seen.BadReport, match="simulated"):
        seen.page({"one": accepted({"events": "ran"}, kernel=21)}, OPERATIONS)


@pytest.mark.parametrize(
    "report", [{}, {"format": "x"}, {"format": seen.PROOF}, {"format": seen.ACCEPTANCE, "reports": [1]}]
)
def test_a_file_that_is_no_report_is_said(report):
    with pytest.raises(seen.BadReport, match="one"):
        seen.page({"one": report}, OPERATIONS)


def test_a_damaged_file_is_said(tmp_path):
    (tmp_path / "cut.json").write_text(json.dumps(proof())[:-5], encoding="utf-8")
    with pytest.raises(seen.BadReport, match=r"cut\.json is no JSON"):
        seen.read(tmp_path)


def test_both_kinds_of_report_name_the_same_runner():
    assert acceptance_report.runner_digest() == seen.present_runner()
