# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine's log tells of one package, while the engine runs others beside it."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device.joining.engine_memory import skipped_all

OURS, MAKERS = "{6A9B2C1E-0f4d-4f0a-9c55-0d2f6c1b7a11}", "{11111111-2222-3333-4444-555555555555}"


def event(number: int, *data: str) -> dict:
    return {"id": number, "data": list(data)}


def begin(package: str) -> dict:
    return event(20, "some.ppkg", package)


FAILS = [event(10, "Power"), event(12, "Power", "-1"), event(22, "some.ppkg")]


@pytest.mark.parametrize(
    ("oldest_first", "expected"),
    [
        ([], None),
        ([begin(OURS), event(21, "some.ppkg")], True),
        ([begin(OURS), event(10, "AADJ"), event(11, "AADJ"), event(21, "some.ppkg")], False),
        ([begin(MAKERS), *FAILS, begin(OURS), event(21, "some.ppkg")], True),
        ([begin(OURS), event(21, "some.ppkg"), begin(MAKERS), *FAILS], True),
        ([begin(OURS), event(10, "AADJ"), begin(MAKERS), *FAILS], False),
        ([begin(MAKERS), *FAILS], None),
        ([event(10, "AADJ"), event(11, "AADJ")], False),
        ([event(21, "some.ppkg")], True),
    ],
    ids=[
        "nothing",
        "skipped",
        "applied",
        "another before",
        "another behind",
        "both",
        "another only",
        "no 20",
        "21 only",
    ],
)
def test_only_what_is_about_the_package_counts(oldest_first, expected):
    assert skipped_all(oldest_first[::-1], OURS.strip("{}").lower()) is expected
