# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Device objects enabled, disabled, deleted and tagged, many in one task: everything is checked before anything
changes.

Sources: Microsoft Graph, "Update device", "Delete device", "Soft delete for devices"; microsoft-graph-docs issue 16641
(an application may change nothing but extension attributes of devices that are not Windows); memdocs issue 1435 (403
while an Autopilot registration points at the object).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ...option_door import refuse_odd_values
from ...options import bad_option
from ...task import Task
from .. import bulk
from ..graph import odata
from ..graph.batch import Item
from ..graph.errors import Purpose
from ..graph.failures import RequestFailure
from . import directory_device, leavers, look_up, ownership, unread
from .directory_device import is_autopilot_anchor
from .look_up import EXTENSION_ATTRIBUTES, SELECT, WRITE_DEVICES

DOC = "https://learn.microsoft.com/graph/api/resources/device"
#: Where Graph forbids to delete such an object without saying why.
ANCHORED = "delete its Windows Autopilot registration first, which keeps the object from being deleted"


@dataclasses.dataclass
class ChangePlan:
    """What is to become of one device. ``before`` and ``after`` are what changes, as shown; ``after`` None: deleted.

    ``write`` is None where nothing is to change, and where ``problem`` says why the device was left out.
    """

    row: dict
    before: dict[str, t.Any]
    after: dict[str, t.Any] | None
    write: bulk.Write | None = None
    problem: str | None = None

    @property
    def outcome(self) -> str:
        if self.problem:
            return bulk.SKIPPED
        return "unchanged" if self.write is None else self.write.outcome

    @property
    def error(self) -> dict | None:
        if self.problem:
            return bulk.as_error(ownership.uncertain("the device was left out", [self.problem], DOC))
        return self.write.error if self.write else None

    def shows(self, row: dict | None) -> bool:
        """Whether a row that was read (None: there is none) is what was wanted."""
        if row is None or self.after is None:
            return row is None and self.after is None
        return {name: value for name, value in _state(row).items() if name in self.after} == self.after


def ensure(task: Task) -> dict:
    """The work of the module: ``{"devices": [...]}``."""
    tags = _tags(task.args)
    wanted, bad = look_up.named(task.args)
    named = leavers.named(task.args["records"] or [], "records")
    named.bad += bad
    # Whom records alone name is left out where something is wrong with it; what people name is refused.
    recorded = set(named.by_id) - set(wanted["device_ids"])
    wanted["device_ids"] = list(dict.fromkeys([*wanted["device_ids"], *named.by_id]))
    if not any(wanted.values()) and not named.bad:
        return {"devices": [], "missing": []}
    # Only the beta version describes extension attributes; one object is never read in two versions.
    version = "beta" if tags else "v1.0"
    select = (*SELECT, *(["extensionAttributes"] if tags else []), *([ownership.SELECT_KEYS] if named.by_id else []))
    found = look_up.look_up(task.client, wanted, select, version)
    unknown = _not_read(found, recorded)
    named.bad += [(named.by_id[key].label, unread.sentence("its Entra object", why)) for key, why in unknown.items()]
    _require_exact(task.args, found, recorded)
    if task.args["state"] != "absent":
        named.bad += [(named.by_id[key].label, "the tenant has no such device") for key in _unknown(found, recorded)]
    unsure = _unsure(named, found, task)
    plans = [_plan(row, task.args["state"], tags, unsure.get(row["id"])) for row in found.rows.values()]

    def tell() -> None:
        task.learned["devices"] = [_shown(plan) for plan in plans] + [_nobody(*one) for one in named.bad]
        task.learned["missing"] = [key for keys in found.missing.values() for key in keys]

    tell()  # A refusal says to look at the list.
    _require_allowed(task.args, plans)
    deleted = [plan for plan in plans if plan.after is None and plan.write]
    task.learned["warnings"] = directory_device.restoring(
        [(str(plan.write.what), plan.row) for plan in deleted if plan.write]
    )
    todo = {plan.row["id"]: plan for plan in plans if plan.write is not None}

    def pending(ids: list[str]) -> bulk.StillPending:
        seen = look_up.look_up(task.client, {"object_ids": ids}, select, version)
        failed = seen.unread.get("object_ids", {})
        waited = [one for one in ids if one in failed or not todo[one].shows(seen.rows.get(one))]
        return {identity: failed.get(identity) for identity in waited}

    writes = [plan.write for plan in todo.values() if plan.write is not None]
    try:
        bulk.carry_out(task, writes, pending, f"the change of {len(writes)} devices", version)
    finally:  # A failure halfway tells each device's outcome, too.
        tell()
    failure = bulk.partly_done(
        writes, f"not every device was changed ({bulk.counts(writes)})", ", which does the rest", DOC
    )
    if failure is None and unknown:
        key, why = next(iter(unknown.items()))
        told = f"some devices were left out: {named.by_id[key].label}: {unread.sentence('its Entra object', why)}"
        failure = unread.left_out(told, why, named.left_out, DOC)
    if failure is None and named.left_out:
        failure = ownership.uncertain("some devices were left out", named.left_out, DOC)
    if failure is not None:
        raise failure
    return {}


