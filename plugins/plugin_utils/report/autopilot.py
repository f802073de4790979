# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a device has come with Windows Autopilot: one record of what the steps of the role have said of it.

A step may have been left out, may have been done by an earlier run, and may have failed; the record says the furthest
state that is known, or the failure that keeps the device from it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Mapping

from .ansibles_own import REFUSED_AT_THE_DOOR, UNREACHABLE
from .told import COME_TO, WHY_FIELDS, Told, has_failed, known_of, object_in, objects_in, taken, text_in

WORK = "autopilot"
#: The texts of a record that no other work has. ``reset_at`` is when the device was sent back to its first start.
TEXT_FIELDS = (
    *("smbios_uuid", "manufacturer", "model", "group_tag", "assigned_user", "mode", "profile", "profile_state"),
    *("registration", "reset_at"),
)
#: What a later run finds a device by, and how far it had come.
KNOWN_FIELDS = (
    *("serial_number", "smbios_uuid", "manufacturer", "model", "hostname", "group_tag", "assigned_user", "mode"),
    *("autopilot_id", "device_id", "intune_device_id", "profile", "reset_at"),
)

#: What is said of a deployment that has not ended well, by its outcome.
_ENDS: dict[str, dict[str, t.Any]] = {
    "incomplete": {
        "outcome": "incomplete",
        "name": "deployment_incomplete",
        "side": "device",
        "cause": "the device is used although somebody went past an error",
        "fix": "run winops.entra.deployment_status on the device: it names the app or policy",
    },
    "failed": {
        "outcome": "failed",
        "name": "deployment_failed",
        "side": "device",
        "cause": "the deployment has failed",
        "fix": "run winops.entra.deployment_status on the device: it names the app or policy",
    },
    "hangs": {
        "outcome": "failed",
        "name": "deployment_hangs",
        "side": "device",
        "cause": "the deployment waits for what does not come",
        "fix": "look at the findings: they name what it waits for",
    },
}

Fields = dict[str, t.Any]


def record_of(result: Told) -> Fields:
    """The fields of a record. ``result`` has ``steps``, what the role has put together of one device:

    ``wanted``        what the inventory says: serial_number, smbios_uuid, group_tag, assigned_user, mode
    ``harvest``       the result of winops.entra.autopilot_hash
    ``registration``  its row of winops.entra.autopilot_device
    ``listed``        its row of winops.entra.autopilot_device_info
    ``findings``      the findings of that module that are about it
    ``reset``         the result of winops.entra.device_reset
    ``reset_began``   when that began, in UTC
    ``status``        the result of winops.entra.deployment_status
    ``failed``        the result of a task for all devices that has failed as a whole
    ``twin``          the host that has the same serial number
    ``before``        what the report knew of it
    ``check``         whether nothing was changed

    None is a step that was not taken. A result without ``steps`` is that of winops.entra.device_reset alone.
    """
    given = result.get("steps")
    steps: Told = given if isinstance(given, Mapping) else {"reset": result}
    seen = {name: taken(steps, name) for name in ("harvest", "registration", "listed", "reset", "status")}
    if steps.get("twin"):
        seen |= {"registration": {}, "listed": {}}  # They are the other's.
    made = _identity(steps, seen)
    made["findings"] = _findings(steps, seen)
    made["deployment"] = _deployment(seen)
    made["phases"] = objects_in(seen["reset"], "phases")
    if seen["reset"].get("outcome") == "reset":
        made["reset_at"] = text_in(steps, "reset_began") or made["reset_at"]
    return made | _come_to(steps, seen, made)


def known(devices: Mapping[str, Told], names: Collection[str]) -> dict[str, Fields]:
    """What a report knows of the devices that were asked before, by name."""
    return known_of(devices, names, KNOWN_FIELDS)


def with_known(record: Fields, before: Told) -> Fields:
    """A record completed by what the report knew, if it is the same device, or nobody could ask which it is."""
    serial, old = record.get("serial_number"), before.get("serial_number")
    if serial and old and str(serial).casefold() != str(old).casefold():
        return record
    return {**record, **{name: before.get(name) for name in KNOWN_FIELDS if not record.get(name)}}


# --- what is known of it ----------------------------------------------------------------------------------------------


