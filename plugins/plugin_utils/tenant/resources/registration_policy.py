# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The device registration policy: who may join and register, how many devices, MFA, local administrators, LAPS.

Source: Microsoft Graph, "deviceRegistrationPolicy resource type" and "Update deviceRegistrationPolicy". A PUT replaces
the
whole object: what it lacks is refused or reset, so that everything that was read is sent back. ``isAdminConfigurable``
cannot be changed by a caller (a PUT ignores it, reported for Microsoft365DSC); where it is false, the membership
beside it cannot be changed either.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...options import bad_option
from ...result import Failure
from ...task import Task
from ..graph.errors import Permissions
from ..graph.fields import FLAG, NUMBER, TEXT, object_of
from .directory import GROUP, USER, resolve
from .engine import Property, PropertyKind, Resource, update
from .memberships import MEMBERSHIP_KIND
from .new_objects import ObjectReference

POLICY_PATH = "/policies/deviceRegistrationPolicy"
LARGEST_QUOTA = 2147483647
MEMBERSHIPS = ("join", "register", "local_administrators")

#: Everything that a write sends back is as it was read, or nothing is sent.
POLICY_KIND = object_of(
    {
        "userDeviceQuota": NUMBER,
        "multiFactorAuthConfiguration": TEXT,
        "azureADJoin": object_of(
            {
                "isAdminConfigurable": FLAG,
                "allowedToJoin": MEMBERSHIP_KIND,
                "localAdmins": object_of({"enableGlobalAdmins": FLAG, "registeringUsers": MEMBERSHIP_KIND}),
            }
        ),
        "azureADRegistration": object_of({"isAdminConfigurable": FLAG, "allowedToRegister": MEMBERSHIP_KIND}),
        "localAdminPassword": object_of({"isEnabled": FLAG}),
    }
)
POLICY = Resource(
    noun="device registration policy",
    properties=(
        Property(
            "join",
            "azureADJoin.allowedToJoin",
            "users who may join devices",
            PropertyKind.MEMBERSHIP,
            unless_false="azureADJoin.isAdminConfigurable",
        ),
        Property(
            "register",
            "azureADRegistration.allowedToRegister",
            "users who may register devices",
            PropertyKind.MEMBERSHIP,
            unless_false="azureADRegistration.isAdminConfigurable",
        ),
        Property(
            "local_administrators",
            "azureADJoin.localAdmins.registeringUsers",
            "users who become local administrator of the device they join",
            PropertyKind.MEMBERSHIP,
        ),
        Property(
            "global_administrators_local",
            "azureADJoin.localAdmins.enableGlobalAdmins",
            "global administrators as local administrators",
        ),
        Property("devices_per_user", "userDeviceQuota", "devices per user"),
        Property(
            "mfa_required",
            "multiFactorAuthConfiguration",
            "MFA to join or register",
            values={True: "required", False: "notRequired"},
        ),
        Property("laps", "localAdminPassword.isEnabled", "Windows LAPS"),
    ),
    read=Permissions.same("Policy.Read.DeviceConfiguration"),
    write=Permissions.same("Policy.ReadWrite.DeviceConfiguration"),
    whole=True,
    read_only=("id", "displayName", "description"),
    kind=POLICY_KIND,
)


def ensure(task: Task) -> dict:
    """The work of the module: ``{"policy": {option: value}}``."""
    _check(task.args)
    memberships, about = _resolved(task)
    wanted = {**task.args, **memberships}
    current = task.client.get(POLICY_PATH, POLICY.reading, version=POLICY.version, kind=POLICY_KIND)
    _require_complete(current)
    return {"policy": POLICY.shown(update(task, POLICY, POLICY_PATH, wanted, current, about))}


def _check(args: dict) -> None:
    quota = args["devices_per_user"]
    if quota is not None and not 0 <= quota <= LARGEST_QUOTA:
        raise bad_option("devices_per_user", f"{quota} is out of range", f"give 0 to {LARGEST_QUOTA}")
    for option in MEMBERSHIPS:
        membership = args[option]
        if membership is None:
            continue
        named = bool(membership["users"] or membership["groups"])
        if named and membership["scope"] != "selected":
            raise bad_option(option, f"scope {membership['scope']} takes no users or groups", "set scope to selected")
        if not named and membership["scope"] == "selected":
            raise bad_option(option, "scope selected needs users or groups", "name some, or set scope to none")


def _resolved(task: Task) -> tuple[dict[str, dict], list[ObjectReference]]:
    """The memberships that were asked for, with ids in place of names, and the objects in them; each kind is looked up
    once."""
    asked = {option: task.args[option] for option in MEMBERSHIPS if task.args[option] is not None}
    users = resolve(task.client, USER, [user for wanted in asked.values() for user in wanted["users"] or []])
    groups = resolve(task.client, GROUP, [group for wanted in asked.values() for group in wanted["groups"] or []])
    memberships = {
        option: {
            "scope": wanted["scope"],
            "users": sorted({users[user] for user in wanted["users"] or []}),
            "groups": sorted({groups[group] for group in wanted["groups"] or []}),
        }
        for option, wanted in asked.items()
    }
    about = [
        ObjectReference.of(kind, name, found)
        for kind, ids in ((USER, users), (GROUP, groups))
        for name, found in ids.items()
    ]
    return memberships, about


def _require_complete(current: dict) -> None:
    """A policy without these was not read whole, and a PUT made of it would reset them."""
    missing = [name for name in ("userDeviceQuota", "azureADJoin", "azureADRegistration") if current.get(name) is None]
    if missing:
        cause = f"Microsoft Graph gave the device registration policy without {', '.join(missing)}"
        fix = "run the task again; nothing was changed"
        raise Failure(f"{cause}; {fix}", side="tenant", name="incomplete_policy", cause=cause, fix=fix)
