# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tenant's tests."""

from __future__ import annotations

import collections.abc

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph import held_permissions

from .fake_graph import Bench, FakeGraph

#: Where what is asked is what modules ask, and not made up for a test of the client.
OF_MODULES = ("devices", "diagnosis", "readiness", "resources")


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def graph(bench: Bench) -> FakeGraph:
    return bench.graph


@pytest.fixture(autouse=True)
def known_calls(request: pytest.FixtureRequest) -> collections.abc.Iterator[None]:
    """Whatever a module asks Graph, the collection knows which permissions are enough for it."""
    yield
    bench = request.node.funcargs.get("bench")
    if not isinstance(bench, Bench) or request.path.parent.name not in OF_MODULES:
        return
    asked = [(method, path) for method, path, _body in bench.graph.requests if path != "/$batch"]
    for _method, path, body in bench.graph.requests:
        if path == "/$batch":
            asked += [(item["method"], item["url"]) for item in body["requests"]]
    calls = {held_permissions.call_of(method, path) for method, path in asked}
    assert [call for call in calls if held_permissions.known_call(call) is None] == [], "see tests/tools"
