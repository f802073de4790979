# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stories of joins, told by a scripted device whose clock moves only when the join waits."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.winops.entra.plugins.plugin_utils.device import jobs, work
from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device.codes.hresult import error_code, signed
from ansible_collections.winops.entra.plugins.plugin_utils.device.joining import join, mdm_wait, provisioning
from ansible_collections.winops.entra.plugins.plugin_utils.progress import Progress
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure

from . import scripted
from .plans import join_plan
from .scripted import Clock, ScriptedDevice

OTHER_TENANT = "11111111-2222-3333-4444-555555555555"
SHA256 = "ab" * 32
REMOVAL = jobs.job_id("package_remove", scripted.PACKAGE)
COPY = rf"C:\ProgramData\winops.entra\packages\{scripted.PACKAGE}.ppkg"

AZURE_ASSET_TAG = "7783-7084-3265-9085-8269-3286-77"


class Story(ScriptedDevice):
    """A device that installs a package and joins ``joins_after`` looks later, if ever."""

    def __init__(self, joins_after: int | None = 2) -> None:
        super().__init__()
        self.clock = Clock()
        self.joins_after = joins_after
        self.job = "absent"
        self.job_error: dict | None = None
        self.removal = "absent"
        self.packages: list[dict] = []
        self.events: list[dict] = []
        self.engine_running = False
        self.handlers |= {
            "path_info": self._path_info,
            "path_remove": self._path_remove,
            "job_start": self._job_start,
            "job_status": self._job_status,
            "job_remove": self._job_remove,
            "provisioning_packages": lambda _p: {"available": True, "packages": self.packages},
            "processes": lambda _p: {"processes": [{"name": "provtool.exe", "pid": 4}] if self.engine_running else []},
            "events": lambda p: {"log_exists": True, "events": [e for e in self.events if e["id"] in p["ids"]]},
        }

    def _path_info(self, params):
        there = params["path"].endswith(COPY.rpartition("\\")[2]) and COPY in self.copied
        return {
            "path": params["path"].replace("%ProgramData%", r"C:\ProgramData"),
            "exists": there,
            "directory": False,
            "size": 1 if there else None,
            "sha256": SHA256 if there else None,
        }

    def _path_remove(self, params):
        is_copy = params["path"].endswith(COPY.rpartition("\\")[2])
        return {"path": params["path"], "removed": is_copy and self.copied.pop(COPY, None) is not None}

    def _job_start(self, params):
        if self.job == "running":
            return {"started": False, "already": True}
        if params["ops"][-1]["op"] == "package_remove":
            self.packages, self.removal = [], "done"
            return {"started": True, "already": False}
        else:
            self.packages = [
                {
                    "id": scripted.PACKAGE,
                    "name": "Join",
                    "version": "1.0",
                    "installed": True,
                    "path": r"C:\ProgramData\Microsoft\Provisioning\Join.ppkg",
                }
            ]
        self.job = "running"
        return {"started": True, "already": False}

    def _job_status(self, params):
        state, answer = self.job, None
        if params["job"] == REMOVAL:
            answer = {"results": [{"ok": True, "value": {"removed": True}}]} if self.removal == "done" else None
            return {"state": self.removal, "started": None, "last_task_result": None, "answer": answer}
        if state in ("running", "done") and self.joins_after is not None:
            self.joins_after -= 1
            if self.joins_after <= 0:
                self.join(scripted.TENANT)
        if state in ("running", "done"):
            self.job = "done"
            error = self.job_error or {"type": None, "message": None, "hresult": None}
            answer = {"results": [{"ok": True, "value": {"gave_up": False, "seconds": 1.0, "error": error}}]}
        return {
            "state": state,
            "started": None,
            "last_task_result": None,
            "answer": answer if state == "done" else None,
        }

    def _job_remove(self, params):
        if params["job"] == REMOVAL:
            self.removal = "absent"
        else:
            self.job = "absent"
        return {"removed": True}

    def join(self, tenant: str) -> None:
        self.handlers["registry_read"] = scripted.registry(scripted.joined_registry(tenant))
        self.handlers["certificates"] = lambda _p: {"certificates": [scripted.join_certificate()]}
        self.handlers["dsregcmd_status"] = scripted.dsregcmd(True)

    def fail_with(self, *data: str, event: int = 12) -> None:
        self.events.append(
            {"id": event, "record": 1, "utc": scripted.UTC, "provider": "x", "data": list(data), "message": None}
        )


