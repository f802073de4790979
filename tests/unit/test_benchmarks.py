# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a benchmark times is there, and does its work: nobody runs benchmarks with each change."""

from __future__ import annotations

from tests.benchmarks import checking


def test_the_time_that_checking_an_answer_takes_can_be_measured(monkeypatch):
    monkeypatch.setattr(checking, "TIMES", 1)
    monkeypatch.setattr(checking, "ROUNDS", 1)
    assert isinstance(checking.seconds(), float)
