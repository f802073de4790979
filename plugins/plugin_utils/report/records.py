# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One record a device of what a task has come to there, the same fields whatever happened.

A *work* is what the rollout does: ``join``, ``disconnect``, ``preflight`` or ``diagnose``, as the module is called, or
``autopilot``, ``security_keys`` or ``verify``, as the role is.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from ..proofs import PROOF_FIELDS
from . import after_join, ansibles_own, autopilot, diagnosed, security_keys, verify
from .told import object_in, objects_in, text_in

REPORTED_ERROR_FIELDS = ("code", "name", "side", "cause", "fix", "doc")
#: By these a device that has left is found in the tenant.
ID_FIELDS = ("device_id", "tenant_id", "join_type", "intune_device_id", "autopilot_id", "serial_number", "hostname")

NOT_ASKED = "not_asked"
"""The name of a failure before the module began: a variable that cannot be resolved, a value that the role refuses."""
MOST_SECONDS = 10**9
"""Of a phase: no task takes longer."""

TaskResult = Mapping[str, t.Any]


def record(result: TaskResult, work: str) -> dict:
    """The record of a registered result of the module ``work``. Raises KeyError for another work.

    What is not of its form in the result counts as not there.

    Of every work: ``{outcome, changed, seconds, msg, code, name, side, cause, fix, doc, phases}``. What is not known is
    null. The fields that a work adds are in the function below that bears its name. A join may have ``steps``, and
    no result of its own: ``after_join.completed``.
    """
    add = WORKS[work]
    if work == after_join.JOIN_WORK and isinstance(result.get("steps"), Mapping):
        return after_join.completed(result["steps"])
    error, phases = object_in(result, "error"), objects_in(result, "phases")
    unreachable = bool(result.get("unreachable"))
    made = {
        "outcome": "failed",
        "changed": bool(result.get("changed")),
        "seconds": round(sum(map(_seconds, phases)), 1),
        "msg": result.get("msg") if result.get("failed") or unreachable else None,
        "phases": phases,
    }
    made |= {field: error.get(field) for field in REPORTED_ERROR_FIELDS}
    made |= add(result)
    if unreachable:
        # A failed connection of a module of others, or one of Ansible's own making, has no error.
        return made | {"outcome": "unreachable"} | ({} if error.get("name") else ansibles_own.UNREACHABLE)
    return made | (ansibles_own.said_of(result) or (_not_asked(result) if _is_not_ours(result) else {}))


def _is_not_ours(result: TaskResult) -> bool:
    """Whether Ansible has failed the task before the module began: what a module returns has ``changes``."""
    return bool(result.get("failed")) and not {"error", "changes"} & set(result)


def _not_asked(result: TaskResult) -> dict:
    return {
        "name": NOT_ASKED,
        "side": "controller",
        "cause": f"failed before it was asked: {result.get('msg') or 'nobody says why'}",
        "fix": "correct the variable or the option that is named, and run the playbook for this device again",
    }


def _join(result: TaskResult) -> dict:
    """``device_id``, ``tenant_id`` and ``join_type`` are those that the device has now."""
    join = object_in(result, "join")
    return {
        "outcome": result.get("outcome") or "failed",
        "device_id": join.get("device_id"),
        "tenant_id": join.get("tenant_id"),
        "join_type": join.get("type"),
        "mdm_enrolled": object_in(result, "mdm").get("enrolled"),
        "restarted": result.get("restarted"),
        "reboot_required": result.get("reboot_required"),
    }


def _joined(result: TaskResult) -> dict:
    """Those of a join, and what came after it, which nobody has asked yet. ``account_domain`` is that of the account
    that has joined the device."""
    account = text_in(object_in(result, "join"), "joined_by") or ""
    domain = account.rpartition("@")[2] if "@" in account else None
    return _join(result) | {"account_domain": domain or None} | dict.fromkeys(after_join.AFTER_FIELDS)


def _disconnect(result: TaskResult) -> dict:
    """The fields of a join, and more. ``IDS`` are those of before: the device has forgotten them."""
    before = object_in(result, "record")
    return (
        _join(result)
        | {field: before.get(field) for field in (*ID_FIELDS, *PROOF_FIELDS)}
        | {
            "join_state": result.get("join_state"),
            "enrollments": objects_in(before, "enrollments"),
            "bitlocker": before.get("bitlocker"),
            "administrators": objects_in(result, "administrators"),
            "changes": objects_in(result, "changes"),
        }
    )


def _preflight(result: TaskResult) -> dict:
    """``unfit`` is a device whose findings fail the task, ``failed`` one that could not be checked, ``refused``
    one that was not asked."""
    made = {"findings": objects_in(result, "findings"), "summary": result.get("summary")}
    if "findings" not in result:
        return made | {"outcome": _not_looked(result)}
    return made | {"outcome": "unfit" if result.get("failed") else "fit"}


def _not_looked(result: TaskResult) -> str:
    """What came of a task that has only looked, or has not even begun to."""
    return "refused" if object_in(result, "error").get("name") in ansibles_own.REFUSED_AT_THE_DOOR else "failed"


def _autopilot(result: TaskResult) -> dict:
    """What all steps have said of the device: ``autopilot.record_of``. Seconds are those of the reset."""
    made = autopilot.record_of(result)
    return made | {"seconds": round(sum(map(_seconds, made["phases"])), 1)}


def _security_keys(result: TaskResult) -> dict:
    """What all steps have said of the device and its users: ``security_keys.record_of``. Seconds are those of the
    package."""
    made = security_keys.record_of(result)
    return made | {"seconds": round(sum(map(_seconds, made["phases"])), 1)}


def _verify(result: TaskResult) -> dict:
    """What the device and the tenant have said of the device: ``verify.record_of``."""
    return verify.record_of(result)


WORKS: dict[str, Callable[[TaskResult], dict]] = {
    after_join.JOIN_WORK: _joined,
    "disconnect": _disconnect,
    "preflight": _preflight,
    "diagnose": diagnosed.diagnosed,
    autopilot.WORK: _autopilot,
    security_keys.KEYS_WORK: _security_keys,
    verify.VERIFY_WORK: _verify,
}


def _seconds(phase: Mapping) -> float:
    seconds = phase.get("seconds")
    # A day has 86,400 of them. NaN is not below anything.
    return seconds if isinstance(seconds, (int, float)) and abs(seconds) < MOST_SECONDS else 0.0


def fact(work: str) -> str:
    """The name of the fact in which the roles and playbooks keep a device's record."""
    return f"{work}_outcome"
