# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Windows that the rows look at: a description as ``../windows/README.md`` has it. Odd on purpose."""

from __future__ import annotations

import base64
import os
import typing as t
from pathlib import Path

from .names import BORROWED, BUILT_IN, ENROLLED, FOREIGN, JOB, STUCK, TASK_FOLDER, TEXT

Document = dict[str, t.Any]

PROXY = "proxy"
"""A note in a description: [server, bypass] of a WinHTTP proxy whose address is not known yet (see Scene.served)."""
THEN = "2026-01-02T03:04:05.000Z"
NEXT_RUN = "2036-07-02T03:04:05.000Z"
KEEP = 'printf "%s\\n" "$@" > "$WINOPS_PROOF/shutdown.txt"'
ODD = (
    'lingers) sleep 100 & echo $! >"$WINOPS_PROOF/lingers";; '
    # Two pipes' worth into the pipe that is read last by whoever reads one after the other.
    "much) head -c 150000 /dev/zero | tr '\\0' e >&2;; "
    # Its output has ended, and it has not.
    "closes) exec >&- 2>&-; sleep 0.5; exit 7;; "
    'hangs) echo $$ >"$WINOPS_PROOF/hangs"; exec sleep 100;;'
)
"""What dsregcmd.exe does first, by WINOPS_PROOF_ODD."""
PROGRAMS = ("dsregcmd.exe", "deviceenroller.exe", "shutdown.exe")
ENROLLMENTS = (
    # id, provider, certificate
    (ENROLLED, "MS DM Server", "AB" * 20),
    (FOREIGN, "Another MDM", "CD" * 20),
    (BORROWED, "MS DM Server", "EE" * 20),
    (STUCK, "MS DM Server", ""),
    (BUILT_IN, "", ""),
)
LEVELS_OF_EVENTS = ((1, 2), (2, 1), (3, 4), (4, 3), (5, None), (1, 2), (1, 2), (3, 4))
CALLER = {"account": "PROOF\\me", "sid": "S-1-5-21-1-2-3-500", "system": True, "elevated": True, "wow64": False}
NEVER = {"utc": "1970-01-01T00:00:00.000Z"}
ADMINISTRATORS = (
    ("S-1-5-21-1-2-3-500", "PROOF\\Administrator", {"PasswordExpired": 0}),
    ("S-1-5-21-1-2-3-1001", "PROOF\\me", {"PasswordExpired": 0, "AccountExpirationDate": NEVER}),
    (
        "S-1-5-21-1-2-3-1002",
        "PROOF\\ended",
        {"PasswordExpired": 1, "AccountExpirationDate": {"utc": "2020-01-01T00:00:00.000Z"}},
    ),
    ("S-1-5-21-1-2-3-1003", "PROOF\\odd", {}),
    ("S-1-5-21-1-2-3-1004", "PROOF\\closed", {"AccountExpirationDate": {"closed": "all"}}),
    ("S-1-5-21-1-2-3-1999", None, {}),
    ("S-1-12-1-7-8-9-10", None, {}),
    ("S-1-5-21-1-2-33-500", "CORP\\Administrator", {"PasswordExpired": 0}),
    ("S-1-5-4", "NT AUTHORITY\\INTERACTIVE", {}),
    # Without a SID of its own; the first has it in its address.
    (None, None, {"ADsPath": "WinNT://S-1-12-1-1-2-3-4"}),
    (None, None, {"ADsPath": "WinNT://CORP/old"}),
    # More bytes than it says: no SID. Read as one it would be somebody else's.
    (None, None, {"ADsPath": "WinNT://CORP/odd", "objectSid": {"base64": "AQEAAAAAAAUEAAAABAAAAA=="}}),
)


