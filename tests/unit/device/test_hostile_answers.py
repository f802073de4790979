# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a device answers, a task ends in a result: a success or a failure of the product's own, never a traceback.

Each row was a traceback, or a result that is no JSON, once.
"""

from __future__ import annotations

import random

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import answers
from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device.session import ConnectionLost

from . import hostile
from .hostile import PERSON, PROXY, RESULTS, RUNS
from .leavers import CLOUD_JOIN, ENROLLMENTS, INTUNE
from .lying import DEEP, MISSING, Way
from .scripted import PACKAGE, TENANT, THUMBPRINT

ADMINISTRATOR: Way = ("value", "members", 0)
CERTIFICATE: Way = ("value", "certificates", 0)
REPLY: Way = ("value", "results", 0)
PROBED: Way = ("value", "answer", "results", 0)
EVENT: Way = ("value", "events", 0)
WINDOWS = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
JOIN: Way = ("value", "key", "keys", "JoinInfo")
ENROLLMENT: Way = ("value", "key", "keys", INTUNE.upper())
KEY = f"registry_read:{CLOUD_JOIN}"
ENROLLED = f"registry_read:{ENROLLMENTS}"
PROVISIONED = f"registry_read:{RESULTS}"
INSTANCE: Way = ("value", "instances", 0)


def refused(message: str) -> dict:
    """The result of an operation that a device refuses in these words."""
    return {"ok": False, "error": {"type": "System.Exception", "message": message, "hresult": -2147024891}}


CASES: list[tuple[str, str, Way, object]] = [
    ("preflight checked", "cim_query:Win32_Tpm", ("value", "instances"), DEEP),
    ("preflight checked", "cim_query:Win32_Tpm", ("value", "instances"), -1),
    ("preflight checked", "cim_query:Win32_Tpm", ("value", "instances", 0), ""),
    ("preflight", "cim_query:Win32_LogicalDisk", ("value", "instances"), -1),
    ("preflight", "cim_query:Win32_LogicalDisk", ("value", "instances", 0, "FreeSpace"), ""),
    ("preflight", "cim_query:Win32_LogicalDisk", ("value", "instances", 0, "FreeSpace"), []),
    ("diagnose", "cim_query:Win32_LogicalDisk", ("value", "instances", 0, "FreeSpace"), float("inf")),
    ("device_facts fresh", "cim_query:Win32_ComputerSystem", ("value", "instances"), DEEP),
    ("device_facts", "cim_query:Win32_OperatingSystem", ("value", "instances", 0), ""),
    ("disconnect", "cim_query:Win32_BIOS", ("value", "instances", 0, "SerialNumber"), -1),
    ("disconnect", "cim_query:Win32_BIOS", ("value", "instances"), "\0"),
    ("preflight", "local_administrators", ADMINISTRATOR, ""),
    ("preflight checked", "local_administrators", ADMINISTRATOR, {}),
    ("preflight checked", "local_administrators", (*ADMINISTRATOR, "kind"), {}),
    ("preflight checked", "local_administrators", (*ADMINISTRATOR, "kind"), DEEP),
    ("preflight checked", "local_administrators", (*ADMINISTRATOR, "password_expired"), MISSING),
    ("preflight", "local_administrators", (*ADMINISTRATOR, "enabled"), MISSING),
    ("preflight", "local_administrators", (*ADMINISTRATOR, "name"), 1.5),
    ("disconnect", "local_administrators", ("value", "members"), 0),
    ("disconnect", "bitlocker", ("value", "volumes"), 1.5),
    ("disconnect", "bitlocker", ("value", "volumes", 0, "protectors"), -1),
    ("disconnect", "bitlocker", ("value", "volumes", 0, "protectors", 0, "type"), DEEP),
    ("diagnose dest", "certificates", (*CERTIFICATE, "thumbprint"), MISSING),
    ("device_facts", "certificates", (*CERTIFICATE, "not_after"), MISSING),
    ("join", "certificates", (*CERTIFICATE, "subject"), MISSING),
    ("diagnose dest", "certificates", CERTIFICATE, {}),
    ("disconnect", "certificates", ("value", "certificates"), 0),
    ("diagnose dest", KEY, (*JOIN, "keys", THUMBPRINT, "values"), ""),
    ("diagnose dest", KEY, (*JOIN, "keys", THUMBPRINT, "values", "TenantId"), -1),
    ("diagnose dest", KEY, (*JOIN, "keys", THUMBPRINT, "keys"), "\ud800"),
    ("diagnose dest", KEY, (*JOIN, "keys", THUMBPRINT, "values", "UserEmail"), "\ud800 a"),
    ("diagnose dest", KEY, (*JOIN, "keys", THUMBPRINT, "values", "UserEmail"), DEEP),
    ("diagnose dest", KEY, (*JOIN, "keys", THUMBPRINT), DEEP),
    ("mdm absent", KEY, (*JOIN, "keys", THUMBPRINT), ""),
    ("mdm enrolled", KEY, ("value", "key", "keys", "TenantInfo"), ""),
    ("device_facts", KEY, ("value", "key", "keys", "TenantInfo", "keys", TENANT, "values"), ""),
    ("device_facts", f"registry_read:{WINDOWS}", ("value", "key"), "\0"),
    ("device_facts", f"registry_read:{WINDOWS}", ("value", "key", "values"), ""),
    ("mdm absent", f"registry_read:{WINDOWS}", ("value", "key", "values", "CurrentBuild"), ""),
    ("disconnect", ENROLLED, ENROLLMENT, ""),
    ("join", ENROLLED, ENROLLMENT, {}),
    ("disconnect", ENROLLED, ("value", "key", "keys"), ""),
    ("disconnect", ENROLLED, (*ENROLLMENT, "values", "DMPCertThumbPrint"), -1),
    ("ppkg_info", PROVISIONED, ("value", "key", "keys", PACKAGE, "keys", "a"), {}),
    ("diagnose dest", PROVISIONED, ("value", "key", "keys", PACKAGE, "keys", "a", "values"), ""),
    ("preflight", f"registry_users_read:{PROXY}", ("value", "users"), DEEP),
    ("preflight", f"registry_users_read:{PROXY}", ("value", "users", PERSON, "values"), ""),
    ("preflight checked", "endpoints", ("value",), "\ud800"),
    ("preflight checked", "endpoints", REPLY, {"": ""}),
    ("preflight checked", "endpoints", (*REPLY, "status"), "x"),
    ("preflight checked", "endpoints", (*REPLY, "status"), MISSING),
    ("preflight checked", "endpoints", (*REPLY, "error"), "x"),
    ("preflight checked", "endpoints", (*REPLY, "error", "type"), DEEP),
    ("preflight", "system_probe", ("value",), "\ud800"),
    ("preflight", "system_probe", ("value", "answer"), DEEP),
    ("preflight", "system_probe", (*PROBED, "value"), " "),
    ("preflight", "system_probe", (*PROBED, "value", "results", 0), {}),
    ("diagnose", "events", ("value", "events"), -1),
    ("diagnose", "events", (*EVENT, "id"), {}),
    ("diagnose", "events", (*EVENT, "utc"), -1),
    ("diagnose", "events", (*EVENT, "utc"), MISSING),
    ("diagnose", "events", (*EVENT, "data"), MISSING),
    ("diagnose", "events", (*EVENT, "data", 0), 0),
    ("diagnose dest", "events", (*EVENT, "data", 0), "0\x1f"),
    ("diagnose dest", "scheduled_tasks", ("value", "folders"), 0),
    ("disconnect", "scheduled_tasks", ("value", "folders", 0), DEEP),
    ("disconnect", "provisioning_packages", ("value", "packages"), "\ud800"),
    ("ppkg absent", "provisioning_packages", ("value", "packages"), 0),
    ("disconnect", "job_status", ("value", "answer"), "x"),
    ("mdm absent", "job_status", (*PROBED, "value"), "x"),
    ("mdm absent", "job_status", (*PROBED, "value", "error", "hresult"), float("inf")),
    ("disconnect", "device", ("sid",), DEEP),
    ("device_facts", "device", ("utc",), MISSING),
    ("mdm absent", "device", ("system",), MISSING),
    ("device_facts", "device", ("name",), "\ud800\x1b[2J"),
    ("diagnose dest", "answer", ("results",), []),
    ("device_facts", "answer", ("results", 0, "ok"), "yes"),
    ("device_facts", "answer", ("results", 0, "ok"), 1),
    ("device_facts", "answer", ("results", 0, "ok"), MISSING),
    ("device_facts", "answer", (), DEEP),
    ("device_facts", "answer", (), []),
    ("mdm absent", "job_status", (*PROBED, "value"), {"removed": [], "unregistered": False, "error": "x"}),
    ("join", KEY, ("value", "key", "keys"), {"a\u202e\n" + 9999 * "b": "x"}),
    ("join fresh", "cim_query:Win32_OperatingSystem", (*INSTANCE, "LastBootUpTime"), "0001-01-01T00:00:00.000Z"),
    ("diagnose", "device", ("utc",), "0001-01-01T00:00:00.000Z"),
    ("join", KEY, (), refused("no\u202eway\n\x1b[2J\ufeff" + 99 * "a")),
    ("join", KEY, (), refused("a" * 100_000)),
    ("ppkg absent", "provisioning_packages", (), refused("\u2066" + 10_000 * "a ")),
]


def ended(name: str, device: hostile.Lying, folder, monkeypatch) -> dict:
    return hostile.judged(hostile.run(name, device, str(folder / "bundle.json"), monkeypatch))


@pytest.mark.parametrize("name", RUNS)
def test_a_device_that_tells_the_truth_is_read(name, tmp_path, monkeypatch):
    device = RUNS[name].made()
    result = ended(name, device, tmp_path, monkeypatch)
    assert result.get("error", {}).get("name") not in ("answer_damaged", "state_unreadable", "WrongShape")


@pytest.mark.parametrize(("name", "operation", "way", "value"), CASES)
def test_an_answer_that_does_not_fit_ends_in_a_result(name, operation, way, value, tmp_path, monkeypatch):
    device = RUNS[name].made()
    device.change(operation, way, value)
    ended(name, device, tmp_path, monkeypatch)


def test_any_change_of_any_answer_ends_in_a_result(tmp_path, monkeypatch):
    chosen = random.Random(14)
    names = list(RUNS)
    everywhere = {name: places(name, tmp_path, monkeypatch) for name in names}
    for _try in range(120):
        name = chosen.choice(names)
        operation, way = chosen.choice(everywhere[name])
        device = RUNS[name].made()
        device.change(operation, way, chosen.choice(hostile.ODD))
        try:
            ended(name, device, tmp_path, monkeypatch)
        except ConnectionLost:
            pytest.fail("a device that answers has no lost connection")


def places(name: str, folder, monkeypatch) -> list[tuple[str, Way]]:
    """Everything in the answers that a module gets."""
    device = RUNS[name].made()
    ended(name, device, folder, monkeypatch)
    return list(device.seen)


@pytest.mark.parametrize(
    ("operation", "way", "most"), [("events", ("value", "events"), 50), ("endpoints", REPLY[:2], 1)]
)
def test_more_than_was_asked_for_is_refused(operation, way, most):
    asked = op.events("x", (1,), None, most) if operation == "events" else op.endpoints([{"name": "a"}], 5)
    item = hostile.EVENTS[0] if operation == "events" else {**ANSWERED, "name": "a"}
    told = {"log_exists": True, way[1]: [item] * most}
    assert answers.checked(asked, {"ok": True, "value": told}).ok
    told[way[1]] = [item] * (most + 1)
    assert answers.checked(asked, {"ok": True, "value": told}).error["type"] == answers.WRONG_SHAPE


ANSWERED = {
    "status": 200,
    "seconds": 1.0,
    "error": {"type": None, "message": None, "hresult": None},
    "body_start": "",
}
