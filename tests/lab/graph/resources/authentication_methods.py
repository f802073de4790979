# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authentication methods: the policies of passkeys and passes, what users have registered, and the report of it.

Microsoft Graph reference: "Update fido2AuthenticationMethodConfiguration", "Update
temporaryAccessPassAuthenticationMethodConfiguration", "Create temporaryAccessPassMethod" (the value is in that answer
only; a new pass takes the place of the one before), "List userRegistrationDetails". A write that names no type, a part
of keyRestrictions, and a pass outside the policy are refused with the lab's words.
"""

from __future__ import annotations

import copy
import secrets
import typing as t

from ...tenant import authentication, roles
from ...tenant.objects import utc_seconds
from ..answers import Answer, Call, GraphError, not_found
from ..query import Kind, Row, collection, entity
from ..routing import route
from ..types import check_body, properties
from .users import find

_POLICY = "/policies/authenticationMethodsPolicy"
_CONFIGURATIONS = _POLICY + "/authenticationMethodConfigurations"
READ_POLICY = "Policy.Read.AuthenticationMethod Policy.Read.All Policy.ReadWrite.AuthenticationMethod"
WRITE_POLICY = "Policy.ReadWrite.AuthenticationMethod"
READ_PASSES = (
    "UserAuthMethod-TAP.Read.All UserAuthMethod-TAP.ReadWrite.All UserAuthenticationMethod.Read.All "
    "UserAuthenticationMethod.ReadWrite.All"
)
READ_PASSES_DELEGATED = "UserAuthMethod-TAP.Read UserAuthMethod-TAP.ReadWrite " + READ_PASSES
WRITE_PASSES = "UserAuthMethod-TAP.ReadWrite.All UserAuthenticationMethod.ReadWrite.All"
ADMINISTRATORS = (roles.GLOBAL_ADMINISTRATOR,)
_PASSES = "/users/{id}/authentication/temporaryAccessPassMethods"
_REPORT = "/reports/authenticationMethods/userRegistrationDetails"
_NEVER_NULL = (
    *("isAdmin", "isMfaCapable", "isMfaRegistered", "isPasswordlessCapable"),
    *("isSsprCapable", "isSsprEnabled", "isSsprRegistered"),
)

#: Names of the tenant's fields by the lower-case names of the paths, with the type of each.
METHODS = {
    "fido2": ("passkey_policy", Kind("fido2AuthenticationMethodConfiguration")),
    "temporaryaccesspass": ("pass_policy", Kind("temporaryAccessPassAuthenticationMethodConfiguration")),
}
METHODS_POLICY = Kind("authenticationMethodsPolicy")
PASSKEY = Kind("fido2AuthenticationMethod", pages=None)
PASS = Kind("temporaryAccessPassAuthenticationMethod", pages=None)
DETAILS = Kind("userRegistrationDetails", pages=(1000, 1000))
#: What an answer has although it is a relation by the metadata.
_RELATIONS = ("includeTargets", "passkeyProfiles")
_LIFETIMES, _LENGTHS = (10, 43200), (8, 48)


@route("GET", _POLICY, READ_POLICY, delegated="Policy.Read.AuthenticationMethod Policy.Read.All " + WRITE_POLICY)
def read_all(call: Call) -> Answer:
    row = call.side.tenant.methods_policy
    answer = entity(call, METHODS_POLICY, row)
    if call.version == "beta":
        answer.body["optOutSettings"] = copy.deepcopy(row["optOutSettings"])
    return answer


@route("GET", _CONFIGURATIONS + "/{method}", READ_POLICY)
def read(call: Call) -> Answer:
    field, kind = _method(call)
    row = call.side.view.one(field)
    answer = entity(call, kind, row)
    answer.body.update({name: copy.deepcopy(row[name]) for name in _RELATIONS if name in row})
    return answer


@route("PATCH", _CONFIGURATIONS + "/{method}", WRITE_POLICY, roles=ADMINISTRATORS)
def change(call: Call) -> Answer:
    field, kind = _method(call)
    real, body = getattr(call.side.tenant, field), dict(call.object_body())
    if body.get("@odata.type") != real["@odata.type"]:
        raise _refused(f"The type of the policy must be named by @odata.type: {real['@odata.type']}.")
    lists = {name: body.pop(name) for name in _RELATIONS if name in body}
    new = check_body(call.version, kind.type, body)
    for name in (*lists, *new):
        if name not in real:
            raise _refused(f"The property '{name}' does not exist on this policy.")
    merged = {**real, **new, **lists}
    _check_targets(call, merged)
    if field == "passkey_policy":
        _check_passkeys(merged, real)
    else:
        _check_lifetimes(merged)
    call.side.view.touch(field)
    setattr(call.side.tenant, field, copy.deepcopy(merged))
    return Answer(204)


@route(
    "GET",
    "/users/{id}/authentication/fido2Methods",
    "UserAuthMethod-Passkey.Read.All",
    delegated="UserAuthMethod-Passkey.Read UserAuthMethod-Passkey.Read.All",
)
def passkeys(call: Call) -> Answer:
    return collection(call, PASSKEY, call.side.tenant.passkeys.get(find(call)["id"], []))


@route("GET", _PASSES, READ_PASSES, delegated=READ_PASSES_DELEGATED)
def list_passes(call: Call) -> Answer:
    row = _passes(call)
    return collection(call, PASS, [] if row is None else [row])


@route("GET", _PASSES + "/{pass}", READ_PASSES, delegated=READ_PASSES_DELEGATED)
def read_pass(call: Call) -> Answer:
    row = _passes(call)
    if row is None or row["id"] != call.params["pass"].lower():
        raise not_found(call.params["pass"])
    return entity(call, PASS, row)


@route("POST", _PASSES, WRITE_PASSES, roles=ADMINISTRATORS)
def create_pass(call: Call) -> Answer:
    user, tenant = find(call), call.side.tenant
    body, rules = check_body(call.version, PASS.type, call.object_body()), tenant.pass_policy
    lifetime = body.get("lifetimeInMinutes")
    if rules["state"] != "enabled" or not _in_scope(call, user, rules):
        raise _refused("Temporary Access Pass cannot be added to this user because of the policy.")
    if lifetime is not None and not rules["minimumLifetimeInMinutes"] <= lifetime <= rules["maximumLifetimeInMinutes"]:
        raise _refused("The lifetime of the Temporary Access Pass is not allowed by the policy.")
    if rules["isUsableOnce"] and body.get("isUsableOnce") is False:
        raise _refused("The policy allows Temporary Access Passes for one-time use only.")
    call.side.view.touch("passes", user["id"])
    value, now = secrets.token_urlsafe(24), utc_seconds(call.side.clock.utc())
    made = authentication.add_pass(tenant, user, now, body, value)
    shown = {**_shown(call, made), "temporaryAccessPass": value}
    return Answer(201, {"@odata.context": f"{call.root}/$metadata#users/authentication/$entity", **shown})


@route(
    "DELETE",
    _PASSES + "/{pass}",
    WRITE_PASSES,
    delegated="UserAuthMethod-TAP.ReadWrite UserAuthenticationMethod.ReadWrite " + WRITE_PASSES,
    roles=ADMINISTRATORS,
)
def remove_pass(call: Call) -> Answer:
    user = find(call)
    row = call.side.tenant.passes.get(user["id"])
    if row is None or row["id"] != call.params["pass"].lower():
        raise not_found(call.params["pass"])
    call.side.view.touch("passes", user["id"])
    del call.side.tenant.passes[user["id"]]
    return Answer(204)


@route("GET", _REPORT, "AuditLog.Read.All")
def report(call: Call) -> Answer:
    rows = list(call.side.tenant.registration_details.values())
    found = collection(call, DETAILS, rows)
    found.odd = any(_has_nulls(row) for row in rows)
    return found


@route("GET", _REPORT + "/{user}", "AuditLog.Read.All")
def report_of(call: Call) -> Answer:
    row = call.side.tenant.registration_details.get(call.params["user"].lower())
    if row is None:
        raise not_found(call.params["user"])
    found = entity(call, DETAILS, row)
    found.odd = _has_nulls(row)
    return found


def _has_nulls(row: t.Mapping[str, t.Any]) -> bool:
    """People report them; Graph's description has a value there (``report_nulls`` of a scenario)."""
    return any(row.get(name, False) is None for name in _NEVER_NULL)


