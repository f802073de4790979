# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ends the waits of a join: not only the deadline, but what the device says of it."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device.codes.hresult import hresult_hex
from ansible_collections.winops.entra.plugins.plugin_utils.device.joining import azure_vm, mdm_wait, provisioning
from ansible_collections.winops.entra.plugins.plugin_utils.device.session import ConnectionLost
from ansible_collections.winops.entra.plugins.plugin_utils.device.state import parse_utc
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure

from . import scripted
from .test_joining import AZURE_ASSET_TAG, OTHER_TENANT, SHA256, Story, metadata, run
from .test_refused_work import refuse

TIMED_OUT = "2147954402"  # 0x80072ee2, which may pass
TENANT_INFO = r"SYSTEM\CurrentControlSet\Control\CloudDomainJoin"


# --- an Azure VM ------------------------------------------------------------------------------------------------------


class Vm(Story):
    """An Azure VM whose job is in a state from the first look after its start on."""

    def __init__(self, state: str, exit_code: int = 0, text: str = "", task_result: int | None = 0) -> None:
        super().__init__(joins_after=None)
        self.handlers |= {
            "cim_query": scripted.cim(asset_tag=AZURE_ASSET_TAG),
            "endpoints": metadata(None),
            "job_status": self._status,
        }
        value = {"exit_code": exit_code, "text": text}
        self.ended = {"state": state, "started": None, "last_task_result": task_result}
        self.ended["answer"] = {"results": [{"ok": True, "value": value}]} if state == "done" else None
        self.looks = 0

    def _status(self, _params):
        if "job_start" not in self.executed or "job_remove" in self.executed:
            return {"state": "absent", "started": None, "last_task_result": None, "answer": None}
        self.looks += 1
        return self.ended


def join_vm(device: Vm, monkeypatch, **changes):
    return run(device, monkeypatch, method="azure_vm", package=None, **changes)


@pytest.mark.parametrize(
    "exit_code",
    [
        -2145648639,  # the registration service does not take the resource's name
        -2145648607,  # discovery, which may pass
        -2145648509,  # a code that the catalogue may or may not know
        -2147012867,  # no connection
        -2145648572,  # joined in another way
        -2147023436,  # a time-out of Win32
    ],
)
def test_nothing_retries_a_join_by_managed_identity_so_its_error_ends_the_wait(monkeypatch, exit_code):
    device = Vm("done", exit_code)
    join, failure = join_vm(device, monkeypatch)
    assert failure.error["code"] == hresult_hex(exit_code)
    assert device.clock.now < 60 and device.looks == 1
    assert join.learned["outcome"] == "failed" and not join.changes.changed


def test_a_resource_name_that_is_too_long_is_named_and_the_servers_sentence_is_evidence(monkeypatch):
    text = (
        "DsrCmdJoinHelper: starting\r\nJoin error code: InvalidParameter\r\n"
        "Join message: The resource id parameter (.../virtualMachines/contoso-frontend-01) is invalid.\r\n"
        "access_token: abcdefghij\r\nJoin failed with status code -2145648639.\r\n"
    )
    _join, failure = join_vm(Vm("done", -2145648639, text), monkeypatch)
    assert failure.error["code"] == "0x801c0001"
    assert "resource name" in failure.error["cause"] and "15 characters" in failure.error["cause"]
    said = str(failure.error["evidence"])
    assert "resource id parameter" in said and "abcdefghij" not in said and "starting" not in said


def test_a_join_that_dsregcmd_says_it_made_may_show_a_moment_later(monkeypatch):
    device = Vm("done")
    status = device.handlers["job_status"]

    def late(params):
        if device.looks == 3:
            device.join(scripted.TENANT)
        return status(params)

    device.handlers["job_status"] = late
    join, _result = join_vm(device, monkeypatch)
    assert join.learned["outcome"] == "joined"


def test_a_join_that_dsregcmd_says_it_made_and_nobody_sees_ends_soon(monkeypatch):
    device = Vm("done", text="AzureSecureVMJoin succeeded.")
    _join, failure = join_vm(device, monkeypatch)
    assert failure.error["name"] == "join_not_shown" and "without an error" in failure.msg
    assert azure_vm.SETTLE_SECONDS <= device.clock.now < 2 * azure_vm.SETTLE_SECONDS


