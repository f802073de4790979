# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever directory_posture asks Graph, the collection knows which permissions are enough for it."""

from __future__ import annotations

from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph import held_permissions

from .bench import PostureBench

BAD = {"name": "Windows", "state": "nonCompliant", "settings": [{"setting": "Windows10CompliancePolicy.TpmRequired"}]}
FAILED = {"name": "Desktop", "state": "error", "settings": [{"setting": "Windows10General.Wallpaper"}]}


def test_every_call_has_its_permissions():
    bench = PostureBench()
    staff = bench.lab.tenant.add_group("Staff", [])
    bench.policy("Staff", controls=("block",), users={"includeUsers": [], "includeGroups": [staff["id"]]})
    for name in ("ada", "bob"):
        bench.user(name, ["email"])
    devices = [bench.managed(f"PC-{n}", user=n, policies=[BAD], configurations=[FAILED]) for n in ("ada", "bob")]
    bench.play(*devices, applications=["Office365"])
    calls = set()
    for exchange, body in zip(bench.exchanges, bench.bodies):
        method, path = exchange.split(" ")
        if path == "/$batch":
            calls |= {held_permissions.call_of(one["method"], one["url"]) for one in body["requests"]}
        else:
            calls.add(f"{method} {path}")
    assert len(calls) > 10
    assert [call for call in calls if held_permissions.known_call(call) is None] == []
