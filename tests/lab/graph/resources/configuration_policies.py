# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/deviceManagement/configurationPolicies (beta): policies of the settings catalog, read only, with their settings."""

from __future__ import annotations

from ..answers import Answer, Call, intune_error
from ..query import Kind, Row, collection, entity
from ..routing import route

READ = "DeviceManagementConfiguration.Read.All DeviceManagementConfiguration.ReadWrite.All"
_ROOT = "/deviceManagement/configurationPolicies"


POLICY = Kind("deviceManagementConfigurationPolicy", pages=(100, 100))
SETTING = Kind("deviceManagementConfigurationSetting", pages=(100, 100))
ASSIGNMENT = Kind("deviceManagementConfigurationPolicyAssignment", pages=(100, 100))


@route("GET", _ROOT, READ, versions=("beta",))
def list_policies(call: Call) -> Answer:
    return collection(call, POLICY, call.side.tenant.configuration_policies.values())


@route("GET", _ROOT + "/{id}", READ, versions=("beta",))
def read(call: Call) -> Answer:
    return entity(call, POLICY, find(call))


@route("GET", _ROOT + "/{id}/settings", READ, versions=("beta",))
def settings(call: Call) -> Answer:
    return collection(call, SETTING, find(call)["settings"])


@route("GET", _ROOT + "/{id}/assignments", READ, versions=("beta",))
def assignments(call: Call) -> Answer:
    return collection(call, ASSIGNMENT, find(call)["assignments"])


def find(call: Call) -> Row:
    found = call.side.tenant.configuration_policies.get(call.params["id"].lower())
    if found is None:
        raise intune_error(404, "ResourceNotFound", "Policy not found", "/".join(call.path))
    return found
