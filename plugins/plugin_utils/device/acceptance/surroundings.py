# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trials of what else only looks: tasks, packages, files, processes, jobs, administrators, BitLocker, endpoints.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re

from .. import operations as op
from .records import NOWHERE
from .system import ACCEPTANCE_JOB
from .trial import Trial

KERNEL = r"%SystemRoot%\System32\kernel32.dll"
TASK_STATES = {"Unknown", "Disabled", "Queued", "Ready", "Running"}
MEMBERS = {"local", "entra", "domain", "unknown"}
ENDPOINT_SECONDS = 20
DIAGNOSTICS_SECONDS = 300
#: A closed port, a name that cannot exist (RFC 2606), and where every join begins.
ENDPOINTS = {
    "closed": "https://127.0.0.1:9/",
    "nowhere": "https://acceptance.winops-entra.invalid/",
    "microsoft": "https://login.microsoftonline.com/",
}
FAILURES = {"dns", "connect", "timeout", "tls", "certificate", "proxy", "other"}
_GUID = re.compile(r"\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?")
_MACHINE = re.compile(r"S-1-5-21(-[0-9]{1,10}){3}")
_VERSION = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6}){3}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def scheduled_tasks(trial: Trial) -> None:
    found = trial.values(
        root=op.scheduled_tasks("\\"),
        windows=op.scheduled_tasks(r"\Microsoft\Windows"),
        absent=op.scheduled_tasks(rf"\{NOWHERE}"),
    )
    trial.check("the root has the folder Microsoft", "Microsoft" in found["root"]["folders"])
    trial.check("Windows has folders of its own", found["windows"]["exists"] and bool(found["windows"]["folders"]))
    trial.check("each task has a known state", {task["state"] for task in found["root"]["tasks"]} <= TASK_STATES)
    trial.check(
        "a folder that is not there does not exist", found["absent"] == {"exists": False, "folders": [], "tasks": []}
    )
    trial.tell(folders=len(found["windows"]["folders"]), tasks=len(found["root"]["tasks"]))


def provisioning_packages(trial: Trial) -> None:
    found = trial.values(packages=op.provisioning_packages())["packages"]
    trial.check("a client has the provisioning cmdlets", found["available"] or not trial.ground.system.client)
    trial.check("packages are known by GUIDs", all(_GUID.fullmatch(package["id"]) for package in found["packages"]))
    trial.check("if there are no cmdlets, there are no packages", found["available"] or not found["packages"])
    trial.tell(available=found["available"], packages=len(found["packages"]))


def path_info(trial: Trial) -> None:
    found = trial.values(
        kernel=op.path_info(KERNEL, with_hash=True),
        unhashed=op.path_info(KERNEL),
        windows=op.path_info("%SystemRoot%"),
        absent=op.path_info(rf"%SystemRoot%\{NOWHERE}"),
    )
    kernel = found["kernel"]
    trial.check("kernel32.dll is a file", kernel["exists"] and not kernel["directory"] and bool(kernel["size"]))
    trial.check("its SHA-256 is 64 digits", bool(_SHA256.fullmatch(kernel["sha256"] or "")))
    trial.check("no hash is computed unless it is requested", found["unhashed"] == kernel | {"sha256": None})
    trial.check("variables in a path are expanded", "%" not in kernel["path"])
    trial.check("a directory is one", found["windows"]["directory"] and found["windows"]["size"] is None)
    trial.check("a file that is not there does not exist", not found["absent"]["exists"])
    trial.ground.notes["kernel"] = kernel["sha256"]
    trial.tell(kernel_bytes=kernel["size"])
    refused = trial.results(relative=op.path_info(r"System32\kernel32.dll"))["relative"]
    trial.refused("a path that is not absolute is an error", refused, "ArgumentException")


def processes(trial: Trial) -> None:
    found = trial.values(some=op.processes("svchost.exe", "lsass.exe"), none=op.processes(f"{NOWHERE}.exe"))
    names = [process["name"].lower() for process in found["some"]["processes"]]
    trial.check("svchost.exe and lsass.exe run", set(names) == {"svchost.exe", "lsass.exe"})
    trial.check("process ids are positive", all(process["pid"] > 0 for process in found["some"]["processes"]))
    trial.check("a program that does not run has no process", found["none"]["processes"] == [])
    trial.tell(processes=len(names))


def job_status(trial: Trial) -> None:
    status = trial.values(absent=op.job_status(ACCEPTANCE_JOB))["absent"]
    trial.check(
        "a job that nobody has started is absent",
        status == {"state": "absent", "started": None, "last_task_result": None, "answer": None},
    )
    refused = trial.results(bad=op.job_status("no GUID"))["bad"]
    trial.refused("the id of a job is a GUID", refused, "ArgumentException")
    trial.tell(absent=status["state"] == "absent")