def plan(**changes) -> join.JoinPlan:
    package = provisioning.PackageSource(id=scripted.PACKAGE, sha256=SHA256, src="/packages/join.ppkg")
    return join_plan(**({"tenant_id": scripted.TENANT, "package": package} | changes))


def run(device: Story, monkeypatch, check_mode: bool = False, **changes):
    monkeypatch.setattr(work, "Deadline", device.clock.deadline)
    progress = Progress(lambda _l: None, device.clock)
    run = join.Join(device.session(check_mode), plan(**changes), progress, check_mode)
    try:
        return run, run.run()
    except Failure as failure:
        return run, failure


def test_an_unjoined_device_joins_and_keeps_no_copy_of_the_token(monkeypatch):
    device = Story()
    join, result = run(device, monkeypatch)
    assert join.learned["outcome"] == "joined" and join.facts["join"]["tenant_id"] == scripted.TENANT
    assert join.changes.changed
    assert [phase["name"] for phase in join.phases.done] == ["look", "apply", "join", "verify", "clean up"]
    assert device.executed.count("put_file") == 1 and device.executed.count("path_remove") == 2
    assert result["reboot_required"] is False


def test_a_device_of_this_tenant_is_left_alone_with_one_exchange(monkeypatch):
    device = Story()
    device.join(scripted.TENANT)
    join, _result = run(device, monkeypatch)
    assert join.learned["outcome"] == "unchanged" and not join.changes.changed
    assert device.requests == 1 and not set(device.executed) & op.CHANGING


def test_check_mode_says_what_would_happen_and_only_looks(monkeypatch):
    device = Story()
    join, _result = run(device, monkeypatch, check_mode=True)
    assert join.learned["outcome"] == "would_join"
    assert join.changes.as_result(True)["diff"] == {
        "before": {"join": {"type": "none", "tenant_id": None}, "package": None},
        "after": {
            "join": {"type": "entra", "tenant_id": scripted.TENANT},
            "package": {"id": scripted.PACKAGE, "applied": "once"},
        },
    }
    assert device.requests == 1


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    "name, prepare",
    [
        ("joined_to_another_tenant", lambda d: d.join(OTHER_TENANT)),
        (
            "hybrid_joined",
            lambda d: (d.join(scripted.TENANT), d.handlers.update(cim_query=scripted.cim(in_domain=True))),
        ),
        ("domain_joined", lambda d: d.handlers.update(cim_query=scripted.cim(in_domain=True))),
        ("server_outside_azure", lambda d: d.handlers.update(cim_query=scripted.cim(product_type=3))),
    ],
)
def test_what_cannot_be_joined_is_refused_before_anything_changes(monkeypatch, name, prepare, check_mode):
    device = Story()
    prepare(device)
    join, failure = run(device, monkeypatch, check_mode)
    assert isinstance(failure, Failure) and failure.error["name"] == name and failure.error["fix"]
    assert join.learned["outcome"] == "refused" and not join.changes.changed
    assert device.requests == 1 and not set(device.executed) & op.CHANGING


def test_an_expired_token_ends_early_is_explained_and_leaves_nothing_behind(monkeypatch):
    device = Story(joins_after=None)
    device.fail_with("3399548931", "AADSTS700082: The refresh token has expired", "./Vendor/MSFT/AADJ/BPRT")
    join, failure = run(device, monkeypatch)
    assert failure.error["code"] == "AADSTS700082" and failure.error["side"] == "tenant" and failure.error["evidence"]
    assert device.clock.now < 60
    assert device.packages == [] and not join.changes.changed and join.learned["outcome"] == "failed"


@pytest.mark.parametrize(
    ("kind", "code", "side"),
    [("not_found", -2145844844, "controller"), ("dns", -2147012889, "network"), ("hash", None, "controller")],
)
def test_a_package_that_cannot_be_downloaded_ends_the_join_at_once_and_is_explained(monkeypatch, kind, code, side):
    device = Story(joins_after=None)
    device.job_error = {"type": kind, "message": "what the device says of it", "hresult": code}
    _join, failure = run(device, monkeypatch)
    assert failure.error["name"] == f"download_{kind}" and failure.error["side"] == side
    assert failure.error["code"] == error_code(device.job_error)
    assert "could not be downloaded" in failure.msg and failure.error["evidence"][0]["message"]
    assert device.clock.now < 60


