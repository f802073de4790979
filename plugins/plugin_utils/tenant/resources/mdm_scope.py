# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose devices enroll by themselves: the MDM and MAM user scope (mobility management policies, beta).

Sources: Microsoft Graph, "mobilityManagementPolicy resource type", "Update mobileDeviceManagementPolicies"
(``appliesTo``
must not share a PATCH with the URLs, ``selected`` comes by adding a group, ``all`` drops the groups) and "Add
includedGroups"; CIPP and Microsoft365DSC for the form of the reference. There is no application permission.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...options import bad_option
from ...task import Task
from ..graph import odata
from ..graph.batch import Item
from ..graph.consistency import settle
from ..graph.errors import Permissions, Purpose
from ..graph.fields import FLAG, ID_ONLY, TEXT, all_of, list_of, needed, object_of
from . import references
from .directory import GROUP, resolve
from .engine import Property, PropertyKind, Resource, ResourceStep, apply, body_of, compare, merge
from .new_objects import ObjectReference

SCOPE_VERSION = "beta"
INTUNE_APP_ID = "0000000a-0000-0000-c000-000000000000"
COLLECTIONS = {"mdm": "mobileDeviceManagementPolicies", "mam": "mobileAppManagementPolicies"}
WRITE_POLICY = "Policy.ReadWrite.MobilityManagement"

SCOPE_KIND = object_of(
    {
        **all_of("discoveryUrl", "termsOfUseUrl", "complianceUrl"),
        **all_of("isValid", "isMdmEnrollmentDuringRegistrationDisabled", kind=FLAG),
        "appliesTo": needed(TEXT),
        "includedGroups": list_of(ID_ONLY),
    }
)
SCOPE = Resource(
    noun="MDM scope",
    properties=(
        Property("discovery_url", "discoveryUrl", "discovery URL", PropertyKind.TEXT),
        Property("terms_of_use_url", "termsOfUseUrl", "terms of use URL", PropertyKind.TEXT),
        Property("compliance_url", "complianceUrl", "compliance URL", PropertyKind.TEXT),
        Property(
            "enroll_on_register",
            "isMdmEnrollmentDuringRegistrationDisabled",
            "enrollment when a device is registered",
            values={True: False, False: True},
        ),
    ),
    read=Permissions(delegated=("Policy.Read.All",)),
    write=Permissions(delegated=(WRITE_POLICY,)),
    version=SCOPE_VERSION,
    kind=SCOPE_KIND,
)


def ensure(task: Task) -> dict:
    """The work of the module: ``{"mdm_scope": {...}}``."""
    _check(task.args)
    task.client.require_delegated("read or change the MDM scope", WRITE_POLICY)
    scope = MdmScope(task)
    before = scope.read()
    if before["policy"].get("isValid") is False and (compare(SCOPE, task.args, before["policy"]) or task.args["scope"]):
        raise bad_option(
            "application_id",
            "Microsoft Graph calls this policy invalid, and refuses to change it",
            "repair it in the portal",
        )
    named = resolve(task.client, GROUP, task.args["groups"] or [])
    groups = sorted(set(named.values()))
    scope.named = {found: ObjectReference.of(GROUP, name, found) for name, found in named.items()}
    scope.write(before, groups)
    if not task.changes.changed:
        return {"mdm_scope": scope.shown(before)}
    if task.check_mode:
        changed = merge(before["policy"], compare(SCOPE, task.args, before["policy"]))
        wanted = task.args["scope"] or before["policy"]["appliesTo"]
        kept = groups if task.args["groups"] else before["groups"] if wanted != "all" else []
        return {"mdm_scope": scope.shown({"policy": {**changed, "appliesTo": wanted}, "groups": kept})}
    after = settle(task.client.waits, scope.read, lambda seen: scope.shows(seen, groups), "the new MDM scope")
    return {"mdm_scope": scope.shown(after)}


def _check(args: dict) -> None:
    if args["scope"] == "selected" and not args["groups"]:
        raise bad_option("groups", "scope selected needs groups", "name some, or set scope to none")
    if args["groups"] and args["scope"] != "selected":
        raise bad_option("groups", "only scope selected takes groups", "set scope to selected")
    if args["application"] == "mam" and args["enroll_on_register"] is not None:
        raise bad_option("enroll_on_register", "MAM has no such setting", "leave it out")