def described(scratch: Path) -> Document:
    """The description. Scenes change what they need otherwise."""
    return {
        "format": 1,
        "name": "PROOF",
        "skew": 0,
        "environment": {
            "programdata": str(scratch / "ProgramData"),
            "windir": str(scratch),
            "winops_proof": str(scratch),
        },
        "callers": {"": CALLER, "1": {**CALLER, "system": False}, "SYSTEM": CALLER},
        "registry": {"HKLM": machine(), "HKU": {"users": users()}},
        "certificates": {"My": {"certificates": certificates()}, "Denied": {"closed": "all", "certificates": []}},
        "tasks": tasks(),
        "provisioning": {"packages": [package(scratch)]},
        "apps": [],
        "programs": programs(),
        "machine_sid": "S-1-5-21-1-2-3",
        "administrators": [{"sid": sid, "name": name, "ads": ads} for sid, name, ads in ADMINISTRATORS],
        "cim": cim(),
        "protectors": {
            "system": [{"id": "{tpm}", "type": 1}, {"id": "{numbers}", "type": 3}, {"id": "{new}", "type": 77}],
            "plain": 2150694920,
            "locked": [{"id": "{only}", "type": 2}],
        },
        "conversions": {
            "system": {"ConversionStatus": 2, "EncryptionPercentage": 43, "SuspendCount": 1},
            "plain": {"ConversionStatus": 0, "EncryptionPercentage": 0, "SuspendCount": 0},
            "locked": 2150694912,
        },
        "account_rules": {
            "MinPasswordLength": 8,
            "MaxPasswordAge": -1,
            "PasswordHistoryLength": 24,
            "MaxBadPasswordsAllowed": 10,
        },
        "events": {
            "Proof": {"events": [event(id, number) for number, id in enumerate((12, 99, 22, 12))]},
            "Levels": {
                "events": [event(id, number, level=level) for number, (id, level) in enumerate(LEVELS_OF_EVENTS)]
            },
            "Kinds": {"events": [event(1, 0, [{"utc": THEN}, {"base64": "AAH/"}, {"type": "double", "number": 0.5}])]},
            "Empty": {"events": []},
            "Denied": {"closed": "all", "events": []},
        },
        "processes": None,
        "web": web(),
        "downloads": {
            "https://proof/x": "downloaded.bin",
            "https://proof/moved": {"status": 308, "location": "x"},
            "https://proof/gone": {"status": 410},
            "https://proof/asks": {"status": 407},
            "https://proof/empty": "empty.bin",
            "https://proof/short": {"file": "downloaded.bin", "length": 11},
        },
    }


# --- registry -----------------------------------------------------------------------------------------------------


def key(values: Document | None = None, keys: Document | None = None) -> Document:
    """One key; ``values`` are [type, data] by name."""
    return {"values": values or {}, "keys": keys or {}}


def put(top: Document, path: str, values: Document | None = None) -> None:
    """A key at the end of a path, and the keys on the way to it."""
    for name in path.split("\\"):
        top = top["keys"].setdefault(name, key())
    top["values"].update(values or {})


def binary(data: bytes) -> list:
    return ["REG_BINARY", base64.b64encode(data).decode("ascii")]


def machine() -> Document:
    top = key()
    put(top, "SYSTEM\\CurrentControlSet\\Control\\Nls\\CodePage", {"OEMCP": ["REG_SZ", "850"]})
    put(
        top,
        "SOFTWARE\\Proof",
        {
            "": ["REG_SZ", "the default"],
            "Dword": ["REG_DWORD", 0x80070005],
            "Qword": ["REG_QWORD", str(2**64 - 1)],
            "Many": ["REG_MULTI_SZ", ["one", "two"]],
            "One": ["REG_MULTI_SZ", ["one"]],
            "None": ["REG_MULTI_SZ", []],
            "Binary": binary(b"\0\1\xff"),
            "Byte": binary(b"\7"),
            "Nothing": binary(b""),
            "Text": ["REG_SZ", TEXT],
            **{name: ["REG_SZ", name] for name in ("keys", "values", "count", "Count", "GetEnumerator")},
        },
    )
    put(top, "SOFTWARE\\Proof\\Child\\Leaf", {"Deep": ["REG_SZ", "yes"]})
    put(top, "SOFTWARE\\Proof\\count")
    put(top, "SOFTWARE\\Parent\\Open\\Leaf", {"Deep": ["REG_SZ", "yes"]})
    top["keys"]["SOFTWARE"]["keys"]["Parent"]["keys"] |= {
        "Closed": {**key(), "closed": "all"},
        "Gone": {**key(), "gone": True},
    }
    put(top, "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion", {"InstallationType": ["REG_SZ", "Client"]})
    for id, provider, certificate in ENROLLMENTS:
        values: Document = {"EnrollmentState": ["REG_DWORD", 1]}
        if provider:
            values["ProviderID"] = ["REG_SZ", provider]
        if certificate:
            values["DMPCertThumbPrint"] = ["REG_SZ", certificate]
        put(top, f"SOFTWARE\\Microsoft\\Enrollments\\{id}", values)
        for tree in ("Enrollments\\Status", "Enrollments\\Context", "Provisioning\\OMADM\\Accounts"):
            put(top, f"SOFTWARE\\Microsoft\\{tree}\\{id}")
    return top


