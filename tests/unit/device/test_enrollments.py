# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An enrollment is judged by what it is: channel, tenant, certificate, tasks; its state is one witness."""

from __future__ import annotations

import datetime
import functools
import typing as t

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import enrollment, enrollment_channels, state
from ansible_collections.winops.entra.plugins.plugin_utils.device.diagnosis import device_diagnosis, logs
from ansible_collections.winops.entra.plugins.plugin_utils.device.joining import mdm_wait
from ansible_collections.winops.entra.plugins.plugin_utils.device.waiting import Waiter
from ansible_collections.winops.entra.plugins.plugin_utils.progress import Progress
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure

from . import fit, scripted
from .scripted import TENANT, ScriptedDevice, key

ELSEWHERE = "9b1f5c2e-6d3a-4c87-8f10-2a7be4d5c601"
ROOT = r"SOFTWARE\Microsoft\Enrollments"
ACCOUNTS = r"SOFTWARE\Microsoft\Provisioning\OMADM\Accounts"
FIRST, SECOND = "1E6A0C55-3C0E-4B3B-9D5B-4F0A6B1C2D3E", "B7D2F9A1-58C4-4E7F-8A69-0D1E2F3A4B5C"
INTUNE, MMPC = "MS DM Server", "Microsoft Device Management"
DISCOVERY = "https://enrollment.manage.microsoft.com/enrollmentserver/discovery.svc"


class Enrolled:
    """What a device is to show: enrollments by id, with the parts that are there."""

    def __init__(self) -> None:
        self.keys: dict[str, dict] = {}
        self.root: dict = {}
        self.other: dict[str, dict] = {}
        self.certificates = [scripted.join_certificate()]
        self.folders: list[str] = []
        self.accounts: dict[str, dict] = {}
        self.joined = True
        self.mdm_url: str | None = DISCOVERY

    def add(
        self,
        name: str = FIRST,
        provider: str = INTUNE,
        tenant: str | None = TENANT,
        parts: str = "certificate tasks",
        **values,
    ) -> Enrolled:
        thumbprint = name.replace("-", "") + "00000000"
        told = {"ProviderID": provider, "EnrollmentState": 1, "DMPCertThumbPrint": thumbprint} | values
        self.keys[name] = key(told | ({"AADTenantID": tenant} if tenant else {}))
        if "certificate" in parts or "expired" in parts:
            expires = "2026-11-20T00:00:00.000Z" if "expired" in parts else "2027-11-20T00:00:00.000Z"
            self.certificates.append(
                scripted.join_certificate()
                | {"thumbprint": thumbprint, "issuer": "CN=Microsoft Intune MDM Device CA", "not_after": expires}
            )
        if "tasks" in parts:
            self.folders.append(name.lower())
        return self

    def registry(self) -> dict:
        tree = scripted.joined_registry() if self.joined else scripted.fresh_registry()
        if self.joined and self.mdm_url:
            root = tree[r"SYSTEM\CurrentControlSet\Control\CloudDomainJoin"]
            root["keys"]["TenantInfo"]["keys"][TENANT]["values"]["MdmEnrollmentUrl"] = self.mdm_url
        accounts = {
            name: key(Protected=key(ConnInfo=key({"ServerLastSuccessTime": time})))
            for name, time in self.accounts.items()
        }
        return tree | {ROOT: key(self.root, **self.keys), ACCOUNTS: key(**accounts)} | self.other

    def put_on(self, device: ScriptedDevice) -> None:
        device.handlers["registry_read"] = scripted.registry(self.registry())
        self._put_the_rest_on(device)

    def _put_the_rest_on(self, device: ScriptedDevice) -> None:
        certificates = self.certificates if self.joined else self.certificates[1:]
        device.handlers["certificates"] = lambda _p: {"certificates": certificates}
        device.handlers["dsregcmd_status"] = scripted.dsregcmd(self.joined)
        device.handlers["scheduled_tasks"] = lambda _p: {"exists": True, "folders": self.folders, "tasks": []}

    def answer(self):
        device = ScriptedDevice()
        self.put_on(device)
        return device.session().run(state.observations())

    def facts(self) -> dict:
        return state.build(self.answer())["mdm"]

    def check(self, **plan):
        device = fit.FitDevice()
        device.registry |= self.registry()
        device.identity["utc"] = scripted.UTC
        self._put_the_rest_on(device)
        return device.check("enrollment_leftovers", **{"expect_mdm": True} | plan)

    def is_managed(self) -> bool:
        return enrollment.is_of_tenants_mdm(self.facts(), TENANT)


