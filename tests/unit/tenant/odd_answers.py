# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of every module of the tenant whose answers can be changed on their way: what proxies and broken gateways do.

``play`` is one run. Its answers go through a function of (label, body), where the label is METHOD and path of the
request, also of one in a batch.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import typing as t
from collections.abc import Callable
from urllib.parse import unquote

import httpx
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.doc_fragments.approval import APPROVAL_SPEC
from ansible_collections.winops.entra.plugins.doc_fragments.findings import FINDINGS_SPEC
from ansible_collections.winops.entra.plugins.doc_fragments.named_devices import NAMED_DEVICES_SPEC
from ansible_collections.winops.entra.plugins.modules import (
    autopilot_device,
    autopilot_device_info,
    autopilot_profile,
    corporate_identifier,
    device_association,
    device_removal,
    directory_device,
    directory_device_info,
    directory_diagnosis,
    directory_posture,
    enrollment_status_page,
    group,
    local_admin_role,
    managed_device_reset,
    mdm_scope,
    readiness_info,
    registration_policy,
    security_key_policy,
    temporary_access_pass,
    user_method_info,
    wait_for_management,
)
from ansible_collections.winops.entra.plugins.plugin_utils.option_door import ansible_spec
from ansible_collections.winops.entra.plugins.plugin_utils.result import SIDES
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.arrival import wait
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.associations import association as associations
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.autopilot import device_views
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.autopilot import devices as registrations
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.corporate import corporate_identifier as identifiers
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.devices import changes, managed_reset, removal, views
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.diagnosis import directory_diagnosis as diagnoses
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.posture import posture
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.readiness import verdict
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.resources import (
    autopilot_profile as profiles,
)
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.resources import (
    enrollment_status_page as pages,
)
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.resources import (
    group as groups,
)
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.resources import (
    local_admin_role as roles,
)
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.resources import (
    mdm_scope as scopes,
)
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.resources import (
    registration_policy as policies,
)
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.resources import (
    security_key_policy as security_keys,
)
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.users import temporary_access_pass as passes
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.users import user_method_info as methods
from tests.lab.device import device_link

from .autopilot.registering import hash_of
from .autopilot_graph import AutopilotGraph
from .diagnosis_graph import LogGraph, applied, finding, said
from .fake_graph import Bench, guid
from .identifier_graph import IdentifierGraph
from .intune_graph import EXCLUDED, USERS, IntuneGraph
from .method_graph import MethodGraph
from .posture_graph import PostureGraph
from .preparation_graph import PreparationGraph
from .readiness.readiness_graph import ADA, PACKAGE, ReadinessGraph

LONGEST_MSG = 5000
#: A field that is not there, and lists in lists that no reader gets out of.
MISSING, DEEP = object(), json.loads("[" * 300 + "]" * 300)
ODD = (
    *(MISSING, None, DEEP, True, False, 0, -1, 2**70, 1e300, float("nan"), float("inf")),
    *("", "x", "\u0663", "\ud800", "\x1b[2J\r\n", "..", "a/b", "y" * 70_000, "z\n" * 4000, "{{ 7 * 7 }}"),
    *([], [None], [{}], ["x"], [["x"]], {}, {"id": "x"}, {"value": []}),
)
Answers = Callable[[str, t.Any], t.Any]
Path = tuple[t.Any, ...]