def users() -> Document:
    found = {"S-1-5-21-1-2-3-1002": key()}
    for sid in ("S-1-5-18", "S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1001_Classes", "S-1-12-1-7-8-9-10"):
        found[sid] = key()
        put(found[sid], "SOFTWARE\\Proof", {"Owner": ["REG_SZ", sid]})
    return found


def behind_proxy(document: Document, server: str, bypass: str, cut: int | None = None) -> None:
    """What netsh winhttp set proxy writes; ``cut`` bytes of it."""
    proxy_settings(document, binary(proxy_bytes(server, bypass)[:cut]))


def proxy_bytes(server: str, bypass: str) -> bytes:
    blob = bytes((40, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0))
    for text in (server, bypass):
        blob += len(text).to_bytes(4, "little") + text.encode("ascii")
    return blob


def proxy_settings(document: Document, pair: list | None) -> None:
    """Settings with this type and data, or none."""
    path = "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\Connections"
    put(document["registry"]["HKLM"], path, {"WinHttpSettings": pair} if pair else {})


# --- the rest -----------------------------------------------------------------------------------------------------


def certificates() -> list[Document]:
    found = [
        ("AA" * 20, "CN=device", "CN=MS-Organization-Access"),
        ("AA" * 20, "CN=device", "CN=Another"),
        ("AB" * 20, "CN=mdm", "CN=Microsoft Intune MDM Device CA"),
        ("CD" * 20, "CN=other", "CN=Another CA"),
        ("EE" * 20, "CN=borrowed", "CN=MS-Organization-P2P-Access"),
    ]
    return [certificate(*one) for one in found]


def certificate(thumbprint: str, subject: str, issuer: str) -> Document:
    return {
        "thumbprint": thumbprint,
        "subject": subject,
        "issuer": issuer,
        "not_before": THEN,
        "not_after": "2036-01-02T03:04:05.000Z",
        "has_private_key": True,
    }


def tasks() -> Document:
    running = {"state": "Running", "last_result": 267009}
    folders: Document = {
        "\\": {"tasks": {"Only one": {"state": "Ready", "last_result": 267011, "next_run": NEXT_RUN}}},
        "\\Denied": {"closed": "all", "tasks": {}},
        "\\Microsoft": {"tasks": {}},
        "\\Microsoft\\Windows": {"tasks": {}},
        "\\Microsoft\\Windows\\Workplace Join": {"tasks": {"Automatic-Device-Join": dict(running)}},
        TASK_FOLDER: {"tasks": {}},
    }
    for id, _provider, _certificate in ENROLLMENTS:
        folders[f"{TASK_FOLDER}\\{id}"] = {"tasks": {"PushLaunch": dict(running), "Schedule 1": dict(running)}}
    folders[f"{TASK_FOLDER}\\{STUCK}"]["closed"] = "removal"
    return folders


def package(scratch: Path) -> Document:
    return {
        "id": "{" + JOB + "}",
        "name": "proof",
        "version": "1.2",
        "path": str(scratch / "installed.ppkg"),
        "installed": True,
    }


def programs() -> list[Document]:
    """The first that fits; elsewhere than on Windows what is not here really runs, see ``lay_out_programs``."""
    install, remove = "Install-ProvisioningPackage", "Uninstall-ProvisioningPackage"
    error = {"type": "CmdletException", "message": "The engine refused it", "hresult": 0}
    rules = [
        {"program": "shutdown.exe", "arguments": "*already*", "exit_code": 1190, "text": ""},
        {"program": "shutdown.exe", "arguments": "*denied*", "exit_code": 5, "text": ""},
        {"program": install, "arguments": "*brief*", "text": "LastResult:Success"},
        {"program": install, "arguments": "*already*", "error": {"type": "", "message": "It failed: 0x800700B7"}},
        {"program": install, "arguments": "*fails*|False", "error": error},
        {"program": install, "arguments": "*", "text": "LastResult:Success " + "x" * 3000},
        {"program": remove, "arguments": "*", "removes": ["{" + JOB + "}"]},
        {
            "program": "UnregisterDeviceWithManagement",
            "arguments": f"{ENROLLED.lower()}",
            # Windows removes most of it.
            "removes": [f"HKLM\\SOFTWARE\\Microsoft\\Enrollments\\{ENROLLED}"],
        },
        {
            "program": "UnregisterDeviceWithManagement",
            "arguments": "*",
            "error": {"type": "COMException", "message": "Not registered", "hresult": -2145910776},
        },
    ]
    if os.name == "nt":
        texts = ("{arguments}\r\nM\u00fcnchen\r\n", "{arguments}\r\n", "")
        rules += [
            {"program": name, "arguments": "*", "exit_code": 0, "text": text}
            for name, text in zip(PROGRAMS, texts, strict=True)
        ]
    return rules