# --- witnesses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [1, 2, 3, 4, 9, None])
def test_a_state_other_than_0_is_no_veto_where_certificate_and_tasks_are_there(told):
    device = Enrolled().add(EnrollmentState=told)
    if told is None:
        del device.keys[FIRST]["values"]["EnrollmentState"]
    mdm = device.facts()
    assert mdm["enrolled"] is True and mdm["state"] == told and device.is_managed()
    assert device.check().result == "pass"


@pytest.mark.parametrize("told", [0, 1, 3, 4])
@pytest.mark.parametrize("parts", ["", "tasks", "certificate", "expired tasks"])
def test_no_state_makes_up_for_a_certificate_or_tasks_that_are_gone(told, parts):
    device = Enrolled().add(EnrollmentState=told, parts=parts)
    mdm = device.facts()
    assert mdm["enrolled"] is False and mdm["enrollment_id"] is None and not device.is_managed()
    gone = {"": "certificate is gone", "tasks": "certificate is gone", "certificate": "task folder is gone"}
    assert gone.get(parts, "certificate expired on 2026-11-20") in mdm["why_not"]


def test_state_0_is_a_veto_whatever_is_there():
    mdm = Enrolled().add(EnrollmentState=0).facts()
    assert mdm["enrolled"] is False and "its state is 0" in mdm["why_not"]


def test_an_expired_certificate_is_a_leftover_to_preflight():
    check = Enrolled().add(parts="expired tasks").check()
    assert check.result == "fail" and "expired on 2026-11-20" in check.cause and FIRST.lower() in check.fix


# --- channels -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(FIRST, SECOND), (SECOND, FIRST)])
def test_intune_is_the_mdm_and_the_channel_beside_it_is_not(order):
    device = Enrolled().add(order[0], provider=MMPC, EnrollmentType=26).add(order[1])
    mdm = device.facts()
    assert (mdm["enrolled"], mdm["provider"], mdm["channel"]) == (True, INTUNE, "intune")
    assert mdm["enrollment_id"] == order[1].lower() and device.is_managed()
    assert device.check().result == "pass"


@pytest.mark.parametrize(
    "values",
    [
        {"provider": MMPC},
        {"provider": MMPC.upper()},
        {
            "provider": "Defender",
            "DiscoveryServiceFullURL": "https://discovery.dm.microsoft.com/EnrollmentConfiguration",
        },
        {"provider": "x", "DiscoveryServiceFullURL": "https://discovery.dm-beta.microsoft.com/EnrollmentConfiguration"},
    ],
)
def test_a_channel_whose_enrollment_in_intune_is_gone_manages_nothing_and_is_in_the_way(values):
    device = Enrolled().add(**values)
    mdm = device.facts()
    assert mdm["enrolled"] is False and "MMP-C" in mdm["why_not"] and not device.is_managed()
    assert device.check().result == "fail" and device.check(expect_mdm=False).result == "warn"


@pytest.mark.parametrize(
    "provider",
    [
        *("WMI_Bridge_Server", "WMI_Bridge_SCCM_Server", "Local Authority", "Cloud Authority", "Deploy Authority"),
        *("SC Authority", "MS Work Account", "Local_Management"),
    ],
)
def test_providers_of_windows_itself_and_of_configuration_manager_are_no_mdm(provider):
    device = Enrolled().add(provider=provider, tenant=None)
    device.joined = False
    assert device.facts()["enrolled"] is False and device.facts()["why_not"] is None
    assert device.check().result == "pass"


