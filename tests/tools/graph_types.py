# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write tests/lab/graph/types.json: which properties the types of Microsoft Graph have, and of what kind.

Usage: graph_types.py DIRECTORY, which holds openapi-v1.0.json and openapi-beta.json, made from
microsoftgraph/msgraph-metadata (MIT, Copyright (c) Microsoft Corporation).

A kind is ``string``, ``boolean``, ``int``, ``date``, ``list``, ``object``, ``enum:a|b|c``, or ``relation``; a ``?``
behind it: may be null; a ``!``: read-only.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

PREFIX = "microsoft.graph."
TYPES = (
    "directoryObject",
    "device",
    "group",
    "user",
    "servicePrincipal",
    "directoryRole",
    "organization",
    "managedDevice",
    "windowsAutopilotDeviceIdentity",
    "deviceManagementAutopilotEvent",
    "importedWindowsAutopilotDeviceIdentity",
    "windowsAutopilotSettings",
    "unifiedRoleAssignment",
    "unifiedRoleDefinition",
    "conditionalAccessPolicy",
    "identitySecurityDefaultsEnforcementPolicy",
    "subscribedSku",
    "licenseDetails",
    "deviceLocalCredentialInfo",
    "bitlockerRecoveryKey",
    "deviceRegistrationPolicy",
    "mobileDeviceManagementPolicy",
    "mobileAppManagementPolicy",
    "deviceEnrollmentConfiguration",
    "deviceEnrollmentLimitConfiguration",
    "deviceEnrollmentPlatformRestrictionsConfiguration",
    "deviceEnrollmentPlatformRestrictionConfiguration",
    "tenantAssociatedDevice",
    "importedDeviceIdentity",
    "importedDeviceIdentityResult",
    "deviceManagementConfigurationPolicy",
    "deviceManagementConfigurationSetting",
    "deviceManagementConfigurationPolicyAssignment",
    "windows10EnrollmentCompletionPageConfiguration",
    "enrollmentConfigurationAssignment",
    "windowsAutopilotDeploymentProfile",
    "azureADWindowsAutopilotDeploymentProfile",
    "activeDirectoryWindowsAutopilotDeploymentProfile",
    "windowsAutopilotDeploymentProfileAssignment",
    "mobileApp",
    "operationApprovalRequest",
    "authenticationMethodsPolicy",
    "fido2AuthenticationMethodConfiguration",
    "temporaryAccessPassAuthenticationMethodConfiguration",
    "fido2AuthenticationMethod",
    "temporaryAccessPassAuthenticationMethod",
    "userRegistrationDetails",
    "deviceCompliancePolicyState",
    "deviceCompliancePolicySettingState",
    "deviceConfigurationState",
    "deviceConfigurationSettingState",
    "domain",
    "whatIfAnalysisResult",
    "signIn",
    "directoryAudit",
    "enrollmentTroubleshootingEvent",
)
TARGET = Path(__file__).resolve().parents[1] / "lab" / "graph" / "types.json"


def collect(directory: Path) -> dict[str, dict[str, dict[str, str]]]:
    """{version: {type: {property: kind}}} of the descriptions in a directory."""
    return {version: _version(directory / f"openapi-{version}.json") for version in ("v1.0", "beta")}


def text(types: dict) -> str:
    """One line a type, so that it can be read and compared."""
    parts = []
    for version, known in types.items():
        lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(kinds, sort_keys=True)}" for name, kinds in known.items())
        parts.append(f"{json.dumps(version)}: {{\n{lines}\n}}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _version(path: Path) -> dict[str, dict[str, str]]:
    schemas = json.loads(path.read_text(encoding="utf-8"))["components"]["schemas"]
    return {name: _properties(schemas, PREFIX + name) for name in TYPES if PREFIX + name in schemas}


def _properties(schemas: dict, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in schemas[name].get("allOf", [schemas[name]]):
        if "$ref" in part:
            found = {**_properties(schemas, part["$ref"].rpartition("/")[2]), **found}
        for label, schema in part.get("properties", {}).items():
            if not label.startswith("@"):
                found[label] = _kind(schemas, schema)
    return found


def _kind(schemas: dict, schema: dict) -> str:
    flags = ("?" if schema.get("nullable") else "") + ("!" if schema.get("readOnly") else "")
    if schema.get("x-ms-navigationProperty"):
        return "relation"
    reference = schema.get("$ref") or schema.get("anyOf", [{}])[0].get("$ref")
    if reference:
        target = schemas[reference.rpartition("/")[2]]
        if "enum" in target:
            return "enum:" + "|".join(target["enum"]) + flags
        return ("relation" if _is_entity(schemas, target) else "object") + flags
    if schema.get("type") == "array":
        return "list" + flags
    if schema.get("type") == "number":
        return "int" + flags
    if schema.get("format") == "date-time":
        return "date" + flags
    return schema.get("type", "relation") + flags


def _is_entity(schemas: dict, schema: dict) -> bool:
    parents = [part["$ref"].rpartition("/")[2] for part in schema.get("allOf", []) if "$ref" in part]
    return any(parent == PREFIX + "entity" or _is_entity(schemas, schemas[parent]) for parent in parents)


if __name__ == "__main__":
    TARGET.write_text(text(collect(Path(sys.argv[1]))), encoding="utf-8")
