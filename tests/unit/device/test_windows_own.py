# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on every PC is known as what it is: keys below Enrollments, and packages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import (
    enrollment,
    enrollment_channels,
    windows_own,
)
from tests.lab.device import own_keys
from tests.lab.device.provisioning import own_packages

from . import scripted
from .scripted import OperationError, key
from .test_closed_keys import REFUSED
from .test_enrollments import FIRST, INTUNE, MMPC, SECOND, TENANT, Enrolled

DATA = json.loads(Path(windows_own.__file__).with_name("windows_own.json").read_text(encoding="utf-8"))
LOCAL, CONFIGURATION_MANAGER = enrollment_channels.LOCAL, enrollment_channels.CONFIGURATION_MANAGER
PACKAGES = r"SOFTWARE\Microsoft\Provisioning\Enrollments"
OF_PACKAGE = "0D1E2F3A-4B5C-4D6E-8F70-8192A3B4C5D6"
BUILDS = [19045, 22631, 26100]


@pytest.mark.parametrize("part", ["enrollments", "enrollment_ids", "packages"])
def test_each_entry_says_where_it_was_seen_and_is_there_once(part):
    entries = DATA[part]
    assert all(len(entry["source"]) > 20 for entry in entries)
    names = [entry.get("starts", entry.get("id")) for entry in entries]
    assert names == [name.lower() for name in names] and len(set(names)) == len(names)


def test_entries_have_values_that_the_product_knows():
    assert {entry["channel"] for entry in DATA["enrollments"]} == {LOCAL, CONFIGURATION_MANAGER}
    assert {entry["origin"] for entry in DATA["packages"]} == {windows_own.WINDOWS, windows_own.MAKER}
    guid = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
    assert all(guid.fullmatch(item["id"]) for item in DATA["enrollment_ids"])


@pytest.mark.parametrize(
    ("provider", "channel"),
    [
        ("WMI_Bridge_Server", LOCAL),
        ("wmi_bridge_sccm_server", CONFIGURATION_MANAGER),
        ("SMS", CONFIGURATION_MANAGER),
        ("SMSomething", None),
        (" Local Authority", LOCAL),
        ("Local Authorities", None),
        ("Localhost MDM", None),
        ("", None),
    ],
)
def test_a_provider_is_known_by_whole_words(provider, channel):
    assert windows_own.enrollment_channel(provider) == channel


@pytest.mark.parametrize(
    ("name", "path", "origin"),
    [
        ("Microsoft.Windows.Cosa.Desktop.Client", "", "windows"),
        ("Power.Settings.Sleep", r"C:\Windows\Provisioning\Packages\Power.Settings.Sleep.ppkg", "windows"),
        ("Power.Settings.Processor.Intel", "", "maker"),
        ("AMD.Power.Processor", r"C:\ProgramData\Microsoft\Provisioning\x.ppkg", "maker"),
        ("", r"C:\Windows\Provisioning\Packages\Intel.Power.Settings.ppkg", "maker"),
        ("Ours", r"C:\Windows\Provisioning\Packages\Ours.ppkg", "image"),
        ("Ours", r"C:\ProgramData\Microsoft\Provisioning\Ours.ppkg", "other"),
        ("Contoso Power.Settings", "", "other"),
        ("", "", "other"),
    ],
)
def test_a_package_is_known_by_its_name_and_its_place(name, path, origin):
    assert windows_own.package_origin(name, path) == origin


# --- keys below Enrollments -----------------------------------------------------------------------------------------


def crowded(build: int) -> Enrolled:
    """A device with every key that the lab has on each PC of this build."""
    device = Enrolled()
    device.keys = {name: key(values) for name, values in own_keys.of_windows(build).items()}
    return device


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("joined", [True, False])
def test_what_every_pc_has_is_no_enrollment_and_no_leftover(build, joined):
    device = crowded(build)
    device.joined = joined
    mdm = device.facts()
    assert (mdm["enrolled"], mdm["why_not"], mdm["provider"]) == (False, None, None)
    check = device.check()
    assert (check.result, check.observed) == ("pass", "none")


@pytest.mark.parametrize("state", [1, 2, 3, 4, 6, 13])
def test_among_them_the_devices_own_is_found(state):
    device = crowded(22631).add(EnrollmentState=state)
    mdm = device.facts()
    assert (mdm["enrolled"], mdm["enrollment_id"], mdm["state"]) == (True, FIRST.lower(), state)
    assert device.is_managed() and device.check().result == "pass"