def test_a_key_by_which_people_feign_an_mdm_for_their_browser_is_none():
    """Published as fake-mdm.reg: state 1 and no ProviderID, with an account."""
    feigned = "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"
    device = Enrolled()
    device.keys[feigned] = key({"EnrollmentState": 1, "EnrollmentType": 0, "IsFederated": 0})
    device.accounts = {feigned: ""}
    mdm = device.facts()
    assert (mdm["enrolled"], mdm["why_not"]) == (False, None) and device.check().result == "pass"
    assert device.add().facts()["provider"] == INTUNE


@pytest.mark.parametrize("working", [FIRST, SECOND])
def test_of_two_enrollments_in_intune_the_one_counts_that_works(working):
    device = Enrolled()
    for name in (FIRST, SECOND):
        device.add(name, parts="certificate tasks" if name == working else "")
    assert device.facts()["enrollment_id"] == working.lower() and device.is_managed()


def test_a_name_in_the_address_is_not_its_host():
    url = "https://mdm.example/dm.microsoft.com"
    assert enrollment_channels.channel("Another MDM", url) == "other"
    assert enrollment_channels.channel("Another MDM", "https://evildm.microsoft.com.example/") == "other"
    assert enrollment_channels.channel("Another MDM", "https://[broken") == "other"


# --- tenants --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [{"tenant": ELSEWHERE}, {"tenant": None, "UPN": f"someone@woodgrove.example@{ELSEWHERE.upper()}"}],
    ids=str,
)
def test_an_enrollment_of_another_tenant_does_not_manage_this_one(values):
    device = Enrolled().add(**values)
    mdm = device.facts()
    assert mdm["enrolled"] is False and f"tenant {ELSEWHERE}" in mdm["why_not"] and not device.is_managed()
    check = device.check()
    assert check.result == "fail" and ELSEWHERE in check.cause


def test_of_several_that_work_the_joins_tenant_counts_then_intune_then_the_last_sync():
    assert Enrolled().add(FIRST, provider="Fleet", tenant=None).add(SECOND).facts()["provider"] == INTUNE
    assert Enrolled().add(FIRST, tenant=None).add(SECOND, provider="Fleet").facts()["provider"] == "Fleet"
    assert Enrolled().add(FIRST, tenant=ELSEWHERE).add(SECOND).facts()["enrollment_id"] == SECOND.lower()
    both = Enrolled().add(FIRST).add(SECOND)
    both.accounts = {FIRST: "20261101T000000Z", SECOND: "20261120T060102Z"}
    mdm = both.facts()
    assert (mdm["enrollment_id"], mdm["last_sync"]) == (SECOND.lower(), "2026-11-20T06:01:02.000Z")


def test_an_enrollment_of_another_tenant_beside_a_working_one_is_only_a_warning():
    check = Enrolled().add(FIRST, tenant=ELSEWHERE).add(SECOND).check()
    assert check.result == "warn" and ELSEWHERE in check.cause


def test_on_a_device_without_a_tenant_any_enrollment_that_works_counts():
    device = Enrolled().add(provider="AirWatchMDM", tenant=ELSEWHERE)
    device.joined = False
    assert device.facts()["enrolled"] is True and device.facts()["tenant_id"] == ELSEWHERE


@pytest.mark.parametrize(
    ("url", "managed"), [("https://mdm.example/enroll", True), ("https://other.example/enroll", False), (None, False)]
)
def test_another_mdm_without_a_tenant_is_expected_where_the_tenant_gave_its_address(url, managed):
    device = Enrolled().add(
        provider="Another MDM", tenant=None, DiscoveryServiceFullURL="https://mdm.example/discovery"
    )
    device.mdm_url = url
    assert device.facts()["enrolled"] is True and device.is_managed() is managed


@pytest.mark.parametrize("time", ["", "yesterday", "2026-11-20", "20261120T060102"])
def test_a_last_sync_of_another_form_is_unknown(time):
    device = Enrolled().add()
    device.accounts = {FIRST: time}
    assert device.facts()["last_sync"] is None


# --- values that stop every enrollment ------------------------------------------------------------------------------

STOPPING = [("MmpcEnrollmentFlag", 2, "0x80190190"), ("ExternallyManaged", 1, "0x80180026")]


