# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module temporary_access_pass: the method policy, and an outcome for each user.

Everything is looked at before the first write: the file, the policy, the users, their groups and passes.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import os
import typing as t
from collections.abc import Mapping, Sequence

from ...options import bad_option
from ...report import writer
from ...result import Failure
from ...task import Task
from .. import bulk
from ..devices.unread import of_all
from ..graph.batch import LARGEST
from ..graph.failures import RequestFailure
from ..resources import pass_policy
from ..resources.method_policy import Groups, bring, check_targets, resolve_groups
from ..resources.pass_policy import PASSES
from . import passes, people
from .pass_file import Keeper

UNCHANGED = "unchanged"
_DOC = "https://learn.microsoft.com/entra/identity/authentication/howto-authentication-temporary-access-pass"


@dataclasses.dataclass
class Plan:
    """One user, and what is to be done. ``there`` is the pass that the user has; ``failure`` says why not."""

    person: people.Person
    there: Mapping[str, t.Any] | None = None
    write: bulk.Write | None = None
    failure: Failure | None = None
    read: bool = False

    @property
    def what(self) -> str:
        return f"pass of {self.person.name}"

    @property
    def outcome(self) -> str:
        if self.write is not None:
            return self.write.outcome
        return UNCHANGED if self.failure is None else bulk.SKIPPED


def ensure(task: Task) -> dict[str, t.Any]:
    """The work of the module: ``{"policy": {...}, "passes": [...], "dest": path or None}``."""
    args, absent = task.args, task.args["state"] == "absent"
    dest = _check(args)
    given = args["policy"] or {}
    groups = resolve_groups(task.client, given) if given else Groups({}, ())
    current = PASSES.read(task.client)
    policy = pass_policy.wanted(current, given, groups)
    if args["users"] and not absent:
        _require_allowed(args, policy)
    plans = _plans(task, args["users"] or [], None if absent else policy)
    keeper = Keeper(dest)
    task.secrets.append(lambda: keeper.secrets)
    for plan in plans:
        _decide(plan, args, policy, keeper)
    writes = [plan.write for plan in plans if plan.write is not None]
    if writes and dest is not None:
        keeper.require_new()

    def tell() -> None:
        task.learned["passes"] = [_shown(plan, args, policy, task.check_mode) for plan in plans]

    tell()
    policy = bring(task, PASSES, current, policy, groups.about)
    try:
        _carry_out(task, plans, writes, keeper, absent)
    finally:  # A failure halfway tells each user's outcome, too.
        tell()
    troubled = bulk.partly_done(plans, f"not every pass was changed ({_counts(plans)})", ", which does the rest", _DOC)
    if troubled is not None:
        raise troubled
    return {"policy": pass_policy.shown(policy), "dest": keeper.kept_in}


# --- before anything is written ---


def _check(args: Mapping[str, t.Any]) -> str | None:
    """The absolute path of the file, where passes are to be made. Failure for options that do not fit."""
    if args["policy"] is not None:
        check_targets(args["policy"], "policy.")
    making = bool(args["users"]) and args["state"] == "present"
    if making and args["dest"] is None:
        raise bad_option("dest", "the passes need a file", "give the path of a new file on the controller")
    for option in ("lifetime", "usable_once", "dest"):
        if args[option] is not None and not making:
            raise bad_option(option, "no pass is to be created", "give users with state present, or leave it out")
    if not making:
        return None
    dest = os.path.abspath(args["dest"])
    writer.require_writable(dest)
    return dest


def _require_allowed(args: Mapping[str, t.Any], policy: Mapping[str, t.Any]) -> None:
    """Failure for passes that the policy does not allow, as it is going to be."""
    now = pass_policy.shown(policy)
    if now["state"] != "enabled":
        raise _refusal(
            "passes_disabled",
            "the tenant does not offer the Temporary Access Pass",
            "set policy.state to enabled",
        )
    least, most, lifetime = now["minimum_lifetime"], now["maximum_lifetime"], args["lifetime"]
    if lifetime is not None and not (least or lifetime) <= lifetime <= (most or lifetime):
        raise bad_option(
            "lifetime",
            f"{lifetime} minutes are not in the range of the tenant's policy, {least} to {most}",
            "give a lifetime in it, or change the policy",
        )
    if args["usable_once"] is False and now["usable_once"]:
        raise bad_option("usable_once", "the tenant's policy lets every pass work only once", "leave it out")


def _plans(task: Task, names: Sequence[str], policy: Mapping[str, t.Any] | None) -> list[Plan]:
    """A plan for each user, with the pass that is there. ``policy``: whose scope they must be in.

    Failure where two names are the same user, or where the caller may not read passes at all.
    """
    plans = [Plan(person) for person in people.look_up(task.client, names)]
    known: dict[str, str] = {}
    for plan in plans:
        identity, name = plan.person.id, plan.person.name
        if identity is None:
            plan.failure = plan.person.failure or _no_user(name)
            continue
        if identity in known:
            raise bad_option("users", f"{known[identity]} and {name} are the same user", "name each user once")
        known[identity] = name
    found = passes.of_users(task.client, known)
    refused = [one for one in found.values() if isinstance(one, RequestFailure)]
    general = of_all(refused, len(known))
    if general is not None:
        raise general
    groups = people.groups_of(task.client, known, policy) if policy is not None else {}
    for plan in plans:
        if plan.person.id is None:
            continue
        row, member = found[plan.person.id], groups.get(plan.person.id)
        if isinstance(row, RequestFailure):
            plan.failure = row
            continue
        plan.there, plan.read = row, True
        if policy is not None:
            plan.failure = _unfit(plan.person, policy, member)
    return plans


