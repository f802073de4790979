# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sample of `make rollouts` that is always the same: six runs of one rollout."""

from __future__ import annotations

from tests.rollouts import episode

SEED = 7


def test_a_report_tells_the_truth_after_limits_checks_kills_and_two_at_once() -> None:
    said: list[str] = []
    runs, problems = episode.played(SEED, 5, said.append)
    assert runs == 6 and len(said) == 5
    # One of each kind.
    assert all(any(kind in line for line in said) for kind in ("--check", "killed", "at once", "removing")), said
    assert not problems, "\n".join(problems)