def local_administrators(trial: Trial) -> None:
    found = trial.values(found=op.local_administrators())["found"]
    members, machine = found["members"], found["machine_sid"]
    local = [member for member in members if member["kind"] == "local"]
    trial.check("the machine has a SID", bool(_MACHINE.fullmatch(machine)))
    trial.check("each member has a known kind", {member["kind"] for member in members} <= MEMBERS)
    trial.check(
        "exactly the local members have the machine's SID",
        all((member["kind"] == "local") is member["sid"].startswith(f"{machine}-") for member in members),
    )
    trial.check("the built-in administrator is a member", f"{machine}-500" in {member["sid"] for member in local})
    trial.tell(
        members=len(members),
        local=len(local),
        enabled=sum(member["enabled"] is True for member in local),
        without_name=sum(member["name"] is None for member in members),
    )


def bitlocker(trial: Trial) -> None:
    found = trial.values(found=op.bitlocker())["found"]
    volumes = found["volumes"]
    protectors = [protector for volume in volumes for protector in volume["protectors"]]
    trial.check("a client has BitLocker's classes", found["available"] or not trial.ground.system.client)
    trial.check(
        "if they exist, one volume is Windows' own",
        sum(volume["system"] for volume in volumes) == 1 or not found["available"],
    )
    trial.check("protectors are known by GUIDs", all(_GUID.fullmatch(protector["id"]) for protector in protectors))
    trial.tell(available=found["available"], volumes=len(volumes), protectors=len(protectors))


def volume_encryption(trial: Trial) -> None:
    found = trial.values(found=op.volume_encryption())["found"]
    volumes = found["volumes"]
    conversions = [volume["conversion"] for volume in volumes if volume["conversion"] is not None]
    trial.check("a client has BitLocker's classes", found["available"] or not trial.ground.system.client)
    trial.check("each conversion is a known one", all(0 <= number <= 5 for number in conversions))
    trial.tell(available=found["available"], volumes=len(volumes), conversions=len(conversions))


def account_policy(trial: Trial) -> None:
    found = trial.values(found=op.account_policy())["found"]
    length, threshold = found["min_length"], found["lockout_threshold"]
    trial.check("a password has a least length", length is not None and 0 <= length <= 128)
    trial.check("there is a limit of wrong passwords, or none", threshold is not None and 0 <= threshold <= 999)
    trial.tell(told=sum(value is not None for value in found.values()))


def recovery_environment(trial: Trial) -> None:
    found = trial.values(found=op.recovery_environment())["found"]
    settings = found["settings"]
    trial.check("a client has settings of its recovery environment", bool(settings) or not trial.ground.system.client)
    trial.check("if they exist, they are ReAgent.xml", settings is None or "<WindowsRE" in settings)
    trial.tell(settings=settings is not None, image=found["image"])


def endpoints(trial: Trial) -> None:
    targets = [{"name": name, "url": url, "headers": {}} for name, url in ENDPOINTS.items()]
    found = trial.values(found=op.endpoints(targets, ENDPOINT_SECONDS))["found"]["results"]
    trial.check("each endpoint has an answer, in order", [result["name"] for result in found] == list(ENDPOINTS))
    by_name = {result["name"]: result for result in found}
    kinds = {name: by_name.get(name, {"error": {}})["error"].get("type") for name in ENDPOINTS}
    trial.check("each has a status or a known kind of failure", all(_whole(result) for result in found))
    trial.check("a closed port refuses the connection", kinds["closed"] in ("connect", "proxy"))
    trial.check("a name that cannot exist is not found", kinds["nowhere"] in ("dns", "proxy"))
    trial.tell(asked=len(targets), microsoft_answers=by_name.get("microsoft", {}).get("status") is not None)


def _whole(result: dict) -> bool:
    if result["status"] is not None:
        return 100 <= result["status"] < 600 and result["error"]["type"] is None
    return result["error"]["type"] in FAILURES


def device_link(trial: Trial) -> None:
    """Not every device has a DeviceLink, but where the tool is there is a cabinet, and nothing of it stays."""
    found = trial.values(
        link=op.device_link(DIAGNOSTICS_SECONDS), folder=op.path_info(rf"{op.DATA_DIRECTORY}\device_link")
    )
    link = found["link"]
    trial.check(
        "the tool has written a cabinet", link["cabinet"] or not (link["present"] and trial.ground.system.client)
    )
    trial.check("its directory is gone", not found["folder"]["exists"])
    trial.tell(present=link["present"], exit_code=link["exit_code"], files=len(link["files"]))


def icd_find(trial: Trial) -> None:
    """Few devices have Windows Configuration Designer: what is there must be whole."""
    found = trial.values(here=op.icd_find(), nowhere=op.icd_find(rf"%SystemRoot%\{NOWHERE}\ICD.exe"))
    tools = found["here"]["tools"]
    trial.check("where there is no ICD.exe none is found", found["nowhere"]["tools"] == [])
    trial.check("what is found is ICD.exe", all(tool["path"].lower().endswith(r"\icd.exe") for tool in tools))
    trial.check("it comes from a known place", {tool["source"] for tool in tools} <= {"adk", "store"})
    trial.check("it has a version", all(_VERSION.fullmatch(tool["version"] or "") for tool in tools))
    trial.tell(tools=len(tools), apps=found["here"]["apps"])
