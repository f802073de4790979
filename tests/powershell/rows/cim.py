# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of cim_query."""

from __future__ import annotations

from pathlib import Path

from .base import Case, Scene


def rows(_scratch: Path) -> list[Case]:
    return [
        Case(
            "cim_query",
            {"class": "Proof_One", "namespace": "root/x", "filter": "A='b'", "properties": ["Given"]},
            lambda v: v["instances"] == [{"Given": "root/x|A='b'|Given"}],
        ),
        Case(
            "cim_query",
            {
                "class": "Proof_One",
                "properties": "Time Empty One Big Yes Half Span Absent None Endless".split(),
            },
            lambda v: (
                v["instances"]
                == [
                    {
                        "Time": "2026-01-02T03:04:05.000Z",
                        "Empty": None,
                        "One": [7],
                        "Big": 2**64 - 1,
                        "Yes": True,
                        "Half": 0.5,
                        "Span": "1.02:03:04",
                        "Absent": None,
                        # JSON has no form for them.
                        "None": None,
                        "Endless": None,
                    }
                ]
            ),
        ),
        Case("cim_query", {"class": "Proof_One", "properties": ["Nothing"]}, error="CimException"),
        Case("cim_query", {"class": "Proof_Two", "properties": ["Given"]}, lambda v: len(v["instances"]) == 2),
        Case("cim_query", {"class": "Proof_None", "properties": ["Given"]}, lambda v: v["instances"] == []),
        Case("cim_query", {"class": "Proof_Missing", "properties": ["Given"]}, error="CimException"),
    ]


SCENES = [Scene("cim", rows)]
