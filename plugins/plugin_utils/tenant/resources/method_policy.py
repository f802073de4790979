# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy of one authentication method: its targets, and one careful write.

What changes is written and read back until it shows; everything else of the policy is sent back as it was read, or not
at all. The settings of the policy above the methods (such as ``optOutSettings``) are in another object, which is not
written here.

Sources: Microsoft Graph, "authenticationMethodConfiguration resource type", "excludeTarget resource type". Targets are
security groups, or ``all_users``.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable, Mapping, Sequence

from ...options import bad_option
from ...result import Failure
from ...task import Task
from ..graph import odata
from ..graph.batch import Item
from ..graph.client import GraphClient
from ..graph.consistency import settle
from ..graph.errors import Permissions, Purpose
from ..graph.fields import FLAG, IDENTITY, TEXT, Kind, list_of, needed, object_of
from .directory import GROUP, resolve
from .engine import ResourceStep, apply
from .new_objects import NewObjects, ObjectReference

_READ = Permissions.same("Policy.Read.AuthenticationMethod")
_WRITE = Permissions.same("Policy.ReadWrite.AuthenticationMethod")
#: The id of the target that is everybody.
ALL_USERS = "all_users"
#: The fields that the policy of every method has.
METHOD_FIELDS: dict[str, Kind] = {
    "state": needed(TEXT),
    "includeTargets": list_of(
        object_of(
            {
                "id": needed(IDENTITY),
                "targetType": TEXT,
                "isRegistrationRequired": FLAG,
                "allowedPasskeyProfiles": list_of(IDENTITY),
            }
        )
    ),
    "excludeTargets": list_of(object_of({"id": needed(IDENTITY), "targetType": TEXT})),
}
_CONFIGURATIONS = ("policies", "authenticationMethodsPolicy", "authenticationMethodConfigurations")
_GROUP = object_of({"securityEnabled": FLAG})


@dataclasses.dataclass(frozen=True)
class Method:
    """The policy of one method. ``shown`` gives it as the module's options would say it, ``labels`` has a noun phrase
    for each option."""

    name: str
    noun: str
    kind: Kind
    shown: Callable[[Mapping[str, t.Any]], dict[str, t.Any]]
    labels: Mapping[str, str]

    @property
    def path(self) -> str:
        return odata.path(*_CONFIGURATIONS, self.name)

    @property
    def odata_type(self) -> str:
        return f"#microsoft.graph.{self.name}AuthenticationMethodConfiguration"

    def read(self, client: GraphClient) -> dict:
        """The policy as it is now."""
        return client.get(self.path, Purpose(f"read the {self.noun}", _READ), kind=self.kind)


def bring(
    task: Task, method: Method, current: dict, wanted: dict, about: Sequence[ObjectReference]
) -> dict[str, t.Any]:
    """Bring the policy from ``current`` to ``wanted``, a copy in which some top-level properties are others. Returns it
    as it then is, or in check mode would be."""
    before, after = method.shown(current), method.shown(wanted)
    changes = [
        (method.labels[name], before[name], after[name]) for name in method.labels if before[name] != after[name]
    ]
    if not changes:
        return current
    body = {name: value for name, value in wanted.items() if "@odata." not in name and value != current.get(name)}
    body = {"@odata.type": method.odata_type, **body}
    new, what = NewObjects(task.client), f"the new {method.noun}"
    purpose = Purpose(f"change the {method.noun}", _WRITE)
    apply(
        task,
        [ResourceStep(changes, lambda: new.bear(lambda: task.client.patch(method.path, body, purpose), about, what))],
    )
    if task.check_mode:
        return wanted

    def shows(seen: dict) -> bool:
        now = method.shown(seen)
        return all(now[name] == after[name] for name in method.labels)

    return settle(task.client.waits, lambda: method.read(task.client), shows, what)


# --- targets ---


@dataclasses.dataclass(frozen=True)
class Groups:
    """The groups that a task names: ``ids`` by the names that were given, ``about`` for requests that name them."""

    ids: Mapping[str, str]
    about: Sequence[ObjectReference]

    def of(self, names: Sequence[str]) -> list[str]:
        return sorted({self.ids[name] for name in names})


