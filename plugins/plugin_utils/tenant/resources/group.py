# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security groups for devices and users, assigned or dynamic.

Sources: Microsoft Graph, "group resource type", "Create group", "Update group"; Microsoft Entra, "Manage rules for
dynamic membership groups"; Intune, "Create device groups for Windows Autopilot" (the two ready rules).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re

from ...options import bad_option
from ...task import Task
from ..graph import odata
from ..graph.batch import Item
from ..graph.consistency import SECOND_LOOK_SECONDS, settle
from ..graph.errors import Permissions, Purpose
from ..graph.fields import FLAG, IDENTITY, NAME, TEXT, all_of, list_of, needed, object_of
from .directory import GROUP
from .engine import Property, PropertyKind, Resource, ResourceStep, apply, compare, update
from .group_creation import NamedGroup
from .group_members import MemberChange, WantedMember, wanted_members
from .new_objects import ObjectReference
from .protection import require_changeable
from .refused import refused_unchanged

LONGEST_RULE = 3072
AUTOPILOT_RULE = '(device.devicePhysicalIDs -any (_ -startsWith "[ZTDid]"))'
GROUP_FIELDS = (
    "id,displayName,description,mailNickname,groupTypes,membershipRule,membershipRuleProcessingState,securityEnabled,"
    "mailEnabled,isAssignableToRole,onPremisesSyncEnabled"
)
_MEMBERSHIP = {"assigned": [], "dynamic": ["DynamicMembership"]}

GROUP_KIND = object_of(
    {
        **all_of("description", "mailNickname", "membershipRule", "membershipRuleProcessingState"),
        **all_of("securityEnabled", "mailEnabled", "isAssignableToRole", "onPremisesSyncEnabled", kind=FLAG),
        "id": needed(IDENTITY),
        "displayName": needed(NAME),
        "groupTypes": needed(list_of(TEXT)),
    }
)
GROUPS = Resource(
    noun="group",
    properties=(
        Property("name", "displayName", "name"),
        Property("description", "description", "description", PropertyKind.TEXT),
        Property("mail_nickname", "mailNickname", "mail nickname"),
        Property("membership", "groupTypes", "membership", values=_MEMBERSHIP),
        Property("membership_rule", "membershipRule", "membership rule", PropertyKind.TEXT),
        Property(
            "rule_paused",
            "membershipRuleProcessingState",
            "membership rule paused",
            values={True: "Paused", False: "On"},
        ),
        Property("role_assignable", "isAssignableToRole", "assignable to roles"),
    ),
    read=Permissions.same("Group.Read.All"),
    write=Permissions.same("Group.ReadWrite.All"),
    kind=GROUP_KIND,
)


def group_tag_rule(tag: str) -> str:
    """The rule of Autopilot devices with this group tag. ValueError for a tag that no rule can say."""
    if not tag or set(tag) & {'"', "`"}:
        raise ValueError("a group tag in a rule must not be empty or contain a double quote or a backtick")
    return f'(device.devicePhysicalIds -any (_ -eq "[OrderID]:{tag}"))'


def ensure(task: Task) -> dict:
    """The work of the module: ``{"group": {...} or None}``."""
    asked = _wanted(task.args)
    named = _named(task, task.args["name"])
    current = named.find() if task.args["object_id"] is None else _by_id(task, task.args["object_id"])
    if current is not None:
        _require_security_group(current)
    if task.args["state"] == "absent":
        return _remove(task, current)
    wanted = dict(asked)
    if current is not None:
        _fit(wanted, current)
    else:
        _complete(task.args, wanted)
    dynamic = wanted.get("membership", _shown_membership(current)) == "dynamic"
    if dynamic and wanted.get("role_assignable"):
        raise bad_option("role_assignable", "a dynamic group cannot hold roles", "leave one of the two out")
    members = wanted_members(task, dynamic)  # names are looked up before anything is written
    if current is not None:
        return _bring(task, wanted, current, members)
    return _make(task, named, asked, wanted, members)