@pytest.mark.parametrize(
    ("state", "task_result", "said"),
    [
        ("lost", azure_vm.TERMINATED, "time limit"),
        ("lost", 1, "without a readable answer"),
        ("absent", None, "without a readable answer"),
    ],
)
def test_a_job_that_was_ended_or_has_vanished_ends_the_wait_of_a_vm(monkeypatch, state, task_result, said):
    device = Vm(state, task_result=task_result)
    _join, failure = join_vm(device, monkeypatch)
    assert failure.error["name"] == "job_ended" and said in failure.error["cause"]
    assert device.clock.now < 2 * azure_vm.SETTLE_SECONDS


@pytest.mark.parametrize("answer", [{"results": []}, {"results": "none"}, "nonsense", None])
def test_an_answer_that_nobody_understands_is_not_a_success_of_dsregcmd(monkeypatch, answer):
    device = Vm("done")
    device.ended["answer"] = answer
    _join, failure = join_vm(device, monkeypatch)
    assert failure.error["name"] == "job_ended" and device.clock.now < 2 * azure_vm.SETTLE_SECONDS


def test_a_small_exit_code_is_told_as_one(monkeypatch):
    _join, failure = join_vm(Vm("done", 51), monkeypatch)
    assert failure.error["code"] == "exit 51" and "exit code 51" in str(failure.error["evidence"])


def test_a_dsregcmd_that_does_not_end_ends_the_wait_with_its_job(monkeypatch):
    device = Vm("done")
    error = {"type": "TimeoutException", "message": "dsregcmd.exe did not end within 600 s", "hresult": None}
    device.ended["answer"] = {"results": [{"ok": False, "error": error}]}
    _join, failure = join_vm(device, monkeypatch)
    assert "600 s" in failure.msg and device.clock.now < 60


def test_a_job_that_cannot_be_asked_for_is_not_taken_for_an_ended_one(monkeypatch):
    device = Vm("running")

    def refused(params):
        if "job_start" in device.executed:
            raise scripted.OperationError("System.UnauthorizedAccessException", "Access is denied", -2147024891)
        return Vm._status(device, params)

    device.handlers["job_status"] = refused
    _join, failure = join_vm(device, monkeypatch, timeout=300)
    assert failure.error["name"] == "join_timeout" and device.clock.now >= 300


# --- a package --------------------------------------------------------------------------------------------------------


class Engine(Story):
    """A device whose package fails for a reason that may pass, and whose engine has its next attempt set."""

    def __init__(self, seconds: float | None, name: str = "ProvNonRebootRetry", state: str = "Ready") -> None:
        super().__init__(joins_after=None)
        self.fail_with(TIMED_OUT)
        others = [{"name": other, "state": "Disabled", "last_result": 267011, "next_run": None} for other in ("Logon",)]
        when = None if seconds is None else _later(seconds)
        task = {"name": name, "state": state, "last_result": 267011, "next_run": when}
        self.handlers["scheduled_tasks"] = lambda p: (
            {"exists": True, "folders": [], "tasks": [*others, task]}
            if p["folder"] == provisioning.ENGINE_FOLDER
            else {"exists": False, "folders": [], "tasks": []}
        )

    def execute(self, script: str, data: bytes) -> tuple[str, str, int]:
        self.identity["utc"] = _later(self.clock.now)
        return super().execute(script, data)


def _later(seconds: float) -> str:
    moment = parse_utc(scripted.UTC) + datetime.timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


def test_a_package_whose_next_attempt_comes_after_the_deadline_is_not_waited_for(monkeypatch):
    device = Engine(3600)
    join, failure = run(device, monkeypatch)
    assert failure.error["code"] == "0x80072ee2" and "try again only at" in failure.msg
    assert {"task": provisioning.ENGINE_FOLDER, "next_run": _later(3600)} in failure.error["evidence"]
    assert device.clock.now < 60
    assert device.packages == [] and not join.changes.changed


@pytest.mark.parametrize(
    "device",
    [
        Engine(900),  # before the deadline
        Engine(-30),  # it should have begun
        Engine(None),  # no time is set
        Engine(3600, state="Disabled"),
        Engine(3600, name="MdmDiagnosticsCleanup"),
    ],
    ids=["before the deadline", "overdue", "no time", "disabled", "another task"],
)
def test_without_evidence_of_a_later_attempt_a_failure_that_may_pass_is_waited_for(monkeypatch, device):
    _join, failure = run(device, monkeypatch)
    assert failure.error["code"] == "0x80072ee2" and device.clock.now >= 1800