def test_on_failure_keep_leaves_the_engine_to_its_retries_and_says_so(monkeypatch):
    device = Story(joins_after=None)
    device.fail_with("AADSTS700082")
    join, _failure = run(device, monkeypatch, on_failure="keep")
    assert device.packages and join.changes.changed
    assert "kept" in join.changes.as_result(False)["changes"][0]["after"]


def test_a_failure_that_may_pass_is_waited_for(monkeypatch):
    device = Story(joins_after=None)
    device.fail_with("2147954402")  # 0x80072ee2, a timeout
    job_status = device.handlers["job_status"]

    def late(params):
        if device.clock.now >= 900:
            device.join(scripted.TENANT)
        return job_status(params)

    device.handlers["job_status"] = late
    join, _result = run(device, monkeypatch)
    assert join.learned["outcome"] == "joined" and 900 <= device.clock.now < 930


def test_the_deadline_passes_without_any_error_on_the_device(monkeypatch):
    device = Story(joins_after=None)
    _join, failure = run(device, monkeypatch, timeout=300)
    assert failure.error["name"] == "join_timeout" and "300 s" in failure.msg
    assert device.packages == []


def test_a_package_that_an_earlier_attempt_left_is_forced(monkeypatch):
    device = Story()
    device.packages = [
        {"id": "{" + scripted.PACKAGE.upper() + "}", "name": "Join", "version": "1.0", "path": "", "installed": True}
    ]
    forced = []
    start = device.handlers["job_start"]
    device.handlers["job_start"] = lambda p: forced.append(p["ops"][0].get("force")) or start(p)
    run(device, monkeypatch)
    assert forced == [True]


def test_a_running_job_of_an_earlier_run_is_found_and_waited_for(monkeypatch):
    device = Story()
    device.job = "running"
    join, _result = run(device, monkeypatch)
    assert join.learned["outcome"] == "joined"
    assert "job_start" not in device.executed and "put_file" not in device.executed


def test_a_connection_lost_in_mid_join_does_not_lose_the_join(monkeypatch):
    device = Story()
    started = device.handlers["job_start"]

    def start_and_vanish(params):
        device.lose = 4
        return started(params)

    device.handlers["job_start"] = start_and_vanish
    join, _result = run(device, monkeypatch)
    assert join.learned["outcome"] == "joined" and device.resets >= 1


def test_a_device_that_never_comes_back_says_that_the_task_can_be_run_again(monkeypatch):
    device = Story()
    start = device.handlers["job_start"]

    def start_and_die(params):
        device.lose = 10_000
        return start(params)

    device.handlers["job_start"] = start_and_die
    _join, failure = run(device, monkeypatch, timeout=120)
    assert failure.error["name"] == "connection_lost" and "run the task again" in failure.error["fix"]


def test_a_copy_that_arrives_damaged_is_not_installed(monkeypatch):
    device = Story()
    device.handlers["path_info"] = lambda p: {
        "path": COPY,
        "exists": True,
        "directory": False,
        "size": 1,
        "sha256": "0" * 64,
    }
    _join, failure = run(device, monkeypatch)
    assert failure.error["name"] == "damaged_copy" and failure.error["side"] == "network"


def test_a_copy_that_lies_there_already_is_not_sent_again(monkeypatch):
    device = Story()
    device.copied[COPY] = "earlier"
    run(device, monkeypatch)
    assert "put_file" not in device.executed


def test_expected_mdm_that_does_not_come_is_a_failure_after_the_join(monkeypatch):
    device = Story()
    device.fail_with("0", "2149056536", event=76)
    join, failure = run(device, monkeypatch, expect_mdm=True, timeout=120)
    assert failure.error["code"] == "0x80180018" and "joined, but not enrolled" in failure.msg
    assert join.changes.changed and join.facts["join"]["type"] == "entra"


def shown_mdm(**changes) -> dict:
    """Facts of a working enrollment in this tenant's Intune."""
    mdm = {"enrolled": True, "provider": "MS DM Server", "channel": "intune", "tenant_id": scripted.TENANT}
    return mdm | {"offered_by_tenant": None, "why_not": None} | changes