def _make(task: Task, named: NamedGroup, asked: dict, wanted: dict, members: dict[str, WantedMember] | None) -> dict:
    """Make a group. ``asked`` is what the task says of it, ``wanted`` has what a new one needs as well."""
    body = _body(wanted)
    require_changeable(body, task.client.session.caller)
    if task.check_mode:
        task.changes.add(*_creation(body))
        return _result(body, None if members is None else MemberChange(task, None, members, made=True))
    group, made = named.create(body, _creation(body))
    if made:
        return _result(group, None if members is None else MemberChange(task, group["id"], members, made=True))
    _require_security_group(group)  # Another task was quicker, and may have made it otherwise.
    _fit(asked, group)
    return _bring(task, asked, group, members)


def _bring(task: Task, wanted: dict, current: dict, members: dict[str, WantedMember] | None) -> dict:
    """Make an existing group what is wanted; Failure, before anything is written, where it cannot be changed."""
    change = None if members is None else MemberChange(task, current["id"], members)
    if compare(GROUPS, wanted, current) or (change is not None and change.needed):
        require_changeable(current, task.client.session.caller)
    group = update(task, GROUPS, _path(current), wanted, current, [ObjectReference(GROUP, current["id"])])
    if group["displayName"] != current["displayName"] and not task.check_mode:
        task.client.memory.add(GROUP.noun, group["displayName"], current["id"])
    return _result(group, change)


def _result(group: dict, change: MemberChange | None) -> dict:
    """What the module returns of a group, once its members are as wanted."""
    result = {"id": group.get("id"), **GROUPS.shown(group)}
    if change is not None:
        result["members"] = change.carry_out()
    return {"group": result}


def _named(task: Task, name: str) -> NamedGroup:
    return NamedGroup(task, name, GROUPS.reading, GROUP_FIELDS, GROUP_KIND)


def _wanted(args: dict) -> dict:
    """The options as properties; Failure for what contradicts itself."""
    wanted = {item.option: args[item.option] for item in GROUPS.properties if args[item.option] is not None}
    if args["autopilot_devices"]:
        if "membership_rule" in wanted or args["autopilot_group_tag"] is not None:
            raise bad_option("autopilot_devices", "another rule is given as well", "choose one of the rule options")
        wanted["membership_rule"] = AUTOPILOT_RULE
    if args["autopilot_group_tag"] is not None:
        try:
            wanted["membership_rule"] = group_tag_rule(args["autopilot_group_tag"])
        except ValueError as exc:
            raise bad_option("autopilot_group_tag", str(exc), "use another tag, or write the membership_rule") from None
    rule = wanted.get("membership_rule")
    if rule is not None and (not rule or len(rule) > LONGEST_RULE):
        raise bad_option("membership_rule", f"it has {len(rule)} characters", f"give 1 to {LONGEST_RULE}")
    if wanted.get("membership") == "assigned" and (rule or "rule_paused" in wanted):
        raise bad_option(
            "membership", "an assigned group has no membership rule", "set it to dynamic, or leave the rule out"
        )
    nickname = wanted.get("mail_nickname")
    if (
        nickname is not None
        and not re.fullmatch(r"[!-~]{1,64}", nickname)
        or nickname
        and set(nickname) & set('@()\\[]";:<>,')
    ):
        raise bad_option(
            "mail_nickname",
            f"{nickname!r} is not a mail nickname",
            'use 1 to 64 ASCII characters without space and @()\\[]";:<>,',
        )
    if len(args["name"]) > 256 or not args["name"].strip():
        raise bad_option("name", "it must have 1 to 256 characters", "choose another name")
    return wanted


def _by_id(task: Task, object_id: str) -> dict | None:
    """The group of this id; looked for once more where there is none, unless it is to be absent."""
    path = odata.path("groups", object_id)

    def look() -> dict | None:
        return task.client.find(path, GROUPS.reading, {"$select": GROUP_FIELDS}, kind=GROUP_KIND)

    found = look()
    if found is None and task.client.memory.made(object_id.lower()):
        return settle(task.client.waits, look, lambda seen: seen is not None, f"the new group {object_id}")
    again = found is None and task.args["state"] == "present"
    if again and task.client.waits.wait(SECOND_LOOK_SECONDS, f"the tenant has no group {object_id} yet"):
        found = look()
    return found


