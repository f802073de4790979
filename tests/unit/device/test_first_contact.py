# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first contact waits for what can still come, and ends with what cannot."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleAuthenticationFailure, AnsibleConnectionFailure, AnsibleError
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.winops.entra.plugins.plugin_utils.device.meeting import (
    expectations,
    first_contact,
    name_pattern,
)
from ansible_collections.winops.entra.plugins.plugin_utils.device.package_facts import ENGINE_RESULTS
from ansible_collections.winops.entra.plugins.plugin_utils.device.side import DEVICE_SIDE
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task, perform

from .scripted import (
    PACKAGE,
    TENANT,
    UTC,
    Clock,
    OperationError,
    ScriptedDevice,
    cim,
    dsregcmd,
    fresh_registry,
    join_certificate,
    joined_registry,
    key,
    registry,
)

NAMES = r"SYSTEM\CurrentControlSet\Control\ComputerName"
EXPECTED = {"computer_name": None, "serial_number": None, "tenant_id": None, "joined": False, "package_id": None}
REFUSED = "ntlm: the specified credentials were rejected by the server"


class NewDevice(ScriptedDevice):
    """A device that is set up: ``errors`` are what its connection says first, one for each exchange."""

    def __init__(self, serial: str = "PF0001", name: str = "NB-PF0001") -> None:
        super().__init__()
        self.clock = Clock()
        self.errors: list[AnsibleError] = []
        usual = cim()
        self.handlers["cim_query"] = lambda p: (
            {"instances": [{"SerialNumber": serial}]} if p["class"] == "Win32_BIOS" else usual(p)
        )
        self.tree = fresh_registry()
        self.handlers["registry_read"] = self._read
        self.name_it(name)

    def _read(self, asked: dict) -> dict:
        return registry(self.tree)(asked)

    def name_it(self, name: str) -> None:
        self.tree[NAMES] = key(ActiveComputerName=key({"ComputerName": name}), ComputerName=key({"ComputerName": name}))

    def join(self, tenant: str = TENANT) -> None:
        self.tree |= joined_registry(tenant)
        self.handlers["certificates"] = lambda _p: {"certificates": [join_certificate()]}
        self.handlers["dsregcmd_status"] = dsregcmd(True)

    def list_package(self, installed: bool) -> None:
        listed = {"id": PACKAGE, "name": "Contoso", "version": "1.0", "path": "x", "installed": installed}
        self.handlers["provisioning_packages"] = lambda _p: {"available": True, "packages": [listed]}

    def execute(self, script: str, data: bytes) -> tuple[str, str, int]:
        if self.errors:
            self.requests += 1
            raise self.errors.pop(0)
        return super().execute(script, data)


@pytest.fixture
def meet(monkeypatch):
    """Meet a device with these options: the result of the task."""

    def run(device: NewDevice, timeout: int = 600, **options: t.Any) -> dict:
        monkeypatch.setattr(first_contact, "Deadline", device.clock.deadline)
        args = EXPECTED | {"timeout": timeout, "poll_interval": 10, "fact_name": "entra"} | options
        task = Task(args, True)
        task.session = device.session(check_mode=True)
        return perform(task, (DEVICE_SIDE,), first_contact.meet, {})

    return run


def test_a_device_that_is_as_expected_is_met_with_one_command(meet):
    device = NewDevice()
    device.join()
    device.list_package(True)
    result = meet(
        device,
        computer_name="nb-%SERIAL%",
        serial_number="pf0001",
        joined=True,
        tenant_id=TENANT,
        package_id=PACKAGE,
        timeout=0,
    )
    assert "failed" not in result, result
    assert [(one["id"], one["result"]) for one in result["findings"]] == [
        (name, "pass") for name in expectations.EXPECTATIONS
    ]
    assert device.requests == 1 and result["changed"] is False
    assert result["ansible_facts"]["entra"]["join"]["type"] == "entra"


