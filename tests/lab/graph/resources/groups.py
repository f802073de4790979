# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/groups: security groups, assigned and dynamic."""

from __future__ import annotations

import re
import typing as t
import uuid

from ...tenant.membership_rules import RuleError, compile_rule
from ..answers import Answer, Call, GraphError, bad_request, not_found
from ..query import Row, collection, count, entity
from ..routing import route
from ..types import check_body, utc
from .group_protection import require_changeable
from .kinds import GROUP, directory_object

READ_ALL = "Group.Read.All Group.ReadWrite.All Directory.Read.All Directory.ReadWrite.All"
READ = f"Group.ReadBasic.All GroupMember.Read.All {READ_ALL}"
WRITE = "Group.ReadWrite.All Directory.ReadWrite.All"
BY_NAME = "/groups(uniqueName='{uniqueName}')"
DYNAMIC = "DynamicMembership"
REQUIRED = ("displayName", "mailEnabled", "mailNickname", "securityEnabled")
IMMUTABLE = ("isAssignableToRole",)


@route("GET", "/groups", READ)
def list_groups(call: Call) -> Answer:
    refresh(call)
    return collection(call, GROUP, call.side.view.rows("groups"))


@route("GET", "/groups/$count", READ)
def count_groups(call: Call) -> Answer:
    return count(call, GROUP, call.side.view.rows("groups"))


@route("POST", "/groups", f"Group.Create {WRITE}", delegated=WRITE)
def create(call: Call) -> Answer:
    return entity(call, GROUP, _create(call, call.object_body(), {}), 201)


@route("GET", "/groups/{id}", READ)
@route("GET", BY_NAME, READ)
def read(call: Call) -> Answer:
    refresh(call)
    found = find(call)
    if "membershipRuleProcessingStatus" in call.query.get("$select", ""):
        found = {**found, "membershipRuleProcessingStatus": _status(call, found)}
    return entity(call, GROUP, found)


@route("PATCH", "/groups/{id}", WRITE)
def update(call: Call) -> Answer:
    _update(call, find(call), call.object_body())
    return Answer(204)


@route("PATCH", BY_NAME, WRITE)
def upsert(call: Call) -> Answer:
    """With ``Prefer: create-if-missing`` a group of that unique name is made when there is none."""
    try:
        found = find(call)
    except GraphError:
        if "create-if-missing" not in call.headers.get("prefer", ""):
            raise
        made = _create(call, call.object_body(), {"uniqueName": call.params["uniqueName"]})
        return entity(call, GROUP, made, 201)
    _update(call, found, call.object_body())
    return Answer(204)


@route("DELETE", "/groups/{id}", "Group.ReadWrite.All")
@route("DELETE", BY_NAME, "Group.ReadWrite.All")
def delete(call: Call) -> Answer:
    found, tenant = find(call), call.side.tenant
    if found["id"] not in tenant.groups:  # A replica shows it still.
        raise not_found(found["id"])
    require_changeable(call, found)
    call.side.view.touch("groups", found["id"])
    tenant.groups.pop(found["id"], None)
    for group in tenant.groups.values():
        if found["id"] in group["members"]:
            group["members"].remove(found["id"])
    return Answer(204)


def find(call: Call) -> Row:
    """The group that the path names, as clients see it now."""
    key = call.params.get("uniqueName")
    if key is not None:
        found = next((row for row in call.side.view.rows("groups") if row.get("uniqueName") == key), None)
    else:
        key = call.params["id"]
        found = call.side.view.get("groups", key.lower())
    if found is None:
        raise not_found(key)
    return found


def refresh(call: Call) -> None:
    """Evaluate the rules of dynamic groups; a new rule waits for a number of reads (of any group) first."""
    tenant = call.side.tenant
    for group in tenant.groups.values():
        if group.get("membershipRuleProcessingState") != "On":
            continue
        if group.get("rule_reads", 0) > 0:
            group["rule_reads"] -= 1
            continue
        subject, test = compile_rule(group["membershipRule"])
        objects = tenant.devices if subject == "device" else tenant.users
        members = [id_ for id_, row in objects.items() if test(row)]
        if members != group["members"] or "rule_processed" not in group:
            group["members"], group["rule_processed"] = members, utc(call.side.clock.utc())


def _status(call: Call, group: Row) -> Row | None:
    """How far the evaluation of the rule is."""
    if DYNAMIC not in group["groupTypes"]:
        return None
    processed = call.side.tenant.groups.get(group["id"], group).get("rule_processed")
    waiting = "Running" if group["membershipRuleProcessingState"] == "On" else "NotStarted"
    return {"status": "Succeeded" if processed else waiting, "errorMessage": None, "lastMembershipUpdated": processed}