def cim() -> Document:
    one = {
        "Given": {"asked": True},
        "A": "b",
        "Time": {"utc": THEN},
        "Empty": None,
        "Absent": None,
        "One": [7],
        "Big": {"type": "uint64", "number": str(2**64 - 1)},
        "Yes": True,
        "Half": 0.5,
        "Span": {"type": "timespan", "number": "1.02:03:04"},
        "None": {"type": "double", "number": "NaN"},
        "Endless": {"type": "double", "number": "Infinity"},
    }
    volume = [("C:", "system", 0, 1), ("D:", "plain", 1, 0), (None, "locked", 2, 2)]
    return {
        "root/cimv2": {
            "classes": {
                "Proof_One": [one],
                "Proof_Two": [one, {**one, "Given": "second", "Time": None}],
                "Proof_None": [],
                "Win32_UserAccount": [
                    {
                        "SID": f"S-1-5-21-1-2-3-{rid}",
                        "Disabled": rid == 500,
                        "Lockout": rid == 1002,
                        "LocalAccount": True,
                    }
                    for rid in (500, 1001, 1002, 1003, 1004)
                ],
            }
        },
        "root/x": {"classes": {"Proof_One": [one, {**one, "A": "c"}]}},
        "root/cimv2/Security/MicrosoftVolumeEncryption": {
            "classes": {
                "Win32_EncryptableVolume": [
                    {"DriveLetter": letter, "DeviceID": id, "VolumeType": kind, "ProtectionStatus": status}
                    for letter, id, kind, status in volume
                ]
            }
        },
    }


def event(id: int, number: int, data: t.Sequence[t.Any] = (), level: int | None = None) -> Document:
    return {
        "id": id,
        "level": level,
        "record": 41 + number,
        "utc": THEN,
        "provider": "Proof",
        "data": data or [{"asked": True}, {"type": "uint32", "number": 2147942405}, None],
        "message": None if id == 22 else "A message",
    }


def web() -> list[Document]:
    body = "application/json\u20ac" + "x" * 300
    accepted = {"header": ["Accept", "application/json"]}
    return [
        {"host": "127.0.0.1", "real": True},
        {"host": "169.254.169.254", "real": True},
        {"host": "200.proof", **accepted, "status": 200, "body": body},
        {"host": "200.proof", "status": 200, "body": ""},
        {"host": "404.proof", "status": 404, "body": ""},
        {"host": "407.proof", "status": 407, "body": ""},
        {"host": "cert.proof", "problem": "certificate"},
        {"host": "tls.proof", "problem": "tls"},
        {"host": "slow.proof", "problem": "silence"},
        {"host": "pair.proof", "status": 200, "body": "x" * 199 + "\U0001f600"},
    ]


def lay_out_programs(scratch: Path) -> None:
    """Executables behind the names in System32: they really run, with pipes, where this is not Windows."""
    # KEEP: a restart says nothing of what it was told.
    # printf: \201 is a u with two dots in code page 850, and not UTF-8
    odd = f'case "$WINOPS_PROOF_ODD" in {ODD} esac; '
    scripts = (odd + "printf '%s\\r\\nM\\201nchen\\r\\n' \"$*\"; echo late >&2", 'echo "$*"', KEEP)
    for folder in (scratch / "System32", scratch / "native"):
        folder.mkdir(parents=True)
        for name, script in zip(PROGRAMS, scripts, strict=True):
            program = folder / name
            program.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
            program.chmod(0o755)