@pytest.mark.parametrize(
    ("mdm", "expected"),
    [
        (shown_mdm(), "unchanged"),
        (shown_mdm(tenant_id=None), "unchanged"),
        (shown_mdm(channel="other", tenant_id=None, offered_by_tenant=True), "unchanged"),
        (shown_mdm(channel="other", tenant_id=None), "mdm_not_enrolled"),
        (shown_mdm(tenant_id=OTHER_TENANT), "mdm_not_enrolled"),
        (shown_mdm(enrolled=None), "mdm_unknown"),
        (shown_mdm(enrolled=False), "mdm_not_enrolled"),
    ],
)
def test_expected_mdm_is_a_working_enrollment_of_this_tenants_mdm(monkeypatch, mdm, expected):
    device = Story()
    device.join(scripted.TENANT)
    tree = scripted.joined_registry()
    tenant = tree[r"SYSTEM\CurrentControlSet\Control\CloudDomainJoin"]["keys"]["TenantInfo"]["keys"][scripted.TENANT]
    tenant["values"]["MdmEnrollmentUrl"] = "https://mdm.example"
    device.handlers["registry_read"] = scripted.registry(tree)
    build = join.state.build
    monkeypatch.setattr(join.state, "build", lambda answer, *subsets: build(answer, *subsets) | {"mdm": mdm})
    monkeypatch.setattr(mdm_wait, "mdm_facts", lambda *_seen: mdm)
    task, result = run(device, monkeypatch, expect_mdm=True)
    assert (result.error["name"] if isinstance(result, Failure) else task.learned["outcome"]) == expected


@pytest.mark.parametrize(("tenant", "outcome"), [(scripted.TENANT, "unchanged"), (OTHER_TENANT, "refused")])
def test_a_key_of_an_earlier_tenant_decides_nothing(monkeypatch, tenant, outcome):
    device = Story()
    device.join(scripted.TENANT)
    tree = scripted.joined_registry()
    joins = tree[r"SYSTEM\CurrentControlSet\Control\CloudDomainJoin"]["keys"]["JoinInfo"]
    joins["keys"] = {"05" * 20: scripted.key({"TenantId": OTHER_TENANT}), **joins["keys"]}
    device.handlers["registry_read"] = scripted.registry(tree)
    task, result = run(device, monkeypatch, tenant_id=tenant)
    assert task.learned["outcome"] == outcome
    if outcome == "refused":
        assert result.error["name"] == "joined_to_another_tenant" and "Contoso" in result.error["cause"]


class WaitsForRestart(Story):
    """A device that has another name after its next restart."""

    def __init__(self) -> None:
        super().__init__()
        old, new = scripted.key({"ComputerName": "OLD"}), scripted.key({"ComputerName": "NEW"})
        self.pending = {
            r"SYSTEM\CurrentControlSet\Control\ComputerName": scripted.key(ActiveComputerName=old, ComputerName=new)
        }
        self._booted = "2026-11-20T06:00:00.000Z"
        self._cim = scripted.cim()
        self.handlers |= {"cim_query": self._query, "restart": self._restart}

    def _query(self, params):
        answer = self._cim(params)
        if params["class"] == "Win32_OperatingSystem":
            answer["instances"][0]["LastBootUpTime"] = self._booted
        return answer

    def _restart(self, _params):
        self.pending.clear()
        self._booted = "2026-11-21T08:05:00.000Z"
        self.join(scripted.TENANT)
        return {"scheduled": True, "exit_code": 0}

    def join(self, tenant: str) -> None:
        super().join(tenant)
        self.handlers["registry_read"] = scripted.registry(scripted.joined_registry(tenant) | self.pending)


def test_a_restart_is_made_where_windows_waits_for_one_and_it_was_asked_for(monkeypatch):
    device = WaitsForRestart()
    join, result = run(device, monkeypatch, reboot=True)
    assert result["restarted"] is True and result["reboot_required"] is False
    assert "restart" in [phase["name"] for phase in join.phases.done]