def _create(call: Call, body: Row, key: Row) -> Row:
    known = {**check_body(call.version, "group", {k: v for k, v in body.items() if k != "uniqueName"}), **key}
    if "uniqueName" in body and not key:
        known["uniqueName"] = body["uniqueName"]
    for name in REQUIRED:
        if known.get(name) is None:
            raise bad_request(f"A value is required for property '{name}' of resource 'Group'.", target=name)
    unique = known.get("uniqueName")
    if unique is not None and any(g.get("uniqueName") == unique for g in call.side.tenant.groups.values()):
        raise GraphError(
            400,
            "Request_BadRequest",
            "Another object with the same value for property uniqueName already exists.",
            details=[
                {
                    "code": "ObjectConflict",
                    "target": "uniqueName",
                    "message": "Another object with the same value for property uniqueName already exists.",
                }
            ],
        )
    id_ = str(uuid.uuid4())
    group = {
        "id": id_,
        "groupTypes": [],
        "createdDateTime": utc(call.side.clock.utc()),
        "renewedDateTime": utc(call.side.clock.utc()),
        "securityIdentifier": sid(id_),
        "members": [],
        **known,
    }
    _check(group)
    require_changeable(call, group)
    group["members"] = [bound(call, address) for address in body.get("members@odata.bind", [])]
    if DYNAMIC in group["groupTypes"]:
        group["rule_reads"] = call.side.rule_reads
    call.side.view.touch("groups", id_)
    call.side.tenant.groups[id_] = group
    return group


def _update(call: Call, found: Row, body: Row) -> None:
    real = call.side.tenant.groups.get(found["id"])
    if real is None:
        raise not_found(found["id"])
    require_changeable(call, real)
    changes = check_body(call.version, "group", {k: v for k, v in body.items() if k != "uniqueName"})
    for name in IMMUTABLE:
        if name in changes and changes[name] != real.get(name):
            raise bad_request(f"Property '{name}' cannot be changed.", target=name)
    if "uniqueName" in body and body["uniqueName"] != real.get("uniqueName"):
        raise bad_request("Property 'uniqueName' cannot be changed.", target="uniqueName")
    _check({**real, **changes})
    call.side.view.touch("groups", real["id"])
    if DYNAMIC in real["groupTypes"] and DYNAMIC not in changes.get("groupTypes", [DYNAMIC]):
        changes.update(membershipRule=None, membershipRuleProcessingState=None)
    if changes.get("membershipRule", real.get("membershipRule")) != real.get("membershipRule"):
        real["rule_reads"] = call.side.rule_reads
        real.pop("rule_processed", None)
    real.update(changes)
    new = [bound(call, address) for address in body.get("members@odata.bind", [])]
    if new and DYNAMIC in real["groupTypes"]:
        raise bad_request("Members of a dynamic group cannot be set.")
    real["members"] += [member for member in new if member not in real["members"]]


def _check(group: Row) -> None:
    """The rules over a whole group."""
    nickname = group.get("mailNickname")
    if (
        not isinstance(nickname, str)
        or not re.fullmatch(r"[\x21-\x7e]{1,64}", nickname)
        or re.search(r'[@()\\\[\]";:<>,\s]', nickname)
    ):
        raise bad_request(
            "Invalid value specified for property 'mailNickname' of resource 'Group'.", target="mailNickname"
        )
    if not group["displayName"] or len(group["displayName"]) > 256:
        raise bad_request(
            "Invalid value specified for property 'displayName' of resource 'Group'.", target="displayName"
        )
    if len(group.get("description") or "") > 1024:
        raise bad_request(
            "Invalid value specified for property 'description' of resource 'Group'.", target="description"
        )
    dynamic = DYNAMIC in group["groupTypes"]
    if dynamic and group.get("isAssignableToRole"):
        raise bad_request("A group that is assignable to roles cannot have dynamic membership.", target="groupTypes")
    rule, state = group.get("membershipRule"), group.get("membershipRuleProcessingState")
    if not dynamic and "Unified" not in group["groupTypes"] and group["mailEnabled"]:
        raise bad_request(
            "The service does not currently support writes of mail-enabled groups. Please ensure that "
            "the mail-enablement property is unset and the security-enablement property is set."
        )
    if not dynamic:
        if rule or state:
            raise bad_request(
                "Membership rule can only be set on a group with type 'DynamicMembership'.", target="membershipRule"
            )
        return
    if not rule or state not in ("On", "Paused"):
        raise bad_request(
            "A dynamic group needs membershipRule and membershipRuleProcessingState 'On' or 'Paused'.",
            target="membershipRule",
        )
    try:
        compile_rule(rule)
    except RuleError as error:
        raise GraphError(400, "Request_BadRequest", f"Invalid rule expression: {error}.") from error


def bound(call: Call, address: t.Any) -> str:
    """The object id out of the address of a reference; it must exist, as clients see it now."""
    found = re.search(r"/(?:v1\.0|beta|odata)/\w+(?:/([^/]+)|\('([^']+)'\))$", str(address))
    if found is None or not str(address).startswith("https://"):
        raise bad_request("Invalid object identifier in the reference: an absolute address of an object is expected.")
    id_ = (found[1] or found[2]).lower()
    if directory_object(call, id_) is None:
        raise not_found(id_)
    return id_


def sid(object_id: str) -> str:
    """The security identifier that Windows knows an object by: its GUID as four little-endian numbers."""
    data = uuid.UUID(object_id).bytes_le
    return "S-1-12-1-" + "-".join(str(int.from_bytes(data[n : n + 4], "little")) for n in (0, 4, 8, 12))