def check_targets(args: Mapping[str, t.Any], above: str = "") -> None:
    """Failure for ``include`` that says two things, before anything is asked."""
    include = args.get("include")
    if include is None:
        return
    if include["groups"] and include["scope"] == "all":
        raise bad_option(f"{above}include", "scope all takes no groups", "set scope to selected")
    if not include["groups"] and include["scope"] == "selected":
        raise bad_option(f"{above}include", "scope selected needs groups", "name some, or set scope to all")


def resolve_groups(client: GraphClient, args: Mapping[str, t.Any]) -> Groups:
    """The groups of ``include`` and ``excluded_groups``. Failure for one that is not there, or no security group."""
    include = args.get("include") or {"groups": []}
    names = list(dict.fromkeys([*include["groups"], *(args.get("excluded_groups") or [])]))
    ids = resolve(client, GROUP, names)
    items = [
        Item(
            "GET",
            odata.path("groups", ids[name]),
            Purpose(f"read the group {name!r}", GROUP.permissions),
            {"$select": "id,securityEnabled"},
            kind=_GROUP,
        )
        for name in names
    ]
    about = [ObjectReference.of(GROUP, name, ids[name]) for name in names]
    new = NewObjects(client)
    for name, item, reference, answer in zip(names, items, about, client.batch(items) if items else []):
        row = answer.body
        if answer.failure is not None:

            def read(item: Item = item) -> dict:
                return client.get(item.path, item.purpose, item.query, kind=_GROUP)

            row = new.bear(read, [reference], f"the group {name!r}")
        if not (row or {}).get("securityEnabled"):
            raise _not_a_target(name)
    return Groups(ids, about)


def include_targets(current: Sequence[dict], include: Mapping[str, t.Any], groups: Groups, new: dict) -> list[dict]:
    """The targets to send: those that are there as they were read, others with the properties of ``new``."""
    there = {target["id"].lower(): target for target in current}
    ids = [ALL_USERS] if include["scope"] == "all" else groups.of(include["groups"])
    fresh = {"targetType": "group", "isRegistrationRequired": False, **new}
    return [there.get(identity) or {"id": identity, **fresh} for identity in ids]


def exclude_targets(current: Sequence[dict], names: Sequence[str], groups: Groups) -> list[dict]:
    """As ``include_targets``, of those who are excluded."""
    there = {target["id"].lower(): target for target in current}
    return [there.get(identity) or {"id": identity, "targetType": "group"} for identity in groups.of(names)]


def lay_targets(wanted: dict, args: Mapping[str, t.Any], groups: Groups, new: dict | None = None) -> None:
    """Put the targets that the task names into a policy."""
    if args.get("include") is not None:
        have = wanted.get("includeTargets") or []
        targets = include_targets(have, args["include"], groups, new or {})
        if shown_include(targets) != shown_include(have):
            wanted["includeTargets"] = targets
    if args.get("excluded_groups") is not None:
        have = wanted.get("excludeTargets") or []
        targets = exclude_targets(have, args["excluded_groups"], groups)
        if shown_ids(targets) != shown_ids(have):
            wanted["excludeTargets"] = targets


def shown_include(targets: Sequence[dict] | None) -> dict[str, t.Any]:
    """``{"scope", "groups"}`` of the included targets."""
    ids = shown_ids(targets)
    if ALL_USERS in ids:
        return {"scope": "all", "groups": []}
    return {"scope": "selected", "groups": ids}


def shown_ids(targets: Sequence[dict] | None) -> list[str]:
    """The ids of targets, sorted."""
    return sorted({target["id"].lower() for target in targets or []})


def _not_a_target(name: str) -> Failure:
    cause = f"the group {name!r} is not a security group, and only those can be targets of a method"
    fix = "name a security group"
    return Failure(f"{cause}; {fix}", side="tenant", name="not_a_security_group", cause=cause, fix=fix)
