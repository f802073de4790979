# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices associated with the tenant, and associations removed, many in one task: the work of device_association.

An import or a removal is sent once; where no answer comes, the list tells whether it arrived.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...result import Failure
from ...task import Task
from .. import bulk
from ..devices.directory_device import some
from ..graph import odata
from ..graph.batch import Item
from ..graph.errors import Purpose
from . import policies, records
from .records import NOT_ASSOCIATED, PENDING_REMOVAL, PREASSOCIATED, VERSION
from .wanted import Wanted, named

UNCHANGED = "unchanged"
_CONFLICT = 409
_OF_OTHERS = (
    "Intune says that this device is associated already, and this tenant's list does not have it: another tenant may "
    "have it"
)

_MARKED = (
    "the mark of this tenant stays in the firmware of an associated device until the device clears it; until then a "
    "reset brings it back to this tenant"
)


@dataclasses.dataclass
class Plan:
    """What one device is to be. ``row`` is its record, ``problem`` why it is left out, ``after`` the state and
    policy that it will have."""

    wanted: Wanted
    row: dict | None
    problem: str | None = None
    write: bulk.Write | None = None
    after: tuple[str, str | None] | None = None

    @property
    def outcome(self) -> str:
        if self.problem:
            return bulk.SKIPPED
        return UNCHANGED if self.write is None else self.write.outcome

    def shows(self, row: dict | None) -> bool:
        """Whether a record that was read is what was wanted."""
        if self.after is None:
            return True
        state, policy = self.after
        if state == NOT_ASSOCIATED:
            return records.is_gone(row)
        return records.state(row) not in (NOT_ASSOCIATED, PENDING_REMOVAL) and (
            policy is None or _policy_of(row) == policy
        )


def ensure(task: Task) -> dict:
    """The work of the module: ``{"devices": [...]}``."""
    wanted = named(task.args["devices"])
    if not wanted:
        return {"devices": []}
    absent = task.args["state"] == "absent"
    bound = {} if absent else _policies(task, wanted)
    rows = records.listed(task.client)
    plans = [_plan(one, rows, absent, bound.get(one.policy or "")) for one in wanted]

    def tell() -> None:
        task.learned["devices"] = [_shown(plan, task.check_mode) for plan in plans]

    tell()  # A refusal says to look at the list.
    _require_allowed(task.args, plans)
    task.learned["warnings"] = _warnings(plans, absent)
    by_key = {plan.write.key: plan for plan in plans if plan.write is not None}

    def pending(keys: list[str]) -> list[str]:
        now = records.listed(task.client)
        for key in keys:
            by_key[key].row = _one(records.found(now, by_key[key].wanted.serial, by_key[key].wanted.uuid))
        return [key for key in keys if not by_key[key].shows(by_key[key].row)]

    writes = [plan.write for plan in by_key.values() if plan.write is not None]
    what = "the removal of associations" if absent else "the association"
    try:
        bulk.carry_out(task, writes, pending, what, VERSION)
        _settle_conflicts(plans, pending)
    finally:  # A failure halfway tells each device's outcome, too.
        tell()
    failure = bulk.partly_done(
        writes, f"not every association was changed ({bulk.counts(writes)})", ", which does the rest", records.DOC
    )
    return _told(plans, failure)


# --- before anything is asked ---


def _policies(task: Task, wanted: list[Wanted]) -> dict[str, str]:
    """The ids of the policies that are named, by what they are named. Failure for one that is not exactly one."""
    names = list(dict.fromkeys(one.policy for one in wanted if one.policy))
    if not names:
        return {}
    rows = policies.listed(task.client)
    found = {name: policies.resolve(rows, name) for name in names}
    for name, several in found.items():
        if not several:
            known = ", ".join(sorted(str(row.get("name")) for row in rows)) or "none"
            raise bulk.refused(
                "policy_unknown",
                f"the tenant has no device preparation policy {name!r}",
                [f"{row.get('name')}: {row['id']}" for row in rows],
                f"give one of those that it has: {known}",
                records.DOC,
            )
        if several[1:]:
            raise bulk.refused(
                "policy_ambiguous",
                f"the tenant has {len(several)} device preparation policies {name!r}",
                [row["id"] for row in several],
                "give the id of one of them",
                records.DOC,
            )
    return {name: several[0]["id"] for name, several in found.items()}


def _plan(wanted: Wanted, rows: list[dict], absent: bool, policy: str | None) -> Plan:
    found = records.found(rows, wanted.serial, wanted.uuid)
    if len(found) > 1:
        ids = ", ".join(sorted(row["id"] for row in found))
        return Plan(wanted, None, f"the tenant has {len(found)} associations of it: {ids}; give smbios_uuid")
    row, what = _one(found), f"association of {wanted.label}"
    plan = Plan(wanted, row)
    before = None if row is None else {"state": records.state(row), "device_preparation_policy_id": _policy_of(row)}
    if absent:
        if row is not None and not records.is_gone(row):
            plan.after = (NOT_ASSOCIATED, None)
            after = {**(before or {}), "state": "absent"}
            plan.write = bulk.Write(wanted.label, what, records.removal(row, wanted.label), [(what, before, after)])
        return plan
    if row is None and wanted.link is None:
        plan.problem = "it is not imported yet, and there is no device_link"
    elif row is not None and records.state(row) == PENDING_REMOVAL:
        plan.problem = (
            "its earlier association is pending removal; it can be imported when the device has cleared the mark in "
            "its firmware and the record is gone"
        )
    elif row is None or (policy is not None and _policy_of(row) != policy):
        plan.after = (PREASSOCIATED if row is None else records.state(row), policy or _policy_of(row))
        after = dict(zip(("state", "device_preparation_policy_id"), plan.after))
        plan.write = bulk.Write(wanted.label, what, _item(wanted, row, policy), [(what, before, after)])
    return plan


