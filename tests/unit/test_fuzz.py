# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sample of each fuzz door, always the same inputs; `make fuzz` plays many more. And the frame itself."""

from __future__ import annotations

import random
import types

import pytest

from tests.fuzz import __main__ as program
from tests.fuzz import frame

FIRST_SEED = 1


@pytest.mark.parametrize("name", frame.names())
def test_no_input_of_the_sample_ends_in_an_exception_of_no_one(name):
    tally = frame.play(name, FIRST_SEED, frame.sample(name))
    told = [f"{fault.place}: python -m tests.fuzz --door {name} --only {fault.seed}" for fault in tally.faults.values()]
    assert told == []
    assert tally.inputs == frame.sample(name)


# --- the frame --------------------------------------------------------------------------------------------------------


def fails_at_multiples_of_ten(chance: random.Random) -> None:
    number = chance.randrange(1000)
    if number % 10 == 0:
        raise KeyError(number)
    if number % 10 == 5:
        raise ValueError(number)


@pytest.fixture
def doors(monkeypatch):
    """Doors of the test's own."""
    made: dict[str, types.SimpleNamespace] = {}
    monkeypatch.setattr(frame, "door", made.__getitem__)
    monkeypatch.setattr(frame, "names", lambda: sorted(made))
    return made


def test_each_fault_is_told_once_with_a_seed_that_plays_it_again(doors):
    doors["one"] = types.SimpleNamespace(one=fails_at_multiples_of_ten)
    tally = frame.play("one", 1, 400)
    places = sorted(tally.faults)
    assert [place.split(" ")[0] for place in places] == ["KeyError", "ValueError"] and tally.failed > 40
    assert all("fails_at_multiples_of_ten" in place for place in places)
    for place, fault in tally.faults.items():
        assert "Traceback" in fault.told
        assert set(frame.play("one", fault.seed, 1).faults) == {place}


def test_an_input_that_does_not_end_is_a_fault(doors, monkeypatch):
    def turns(_chance: random.Random) -> None:
        while True:
            pass

    monkeypatch.setattr(frame, "MOST_SECONDS", 0.05)
    doors["one"] = types.SimpleNamespace(one=turns)
    [place] = frame.play("one", 1, 2).faults
    assert "processor time" in place


def test_an_input_that_takes_much_memory_is_a_fault(doors, monkeypatch):
    monkeypatch.setattr(frame, "MOST_KIBIBYTES", -1)
    doors["one"] = types.SimpleNamespace(one=lambda _chance: None)
    [place] = frame.play("one", 1, 1).faults
    assert "MiB of memory" in place


def test_inputs_are_shared_out_by_what_they_cost(doors):
    doors |= {"dear": types.SimpleNamespace(), "cheap": types.SimpleNamespace(SAMPLE=frame.SAMPLE * 9)}
    shares = frame.shares(1_000_000, ["dear", "cheap"])
    assert shares == {"dear": 100_000, "cheap": 900_000}


@pytest.mark.parametrize(("one", "code"), [(lambda _chance: None, 0), (fails_at_multiples_of_ten, 1)])
def test_the_program_says_what_the_inputs_came_to(doors, capsys, monkeypatch, one, code):
    doors["here"] = types.SimpleNamespace(one=one)

    def here(counts, first, _processes):
        return ((name, frame.play(name, first, count)) for name, count in counts.items())

    monkeypatch.setattr(frame, "play_all", here)
    monkeypatch.setattr(program, "make_importable", lambda: None)
    assert program.main(["--inputs", "100", "--seed", "7"]) == code
    said = capsys.readouterr().out
    assert "here" in said and "     100 " in said
    assert ("--only" in said) is bool(code)
