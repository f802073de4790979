# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of events."""

from __future__ import annotations

from pathlib import Path

from .base import Case, Scene


def rows(_scratch: Path) -> list[Case]:
    return [
        Case(
            "events",
            {"log": "Proof", "ids": [12, 22], "since": "2026-01-01T00:00:00.000Z", "limit": 10},
            lambda v: (
                [event["id"] for event in v["events"]] == [12, 22, 12]
                and v["events"][0]["data"]
                == [
                    "*[System[(EventID=12 or EventID=22) and TimeCreated[@SystemTime>='2026-01-01T00:00:00.000Z']]]",
                    "2147942405",
                    "",
                ]
                and v["events"][0]["message"] == "A message"
                and v["events"][1]["message"] is None
            ),
        ),
        Case(
            "events",
            {"log": "Proof", "ids": [99], "limit": 1},
            lambda v: (
                [event["id"] for event in v["events"]] == [99]
                and v["events"][0]["data"][0] == "*[System[(EventID=99)]]"
            ),
        ),
        Case(
            "events",
            # More than Windows takes in one query.
            {"log": "Proof", "ids": list(range(50)), "limit": 3},
            lambda v: [event["id"] for event in v["events"]] == [12, 22, 12] and v["events"][0]["data"][0] == "*",
        ),
        Case(
            "events",
            {"log": "Proof", "ids": [12, 22], "after": 42, "limit": 10},
            lambda v: (
                [event["record"] for event in v["events"]] == [44, 43]
                and v["events"][0]["data"][0] == "*[System[(EventID=12 or EventID=22) and EventRecordID>42]]"
            ),
        ),
        Case(
            "events",
            {"log": "Proof", "ids": [], "since": "2026-01-01T00:00:00.000Z", "after": 43, "limit": 10},
            lambda v: (
                [event["data"][0] for event in v["events"]]
                == ["*[System[TimeCreated[@SystemTime>='2026-01-01T00:00:00.000Z'] and EventRecordID>43]]"]
            ),
        ),
        Case(
            "events",
            # A number of more than 32 bits, alone.
            {"log": "Proof", "ids": [], "after": 5000000000, "limit": 10},
            lambda v: v == {"log_exists": True, "events": []},
        ),
        Case("events", {"log": "Proof", "ids": [], "limit": 9}, lambda v: len(v["events"]) == 4),
        Case(
            "events",
            {"log": "Kinds", "ids": [], "limit": 9},
            # A time and bytes have one form in every culture and in both PowerShells.
            lambda v: [event["data"] for event in v["events"]] == [["2026-01-02T03:04:05.000Z", "AAH/", "0.5"]],
        ),
        Case(
            "events",
            {"log": "Levels", "ids": [3], "levels": [1, 2], "limit": 10},
            # By id or by level; an event without a level has none of them.
            lambda v: (
                [(event["id"], event["level"]) for event in v["events"]]
                == [(3, 4), (1, 2), (1, 2), (3, 4), (2, 1), (1, 2)]
                and v["events"][0]["data"][0] == "*[System[(Level=1 or Level=2 or EventID=3)]]"
            ),
        ),
        Case(
            "events",
            {"log": "Levels", "ids": [], "levels": [2, 3], "each": 1, "limit": 10},
            # One of each id, the newest.
            lambda v: [(event["id"], event["record"]) for event in v["events"]] == [(1, 47), (4, 44)],
        ),
        Case(
            "events",
            {"log": "Levels", "ids": list(range(90, 110)), "levels": [3], "limit": 10},
            lambda v: [event["id"] for event in v["events"]] == [4] and v["events"][0]["data"][0] == "*",
        ),
        Case(
            "events",
            {"log": "Levels", "ids": [], "each": 2, "limit": 10},
            lambda v: (
                [event["id"] for event in v["events"]] == [3, 1, 1, 5, 4, 3, 2] and v["events"][3]["level"] is None
            ),
        ),
        Case("events", {"log": "Empty", "ids": [1], "limit": 9}, lambda v: v == {"log_exists": True, "events": []}),
        Case("events", {"log": "Missing", "ids": [1], "limit": 9}, lambda v: v == {"log_exists": False, "events": []}),
        Case("events", {"log": "Denied", "ids": [1], "limit": 9}, error="UnauthorizedAccessException"),
    ]


SCENES = [Scene("events", rows)]