@pytest.mark.parametrize(("name", "value", "code"), STOPPING)
def test_a_value_that_stops_every_enrollment_is_a_warning_that_names_it(name, value, code):
    device = Enrolled()
    device.root = {name: value}
    check = device.check()
    assert check.result == "warn" and check.observed == f"{name} = {value}"
    assert code in check.cause and f"delete {name}" in check.fix
    assert device.check(expect_mdm=False).result == "pass"
    assert device.add().check().result == "pass", "an enrollment works in spite of it"


@pytest.mark.parametrize("name", [name for name, _value, _code in STOPPING])
def test_such_a_value_of_0_is_none_and_one_of_another_type_unknown(name):
    device = Enrolled()
    device.root = {name: 0}
    assert device.check().result == "pass"
    device.root = {name: "2"}
    assert device.check().result == "unknown"


@pytest.mark.parametrize(("name", "value", "code"), STOPPING)
def test_a_diagnosis_names_the_value_with_the_code_in_which_the_enrollment_ended(name, value, code):
    shown = Enrolled()
    shown.root = {name: value}
    device = fit.FitDevice()
    device.registry |= shown.registry()
    shown._put_the_rest_on(device)
    event = {"id": 76, "record": 1, "utc": device.identity["utc"], "provider": "x", "message": ""}
    signed = str(int(code, 16) - 2**32)

    def events(params):
        there = params["log"] == logs.ENROLLMENT_LOG
        return {"log_exists": True, "events": [event | {"data": ["1", signed]}] if there else []}

    device.handlers["events"] = events
    scope = device_diagnosis.DiagnosisScope()
    answer = device.session(True).run(device_diagnosis.observations(scope))
    first = device_diagnosis.diagnose(answer, scope)[0][0].as_dict()
    assert first["code"] == code and f"{name} = {value}" in first["cause"] and f"delete {name}" in first["fix"]


# --- the wait for the enrollment after a join -----------------------------------------------------------------------


def failed_wait(shown: Enrolled) -> tuple[dict, float]:
    """The error of a wait that ends in vain, and after how many seconds it does."""
    device, clock = ScriptedDevice(), scripted.Clock()
    shown.put_on(device)
    waiter = Waiter(device.session(), Progress(lambda _line: None, clock), 10, clock.deadline(1800))
    with pytest.raises(Failure) as caught:
        mdm_wait.until_enrolled(waiter, {logs.ENROLLMENT_LOG: 0}, TENANT, False)
    return caught.value.error, clock.now


@pytest.mark.parametrize(
    ("values", "said"), [({"tenant": ELSEWHERE}, f"another tenant, {ELSEWHERE}"), ({"provider": MMPC}, "MMP-C")]
)
def test_nobody_waits_for_an_enrollment_while_another_one_is_in_the_way(values, said):
    error, seconds = failed_wait(Enrolled().add(**values))
    assert error["name"] == "enrolled_elsewhere" and said in error["cause"]
    assert seconds < 60 and FIRST.lower() in error["fix"]


def test_an_expired_enrollment_that_stops_the_next_one_is_not_waited_for():
    error, seconds = failed_wait(Enrolled().add(parts="expired tasks"))
    assert error["name"] == "mdm_not_enrolled" and "expired on 2026-11-20" in error["cause"] and seconds < 60
    assert f"state=absent, provider={INTUNE}, enrollment_id={FIRST.lower()}" in error["fix"]


