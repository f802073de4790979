# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of registry_read and registry_users_read."""

from __future__ import annotations

from pathlib import Path

from . import windows
from .base import Case, Scene, variant
from .names import NO_CODE, TEXT


def rows(_scratch: Path) -> list[Case]:
    return [
        Case(
            "registry_read",
            {"path": "SOFTWARE\\Proof", "depth": 0},
            lambda v: (
                v["key"]["keys"] == {}
                and v["key"]["values"]
                == {
                    "": "the default",
                    "Dword": 0x80070005,
                    "Qword": 2**64 - 1,
                    "Many": ["one", "two"],
                    "One": ["one"],
                    "None": [],
                    "Binary": {"base64": "AAH/"},
                    "Byte": {"base64": "Bw=="},
                    "Nothing": {"base64": ""},
                    "Text": TEXT,
                    **{name: name for name in ("keys", "values", "count", "Count", "GetEnumerator")},
                }
            ),
        ),
        Case(
            "registry_read",
            {"path": "SOFTWARE\\Proof", "depth": 1},
            lambda v: v["key"]["keys"] == {"Child": {"values": {}, "keys": {}}, "count": {"values": {}, "keys": {}}},
        ),
        Case(
            "registry_read",
            {"path": "SOFTWARE\\Proof\\Child", "depth": 9},
            lambda v: (
                v == {"exists": True, "key": {"values": {}, "keys": {"Leaf": {"values": {"Deep": "yes"}, "keys": {}}}}}
            ),
        ),
        Case(
            "registry_read",
            {"path": "SOFTWARE\\Parent", "depth": 9},
            lambda v: (
                v["key"]["values"] == {}
                and v["key"]["keys"]
                == {
                    "Open": {"values": {}, "keys": {"Leaf": {"values": {"Deep": "yes"}, "keys": {}}}},
                    # Not as if it were absent; what has gone since the keys were listed is.
                    "Closed": {
                        "refused": {
                            "type": "System.Security.SecurityException",
                            "message": "Requested registry access is not allowed.",
                            "hresult": None,
                        }
                    },
                }
            ),
        ),
        # Names without their case, and nothing for one that is not there.
        Case(
            "registry_read",
            {"path": "SOFTWARE\\Proof", "names": ["DWORD", "None", "Nobody"]},
            lambda v: v == {"exists": True, "key": {"values": {"DWORD": 0x80070005, "None": []}, "keys": {}}},
        ),
        # What is closed may have the value; the key itself is read whether or not it has.
        Case(
            "registry_read",
            {"path": "SOFTWARE\\Parent", "depth": 1, "having": "Deep"},
            lambda v: list(v["key"]["keys"]) == ["Closed"],
        ),
        Case(
            "registry_read",
            {"path": "SOFTWARE\\Proof\\Child", "depth": 1, "having": "DEEP", "names": ["Nobody"]},
            lambda v: v["key"] == {"values": {}, "keys": {"Leaf": {"values": {}, "keys": {}}}},
        ),
        Case("registry_read", {"path": "SOFTWARE\\Absent"}, lambda v: v == {"exists": False, "key": None}),
        Case("registry_read", {"path": "SOFTWARE\\Parent\\Closed"}, error="SecurityException", hresult=NO_CODE),
        Case(
            "registry_users_read",
            {"path": "SOFTWARE\\Proof"},
            lambda v: (
                v
                == {
                    "users": {
                        sid: {"values": {"Owner": sid}, "keys": {}}
                        for sid in ("S-1-5-21-1-2-3-1001", "S-1-12-1-7-8-9-10")
                    }
                }
            ),
        ),
    ]


def with_a_closed_hive(_scratch: Path) -> list[Case]:
    """One user's hive is closed: it is told, and so is the rest."""
    return [
        Case(
            "registry_users_read",
            {"path": "SOFTWARE\\Proof"},
            lambda v: (
                "refused" in v["users"]["S-1-12-1-7-8-9-10"]
                and v["users"]["S-1-5-21-1-2-3-1001"]["values"] == {"Owner": "S-1-5-21-1-2-3-1001"}
            ),
        )
    ]


def close_a_hive(document: windows.Document) -> None:
    document["registry"]["HKU"]["users"]["S-1-12-1-7-8-9-10"]["closed"] = "all"


SCENES = [Scene("registry", rows), variant("closed hive", with_a_closed_hive, change=close_a_hive)]
