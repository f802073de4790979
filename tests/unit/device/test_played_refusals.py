# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that the lab's Windows does not take, or does not give back: the join, the package, and the diagnosis."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device.joining import join, package_state
from tests.lab.device.dump import dump

from . import test_joining
from .played import Played

POLICY = "AllowAddProvisioningPackage is 0"


def join_by(played: Played, monkeypatch, label: str = "fleet", **changes):
    """A join with a package of the world: the work, and what it returned or raised."""
    plan = test_joining.plan(package=played.package(label), tenant_id=played.lab.world.tenant.id, **changes)
    return played.run(join.Join, plan, monkeypatch)


@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [
        ("packages_forbidden", "0x80070005", POLICY),
        ("package_not_applicable", "0x80070103", "nothing in the package for this device"),
        ("package_consent_refused", "0x80004004", "the answer was no"),
    ],
)
def test_a_package_that_is_not_taken_says_why(tmp_path, monkeypatch, kind, code, said):
    with Played(tmp_path, kind) as played:
        made, failure = join_by(played, monkeypatch)
        assert failure.error["code"] == code and said in failure.error["cause"], failure.error
        assert not made.changes.changed and played.now < 120
        first = played.diagnose()[0]
        assert first["code"] == code and said in first["cause"] and first["weight"] >= 80, first
        assert played.diagnose()[1:] == [], "one failure, one finding"


def test_the_same_code_without_the_policy_is_not_blamed_on_it(tmp_path, monkeypatch):
    with Played(tmp_path, "unjoined_pro", {"engine": {"refuses": 0x80070005}}) as played:
        _made, failure = join_by(played, monkeypatch)
        assert failure.error["code"] == "0x80070005" and POLICY not in failure.error["cause"]
        assert played.diagnose()[0]["code"] == "0x80070005" and POLICY not in played.diagnose()[0]["cause"]


def test_a_right_that_is_missing_elsewhere_is_not_blamed_on_the_policy(tmp_path):
    log = "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider/Admin"
    with Played(tmp_path, "joined", {"policies": {"AllowAddProvisioningPackage": 0}}) as played:
        played.device.event(log, 76, [2, -2147024891])
        found = {finding["code"]: finding for finding in played.diagnose(topics=("join", "mdm"))}
        assert POLICY not in found["0x80070005"]["cause"]


@pytest.mark.parametrize("forbidden", [True, False])
def test_a_package_that_a_policy_does_not_give_back_says_so(tmp_path, monkeypatch, forbidden):
    options = {"installed": ["fleet"], "policies": {"AllowRemoveProvisioningPackage": 0} if forbidden else {}}
    with Played(tmp_path, "already_installed", options) as played:
        package = package_state.by_id(played.package().id)
        waits = {"timeout": 300, "poll_interval": 5}
        plan = package_state.PackagePlan(package, force=False, keep_copy=False, apply_again=True, **waits)
        kept = len(dump(played.device)["packages"])

        class Absent(package_state.PackageState):
            def run(self) -> dict:
                return self.absent()

        _made, result = played.run(Absent, plan, monkeypatch)
        if forbidden:
            assert (result.error["name"], result.error["code"]) == ("package_removal_forbidden", "0x80070005")
            assert "AllowRemoveProvisioningPackage is 0" in result.error["cause"]
            assert len(dump(played.device)["packages"]) == kept == 1
        else:
            assert result == {"installed": False} and dump(played.device)["packages"] == []