class Waited(Enrolled):
    """A device that is asked for its enrollment again and again, on whose clock time passes; ``at`` are changes of it
    by the second at which they come."""

    def __init__(self) -> None:
        super().__init__()
        self.at: dict[float, t.Callable[[], object]] = {}
        self.clock = scripted.Clock()
        self.jumps = 0.0
        self.tasks: list[dict] = []
        self.processes: list[dict] = []

    def set_task(self, seconds: float, **task) -> None:
        """A task of the enrollment client, set for so many seconds after the start."""
        self.tasks.append({"name": "Schedule", "state": "Ready", "last_result": 0, "next_run": later(seconds)} | task)

    def wait(self) -> Failure | dict:
        """What the wait comes to."""
        device = ScriptedDevice()
        waiter = Waiter(device.session(), Progress(lambda _line: None, self.clock), 10, self.clock.deadline(1800))
        execute = device.execute

        def on_time(script: str, data: bytes) -> tuple[str, str, int]:
            for second in [second for second in self.at if second <= self.clock.now]:
                self.at.pop(second)()
            device.identity["utc"] = later(self.clock.now + self.jumps)
            self.put_on(device)
            return execute(script, data)

        waiter._session._execute = on_time
        try:
            return mdm_wait.until_enrolled(waiter, {logs.ENROLLMENT_LOG: 0}, TENANT, False)
        except Failure as failure:
            return failure

    def _put_the_rest_on(self, device: ScriptedDevice) -> None:
        super()._put_the_rest_on(device)
        tasks = {"exists": True, "folders": self.folders, "tasks": self.tasks}
        device.handlers["scheduled_tasks"] = lambda _p: tasks
        device.handlers["processes"] = lambda _p: {"processes": self.processes}


def later(seconds: float) -> str:
    return state.utc_text(state.parse_utc(scripted.UTC) + datetime.timedelta(seconds=seconds))


LEFT = ("", "tasks", "certificate")


@pytest.mark.parametrize("parts", LEFT)
@pytest.mark.parametrize("told", [0, 1, 4])
def test_what_is_left_of_an_enrollment_is_not_waited_for_once_it_is_surely_left(parts, told):
    device = Waited()
    device.add(parts=parts, EnrollmentState=told)
    failure = device.wait()
    assert failure.error["name"] == "mdm_not_enrolled" and "is gone" in failure.error["cause"]
    assert "cannot be" in failure.msg and FIRST.lower() in failure.error["fix"]
    assert mdm_wait.LEFTOVER_SECONDS <= device.clock.now < mdm_wait.LEFTOVER_SECONDS + 30


def test_an_expired_enrollment_in_state_0_may_be_followed_by_another():
    device = Waited()
    device.add(parts="expired tasks", EnrollmentState=0)
    assert isinstance(device.wait(), Failure) and device.clock.now >= mdm_wait.LEFTOVER_SECONDS


@pytest.mark.parametrize("parts", [*LEFT, "expired tasks"])
def test_what_is_left_is_waited_out_while_somebody_may_mend_it(parts):
    for at_work in ({"name": "deviceenroller.exe", "pid": 4}, {"name": "provtool.exe", "pid": 4}):
        device = Waited()
        device.add(parts=parts)
        device.processes = [at_work]
        assert isinstance(device.wait(), Failure) and device.clock.now >= 1800
    device = Waited()
    device.add(parts=parts)
    device.set_task(1500)
    assert isinstance(device.wait(), Failure) and device.clock.now >= 1500


@pytest.mark.parametrize("task", [{"state": "Disabled"}, {"next_run": None}, {"next_run": later(3600)}], ids=str)
def test_a_task_that_does_not_run_before_the_deadline_mends_nothing(task):
    device = Waited()
    device.add(parts="")
    device.set_task(600, **task)
    assert isinstance(device.wait(), Failure) and device.clock.now < 600


def test_an_enrollment_that_is_completed_within_minutes_is_one():
    device = Waited()
    device.add(parts="")
    device.at[200] = lambda: device.folders.append(FIRST.lower())
    device.at[480] = lambda: device.add(parts="certificate tasks")
    assert device.wait()["mdm"]["enrolled"] is True and 480 <= device.clock.now < 500


def test_what_changes_is_no_leftover_yet():
    device = Waited()
    device.add(parts="")
    for second in range(200, 1000, 200):
        device.at[second] = functools.partial(
            device.keys[FIRST]["values"].__setitem__, "EnrollmentState", second // 200 % 2 ^ 1
        )
    assert isinstance(device.wait(), Failure)
    assert 800 + mdm_wait.LEFTOVER_SECONDS <= device.clock.now < 800 + mdm_wait.LEFTOVER_SECONDS + 30


