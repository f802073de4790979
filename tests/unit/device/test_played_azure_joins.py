# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins of the lab's Azure VMs with an MDM id, whose enrollment is a part of the join: made, or taken back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.modules import join as join_module
from ansible_collections.winops.entra.plugins.plugin_utils.device.joining import azure_vm, join
from tests.lab.device import azure_mdm
from tests.lab.device.dump import dump

from .played import Played
from .test_joining import plan

ROOT = Path(__file__).resolve().parents[3]
INTUNE = "0000000a-0000-0000-c000-000000000000"
SERVER = {"windows": {"edition": "ServerDatacenter", "build": "20348.2762"}}
BROKER = azure_mdm.BROKER_FAILED


def join_vm(played: Played, monkeypatch, **changes):
    settings = {"method": "azure_vm", "package": None, "tenant_id": played.lab.world.tenant.id, "mdm_id": INTUNE}
    return played.run(join.Join, plan(**(settings | changes)), monkeypatch)


@pytest.mark.parametrize("failures", [0, 1, 9])
def test_a_vm_is_joined_and_enrolled_when_dsregcmd_has_ended(tmp_path, monkeypatch, failures):
    azure = {"identity": "main", "broker_failures": [BROKER] * failures}
    with Played(tmp_path, "azure_vm_mdm", {"azure": azure}) as played:
        made, _result = join_vm(played, monkeypatch, expect_mdm=True)
        assert made.learned["outcome"] == "joined" and made.learned["mdm"]["enrolled"] is True
        assert dump(played.device)["join"]["mdm"] is True and "warnings" not in made.learned
        assert dump(played.device)["jobs"] == {}


@pytest.mark.parametrize(
    ("options", "changes", "code"),
    [
        ({}, {"mdm_id": "11111111-2222-4333-8444-555555555555"}, "0x801c0072"),
        ({"azure": {"identity": "main", "broker_failures": [BROKER] * 10}}, {}, "0x801c0076"),
        ({"azure": {"identity": "main", "broker_failures": [0x801C0079]}}, {}, "0x801c0079"),
        ({"azure": {"identity": "main", "broker_failures": [BROKER, 0x801C0079]}}, {}, "0x801c0079"),
        ({"blocked": ["enrollment.manage.microsoft.com"]}, {}, "0x80180010"),
        ({"mdm": "leftovers"}, {}, "0x8018000a"),
        (SERVER, {}, "0x80180014"),
    ],
    ids=["no address", "broker", "interaction", "broker, then interaction", "blocked", "leftovers", "server"],
)
def test_a_join_that_is_taken_back_ends_with_the_cause_of_the_enrollment(tmp_path, monkeypatch, options, changes, code):
    with Played(tmp_path, "azure_vm_mdm", options) as played:
        made, failure = join_vm(played, monkeypatch, **changes)
        error = failure.error
        assert error["code"] == code and made.learned["outcome"] == "failed", error
        assert "not in the catalogue" not in error["cause"] and error["fix"]
        assert not made.changes.changed and dump(played.device)["join"]["type"] == "none"
        assert dump(played.device)["jobs"] == {}
        first = played.diagnose(topics=("join",), method="azure_vm")[0]
        assert first["code"] == code and first["weight"] > 20, first


def test_a_join_that_could_not_be_taken_back_is_one_and_the_cause_is_told(tmp_path, monkeypatch):
    options = {"leave": {"failures": [0x80070005]}, "blocked": ["enrollment.manage.microsoft.com"]}
    with Played(tmp_path, "azure_vm_mdm", options) as played:
        made, _result = join_vm(played, monkeypatch)
        assert made.learned["outcome"] == "joined" and dump(played.device)["join"]["type"] == "entra"
        [warning] = made.learned["warnings"]
        assert "although dsregcmd" in warning and "0x80180010" in warning


def test_a_join_that_may_still_be_taken_back_is_not_made_and_the_next_run_waits_for_it(tmp_path, monkeypatch):
    azure = {"identity": "main", "broker_failures": [BROKER] * 8}
    with Played(tmp_path, "azure_vm_mdm", {"azure": azure}) as played:
        made, failure = join_vm(played, monkeypatch, timeout=60)
        assert failure.error["name"] == "unfinished" and dump(played.device)["join"]["type"] == "entra"
        [change] = made.changes.as_result(False)["changes"]
        assert change["after"] == "continues; the next run finds it"
        again, _result = join_vm(played, monkeypatch, expect_mdm=True)
        assert again.learned["outcome"] == "unchanged" and dump(played.device)["join"]["mdm"] is True
        assert dump(played.device)["jobs"] == {}


def test_a_join_that_is_taken_back_under_the_next_run_is_told_by_it(tmp_path, monkeypatch):
    azure = {"identity": "main", "broker_failures": [BROKER] * 10}
    with Played(tmp_path, "azure_vm_mdm", {"azure": azure}) as played:
        join_vm(played, monkeypatch, timeout=60)
        again, failure = join_vm(played, monkeypatch)
        assert failure.error["code"] == "0x801c0076" and dump(played.device)["join"]["type"] == "none"
        [change] = again.changes.as_result(False)["changes"]
        assert (change["what"], change["before"]["type"], change["after"]["type"]) == ("join", "entra", "none")


def test_the_limits_of_a_join_by_identity_rise():
    runner = (ROOT / "plugins/plugin_utils/device/runner/azure_join.ps1").read_text(encoding="utf-8")
    [program] = [int(number) for number in re.findall(r"\$arguments (\d+)", runner)]
    assert program + 60 <= azure_vm.AZURE_JOIN_SECONDS <= join_module.ARGUMENT_SPEC["timeout"]["default"] - 60
