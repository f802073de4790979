# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows for a real Windows: what only observes, and harmless changes that are undone."""

from __future__ import annotations

import typing as t

from .base import Case
from .names import JOB, LOST_JOB


def named(members: t.Mapping[str, t.Any], name: str) -> t.Any:
    """The key or value of this name: names in the registry have no case."""
    return {spelled.lower(): member for spelled, member in members.items()}[name.lower()]


def observing() -> list[Case]:
    """Operations that read a real Windows."""
    return [
        Case(
            "registry_read",
            {"path": "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"},
            lambda v: (
                named(v["key"]["values"], "CurrentBuild").isdigit() and named(v["key"]["values"], "InstallDate") > 0
            ),
        ),
        Case(
            "registry_read",
            {"path": "SYSTEM\\CurrentControlSet\\Control\\Nls", "depth": 1},
            lambda v: named(named(v["key"]["keys"], "CodePage")["values"], "OEMCP").isdigit(),
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
        Case("volume_encryption", {}, lambda v: not v["available"] or any(o["system"] for o in v["volumes"])),
        Case("account_policy", {}, lambda v: v["min_length"] is not None and v["lockout_threshold"] is not None),
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
