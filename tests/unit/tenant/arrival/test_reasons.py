# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every reason has a name of its own, stands in the guide and in RETURN, and says what to do where it is not met."""

from __future__ import annotations

import re

import yaml

from ansible_collections.winops.entra.plugins.modules import wait_for_management
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.arrival import reasons
from tests.collection import ROOT

REASONS = [value for value in vars(reasons).values() if isinstance(value, reasons.Reason)]
NAMES = {one.name for one in REASONS}
MET = {"in_intune", "compliant", "applied"}


def test_names_are_each_ones_own():
    assert len(NAMES) == len(REASONS)


def test_what_is_not_met_says_why_and_what_to_do():
    for one in REASONS:
        assert (one.name in MET) == (not one.fix), one.name
        assert one.name in MET or (one.still and one.why), one.name


def test_the_guide_has_every_reason():
    text = (ROOT / "docs" / "after-the-join.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == NAMES


def test_return_has_every_reason():
    shown = yaml.safe_load(wait_for_management.RETURN)["devices"]["contains"]
    told = {expected: str(shown[expected]["contains"]["reason"]["description"]) for expected in reasons.ARRIVAL_IDS}
    found = {name for text in told.values() for name in re.findall(r"V\((\w+)\)", text)}
    assert found == NAMES
