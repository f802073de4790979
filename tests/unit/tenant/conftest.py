# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tenant's tests."""

from __future__ import annotations

import pytest

from .fake_graph import Bench, FakeGraph


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def graph(bench: Bench) -> FakeGraph:
    return bench.graph
