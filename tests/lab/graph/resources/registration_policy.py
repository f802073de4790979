# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/policies/deviceRegistrationPolicy: read, and replaced as a whole by PUT.

Microsoft Graph reference, "Update deviceRegistrationPolicy"; microsoft-graph-docs-contrib issue 8532 (missing quota);
Microsoft365DSC issue 6449 (``isAdminConfigurable`` is accepted and ignored).
"""

from __future__ import annotations

import copy
import typing as t
import uuid

from ...tenant import roles
from ..answers import Answer, Call, GraphError
from ..query import Kind, entity
from ..routing import route
from ..types import check_value

POLICY = Kind("deviceRegistrationPolicy")
READ = "Policy.Read.DeviceConfiguration Policy.ReadWrite.DeviceConfiguration"
ADMINISTRATORS = (roles.CLOUD_DEVICE_ADMINISTRATOR, roles.INTUNE_ADMINISTRATOR, roles.WINDOWS_365_ADMINISTRATOR)
_PREFIX = "#microsoft.graph."
MEMBERSHIPS = {
    _PREFIX + name: properties
    for name, properties in (
        ("allDeviceRegistrationMembership", ()),
        ("noDeviceRegistrationMembership", ()),
        ("enumeratedDeviceRegistrationMembership", ("users", "groups")),
    )
}
MFA = ("notRequired", "required")


@route("GET", "/policies/deviceRegistrationPolicy", READ)
def read(call: Call) -> Answer:
    return entity(call, POLICY, call.side.view.one("registration_policy"))


@route("PUT", "/policies/deviceRegistrationPolicy", "Policy.ReadWrite.DeviceConfiguration", roles=ADMINISTRATORS)
def replace(call: Call) -> Answer:
    """Everything is replaced, so everything must be there; id, displayName and description are tolerated."""
    body = dict(call.object_body())
    real = call.side.tenant.registration_policy
    if body.get("userDeviceQuota") is None:
        if not call.side.faults.take(("quota_reset",), "PUT"):
            raise _missing("quota")
        body["userDeviceQuota"] = 0
    for label in ("multiFactorAuthConfiguration", "azureADRegistration", "azureADJoin", "localAdminPassword"):
        if body.get(label) is None:
            raise _missing(label)
    unknown = set(body) - set(real) - {"@odata.type", "@odata.context"}
    if unknown:
        raise _invalid(
            f"The property '{sorted(unknown)[0]}' does not exist on type 'microsoft.graph.deviceRegistrationPolicy'."
        )
    new = _policy(body)
    new["azureADJoin"]["isAdminConfigurable"] = real["azureADJoin"]["isAdminConfigurable"]
    registration = new["azureADRegistration"]
    registration["isAdminConfigurable"] = real["azureADRegistration"]["isAdminConfigurable"]
    if not registration["isAdminConfigurable"]:  # locked once an MDM is configured; what was sent is ignored
        registration["allowedToRegister"] = copy.deepcopy(real["azureADRegistration"]["allowedToRegister"])
    call.side.view.touch("registration_policy")
    call.side.tenant.registration_policy = {**real, **new}
    return entity(call, POLICY, call.side.tenant.registration_policy)


def _policy(body: dict[str, t.Any]) -> dict[str, t.Any]:
    quota, mfa = body["userDeviceQuota"], body["multiFactorAuthConfiguration"]
    check_value("userDeviceQuota", quota, "int")
    if not 0 <= quota <= 2147483647:
        raise _invalid("The value of userDeviceQuota is out of range.")
    if mfa not in MFA:
        raise _invalid(f"multiFactorAuthConfiguration must be one of {', '.join(MFA)}.")
    registration = _object(body, "azureADRegistration", ("allowedToRegister", "isAdminConfigurable"))
    join = _object(body, "azureADJoin", ("allowedToJoin", "isAdminConfigurable", "localAdmins"))
    admins = _object(join, "localAdmins", ("enableGlobalAdmins", "registeringUsers"))
    password = _object(body, "localAdminPassword", ("isEnabled",))
    return {
        "userDeviceQuota": quota,
        "multiFactorAuthConfiguration": mfa,
        "azureADRegistration": {"allowedToRegister": _membership(registration, "allowedToRegister")},
        "azureADJoin": {
            "allowedToJoin": _membership(join, "allowedToJoin"),
            "localAdmins": {
                "enableGlobalAdmins": _boolean(admins, "enableGlobalAdmins"),
                "registeringUsers": _membership(admins, "registeringUsers"),
            },
        },
        "localAdminPassword": {"isEnabled": _boolean(password, "isEnabled")},
    }


def _object(body: dict[str, t.Any], label: str, known: tuple[str, ...]) -> dict[str, t.Any]:
    value = body.get(label)
    if not isinstance(value, dict):
        raise _missing(label)
    unknown = set(value) - set(known) - {"@odata.type"}
    if unknown:
        raise _invalid(f"The property '{sorted(unknown)[0]}' does not exist on '{label}'.")
    return value


def _boolean(body: dict[str, t.Any], label: str) -> bool:
    if not isinstance(body.get(label), bool):
        raise _missing(label)
    return body[label]


def _membership(body: dict[str, t.Any], label: str) -> dict[str, t.Any]:
    value = body.get(label)
    if not isinstance(value, dict):
        raise _missing(label)
    kind = value.get("@odata.type")
    if kind not in MEMBERSHIPS:
        raise _invalid(f"{label}: the type of a membership must be named by @odata.type: {', '.join(MEMBERSHIPS)}.")
    if set(value) - {"@odata.type"} != set(MEMBERSHIPS[kind]):
        raise _invalid(f"{label}: {kind} has {' and '.join(MEMBERSHIPS[kind]) or 'no properties'}.")
    for name in MEMBERSHIPS[kind]:
        if not isinstance(value[name], list) or not all(_is_guid(member) for member in value[name]):
            raise _invalid(f"{label}.{name}: a list of object ids is expected.")
    return copy.deepcopy(value)


def _is_guid(text: t.Any) -> bool:
    try:
        return str(uuid.UUID(text)) == str(text).lower()
    except (ValueError, AttributeError, TypeError):
        return False


def _missing(what: str) -> GraphError:
    return _invalid(f"Tenant registration policy is missing a value for {what}.")


def _invalid(message: str) -> GraphError:
    return GraphError(400, "invalid_request", message)
