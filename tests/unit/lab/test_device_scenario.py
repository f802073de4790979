# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenario files: what they make, what a bad one is told, and what many devices cost."""

from __future__ import annotations

import os
import stat
import time
import tracemalloc

import pytest
import yaml

from tests.lab.device.dump import join_summary
from tests.lab.host import ScenarioError
from tests.lab.scenario import load_world, read

from .world_lab import Lab

START = {
    "joined_half_left": "none",
    "joined_elsewhere_left": "none",
    "ad_joined": "domain",
    "winrm_in_domain": "domain",
    "registered": "registered",
}


def _file(tmp_path, content) -> str:
    path = tmp_path / "bad.yml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return str(path)


def test_every_kind_begins_as_its_name_says(tmp_path):
    for host in Lab(tmp_path).world.hosts:
        named = next((kind for word, kind in (("joined", "entra"), ("hybrid", "hybrid")) if word in host.kind), "none")
        expected = START.get(host.kind, "none" if host.kind.startswith("unjoined") else named)
        assert join_summary(host)["type"] == expected, host.kind


def test_the_demo_has_every_kind_that_issue_and_rollout_ask_for(tmp_path):
    world = load_world("demo", out=tmp_path)
    assert len(world.hosts) >= 14 and len({host.name for host in world.hosts}) == len(world.hosts)
    assert all(host.expect.get("outcome") for host in world.hosts)
    assert {"joined", "unchanged", "refused", "failed"} == {host.expect["outcome"] for host in world.hosts}
    assert len({host.hostname for host in world.hosts}) == len(world.hosts)
    assert all(len(host.hostname) <= 15 for host in world.hosts)


def test_packages_are_written_for_their_owner_only_and_inventory_variables_name_them(tmp_path):
    world = load_world("demo", out=tmp_path)
    for host in world.hosts:
        path = host.variables.get("join_src")
        if path is None:
            assert host.variables["join_method"] == "azure_vm"
            continue
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert world.variables == {"join_tenant_id": world.tenant.id}


def test_the_confusion_table_has_every_kind_that_preflight_can_foretell(tmp_path):
    kinds = read("every_kind")["kinds"]
    foretold = {kind for kind, options in kinds.items() if {"preflight", "warn"} & set(options["expect"])}
    fleet = {entry["kind"] for entry in read("preflight")["devices"]}
    assert foretold - fleet <= {kind for kind in kinds if kind.startswith(("joined_", "hybrid_"))}
    healthy = [kind for kind in fleet if kind not in foretold]
    assert len(healthy) >= 8 and all(kinds[kind]["expect"]["outcome"] in ("joined", "unchanged") for kind in healthy)


def test_every_joined_kind_can_be_disconnected_or_says_why_not(tmp_path):
    kinds = read("every_kind")["kinds"]
    for entry in read("disconnect")["devices"]:
        if entry["kind"].startswith(("joined_", "hybrid_")) and entry["kind"] != "joined_half_left":
            assert "disconnect" in kinds[entry["kind"]]["expect"], entry["kind"]


def test_devices_are_replicated_in_turn_with_numbered_names(tmp_path):
    world = load_world("healthy", devices=7, out=tmp_path)
    assert [host.kind for host in world.hosts].count("unjoined_pro") == 3
    assert world.hosts[3].name == "unjoined-pro-02"


def test_the_same_scenario_is_the_same_world(tmp_path):
    from tests.lab.device.dump import dump

    first, second = (Lab(tmp_path).world for _each in range(2))
    assert [dump(host)["digest"] for host in first.hosts] == [dump(host)["digest"] for host in second.hosts]


def test_five_hundred_devices_are_small(tmp_path):
    load_world("healthy", devices=3, out=tmp_path)
    tracemalloc.start()
    world = load_world("joined", devices=500, out=tmp_path)
    used, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(world.hosts) == 500
    assert used / 500 < 100_000, "bytes a device"


def test_five_hundred_devices_of_every_kind_start_soon(tmp_path):
    load_world("every_kind", out=tmp_path)
    begun = time.process_time()
    load_world("every_kind", devices=500, out=tmp_path)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"devices": [{"kind": "unjoined_prow"}]}, "did you mean 'unjoined_pro'"),
        ({"devices": []}, "at least one device"),
        ({"devices": [{"count": 2}]}, "devices[0]: needs 'kind'"),
        ({"devices": [{"kind": "home", "count": 0}]}, "at least 1"),
        ({"devices": [{"kind": "home", "expect": {"outcome": "maybe"}}]}, "'maybe' is none of joined, unchanged"),
        ({"devices": [{"kind": "home", "device": {"tmp": False}}]}, "did you mean 'tpm'"),
        (
            {"devices": [{"kind": "home", "device": {"windows": {"build": "1.1", "edition": "Core"}}}]},
            "use one of 14393",
        ),
        ({"devices": [{"kind": "home", "device": {"clock_skew": "much"}}]}, "must be a number"),
        (
            {"devices": [{"kind": "home", "device": {"join": {"tenant": "other"}}}]},
            "devices[0].device.join: needs 'type'",
        ),
        ({"devices": [{"kind": "home", "device": {"engine": {"failures": [{"times": 1}]}}}]}, "needs 'hresult'"),
        ({"devices": [{"kind": "home", "package": "none"}]}, "there is no 'none' under packages"),
        ({"devices": [{"kind": "home", "device": {"azure": {"identity": "nobody"}}}]}, "under tenants"),
        (
            {"devices": [{"kind": "home", "device": {"faults": [{"kind": "quake"}]}}]},
            "devices[0].device.faults[0].kind",
        ),
        ({"packages": {"x": {"tenant": "nobody"}}, "devices": "all"}, "packages.x.tenant"),
        ({"tenants": {"x": {"join": ["nobody"]}}, "devices": "all"}, "tenants.x.join"),
        ({"devices": "most"}, "'most' is none of all"),
        ("devices: [", "is no YAML"),
        ("just text", "must be a map"),
    ],
)
def test_a_bad_file_is_told_its_place_and_what_would_be_right(content, sentence, tmp_path):
    with pytest.raises(ScenarioError) as caught:
        read(_file(tmp_path, content))
    assert sentence in str(caught.value) and "bad.yml" in str(caught.value)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(
        ScenarioError,
        match=r"use one of autopilot, demo, deployments, disconnect, every_kind, healthy, joined, passwordless, "
        "posture, preflight, resets",
    ):
        read("nonsense")


def test_a_scenario_may_bring_its_own_tenants_packages_and_kinds(tmp_path):
    scenario = {
        "packages": {"strict": {"token": "none", "title": "No token"}},
        "kinds": {
            "special": {
                "package": "strict",
                "device": {"tpm": False, "engine": {"seconds": 1}},
                "expect": {"outcome": "refused"},
            }
        },
        "devices": [{"kind": "special", "name": "one", "device": {"hostname": "ONE"}, "variables": {"a": 1}}],
    }
    [host] = Lab(tmp_path, scenario).world.hosts
    assert (host.name, host.hostname, host.variables["a"], host.hardware.tpm) == ("one", "ONE", 1, False)
    assert host.engine.seconds == 1