def _unfit(
    person: people.Person, policy: Mapping[str, t.Any], groups: people.Groups | RequestFailure | None
) -> Failure | None:
    """Why a user who is there must not get a pass."""
    if isinstance(groups, RequestFailure):
        return groups
    if person.enabled is None:
        return _refusal(
            "user_hidden", f"the tenant does not show whether {person.name} is enabled", "grant User.Read.All"
        )
    if not person.enabled:
        return _refusal("user_disabled", f"{person.name} is disabled", "enable the user, or leave the user out")
    if not people.targets_for(policy, groups or frozenset()):
        return _refusal(
            "user_out_of_scope",
            f"{person.name} is not in the scope of the tenant's policy",
            "add the user to a group of the policy, or change its scope",
        )
    return None


def _decide(plan: Plan, args: Mapping[str, t.Any], policy: Mapping[str, t.Any], keeper: Keeper) -> None:
    """Learn the write of a user, if there is one."""
    identity, name = plan.person.id, plan.person.name
    if plan.failure is not None or identity is None:
        return
    if args["state"] == "absent":
        if plan.there is not None:
            plan.write = passes.removal(identity, name, plan.there)
        return
    valid = passes.is_valid(plan.there)
    if valid and not args["force"]:
        return
    asked = {"lifetimeInMinutes": args["lifetime"], "isUsableOnce": args["usable_once"]}
    body = {option: value for option, value in asked.items() if value is not None}
    before = passes.shown(plan.there) if valid else None
    plan.write = passes.creation(identity, name, body, before, _planned(args, policy), keeper.taker(plan.person))


def _planned(args: Mapping[str, t.Any], policy: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A pass that would be created."""
    now = pass_policy.shown(policy)
    return {
        "start": "now",
        "lifetime": now["default_lifetime"] if args["lifetime"] is None else args["lifetime"],
        "usable_once": now["usable_once"] if args["usable_once"] is None else args["usable_once"],
    }


# --- writing ---


def _carry_out(task: Task, plans: Sequence[Plan], writes: Sequence[bulk.Write], keeper: Keeper, absent: bool) -> None:
    """Send the writes by 20, with the file written after each of them, and learn what became of each user."""
    what = "the removal of passes" if absent else "the new passes"
    before = {str(plan.person.id): plan.there for plan in plans}
    names = {str(plan.person.id): plan.person.name for plan in plans}
    now: dict[str, t.Any] = {}

    def pending(keys: list[str]) -> dict[str, RequestFailure | None]:
        now.update(passes.of_users(task.client, {key: names[key] for key in keys}))
        unread = {key: now[key] for key in keys if isinstance(now[key], RequestFailure)}
        left = []
        for key in now.keys() & set(keys) - unread.keys():
            old, seen = (before[key] or {}).get("id"), (now[key] or {}).get("id")
            if seen == old if absent else seen in (None, old):
                left.append(key)
        return {**unread, **dict.fromkeys(left)}

    broken: Failure | None = None
    told = task.client.waits.clock()
    for start in range(0, len(writes), LARGEST):
        part = writes[start : start + LARGEST]
        broken = broken or bulk.send(task, part, what=what)
        try:
            keeper.keep()
        except Failure as unwritten:
            broken = unwritten
        if broken is not None:
            for write in writes[start + LARGEST :]:
                write.failure = broken
            break
        if task.client.waits.clock() - told >= bulk.TELL_SECONDS:
            told = task.client.waits.clock()
            task.show(f"{what}: {start + len(part)} of {len(writes)} sent")
    bulk.confirm(task, writes, pending, what, broken)
    for plan in plans:
        if plan.write is None:
            continue
        plan.failure = plan.write.failure
        if task.check_mode or plan.write.outcome != bulk.CHANGED:
            continue
        row = now.get(plan.write.key)
        plan.there = None if isinstance(row, RequestFailure) else row
        if not absent and plan.write.key not in keeper.kept:
            plan.failure = _lost(plan.person.name)


# --- what is told ---


def _shown(plan: Plan, args: Mapping[str, t.Any], policy: Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """The user as it is now, or in check mode would be."""
    row, valid = passes.shown(plan.there), passes.is_valid(plan.there) if plan.read else None
    if plan.outcome == bulk.UNKNOWN:
        row, valid = passes.shown(None), None
    if check_mode and plan.outcome == bulk.CHANGED:
        absent = args["state"] == "absent"
        row, valid = passes.shown(None) if absent else {**_planned(args, policy), "start": None}, not absent
    return {
        "user": plan.person.name,
        "object_id": plan.person.id,
        "outcome": plan.outcome,
        "valid": valid,
        **row,
        "error": None if plan.failure is None else bulk.as_error(plan.failure),
    }


def _counts(plans: Sequence[Plan]) -> str:
    outcomes = [plan.outcome for plan in plans]
    return ", ".join(f"{outcomes.count(one)} {one}" for one in (*bulk.BATCH_OUTCOMES, UNCHANGED) if one in outcomes)


def _no_user(name: str) -> Failure:
    return _refusal("user_unknown", f"the tenant has no user {name!r}", "check the spelling, or give the object id")


def _lost(name: str) -> Failure:
    return _refusal(
        "pass_lost",
        f"a pass of {name} was created, and its value did not arrive",
        "run the task again with force=true, which replaces it",
    )


def _refusal(name: str, cause: str, fix: str) -> Failure:
    return Failure(f"{cause}; {fix}", side="tenant", name=name, cause=cause, fix=fix, doc=_DOC)