def test_tasks_that_cannot_be_read_are_no_evidence(monkeypatch):
    device = Engine(3600)
    tasks = device.handlers["scheduled_tasks"]

    def refused(params):
        if params["folder"] == provisioning.ENGINE_FOLDER:
            raise scripted.OperationError("System.UnauthorizedAccessException", "Access is denied", -2147024891)
        return tasks(params)

    device.handlers["scheduled_tasks"] = refused
    run(device, monkeypatch)
    assert device.clock.now >= 1800


@pytest.mark.parametrize("at_work", ["engine", "lost job", "no failure"])
def test_a_later_attempt_alone_does_not_end_the_wait(monkeypatch, at_work):
    device = Engine(3600)
    if at_work == "engine":
        device.engine_running = True
    elif at_work == "lost job":
        status = device.handlers["job_status"]
        device.handlers["job_status"] = lambda p: (
            status(p) | ({"state": "lost", "answer": None} if "job_start" in device.executed else {})
        )
    else:
        device.events.clear()
    run(device, monkeypatch)
    assert device.clock.now >= 1800


def test_a_package_that_windows_did_not_take_is_not_waited_for(monkeypatch):
    device = Story(joins_after=None)
    device.job_error = {"type": "CmdletException", "message": "It cannot be added.", "hresult": -2147023649}
    start = device.handlers["job_start"]

    def refuse(params):
        answer = start(params)
        device.packages = []
        return answer

    device.handlers["job_start"] = refuse
    _join, failure = run(device, monkeypatch)
    assert failure.error["code"] == hresult_hex(-2147023649) and device.clock.now < 60


def test_a_package_that_somebody_removes_ends_the_wait(monkeypatch):
    device = Story(joins_after=None)
    listed = device.handlers["provisioning_packages"]
    device.handlers["provisioning_packages"] = lambda p: (
        {"available": True, "packages": []} if device.clock.now > 300 else listed(p)
    )
    _join, failure = run(device, monkeypatch)
    assert failure.error["name"] == "package_gone" and 300 < device.clock.now < 400


@pytest.mark.parametrize("answer", ["refused", "no cmdlets"])
def test_a_list_of_packages_that_is_none_says_nothing(monkeypatch, answer):
    device = Story(joins_after=None)
    listed = device.handlers["provisioning_packages"]

    def other(params):
        if "job_start" not in device.executed:
            return listed(params)
        if answer == "refused":
            raise scripted.OperationError("System.UnauthorizedAccessException", "Access is denied", -2147024891)
        return {"available": False, "packages": []}

    device.handlers["provisioning_packages"] = other
    run(device, monkeypatch, timeout=300)
    assert device.clock.now >= 300


def test_a_package_whose_id_was_given_by_hand_may_have_another(monkeypatch):
    device = Story(joins_after=None)
    device.handlers["path_info"] = lambda p: {
        "path": p["path"],
        "exists": True,
        "directory": False,
        "size": 1,
        "sha256": SHA256,
    }
    package = provisioning.PackageSource(id=OTHER_TENANT, path=r"C:\Temp\join.ppkg")
    _join, failure = run(device, monkeypatch, timeout=300, package=package)
    assert failure.error["name"] == "join_timeout"


# --- MDM --------------------------------------------------------------------------------------------------------------


def offering(address: str | None):
    values = {"DisplayName": "Contoso"} | ({} if address is None else {"MdmEnrollmentUrl": address})
    tree = scripted.joined_registry()
    tree[TENANT_INFO]["keys"]["TenantInfo"] = scripted.key(**{scripted.TENANT: scripted.key(values)})
    return tree


class Offered(Story):
    """A device that joins and to which the tenant then has this to say of MDM."""

    def __init__(self, tree: dict) -> None:
        super().__init__()
        self.tree = tree

    def join(self, tenant: str) -> None:
        super().join(tenant)
        self.handlers["registry_read"] = scripted.registry(self.tree)


@pytest.mark.parametrize("address", [None, ""])
def test_a_device_to_which_the_tenant_offered_no_mdm_is_not_waited_for(monkeypatch, address):
    device = Offered(offering(address))
    join, failure = run(device, monkeypatch, expect_mdm=True)
    assert failure.error["name"] == "no_mdm_address" and failure.error["side"] == "tenant"
    assert "MDM user scope" in failure.error["fix"] and device.clock.now < 60
    assert join.facts["join"]["type"] == "entra" and join.changes.changed


def test_an_enrollment_error_that_no_waiting_heals_ends_the_wait(monkeypatch):
    device = Offered(offering("https://enrollment.example/discovery.svc"))
    device.fail_with("0", "2149056536", event=76)
    _join, failure = run(device, monkeypatch, expect_mdm=True)
    assert failure.error["code"] == "0x80180018" and "joined, but not enrolled" in failure.msg
    assert device.clock.now < 60