def _item(wanted: Wanted, row: dict | None, policy: str | None) -> Item:
    if row is not None:
        purpose = Purpose(f"bind {wanted.label} to a device preparation policy", records.WRITE)
        return Item(
            "PATCH",
            records.ASSOCIATIONS_PATH + odata.path(row["id"]),
            purpose,
            body={"devicePreparationPolicyId": policy},
        )
    body = {"deviceLink": wanted.link.data if wanted.link else ""}
    if policy is not None:
        body["devicePreparationPolicyId"] = policy
    return Item("POST", records.IMPORT, Purpose(f"associate {wanted.label}", records.WRITE), body=body, once=True)


def _require_allowed(args: dict, plans: list[Plan]) -> None:
    lost = [plan for plan in plans if plan.after and plan.after[0] == NOT_ASSOCIATED]
    if len(lost) > args["max_deletions"]:
        raise bulk.refused(
            "too_many_deletions",
            f"{len(lost)} associations would be removed, and max_deletions is {args['max_deletions']}",
            [plan.wanted.label for plan in lost],
            "look at the list, then raise max_deletions if it is right",
            records.DOC,
        )


def _warnings(plans: list[Plan], absent: bool) -> list[str]:
    told = [(f"left out: {plan.problem}", [plan.wanted.label]) for plan in plans if plan.problem]
    if absent:
        there = [plan for plan in plans if plan.row is not None and not plan.problem]
        marked = [plan.wanted.label for plan in there if records.state(plan.row) != PREASSOCIATED]
        enrolled = [plan.wanted.label for plan in there if _id_or_none((plan.row or {}).get("managedDeviceId"))]
        told += [
            (
                _MARKED,
                marked,
            ),
            ("still enrolled, so that Intune may associate it again; remove its Intune record first", enrolled),
        ]
    return [f"{sentence}: {some(labels)}" for sentence, labels in told if labels]


# --- afterwards ---


def _settle_conflicts(plans: list[Plan], pending: t.Callable[[list[str]], list[str]]) -> None:
    """Intune says of an import that the device is associated already. It is as it was wanted where the list has it
    now: somebody else was faster. Else the sentence says what that may mean."""
    refused = [
        plan.write
        for plan in plans
        if plan.write is not None
        and plan.write.outcome == bulk.FAILED
        and getattr(plan.write.failure, "status", None) == _CONFLICT
    ]
    missing = pending([write.key for write in refused]) if refused else []
    for write in refused:
        if write.key not in missing:
            write.outcome, write.failure = UNCHANGED, None
        elif write.failure is not None:
            write.failure.error["cause"] = _OF_OTHERS
            write.failure.error["fix"] = "remove the device from the other tenant first, and clear its mark"


def _told(plans: list[Plan], failure: Failure | None) -> dict:
    """The result. Failure where something was not done."""
    left_out = [f"{plan.wanted.label}: {plan.problem}" for plan in plans if plan.problem]
    if failure is not None:
        failure.error["evidence"] += left_out
        raise failure
    if left_out:
        cause = f"{len(left_out)} of {len(plans)} devices were left out: {left_out[0]}"
        fix = "see problem of each in devices"
        raise Failure(
            f"{cause}; {fix}",
            side="tenant",
            name="devices_left_out",
            cause=cause,
            fix=fix,
            evidence=left_out,
            doc=records.DOC,
        )
    return {}


def _one(rows: list[dict]) -> dict | None:
    return rows[0] if rows else None


def _policy_of(row: dict | None) -> str | None:
    return _id_or_none((row or {}).get("devicePreparationPolicyId"))


def _shown(plan: Plan, check_mode: bool) -> dict:
    """The device as it is now, or in check mode would be."""
    row, state, policy = plan.row or {}, records.state(plan.row), _policy_of(plan.row)
    if plan.after is not None and plan.outcome == bulk.CHANGED and (check_mode or not plan.shows(plan.row)):
        state, policy = plan.after
    if plan.outcome == bulk.UNKNOWN:
        state = records.UNKNOWN
    if check_mode and state == NOT_ASSOCIATED and records.state(plan.row) == records.ASSOCIATED:
        state = PENDING_REMOVAL
    return {
        "serial_number": plan.wanted.serial or row.get("serialNumber"),
        "smbios_uuid": plan.wanted.uuid or records.plain(row.get("smbiosUuid")) or None,
        "id": row.get("id"),
        "state": state,
        "device_preparation_policy_id": policy,
        "managed_device_id": _id_or_none(row.get("managedDeviceId")),
        "managed_device_name": row.get("managedDeviceName") or None,
        "preassociated": row.get("preassociationDateTime"),
        "associated": row.get("associationDateTime"),
        "last_contact": row.get("lastContactedDateTime"),
        "outcome": plan.outcome,
        "problem": plan.problem,
        "error": plan.write.error if plan.write else None,
    }


def _id_or_none(identity: t.Any) -> str | None:
    """An id of which all digits are zero means none."""
    text = str(identity or "").lower()
    return text if text.strip("0-") else None
