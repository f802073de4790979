# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hotpatches: whether they are asked for, whether this Windows can take them, and which baseline it can be on."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import hotpatch, state

from . import scripted
from .scripted import ScriptedDevice, key

POLICY = r"SOFTWARE\Microsoft\PolicyManager\current\device\Update"
MEMORY = r"SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management"
VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
REFUSED = {"refused": {"type": "SecurityException", "message": "Access is denied.", "hresult": -2147024891}}
X64, ARM64 = "26100.1.amd64fre.ge_release.240331-1435", "26100.1.arm64fre.ge_release.240331-1435"


class Patched(ScriptedDevice):
    """A device that takes hotpatches; a test changes what it shows. ``vbs``: ... is refused."""

    def __init__(self) -> None:
        super().__init__()
        self.policy: dict = key({"AllowRebootlessUpdates": 1, "AllowRebootlessUpdates_ProviderSet": 1})
        self.memory: dict = key({"ClearPageFileAtShutdown": 0})
        self.version = {"EditionID": "Enterprise", "CurrentBuild": "26100", "UBR": 4349, "BuildLabEx": X64}
        self.vbs: object = 2
        self.last_boot: str | None = "2026-11-20T06:00:00.000Z"
        self.product = 1

    def facts(self) -> dict:
        self.handlers["registry_read"] = scripted.registry(
            {VERSION: key(self.version), POLICY: self.policy, MEMORY: self.memory}
        )
        others = scripted.cim(last_boot=self.last_boot, product_type=self.product)

        def cim(params):
            if params["class"] != "Win32_DeviceGuard":
                return others(params)
            if self.vbs is ...:
                raise scripted.OperationError("CimException", "Invalid namespace", -2147217394)
            return {"instances": [] if self.vbs is None else [{"VirtualizationBasedSecurityStatus": self.vbs}]}

        self.handlers["cim_query"] = cim
        return state.build(self.session().run(state.observations(("os",))), ("os",))["os"]["hotpatch"]


def facts(**changes) -> dict:
    device = Patched()
    for name, value in changes.items():
        if name in ("EditionID", "CurrentBuild", "UBR", "BuildLabEx"):
            device.version[name] = value
        else:
            setattr(device, name, value)
    return device.facts()


def test_a_client_that_takes_hotpatches():
    assert facts() == {
        "requested": True,
        "possible": True,
        "why_not_possible": None,
        "enabled": True,
        "newest_baseline": "2026-10",
    }


def test_a_server_has_another_keeper_of_its_hotpatches():
    assert facts(product=3, EditionID="ServerDatacenter") is None


@pytest.mark.parametrize(
    ("values", "requested"),
    [
        ({"AllowRebootlessUpdates": 1}, True),
        ({"allowrebootlessupdates": 1}, True),
        ({"AllowRebootlessUpdates": 0}, False),
        ({}, False),
        ({"AllowRebootlessUpdates": 2}, None),
        ({"AllowRebootlessUpdates": "1"}, None),
        ({"AllowRebootlessUpdates": True}, None),
        ({"AllowRebootlessUpdates": {"base64": "AQAAAA=="}}, None),
    ],
)
def test_hotpatches_are_asked_for_by_policy(values, requested):
    told = facts(policy=key(values))
    assert told["requested"] is requested and told["possible"] is True
    assert told["enabled"] is requested


def test_a_policy_that_is_refused_is_unknown_and_told():
    device = Patched()
    device.policy = REFUSED
    assert (device.facts()["requested"], device.facts()["enabled"]) == (None, None)
    answer = device.session().run(state.observations(("os",)))
    assert any(told.startswith("update_policy, ") for told in state.problems(answer))


@pytest.mark.parametrize(
    ("changes", "possible", "said"),
    [
        ({"CurrentBuild": "26200", "UBR": 1}, True, None),
        ({"CurrentBuild": "26100", "UBR": 2033}, True, None),
        ({"CurrentBuild": "26100", "UBR": 2032}, False, "26100.2032 is older than 26100.2033"),
        ({"CurrentBuild": "22631", "UBR": 9999}, False, "22631.9999 is older"),
        ({"EditionID": "Core"}, False, "Core has no licence"),
        ({"EditionID": "CoreSingleLanguage"}, False, "no licence"),
        ({"EditionID": "Professional"}, None, "depends on the licence"),
        ({"EditionID": "Education"}, None, "depends on the licence"),
        ({"EditionID": "EnterpriseS"}, None, "depends on the licence"),
        ({"EditionID": "EnterpriseN"}, True, None),
        ({"EditionID": "ENTERPRISE"}, True, None),
        ({"EditionID": None}, None, None),
        ({"EditionID": 4}, None, None),
        ({"UBR": None}, None, None),
        ({"UBR": "4349"}, None, None),
        ({"CurrentBuild": None}, None, None),
        ({"CurrentBuild": "next"}, None, None),
        ({"vbs": 0}, False, "is not running"),
        ({"vbs": 1}, False, "is not running"),
        ({"vbs": None}, None, None),
        ({"vbs": "2"}, None, None),
        ({"vbs": ...}, None, None),
        ({"vbs": 1, "UBR": None}, None, None),
        ({"vbs": 1, "EditionID": "Professional"}, False, "is not running"),
    ],
)
def test_whether_this_windows_can_take_them(changes, possible, said):
    told = facts(**changes)
    assert told["possible"] is possible and told["enabled"] is possible
    assert said in told["why_not_possible"] if said else told["why_not_possible"] is None
    assert told["newest_baseline"] == ("2026-10" if possible or said == "depends on the licence" else None)


@pytest.mark.parametrize(
    ("values", "revision", "possible", "said"),
    [
        ({"HotPatchRestrictions": 1}, 4929, True, None),
        ({"HotPatchRestrictions": 1}, 4928, False, "older than 26100.4929"),
        ({"HotPatchRestrictions": 0}, 4929, False, "CHPE"),
        ({}, 4929, False, "CHPE"),
        ({"HotPatchRestrictions": "1"}, 4929, None, None),
    ],
)
def test_an_arm64_device_must_do_without_chpe_binaries(values, revision, possible, said):
    told = facts(BuildLabEx=ARM64, memory=key(values), UBR=revision)
    assert told["possible"] is possible
    assert said in told["why_not_possible"] if said else told["why_not_possible"] is None
    assert facts(memory=key(values))["possible"] is True, "nothing of it concerns other processors"


@pytest.mark.parametrize(
    ("last_boot", "month"),
    [
        ("2026-10-12", "2026-07"),
        ("2026-10-13", "2026-10"),
        ("2026-12-31", "2026-10"),
        ("2027-01-11", "2026-10"),
        ("2027-01-12", "2027-01"),
        ("2026-01-01", "2025-10"),
        ("2026-04-13", "2026-01"),
        ("2026-04-14", "2026-04"),
        (None, None),
    ],
)
def test_the_newest_baseline_was_out_before_the_last_start(last_boot, month):
    assert facts(last_boot=last_boot and f"{last_boot}T12:00:00.000Z")["newest_baseline"] == month


def test_baselines_come_on_the_second_tuesday():
    for year in range(2020, 2040):
        for month in range(1, 13):
            day = hotpatch._second_tuesday(year, month)
            assert day.strftime("%a") == "Tue" and 8 <= day.day <= 14 and (day.year, day.month) == (year, month)
    assert hotpatch._second_tuesday(2026, 10) == datetime.date(2026, 10, 13)
