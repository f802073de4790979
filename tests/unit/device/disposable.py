# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted Windows for the acceptance run: everything that it asks about, and whose every name is a ``gertrud``."""

from __future__ import annotations

from ansible_collections.winops.entra.plugins.plugin_utils.device import wire
from tests.unit.device.scripted import UTC, OperationError, ScriptedDevice, answer_line, key

NAME = "gertrud"
MACHINE = "S-1-5-21-4242424242-515151515-616161616"
ACCOUNT = f"{MACHINE}-1001"
GUID = "77777777-aaaa-4bbb-8ccc-999999999999"
KERNEL_HASH = "ab" * 32
ROOT = r"C:\ProgramData\winops.entra"
#: What a report must not hold.
PERSONAL = (NAME, MACHINE, GUID, "AB12" * 10, KERNEL_HASH, "C:", "%gertrud%")
THUMBPRINT = "AB12" * 10

WINDOWS = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
MANAGER = r"SYSTEM\CurrentControlSet\Control\Session Manager"
SYSTEM = {"system": True, "sid": "S-1-5-18"}


def refuse(kind: str, hresult: int | None = None) -> OperationError:
    return OperationError(kind, f"{NAME} says no at C:\\Users\\{NAME}", hresult)


class DisposableDevice(ScriptedDevice):
    """``paths`` are what lies below our directory; ``job`` is the operations of a job that is done."""

    def __init__(self) -> None:
        super().__init__()
        self.paths: set[str] = set()
        self.job: list[dict] | None = None
        self.running_looks = 1
        self.build = "26100"
        self.product_type = 1
        self.identity = {"name": NAME.upper(), "account": f"{NAME}\\{NAME}", "sid": ACCOUNT, "elevated": True}
        self.handlers = {
            name: getattr(self, name)
            for name in dir(type(self))
            if not name.startswith("_") and name in OPERATIONS_HERE
        }

    # --- looking ------------------------------------------------------------------------------------------------------

    def registry_read(self, p):
        trees = {
            WINDOWS: key(
                {
                    "EditionID": "Professional",
                    "InstallationType": "Client",
                    "CurrentBuild": self.build,
                    "UBR": 2314,
                    "DisplayVersion": "24H2",
                    "DigitalProductId": {"base64": "AAAA"},
                    "RegisteredOwner": NAME,
                }
            ),
            MANAGER: key({"BootExecute": ["autocheck autochk *"]}),
            MANAGER + r"\Environment": key(
                {"ComSpec": r"%SystemRoot%\cmd.exe", "PROCESSOR_ARCHITECTURE": "ARM64", "Path": f"C:\\{NAME}"}
            ),
            r"SYSTEM\CurrentControlSet\Control\Nls": key(CodePage=key({"OEMCP": "857"}), Other=key({NAME: NAME})),
        }
        return {"exists": p["path"] in trees, "key": trees.get(p["path"])}

    def registry_users_read(self, p):
        users = {ACCOUNT: key({"LocaleName": "tr-TR", "sCountry": NAME})}
        return {"users": users if p["path"] == r"Control Panel\International" else {}}

    def certificates(self, p):
        mine = [_certificate(f"CN={NAME}", f"CN={NAME} CA")]
        roots = [_certificate("CN=Microsoft Root", "CN=Microsoft Root"), _certificate("CN=Other", "CN=Other", "CD34")]
        found = {"My": mine, "Root": roots}.get(p["store"], [])
        return {
            "certificates": [
                item
                for item in found
                if not p["issuers"] or any(text.lower() in item["issuer"].lower() for text in p["issuers"])
            ]
        }

    def device_key_proof(self, _p):
        return {"thumbprint": None, "certificate": None, "signature": None}

    def dsregcmd_status(self, _p):
        return {"present": True, "exit_code": 0, "text": f"  AzureAdJoined : YES\r\n  TenantName : {NAME}\r\n"}

    def device_link(self, _p):
        files = [{"name": f"{NAME}.csv", "size": 3, "content": "YWJj"}]
        return {"present": True, "exit_code": 0, "cabinet": True, "files": files}

    def icd_find(self, p):
        path = rf"C:\{NAME}\ICD.exe"
        tool = {"source": "adk", "path": path, "store": None, "version": "10.0.26100.1"}
        return {"tools": [] if p else [tool], "apps": True}

    def file_part(self, p):
        path = _own(p["path"])
        if p["length"] < 1 or self.job is None or not path.endswith("result.json"):
            raise refuse("System.ArgumentException" if p["length"] < 1 else "System.IO.FileNotFoundException")
        return {"size": 300, "content": "ew=="}

    def cim_query(self, p):
        if p["class"] == "MSFT_NetFirewallProfile":
            return {"instances": [{"Name": name, "Enabled": 1} for name in ("Domain", "Private", "Public")]}
        if p["class"] != "Win32_OperatingSystem":
            raise refuse("Microsoft.Management.Infrastructure.CimException", -2147217392)
        known = {
            "BuildNumber": self.build,
            "ProductType": self.product_type,
            "LastBootUpTime": "2026-11-20T06:00:00.000Z",
            "MUILanguages": ["tr-TR"],
        }
        return {"instances": [] if "> 3" in p.get("filter", "") else [{name: known[name] for name in p["properties"]}]}

    def events(self, p):
        if p["log"] != "System":
            return {"log_exists": False, "events": []}
        found = [_event(12, 7036), _event(11, 6005)] if p.get("since", "2000") < UTC else []
        found = [item for item in found if item["record"] > p.get("after", 0)]
        levels = p.get("levels", [])
        wanted = [
            item for item in found if not (p["ids"] or levels) or item["id"] in p["ids"] or item["level"] in levels
        ]
        return {"log_exists": True, "events": wanted}

    def scheduled_tasks(self, p):
        own = [f"winops.entra-{self.job_id}"] if self.job is not None else []
        tasks = [
            {"name": name, "state": "Ready", "last_result": 0, "next_run": None} for name in [f"Backup of {NAME}", *own]
        ]
        if p["folder"] == "\\":
            return {"exists": True, "folders": ["Microsoft", NAME], "tasks": tasks}
        if p["folder"] == r"\Microsoft\Windows":
            return {"exists": True, "folders": ["Workplace Join"], "tasks": []}
        return {"exists": False, "folders": [], "tasks": []}

    def provisioning_packages(self, _p):
        package = {"id": f"{{{GUID}}}", "name": NAME, "version": "1.0", "path": f"C:\\{NAME}.ppkg", "installed": True}
        return {"available": True, "packages": [package]}

    def path_info(self, p):
        path = _full(p["path"])
        if ":" not in path:
            raise refuse("System.ArgumentException")
        file = path.endswith("kernel32.dll")
        directory = path in (ROOT, rf"{ROOT}\jobs", r"C:\Windows") and (path == r"C:\Windows" or path in self.paths)
        directory = directory or path in self.paths
        return {
            "path": path,
            "exists": file or directory,
            "directory": directory,
            "size": 800000 if file else None,
            "sha256": KERNEL_HASH if file and p.get("hash") else None,
        }

    def processes(self, p):
        known = {"svchost.exe": 968, "lsass.exe": 792}
        return {"processes": [{"name": name, "pid": known[name]} for name in p["names"] if name in known]}

    def job_status(self, p):
        if p["job"] == "no GUID":
            raise refuse("System.ArgumentException")
        status = {"state": "absent", "started": None, "last_task_result": None, "answer": None}
        if self.job is None or p["job"] != self.job_id:
            return status
        if self.running_looks > 0:
            self.running_looks -= 1
            return status | {"state": "running", "started": UTC, "last_task_result": 267009}
        return status | {"state": "done", "started": UTC, "last_task_result": 0, "answer": self.as_system(self.job)}

    def local_administrators(self, _p):
        members = [
            _member(f"{MACHINE}-500", f"{NAME}\\Administrator", "local", False),
            _member(ACCOUNT, f"{NAME}\\{NAME}", "local", True),
            _member("S-1-12-1-1-2-3-4", None, "entra", None),
        ]
        return {"machine_sid": MACHINE, "members": members}

    def bitlocker(self, _p):
        protectors = [{"id": f"{{{GUID}}}", "type": "Tpm"}]
        volume = {"mount_point": "C:", "system": True, "protected": True, "protectors": protectors}
        return {"available": True, "volumes": [volume]}

    def volume_encryption(self, _p):
        numbers = {"protection": 1, "conversion": 1, "percentage": 100, "suspended": 0, "protectors_known": True}
        volume = {"mount_point": "C:", "system": True, "protectors": [], **numbers}
        return {"available": True, "volumes": [volume]}

    def account_policy(self, _p):
        return {"min_length": 8, "max_age": -1, "history": 0, "lockout_threshold": 10, "lockout": 600}

    def recovery_environment(self, _p):
        return {"settings": "<?xml version='1.0'?>\n<WindowsRE version=\"2.0\"/>", "image": False}

    def endpoints(self, p):
        kinds = {"closed": "connect", "nowhere": "dns", "microsoft": None}
        return {
            "results": [
                {
                    "name": target["name"],
                    "status": None if kinds[target["name"]] else 200,
                    "seconds": 0.1,
                    "error": {
                        "type": kinds[target["name"]],
                        "message": NAME if kinds[target["name"]] else None,
                        "hresult": None,
                    },
                    "body_start": None if kinds[target["name"]] else f"<html>{NAME}",
                }
                for target in p["targets"]
            ]
        }

    # --- changing -----------------------------------------------------------------------------------------------------

    def directory_create(self, p):
        path = _own(p["path"])
        created = path not in self.paths
        self.paths |= {ROOT, path}
        return {"path": path, "created": created}

    def path_remove(self, p):
        path = _own(p["path"])
        removed = path in self.paths
        self.paths = {other for other in self.paths if other != path and not other.startswith(path + "\\")}
        self._without_empty_directories()
        return {"path": path, "removed": removed}

    def _without_empty_directories(self):
        for empty in (rf"{ROOT}\jobs", ROOT):
            if not any(other.startswith(empty + "\\") for other in self.paths):
                self.paths.discard(empty)

    def download(self, p):
        if not p["url"].startswith("https://"):
            raise refuse("System.ArgumentException")
        path = _own(p["path"])
        self.paths |= {ROOT, path.rpartition("\\")[0]}
        raise refuse("System.Net.WebException", -2146233079)

    def package_install(self, _p):
        raise refuse("System.IO.FileNotFoundException", -2147024894)

    def package_remove(self, _p):
        return {"removed": False}

    def system_probe(self, p):
        if any(inner["op"] == "directory_create" for inner in p["ops"]):
            raise refuse("System.UnauthorizedAccessException")
        return {"answer": self.as_system(p["ops"])}

    def job_start(self, p):
        if self.job is not None:
            return {"started": False, "already": True}
        self.job, self.job_id, self.running_looks = p["ops"], p["job"], 1
        self.paths |= {ROOT, rf"{ROOT}\jobs", rf"{ROOT}\jobs\{p['job']}"}
        return {"started": True, "already": False}

    def job_remove(self, p):
        removed = self.job is not None
        self.job = None
        self.paths.discard(rf"{ROOT}\jobs\{p['job']}")
        self._without_empty_directories()
        return {"removed": removed}

    def enrollment_remove(self, _p):
        if not self.is_system:
            raise refuse("System.UnauthorizedAccessException")
        return {"removed": [], "unregistered": None}

    def package_forget(self, _p):
        if not self.is_system:
            raise refuse("System.UnauthorizedAccessException")
        return {"removed": []}

    job_id = ""
    is_system = False

    def as_system(self, operations: list[dict]) -> dict:
        """The answer of operations that run as SYSTEM."""
        self.is_system = True
        try:
            results = [self._do(dict(operation)) for operation in operations]
        finally:
            self.is_system = False
        return _answer(results, self.identity | SYSTEM)


