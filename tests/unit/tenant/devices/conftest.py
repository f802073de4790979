# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One tenant with devices in all places, for each test here."""

from __future__ import annotations

import pytest

from ..device_graph import DeviceBench
from ..tenant_graph import TenantGraph


@pytest.fixture
def bench() -> DeviceBench:
    made = DeviceBench()
    made.graph = TenantGraph()
    return made


@pytest.fixture
def graph(bench: DeviceBench) -> TenantGraph:
    return bench.graph