# --- before anything changes ---


def _tags(args: dict) -> dict[str, str | None]:
    given = args["extension_attributes"] or {}
    tags = {}
    for name, value in given.items():
        if name not in EXTENSION_ATTRIBUTES:
            raise bad_option("extension_attributes", f"there is no {name!r}", "name extensionAttribute1 to 15")
        refuse_odd_values({name: value}, {name: {"type": "str", "empty": True}}, "extension_attributes.")
        tags[name] = None if value is None or value == "" else str(value)
    if tags and args["state"] == "absent":
        raise bad_option("extension_attributes", "a device that is deleted has no attributes", "leave them out")
    return tags


def _unknown(found: look_up.Found, recorded: set[str]) -> list[str]:
    return [key for key in found.missing["device_ids"] if key in recorded]


def _not_read(found: look_up.Found, recorded: set[str]) -> dict[str, RequestFailure]:
    """Those whom records alone name and of which nobody knows what the directory has. Failure for others."""
    failed = found.unread.get("device_ids", {})
    alone = {key: failure for key, failure in failed.items() if key in recorded}
    if len(alone) < sum(map(len, found.unread.values())):
        found.require()
    return alone


def _require_exact(args: dict, found: look_up.Found, recorded: set[str]) -> None:
    """Failure where a name or id means several devices, or none although one is needed; not for ``recorded`` ids."""
    several = {
        key: rows
        for option, keys in found.by_key.items()
        for key, rows in keys.items()
        if len(rows) > 1 and not (option == "device_ids" and key in recorded)
    }
    if several:
        texts = [
            f"{key!r}: device ids {', '.join(sorted(str(row['deviceId']) for row in rows))}"
            for key, rows in several.items()
        ]
        raise bulk.refused(
            "device_ambiguous",
            f"{len(several)} of the names belong to several devices",
            texts,
            "name these devices by device_ids or object_ids",
            DOC,
        )
    left_out = _unknown(found, recorded)
    missing = [key for keys in found.missing.values() for key in keys if key not in left_out]
    if missing and args["state"] != "absent":
        raise bulk.refused(
            "device_unknown",
            f"the tenant has no device {missing[0]!r}" + (f", nor {len(missing) - 1} more" if missing[1:] else ""),
            missing,
            "check the spelling; a device that has just joined may need a minute",
            DOC,
        )


def _unsure(named: leavers.Named, found: look_up.Found, task: Task) -> dict[str, str]:
    """By object id, why an object is not certainly the one of the device that names it in its record."""
    for row in found.rows.values():
        leaver = named.by_id.get(str(row.get("deviceId")).lower())
        if leaver is not None:
            leaver.row, leaver.name = row, row.get("displayName")
            count = len(found.by_key["device_ids"].get(leaver.device_id, ()))
            if count > 1:
                leaver.problems.append(f"the directory has {count} objects of it")
            leaver.problems += ownership.problems(leaver, task.check_mode, ownership.own_tenant(task.client))
    leavers.contest(named)
    return {
        row["id"]: "; ".join(dict.fromkeys(leaver.problems))
        for row in found.rows.values()
        if (leaver := named.by_id.get(str(row.get("deviceId")).lower())) is not None and leaver.problems
    }


