# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What run.py asks the runner, and what the answers must be.

``stubbed`` runs against stubs.ps1 everywhere, ``observing`` against a real Windows, ``changing`` against a real Windows
that may be changed. Standard library only.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import typing as t
from pathlib import Path

TEXT = 'a "quoted" \\ text, \u00fc\u20ac\U0001f600\t\0\r\n'
JOB = "0f8fad5b-d9cb-469f-a165-70867728950e"
ENROLLED, FOREIGN, BORROWED, STUCK, BUILT_IN = (f"{letter * 8}-1111-4222-8333-BBBBBBBBBBBB" for letter in "ABCDE")
"""Enrollments of stubs.ps1: one of Intune, one of another MDM, one that names the join's certificate as its own, one
whose tasks cannot be removed, and a key that only looks like one."""
ENROLLMENTS = "SOFTWARE\\Microsoft\\Enrollments"
TASK_FOLDER = "\\Microsoft\\Windows\\EnterpriseMgmt"
NO_ERROR = {"type": None, "message": None, "hresult": None}
LOST_JOB = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


@dataclasses.dataclass
class Case:
    """One operation: its parameters and what must be true of its value, or the end of its error's type."""

    op: str
    params: dict[str, t.Any]
    holds: t.Callable[[t.Any], bool] = lambda value: True
    error: str | None = None
    hresult: int | None = None

    def request(self) -> dict[str, t.Any]:
        return {"op": self.op, **self.params}


