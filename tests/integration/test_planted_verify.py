# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sample of `make demo-verify`: what is planted in both halves of a device is found by playbooks/verify.yml,
what is odd is no finding, and what was refused is unknown, with its reason."""

from __future__ import annotations

import subprocess
import sys
import typing as t

import pytest

from tests import planted_rounds
from tests.integration.conftest import StartFleet
from tests.integration.play import PATIENCE, ROOT, Player
from tests.integration.rollouts import Rollout
from tests.lab.process import RunningLab
from tests.planted_rounds import Found, Refusal
from tests.planted_verify import DEVICE, ODD, PLANTED, SAMPLE, TENANT

CONTRACT = ROOT.parent / "shared" / "graph" / "validate.py"


class Runs(t.NamedTuple):
    """What was found, what was refused then, and what was found of that."""

    lab: RunningLab
    found: Found
    refused: list[Refusal]
    told: Found


@pytest.fixture(scope="module")
def runs(start_fleet: StartFleet, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    lab = start_fleet("verify")
    rollout = Rollout(lab, player, tmp_path_factory.mktemp("verify"), "verify")

    def found() -> Found:
        rollout.run("--limit", ",".join(SAMPLE), verify_tenant=True, verify_applications=["Office365"])
        return {name: device["findings"] for name, device in rollout.devices().items()}

    first = found()
    refused = [one for one in planted_rounds.rounds()[0] if one[0] in SAMPLE]
    planted_rounds.refuse(lab, refused)
    return Runs(lab, first, refused, found())


def test_what_is_planted_is_found_and_what_is_odd_is_no_finding(runs):
    assert planted_rounds.differences(runs.found, SAMPLE) == []
    assert set(runs.found) == set(SAMPLE) <= {*PLANTED, *ODD}


@pytest.mark.skipif(not CONTRACT.exists(), reason="needs ../shared/graph, Microsoft's description of Graph")
def test_every_exchange_is_as_microsoft_describes_it(runs):
    command = [sys.executable, str(CONTRACT), str(runs.lab.out / "graph.jsonl"), "--strict"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout[-4000:]


def test_what_was_refused_is_unknown_and_says_why(runs):
    assert {fault.side for _name, fault, _group in runs.refused} >= {DEVICE, TENANT}
    assert planted_rounds.not_unknown(runs.told, runs.refused) == []