class RestartFirst(Story):
    """A device that does not register before it has restarted."""

    def __init__(self) -> None:
        super().__init__(joins_after=None)
        self.fail_with(str(signed(0x801C000F)), event=304)
        self.restarts = 0
        cim = scripted.cim()

        def look(params):
            answer = cim(params)
            if params["class"] == "Win32_OperatingSystem":
                answer["instances"][0]["LastBootUpTime"] = f"2026-11-20T0{self.restarts}:00:00.000Z"
            return answer

        self.handlers |= {"cim_query": look, "restart": self._restart}

    def _restart(self, _params):
        self.restarts += 1
        self.job = "lost"
        if self.restarts == 1:
            self.joins_after, self.events = 2, []
        return {"scheduled": True, "exit_code": 0}


def test_a_device_that_must_restart_before_it_registers_is_restarted_when_asked_and_joins(monkeypatch):
    device = RestartFirst()
    run_of_it, result = run(device, monkeypatch, reboot=True)
    assert run_of_it.learned["outcome"] == "joined", result
    assert result["restarted"] is True and device.restarts == 1
    assert [phase["name"] for phase in run_of_it.phases.done] == [
        "look",
        "apply",
        "join",
        "restart",
        "apply",
        "join",
        "verify",
        "clean up",
    ]
    assert device.executed.count("job_start") == 2


def test_a_device_that_asks_for_a_restart_again_and_again_is_restarted_once(monkeypatch):
    device = RestartFirst()
    device.restarts = 1
    run_of_it, failure = run(device, monkeypatch, reboot=True)
    assert failure.error["code"] == "0x801c000f" and device.restarts == 2
    assert run_of_it.learned["outcome"] == "failed" and device.packages == []


def test_the_restart_before_the_join_has_a_time_of_its_own_and_the_join_has_one_time_in_all(monkeypatch):
    device = RestartFirst()
    told, late, down = device.handlers["events"], 1000, 300
    device.handlers["events"] = lambda p: told(p) if device.clock.now >= late else told({"ids": []})

    def restart(params):
        answer = device._restart(params)
        device.joins_after, device.engine_running, device.lose = None, True, down // 10
        return answer

    device.handlers["restart"] = restart
    run_of_it, failure = run(device, monkeypatch, reboot=True, on_failure="keep")
    assert failure.error["name"] == "join_timeout" and "after 1800 s" in failure.msg
    assert 1800 + down <= device.clock.now < 1800 + down + 60
    assert run_of_it.restarted is True


def test_a_device_is_not_restarted_where_the_time_of_the_join_is_over(monkeypatch):
    device = RestartFirst()
    told = device.handlers["events"]
    device.handlers["events"] = lambda p: told(p) if device.clock.now >= 100 else told({"ids": []})
    _run, failure = run(device, monkeypatch, reboot=True, timeout=100)
    assert failure.error["code"] == "0x801c000f" and device.restarts == 0


def test_a_device_that_must_restart_is_not_waited_for_and_not_restarted_unasked(monkeypatch):
    device = RestartFirst()
    _run, failure = run(device, monkeypatch)
    assert failure.error["code"] == "0x801c000f" and "reboot: true" in failure.error["fix"]
    assert device.restarts == 0 and device.clock.now < 600


def metadata(status: int | None, body: str | None = None):
    """The answer of an Azure VM's metadata service, None for no answer."""
    error = (
        {"type": "timeout", "message": "", "hresult": -2147012894}
        if status is None
        else dict.fromkeys(("type", "message", "hresult"))
    )
    return lambda p: {
        "results": [
            {"name": target["name"], "status": status, "seconds": 0.1, "error": error, "body_start": body}
            for target in p["targets"]
        ]
    }


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (metadata(400, '{"error": "invalid_request"}'), "azure_identity_missing"),
        (metadata(404), "azure_identity_missing"),
        (metadata(200, '{"tenantId": "11111111-2222-3333-4444-555555555555"}'), "azure_identity_of_another_tenant"),
    ],
)
def test_an_azure_vm_that_cannot_join_this_tenant_is_refused_before_anything_changes(
    monkeypatch, answer, name, check_mode
):
    device = Story(joins_after=None)
    device.handlers |= {"cim_query": scripted.cim(asset_tag=AZURE_ASSET_TAG), "endpoints": answer}
    join, failure = run(device, monkeypatch, check_mode, method="azure_vm", package=None)
    assert failure.error["name"] == name and join.learned["outcome"] == "refused"
    assert not set(device.executed) & op.CHANGING


