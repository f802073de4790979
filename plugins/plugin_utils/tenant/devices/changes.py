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

from ...options import bad_option, require_at_least
from ...result import Failure
from ..graph import odata
from ..graph.batch import LARGEST, Answer, Item
from ..graph.errors import GraphFailure, Purpose
from ..resources.engine import settle
from ..task import TenantTask
from . import look_up
from .look_up import EXTENSION_ATTRIBUTES, SELECT, WRITE

GONE = 404
DOC = "https://learn.microsoft.com/graph/api/resources/device"


@dataclasses.dataclass
class Plan:
    """What is to become of one device. ``before`` and ``after`` are what changes, as shown; ``after`` None: deleted.

    ``outcome``: unchanged, changed, failed (``error`` says why), unknown (nobody knows whether it arrived), skipped
    (never sent).
    """

    row: dict
    before: dict[str, t.Any]
    after: dict[str, t.Any] | None
    outcome: str = "unchanged"
    error: dict | None = None

    @property
    def what(self) -> str:
        return f"device {self.row.get('displayName')} ({self.row.get('deviceId')})"

    @property
    def wanted(self) -> bool:
        return self.after is None or self.before != self.after

    def item(self) -> Item:
        path = odata.path("devices", self.row["id"])
        if self.after is None:
            return Item("DELETE", path, Purpose(f"delete the {self.what}", WRITE))
        body: dict[str, t.Any] = {}
        if "enabled" in self.after:
            body["accountEnabled"] = self.after["enabled"]
        tags = {name: value for name, value in self.after.items() if name in EXTENSION_ATTRIBUTES}
        if tags:
            body["extensionAttributes"] = tags
        return Item("PATCH", path, Purpose(f"change the {self.what}", WRITE), body=body)

    def shows(self, row: dict | None) -> bool:
        """Whether a row that was read (None: there is none) is what was wanted."""
        if row is None or self.after is None:
            return row is None and self.after is None
        return {name: value for name, value in _state(row).items() if name in self.after} == self.after


def ensure(task: TenantTask) -> dict:
    """The work of the module: ``{"devices": [...]}``."""
    tags = _tags(task.args)
    wanted = look_up.named(task.args)
    if not any(wanted.values()):
        return {"devices": [], "missing": []}
    # Only the beta version describes extension attributes; one object is never read in two versions.
    version = "beta" if tags else "v1.0"
    select = (*SELECT, "extensionAttributes") if tags else SELECT
    found = look_up.look_up(task.client, wanted, select, version)
    _require_exact(task.args, found)
    plans = [_plan(row, task.args["state"], tags) for row in found.rows.values()]
    _require_allowed(task.args, plans)
    todo = [plan for plan in plans if plan.wanted]
    try:
        if task.check_mode:
            for plan in todo:
                _done(task, plan)
        else:
            _write(task, todo, version, select)
    finally:  # A failure halfway tells each device's outcome, too.
        task.learned["devices"] = [_shown(plan) for plan in plans]
        task.learned["missing"] = [key for keys in found.missing.values() for key in keys]
    return {}


# --- before anything changes ---


def _tags(args: dict) -> dict[str, str | None]:
    given = args["extension_attributes"] or {}
    tags = {}
    for name, value in given.items():
        if name not in EXTENSION_ATTRIBUTES:
            raise bad_option("extension_attributes", f"there is no {name!r}", "name extensionAttribute1 to 15")
        if value is not None and not isinstance(value, str | int | float) or isinstance(value, bool):
            raise bad_option("extension_attributes", f"{name} is no text", "put the value in quotes")
        tags[name] = None if value is None or value == "" else str(value)
    if tags and args["state"] == "absent":
        raise bad_option("extension_attributes", "a device that is deleted has no attributes", "leave them out")
    require_at_least(0, args["max_deletions"], "max_deletions")
    return tags


def _require_exact(args: dict, found: look_up.Found) -> None:
    """Failure where a name or id means several devices, or none although one is needed."""
    several = {key: rows for keys in found.by_key.values() for key, rows in keys.items() if len(rows) > 1}
    if several:
        texts = [
            f"{key!r}: device ids {', '.join(sorted(str(row['deviceId']) for row in rows))}"
            for key, rows in several.items()
        ]
        raise _refused(
            "device_ambiguous",
            f"{len(several)} of the names belong to several devices",
            texts,
            "name these devices by device_ids or object_ids",
        )
    missing = [key for keys in found.missing.values() for key in keys]
    if missing and args["state"] != "absent":
        raise _refused(
            "device_unknown",
            f"the tenant has no device {missing[0]!r}" + (f", nor {len(missing) - 1} more" if missing[1:] else ""),
            missing,
            "check the spelling; a device that has just joined may need a minute",
        )


def _plan(row: dict, state: str, tags: dict[str, str | None]) -> Plan:
    if state == "absent":
        return Plan(row, {**_state(row), "state": "present"}, None)
    after: dict[str, t.Any] = dict(tags)
    if state in ("enabled", "disabled"):
        after["enabled"] = state == "enabled"
    now = _state(row)
    # Only what differs is sent.
    after = {name: value for name, value in after.items() if now[name] != value}
    return Plan(row, {name: now[name] for name in after}, after)


def _state(row: dict) -> dict[str, t.Any]:
    state = {"enabled": row.get("accountEnabled")}
    return {**state, **look_up.attributes(row)} if "extensionAttributes" in row else state