class MdmScope:
    """One policy: what it says and the writes that bring it to what is wanted. ``named`` are the groups that the task
    names, by object id."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self.named: dict[str, ObjectReference] = {}
        self._wanted: str | None = task.args["scope"]
        self._path = odata.path("policies", COLLECTIONS[task.args["application"]], task.args["application_id"])
        # One by one: the first group that is added makes the scope "selected".
        self._groups = references.ReferenceList(
            "group",
            self._read_groups,
            self._add,
            self._take_out,
            lambda group: (self.named[group],) if group in self.named else (),
            "not included",
            "included",
            SCOPE_VERSION,
            at_once=1,
        )

    def read(self) -> dict:
        """``{"policy": {...}, "groups": [ids]}``."""
        policy = self._task.client.get(self._path, SCOPE.reading, version=SCOPE_VERSION, kind=SCOPE_KIND)
        return {"policy": policy, "groups": self._read_groups()}

    def _read_groups(self) -> list[str]:
        path = self._path + "/includedGroups"
        groups = self._task.client.list(path, SCOPE.reading, {"$select": "id"}, SCOPE_VERSION, kind=ID_ONLY)
        return sorted(group["id"].lower() for group in groups)

    def shown(self, seen: dict) -> dict:
        return {
            "application_id": self._task.args["application_id"],
            "scope": seen["policy"].get("appliesTo"),
            "groups": seen["groups"],
            **SCOPE.shown(seen["policy"]),
        }

    def shows(self, seen: dict, groups: list[str]) -> bool:
        """Whether it is all as wanted."""
        return (
            not compare(SCOPE, self._task.args, seen["policy"])
            and self._wanted in (None, seen["policy"].get("appliesTo"))
            and (self._wanted != "selected" or seen["groups"] == groups)
        )

    def write(self, seen: dict, groups: list[str]) -> None:
        """The writes in the order that the service demands: URLs, then who is in it."""
        apply(self._task, self._patches(seen))
        if self._wanted == "selected":
            self._select(seen, groups)

    def _patches(self, seen: dict) -> Iterable[ResourceStep]:
        changes = compare(SCOPE, self._task.args, seen["policy"])
        if changes:
            body = body_of(SCOPE, merge(seen["policy"], changes), changes)
            yield ResourceStep(
                [(change.item.what, change.before, change.after) for change in changes], lambda: self._patch(body)
            )
        wanted, now = self._wanted, seen["policy"].get("appliesTo")
        if wanted not in (None, "selected", now):
            yield ResourceStep([("scope", now, wanted)], lambda: self._patch({"appliesTo": wanted}))

    def _select(self, seen: dict, groups: list[str]) -> None:
        now, present = seen["policy"].get("appliesTo"), seen["groups"]
        add, surplus = references.difference("exact", groups, present)
        adding = references.additions(self._groups, add, {})
        if now != "selected":
            if not adding:
                # Only adding a group makes it "selected", and a group that is listed already cannot be added.
                first = self._take_out(groups[0])
                apply(
                    self._task,
                    [ResourceStep([], lambda: self._task.client.delete(first.path, first.purpose, SCOPE_VERSION))],
                )
                adding = references.additions(self._groups, groups[:1], {})
                adding[0].changes.clear()
            adding[0].changes.insert(0, ("scope", now, "selected"))
        references.bring(self._task, self._groups, adding, references.removals(self._groups, surplus, {}))

    def _patch(self, body: dict) -> None:
        self._task.client.patch(self._path, body, SCOPE.writing, SCOPE_VERSION)

    def _add(self, group: str) -> Item:
        reference = {"@odata.id": f"{self._task.client.cloud_graph}/odata/groups('{group}')"}
        purpose = Purpose(f"add the group {group} to the MDM scope", SCOPE.write)
        return Item("POST", self._path + "/includedGroups/$ref", purpose, body=reference, idempotent=True)

    def _take_out(self, group: str) -> Item:
        path = f"{self._path}/includedGroups{odata.path(group, '$ref')}"
        return Item("DELETE", path, Purpose(f"remove the group {group} from the MDM scope", SCOPE.write))