def _plan(row: dict, state: str, tags: dict[str, str | None], problem: str | None = None) -> ChangePlan:
    if problem:
        return ChangePlan(row, {}, {}, problem=problem)
    if state == "absent":
        before = {**_state(row), "state": "present"}
        return ChangePlan(row, before, None, _write(row, before, None))
    after: dict[str, t.Any] = dict(tags)
    if state in ("enabled", "disabled"):
        after["enabled"] = state == "enabled"
    now = _state(row)
    # Only what differs is sent.
    after = {name: value for name, value in after.items() if now[name] != value}
    before = {name: now[name] for name in after}
    return ChangePlan(row, before, after, _write(row, before, after) if after else None)


def _write(row: dict, before: dict[str, t.Any], after: dict[str, t.Any] | None) -> bulk.Write:
    what, path = f"device {row.get('displayName')} ({row.get('deviceId')})", odata.path("devices", row["id"])
    changes = [(what, before, {"state": "absent"} if after is None else after)]
    if after is None:
        item = Item("DELETE", path, Purpose(f"delete the {what}", WRITE_DEVICES))
        return bulk.Write(row["id"], what, item, changes, ANCHORED if is_autopilot_anchor(row) else None)
    body: dict[str, t.Any] = {}
    if "enabled" in after:
        body["accountEnabled"] = after["enabled"]
    tags = {name: value for name, value in after.items() if name in EXTENSION_ATTRIBUTES}
    if tags:
        body["extensionAttributes"] = tags
    return bulk.Write(
        row["id"], what, Item("PATCH", path, Purpose(f"change the {what}", WRITE_DEVICES), body=body), changes
    )


def _state(row: dict) -> dict[str, t.Any]:
    state = {"enabled": row.get("accountEnabled")}
    return {**state, **directory_device.attributes(row)} if "extensionAttributes" in row else state


def _require_allowed(args: dict, plans: list[ChangePlan]) -> None:
    deleted = [plan for plan in plans if plan.after is None]
    if len(deleted) > args["max_deletions"]:
        raise bulk.refused(
            "too_many_deletions",
            f"{len(deleted)} devices would be deleted, and max_deletions is {args['max_deletions']}",
            [plan.write.what for plan in deleted if plan.write],
            "look at the list, then raise max_deletions if it is right",
            DOC,
        )
    anchors = [
        plan
        for plan in plans
        if plan.write and (plan.after is None or "enabled" in plan.after) and is_autopilot_anchor(plan.row)
    ]
    if anchors and not args["allow_autopilot"]:
        raise bulk.refused(
            "autopilot_anchor",
            f"{len(anchors)} of the devices are anchors of Windows Autopilot registrations",
            [plan.write.what for plan in anchors if plan.write],
            "leave them out, or set allow_autopilot; a deleted anchor breaks the next deployment of the device",
            DOC,
        )


# --- what is returned ---


def _shown(plan: ChangePlan) -> dict:
    """The device as it is now, or in check mode would be."""
    now = datetime.datetime.now(datetime.timezone.utc)
    device = directory_device.shown(plan.row, now)
    if plan.outcome == "changed" and plan.after is not None:
        device["enabled"] = plan.after.get("enabled", device["enabled"])
        tags = {name: value for name, value in plan.after.items() if name in EXTENSION_ATTRIBUTES}
        if tags:
            device["extension_attributes"].update(tags)
    gone = plan.outcome == "changed" and plan.after is None
    state = "absent" if gone else "enabled" if device["enabled"] else "disabled"
    return {**device, "state": state, "outcome": plan.outcome, "error": plan.error}


def _nobody(who: str, why: str) -> dict:
    """What names no device that could be changed, in the same form."""
    device = directory_device.shown({"id": None}, datetime.datetime.now(datetime.timezone.utc))
    error = bulk.as_error(ownership.uncertain("it was left out", [f"{who}: {why}"], DOC))
    return {**device, "name": who, "state": None, "outcome": bulk.SKIPPED, "error": error}
