# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registration that is cut off, or killed, and run again: nothing twice, nothing lost. A sample of the whole."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.tenant.autopilot import imports
from tests.registrations import sweep


@pytest.mark.parametrize("later", sweep.LATER)
@pytest.mark.parametrize("way", sweep.WAYS)
def test_no_device_is_imported_twice_and_none_is_lost(way: str, later: float) -> None:
    """`make registrations` has each exchange, and more devices."""
    total, first = sweep.exchanges(5, 2), 3 + list(sweep.WAYS).index(way) * 3
    places = range(first, total, 11)
    found = {place: sweep.problem(sweep.Trouble(way, place, later)) for place in places}
    assert found == dict.fromkeys(places)


def test_the_sweep_notices_a_device_that_is_imported_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(_self: t.Any, _wanted: t.Any) -> None:
        """Of what was imported before nothing is known."""

    monkeypatch.setattr(imports.Importer, "look", blind)
    found = [sweep.problem(sweep.Trouble("killed after", place)) for place in range(3, 12)]
    assert any(found)