def test_a_device_that_is_off_is_waited_for(meet):
    device = NewDevice()
    device.errors = [AnsibleConnectionFailure("[Errno 111] Connection refused")] * 5
    result = meet(device)
    assert result["connections_lost"] == 5 and device.clock.now == 50


def test_a_device_that_never_answers_is_unreachable_when_the_time_is_over(meet):
    device = NewDevice()
    device.errors = [AnsibleConnectionFailure("[Errno 111] Connection refused")] * 100
    result = meet(device, timeout=60)
    assert result["unreachable"] and result["error"]["name"] == "connection_refused"
    assert "did not answer within 60 s" in result["msg"] and device.clock.now == 60


def test_what_the_controller_lacks_ends_the_wait_at_once(meet):
    device = NewDevice()
    device.errors = [AnsibleError("winrm or requests is not installed: No module named 'winrm'")] * 100
    result = meet(device)
    assert result["failed"] and result["error"]["name"] == "library_missing" and device.clock.now == 0


def test_wrong_credentials_are_tried_three_times_a_minute_apart(meet):
    device = NewDevice()
    device.errors = [AnsibleAuthenticationFailure(REFUSED)] * 100
    result = meet(device)
    assert result["error"]["name"] == "credentials_refused"
    assert device.requests == first_contact.MOST_REFUSALS == 3 and device.clock.now == 120


def test_an_account_that_comes_later_is_met(meet):
    device = NewDevice()
    device.errors = [AnsibleAuthenticationFailure(REFUSED)] * 2
    assert "failed" not in meet(device)


def test_the_name_and_the_join_may_come_later(meet):
    device = NewDevice(name="DESKTOP-ABC1234")
    device.list_package(False)

    def later() -> None:
        device.join()
        device.list_package(True)
        device.name_it("NB-PF0001")

    pause = device.clock.sleep

    def sleep(seconds: float) -> None:
        pause(seconds)
        if device.clock.now >= 50:
            later()

    device.clock.sleep = sleep  # type: ignore[method-assign]
    result = meet(device, computer_name="NB-%SERIAL%", joined=True, package_id=PACKAGE)
    assert "failed" not in result, result
    assert device.clock.now == 50


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"serial_number": "PF0002"}, "first_contact_serial_number"),
        ({"joined": True, "tenant_id": "0c1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8"}, "first_contact_join"),
    ],
)
def test_another_device_and_another_tenant_end_the_wait_at_once(meet, options, name):
    device = NewDevice()
    device.join()
    result = meet(device, **options)
    assert result["failed"] and result["error"]["name"] == name and device.clock.now == 0


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"computer_name": "PC-%RAND:4%"}, "first_contact_computer_name"),
        ({"package_id": PACKAGE}, "first_contact_package"),
        ({"joined": True}, "first_contact_join"),
    ],
)
def test_what_is_not_so_when_the_time_is_over_is_named(meet, options, name):
    device = NewDevice()
    result = meet(device, timeout=30, **options)
    assert result["failed"] and result["error"]["name"] == name and device.clock.now == 30
    assert result["error"]["fix"] and "after 30 s" in result["msg"]


def fail_to_join(device: NewDevice) -> None:
    event = {
        "id": 12,
        "record": 5,
        "utc": UTC,
        "provider": "Provisioning",
        "level": 2,
        "message": "",
        "data": ["AADJ", "-895352829", "AADJ/BPRT", "AADJ"],
    }
    provisioning = first_contact.logs.PROVISIONING_LOG
    device.handlers["events"] = lambda p: {"log_exists": True, "events": [event] if p["log"] == provisioning else []}


def test_a_failure_of_before_the_awaited_package_came_does_not_end_the_wait(meet):
    device = NewDevice()
    fail_to_join(device)
    pause = device.clock.sleep

    def sleep(seconds: float) -> None:
        pause(seconds)
        if device.clock.now >= 50:
            device.list_package(True)
            device.join()

    device.clock.sleep = sleep  # type: ignore[method-assign]
    result = meet(device, joined=True, package_id=PACKAGE)
    assert "failed" not in result and device.clock.now == 50, result