def _method(call: Call) -> tuple[str, Kind]:
    found = METHODS.get(call.params["method"].lower())
    if found is None:
        raise not_found(call.params["method"])
    return found


def _passes(call: Call) -> Row | None:
    """The pass of the user as a list shows it: without its value."""
    row = call.side.view.get("passes", find(call)["id"])
    return None if row is None else _shown(call, row)


def _shown(call: Call, row: Row) -> Row:
    usable = row["methodUsabilityReason"] == "EnabledByPolicy"
    shown = {**row, "isUsable": usable, "temporaryAccessPass": None}
    return {name: value for name, value in shown.items() if name in properties(call.version, PASS.type)}


def _in_scope(call: Call, user: Row, rules: dict[str, t.Any]) -> bool:
    groups = call.side.tenant.groups_of(user["id"]) | {"all_users"}
    excluded = any(target["id"] in groups for target in rules["excludeTargets"])
    return not excluded and any(target["id"] in groups for target in rules["includeTargets"])


def _check_targets(call: Call, merged: dict[str, t.Any]) -> None:
    known = {row["id"]: row for row in call.side.view.rows("groups")}
    for name in ("includeTargets", "excludeTargets"):
        for target in merged[name]:
            if target.get("targetType") != "group":
                raise _refused(f"{name}: the type of a target must be group.")
            if target["id"] == "all_users" and name == "includeTargets":
                continue
            if not known.get(target["id"], {}).get("securityEnabled"):
                raise _refused(f"{name}: the group {target['id']} is not a security group.")


def _check_passkeys(merged: dict[str, t.Any], real: dict[str, t.Any]) -> None:
    for place in (merged, *merged["passkeyProfiles"]):
        given = place["keyRestrictions"] or {}
        if not {"isEnforced", "enforcementType", "aaGuids"} <= set(given):
            raise _refused("keyRestrictions must be complete.")
    before = {profile["id"] for profile in real["passkeyProfiles"]}
    after = {profile["id"] for profile in merged["passkeyProfiles"]}
    if authentication.DEFAULT_PROFILE in before - after:
        raise _refused("The default passkey profile cannot be deleted.")
    for target in merged["includeTargets"]:
        if after and not set(target.get("allowedPasskeyProfiles") or ()) & after:
            raise _refused("includeTargets: a target needs a passkey profile of the tenant.")


def _check_lifetimes(merged: dict[str, t.Any]) -> None:
    least, usual, most = (merged[f"{name}LifetimeInMinutes"] for name in ("minimum", "default", "maximum"))
    if not _LIFETIMES[0] <= least <= usual <= most <= _LIFETIMES[1]:
        raise _refused("The lifetimes of the Temporary Access Pass do not fit.")
    if not _LENGTHS[0] <= merged["defaultLength"] <= _LENGTHS[1]:
        raise _refused("The length of the Temporary Access Pass is out of range.")


def _refused(message: str) -> GraphError:
    return GraphError(400, "badRequest", message)