def prepare(scratch: Path) -> None:
    """Lays out what stubs.ps1 and the cases expect to find in the scratch directory."""
    state = scratch / "ProgramData" / "winops.entra"
    cache = scratch / "ProgramData" / "Microsoft" / "Provisioning"
    for folder in (
        state / "jobs" / LOST_JOB,
        state / "old" / "below",
        cache,
        scratch / "System32",
        scratch / "installed",
        scratch / "tasks",
    ):
        folder.mkdir(parents=True)
    for file in (
        cache / "a.ppkg",
        cache / "a.xml",
        scratch / "outside.txt",
        state / "old" / "below" / "file",
        scratch / "good.ppkg",
        scratch / "fails.ppkg",
        scratch / "already.ppkg",
        scratch / "installed" / JOB,
    ):
        file.write_bytes(b"content")
    # printf: \201 is a u with two dots in code page 850, and not UTF-8
    for name, script in (
        ("dsregcmd.exe", "printf '%s\\r\\nM\\201nchen\\r\\n' \"$*\"; echo late >&2"),
        ("deviceenroller.exe", 'echo "$*"'),
        ("shutdown.exe", "exit 0"),
    ):
        program = scratch / "System32" / name
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
        program.chmod(0o755)
    if os.name == "nt":
        # A junction: everybody may make one.
        subprocess.run(
            ["cmd", "/c", "mklink", "/J", str(state / "link"), str(scratch / "System32")],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    else:
        (state / "link").symlink_to(scratch / "System32", target_is_directory=True)


def stubbed(scratch: Path) -> list[Case]:
    """Every operation, over the stubs."""
    root = scratch / "ProgramData" / "winops.entra"
    cache = scratch / "ProgramData" / "Microsoft" / "Provisioning"

    def own(*parts: str) -> str:
        return str(root.joinpath(*parts))

    return [
        # registry
        Case(
            "registry_read",
            {"path": "SOFTWARE\\Proof", "depth": 0},
            lambda v: (
                v["key"]["keys"] == {}
                and v["key"]["values"]
                == {
                    "": "the default",
                    "Dword": 0x80070005,
                    "Qword": 2**64 - 1,
                    "Many": ["one", "two"],
                    "One": ["one"],
                    "None": [],
                    "Binary": {"base64": "AAH/"},
                    "Byte": {"base64": "Bw=="},
                    "Nothing": {"base64": ""},
                    "Text": TEXT,
                    **{name: name for name in ("keys", "values", "count", "Count", "GetEnumerator")},
                }
            ),
        ),
        Case(
            "registry_read",
            {"path": "SOFTWARE\\Proof", "depth": 1},
            lambda v: v["key"]["keys"] == {"Child": {"values": {}, "keys": {}}, "count": {"values": {}, "keys": {}}},
        ),
        Case(
            "registry_read",
            {"path": "SOFTWARE\\Proof\\Child", "depth": 9},
            lambda v: (
                v == {"exists": True, "key": {"values": {}, "keys": {"Leaf": {"values": {"Deep": "yes"}, "keys": {}}}}}
            ),
        ),
        Case("registry_read", {"path": "SOFTWARE\\Absent"}, lambda v: v == {"exists": False, "key": None}),
        Case(
            "registry_users_read",
            {"path": "SOFTWARE\\Proof"},
            lambda v: (
                v
                == {
                    "users": {
                        sid: {"values": {"Owner": sid}, "keys": {}}
                        for sid in ("S-1-5-21-1-2-3-1001", "S-1-12-1-7-8-9-10")
                    }
                }
            ),
        ),
        # certificates
        Case(
            "certificates",
            {"store": "My", "issuers": ["ms-organization-access"]},
            lambda v: (
                v["certificates"]
                == [
                    {
                        "thumbprint": "AA" * 20,
                        "subject": "CN=device",
                        "issuer": "CN=MS-Organization-Access",
                        "has_private_key": True,
                        "not_before": "2026-01-02T03:04:05.000Z",
                        "not_after": "2036-01-02T03:04:05.000Z",
                    }
                ]
            ),
        ),
        Case("certificates", {"store": "My", "issuers": []}, lambda v: len(v["certificates"]) == 2),
        Case("certificates", {"store": "My", "issuers": ["nobody"]}, lambda v: v["certificates"] == []),
        Case("certificates", {"store": "Missing", "issuers": []}, lambda v: v["certificates"] == []),
        Case("certificates", {"store": "Denied", "issuers": []}, error="CryptographicException", hresult=-2147024891),
        # native programs
        Case(
            "dsregcmd_status",
            {},
            lambda v: v["present"] and v["exit_code"] == 0 and v["text"].startswith("/status\r\nM\u00fcnchen\r\n"),
        ),
        Case("dsregcmd_azure_vm_join", {}, lambda v: v["text"].startswith("/AzureSecureVMJoin /debug\r\n")),
        Case(
            "dsregcmd_azure_vm_join",
            {"mdm_id": "0000000A-0000-0000-C000-000000000000"},
            lambda v: v["text"].startswith("/AzureSecureVMJoin /debug /MdmId 0000000a-0000-0000-c000-000000000000\r\n"),
        ),
        Case("dsregcmd_azure_vm_join", {"mdm_id": "x /leave"}, error="Exception"),
        Case("restart", {"delay": 5, "comment": 'it "says" \\'}, lambda v: v == {"scheduled": True, "exit_code": 0}),
        Case("restart", {"delay": 5, "comment": "already"}, lambda v: v == {"scheduled": False, "exit_code": 1190}),
        Case("restart", {"delay": 5, "comment": "denied"}, error="Win32Exception", hresult=-2147024891),
        # CIM
        Case(
            "cim_query",
            {"class": "Proof_One", "namespace": "root/x", "filter": "A='b'", "properties": ["Given"]},
            lambda v: v["instances"] == [{"Given": "root/x|A='b'|Given"}],
        ),
        Case(
            "cim_query",
            {"class": "Proof_One", "properties": ["Time", "Empty", "One", "Big", "Yes", "Half", "Absent"]},
            lambda v: (
                v["instances"]
                == [
                    {
                        "Time": "2026-01-02T03:04:05.000Z",
                        "Empty": None,
                        "One": [7],
                        "Big": 2**64 - 1,
                        "Yes": True,
                        "Half": 0.5,
                        "Absent": None,
                    }
                ]
            ),
        ),
        Case("cim_query", {"class": "Proof_Two", "properties": ["Given"]}, lambda v: len(v["instances"]) == 2),
        Case("cim_query", {"class": "Proof_None", "properties": ["Given"]}, lambda v: v["instances"] == []),
        Case("cim_query", {"class": "Proof_Missing", "properties": ["Given"]}, error="InvalidOperationException"),
        # events
        Case(
            "events",
            {"log": "Proof", "ids": [12, 22], "since": "2026-01-01T00:00:00.000Z", "limit": 10},
            lambda v: (
                [event["id"] for event in v["events"]] == [12, 22, 12]
                and v["events"][0]["data"]
                == [
                    "*[System[(EventID=12 or EventID=22) and TimeCreated[@SystemTime>='2026-01-01T00:00:00.000Z']]]",
                    "2147942405",
                    "",
                ]
                and v["events"][0]["message"] == "A message"
                and v["events"][1]["message"] is None
            ),
        ),
        Case(
            "events",
            {"log": "Proof", "ids": [99], "limit": 1},
            lambda v: (
                [event["id"] for event in v["events"]] == [99]
                and v["events"][0]["data"][0] == "*[System[(EventID=99)]]"
            ),
        ),
        Case(
            "events",
            {"log": "Proof", "ids": list(range(50)), "limit": 2},
            lambda v: len(v["events"]) == 2 and v["events"][0]["data"][0] == "*",
        ),
        Case("events", {"log": "Proof", "ids": [], "limit": 9}, lambda v: len(v["events"]) == 4),
        Case("events", {"log": "Empty", "ids": [1], "limit": 9}, lambda v: v == {"log_exists": True, "events": []}),
        Case("events", {"log": "Missing", "ids": [1], "limit": 9}, lambda v: v == {"log_exists": False, "events": []}),
        Case("events", {"log": "Denied", "ids": [1], "limit": 9}, error="UnauthorizedAccessException"),
        # tasks
        Case(
            "scheduled_tasks",
            {"folder": "\\"},
            lambda v: (
                v
                == {
                    "exists": True,
                    "folders": ["Microsoft"],
                    "tasks": [{"name": "Only one", "state": "Ready", "last_result": 267011}],
                }
            ),
        ),
        Case("scheduled_tasks", {"folder": "\\Microsoft"}, lambda v: v["folders"] == []),
        Case("scheduled_tasks", {"folder": "\\Missing"}, lambda v: v == {"exists": False, "folders": [], "tasks": []}),
        Case("scheduled_tasks", {"folder": "\\Denied"}, error="UnauthorizedAccessException"),
        # packages
        Case(
            "provisioning_packages",
            {},
            lambda v: (
                v["available"]
                and [(p["id"], p["version"], p["installed"]) for p in v["packages"]] == [("{" + JOB + "}", "1.2", True)]
            ),
        ),
        Case(
            "package_install",
            {"path": str(scratch / "good.ppkg"), "force": False},
            lambda v: not v["gave_up"] and v["error"] == {"type": None, "message": None, "hresult": None},
        ),
        Case(
            "package_install",
            {"path": str(scratch / "fails.ppkg"), "force": False},
            lambda v: not v["gave_up"] and v["error"]["type"] == "CmdletException",
        ),
        Case(
            "package_install",
            {"path": str(scratch / "fails.ppkg"), "force": True},
            lambda v: v["error"]["type"] is None,
        ),
        Case(
            "package_install",
            {"path": str(scratch / "already.ppkg"), "force": True},
            lambda v: v["error"]["hresult"] == -2147024713,
        ),
        Case(
            "package_install",
            {"path": str(scratch / "absent.ppkg"), "force": True},
            error="FileNotFoundException",
            hresult=-2147024894,
        ),
        Case("package_remove", {"id": JOB.upper()}, lambda v: v == {"removed": True}),
        Case("package_remove", {"id": JOB}, lambda v: v == {"removed": False}),
        Case("package_remove", {"id": "no guid"}, error="Exception"),
        Case("provisioning_packages", {}, lambda v: v == {"available": True, "packages": []}),
        # files
        Case(
            "path_info",
            {"path": "%WINOPS_PROOF%/good.ppkg", "hash": True},
            lambda v: (
                v["exists"]
                and not v["directory"]
                and v["size"] == 7
                and v["sha256"] == hashlib.sha256(b"content").hexdigest()
            ),
        ),
        Case("path_info", {"path": str(scratch / "good.ppkg")}, lambda v: v["size"] == 7 and v["sha256"] is None),
        Case("path_info", {"path": str(scratch)}, lambda v: v["directory"] and v["size"] is None),
        Case("path_info", {"path": str(scratch / "no" / "such")}, lambda v: not v["exists"] and not v["directory"]),
        Case("path_info", {"path": "relative"}, error="ArgumentException"),
        Case(
            "processes",
            {"names": ["pwsh.exe", "powershell.exe", "absent.exe"]},
            lambda v: len(v["processes"]) >= 1 and v["processes"][0]["name"].lower() in ("pwsh.exe", "powershell.exe"),
        ),
        Case("processes", {"names": []}, lambda v: v == {"processes": []}),
        Case("directory_create", {"path": own("new", "deep")}, lambda v: v["created"]),
        Case("directory_create", {"path": own("new", "deep")}, lambda v: not v["created"]),
        Case("directory_create", {"path": own()}, error="UnauthorizedAccessException"),
        Case("directory_create", {"path": str(scratch / "elsewhere")}, error="UnauthorizedAccessException"),
        Case("directory_create", {"path": own("new", "..", "..", "..", "x")}, error="UnauthorizedAccessException"),
        Case("directory_create", {"path": own("link", "x")}, error="UnauthorizedAccessException"),
        Case("directory_create", {"path": own("foreign", "x")}, error="UnauthorizedAccessException"),
        Case("path_remove", {"path": own("old")}, lambda v: v["removed"]),
        Case("path_remove", {"path": own("old")}, lambda v: not v["removed"]),
        Case("path_remove", {"path": str(scratch / "outside.txt")}, error="UnauthorizedAccessException"),
        Case("path_remove", {"path": own()}, error="UnauthorizedAccessException"),
        Case("path_remove", {"path": own("new", "..", "..", "..", "outside.txt")}, error="UnauthorizedAccessException"),
        Case("path_remove", {"path": own("link", "dsregcmd.exe")}, error="UnauthorizedAccessException"),
        Case("path_remove", {"path": str(cache / "a.ppkg")}, lambda v: v["removed"]),
        Case("path_remove", {"path": str(cache / "a.xml")}, error="UnauthorizedAccessException"),
        Case("path_remove", {"path": str(cache)}, error="UnauthorizedAccessException"),
        Case(
            "download",
            {
                "url": "https://proof/x",
                "path": own("fetched", "x.ppkg"),
                "timeout": 30,
                "sha256": hashlib.sha256(b"downloaded").hexdigest().upper(),
            },
            lambda v: v["size"] == 10,
        ),
        Case(
            "download",
            {"url": "https://proof/x", "path": own("fetched", "y.ppkg"), "timeout": 30, "sha256": "0" * 64},
            error="InvalidDataException",
        ),
        Case("path_info", {"path": own("fetched", "y.ppkg")}, lambda v: not v["exists"]),
        Case("path_info", {"path": own("fetched", "y.ppkg.part")}, lambda v: not v["exists"]),
        Case(
            "download",
            {"url": "http://proof/x", "path": own("fetched", "z"), "timeout": 30, "sha256": "0" * 64},
            error="ArgumentException",
        ),
        Case(
            "download",
            {"url": "https://proof/x", "path": str(scratch / "z"), "timeout": 30, "sha256": "0" * 64},
            error="UnauthorizedAccessException",
        ),
        # jobs; run.py waits for the one that is started here
        Case(
            "job_status",
            {"job": JOB},
            lambda v: v == {"state": "absent", "started": None, "last_task_result": None, "answer": None},
        ),
        Case("job_status", {"job": LOST_JOB}, lambda v: v["state"] == "lost" and v["answer"] is None),
        Case("job_remove", {"job": LOST_JOB}, lambda v: v == {"removed": True}),
        Case("job_remove", {"job": LOST_JOB}, lambda v: v == {"removed": False}),
        *[
            Case(op, {"job": "..\\..\\x", "ops": [], "time_limit": 600}, error="ArgumentException")
            for op in ("job_status", "job_start", "job_remove")
        ],
        Case(
            "job_start",
            {
                "job": JOB.upper(),
                "time_limit": 600,
                "ops": [
                    {"op": "registry_read", "path": "SOFTWARE\\Proof"},
                    {"op": "path_info", "path": "2026-11-21T08:00:00Z"},
                ],
            },
            lambda v: v == {"started": True, "already": False},
        ),
        Case(
            "job_start", {"job": JOB, "time_limit": 600, "ops": []}, lambda v: v == {"started": False, "already": True}
        ),
        # administrators, BitLocker, endpoints
        Case(
            "local_administrators",
            {},
            lambda v: (
                v["machine_sid"] == "S-1-5-21-1-2-3"
                and [
                    (m["sid"], m["kind"], m["enabled"], m["locked"], m["password_expired"], m["name"] is None)
                    for m in v["members"]
                ]
                == [
                    ("S-1-5-21-1-2-3-500", "local", False, False, False, False),
                    ("S-1-5-21-1-2-3-1001", "local", True, False, False, False),
                    ("S-1-5-21-1-2-3-1002", "local", False, True, True, False),
                    ("S-1-5-21-1-2-3-1003", "local", True, False, None, False),
                    ("S-1-5-21-1-2-3-1999", "local", None, None, None, True),
                    ("S-1-12-1-7-8-9-10", "entra", None, None, None, True),
                    ("S-1-5-21-1-2-33-500", "domain", None, None, None, False),
                    ("S-1-5-4", "unknown", None, None, None, False),
                ]
            ),
        ),
        Case(
            "bitlocker",
            {},
            lambda v: (
                v["available"]
                and [(o["mount_point"], o["system"], o["protected"]) for o in v["volumes"]]
                == [("C:", True, True), ("D:", False, False), ("locked", False, None)]
                and [[(p["id"], p["type"]) for p in o["protectors"]] for o in v["volumes"]]
                == [
                    [("{tpm}", "Tpm"), ("{numbers}", "RecoveryPassword"), ("{new}", "Unknown")],
                    [],
                    [("{only}", "ExternalKey")],
                ]
            ),
        ),
        Case(
            "endpoints",
            {
                "timeout": 10,
                "targets": [
                    {"name": "closed", "url": "https://127.0.0.1:9/", "headers": {}},
                    *[
                        {"name": name, "url": f"https://{name}.proof/x", "headers": {"Accept": "application/json"}}
                        for name in ("200", "404", "407", "dns", "cert", "tls")
                    ],
                    {"name": "plain", "url": "http://127.0.0.1:9/", "headers": {}},
                    {"name": "near", "url": "http://169.254.169.254:81/", "headers": {}},
                    {"name": "nearly", "url": "http://169.254.169.254.proof/", "headers": {}},
                    {"name": "nonsense", "url": "no address", "headers": {}},
                ],
            },
            lambda v: (
                [(r["name"], r["status"], r["error"]["type"], r["error"]["hresult"]) for r in v["results"]]
                == [
                    ("closed", None, "connect", 0x80072EFD - 2**32),
                    ("200", 200, None, None),
                    ("404", 404, None, None),
                    ("407", None, "proxy", 0x80190197 - 2**32),
                    ("dns", None, "dns", 0x80072EE7 - 2**32),
                    ("cert", None, "certificate", 0x80072F8F - 2**32),
                    ("tls", None, "tls", 0x80072F7D - 2**32),
                    ("plain", None, "other", None),
                    ("near", None, "other", None),
                    ("nearly", None, "other", None),
                    ("nonsense", None, "other", None),
                ]
                and v["results"][1]["body_start"] == "application/json\u20ac" + "x" * 183
                and v["results"][4]["error"]["message"] == "It failed: dns"
            ),
        ),
        Case(
            "endpoints",
            {
                "timeout": 1,
                "targets": [
                    {"name": name, "url": f"https://{name}.proof/", "headers": {}} for name in ("slow", "200", "slow")
                ],
            },
            lambda v: (
                [(r["status"], r["error"]["type"]) for r in v["results"]]
                == [(None, "timeout"), (200, None), (None, "timeout")]
            ),
        ),
        Case("endpoints", {"timeout": 1, "targets": []}, lambda v: v == {"results": []}),
        # a look as SYSTEM
        Case(
            "system_probe",
            {
                "timeout": 600,
                "ops": [
                    {"op": "registry_read", "path": "SOFTWARE\\Proof"},
                    {"op": "path_info", "path": "2026-11-21T08:00:00Z"},
                ],
            },
            job_is_right,
        ),
        *[
            Case("system_probe", {"timeout": 600, "ops": [{"op": op}]}, error="UnauthorizedAccessException")
            for op in ("restart", "system_probe", "job_start", "REGISTRY_READ", "Get-Date")
        ],
        # leaving
        Case("dsregcmd_leave", {}, lambda v: v["exit_code"] == 0 and v["text"].startswith("/debug /leave\r\n")),
        Case("mdm_auto_enroll", {"credential": "user"}, lambda v: v["text"].split() == ["/c", "/AutoEnrollMDM"]),
        Case(
            "mdm_auto_enroll",
            {"credential": "device"},
            lambda v: v["text"].split()[:2] == ["/c", "/AutoEnrollMDMUsingAADDeviceCredential"],
        ),
        Case("mdm_auto_enroll", {"credential": "user /x"}, error="ArgumentException"),
        Case("hybrid_autojoin_stop", {}, lambda v: v == {"disabled": True}),
        Case("hybrid_autojoin_stop", {}, lambda v: v == {"disabled": False}),
        Case(
            "registry_read",
            {"path": "SOFTWARE\\Policies\\Microsoft\\Windows\\WorkplaceJoin"},
            lambda v: not v["exists"] or v["key"]["values"] == {"autoWorkplaceJoin": 0},
        ),
        # enrollments
        *[
            Case("enrollment_remove", {"id": name, "provider": provider, "unregister": True}, error=error)
            for name, provider, error in (
                (FOREIGN, "MS DM Server", "UnauthorizedAccessException"),
                (FOREIGN, "another mdm", "UnauthorizedAccessException"),
                (BUILT_IN, "", "UnauthorizedAccessException"),
                (BUILT_IN, "MS DM Server", "UnauthorizedAccessException"),
                ("", "MS DM Server", "ArgumentException"),
                ("{" + ENROLLED + "}", "MS DM Server", "ArgumentException"),
                (ENROLLED + "\n", "MS DM Server", "ArgumentException"),
                ("Status", "MS DM Server", "ArgumentException"),
            )
        ],
        Case(
            "enrollment_remove",
            {"id": JOB, "provider": "MS DM Server", "unregister": True},
            lambda v: v == {"removed": [], "unregistered": None},
        ),
        Case(
            "enrollment_remove",
            {"id": ENROLLED.lower(), "provider": "MS DM Server", "unregister": True},
            lambda v: (
                v["unregistered"]
                and "error" not in v
                and v["removed"]
                == [
                    f"{TASK_FOLDER}\\{ENROLLED}",
                    "Cert:\\LocalMachine\\My\\" + "AB" * 20,
                    f"HKLM\\{ENROLLMENTS}\\Status\\{ENROLLED}",
                    f"HKLM\\{ENROLLMENTS}\\Context\\{ENROLLED}",
                    f"HKLM\\SOFTWARE\\Microsoft\\Provisioning\\OMADM\\Accounts\\{ENROLLED}",
                    f"HKLM\\{ENROLLMENTS}\\{ENROLLED}",
                ]
            ),
        ),
        Case(
            "enrollment_remove",
            {"id": ENROLLED, "provider": "MS DM Server", "unregister": False},
            lambda v: v == {"removed": [], "unregistered": None},
        ),
        Case(
            "enrollment_remove",
            {"id": BORROWED, "provider": "MS DM Server", "unregister": True},
            lambda v: (
                v["unregistered"] is False
                and v["error"]["hresult"] == -2145910776
                and len(v["removed"]) == 5
                and not any("Cert:" in name for name in v["removed"])
            ),
        ),
        Case(
            "enrollment_remove",
            {"id": STUCK, "provider": "MS DM Server", "unregister": False},
            lambda v: (
                v["unregistered"] is None
                and v["error"]["type"].endswith("UnauthorizedAccessException")
                and len(v["removed"]) == 3
                and f"HKLM\\{ENROLLMENTS}\\{STUCK}" not in v["removed"]
            ),
        ),
        Case(
            "registry_read",
            {"path": ENROLLMENTS, "depth": 1},
            lambda v: (
                # The operation alone leaves them as they were.
                set(v["key"]["keys"]) >= {FOREIGN, STUCK, BUILT_IN}
                and v["key"]["keys"][FOREIGN]["values"]["ProviderID"] == "Another MDM"
            ),
        ),
        Case(
            "scheduled_tasks",
            {"folder": TASK_FOLDER},
            lambda v: {FOREIGN, STUCK, BUILT_IN} <= set(v["folders"]),
        ),
        Case("scheduled_tasks", {"folder": f"{TASK_FOLDER}\\{FOREIGN}"}, lambda v: len(v["tasks"]) == 2),
        # nothing else is callable
        Case("Get-Date", {}, error="NotSupportedException"),
        Case("REGISTRY_READ", {"path": "SOFTWARE\\Proof"}, error="NotSupportedException"),
    ]


def for_others() -> list[Case]:
    """What is refused to anybody but SYSTEM."""
    return [
        Case(op, {**params}, error="UnauthorizedAccessException")
        for op, params in (
            ("dsregcmd_leave", {}),
            ("mdm_auto_enroll", {"credential": "user"}),
            ("enrollment_remove", {"id": ENROLLED, "provider": "MS DM Server", "unregister": False}),
        )
    ]


def behind_a_proxy() -> list[Case]:
    """With the proxy of PROXY: who fails to look up a name is the proxy, and *.near.proof goes past it."""
    targets = [
        {"name": name, "url": f"https://{name}/", "headers": {}}
        for name in ("dns.proof", "dns.near.proof", "200.proof")
    ]
    return [
        Case(
            "endpoints",
            {"timeout": 10, "targets": targets},
            lambda v: (
                [(r["error"]["type"], r["error"]["hresult"], r["status"]) for r in v["results"]]
                == [("proxy", 0x80072EE7 - 2**32, None), ("dns", 0x80072EE7 - 2**32, None), (None, None, 200)]
            ),
        ),
        # Where this runs in Azure it answers; nowhere is it the proxy that does not.
        Case(
            "endpoints",
            {"timeout": 2, "targets": [{"name": "near", "url": "http://169.254.169.254/winops", "headers": {}}]},
            lambda v: v["results"][0]["status"] or v["results"][0]["error"]["type"] in ("connect", "timeout"),
        ),
    ]


PROXY = "http=one.proof:80;https=two.proof:8080|<local>;*.near.proof"
"""Proxies and exceptions, as netsh winhttp set proxy takes them."""


def job_is_right(status: dict[str, t.Any]) -> bool:
    """The stubbed job's answer: text that looks like a date must still be that text."""
    read, refused = status["answer"]["results"]
    return (
        read["value"]["key"]["values"]["Text"] == TEXT
        and read["value"]["key"]["values"]["Qword"] == 2**64 - 1
        and "2026-11-21T08:00:00Z" in refused["error"]["message"]
    )


def observing() -> list[Case]:
    """Operations that read a real Windows."""
    return [
        Case(
            "registry_read",
            {"path": "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"},
            lambda v: v["key"]["values"]["CurrentBuild"].isdigit() and v["key"]["values"]["InstallDate"] > 0,
        ),
        Case(
            "registry_read",
            {"path": "SYSTEM\\CurrentControlSet\\Control\\Nls", "depth": 1},
            lambda v: v["key"]["keys"]["CodePage"]["values"]["OEMCP"].isdigit(),
        ),
        Case("registry_read", {"path": "SOFTWARE\\winops.entra\\absent"}, lambda v: not v["exists"]),
        Case(
            "registry_users_read", {"path": "Environment"}, lambda v: all(sid.startswith("S-1-") for sid in v["users"])
        ),
        Case("certificates", {"store": "Root", "issuers": []}, lambda v: len(v["certificates"]) > 3),
        Case("certificates", {"store": "winops.entra absent", "issuers": []}, lambda v: v["certificates"] == []),
        Case("dsregcmd_status", {}, lambda v: not v["present"] or "AzureAdJoined" in v["text"]),
        Case(
            "cim_query",
            {"class": "Win32_OperatingSystem", "properties": ["BuildNumber", "LastBootUpTime", "ProductType"]},
            lambda v: (
                v["instances"][0]["LastBootUpTime"].endswith("Z") and v["instances"][0]["ProductType"] in (1, 2, 3)
            ),
        ),
        Case("cim_query", {"class": "Win32_NoSuchClass", "properties": ["Name"]}, error="CimException"),
        Case("events", {"log": "System", "ids": [], "limit": 3}, lambda v: v["log_exists"] and len(v["events"]) == 3),
        Case(
            "events",
            {"log": "System", "ids": [6005, 6006, 6009, 12, 13], "since": "2020-01-01T00:00:00.000Z", "limit": 5},
            lambda v: all(event["id"] in (6005, 6006, 6009, 12, 13) for event in v["events"]),
        ),
        Case("events", {"log": "winops.entra/Absent", "ids": [1], "limit": 3}, lambda v: not v["log_exists"]),
        Case("scheduled_tasks", {"folder": "\\"}, lambda v: "Microsoft" in v["folders"]),
        Case("scheduled_tasks", {"folder": "\\Microsoft\\Windows\\winops.entra absent"}, lambda v: not v["exists"]),
        Case("provisioning_packages", {}),
        Case(
            "path_info",
            {"path": "%windir%\\System32\\kernel32.dll", "hash": True},
            lambda v: v["size"] > 0 and len(v["sha256"]) == 64,
        ),
        Case("path_info", {"path": "%windir%"}, lambda v: v["directory"]),
        Case("path_info", {"path": "C:\\winops.entra absent\\x"}, lambda v: not v["exists"]),
        Case("processes", {"names": ["pwsh.exe", "powershell.exe"]}, lambda v: len(v["processes"]) >= 1),
        Case("job_status", {"job": LOST_JOB}, lambda v: v["state"] == "absent"),
        Case(
            "local_administrators",
            {},
            lambda v: (
                any(m["sid"] == v["machine_sid"] + "-500" and m["enabled"] is not None for m in v["members"])
                and all(m["kind"] != "local" or m["sid"].startswith(v["machine_sid"]) for m in v["members"])
            ),
        ),
        Case("bitlocker", {}, lambda v: not v["available"] or any(o["system"] for o in v["volumes"])),
        Case(
            "endpoints",
            {
                "timeout": 20,
                "targets": [
                    {"name": "nowhere", "url": "https://winops-entra.invalid/", "headers": {}},
                    {"name": "closed", "url": "https://127.0.0.1:9/", "headers": {}},
                ],
            },
            lambda v: [r["error"]["type"] for r in v["results"]] in (["dns", "connect"], ["proxy", "connect"]),
        ),
    ]


def changing() -> list[Case]:
    """Harmless changes of a real Windows, each undone; run.py waits for the job."""
    root = "%ProgramData%\\winops.entra"
    return [
        Case("directory_create", {"path": f"{root}\\proof\\deep"}, lambda v: v["created"]),
        Case("directory_create", {"path": f"{root}\\proof\\deep"}, lambda v: not v["created"]),
        Case("directory_create", {"path": "%windir%\\Temp\\winops"}, error="UnauthorizedAccessException"),
        Case("path_remove", {"path": f"{root}\\proof"}, lambda v: v["removed"]),
        Case(
            "system_probe",
            {"timeout": 60, "ops": [{"op": "local_administrators"}]},
            lambda v: v["answer"]["device"]["system"] and v["answer"]["results"][0]["ok"],
        ),
        Case("path_remove", {"path": "%ProgramData%\\Microsoft\\Provisioning"}, error="UnauthorizedAccessException"),
        Case(
            "job_start",
            {
                "job": JOB,
                "time_limit": 600,
                "ops": [{"op": "registry_read", "path": "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"}],
            },
            lambda v: v["started"],
        ),
        Case("job_start", {"job": JOB, "time_limit": 600, "ops": []}, lambda v: v["already"]),
    ]


def system_job_is_right(status: dict[str, t.Any]) -> bool:
    """The real job's answer: it ran as SYSTEM in a 64-bit Windows PowerShell 5.1."""
    device = status["answer"]["device"]
    return (
        device["system"]
        and not device["wow64"]
        and device["powershell"].startswith("5.1")
        and status["answer"]["results"][0]["ok"]
    )
