# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A device that joins another tenant than it was to, and what a failed join says the device is."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.winops.entra.plugins.plugin_utils.device.joining import azure_vm, mdm_wait

from . import scripted
from .test_joining import COPY, OTHER_TENANT, Story, run
from .test_waits_end import Vm, join_vm, offering


def break_off(_params):
    raise AnsibleConnectionFailure("gone")


class Astray(Story):
    """The package in its hand is one of another tenant."""

    def __init__(self) -> None:
        super().__init__(joins_after=None)
        start = self.handlers["job_start"]
        self.handlers["job_start"] = lambda params: self.join(OTHER_TENANT) or start(params)


def test_it_ends_the_wait_is_a_change_and_is_what_the_result_says(monkeypatch):
    device = Astray()
    join, failure = run(device, monkeypatch)
    assert failure.error["name"] == "joined_wrong_tenant" and OTHER_TENANT in failure.msg
    assert "stop the rollout" in failure.error["fix"]
    assert device.clock.now < 60
    assert join.learned["outcome"] == "failed" and join.learned["join"]["tenant_id"] == OTHER_TENANT
    diff = join.changes.as_result(True)["diff"]
    assert diff["before"] == {"join": {"type": "none", "tenant_id": None}, "package": None}
    assert diff["after"]["join"] == {"type": "entra", "tenant_id": OTHER_TENANT}
    assert diff["after"]["package"]["id"] == scripted.PACKAGE


def test_it_stays_joined_and_its_package_registered_and_what_is_ours_goes(monkeypatch):
    device = Astray()
    gone = []
    device.handlers["path_remove"] = lambda params: gone.append(params["path"]) or {**params, "removed": True}
    run(device, monkeypatch)
    assert "package_remove" not in str(device.executed) and device.packages and device.removal == "absent"
    assert any(path.endswith(COPY.rpartition("\\")[2]) for path in gone) and device.job == "absent"


def test_what_cannot_be_cleaned_up_then_is_told(monkeypatch):
    device = Astray()
    device.handlers["path_remove"] = break_off
    join, failure = run(device, monkeypatch)
    assert failure.error["name"] == "joined_wrong_tenant"
    assert [change["what"] for change in join.changes.as_result(False)["changes"]] == ["join", "package", "leftovers"]


def test_what_an_earlier_join_has_left_is_none(monkeypatch):
    """Its key appears with a certificate that was there all the time: nobody has joined the device now."""
    device = Astray()
    device.handlers["certificates"] = lambda _params: {"certificates": [scripted.join_certificate()]}
    device.handlers["dsregcmd_status"] = scripted.dsregcmd(False)
    device.join = lambda tenant: device.handlers.update(
        registry_read=scripted.registry(scripted.joined_registry(tenant))
    )
    join, failure = run(device, monkeypatch, timeout=300)
    assert failure.error["name"] == "join_timeout" and device.clock.now >= 300


def test_an_azure_vm_is_not_judged_before_dsregcmd_has_ended(monkeypatch):
    device = Vm("running")
    start = device.handlers["job_start"]
    device.handlers["job_start"] = lambda params: device.join(OTHER_TENANT) or start(params)
    ends_at = 200

    def status(params):
        if device.clock.now > ends_at:
            device.ended = Vm("done").ended
        return device._status(params)

    device.handlers["job_status"] = status
    join, failure = join_vm(device, monkeypatch)
    assert failure.error["name"] == "joined_wrong_tenant" and "subscription" in failure.error["cause"]
    assert ends_at < device.clock.now < ends_at + azure_vm.SETTLE_SECONDS
    assert join.learned["join"]["tenant_id"] == OTHER_TENANT


@pytest.mark.parametrize("lost", [False, True], ids=["readable", "lost"])
def test_after_a_failure_the_result_says_what_the_device_is_or_that_nobody_could_read_it(monkeypatch, lost):
    """The enrollment fails; by then somebody has taken the device out again, or it does not answer any more."""
    device = Story()
    joined = scripted.registry(offering(None))
    device.join = lambda tenant: (Story.join(device, tenant), device.handlers.update(registry_read=joined))

    def ranked(*_arguments):
        if lost:
            device.handlers["registry_read"] = break_off
        else:
            device.handlers |= {
                "registry_read": scripted.registry(scripted.fresh_registry()),
                "certificates": lambda _params: {"certificates": []},
                "dsregcmd_status": scripted.dsregcmd(False),
            }
        return None

    monkeypatch.setattr(mdm_wait.causes, "find_causes", ranked)
    join, failure = run(device, monkeypatch, expect_mdm=True)
    assert failure.error["name"] == "no_mdm_address"
    assert [phase["name"] for phase in join.phases.done][-1] == "look again"
    assert join.learned["join"]["type"] == ("entra" if lost else "none")
    told = join.learned.get("warnings", [])
    assert [lost] == [any("could not be read again" in warning for warning in told)]
