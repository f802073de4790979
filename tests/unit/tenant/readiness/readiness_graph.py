# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A FakeGraph with everything that a readiness check reads, ready for joins."""

from __future__ import annotations

import re

import httpx
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.doc_fragments.findings import FINDINGS_SPEC
from ansible_collections.winops.entra.plugins.modules.readiness_info import ARGUMENT_SPEC
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.readiness import verdict

from ..device_graph import DeviceBench, DeviceGraph
from ..fake_graph import _page, error, guid

INTUNE_A, P1 = "c1ec4a95-1f05-45b3-a911-aa3fa01094f5", "41781fb2-bc02-4b7c-bd55-b576c07bb09d"
REGISTRATION, SYNC_FABRIC = "01cb2876-7ebd-4aa4-9cc9-d28bd4d359a9", "00000014-0000-0000-c000-000000000000"
INTUNE, INTUNE_ENROLLMENT = "0000000a-0000-0000-c000-000000000000", "d4ebce55-015a-49b5-a083-c84d1797ae8c"
ADA, PACKAGE = "ada@contoso.com", "package_3f2504e0-4f89-11d3-9a0c-0305e82c3301@contoso.com"
TYPE, ONE_PLATFORM = "#microsoft.graph.deviceEnrollment", "PlatformRestrictionConfiguration"


