# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout came to: one record a device, totals, a table for people.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections import Counter

OUTCOMES = (
    "joined",
    "disconnected",
    "unchanged",
    "would_join",
    "would_disconnect",
    "refused",
    "failed",
    "unreachable",
    "not_started",
)
JOINED = ("joined", "unchanged")
NEEDS_ATTENTION = ("refused", "failed", "unreachable")
IDS = ("device_id", "tenant_id", "join_type", "intune_device_id", "autopilot_id", "serial_number")
ERROR_FIELDS = ("code", "name", "side", "cause", "fix", "doc")


def outcome(result: dict) -> dict:
    """The record of a registered result of winops.entra.join, the same fields whatever happened to the device.

    ``{outcome, changed, seconds, device_id, tenant_id, join_type, mdm_enrolled, restarted, reboot_required, msg, code,
    name, side, cause, fix, doc, phases}``; what is not known is null.
    """
    join = result.get("join") or {}
    error = result.get("error") or {}
    phases = result.get("phases") or []
    unreachable = bool(result.get("unreachable"))
    record = {
        "outcome": "unreachable" if unreachable else result.get("outcome") or "failed",
        "changed": bool(result.get("changed")),
        "seconds": round(sum(phase["seconds"] for phase in phases), 1),
        "device_id": join.get("device_id"),
        "tenant_id": join.get("tenant_id"),
        "join_type": join.get("type"),
        "mdm_enrolled": (result.get("mdm") or {}).get("enrolled"),
        "restarted": result.get("restarted"),
        "reboot_required": result.get("reboot_required"),
        "msg": result.get("msg") if result.get("failed") or unreachable else None,
        "phases": phases,
    }
    record |= {field: error.get(field) for field in ERROR_FIELDS}
    if unreachable:
        record |= {
            "name": "unreachable",
            "side": "network",
            "cause": "the device does not answer, or refuses the account",
            "fix": "check that it is on, its address, port 5986 or 5985, its WinRM listener and the local account",
        }
    return record


def disconnect_outcome(result: dict) -> dict:
    """The record of a registered result of winops.entra.disconnect: the fields of outcome(), where ``device_id``,
    ``tenant_id`` and ``join_type`` are those of before, and ``{join_state, intune_device_id, autopilot_id,
    serial_number, enrollments, bitlocker, administrators, changes}``.
    """
    before = result.get("record") or {}
    return (
        outcome(result)
        | {field: before.get(field) for field in IDS}
        | {
            "join_state": result.get("join_state"),
            "enrollments": before.get("enrollments") or [],
            "bitlocker": before.get("bitlocker"),
            "administrators": result.get("administrators") or [],
            "changes": result.get("changes") or [],
        }
    )


def with_earlier_ids(records: dict[str, dict | None], earlier: dict) -> dict[str, dict | None]:
    """The records of a disconnect, where a device that does not know its ids (any more) has those of an earlier report.

    A device that has left gets them only where its serial number proves that it is the same one: by these ids objects
    are removed.
    """
    known = {device.get("device"): device for device in earlier.get("devices") or [] if device.get("device_id")}
    kept = dict(records)
    for name, found in records.items():
        record, before = found or {"outcome": "not_started"}, known.get(name)
        if before is None or record.get("device_id"):
            continue
        serial, left = record.get("serial_number"), record.get("join_state") == "left"
        if serial == before.get("serial_number") if serial else not left:
            kept[name] = {**record, **{field: before.get(field) for field in (*IDS, "bitlocker")}}
    return kept


def report(records: dict[str, dict | None], generated: str, directory: list[dict] | None = None) -> dict:
    """The report of a rollout from one record (or None: not started yet) a device: ``{generated, totals, devices}``.

    With ``directory`` (devices as winops.entra.directory_device_info returns them) each joined device says what the
    directory knows of it, and the totals how many it knows.
    """
    devices = [{"device": name, **(record or {"outcome": "not_started"})} for name, record in records.items()]
    if directory is not None:
        _prove(devices, directory)
    counted = Counter(device["outcome"] for device in devices)
    totals = {name: counted[name] for name in OUTCOMES if counted[name]}
    if directory is not None:
        known = [device["directory"]["found"] for device in devices if "directory" in device]
        totals |= {"in_directory": sum(known), "not_in_directory": len(known) - sum(known)}
    return {"generated": generated, "totals": {"devices": len(devices), **totals}, "devices": devices}


def _prove(devices: list[dict], directory: list[dict]) -> None:
    by_id = {found["device_id"]: found for found in directory if found.get("object_id")}
    for device in devices:
        if device["outcome"] not in JOINED:
            continue
        found = by_id.get(device.get("device_id"))
        intune = (found or {}).get("intune") or {}
        device["directory"] = {
            "found": found is not None,
            "object_id": (found or {}).get("object_id"),
            "enabled": (found or {}).get("enabled"),
            "join_type": (found or {}).get("join_type"),
            "intune_id": intune.get("id"),
            "compliance": intune.get("compliance"),
        }


def table(devices: list[dict], limit: int) -> list[str]:
    """Lines for the screen: every device where there are at most ``limit``, else those that need attention."""
    shown = devices if len(devices) <= limit else [d for d in devices if d["outcome"] in NEEDS_ATTENTION]
    width = max([len(d["device"]) for d in shown] + [len("device")])
    lines = [f"{'device':{width}}  {'outcome':12}  {'seconds':>7}  says"] if shown else []
    for device in shown:
        seconds = f"{device['seconds']:.1f}" if device.get("seconds") is not None else ""
        lines.append(f"{device['device']:{width}}  {device['outcome']:12}  {seconds:>7}  {_says(device)}".rstrip())
    if len(shown) < len(devices):
        lines.append(f"({len(devices) - len(shown)} devices that need no attention are in the report only)")
    return lines


def summary(totals: dict) -> str:
    """One line: ``14 devices: 9 joined, 3 refused, ...``."""
    parts = [f"{count} {name.replace('_', ' ')}" for name, count in totals.items() if name != "devices"]
    return f"{totals['devices']} devices: {', '.join(parts) or 'nothing done'}"


def _says(device: dict) -> str:
    if device["outcome"] in NEEDS_ATTENTION:
        code = f"{device['code']}: " if device.get("code") else ""
        cause = device.get("cause") or device.get("msg") or ""
        return f"{code}{cause} -> {device.get('fix') or 'see msg in the report'}"
    parts = [f"device id {device['device_id']}"] if device.get("device_id") else []
    if "directory" in device:
        parts += ["in the directory" if device["directory"]["found"] else "NOT in the directory"]
        parts += ["in Intune"] if device["directory"]["intune_id"] else []
    parts += ["restarted"] if device.get("restarted") else []
    parts += ["restart needed"] if device.get("reboot_required") else []
    return ", ".join(parts)