def _require_security_group(current: dict) -> None:
    if not current.get("securityEnabled") or current.get("mailEnabled"):
        raise refused_unchanged(
            "not_a_security_group",
            f"{current['displayName']!r} is a Microsoft 365, mail or distribution group",
            "choose another name, or delete that group",
        )


def _fit(wanted: dict, current: dict) -> None:
    """Make ``wanted`` what can be done to an existing group; Failure for what cannot."""
    if "role_assignable" in wanted and bool(current.get("isAssignableToRole")) != wanted["role_assignable"]:
        raise refused_unchanged(
            "role_assignable_fixed",
            "whether a group can be assigned to roles is fixed when it is created",
            "leave role_assignable out, or create another group",
        )
    wanted.pop("role_assignable", None)
    membership = _shown_membership(current)
    rule_asked = "membership_rule" in wanted or "rule_paused" in wanted
    if rule_asked and membership == "assigned" and wanted.get("membership") != "dynamic":
        raise refused_unchanged(
            "assigned_group",
            f"the group {current['displayName']!r} has assigned members, which a rule would replace",
            "set membership to dynamic if you want that",
        )
    if wanted.get("membership") == "dynamic" and membership == "assigned":
        if not wanted.get("membership_rule"):
            raise bad_option("membership_rule", "a dynamic group needs a rule", "give one of the rule options")
        wanted.setdefault("rule_paused", False)
    if wanted.get("membership") == "assigned" and membership == "dynamic":
        wanted["rule_paused"] = True  # what Graph demands of a group that stops to be dynamic


def _shown_membership(current: dict | None) -> str:
    return "dynamic" if "DynamicMembership" in (current or {}).get("groupTypes", []) else "assigned"


def _complete(args: dict, wanted: dict) -> None:
    """Add to ``wanted`` what a new group must have; Failure where something is missing."""
    if args["object_id"] is not None:
        raise bad_option(
            "object_id",
            f"the tenant has no group {args['object_id']}",
            "give the id of an existing group; a new one may need a minute until Microsoft Graph finds it",
        )
    dynamic = "membership_rule" in wanted or "rule_paused" in wanted
    wanted.setdefault("membership", "dynamic" if dynamic else "assigned")
    wanted.setdefault("mail_nickname", nickname_of(wanted["name"]))
    if wanted["membership"] == "dynamic":
        if "membership_rule" not in wanted:
            raise bad_option("membership_rule", "a dynamic group needs a rule", "give one of the rule options")
        wanted.setdefault("rule_paused", False)


def _body(wanted: dict) -> dict:
    body = {item.path: item.sent(wanted[item.option]) for item in GROUPS.properties if item.option in wanted}
    return {**body, "securityEnabled": True, "mailEnabled": False}


def _creation(body: dict) -> tuple[str, None, dict]:
    """The new group as a change."""
    shown = {item.option: item.shown(body[item.path]) for item in GROUPS.properties if item.path in body}
    return f"group {body['displayName']!r}", None, shown


def nickname_of(name: str) -> str:
    """A mail nickname made of a name: Graph wants one even of groups without mail. It need not be unique."""
    return re.sub(r"[^A-Za-z0-9._-]", "", name)[:64] or "group"


def _remove(task: Task, current: dict | None) -> dict:
    if current is None:
        return {"group": None}
    require_changeable(current, task.client.session.caller)
    path, name, met = _path(current), current["displayName"], False

    def delete() -> None:
        nonlocal met
        [answer] = task.client.batch([Item("DELETE", path, Purpose("delete the group", GROUPS.write))])
        met = answer.status != 404
        if met:
            answer.require()

    def is_there() -> bool:
        if task.client.find(path, GROUPS.reading, {"$select": "id"}) is None:
            return _named(task, name).lists(current["id"])
        if not met:
            delete()  # The first one came to where the group is not known yet.
        return True

    apply(task, [ResourceStep([(f"group {name!r}", GROUPS.shown(current), None)], delete)])
    if not task.check_mode:
        settle(task.client.waits, is_there, lambda there: not there, "the deletion of the group")
        task.client.memory.forget(GROUP.noun, name, current["id"])
    return {"group": None}


def _path(group: dict) -> str:
    return odata.path("groups", group["id"])
