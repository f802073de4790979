# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab tenant with users to assign, for each test here."""

from __future__ import annotations

import pytest

from .registering import Registering


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Registering:
    made = Registering()
    made.keep_time(monkeypatch)
    return made