class EveryGraph(
    LogGraph, PostureGraph, AutopilotGraph, IdentifierGraph, PreparationGraph, IntuneGraph, ReadinessGraph, MethodGraph
):
    """A tenant that every module finds something in."""

    def __init__(self) -> None:
        super().__init__()
        device = self.add("PC-1", extensionAttributes={"extensionAttribute1": "old"})
        self.add("PC-2", trustType="ServerAd", profileType="SecureVM")
        self.enroll(device, serialNumber="SN1")
        self.register(device, userPrincipalName="someone@contoso.com")
        self.owners[ADA] = [device["id"]]
        self.sign_in(PACKAGE, 50076, appliedConditionalAccessPolicies=[applied("MFA", "failure", "Mfa")])
        self.sign_in(ADA, 0, deviceDetail={"deviceId": device["deviceId"], "displayName": "PC-1", "isCompliant": True})
        self.audit("PC-3", failed=True, additionalDetails=[{"key": "Device Id", "value": guid("another")}])
        self.failure("userValidation", "UserNotLicensed", deviceId=device["deviceId"], userId=guid(ADA))
        self.events.append({"id": guid("event"), "deviceSerialNumber": "SN1", "deploymentState": "success"})
        self.keys.append({"id": guid("key"), "deviceId": device["deviceId"]})
        self.laps.append({"id": device["deviceId"], "deviceName": "PC-1"})
        self.assignments["assignment-0"] = {
            "id": "assignment-0",
            "roleDefinitionId": roles.ROLE,
            "principalId": guid("someone"),
            "directoryScopeId": "/",
            "principal": {"@odata.type": "#microsoft.graph.user", "userPrincipalName": "someone@contoso.com"},
        }
        self.add_group("Crew", (guid("member"),))
        self.other_configurations = [{"id": guid(f"other {n}"), **row} for n, row in enumerate(self.enrollment)]
        self.add_profile("Office", self.target("Staff"), self.target("Pilot", EXCLUDED))
        self.add_profile("Other", self.target("Staff"))
        self.add_page("Office", self.target("Staff"), {"@odata.type": USERS})
        self.associate("SN1", smbiosUuid=guid("smbios"), managedDeviceId=self.managed[0]["id"])
        self.associate("SN2", associationState="associated")
        self.held["HP,EliteBook,5CG1"] = guid("identifier")
        self.autopilot[0]["userPrincipalName"] = ADA
        policy, group = self.prepare("Prepared"), guid("prepared devices")
        names = "enrollment_autopilot_dpp_"
        policy["settings"] = [
            {
                "settingInstance": {
                    "settingDefinitionId": f"{names}accountype",
                    "choiceSettingValue": {"value": f"{names}accountype_1"},
                }
            },
            {
                "settingInstance": {
                    "settingDefinitionId": f"{names}devicesecuritygroupids",
                    "simpleSettingCollectionValue": [{"value": group}],
                }
            },
        ]
        policy["assignments"] = [{"target": self.target("Staff")}]
        self.group_owners[group] = [{"id": guid("client"), "appId": "f1346770-5b25-470b-88bd-d5744ab7952c"}]
        self.add_profiles()
        self.add_passkey(ADA)
        self.add_pass(ADA)
        self.know_by(ADA, self.users)
        self.add_app("App")
        self.add_app("Portal", "winGetApp")
        self.access.append(
            {
                "id": guid("policy"),
                "displayName": "MFA",
                "state": "enabled",
                "conditions": {
                    "users": {"includeUsers": ["All"], "excludeGroups": [guid("group Staff 0")]},
                    "applications": {"includeApplications": ["All"]},
                    "clientAppTypes": ["all"],
                },
                "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
            }
        )


@dataclasses.dataclass(frozen=True)
class TenantRun:
    """One module with these options; ``spec`` and ``constraints`` are its own, ``work`` does it."""

    work: Callable
    spec: dict
    options: dict[str, t.Any]
    constraints: dict = dataclasses.field(default_factory=dict)
    user: bool = False