@pytest.mark.parametrize("refused", [False, True])
def test_an_enrollment_that_may_still_come_is_waited_for(monkeypatch, refused):
    tree = offering("https://enrollment.example/discovery.svc")
    if refused:
        error = {"type": "System.Security.SecurityException", "message": "Not allowed.", "hresult": -2146233078}
        tree[TENANT_INFO]["keys"]["TenantInfo"]["keys"][scripted.TENANT] = {"refused": error}
    device = Offered(tree)
    device.fail_with("0", "2149056528", event=76)  # 0x80180010, which may pass
    _join, failure = run(device, monkeypatch, expect_mdm=True, timeout=300)
    assert isinstance(failure, Failure) and failure.error["code"] == "0x80180010" and device.clock.now >= 300


class Enrolls(Offered):
    """A device whose enrollment fails for a reason that may pass; its clock goes on, and so may its attempts."""

    def __init__(self, next_run: float | None = None, every: float | None = None) -> None:
        super().__init__(offering("https://enrollment.example/discovery.svc"))
        self.every = every
        self.fail_with("0", "2149056528", event=76)  # 0x80180010
        task = {"name": "Schedule created by enrollment client", "state": "Ready", "last_result": 0}
        task["next_run"] = None if next_run is None else _later(next_run)
        self.handlers["scheduled_tasks"] = lambda p: {
            "exists": True,
            "folders": [],
            "tasks": [task] if p["folder"].endswith("EnterpriseMgmt") else [],
        }

    def execute(self, script: str, data: bytes) -> tuple[str, str, int]:
        self.identity["utc"] = _later(self.clock.now)
        if self.every:
            self.events[-1]["utc"] = _later(self.clock.now // self.every * self.every)
        return super().execute(script, data)


def test_an_enrollment_that_nothing_tries_again_is_not_waited_for(monkeypatch):
    device = Enrolls()
    _join, failure = run(device, monkeypatch, expect_mdm=True)
    assert failure.error["code"] == "0x80180010" and "there was no retry" in failure.msg
    assert mdm_wait.QUIET_SECONDS <= device.clock.now < mdm_wait.QUIET_SECONDS + 60


@pytest.mark.parametrize("device", [Enrolls(next_run=1200), Enrolls(every=300)], ids=["is set", "goes on"])
def test_an_enrollment_that_is_tried_again_is_waited_for(monkeypatch, device):
    _join, failure = run(device, monkeypatch, expect_mdm=True)
    assert failure.error["code"] == "0x80180010" and device.clock.now >= 1200


def test_a_joined_device_that_does_not_answer_any_more_is_not_waited_for_to_enroll(monkeypatch):
    device = Offered(offering("https://enrollment.example/discovery.svc"))

    def lose_it():
        device.lose = 10_000
        return device.clock

    removed = device.handlers["job_remove"]
    device.handlers["job_remove"] = lambda p: (lose_it(), removed(p))[1]
    with pytest.raises(ConnectionLost):
        run(device, monkeypatch, expect_mdm=True)
    assert 600 <= device.clock.now < 700


def test_no_server_is_waited_for_to_be_enrolled(monkeypatch):
    device = Vm("done")
    device.handlers["cim_query"] = scripted.cim(product_type=3, asset_tag=AZURE_ASSET_TAG)
    start = device.handlers["job_start"]
    device.handlers["job_start"] = lambda p: device.join(scripted.TENANT) or start(p)
    _join, failure = join_vm(device, monkeypatch, expect_mdm=True)
    assert failure.error["name"] == "server_has_no_mdm" and device.clock.now < 60


def test_an_enrollment_that_cannot_be_seen_is_unknown_and_not_missing(monkeypatch):
    device = Offered(offering("https://enrollment.example/discovery.svc"))
    begun = device.join

    def join_and_refuse(tenant: str) -> None:
        begun(tenant)
        refuse(device, "registry_read", r"SOFTWARE\Microsoft\Enrollments")

    device.join = join_and_refuse
    join, failure = run(device, monkeypatch, expect_mdm=True, timeout=300)
    assert failure.error["name"] == "mdm_unknown" and "it is not known" in failure.msg
    assert "not enrolled" not in failure.msg and join.facts["mdm"]["enrolled"] is None
    assert join.changes.changed and join.facts["join"]["type"] == "entra"