OPERATIONS_HERE = frozenset(
    name
    for name in vars(DisposableDevice)
    if not name.startswith("_") and name not in ("as_system", "job_id", "is_system")
)


def _answer(results: list[dict], identity: dict) -> dict:
    return wire.decode_answer(answer_line("job", results, **identity))


def _full(path: str) -> str:
    return path.replace("%ProgramData%", r"C:\ProgramData").replace("%SystemRoot%", r"C:\Windows")


def _own(path: str) -> str:
    full = _full(path)
    if not full.startswith(ROOT + "\\"):
        raise refuse("System.UnauthorizedAccessException", -2147024891)
    return full


def _certificate(subject: str, issuer: str, part: str = "AB12") -> dict:
    return {
        "thumbprint": part * 10,
        "subject": subject,
        "issuer": issuer,
        "not_before": "2020-01-01T00:00:00.000Z",
        "not_after": "2036-11-21T08:00:00.000Z",
        "has_private_key": False,
    }


def _event(record: int, event_id: int) -> dict:
    return {"id": event_id, "level": 4, "record": record, "utc": UTC, "provider": "x", "data": [NAME], "message": NAME}


def _member(sid: str, name: str | None, kind: str, enabled: bool | None) -> dict:
    known = None if enabled is None else False
    return {"sid": sid, "name": name, "kind": kind, "enabled": enabled, "locked": known, "password_expired": known}