@pytest.mark.parametrize(
    "answer", [metadata(None), metadata(503), metadata(200, f'{{"tenantId": "{scripted.TENANT}"}}')]
)
def test_a_metadata_service_that_says_nothing_against_it_lets_dsregcmd_find_out(monkeypatch, answer):
    device = Story(joins_after=None)
    device.handlers |= {"cim_query": scripted.cim(asset_tag=AZURE_ASSET_TAG), "endpoints": answer}
    run(device, monkeypatch, method="azure_vm", package=None, timeout=60)
    assert "job_start" in device.executed


def test_the_secrets_go_before_the_restart_and_the_job_after_it(monkeypatch):
    device = WaitsForRestart()
    run(device, monkeypatch, reboot=True)
    last = [name for name in device.executed if name in ("path_remove", "restart", "job_remove")]
    assert last == ["path_remove", "path_remove", "restart", "job_remove"]


@pytest.mark.parametrize("reboot", [True, False])
def test_the_restart_that_a_run_did_not_live_to_make_is_made_by_the_next_one_where_asked_for(monkeypatch, reboot):
    device = WaitsForRestart()
    device.join(scripted.TENANT)
    device.job = "done"
    join, result = run(device, monkeypatch, reboot=reboot)
    assert (result["restarted"], result["reboot_required"]) == (reboot, not reboot)
    assert (join.learned["outcome"], join.changes.changed, device.job) == ("unchanged", True, "absent")


def test_a_device_that_no_run_of_ours_has_left_is_not_restarted(monkeypatch):
    device = WaitsForRestart()
    device.join(scripted.TENANT)
    join, result = run(device, monkeypatch, reboot=True)
    assert (result["restarted"], result["reboot_required"], join.changes.changed) == (False, True, False)
    assert not set(device.executed) & op.CHANGING


def test_an_azure_vm_joins_by_dsregcmd_and_its_signed_exit_code_is_explained(monkeypatch):
    device = Story(joins_after=None)
    device.handlers |= {"cim_query": scripted.cim(asset_tag=AZURE_ASSET_TAG), "endpoints": metadata(None)}
    absent = {"state": "absent", "started": None, "last_task_result": None, "answer": None}
    done = {
        "state": "done",
        "started": None,
        "last_task_result": 0,
        "answer": {"results": [{"ok": True, "value": {"exit_code": -2145648574, "text": ""}}]},
    }
    device.handlers["job_status"] = lambda _p: done if "job_start" in device.executed else absent
    _join, failure = run(device, monkeypatch, method="azure_vm", package=None, timeout=60)
    assert failure.error["code"] == "0x801c0042"


def test_a_device_whose_state_cannot_be_read_is_not_joined_blindly(monkeypatch):
    device = Story()

    def refused(_params):
        raise scripted.OperationError("System.UnauthorizedAccessException", "Access is denied", -2147024891)

    device.handlers["certificates"] = refused
    join, failure = run(device, monkeypatch)
    assert failure.error["name"] == "state_unreadable" and "certificates" in failure.msg
    assert join.learned["outcome"] == "refused" and not set(device.executed) & op.CHANGING


def test_a_failed_package_that_windows_lists_as_not_installed_is_removed_with_its_copy(monkeypatch):
    device = Story(joins_after=None)
    device.fail_with("AADSTS700082")
    start = device.handlers["job_start"]
    removed = []
    device.handlers["path_remove"] = lambda p: removed.append(p["path"]) or {"path": p["path"], "removed": True}

    def fail(params):
        answer = start(params)
        for package in device.packages:
            package["installed"] = False
        return answer

    device.handlers["job_start"] = fail
    run(device, monkeypatch)
    assert device.packages == []
    assert sorted(removed)[1] == r"C:\ProgramData\Microsoft\Provisioning\Join.ppkg" and len(removed) == 2


def test_the_copy_of_an_earlier_attempt_is_removed_under_its_own_name(monkeypatch):
    device = Story()
    earlier = r"C:\ProgramData\Microsoft\Provisioning\earlier.ppkg"
    device.packages = [{"id": scripted.PACKAGE, "name": "Join", "version": "1.0", "path": earlier, "installed": True}]
    removed = []
    device.handlers["path_remove"] = lambda p: removed.append(p["path"]) or {"path": p["path"], "removed": True}
    run(device, monkeypatch)
    assert earlier in removed and len(removed) == 3