def test_a_failure_of_the_awaited_package_ends_the_wait(meet):
    device = NewDevice()
    fail_to_join(device)
    device.list_package(False)
    assert "did not join" in meet(device, joined=True, package_id=PACKAGE)["msg"] and device.clock.now == 0


@pytest.mark.parametrize(("package_id", "seconds"), [(None, 0), (PACKAGE, 30)])
def test_an_edition_that_the_awaited_package_may_change_does_not_end_the_wait(meet, package_id, seconds):
    device = NewDevice()
    device.tree[r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"]["values"]["EditionID"] = "Core"
    result = meet(device, timeout=30, joined=True, package_id=package_id)
    assert result["failed"] and device.clock.now == seconds, result
    assert result["findings"][-1]["id"] == "join" and "cannot be joined" in result["findings"][-1]["cause"]


def test_a_package_whose_record_is_refused_is_not_called_applied(meet):
    device = NewDevice()
    device.list_package(True)
    usual = device.handlers["registry_read"]

    def read(parameters):
        if parameters["path"] == ENGINE_RESULTS:
            raise OperationError("System.Security.SecurityException", "Requested registry access is not allowed.")
        return usual(parameters)

    device.handlers["registry_read"] = read
    result = meet(device, timeout=0, package_id=PACKAGE)
    assert [one["result"] for one in result["findings"]] == ["unknown"]


def test_a_join_that_cannot_come_ends_with_the_reason_that_the_device_tells(meet):
    device = NewDevice()
    fail_to_join(device)
    result = meet(device, joined=True)
    assert result["failed"] and device.clock.now == 0, result
    assert "did not join the device" in result["msg"] and result["error"]["code"] == "0xcaa20003"


def test_a_tenant_that_nothing_is_asked_about_is_refused(meet):
    device = NewDevice()
    result = meet(device, tenant_id=TENANT, joined=False)
    assert result["error"]["name"] == "bad_option" and "tenant_id" in result["msg"] and device.requests == 0


def test_what_cannot_be_read_is_neither_right_nor_wrong(meet):
    device = NewDevice()
    usual = device.handlers["cim_query"]
    device.handlers["cim_query"] = lambda p: {"instances": []} if p["class"] == "Win32_BIOS" else usual(p)
    result = meet(device, timeout=0, serial_number="PF0001", computer_name="NB-%SERIAL%")
    assert [one["result"] for one in result["findings"]] == ["unknown", "unknown"]
    assert result["error"]["name"] == "first_contact_serial_number"


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "pattern", "serial", "fits"),
    [
        ("PC-0001", "pc-0001", None, True),
        ("PC-0001", "PC-%RAND:4%", None, True),
        ("PC-000", "PC-%RAND:4%", None, False),
        ("PC-0-01", "PC-%RAND:4%", None, False),
        ("NB-PF0001", "NB-%SERIAL%", "PF0001", True),
        ("NB-PF0001", "NB-%serial%", "PF0002", False),
        ("NB-PF0001", "NB-%SERIAL%", None, None),
        ("NB-VMWARE-564D2", "NB-%SERIAL%", "VMware-56 4d 2c 9e", True),
        ("NB-0123456789AB", "NB-%SERIAL%", "0123456789ABCDEF", True),
        ("X", "", None, False),
    ],
)
def test_names_fit_their_pattern(name, pattern, serial, fits):
    assert name_pattern.fits(name, pattern, serial) is fits


@pytest.mark.parametrize("pattern", ["PC_1", "PC-%SERIAL", "PC-%RAND:99%", "a b", "%RAND:x%", "ä"])
def test_what_cannot_be_a_name_is_no_pattern(pattern):
    with pytest.raises(Failure, match="bad option computer_name"):
        name_pattern.require_pattern(pattern, "computer_name")


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_name_and_serial_number_of_a_device_is_judged(name, serial):
    assert name_pattern.fits(name, "PC-%SERIAL%-%RAND:3%", serial) in (True, False)
    assert serial in name_pattern.shown("%SERIAL%", serial)