class ReadinessGraph(DeviceGraph):
    def __init__(self) -> None:
        super().__init__()
        self.users = {}
        self.person(ADA, plans=(INTUNE_A, P1))
        self.person(PACKAGE)
        self.defaults = {"isEnabled": False}
        self.access: list[dict] = []
        self.principals = dict.fromkeys((REGISTRATION, SYNC_FABRIC, INTUNE, INTUNE_ENROLLMENT), True)
        self.enrollment = [
            {"@odata.type": TYPE + "LimitConfiguration", "priority": 0, "limit": 15, "displayName": "All users"},
            {
                "@odata.type": TYPE + "PlatformRestrictionsConfiguration",
                "priority": 0,
                "displayName": "All users",
                "windowsRestriction": {"platformBlocked": False},
            },
        ]
        self.mdm["appliesTo"] = "all"
        self.domains = {"contoso.com": "Managed"}
        #: (role, principal, scope) of role assignments; what the report of registered methods says of a user.
        self.roles: list[tuple[str, str, str]] = []
        self.report: dict[str, dict] = getattr(self, "report", {})
        #: What the service says of a policy, by its name: (policyApplies, analysisReasons). Of others that they apply
        #: where they are about the user action.
        self.says: dict[str, tuple[bool, str]] = {}
        self.limit_assignments: dict[str, list[dict]] = {}
        self.identifiers: list[dict] = []
        self.prepared: list[dict] = []
        self.profiles: list[dict] = []
        self.group_owners: dict[str, list[dict]] = {}

    def _answer(self, version, method, path, query, body, request) -> httpx.Response:
        if version == "v1.0" and path == "deviceManagement/deviceEnrollmentConfigurations":
            # v1.0 has the kinds of old only, and leaves the others out.
            return _page([row for row in self.enrollment if row.get("@odata.type") != TYPE + ONE_PLATFORM])
        return super()._answer(version, method, path, query, body, request)

    def person(self, upn: str, plans: tuple[str, ...] = (), **properties) -> dict:
        user = {
            "id": guid(upn),
            "userPrincipalName": upn,
            "accountEnabled": True,
            "userType": "Member",
            "assignedPlans": [{"servicePlanId": plan, "capabilityStatus": "Enabled"} for plan in plans],
            **properties,
        }
        self.users[user["id"]] = user
        self.owners.setdefault(upn, [])
        return user

    def _routes(self):
        return [
            (
                "GET policies/identitySecurityDefaultsEnforcementPolicy",
                lambda q, b: httpx.Response(200, json=self.defaults),
            ),
            ("GET identity/conditionalAccess/policies", lambda q, b: _page(self.access)),
            ("POST identity/conditionalAccess/evaluate", lambda q, b: _page([self._said(row) for row in self.access])),
            (
                "GET domains",
                lambda q, b: _page([{"id": name, "authenticationType": kind} for name, kind in self.domains.items()]),
            ),
            ("GET roleManagement/directory/roleAssignments", self._assignments),
            (
                "GET reports/authenticationMethods/userRegistrationDetails/([^/]+)",
                lambda q, b, identity: (
                    httpx.Response(200, json={"id": identity, **self.report[identity]})
                    if identity in self.report
                    else error(404, "ResourceNotFound")
                ),
            ),
            (
                "GET deviceManagement/deviceEnrollmentConfigurations/([^/]+)/assignments",
                lambda q, b, identity: _page([{"target": one} for one in self.limit_assignments[identity]]),
            ),
            (
                "GET servicePrincipals",
                lambda q, b: _page(
                    [
                        {"appId": app, "accountEnabled": enabled}
                        for app, enabled in self.principals.items()
                        if f"'{app}'" in q["$filter"]
                    ]
                ),
            ),
            ("GET deviceManagement/deviceEnrollmentConfigurations", lambda q, b: _page(self.enrollment)),
            ("GET deviceManagement/importedDeviceIdentities", lambda q, b: _page(self.identifiers)),
            ("GET deviceManagement/configurationPolicies", lambda q, b: _page(self.prepared)),
            ("GET deviceManagement/windowsAutopilotDeploymentProfiles", lambda q, b: _page(self.profiles)),
            (
                "GET deviceManagement/configurationPolicies/([^/]+)/(settings|assignments)",
                lambda q, b, identity, part: self._part(self.prepared, identity, part),
            ),
            (
                "GET deviceManagement/windowsAutopilotDeploymentProfiles/([^/]+)/(assignments)",
                lambda q, b, identity, part: self._part(self.profiles, identity, part),
            ),
            (
                "GET groups/([^/]+)/owners",
                lambda q, b, group: (
                    _page(self.group_owners[group]) if group in self.group_owners else error(404, "NotFound")
                ),
            ),
            ("GET users", self._search),
            (r"GET users/([^/]+)", lambda q, b, name: self._user(name)),
            (r"POST users/([^/]+)/checkMemberGroups", self._member),
            *super()._routes(),
        ]

    def _said(self, row: dict) -> dict:
        acts = "urn:user:registerdevice" in row["conditions"]["applications"].get("includeUserActions", [])
        applies, reasons = self.says.get(row["displayName"], (acts, "notSet" if acts else "userActions"))
        return {**row, "policyApplies": applies, "analysisReasons": reasons}

    def _assignments(self, query, body) -> httpx.Response:
        return _page(
            [
                {
                    "id": guid(f"{role}/{principal}/{scope}"),
                    "roleDefinitionId": role,
                    "principalId": principal,
                    "directoryScopeId": scope,
                    "principal": {
                        "@odata.type": f"#microsoft.graph.{'group' if principal in self.groups else 'user'}",
                        "id": principal,
                    },
                }
                for role, principal, scope in self.roles
                if role in query["$filter"]
            ]
            + list(self.assignments.values())
        )

    def _part(self, rows, identity, part) -> httpx.Response:
        return _page(next(row for row in rows if row["id"] == identity)[part])

    def _search(self, query, body) -> httpx.Response:
        prefix = re.fullmatch(r"startswith\(userPrincipalName,'((?:[^']|'')*)'\)", query["$filter"]).group(1)
        return _page(
            [user for user in self.users.values() if user["userPrincipalName"].startswith(prefix.replace("''", "'"))]
        )

    def _user(self, name: str) -> httpx.Response:
        found = next((user for user in self.users.values() if name in (user["id"], user["userPrincipalName"])), None)
        return httpx.Response(200, json=found) if found else error(404, "Request_ResourceNotFound")

    def _member(self, query, body, identity) -> httpx.Response:
        assert 0 < len(body["groupIds"]) <= 20
        return _page([group for group in body["groupIds"] if identity in self.members.get(group, [])])


class ReadinessBench(DeviceBench):
    graph: ReadinessGraph

    def __init__(self) -> None:
        super().__init__()
        self.graph = ReadinessGraph()


def run(bench, **options):
    spec = {**FINDINGS_SPEC, **ARGUMENT_SPEC}
    checked = ArgumentSpecValidator(spec).validate({"users": [ADA, PACKAGE], **options})
    assert not checked.error_messages
    return bench.run(verdict.judge, checked.validated_parameters, check_mode=True)


def findings(result, identity):
    return {finding["subject"]: finding for finding in result["findings"] if finding["id"] == identity}


def results(result, identity):
    return {subject: finding["result"] for subject, finding in findings(result, identity).items()}


def not_passed(result):
    return {
        (finding["id"], finding["subject"]): finding["result"]
        for finding in result["findings"]
        if finding["result"] != "pass"
    }


def policy(users, controls=("mfa",), apps=("All",), name="P", state="enabled", operator="OR", conditions=None, **more):
    applications = {"includeApplications": list(apps), **more}
    return {
        "id": guid(name),
        "displayName": name,
        "state": state,
        "conditions": {"users": users, "applications": applications, **(conditions or {})},
        "grantControls": {"operator": operator, "builtInControls": list(controls)},
    }
