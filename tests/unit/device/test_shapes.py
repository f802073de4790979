# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checker of the vocabulary's shape language."""

from __future__ import annotations

import pytest

from tests.shapes import complaints

GOOD = [
    ("str", "x"),
    ("str?", None),
    ("int", 3),
    ("float", 3),
    ("float", 0.5),
    ("bool", False),
    ("any", [1, {}]),
    ("utc", "2026-11-21T08:00:00.000Z"),
    ("utc?", None),
    (["int"], []),
    (["int"], [1, 2]),
    ({"a": "int", "b?": "str"}, {"a": 1}),
    ({"a": "int", "b?": "str"}, {"a": 1, "b": "x"}),
    ({"*": "int"}, {"x": 1, "y": 2}),
    ({"op": "str", "*": "any"}, {"op": "x", "more": None}),
]
BAD = [
    ("str", None),
    ("str", 3),
    ("int", True),
    ("int", 3.5),
    ("float", True),
    ("bool", 1),
    ("bool", None),
    ("utc", "2026-11-21T08:00:00Z"),
    ("utc", "yesterday"),
    (["int"], "12"),
    (["int"], [1, "2"]),
    (["int"], None),
    ({"a": "int"}, {}),
    ({"a": "int"}, {"a": 1, "b": 2}),
    ({"a?": "int"}, {"a": None}),
    ({"*": "int"}, {"x": "y"}),
    ({"a": "int"}, [1]),
    ({"op": "str", "*": "any"}, {"more": 1}),
]


@pytest.mark.parametrize(("shape", "value"), GOOD)
def test_a_value_of_the_shape_has_no_complaints(shape, value):
    assert complaints(shape, value) == []


@pytest.mark.parametrize(("shape", "value"), BAD)
def test_a_value_of_another_shape_is_complained_about(shape, value):
    assert complaints(shape, value)


def test_a_complaint_says_where():
    assert complaints({"list": [{"n": "int"}]}, {"list": [{"n": 1}, {"n": "x"}]}, "answer") == [
        "answer.list[1].n: 'x' is not int"
    ]


@pytest.mark.parametrize("shape", ["text", ["int", "str"], 3])
def test_a_shape_outside_the_language_is_an_error(shape):
    with pytest.raises(ValueError, match="shape"):
        complaints(shape, [1])
