# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Some of the endings of `make endings`, always the same ones, and the page that holds their table."""

from __future__ import annotations

import random

import pytest

from tests.endings import judge, table
from tests.endings.cases import CASES

PLACES = random.Random(17)
#: Of each task that is disturbed, one exchange that is its last; each way comes up.
DISTURBED = [
    (name, PLACES.random(), judge.WAYS[at % len(judge.WAYS)], bool(at % 2))
    for at, name in enumerate(name for name, case in CASES.items() if case.disturbed)
]
#: One task for each ending of the table that needs no disturbance.
BY_ENDING = {(case.module, case.ending): name for name, case in reversed(CASES.items())}


def test_the_page_has_the_table():
    text = table.PAGE.read_text(encoding="utf-8")
    assert table.page_with(text) == text, "make endings-page"


def test_each_ending_of_the_table_has_a_task_and_each_task_an_ending():
    disturbed = {(case.module, table.UNTOLD) for case in CASES.values() if case.disturbed} & set(table.ROWS)
    assert set(BY_ENDING) | disturbed == set(table.ROWS)
    assert {way for _name, _place, way, _done in DISTURBED} == set(judge.WAYS)


@pytest.mark.parametrize("name", BY_ENDING.values())
def test_a_task_leaves_what_the_table_says_and_tells_of_it(name):
    seen = judge.play(judge.Ending(name))
    assert seen.problems == []
    assert seen.now >= ALWAYS.get(name, set())


@pytest.mark.parametrize(("name", "place", "way", "done"), DISTURBED, ids=[f"{one[0]}, {one[2]}" for one in DISTURBED])
def test_a_task_whose_controller_goes_leaves_no_more_than_the_table_says(name, place, way, done):
    number = 1 + int(place * judge.exchanges(name))
    assert judge.play(judge.Ending(name, number, way, done)).problems == []


#: So that the sample shows something: what these surely leave.
ALWAYS = {
    "kept": {table.WINDOWS, table.KNOWN},
    "kept, late": {table.JOB, table.COPY, table.WINDOWS, table.KNOWN},
    "join, keep_copy": {table.COPY, table.WINDOWS, table.KNOWN},
    "user gone, named": {table.SETTINGS},
    "present, late": {table.JOB, table.COPY},
}


@pytest.mark.parametrize("name", ALWAYS)
def test_what_a_table_without_it_would_be_found_by(name, monkeypatch):
    """Otherwise the comparison would show nothing."""
    case = CASES[name]
    monkeypatch.setitem(table.ROWS, (case.module, case.ending), table.Row())
    assert any(problem.startswith("there is") for problem in judge.play(judge.Ending(name)).problems)
