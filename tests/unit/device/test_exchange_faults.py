# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A few of the faults of `make faults`, always the same ones: of each task, and in each way."""

from __future__ import annotations

import random

import pytest

from tests.faults import sweep
from tests.faults.works import WORKS
from tests.lasting import lasting

PLACES = random.Random(14)
#: Of each task two faults; each way comes up.
SAMPLE = [
    (name, PLACES.random(), sweep.WAYS[(2 * at + more) % len(sweep.WAYS)])
    for at, name in enumerate(WORKS)
    for more in (0, 1)
]


def test_each_way_is_in_the_sample():
    assert {way for _name, _place, way in SAMPLE} == set(sweep.WAYS)


@pytest.mark.parametrize(("name", "place", "way"), SAMPLE, ids=[f"{name}, {way}" for name, _place, way in SAMPLE])
def test_the_next_run_ends_as_if_nothing_had_happened(name, place, way):
    number = 1 + int(place * sweep.undisturbed(name).exchanges)
    assert sweep.problem(sweep.Fault(name, number, way)) is None


def test_a_device_that_was_cut_off_differs_until_the_next_run(tmp_path):
    """Otherwise the sweep would show nothing: a leave whose first step is cut off has not been made."""
    work = WORKS["disconnect"]
    with sweep.Faulty(tmp_path, work, 2, "never begun") as played:
        assert sweep.run(work, played).how == "connection_lost" and played.met
        played.let_pass(sweep.SETTLED)
        assert lasting(sweep.dump(played.device)) != sweep.undisturbed("disconnect").state


def test_a_fault_that_is_not_met_is_a_problem():
    number = sweep.undisturbed("mdm absent").exchanges + 1
    assert sweep.problem(sweep.Fault("mdm absent", number, "cut after")) == "the fault was not met"