def _require_allowed(args: dict, plans: list[Plan]) -> None:
    deleted = [plan for plan in plans if plan.after is None]
    if len(deleted) > args["max_deletions"]:
        raise _refused(
            "too_many_deletions",
            f"{len(deleted)} devices would be deleted, and max_deletions is {args['max_deletions']}",
            [plan.what for plan in deleted],
            "look at the list, then raise max_deletions if it is right",
        )
    anchors = [
        plan
        for plan in plans
        if plan.wanted and (plan.after is None or "enabled" in plan.after) and look_up.is_autopilot_anchor(plan.row)
    ]
    if anchors and not args["allow_autopilot"]:
        raise _refused(
            "autopilot_anchor",
            f"{len(anchors)} of the devices are anchors of Windows Autopilot registrations",
            [plan.what for plan in anchors],
            "leave them out, or set allow_autopilot; a deleted anchor breaks the next deployment of the device",
        )


def _refused(name: str, cause: str, evidence: list[str], fix: str) -> Failure:
    return Failure(
        f"{cause}; nothing was changed; {fix}",
        side="tenant",
        name=name,
        cause=cause,
        fix=fix,
        evidence=evidence,
        doc=DOC,
    )


# --- writing ---


def _write(task: TenantTask, todo: list[Plan], version: str, select: tuple[str, ...]) -> None:
    """Send the writes, 20 in one request, and read back until they show. Each plan's outcome is kept as it comes.

    Failure where a device was not changed; it tells those that were from those that were not.
    """
    broken: Failure | None = None
    for plan in todo:
        plan.outcome = "skipped"
    for start in range(0, len(todo), LARGEST):
        part = todo[start : start + LARGEST]
        try:
            answers = task.client.batch([plan.item() for plan in part], version)
        except Failure as failure:
            # The connection or the service broke: each of these may or may not have been executed.
            broken = failure
            for plan in part:
                plan.outcome, plan.error = "unknown", failure.error
            break
        for plan, answer in zip(part, answers):
            _settle_answer(task, plan, answer)
    unsure = [plan for plan in todo if plan.outcome == "unknown"]
    if unsure:
        _look_again(task, unsure, version, select)
    if any(plan.outcome != "changed" for plan in todo):
        raise _partly(todo, broken)
    if todo:
        settle(
            task,
            lambda: _read(task, todo, version, select),
            lambda rows: all(plan.shows(rows.get(plan.row["id"])) for plan in todo),
            f"the change of {len(todo)} devices",
        )


def _settle_answer(task: TenantTask, plan: Plan, answer: Answer) -> None:
    if answer.failure is None or (plan.after is None and answer.status == GONE):
        _done(task, plan)
    else:
        plan.outcome, plan.error = "failed", _error(plan, answer.failure)


def _error(plan: Plan, failure: GraphFailure) -> dict:
    """The failure of one device; a refusal that Graph does not explain gets its usual reason."""
    error = {**failure.error, "msg": failure.msg}
    if failure.status == 403 and plan.after is None and look_up.is_autopilot_anchor(plan.row):
        error["fix"] = "delete its Windows Autopilot registration first, which keeps the object from being deleted"
    return error


def _done(task: TenantTask, plan: Plan) -> None:
    plan.outcome = "changed"
    task.changes.add(plan.what, plan.before, plan.after if plan.after is not None else {"state": "absent"})


def _read(task: TenantTask, plans: list[Plan], version: str, select: tuple[str, ...]) -> dict[str, dict]:
    return look_up.look_up(task.client, {"object_ids": [plan.row["id"] for plan in plans]}, select, version).rows


def _look_again(task: TenantTask, unsure: list[Plan], version: str, select: tuple[str, ...]) -> None:
    """Learn what became of writes whose answer never came; what cannot be learned stays unknown."""
    try:
        rows = _read(task, unsure, version, select)
    except Failure:
        return
    for plan in unsure:
        if plan.shows(rows.get(plan.row["id"])):
            plan.error = None
            _done(task, plan)


def _partly(todo: list[Plan], broken: Failure | None) -> Failure:
    counts = {
        outcome: sum(plan.outcome == outcome for plan in todo)
        for outcome in ("changed", "failed", "unknown", "skipped")
    }
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    first = next((plan.error for plan in todo if plan.outcome == "failed"), None) or (broken.error if broken else {})
    cause = f"not every device was changed ({told}): {first['cause']}"
    fix = f"{first['fix']}; then run the task again, which does the rest"
    evidence = [
        f"{plan.what}: {plan.outcome}" + (f", {plan.error['cause']}" if plan.error else "")
        for plan in todo
        if plan.outcome != "changed"
    ]
    return Failure(
        f"{cause}; {fix}",
        side=first["side"],
        name="partly_done",
        code=first["code"],
        cause=cause,
        fix=fix,
        evidence=evidence,
        request_id=first["request_id"],
        permissions=first["permissions"],
        doc=DOC,
    )


# --- what is returned ---


def _shown(plan: Plan) -> dict:
    """The device as it is now, or in check mode would be."""
    now = datetime.datetime.now(datetime.timezone.utc)
    device = look_up.shown(plan.row, now)
    if plan.outcome == "changed" and plan.after is not None:
        device["enabled"] = plan.after.get("enabled", device["enabled"])
        tags = {name: value for name, value in plan.after.items() if name in EXTENSION_ATTRIBUTES}
        if tags:
            device["extension_attributes"].update(tags)
    gone = plan.outcome == "changed" and plan.after is None
    state = "absent" if gone else "enabled" if device["enabled"] else "disabled"
    return {**device, "state": state, "outcome": plan.outcome, "error": plan.error}
