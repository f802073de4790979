# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant whose logs a diagnosis reads, asked by a signed-in user."""

from __future__ import annotations

import dataclasses

import pytest

from ..diagnosis_graph import DiagnosisBench, DiagnosisGraph


@pytest.fixture
def bench() -> DiagnosisBench:
    bench = DiagnosisBench()
    bench.settings = dataclasses.replace(bench.settings, kind="device_code")
    return bench


@pytest.fixture
def graph(bench: DiagnosisBench) -> DiagnosisGraph:
    return bench.graph