_ID = guid("device PC-1")
_NAMED = {**NAMED_DEVICES_SPEC, **directory_device.ARGUMENT_SPEC}
_SHOWN = {**NAMED_DEVICES_SPEC, **directory_device_info.ARGUMENT_SPEC}
_PROFILE = {**APPROVAL_SPEC, **autopilot_profile.ARGUMENT_SPEC}
_PAGE = {**APPROVAL_SPEC, **enrollment_status_page.ARGUMENT_SPEC}
#: ``holds`` is nothing that Ansible's own validator knows.
_AUTOPILOT = {
    name: {key: value for key, value in option.items() if key != "holds"}
    for name, option in autopilot_device_info.ARGUMENT_SPEC.items()
}
_ASSOCIATION = {**APPROVAL_SPEC, **ansible_spec(device_association.ARGUMENT_SPEC)}
_RESET = {**APPROVAL_SPEC, **ansible_spec(managed_device_reset.ARGUMENT_SPEC)}
_IDENTIFIER = {**APPROVAL_SPEC, **corporate_identifier.ARGUMENT_SPEC}
_POSTURE = ansible_spec({**FINDINGS_SPEC, **directory_posture.ARGUMENT_SPEC})
_DIAGNOSED = ansible_spec({**FINDINGS_SPEC, **directory_diagnosis.ARGUMENT_SPEC})
_ARRIVAL = ansible_spec({**FINDINGS_SPEC, **wait_for_management.ARGUMENT_SPEC})
_CHECKED = {**FINDINGS_SPEC, **readiness_info.ARGUMENT_SPEC}
RUNS = {
    "info by id": TenantRun(
        views.find_devices,
        _SHOWN,
        {"device_ids": [_ID], "intune": True, "autopilot": True, "extension_attributes": True},
    ),
    "info of an owner": TenantRun(views.find_devices, _SHOWN, {"owner": ADA}),
    "info of all": TenantRun(views.find_devices, _SHOWN, {"stale_days": 30, "intune": True}),
    "autopilot info": TenantRun(device_views.find, _AUTOPILOT, {"deployments": True}),
    "device tagged": TenantRun(
        changes.ensure,
        _NAMED,
        {"device_ids": [_ID], "extension_attributes": {"extensionAttribute1": "x"}},
        directory_device.CONSTRAINTS,
    ),
    "device deleted": TenantRun(
        changes.ensure,
        _NAMED,
        {"names": ["PC-2"], "state": "absent", "max_deletions": 5},
        directory_device.CONSTRAINTS,
    ),
    "removal": TenantRun(
        removal.remove,
        device_removal.ARGUMENT_SPEC,
        {"devices": [{"device_id": _ID, "serial_number": "SN1"}, {"device_id": guid("gone")}]},
    ),
    "wipe": TenantRun(
        managed_reset.ensure,
        _RESET,
        {"action": "wipe", "devices": [{"serial_number": "SN1", "intune_device_id": guid("intune 0")}]},
    ),
    "unblock": TenantRun(
        managed_reset.ensure,
        _RESET,
        {"action": "unblock", "devices": [{"serial_number": "SN1", "autopilot_id": guid("autopilot 0")}]},
    ),
    "autopilot": TenantRun(
        registrations.ensure,
        autopilot_device.ARGUMENT_SPEC,
        {
            "devices": [
                {"serial_number": "SN1", "group_tag": "x"},
                {
                    "serial_number": "SN-new",
                    "hardware_hash": hash_of("SN-new"),
                    "assigned_user": ADA,
                    "display_name": "d",
                },
            ]
        },
        autopilot_device.CONSTRAINTS,
    ),
    "autopilot removal": TenantRun(
        registrations.ensure,
        autopilot_device.ARGUMENT_SPEC,
        {"devices": [{"serial_number": "SN1"}], "state": "absent"},
        autopilot_device.CONSTRAINTS,
    ),
    "autopilot user cleared": TenantRun(
        registrations.ensure,
        autopilot_device.ARGUMENT_SPEC,
        {"devices": [{"serial_number": "SN1", "clear": ["assigned_user"]}]},
        autopilot_device.CONSTRAINTS,
    ),
    "group made": TenantRun(
        groups.ensure, group.ARGUMENT_SPEC, {"name": "New", "description": "d", "groups": ["Staff"]}, group.CONSTRAINTS
    ),
    "group changed": TenantRun(
        groups.ensure,
        group.ARGUMENT_SPEC,
        {"name": "Crew", "description": "d", "groups": ["Staff", "Pilot"], "members_state": "exact"},
        group.CONSTRAINTS,
    ),
    "group deleted": TenantRun(
        groups.ensure, group.ARGUMENT_SPEC, {"name": "Crew", "state": "absent"}, group.CONSTRAINTS
    ),
    "role": TenantRun(
        roles.ensure, local_admin_role.ARGUMENT_SPEC, {"groups": ["Staff"], "users": [], "state": "exact"}
    ),
    "scope": TenantRun(
        scopes.ensure,
        mdm_scope.ARGUMENT_SPEC,
        {"scope": "selected", "groups": ["Staff"], "discovery_url": "https://x"},
        user=True,
    ),
    "policy": TenantRun(
        policies.ensure,
        registration_policy.ARGUMENT_SPEC,
        {"join": {"scope": "selected", "groups": ["Staff"]}, "devices_per_user": 5},
    ),
    "profile made": TenantRun(
        profiles.ensure,
        _PROFILE,
        {"name": "New", "all_devices": True, "approval_justification": "x"},
        autopilot_profile.CONSTRAINTS,
    ),
    "profile changed": TenantRun(
        profiles.ensure,
        _PROFILE,
        {"name": "Office", "description": "d", "included_groups": ["Pilot"], "excluded_groups": []},
        autopilot_profile.CONSTRAINTS,
    ),
    "profile deleted": TenantRun(
        profiles.ensure, _PROFILE, {"name": "Office", "state": "absent"}, autopilot_profile.CONSTRAINTS
    ),
    "page made": TenantRun(
        pages.ensure,
        _PAGE,
        {"name": "New", "priority": 1, "blocking_apps": ["Portal", guid("app App win32LobApp 0")], "all_devices": True},
        enrollment_status_page.CONSTRAINTS,
    ),
    "page changed": TenantRun(
        pages.ensure,
        _PAGE,
        {"name": "Office", "timeout_minutes": 5, "included_groups": ["Pilot"]},
        enrollment_status_page.CONSTRAINTS,
    ),
    "page deleted": TenantRun(
        pages.ensure, _PAGE, {"name": "Office", "state": "absent"}, enrollment_status_page.CONSTRAINTS
    ),
    "association made": TenantRun(
        associations.ensure,
        _ASSOCIATION,
        {
            "devices": [
                {"device_link": device_link.make("SN9", guid("smbios 9")), "device_preparation_policy": "Prepared"},
                {"serial_number": "SN2", "device_preparation_policy": "Prepared"},
            ]
        },
    ),
    "association removed": TenantRun(
        associations.ensure, _ASSOCIATION, {"devices": [{"serial_number": "SN1"}], "state": "absent"}
    ),
    "identifiers made": TenantRun(
        identifiers.ensure,
        _IDENTIFIER,
        {"devices": [{"manufacturer": "HP", "model": "EliteBook", "serial_number": "5CG2"}]},
        corporate_identifier.CONSTRAINTS,
    ),
    "identifiers removed": TenantRun(
        identifiers.ensure,
        _IDENTIFIER,
        {"devices": [{"manufacturer": "HP", "model": "EliteBook", "serial_number": "5CG1"}], "state": "absent"},
        corporate_identifier.CONSTRAINTS,
    ),
    "security keys": TenantRun(
        security_keys.ensure,
        ansible_spec(security_key_policy.ARGUMENT_SPEC),
        {
            "key_restrictions": {"enforcement": "allow", "aaguids": [guid("another key")]},
            "attestation_required": True,
            "include": {"scope": "selected", "groups": ["Staff"]},
            "excluded_groups": ["Pilot"],
        },
    ),
    "method info": TenantRun(methods.show, user_method_info.ARGUMENT_SPEC, {"users": [ADA, "nobody"]}),
    "posture info": TenantRun(
        posture.look,
        _POSTURE,
        {"device_ids": [_ID, guid("another device")], "applications": ["Office365"]},
    ),
    "diagnosis info": TenantRun(
        diagnoses.diagnose_in_tenant,
        _DIAGNOSED,
        {
            "devices": [
                {"name": "PC-1", "device_id": _ID, "user": ADA},
                {"name": "PC-3", "diagnosis": said(finding("0xcaa2000c", request_id=guid("request 0")))},
            ],
            "log_wait": 0,
        },
    ),
    "arrival info": TenantRun(
        wait.wait,
        _ARRIVAL,
        {
            "device_ids": [_ID, guid("another device")],
            "expect_compliant": True,
            "expect_policies": True,
            "timeout": 30,
        },
    ),
    "passes removed": TenantRun(
        passes.ensure,
        ansible_spec(temporary_access_pass.ARGUMENT_SPEC),
        {"users": [ADA], "state": "absent", "policy": {"state": "enabled", "maximum_lifetime": 500}},
    ),
    "readiness of device preparation": TenantRun(verdict.judge, _CHECKED, {"device_preparation": True}),
    "readiness": TenantRun(verdict.judge, _CHECKED, {"users": [ADA], "user_prefixes": ["package_"]}),
    "readiness of a user": TenantRun(
        verdict.judge, _CHECKED, {"users": [ADA], "user_prefixes": ["package_"]}, user=True
    ),
}


