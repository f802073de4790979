# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The members of an assigned group: users, groups and devices, added and taken out 20 in one request.

Source: Microsoft Graph, "Add members", "Remove member" (by reference), "List group members".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import functools

from ...options import bad_option
from ..graph import odata
from ..graph.batch import LARGEST, Item
from ..graph.errors import GraphFailure, Permissions, Purpose
from ..task import TenantTask
from .directory import DEVICE, GROUP, USER, resolve
from .engine import Step, apply, once_known, settle
from .mdm_scope import already_there

READ = Purpose("read the members of the group", Permissions.same("GroupMember.Read.All"))
WRITE = Permissions.same("GroupMember.ReadWrite.All")
KINDS = {"users": USER, "groups": GROUP, "devices": DEVICE}


def wanted(task: TenantTask, dynamic: bool) -> dict[str, str] | None:
    """{object id: as it was named} of the members that the task names; None where it names none at all."""
    named = {option: task.args[option] for option in KINDS if task.args[option] is not None}
    if not named:
        return None
    if dynamic:
        raise bad_option(next(iter(named)), "the rule of a dynamic group decides who is in it", "leave the members out")
    ids = {}
    for option, names in named.items():
        ids.update({found: name for name, found in resolve(task.client, KINDS[option], names).items()})
    return ids


def ensure(task: TenantTask, group_id: str | None, members: dict[str, str], made: bool) -> list[str]:
    """Add or take out members, and return the ids of all, sorted. ``made``: the group was created a moment ago."""
    present = set() if made else _read(task, group_id)
    state = task.args["members_state"]
    add = [] if state == "absent" else [member for member in members if member not in present]
    remove = {
        "present": [],
        "absent": [member for member in members if member in present],
        "exact": sorted(present - set(members)),
    }[state]
    apply(
        task,
        [*_steps(task, group_id, "POST", add, members, made), *_steps(task, group_id, "DELETE", remove, members, made)],
    )
    expected = (present | set(add)) - set(remove)
    if (add or remove) and not task.check_mode:
        settle(
            task,
            lambda: _read(task, group_id),
            lambda seen: set(add) <= seen and not set(remove) & seen,
            "the change of members",
        )
    return sorted(expected)


def _read(task: TenantTask, group_id: str | None) -> set[str]:
    path = odata.path("groups", group_id or "", "members")
    return {member["id"].lower() for member in task.client.list(path, READ, {"$select": "id", "$top": 999})}


def _steps(task: TenantTask, group_id: str | None, method: str, ids: list[str], names: dict[str, str], made: bool):
    for start in range(0, len(ids), LARGEST):
        chunk = ids[start : start + LARGEST]
        before, after = ("absent", "present") if method == "POST" else ("present", "absent")
        yield Step(
            [(f"member {names.get(member, member)}", before, after) for member in chunk],
            functools.partial(_send, task, group_id, method, chunk, made),
        )


def _send(task: TenantTask, group_id: str, method: str, chunk: list[str], made: bool) -> None:
    pending = list(chunk)

    def attempt() -> None:
        answers = task.client.batch([_item(task, group_id, method, member) for member in pending])
        failures = {
            member: answer.failure for member, answer in zip(pending, answers) if not _done(method, answer.failure)
        }
        pending[:] = failures
        if failures:
            raise next(iter(failures.values()))

    if made:
        # A 404 that names the member is about the member: waiting for the group would be no use.
        once_known(task, attempt, "the new group", but_not=chunk)
    else:
        attempt()


def _done(method: str, failure: GraphFailure | None) -> bool:
    return failure is None or already_there(failure) or (method == "DELETE" and failure.status == 404)


def _item(task: TenantTask, group_id: str, method: str, member: str) -> Item:
    members = odata.path("groups", group_id, "members")
    if method == "DELETE":
        return Item("DELETE", members + odata.path(member, "$ref"), Purpose(f"take the member {member} out", WRITE))
    reference = {"@odata.id": f"{task.client.cloud_graph}/v1.0/directoryObjects/{member}"}
    return Item("POST", members + "/$ref", Purpose(f"add the member {member}", WRITE), body=reference)
