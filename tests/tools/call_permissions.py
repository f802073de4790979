# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write call_permissions.json: for each call of the tenant modules, the permissions of which one is enough.

Usage: call_permissions.py DIRECTORY, which holds openapi-v1.0.json and openapi-beta.json with ``x-permissions``, made
from microsoftgraph/microsoft-graph-devx-content, permissions.json (MIT, Copyright (c) Microsoft Corporation).

A new call of a module is a line of CALLS.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

_COLLECTIONS = ("mobileDeviceManagementPolicies", "mobileAppManagementPolicies")
_METHOD_POLICY = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations"
_STATES = "/deviceManagement/managedDevices/{id}"
_KINDS_OF_STATES = ("deviceCompliancePolicyStates", "deviceConfigurationStates")
_REPORT = "/deviceManagement/reports/getConfigurationPoliciesReportForDevice"
#: By version: the calls as the modules make them, each with ``{id}`` for what is looked up.
CALLS = {
    "v1.0": (
        "GET /policies/deviceRegistrationPolicy",
        "PUT /policies/deviceRegistrationPolicy",
        *(f"{method} {_METHOD_POLICY}/{{id}}" for method in ("GET", "PATCH")),
        "GET /policies/identitySecurityDefaultsEnforcementPolicy",
        "GET /identity/conditionalAccess/policies",
        "GET /servicePrincipals",
        "GET /users",
        "GET /users/{id}",
        "POST /users/{id}/checkMemberGroups",
        "GET /users/{id}/ownedDevices/microsoft.graph.device",
        "GET /users/{id}/authentication/fido2Methods",
        "GET /users/{id}/authentication/temporaryAccessPassMethods",
        "POST /users/{id}/authentication/temporaryAccessPassMethods",
        "DELETE /users/{id}/authentication/temporaryAccessPassMethods/{id}",
        "GET /reports/authenticationMethods/userRegistrationDetails",
        "GET /reports/authenticationMethods/userRegistrationDetails/{id}",
        "GET /groups",
        "POST /groups",
        "GET /groups/{id}",
        "PATCH /groups/{id}",
        "DELETE /groups/{id}",
        "GET /groups/{id}/members",
        "POST /groups/{id}/members/$ref",
        "DELETE /groups/{id}/members/{id}/$ref",
        "GET /groups/{id}/owners",
        "GET /roleManagement/directory/roleAssignments",
        "POST /roleManagement/directory/roleAssignments",
        "DELETE /roleManagement/directory/roleAssignments/{id}",
        "GET /devices",
        "GET /devices/{id}",
        "PATCH /devices/{id}",
        "DELETE /devices/{id}",
        "GET /deviceManagement/managedDevices",
        "GET /deviceManagement/managedDevices/{id}",
        "DELETE /deviceManagement/managedDevices/{id}",
        "GET /deviceManagement/windowsAutopilotDeviceIdentities",
        "GET /deviceManagement/windowsAutopilotDeviceIdentities/{id}",
        "DELETE /deviceManagement/windowsAutopilotDeviceIdentities/{id}",
        "POST /deviceManagement/windowsAutopilotDeviceIdentities/{id}/updateDeviceProperties",
        "POST /deviceManagement/windowsAutopilotDeviceIdentities/{id}/unassignUserFromDevice",
        "GET /deviceManagement/importedWindowsAutopilotDeviceIdentities",
        "GET /deviceManagement/importedWindowsAutopilotDeviceIdentities/{id}",
        "POST /deviceManagement/importedWindowsAutopilotDeviceIdentities/import",
        "DELETE /deviceManagement/importedWindowsAutopilotDeviceIdentities/{id}",
        "GET /deviceManagement/managedDevices/{id}/users",
        "GET /domains",
        "POST /identity/conditionalAccess/evaluate",
        "GET /informationProtection/bitlocker/recoveryKeys",
        "GET /directory/deviceLocalCredentials",
        "GET /auditLogs/directoryAudits",
        "GET /deviceManagement/troubleshootingEvents",
    ),
    "beta": (
        "GET /auditLogs/signIns",
        "GET /deviceManagement/deviceEnrollmentConfigurations",
        "GET /deviceManagement/managedDevices/{id}",
        "POST /deviceManagement/managedDevices/{id}/wipe",
        *(f"GET {_STATES}/{kind}{tail}" for kind in _KINDS_OF_STATES for tail in ("", "/{id}/settingStates")),
        f"POST {_REPORT}",
        "GET /deviceManagement/windowsAutopilotDeviceIdentities/{id}",
        "POST /deviceManagement/windowsAutopilotDeviceIdentities/{id}/allowNextEnrollment",
        "GET /deviceManagement/configurationPolicies",
        "GET /deviceManagement/configurationPolicies/{id}/settings",
        "GET /deviceManagement/configurationPolicies/{id}/assignments",
        "GET /deviceManagement/tenantAssociatedDevices",
        "GET /deviceManagement/tenantAssociatedDevices/{id}",
        "POST /deviceManagement/tenantAssociatedDevices/importTenantAssociatedDevice",
        "PATCH /deviceManagement/tenantAssociatedDevices/{id}",
        "DELETE /deviceManagement/tenantAssociatedDevices/{id}",
        "GET /deviceManagement/importedDeviceIdentities",
        "POST /deviceManagement/importedDeviceIdentities/importDeviceIdentityList",
        "DELETE /deviceManagement/importedDeviceIdentities/{id}",
        "GET /deviceManagement/operationApprovalRequests",
        "GET /deviceManagement/operationApprovalRequests/{id}",
        "GET /deviceManagement/autopilotEvents",
        "GET /deviceManagement/windowsAutopilotDeviceIdentities",
        "GET /deviceManagement/windowsAutopilotSettings",
        "POST /deviceManagement/windowsAutopilotSettings/sync",
        "POST /deviceManagement/deviceEnrollmentConfigurations",
        "GET /deviceManagement/deviceEnrollmentConfigurations/{id}",
        "PATCH /deviceManagement/deviceEnrollmentConfigurations/{id}",
        "DELETE /deviceManagement/deviceEnrollmentConfigurations/{id}",
        "GET /deviceManagement/deviceEnrollmentConfigurations/{id}/assignments",
        "POST /deviceManagement/deviceEnrollmentConfigurations/{id}/assign",
        "POST /deviceManagement/deviceEnrollmentConfigurations/{id}/setPriority",
        "GET /deviceManagement/windowsAutopilotDeploymentProfiles",
        "POST /deviceManagement/windowsAutopilotDeploymentProfiles",
        "GET /deviceManagement/windowsAutopilotDeploymentProfiles/{id}",
        "PATCH /deviceManagement/windowsAutopilotDeploymentProfiles/{id}",
        "DELETE /deviceManagement/windowsAutopilotDeploymentProfiles/{id}",
        "GET /deviceManagement/windowsAutopilotDeploymentProfiles/{id}/assignments",
        "POST /deviceManagement/windowsAutopilotDeploymentProfiles/{id}/assignments",
        "DELETE /deviceManagement/windowsAutopilotDeploymentProfiles/{id}/assignments/{id}",
        "GET /deviceAppManagement/mobileApps",
        "GET /deviceAppManagement/mobileApps/{id}",
        *(
            f"{method} /policies/{collection}/{{id}}{tail}"
            for collection in _COLLECTIONS
            for method, tail in (
                ("GET", ""),
                ("PATCH", ""),
                ("GET", "/includedGroups"),
                ("POST", "/includedGroups/$ref"),
                ("DELETE", "/includedGroups/{id}/$ref"),
            )
        ),
    ),
}
_PROFILE = "/deviceManagement/windowsAutopilotDeploymentProfiles/{id}"
_ASSOCIATED, _IMPORTED = "/deviceManagement/tenantAssociatedDevices", "/deviceManagement/importedDeviceIdentities"
#: Calls for which Microsoft publishes nothing in this form, and another that needs the same by its reference, or as
#: public tools use it.
SAID_BY = {
    "POST /groups/{id}/members/$ref": "DELETE /groups/{id}/members/{id}/$ref",
    f"GET {_ASSOCIATED}": f"GET {_IMPORTED}",
    f"GET {_ASSOCIATED}/{{id}}": f"GET {_IMPORTED}/{{id}}",
    f"POST {_ASSOCIATED}/importTenantAssociatedDevice": f"POST {_IMPORTED}",
    f"PATCH {_ASSOCIATED}/{{id}}": f"PATCH {_IMPORTED}/{{id}}",
    f"DELETE {_ASSOCIATED}/{{id}}": f"DELETE {_IMPORTED}/{{id}}",
    "POST /deviceManagement/windowsAutopilotDeviceIdentities/{id}/allowNextEnrollment": (
        "POST /deviceManagement/windowsAutopilotSettings/sync"
    ),
    f"GET {_STATES}/users": f"GET {_STATES}",
    **{
        f"GET {_STATES}/{kind}{tail}": "GET /deviceManagement/configurationPolicies"
        for kind in _KINDS_OF_STATES
        for tail in ("", "/{id}/settingStates")
    },
    f"POST {_REPORT}": "GET /deviceManagement/configurationPolicies",
    f"GET {_PROFILE}/assignments": f"GET {_PROFILE}",
    f"POST {_PROFILE}/assignments": f"PATCH {_PROFILE}",
    f"DELETE {_PROFILE}/assignments/{{id}}": f"PATCH {_PROFILE}",
}
TARGET = Path(__file__).resolve().parents[2] / "plugins/plugin_utils/tenant/graph/call_permissions.json"


def collect(directory: Path) -> list[dict]:
    """The entries, of the descriptions in a directory. KeyError for a call that Microsoft does not describe."""
    rows = []
    for version, calls in CALLS.items():
        described = json.loads((directory / f"openapi-{version}.json").read_text(encoding="utf-8"))
        operations = {
            f"{method.upper()} {re.sub(r'{[^}]*}', '{id}', path)}": operation.get("x-permissions", {})
            for path, item in described["paths"].items()
            for method, operation in item.items()
            if isinstance(operation, dict)
        }
        for call in calls:
            found = operations[SAID_BY.get(call, call).replace("microsoft.graph.", "graph.")]
            kinds = {
                kind: sorted(name.lstrip("*") for name in found.get(kind, ())) for kind in ("application", "delegated")
            }
            rows.append({"call": call, "version": version, **kinds})
    return rows


def text(rows: list[dict]) -> str:
    """One line a call, so that it can be read and compared."""
    return "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    TARGET.write_text(text(collect(Path(sys.argv[1]))), encoding="utf-8")
