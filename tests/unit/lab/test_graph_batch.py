# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The envelope of JSON batches."""

from __future__ import annotations

import pytest

from .graph_lab import GraphLab


@pytest.fixture
def lab() -> GraphLab:
    return GraphLab()


def _get(name: str, **more) -> dict:
    return {"id": name, "method": "GET", "url": "/organization", **more}


@pytest.mark.parametrize(
    "requests",
    [
        [],
        "x",
        [_get(str(n)) for n in range(21)],
        [_get("a"), _get("A")],
        [{"id": "1", "url": "/x"}],
        [{**_get("1"), "body": {}}],
        [_get("1", dependsOn=["2"])],
        [_get("1", dependsOn=["2"]), _get("2", dependsOn=["1"])],
    ],
)
def test_a_bad_envelope_is_400(lab, requests):
    assert lab.error("POST", "/$batch", {"requests": requests})[:2] == (400, "BadRequest")


def test_each_item_is_answered_for_itself(lab):
    asked = [_get(str(n)) for n in range(19)] + [{"id": "x", "method": "GET", "url": "devices/none"}]
    answers = lab.ask("POST", "/$batch", {"requests": asked}).body["responses"]
    assert {a["id"]: a["status"] for a in answers} == {**{str(n): 200 for n in range(19)}, "x": 404}
    assert [a["id"] for a in answers] != [r["id"] for r in asked]  # in no order that one could rely on


def test_dependencies(lab):
    answers = lab.ask(
        "POST",
        "/$batch",
        {
            "requests": [
                _get("after", dependsOn=["bad"]),
                {"id": "bad", "method": "GET", "url": "/devices/none"},
                _get("free"),
                _get("last", dependsOn=["after"]),
            ]
        },
    ).body["responses"]
    assert {a["id"]: a["status"] for a in answers} == {"bad": 404, "after": 424, "free": 200, "last": 424}


def test_headers_belong_to_the_item(lab):
    counted = {"method": "GET", "url": "/devices/$count"}
    answers = lab.ask(
        "POST",
        "/$batch",
        {
            "requests": [
                {**counted, "id": "without"},
                {**counted, "id": "with", "headers": {"ConsistencyLevel": "eventual"}},
            ]
        },
        ConsistencyLevel="eventual",
    ).body["responses"]
    assert {a["id"]: a["status"] for a in answers} == {"without": 400, "with": 200}