def _identity(steps: Told, seen: Mapping[str, Told]) -> Fields:
    before, wanted = object_in(steps, "before"), object_in(steps, "wanted")
    firmware, row, listed = object_in(seen["harvest"], "autopilot"), seen["registration"], seen["listed"]
    was = object_in(seen["reset"], "record")

    def first(*places: tuple[Told, str]) -> str | None:
        return next((said for place, name in places if (said := text_in(place, name))), None)

    def same(name: str, *places: Told) -> str | None:
        return first(*((place, name) for place in places))

    assignment = object_in(listed, "assignment")
    return {
        "serial_number": same("serial_number", firmware, was, row, listed, wanted, before),
        "smbios_uuid": first(
            (firmware, "smbios_uuid"), (was, "uuid"), (wanted, "smbios_uuid"), (before, "smbios_uuid")
        ),
        "manufacturer": same("manufacturer", firmware, listed, before),
        "model": same("model", firmware, listed, before),
        "hostname": same("hostname", was, before),
        "group_tag": same("group_tag", row, listed, wanted, before),
        "assigned_user": first(
            (row, "assigned_user"), (listed, "user"), (wanted, "assigned_user"), (before, "assigned_user")
        ),
        "mode": same("mode", wanted, before),
        "autopilot_id": first((listed, "id"), (row, "autopilot_id"), (before, "autopilot_id")),
        "device_id": same("device_id", listed, row, before),
        "intune_device_id": first(
            (listed, "managed_device_id"), (row, "managed_device_id"), (before, "intune_device_id")
        ),
        "registration": text_in(row, "outcome"),
        "profile": first((object_in(listed, "deployment"), "profile"), (before, "profile")),
        "profile_state": text_in(assignment, "status"),
        "reset_at": text_in(before, "reset_at"),
    }


def _findings(steps: Told, seen: Mapping[str, Told]) -> list[Fields]:
    """What has not passed, of device and tenant."""
    told = [
        *objects_in(seen["harvest"], "findings"),
        *objects_in(steps, "findings"),
        *objects_in(seen["status"], "findings"),
    ]
    return [dict(finding) for finding in told if finding.get("result") != "pass"]


def _deployment(seen: Mapping[str, Told]) -> Fields | None:
    """How the deployment went, as the tenant and the device say it; None where neither knows of one."""
    tenant, device = object_in(seen["listed"], "deployment"), object_in(seen["status"], "deployment")
    if not tenant and not device:
        return None
    fields = ("outcome", "state", "phase", "code", "failure", "seconds", "started", "finished", "confirmed", "user")
    made: Fields = {name: tenant.get(name) for name in fields}
    waits = device.get("waits_for")
    return made | {
        "device_state": device.get("state"),
        "waits_for": [str(one) for one in waits] if isinstance(waits, (list, tuple)) else [],
    }


# --- what it has come to ----------------------------------------------------------------------------------------------


def _come_to(steps: Told, seen: Mapping[str, Told], made: Fields) -> Fields:
    """``outcome``, and for one that needs attention why."""
    row, listed, deployment = seen["registration"], seen["listed"], object_in(seen["listed"], "deployment")
    if steps.get("twin") and not has_failed(seen["harvest"]):
        return _of_error(_twin(str(steps["twin"])), "refused")
    if object_in(row, "error"):
        # What was left out was not sent, as of a user whom nobody knows.
        sent = row.get("registered") or row.get("import_error") or row.get("outcome") == "unknown"
        return _of_error(row["error"], "failed" if sent else "refused")
    if deployment.get("outcome") in ("deployed", "in_use"):
        return {"outcome": "deployed"}
    if deployment.get("outcome") in ("incomplete", "failed"):
        return _ended_badly(deployment, seen["status"])
    if _is_stuck(deployment, seen["status"]):
        return _ended_badly({**deployment, "outcome": "hangs"}, seen["status"])
    if deployment.get("outcome") == "in_progress":
        return {"outcome": "deploying", "msg": "; ".join((made["deployment"] or {}).get("waits_for") or ()) or None}
    reset = seen["reset"]
    if reset and (has_failed(reset) or reset.get("outcome") == "would_reset"):
        return _of_result(reset) if has_failed(reset) else {"outcome": "would_reset"}
    if made["reset_at"]:
        return {"outcome": "reset"}
    if has_failed(seen["harvest"]) and not listed and not row:
        return _of_result(seen["harvest"])
    if isinstance(steps.get("failed"), Mapping):
        return _of_result(steps["failed"])
    return _prepared(steps, seen)


