# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of what runs a native program: dsregcmd, deviceenroller, shutdown."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from .base import Case, Scene, variant
from .names import ENROLLED, NO_CODE

WAIT = 10
"""Seconds in which a process that was ended is gone."""


def rows(_scratch: Path) -> list[Case]:
    return [
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
        Case("dsregcmd_azure_vm_join", {"mdm_id": "x /leave"}, error="Exception", hresult=NO_CODE),
        Case("restart", {"delay": 5, "comment": 'it "says" \\'}, lambda v: v == {"scheduled": True, "exit_code": 0}),
        Case("restart", {"delay": 5, "comment": "already"}, lambda v: v == {"scheduled": False, "exit_code": 1190}),
        Case("restart", {"delay": 5, "comment": "denied"}, error="Win32Exception", hresult=-2147024891),
        Case("dsregcmd_leave", {}, lambda v: v["exit_code"] == 0 and v["text"].startswith("/debug /leave\r\n")),
        Case("mdm_auto_enroll", {"credential": "user"}, lambda v: v["text"].split() == ["/c", "/AutoEnrollMDM"]),
        Case(
            "mdm_auto_enroll",
            {"credential": "device"},
            lambda v: v["text"].split()[:2] == ["/c", "/AutoEnrollMDMUsingAADDeviceCredential"],
        ),
        Case("mdm_auto_enroll", {"credential": "user /x"}, error="ArgumentException"),
    ]


def for_others(_scratch: Path) -> list[Case]:
    """What is refused to anybody but SYSTEM."""
    return [
        Case(op, {**params}, error="UnauthorizedAccessException")
        for op, params in (
            ("dsregcmd_leave", {}),
            ("mdm_auto_enroll", {"credential": "user"}),
            ("enrollment_remove", {"id": ENROLLED, "provider": "MS DM Server", "unregister": False}),
        )
    ]


def lingering(_scratch: Path) -> list[Case]:
    """A program whose child holds its pipes open after its end: nobody waits for the child."""
    return [Case("dsregcmd_status", {}, lambda v: v["exit_code"] == 0 and "late" in v["text"])]


def talkative(_scratch: Path) -> list[Case]:
    """A program that says much where few look: it would wait for ever for whoever reads one pipe after the other."""
    return [
        Case(
            "dsregcmd_status",
            {},
            lambda v: v["text"].startswith("/status\r\n") and v["text"].count("e" * 150000) == 1,
        )
    ]


def silent(_scratch: Path) -> list[Case]:
    """A program that closes its pipes before its end: the exit code comes with the end."""
    return [Case("dsregcmd_status", {}, lambda v: v == {"present": True, "exit_code": 7, "text": ""})]


def endless(_scratch: Path) -> list[Case]:
    """A program that does not end in its time is ended, and that is no answer."""
    return [Case("dsregcmd_status", {}, error="TimeoutException", hresult=NO_CODE)]


def is_ended(scratch: Path) -> str:
    """Whether the endless program lives on."""
    program = int((scratch / "hangs").read_text(encoding="ascii"))
    until = time.monotonic() + WAIT
    while time.monotonic() < until:
        try:
            os.kill(program, 0)
        except ProcessLookupError:
            return ""
        time.sleep(0.02)
    return "the program was not ended"


def end_the_child(scratch: Path) -> str:
    """It would live for another minute; that the answer came before its end is the proof."""
    if not (scratch / "lingers").exists():
        return "the program was not run"
    child = int((scratch / "lingers").read_text(encoding="ascii"))
    try:
        os.kill(child, signal.SIGKILL)
    except ProcessLookupError:
        return "the program's child was waited for"
    return ""


# On Windows these programs are a text.
ODD = [
    variant("native, lingering", lingering, {"WINOPS_PROOF_ODD": "lingers"}, after=end_the_child),
    variant("native, talkative", talkative, {"WINOPS_PROOF_ODD": "much"}),
    variant("native, silent", silent, {"WINOPS_PROOF_ODD": "closes"}),
    variant("native, endless", endless, {"WINOPS_PROOF_ODD": "hangs", "WINOPS_PROOF_SECONDS": "1"}, after=is_ended),
]
SCENES = [
    Scene("native", rows),
    *([] if os.name == "nt" else ODD),
    variant("not as SYSTEM", for_others, {"WINOPS_PROOF_CALLER": "1"}),
]