def test_a_key_that_has_a_provider_and_nothing_of_an_mdm_is_windows_own():
    """A list of names never ends: what an MDM leaves in its key tells more."""
    device = Enrolled()
    device.keys[FIRST] = key({"ProviderID": "Somebody's Authority", "EnrollmentState": 1, "EnrollmentType": 41})
    assert device.facts()["why_not"] is None and device.check().observed == "none"


@pytest.mark.parametrize("mark", ["DiscoveryServiceFullURL", "AADTenantID", "DMPCertThumbPrint", "UPN"])
def test_one_mark_of_an_mdm_makes_it_one(mark):
    device = Enrolled()
    device.keys[FIRST] = key({"ProviderID": "Somebody's MDM", "EnrollmentState": 1, mark: "x"})
    assert device.check(expect_mdm=False).observed != "none"


def test_a_key_of_windows_that_is_closed_is_missed_by_nobody():
    device = crowded(22631)
    windows = next(entry["id"] for entry in DATA["enrollment_ids"]).upper()
    device.keys[windows] = REFUSED
    assert device.facts()["enrolled"] is False and device.check().result == "pass"
    device.keys[FIRST] = REFUSED
    assert device.facts()["enrolled"] is None and device.check().result == "unknown"


# --- the enrollment of a package ------------------------------------------------------------------------------------


class Closed(Enrolled):
    """A device on which nobody may see which enrollment is whose package's."""

    def _put_the_rest_on(self, device) -> None:
        super()._put_the_rest_on(device)
        known = device.handlers["registry_read"]

        def read(params: dict) -> dict:
            if params["path"] == PACKAGES:
                raise OperationError("System.UnauthorizedAccessException", "Access is denied", -2147024891)
            return known(params)

        device.handlers["registry_read"] = read


def of_package(mapped: bool = True) -> Enrolled:
    """A device with a package whose settings Windows keeps by an enrollment of its own."""
    device = Enrolled().add(OF_PACKAGE, provider=scripted.PACKAGE, tenant=None, parts="")
    if mapped:
        device.other[PACKAGES] = key({scripted.PACKAGE: "{" + OF_PACKAGE + "}"})
    return device


def test_the_enrollment_of_a_package_is_neither_an_mdm_nor_a_leftover():
    device = of_package()
    assert device.facts()["why_not"] is None and device.check().observed == "none"
    assert OF_PACKAGE.lower() in of_package(mapped=False).check().observed


def test_where_nobody_may_see_whose_a_key_is_it_is_unknown_and_not_removed():
    device = Closed().add(OF_PACKAGE, provider=scripted.PACKAGE, tenant=None, parts="")
    found = enrollment.enrollments(device.answer())
    assert [item["channel"] for item in found] == [None] and enrollment.leftovers(found, TENANT) == []
    assert device.check().result == "unknown"
    assert device.add(SECOND).facts()["enrollment_id"] == SECOND.lower() and device.is_managed()


# --- the channel beside Intune's ------------------------------------------------------------------------------------


def chosen(device: Enrolled, *ids: str) -> list[str]:
    found = enrollment.enrollments(device.answer())
    items = [item for item in found if item["enrollment_id"].upper() in ids]
    return [item["enrollment_id"].upper() for item in enrollment.with_children(items, found)]


def test_what_windows_has_made_beside_intunes_goes_with_it_and_first():
    assert chosen(Enrolled().add(FIRST).add(SECOND, provider=MMPC), FIRST) == [SECOND, FIRST]
    assert chosen(Enrolled().add(FIRST).add(SECOND, provider=MMPC, tenant=None), FIRST) == [SECOND, FIRST]


def test_it_stays_with_another_tenant_with_another_parent_and_without_its_parent_being_asked_for():
    other = "9b1f5c2e-6d3a-4c87-8f10-2a7be4d5c601"
    assert chosen(Enrolled().add(FIRST).add(SECOND, provider=MMPC, tenant=other), FIRST) == [FIRST]
    both = Enrolled().add(FIRST).add(OF_PACKAGE, provider=INTUNE).add(SECOND, provider=MMPC)
    assert chosen(both, FIRST) == [FIRST] and chosen(both, FIRST, OF_PACKAGE) == [SECOND, FIRST, OF_PACKAGE]
    assert chosen(Enrolled().add(FIRST, provider="Fleet").add(SECOND, provider=MMPC), FIRST) == [FIRST]
    assert chosen(Enrolled().add(FIRST).add(SECOND, provider=MMPC), SECOND) == [SECOND]


# --- the lab --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("build", BUILDS)
def test_product_and_lab_name_the_same_packages_of_windows_and_makers(build):
    origins = [windows_own.package_origin(one.name, one.path) for one in own_packages.of_build(build)]
    assert origins == ["windows"] * 3 + ["maker"]