def _prepared(steps: Told, seen: Mapping[str, Told]) -> Fields:
    """Of a device that nobody has sent back to its first start yet."""
    row, listed = seen["registration"], seen["listed"]
    if listed.get("assigned") is True:
        return {"outcome": "ready"}
    missing = [one for one in objects_in(steps, "findings") if one.get("result") == "fail"]
    if missing:
        return _of_error({**missing[0], "name": f"autopilot_{missing[0].get('id')}"}, "failed")
    if steps.get("check") and row.get("outcome") == "changed":
        return {"outcome": "would_register"}
    if listed or row.get("registered") is True:
        return {"outcome": "registered"}
    if seen["harvest"]:
        return _of_result(seen["harvest"]) if has_failed(seen["harvest"]) else {"outcome": "harvested"}
    before = object_in(steps, "before")
    if before.get("outcome"):
        return {name: before.get(name) for name in COME_TO}
    return {"outcome": "skipped", "msg": "no step of this run has said anything of it"}


def _is_stuck(deployment: Told, status: Told) -> bool:
    """Whether the device itself says that something cannot be installed, while the tenant takes it to be going on."""
    if deployment.get("outcome") not in ("in_progress", "unknown", None):
        return False
    on_device = object_in(status, "deployment").get("state")
    failed = any(finding.get("result") == "fail" for finding in objects_in(status, "findings"))
    return on_device in ("running", "failed") and failed


def _ended_badly(deployment: Told, status: Told) -> Fields:
    """Which app or policy it was, only the device knows."""
    phase = str(deployment.get("phase") or object_in(status, "deployment").get("phase") or "").replace("_", " ")
    where = f" in the phase {phase}" if phase else ""
    ends = _ENDS[str(deployment["outcome"])]
    reason = _reason(status)
    because = f"{reason.get('observed')}: {reason.get('cause')}" if reason else deployment.get("failure")
    return {
        **ends,
        "msg": f"{ends['cause']}{where}",
        "code": deployment.get("code") or _code(status),
        "cause": f"{ends['cause']}{where}" + (f": {because}" if because else ""),
        "fix": reason.get("fix") or ends["fix"],
        "doc": reason.get("doc"),
    }


def _reason(status: Told) -> Told:
    """The finding that says most of why: about an app, a policy or what installs them, else about a phase."""
    told = [finding for finding in objects_in(status, "findings") if finding.get("result") in ("fail", "warn")]
    named = [finding for finding in told if finding.get("id") in ("apps", "policies", "providers")]
    ordered = sorted(named, key=lambda finding: finding["result"]) + [one for one in told if one["result"] == "fail"]
    return ordered[0] if ordered else {}


def _code(status: Told) -> str | None:
    """The code of the phase that has failed."""
    codes = (text_in(phase, "code") for phase in objects_in(object_in(status, "deployment"), "phases"))
    return next(filter(None, codes), None)


def _twin(other: str) -> Fields:
    return {
        "name": "same_serial_number",
        "side": "device",
        "cause": f"{other} has the same serial number, so that one registration is meant for both",
        "fix": "if they are one device, remove one of the names; if they are two, their firmware has to be mended",
    }


def _of_error(error: Told, outcome: str) -> Fields:
    made = {name: error.get(name) for name in WHY_FIELDS}
    return {"outcome": outcome, "msg": error.get("msg") or error.get("cause"), **made}


def _of_result(result: Told) -> Fields:
    """What a module's failed result says. ``refused`` is one by which nothing was done to the device."""
    error = object_in(result, "error")
    if result.get("unreachable"):
        # A failed connection of a module of others has no error.
        error, outcome = error if error.get("name") else UNREACHABLE, "unreachable"
    else:
        # A module that only looks has done nothing to the device.
        refused = result.get("outcome") == "refused" or "findings" in result
        outcome = "refused" if refused or error.get("name") in REFUSED_AT_THE_DOOR else "failed"
    return {"outcome": outcome, "msg": result.get("msg")} | {name: error.get(name) for name in WHY_FIELDS}