def play(name: str, answers: Answers) -> dict:
    """The result of a run in which each answer is what ``answers`` makes of it. AssertionError for a result that no
    module gives; whatever else is raised is a fault of the product."""
    run = RUNS[name]
    checked = ArgumentSpecValidator(run.spec, **run.constraints).validate(run.options)
    assert not checked.error_messages
    bench = Bench()
    bench.graph = EveryGraph()
    bench.twist = lambda request, answer: _twisted(request, answer, answers)
    if run.user:
        bench.settings = dataclasses.replace(bench.settings, kind="device_code", client_secret=None)
    result = bench.run(run.work, copy.deepcopy(checked.validated_parameters))
    _judge(result)
    return result


def _judge(result: dict) -> None:
    json.dumps(result, ensure_ascii=False, allow_nan=False).encode()
    if result.get("failed"):
        assert len(result["msg"]) < LONGEST_MSG and result["msg"].isprintable(), result["msg"]
        assert result["error"]["name"] and result["error"]["side"] in SIDES


def _twisted(request: httpx.Request, answer: httpx.Response, answers: Answers) -> httpx.Response:
    path = request.url.path.partition("/")[2].partition("/")[2]
    body = answer.json() if answer.content else MISSING
    if path == "$batch":
        asked = {row["id"]: _label(row) for row in json.loads(request.content)["requests"]}
        for row in body["responses"]:
            changed = answers(asked[row["id"]], row.get("body", MISSING))
            row.pop("body", None)
            if changed is not MISSING:
                row["body"] = changed
    body = answers(f"{request.method} {path}", body)
    content = b"" if body is MISSING else json.dumps(body).encode()
    return httpx.Response(answer.status_code, headers={"Content-Type": "application/json"}, content=content)


def _label(asked: dict) -> str:
    return f"{asked['method']} {unquote(asked['url'].partition('?')[0].lstrip('/'))}"


def told(name: str) -> list[tuple[str, Path]]:
    """(label, path) of everything that a run is told when nothing is changed, once each and in order."""
    found: dict[tuple[str, Path], None] = {}

    def note(label: str, body: t.Any) -> t.Any:
        if body is not MISSING:
            found.update(dict.fromkeys((label, path) for path in _paths(body)))
        return body

    play(name, note)
    return list(found)


def changing(label: str, path: Path, value: t.Any) -> Answers:
    """Answers of which, for requests of this label, the value at the path is another."""

    def answers(asked: str, body: t.Any) -> t.Any:
        if asked != label or body is MISSING:
            return body
        if not path:
            return value
        body = copy.deepcopy(body)
        place = body
        try:
            for step in path[:-1]:
                place = place[step]
            place[path[-1]]
        except (LookupError, TypeError):
            return body  # a later answer to the same question has no such place
        if value is MISSING:
            del place[path[-1]]
        else:
            place[path[-1]] = value
        return body

    return answers


def _paths(value: t.Any, at: Path = ()) -> t.Iterator[Path]:
    yield at
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield from _paths(inner, (*at, step))
