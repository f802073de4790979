# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults that tests/powershell/mutants.py puts into the runner; the hunt itself needs a PowerShell."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import wire

pytest.importorskip("tree_sitter")
pytest.importorskip("tree_sitter_powershell")

PROOF = Path(__file__).resolve().parents[2] / "powershell"


@pytest.fixture(scope="module")
def mutation():
    yield from imported("mutation")


@pytest.fixture(scope="module")
def hunt():
    yield from imported("mutants")


def imported(name: str):
    sys.path.insert(0, str(PROOF))
    try:
        yield importlib.import_module(name)
    finally:
        sys.path.remove(str(PROOF))


def faults(mutation, text: str) -> list[tuple[str, str]]:
    """Of each mutant what was done and the text of the function with it, on one line."""
    function = mutation.Function("f", "part", 10, text)
    return [(mutant.what, " ".join(mutant.after.split())) for mutant in mutation.mutants(function)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("$a -ceq 1", [("drop", ""), ("swap -ceq", "$a -cne 1")]),
        ("$a -isnot [int]", [("drop", ""), ("swap -isnot", "$a -is [int]")]),
        ("$a -inotlike 1", [("drop", ""), ("swap -inotlike", "$a -ilike 1")]),
        ("$a -cnotcontains 1", [("drop", ""), ("swap -cnotcontains", "$a -ccontains 1")]),
        ("$a -and -not $b", [("drop", ""), ("swap -and", "$a -or -not $b"), ("swap -not", "$a -and $b")]),
        ("return $true", [("drop", ""), ("swap $true", "return $false")]),
        ("if ($a) { throw 'x' }", [("drop", "")]),
        (
            "if ($a) { 1 } else { 2 }",
            [("drop", ""), ("drop (2)", "if ($a) { } else { 2 }"), ("drop (3)", "if ($a) { 1 } else { }")],
        ),
        ("$a = @(1, 2)", [("drop", "")]),
        ("foreach ($a in $b) {\n  $c\n}", [("drop", "foreach ($a in $b) { }")]),
    ],
)
def test_a_mutant_has_one_fault(mutation, body, expected):
    assert faults(mutation, f"function f {{\n{body}\n}}") == [
        (what, " ".join(f"function f {{ {after} }}".split())) for what, after in expected
    ]


def test_a_mutant_says_where_it_is_and_alike_ones_are_told_apart(mutation):
    text = "function f {\n    # a comment -eq\n    $a -or $b -or $c\n    $a -or $b -or $c\n}"
    found = mutation.mutants(mutation.Function("f", "part", 10, text))
    assert [(one.at, one.what) for one in found] == [
        ("part.ps1:13", "drop"),
        ("part.ps1:13", "swap -or"),
        ("part.ps1:13", "swap -or (2)"),
        ("part.ps1:14", "drop (2)"),
        ("part.ps1:14", "swap -or (3)"),
        ("part.ps1:14", "swap -or (4)"),
    ]


def test_every_mutant_of_the_runner_parses_and_fits_into_what_is_sent(mutation):
    packed = mutation._packed(wire.runner_text(mutation.VOCABULARY["operations"]))
    for function in mutation.functions().values():
        for mutant in mutation.mutants(function):
            assert mutant.apply(packed) != packed
            wrong = [
                one for one in mutation._nodes(mutation.parse(mutant.after)) if one.type == "ERROR" or one.is_missing
            ]
            assert wrong == [], mutant


def test_a_function_that_is_not_there_is_no_mutant(mutation):
    mutant = mutation.mutants(mutation.functions()["bitlocker"])[0]
    with pytest.raises(ValueError, match="0 times"):
        mutant.apply("function other { }")


def test_a_scene_needs_what_its_operations_call_and_no_more(mutation):
    needed = mutation.needed(["bitlocker", "no_such_operation"])
    assert {"bitlocker", "Get-KeyProtector", "Get-Cause", "Invoke-Request", "Write-JsonValue", "main"} <= needed
    assert needed & {"restart", "Invoke-Native", "endpoints"} == set()


def test_functions_that_the_stand_ins_keep_are_not_replaced(mutation):
    text = "${function:Invoke-RealNative} = ${function:Invoke-Native}\n" + "".join(
        f"function {name} {{ 1 }}\n" for name in ("Invoke-Native", "Get-DeviceFact", "Get-ProofThing")
    )
    assert mutation.replaced(text) == {"Get-DeviceFact"}


def test_what_only_replaced_functions_call_does_not_run(mutation):
    assert mutation.unreached({"Get-DeviceFact"}) == {"Get-AccountName"}
    assert "Get-AccountName" not in mutation.needed(["bitlocker"], {"Get-DeviceFact"})
    assert mutation.unreached(set()) == set()


def test_a_fault_gets_into_what_the_proof_sends_before_the_stand_ins(mutation):
    mutant = mutation.mutants(mutation.functions()["bitlocker"])[0]
    begin = mutation.stand_ins.BEGIN
    assert mutant.apply(f"parts\n{begin}\nrest") == f"parts\n{mutant.after}\n{begin}\nrest"


class Played:
    """In the place of a scene's play: the answers, one after another, and with which faults they were asked for."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.faults: list[bool] = []

    def __call__(self, driver, scene) -> str:
        self.faults.append(driver.change("") != "")
        return self.answers.pop(0)


class Idle:
    """A driver that has to be started anew before each scene."""

    deadline = float("inf")

    def __init__(self) -> None:
        self.change = lambda text: text

    def is_ready(self) -> bool:
        return False


@pytest.mark.parametrize(
    ("answers", "noticed"),
    [
        (["x: wrong"], "x: wrong"),
        ([""], ""),
        # The machine was slow, the fault is not noticed; and it never ends.
        (["x: timed out", ""], ""),
        (["x: timed out", "x: timed out"], "x: timed out"),
    ],
)
def test_a_slow_machine_notices_no_fault(hunt, monkeypatch, answers, noticed):
    # Two to measure, and one without a fault before each with it.
    played = Played("", "", *(each for answer in answers for each in ("", answer)))
    monkeypatch.setattr(hunt, "play", played)
    stage = hunt.Stage(hunt.rows.SCENES[0], set())

    class Fault:
        def apply(self, text: str) -> str:
            return "a fault"

    assert stage.notices(Idle(), Fault()) == noticed
    assert played.faults == [False, False, *[False, True] * len(answers)]
    assert played.answers == []
