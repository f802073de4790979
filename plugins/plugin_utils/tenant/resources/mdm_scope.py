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
from ..graph import odata
from ..graph.errors import GraphFailure, Permissions, Purpose
from ..task import TenantTask
from .directory import GROUP, resolve
from .engine import Kind, Property, Resource, Step, apply, body_of, compare, merge, settle

VERSION = "beta"
INTUNE = "0000000a-0000-0000-c000-000000000000"
COLLECTIONS = {"mdm": "mobileDeviceManagementPolicies", "mam": "mobileAppManagementPolicies"}
WRITE = "Policy.ReadWrite.MobilityManagement"

SCOPE = Resource(
    noun="MDM scope",
    properties=(
        Property("discovery_url", "discoveryUrl", "discovery URL", Kind.TEXT),
        Property("terms_of_use_url", "termsOfUseUrl", "terms of use URL", Kind.TEXT),
        Property("compliance_url", "complianceUrl", "compliance URL", Kind.TEXT),
        Property(
            "enroll_on_register",
            "isMdmEnrollmentDuringRegistrationDisabled",
            "enrollment when a device is registered",
            values={True: False, False: True},
        ),
    ),
    read=Permissions(delegated=("Policy.Read.All",)),
    write=Permissions(delegated=(WRITE,)),
    version=VERSION,
)


def ensure(task: TenantTask) -> dict:
    """The work of the module: ``{"mdm_scope": {...}}``."""
    _check(task.args)
    task.require_delegated("read or change the MDM scope", WRITE)
    scope = Scope(task)
    before = scope.read()
    if before["policy"].get("isValid") is False and (compare(SCOPE, task.args, before["policy"]) or task.args["scope"]):
        raise bad_option(
            "application_id",
            "Microsoft Graph calls this policy invalid, and refuses to change it",
            "repair it in the portal",
        )
    groups = sorted(set(resolve(task.client, GROUP, task.args["groups"] or []).values()))
    apply(task, scope.steps(before, groups))
    if not task.changes.changed:
        return {"mdm_scope": scope.shown(before)}
    if task.check_mode:
        changed = merge(before["policy"], compare(SCOPE, task.args, before["policy"]))
        wanted = task.args["scope"] or before["policy"]["appliesTo"]
        kept = groups if task.args["groups"] else before["groups"] if wanted != "all" else []
        return {"mdm_scope": scope.shown({"policy": {**changed, "appliesTo": wanted}, "groups": kept})}
    after = settle(task, scope.read, lambda seen: not list(scope.steps(seen, groups)), "the new MDM scope")
    return {"mdm_scope": scope.shown(after)}


def _check(args: dict) -> None:
    if args["scope"] == "selected" and not args["groups"]:
        raise bad_option("groups", "scope selected needs groups", "name some, or set scope to none")
    if args["groups"] and args["scope"] != "selected":
        raise bad_option("groups", "only scope selected takes groups", "set scope to selected")
    if args["application"] == "mam" and args["enroll_on_register"] is not None:
        raise bad_option("enroll_on_register", "MAM has no such setting", "leave it out")


class Scope:
    """One policy: what it says and the writes that bring it to what is wanted."""

    def __init__(self, task: TenantTask) -> None:
        self._task = task
        self._path = odata.path("policies", COLLECTIONS[task.args["application"]], task.args["application_id"])

    def read(self) -> dict:
        """``{"policy": {...}, "groups": [ids]}``."""
        client = self._task.client
        policy = client.get(self._path, SCOPE.reading, version=VERSION)
        groups = client.list(self._path + "/includedGroups", SCOPE.reading, {"$select": "id"}, VERSION)
        return {"policy": policy, "groups": sorted(group["id"].lower() for group in groups)}

    def shown(self, seen: dict) -> dict:
        return {
            "application_id": self._task.args["application_id"],
            "scope": seen["policy"].get("appliesTo"),
            "groups": seen["groups"],
            **SCOPE.shown(seen["policy"]),
        }

    def steps(self, seen: dict, groups: list[str]) -> Iterable[Step]:
        """The writes in the order that the service demands: URLs, then who is in it."""
        changes = compare(SCOPE, self._task.args, seen["policy"])
        if changes:
            body = body_of(SCOPE, merge(seen["policy"], changes), changes)
            yield Step(
                [(change.item.what, change.before, change.after) for change in changes], lambda: self._patch(body)
            )
        scope, now = self._task.args["scope"], seen["policy"].get("appliesTo")
        if scope is None:
            return
        if scope != "selected":
            if scope != now:
                yield Step([("scope", now, scope)], lambda: self._patch({"appliesTo": scope}))
            return
        present = seen["groups"]
        missing = [group for group in groups if group not in present]
        surplus = [group for group in present if group not in groups]
        if now != scope and not missing:
            # Only adding a group makes it "selected", and a group that is listed already cannot be added.
            missing = groups[:1]
            yield Step([], lambda: self._remove(groups[0]))
        for number, group in enumerate(missing):
            first = [("scope", now, scope)] if number == 0 and now != scope else []
            held = [] if group in present else [(f"group {group}", "not included", "included")]
            yield Step([*first, *held], lambda group=group: self._add(group))
        for group in surplus:
            yield Step([(f"group {group}", "included", "not included")], lambda group=group: self._remove(group))

    def _patch(self, body: dict) -> None:
        self._task.client.patch(self._path, body, SCOPE.writing, VERSION)

    def _add(self, group: str) -> None:
        root = self._task.client.cloud_graph
        reference = {"@odata.id": f"{root}/odata/groups('{group}')"}
        try:
            self._task.client.post(
                self._path + "/includedGroups/$ref",
                reference,
                Purpose(f"add the group {group} to the MDM scope", SCOPE.write),
                VERSION,
                repeatable=True,
            )
        except GraphFailure as refused:
            if not already_there(refused):
                raise

    def _remove(self, group: str) -> None:
        purpose = Purpose(f"take the group {group} out of the MDM scope", SCOPE.write)
        self._task.client.delete(f"{self._path}/includedGroups{odata.path(group, '$ref')}", purpose, VERSION)


def already_there(refused: GraphFailure) -> bool:
    """Whether a refused reference exists already, which is what was wanted."""
    return refused.status in (400, 409) and "already exist" in refused.message.lower()