def test_a_failed_azure_vm_join_leaves_no_job(monkeypatch):
    device = Story(joins_after=None)
    device.handlers |= {"cim_query": scripted.cim(asset_tag=AZURE_ASSET_TAG), "endpoints": metadata(None)}
    run(device, monkeypatch, method="azure_vm", package=None, timeout=60)
    assert [name for name in device.executed if name in op.CHANGING][-1] == "job_remove"


@pytest.mark.parametrize("check_mode", [True, False])
def test_an_account_without_its_full_token_is_refused_where_a_join_is_needed(monkeypatch, check_mode):
    device = Story()
    device.identity["elevated"] = False
    join, failure = run(device, monkeypatch, check_mode)
    assert failure.error["name"] == "account_not_elevated" and "LocalAccountTokenFilterPolicy" in failure.error["fix"]
    assert join.learned["outcome"] == "refused" and not set(device.executed) & op.CHANGING
    device.join(scripted.TENANT)
    assert run(device, monkeypatch, check_mode)[0].learned["outcome"] == "unchanged"


@pytest.mark.parametrize("job, copied", [("done", {}), ("lost", {}), ("running", {}), ("absent", {COPY: "earlier"})])
def test_what_a_run_that_was_cut_off_left_on_a_joined_device_is_removed(monkeypatch, job, copied):
    device = Story(joins_after=None)
    device.join(scripted.TENANT)
    device.job, device.copied = job, dict(copied)
    checked, _result = run(device, monkeypatch, check_mode=True)
    assert not set(device.executed) & op.CHANGING
    join, _result = run(device, monkeypatch)
    assert [change["what"] for change in join.changes.as_result(False)["changes"]] == ["leftovers"]
    assert checked.changes.as_result(True) == join.changes.as_result(True)
    assert join.learned["outcome"] == "unchanged" and device.job == "absent" and "path_remove" in device.executed


def test_copies_that_were_to_be_kept_are_no_leftovers(monkeypatch):
    device = Story()
    device.join(scripted.TENANT)
    device.copied = {COPY: "earlier"}
    join, _result = run(device, monkeypatch, keep_copy=True)
    assert not join.changes.changed and not set(device.executed) & op.CHANGING


def test_an_engine_that_outlives_the_job_of_an_earlier_run_is_waited_for(monkeypatch):
    device = Story()
    device.job, device.engine_running = "done", True
    device.packages = [{"id": scripted.PACKAGE, "name": "Join", "version": "1.0", "path": "", "installed": False}]
    join, _result = run(device, monkeypatch)
    assert join.learned["outcome"] == "joined" and "job_start" not in device.executed


def test_a_start_whose_answer_is_lost_does_not_end_the_job_it_has_started(monkeypatch):
    device = Story()
    device.job = "done"
    start, running, ended = device.handlers["job_start"], [], []

    def start_and_lose_the_answer(params):
        answer = start(params)
        running.append(params["job"])
        if len(running) == 1:
            raise AnsibleConnectionFailure("the network is gone")
        return answer

    device.handlers["job_start"] = start_and_lose_the_answer
    remove = device.handlers["job_remove"]
    device.handlers["job_remove"] = lambda p: ended.append(bool(running) and device.job == "running") or remove(p)
    join, _result = run(device, monkeypatch)
    assert join.learned["outcome"] == "joined" and len(running) == 2
    assert ended and not any(ended)


def test_a_device_that_waits_for_no_restart_gets_none_although_it_may(monkeypatch):
    device = Story()
    join, result = run(device, monkeypatch, reboot=True)
    assert (join.learned["outcome"], result["restarted"]) == ("joined", False)
    assert "restart" not in device.executed and "restart" not in [phase["name"] for phase in join.phases.done]


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_server_that_is_to_be_enrolled_is_refused_before_its_join(monkeypatch, check_mode):
    device = Story(joins_after=None)
    device.handlers |= {
        "cim_query": scripted.cim(product_type=3, asset_tag=AZURE_ASSET_TAG),
        "endpoints": metadata(None),
    }
    join, failure = run(device, monkeypatch, check_mode, method="azure_vm", package=None, expect_mdm=True)
    assert failure.error["name"] == "server_has_no_mdm" and join.learned["outcome"] == "refused"
    assert not join.changes.changed and not set(device.executed) & op.CHANGING
