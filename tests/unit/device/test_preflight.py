# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A preflight as a whole: one exchange, its options, its verdict."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.modules.preflight import ARGUMENT_SPEC
from ansible_collections.winops.entra.plugins.plugin_utils import findings
from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device.preflight import checklist, targets
from ansible_collections.winops.entra.plugins.plugin_utils.device.preflight.check import PreflightPlan
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure

from . import scripted
from .fit import FitDevice


def test_everything_is_asked_with_one_command_on_the_device():
    device = FitDevice()
    device.checks()
    assert device.requests == 1
    assert set(device.executed) & op.CHANGING == {"system_probe"}


def test_in_check_mode_nothing_that_changes_is_sent_and_the_checks_say_who_asked():
    device = FitDevice()
    checks = device.checks(check_mode=True)
    assert device.requests == 1 and not set(device.executed) & op.CHANGING
    assert "as the connecting account" in checks["endpoint_login"].observed
    assert "as SYSTEM" in FitDevice().check("endpoint_login").observed


def test_without_endpoints_nothing_runs_as_system():
    device = FitDevice()
    checks = device.checks(skip=frozenset({"endpoints"}))
    assert not set(device.executed) & op.CHANGING
    assert not [name for name in checks if name.startswith("endpoint_")]


def test_skipped_checks_are_left_out():
    checks = FitDevice().checks(skip=frozenset({"tpm", "endpoint_mdm"}))
    assert not {"tpm", "endpoint_mdm"} & set(checks) and len(checks) == len(checklist.CHECK_IDS) - 2


@pytest.mark.parametrize("cloud", ARGUMENT_SPEC["cloud"]["choices"])
def test_each_cloud_has_its_own_endpoints(cloud):
    hosts = [target.host for target in targets.targets(PreflightPlan(tenant_id=scripted.TENANT, cloud=cloud))]
    assert len(set(hosts)) == 4
    ends = {"public": (".com", ".net"), "china": (".cn",)}.get(cloud, (".us",))
    assert all(host.endswith(ends) for host in hosts)


@pytest.mark.parametrize("cloud", ARGUMENT_SPEC["cloud"]["choices"])
def test_the_content_of_the_sign_in_page_is_asked_for_where_people_are_to_sign_in(cloud):
    plan = PreflightPlan(cloud=cloud, user_sign_in=True)
    asked = {target.id: target for target in targets.targets(plan)}
    assert set(asked) == {*targets.ENDPOINT_CHECKS, *targets.SIGN_IN_CHECKS}
    for name in targets.SIGN_IN_CHECKS:
        assert asked[name].host == f"aadcdn.{name.removeprefix('endpoint_')}.{'cn' if cloud == 'china' else 'net'}"
        assert not asked[name].needed
    device = FitDevice()
    assert not set(targets.SIGN_IN_CHECKS) & set(device.checks(cloud=cloud))
    checks = device.checks(cloud=cloud, user_sign_in=True)
    assert len(checks) == len(checklist.CHECK_IDS) + 2 and checks["endpoint_msauth"].side == "network"
    skipped = device.checks(user_sign_in=True, skip=frozenset({"endpoint_msauth"}))
    assert set(targets.SIGN_IN_CHECKS) & set(skipped) == {"endpoint_msftauth"}


def test_an_address_of_the_sign_in_page_that_is_closed_names_the_program_that_shows_it():
    device = FitDevice()
    device.replies["endpoint_msauth"] = ("timeout", 0x80072EE2)
    check = device.check("endpoint_msauth", user_sign_in=True)
    assert "sign-in page" in check.cause and "msedgewebview2.exe" in check.fix


def test_the_registration_service_is_asked_as_windows_asks_it():
    target = targets.targets(PreflightPlan(tenant_id=scripted.TENANT))[2]
    assert target.url == f"https://enterpriseregistration.windows.net/{scripted.TENANT}/discover?api-version=1.7"
    assert target.headers["ocp-adrs-client-name"] == "dsreg"


@pytest.mark.parametrize(
    ("plan", "fail_on", "says"),
    [
        ({}, ["edition", "endpiont_login"], "fail_on"),
        ({"skip": frozenset({"nothing"})}, [], "skip"),
        ({"skip": frozenset({"all"})}, [], "skip"),
        ({"extra_endpoints": (("Login", "https://a.example"),)}, [], "extra_endpoints"),
        ({"extra_endpoints": (("login", "https://a.example"),)}, [], "extra_endpoints"),
        ({"extra_endpoints": (("a", "https://a.example"), ("a", "https://b.example"))}, [], "extra_endpoints"),
        ({"extra_endpoints": (("msauth", "https://a.example"),)}, [], "extra_endpoints"),
        ({"extra_endpoints": (("a", "http://a.example"),)}, [], "extra_endpoints"),
        ({"extra_endpoints": (("a", "https://me:secret@a.example"),)}, [], "extra_endpoints"),
    ],
)
def test_bad_options_are_refused_before_the_device_is_asked(plan, fail_on, says):
    with pytest.raises(Failure) as caught:
        checklist.refuse_bad_options(PreflightPlan(**plan), fail_on)
    assert f"bad option {says}" in caught.value.msg and caught.value.error["side"] == "controller"


def test_extra_endpoints_may_be_named_in_options():
    plan = PreflightPlan(extra_endpoints=(("sts", "https://sts.example.com/adfs"),), skip=frozenset({"endpoint_sts"}))
    checklist.refuse_bad_options(plan, ["fail", "endpoints", "endpoint_sts"])


def broken() -> list:
    device = FitDevice()
    device.registry[r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"]["values"]["EditionID"] = "Core"
    device.replies["endpoint_login"] = ("timeout", 0x80072EE2)
    device.cim["Win32_Tpm"] = []
    return list(device.checks().values())


@pytest.mark.parametrize(
    ("fail_on", "names"),
    [
        (["fail"], ["edition", "endpoint_login"]),
        (["fail", "warn"], ["edition", "tpm", "endpoint_login"]),
        (["edition"], ["edition"]),
        (["endpoints"], ["endpoint_login"]),
        (["endpoint_login"], ["endpoint_login"]),
        (["clock", "tpm"], []),
        ([], []),
    ],
)
def test_the_task_fails_by_the_checks_that_were_chosen(fail_on, names):
    failure = checklist.unfit(broken(), fail_on)
    assert [item["id"] for item in failure.error["evidence"]] == names if names else failure is None
    if failure:
        assert failure.error["name"] == f"preflight_{names[0]}" and failure.error["fix"]
        assert failure.error["side"] == ("network" if names[0].startswith("endpoint") else "device")


def test_the_summary_counts_every_check_once():
    assert findings.summary(broken()) == {"pass": len(checklist.CHECK_IDS) - 3, "warn": 1, "fail": 2, "unknown": 0}


def test_an_azure_vm_is_asked_for_the_tenant_of_its_identity_and_for_no_token():
    plan = PreflightPlan(method="azure_vm")
    [identity] = [target for target in targets.targets(plan) if target.host == "169.254.169.254"]
    assert identity.url.startswith("http://169.254.169.254/metadata/identity/info?") and "token" not in identity.url
    assert not [target for target in targets.targets(PreflightPlan()) if target.host == "169.254.169.254"]
