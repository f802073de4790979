# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A device that does what a test tells it: the far end of the wire, without a network, a process or a clock.

Each operation is answered by a handler ``(params) -> value``; an exception of the handler is the operation's error.
Handlers for a fresh, unjoined Windows 11 Pro are there from the start; a test replaces what its story needs.
"""

from __future__ import annotations

import base64
import gzip
import json
import types

from ansible.errors import AnsibleConnectionFailure

from ansible_collections.winops.entra.plugins.plugin_utils.device import session
from ansible_collections.winops.entra.plugins.plugin_utils.progress import Deadline

TENANT = "d10f84e2-ba05-45c0-90b7-994f1fafa537"
DEVICE_ID = "6e4cbe68-588b-499c-8c04-dcfff140a1ca"
THUMBPRINT = "0BF36D245A124205D42B7FBCA6B6AB65A5B06A3C"
PACKAGE = "4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111"
UTC = "2026-11-21T08:00:00.000Z"


class OperationError(Exception):
    """Raised by a handler: the operation fails with this type, message and HRESULT."""

    def __init__(self, type_name: str, message: str, hresult: int | None = None) -> None:
        super().__init__(message)
        self.error = {"type": type_name, "message": message, "hresult": hresult}


class ScriptedDevice:
    """``handlers``: operation name -> handler.

    ``lose``: how many of the next exchanges break before they are executed.
    """

    def __init__(self) -> None:
        self.handlers = fresh_handlers()
        self.executed: list[str] = []
        self.requests = 0
        self.lose = 0
        self.resets = 0
        self.copied: dict[str, bytes] = {}
        self.identity = {"elevated": True}
        self.connection = types.SimpleNamespace(transport="winrm", reset=self._reset, put_file=self._put_file)

    def session(self, check_mode: bool = False) -> session.DeviceSession:
        return session.DeviceSession(self.connection, self.execute, check_mode)

    def execute(self, script: str, data: bytes) -> tuple[str, str, int]:
        self.requests += 1
        if self.lose:
            self.lose -= 1
            raise AnsibleConnectionFailure("the network is gone")
        request = request_of(data)
        results = [self._do(dict(operation)) for operation in request["ops"]]
        return answer_line(request["id"], results, **self.identity), "", 0

    def _do(self, operation: dict) -> dict:
        name = operation.pop("op")
        self.executed.append(name)
        try:
            return {"ok": True, "value": self.handlers[name](operation)}
        except OperationError as exc:
            return {"ok": False, "error": exc.error}

    def _reset(self) -> None:
        self.resets += 1

    def _put_file(self, source: str, destination: str) -> None:
        self.executed.append("put_file")
        self.copied[destination] = source


def request_of(data: bytes) -> dict:
    """The request in a payload."""
    return json.loads(gzip.decompress(base64.b64decode(data.split(b"|")[1])))


def answer_line(request_id: str, results: list[dict], **identity) -> str:
    device = {
        "name": "PC-1",
        "utc": UTC,
        "powershell": "5.1.26100.1",
        "account": "PC-1\\ansible",
        "sid": "S-1-5-21-1-2-3-1001",
        "system": False,
        "elevated": True,
        "wow64": False,
    } | identity
    answer = {"v": 1, "id": request_id, "device": device, "results": results, "seconds": 0.1}
    body = base64.b64encode(gzip.compress(json.dumps(answer).encode())).decode()
    return f"#winops1:{len(body)}:{body}:end#\r\n"


def registry(tree: dict) -> types.FunctionType:
    """A registry_read handler over {path: key}."""
    return lambda p: {"exists": p["path"] in tree, "key": tree.get(p["path"])}


def key(values: dict | None = None, **keys) -> dict:
    return {"values": values or {}, "keys": keys}


def fresh_registry() -> dict:
    return {
        r"SOFTWARE\Microsoft\Windows NT\CurrentVersion": key(
            {
                "EditionID": "Professional",
                "CurrentBuild": "26100",
                "UBR": 2314,
                "DisplayVersion": "24H2",
                "InstallationType": "Client",
            }
        ),
    }


def joined_registry(tenant: str = TENANT) -> dict:
    return fresh_registry() | {
        r"SYSTEM\CurrentControlSet\Control\CloudDomainJoin": key(
            JoinInfo=key(**{THUMBPRINT: key({"TenantId": tenant, "UserEmail": "package_x@contoso.onmicrosoft.com"})}),
            TenantInfo=key(**{tenant: key({"DisplayName": "Contoso"})}),
        )
    }


def join_certificate() -> dict:
    return {
        "thumbprint": THUMBPRINT,
        "subject": f"CN={DEVICE_ID}",
        "issuer": "CN=MS-Organization-Access, DC=windows, DC=net",
        "not_before": UTC,
        "not_after": "2036-11-21T08:00:00.000Z",
        "has_private_key": True,
    }


def cim(
    last_boot: str = "2026-11-20T06:00:00.000Z", product_type: int = 1, in_domain: bool = False, asset_tag: str = ""
):
    instances = {
        "Win32_OperatingSystem": {"ProductType": product_type, "LastBootUpTime": last_boot},
        "Win32_ComputerSystem": {"PartOfDomain": in_domain, "Domain": "WORKGROUP", "DomainRole": 0},
        "Win32_SystemEnclosure": {"SMBIOSAssetTag": asset_tag},
        "Win32_DeviceGuard": {"VirtualizationBasedSecurityStatus": 2},
    }
    return lambda p: {"instances": [instances[p["class"]]]}


def dsregcmd_text(joined: bool) -> str:
    return (
        "+----------------------------------------------------------------------+\r\n"
        "| Device State                                                         |\r\n"
        "+----------------------------------------------------------------------+\r\n\r\n"
        f"             AzureAdJoined : {'YES' if joined else 'NO'}\r\n"
        "          EnterpriseJoined : NO\r\n              DomainJoined : NO\r\n"
    )


def dsregcmd(joined: bool):
    return lambda _p: {"present": True, "exit_code": 0, "text": dsregcmd_text(joined)}


def fresh_handlers() -> dict:
    return {
        "registry_read": registry(fresh_registry()),
        "registry_users_read": lambda _p: {"users": {}},
        "certificates": lambda _p: {"certificates": []},
        "dsregcmd_status": dsregcmd(False),
        "cim_query": cim(),
        "events": lambda _p: {"log_exists": True, "events": []},
        "scheduled_tasks": lambda _p: {"exists": False, "folders": [], "tasks": []},
        "provisioning_packages": lambda _p: {"available": True, "packages": []},
        "path_info": lambda p: {"path": p["path"], "exists": False, "directory": False, "size": None, "sha256": None},
        "processes": lambda _p: {"processes": []},
        "job_status": lambda _p: {"state": "absent", "started": None, "last_task_result": None, "answer": None},
        "directory_create": lambda p: {"path": p["path"].replace("%ProgramData%", r"C:\ProgramData"), "created": True},
        "path_remove": lambda p: {"path": p["path"], "removed": True},
        "job_start": lambda _p: {"started": True, "already": False},
        "job_remove": lambda _p: {"removed": True},
        "restart": lambda _p: {"scheduled": True, "exit_code": 0},
    }


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def deadline(self, seconds: float) -> Deadline:
        return Deadline(seconds, clock=self, sleep=self.sleep)
