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
from ...result import Failure
from ...task import Task
from ..graph import odata
from ..graph.consistency import once_known, settle
from ..graph.errors import Permissions, Purpose
from ..graph.fields import FLAG, ID_ONLY, IDENTITY, NAME, TEXT, all_of, list_of, needed, object_of, read_as
from . import group_members
from .directory import GROUP, at_most_one
from .engine import Property, PropertyKind, Resource, ResourceStep, apply, update

LONGEST_RULE = 3072
AUTOPILOT_RULE = '(device.devicePhysicalIDs -any (_ -startsWith "[ZTDid]"))'
GROUP_FIELDS = (
    "id,displayName,description,mailNickname,groupTypes,membershipRule,membershipRuleProcessingState,securityEnabled,"
    "mailEnabled,isAssignableToRole"
)
CREATE = Permissions(("Group.Create",), ("Group.ReadWrite.All",))
_MEMBERSHIP = {"assigned": [], "dynamic": ["DynamicMembership"]}

GROUP_KIND = object_of(
    {
        **all_of("description", "mailNickname", "membershipRule", "membershipRuleProcessingState"),
        **all_of("securityEnabled", "mailEnabled", "isAssignableToRole", kind=FLAG),
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
    wanted = _wanted(task.args)
    current = _find(task)
    if current is not None:
        _require_security_group(current)
    if task.args["state"] == "absent":
        return _remove(task, current)
    if current is not None:
        _fit(wanted, current)
    else:
        _complete(task.args, wanted)
    dynamic = wanted.get("membership", _shown_membership(current)) == "dynamic"
    members = group_members.wanted(task, dynamic)  # names are looked up before anything is written
    made = current is None
    group = _create(task, wanted) if current is None else update(task, GROUPS, _path(current), wanted, current)
    result = {"id": group.get("id"), **GROUPS.shown(group)}
    if members is not None:
        result["members"] = group_members.ensure(task, group.get("id"), members, made)
    return {"group": result}


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


def _find(task: Task) -> dict | None:
    """The group by its id, else by exactly this name."""
    if task.args["object_id"] is not None:
        path = odata.path("groups", task.args["object_id"])
        return task.client.find(path, GROUPS.reading, {"$select": GROUP_FIELDS}, kind=GROUP_KIND)
    query = {"$filter": odata.equals("displayName", task.args["name"]), "$select": GROUP_FIELDS}
    return at_most_one(GROUP, task.args["name"], task.client.list("/groups", GROUPS.reading, query, kind=GROUP_KIND))


def _require_security_group(current: dict) -> None:
    if not current.get("securityEnabled") or current.get("mailEnabled"):
        raise _refusal(
            "not_a_security_group",
            f"{current['displayName']!r} is a Microsoft 365, mail or distribution group",
            "choose another name, or delete that group",
        )


def _fit(wanted: dict, current: dict) -> None:
    """Make ``wanted`` what can be done to an existing group; Failure for what cannot."""
    if "role_assignable" in wanted and bool(current.get("isAssignableToRole")) != wanted["role_assignable"]:
        raise _refusal(
            "role_assignable_fixed",
            "whether a group can be assigned to roles is fixed when it is created",
            "leave role_assignable out, or create another group",
        )
    wanted.pop("role_assignable", None)
    membership = _shown_membership(current)
    rule_asked = "membership_rule" in wanted or "rule_paused" in wanted
    if rule_asked and membership == "assigned" and wanted.get("membership") != "dynamic":
        raise _refusal(
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
            "object_id", f"the tenant has no group {args['object_id']}", "give the id of an existing group"
        )
    dynamic = "membership_rule" in wanted or "rule_paused" in wanted
    wanted.setdefault("membership", "dynamic" if dynamic else "assigned")
    wanted.setdefault("mail_nickname", nickname_of(wanted["name"]))
    if wanted["membership"] == "dynamic":
        if "membership_rule" not in wanted:
            raise bad_option("membership_rule", "a dynamic group needs a rule", "give one of the rule options")
        wanted.setdefault("rule_paused", False)


def _create(task: Task, wanted: dict) -> dict:
    body = {item.path: item.sent(wanted[item.option]) for item in GROUPS.properties if item.option in wanted}
    body.update(securityEnabled=True, mailEnabled=False)
    shown = {item.option: item.shown(body[item.path]) for item in GROUPS.properties if item.path in body}
    change = (f"group {wanted['name']!r}", None, shown)
    if task.check_mode:
        task.changes.add(*change)
        return body
    purpose = Purpose("create the group", CREATE)
    with task.changes.attempt([change]):
        made = task.client.post("/groups", body, purpose)
    task.changes.add(*change)
    path = _path(read_as(ID_ONLY, made, purpose))
    return once_known(
        task.client.waits,
        lambda: task.client.get(path, GROUPS.reading, {"$select": GROUP_FIELDS}, kind=GROUP_KIND),
        "the new group",
    )


def nickname_of(name: str) -> str:
    """A mail nickname made of a name: Graph wants one even of groups without mail. It need not be unique."""
    return re.sub(r"[^A-Za-z0-9._-]", "", name)[:64] or "group"


def _remove(task: Task, current: dict | None) -> dict:
    if current is None:
        return {"group": None}
    path = _path(current)
    apply(
        task,
        [
            ResourceStep(
                [(f"group {current['displayName']!r}", GROUPS.shown(current), None)],
                lambda: task.client.delete(path, Purpose("delete the group", GROUPS.write)),
            )
        ],
    )
    if not task.check_mode:
        settle(
            task.client.waits,
            lambda: task.client.find(path, GROUPS.reading, {"$select": "id"}),
            lambda seen: seen is None,
            "the deletion of the group",
        )
    return {"group": None}


def _path(group: dict) -> str:
    return odata.path("groups", group["id"])


def _refusal(name: str, cause: str, fix: str) -> Failure:
    return Failure(f"{cause}; {fix}", side="tenant", name=name, cause=cause, fix=fix)
