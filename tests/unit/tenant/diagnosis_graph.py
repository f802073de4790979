# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant with logs: what directory_diagnosis reads, and what diagnose says of a device."""

from __future__ import annotations

import datetime
import re
import typing as t

import httpx
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.action.directory_diagnosis import ActionModule
from ansible_collections.winops.entra.plugins.plugin_utils.option_door import ansible_spec, understood
from ansible_collections.winops.entra.plugins.plugin_utils.task import spec_of_sides

from .fake_graph import ROOT, FakeGraph, _page, guid
from .readiness.readiness_graph import PACKAGE, ReadinessBench, ReadinessGraph

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
SPEC = {**spec_of_sides(ActionModule.sides), **ActionModule.spec}
REGISTRATION, ENROLLMENT = "01cb2876-7ebd-4aa4-9cc9-d28bd4d359a9", "d4ebce55-015a-49b5-a083-c84d1797ae8c"
CSP = "b90d5b8f-5503-4153-b545-b31cecfaece2"


def ago(minutes: float) -> str:
    return (NOW - datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def applied(name: str, result: str = "failure", *controls: str) -> dict[str, t.Any]:
    return {
        "id": guid(name),
        "displayName": name,
        "result": result,
        "enforcedGrantControls": list(controls),
        "enforcedSessionControls": [],
    }


class LogGraph(FakeGraph):
    """``sign_ins``, ``audits`` and ``failures`` are the rows of the logs; ``page`` is the largest page of a log."""

    def __init__(self) -> None:
        super().__init__()
        self.sign_ins: list[dict] = []
        self.audits: list[dict] = []
        self.failures: list[dict] = []
        self.log_page = 1000

    def sign_in(self, user: str, code: int = 0, minutes: float = 60, **more: t.Any) -> dict:
        number = len(self.sign_ins)
        row = {
            "id": guid(f"request {number}"),
            "correlationId": guid(f"attempt {number}"),
            "createdDateTime": ago(minutes),
            "userPrincipalName": user,
            "userId": guid(user),
            "appId": CSP,
            "appDisplayName": "AADJ CSP",
            "resourceId": REGISTRATION,
            "resourceDisplayName": "Device Registration Service",
            "isInteractive": False,
            "conditionalAccessStatus": "notApplied",
            "status": {"errorCode": code, "failureReason": "said by the log" if code else "Other."},
            "deviceDetail": {"deviceId": "", "displayName": "", "isCompliant": False},
            "appliedConditionalAccessPolicies": [],
            **more,
        }
        self.sign_ins.append(row)
        return row

    def audit(self, name: str | None, failed: bool = False, minutes: float = 60, **more: t.Any) -> dict:
        number = len(self.audits)
        row = {
            "id": f"DRS_{guid(f'audit {number}')}",
            "correlationId": guid(f"audited {number}"),
            "activityDateTime": ago(minutes),
            "activityDisplayName": "Register device",
            "loggedByService": "Device Registration Service",
            "category": "Device",
            "result": "failure" if failed else "success",
            "resultReason": "The quota is exceeded." if failed else "",
            "initiatedBy": {"user": {"userPrincipalName": PACKAGE, "id": guid(PACKAGE)}, "app": None},
            "targetResources": [{"type": "Device", "id": guid("o"), "displayName": name}],
            "additionalDetails": [],
            **more,
        }
        self.audits.append(row)
        return row

    def failure(self, category: str, reason: str | None = None, minutes: float = 60, **more: t.Any) -> dict:
        row = {
            "@odata.type": "#microsoft.graph.enrollmentTroubleshootingEvent",
            "id": guid(f"failure {len(self.failures)}"),
            "correlationId": guid(f"failed {len(self.failures)}"),
            "eventDateTime": ago(minutes),
            "failureCategory": category,
            "failureReason": reason,
            "enrollmentType": "windowsAzureADJoin",
            "userId": None,
            "deviceId": None,
            **more,
        }
        self.failures.append(row)
        return row

    def _routes(self):
        return [
            ("GET auditLogs/signIns", lambda q, b: self._log("signIns", self.sign_ins, "createdDateTime", q)),
            ("GET auditLogs/directoryAudits", lambda q, b: self._log("audits", self.audits, "activityDateTime", q)),
            ("GET deviceManagement/troubleshootingEvents", lambda q, b: _page(self.failures)),
            *super()._routes(),
        ]

    def _log(self, name: str, rows: list[dict], field: str, query: dict) -> httpx.Response:
        since = re.search(field + r" ge (\S+)", query["$filter"])
        assert since is not None
        found = sorted((row for row in rows if row[field] >= since[1]), key=lambda row: row[field], reverse=True)
        start, size = int(query.get("$skiptoken", 0)), min(self.log_page, int(query["$top"]))
        body: dict[str, t.Any] = {"value": found[start : start + size]}
        if start + size < len(found):
            rest = "&".join(f"{key}={value}" for key, value in query.items() if key != "$skiptoken")
            version = "beta" if name == "signIns" else "v1.0"
            path = "signIns" if name == "signIns" else "directoryAudits"
            body["@odata.nextLink"] = f"{ROOT}/{version}/auditLogs/{path}?{rest}&$skiptoken={start + size}"
        return httpx.Response(200, json=body)


class DiagnosisGraph(LogGraph, ReadinessGraph):
    """A tenant with logs that is ready for joins."""


class DiagnosisBench(ReadinessBench):
    def __init__(self) -> None:
        super().__init__()
        self.graph: DiagnosisGraph = DiagnosisGraph()

    def play(self, *devices: dict[str, t.Any], **options: t.Any) -> dict[str, t.Any]:
        checked = ArgumentSpecValidator(ansible_spec(SPEC)).validate({"devices": list(devices), **options})
        assert not checked.error_messages, checked.error_messages
        args = understood(checked.validated_parameters, SPEC)
        return self.run(ActionModule.work, args)


def finding(code: str | None, cause: str = "it failed", **more: t.Any) -> dict[str, t.Any]:
    """A finding of a device's diagnosis."""
    ids = {"request_id": more.pop("request_id", None)}
    minutes, data = more.pop("minutes", 60), more.pop("data", [code or "a sentence"])
    return {
        "id": "a_failure",
        "result": "fail",
        "subject": "join",
        "observed": "an event",
        "expected": None,
        "cause": cause,
        "fix": "mend it",
        "side": "device",
        "doc": None,
        "permissions": [],
        "code": code,
        "weight": 80,
        "evidence": [
            {
                "log": "User Device Registration/Admin",
                "event": 304,
                "device_utc": ago(minutes)[:-1] + ".000Z",
                "data": data,
                "hresult_hex": code if code and code.startswith("0x") else None,
                "hresult_signed": None,
                "aadsts": code if code and code.startswith("AADSTS") else None,
                **ids,
            }
        ],
        **more,
    }


def said(*findings: dict[str, t.Any], joined: bool = False, enrolled: bool = False, **join: t.Any) -> dict[str, t.Any]:
    """What diagnose returns."""
    return {
        "findings": list(findings),
        "healthy": not findings,
        "conclusion": "join: it failed" if findings else "nothing on the device shows a failure",
        "device_utc": ago(0)[:-1] + ".000Z",
        "state": {"join": {"type": "entra" if joined else "none", **join}, "mdm": {"enrolled": enrolled}},
    }


def device(name: str, diagnosis: dict[str, t.Any] | None = None, **more: t.Any) -> dict[str, t.Any]:
    return {"name": name, **({"diagnosis": diagnosis} if diagnosis is not None else {}), **more}