def test_a_clock_that_is_set_right_makes_no_leftover():
    device = Waited()
    device.add(parts="")
    device.at[100] = lambda: setattr(device, "jumps", 86400.0)
    assert isinstance(device.wait(), Failure)
    assert mdm_wait.LEFTOVER_SECONDS <= device.clock.now < mdm_wait.LEFTOVER_SECONDS + 30


@pytest.mark.parametrize(
    ("operation", "parts"), [("scheduled_tasks", "certificate"), ("certificates", "tasks"), ("processes", "")]
)
def test_what_cannot_be_read_is_no_leftover(operation, parts, monkeypatch):
    device = Waited()
    device.add(parts=parts)
    put = device._put_the_rest_on

    def put_and_refuse(onto):
        put(onto)

        def refuse(_params):
            raise scripted.OperationError("System.UnauthorizedAccessException", "Access is denied", -2147024891)

        onto.handlers[operation] = refuse

    monkeypatch.setattr(device, "_put_the_rest_on", put_and_refuse)
    assert isinstance(device.wait(), Failure) and device.clock.now >= 1800


# --- Configuration Manager ------------------------------------------------------------------------------------------

CCM = r"SOFTWARE\Microsoft\CCM"
ALL = ["compliance_policies", "resource_access", "device_configuration", "windows_update", "endpoint_protection"]
ALL += ["client_apps", "office_click_to_run"]


@pytest.mark.parametrize(
    ("flags", "co_managed", "workloads"),
    [
        (None, False, None),
        (0, False, None),
        (1, True, []),
        (8193, True, []),
        (67, True, ["compliance_policies", "client_apps"]),
        (12543, True, ALL),
        (255, True, ALL),
        (8193 + 16, True, ["windows_update"]),
        (8193 + 4128, True, ["endpoint_protection"]),
        (2**63 + 1, True, []),
        (8192, False, None),
        (254, False, None),
        ("12543", None, None),
        ({"base64": "/zAAAA=="}, None, None),
        ([], None, None),
    ],
)
def test_what_configuration_manager_leaves_to_the_mdm(flags, co_managed, workloads):
    device = Enrolled().add()
    device.other = {CCM: key({} if flags is None else {"CoManagementFlags": flags})}
    mdm = device.facts()
    assert (mdm["co_managed"], mdm["workloads"]) == (co_managed, workloads)
    assert mdm["enrolled"] is True and mdm["channel"] == "intune"


def test_a_device_without_its_client_is_not_co_managed_and_one_that_hides_it_unknown():
    assert Enrolled().facts()["co_managed"] is False
    hidden = Enrolled()
    hidden.other = {CCM: {"refused": {"type": "SecurityException", "message": "no", "hresult": None}}}
    assert (hidden.facts()["co_managed"], hidden.facts()["workloads"]) == (None, None)


def test_a_value_that_stops_every_enrollment_is_told_with_configuration_manager():
    device = Enrolled()
    device.root = {"ExternallyManaged": 1}
    device.other = {CCM: key({"CoManagementFlags": 8193})}
    assert "co-managed by Configuration Manager" in device.check().observed
    device.other = {}
    assert device.check().observed == "ExternallyManaged = 1"


# --- a tenant that nobody knows -------------------------------------------------------------------------------------


def test_of_a_join_whose_tenant_cannot_be_told_an_enrollment_with_a_tenant_may_be_anothers():
    device = ScriptedDevice()
    shown = Enrolled().add(tenant=ELSEWHERE)
    tree = shown.registry()
    info = tree[r"SYSTEM\CurrentControlSet\Control\CloudDomainJoin"]["keys"]["JoinInfo"]["keys"]
    info["A" * 40] = key({"TenantId": ELSEWHERE})
    shown.certificates.append(scripted.join_certificate() | {"thumbprint": "A" * 40})
    shown.put_on(device)
    device.handlers["registry_read"] = scripted.registry(tree)
    answer = device.session().run(state.observations(("mdm",)))
    assert state.build(answer, ("mdm",))["mdm"]["enrolled"] is None
