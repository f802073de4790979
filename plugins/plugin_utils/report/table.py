# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report for people: a line a device, and one of totals. No device can write into the line of another.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ..untrusted import visible
from .after_join import LETS_IN, is_met

NEEDS_ATTENTION = ("refused", "failed", "unreachable", "unfit", "unhealthy", "begun", "incomplete")
#: A person has something to do, and the device is as it should be.
OF_PEOPLE = ("waiting", "undecided")
NOTABLE_FIELDS = ("unreadable", "same_device", "left_behind")
"""Fields that are there only where somebody should look."""
#: What came after a join: words for it, for what is not so, and for what nobody knows.
_AFTER = {
    "intune": ("managed by Intune", "NOT managed by Intune", "NOT KNOWN whether managed by Intune"),
    "compliant": ("compliant", "NOT compliant", "NOT KNOWN whether compliant"),
    "policies": ("policies applied", "policies NOT applied", "NOT KNOWN whether policies are applied"),
    LETS_IN: ("let in", "NOT let in", "NOT KNOWN whether let in"),
}
MAX_CAUSE = 700
"""Letters of a cause in a line: what to do about it stands behind it."""


def table(devices: list[dict], limit: int) -> list[str]:
    """Lines for the screen: every device where there are at most ``limit``, else those that need attention."""
    shown = devices if len(devices) <= limit else [d for d in devices if _needs_attention(d)]
    names = [visible(device["device"]) for device in shown]
    width = max([len(name) for name in names] + [len("device")])
    lines = [f"{'device':{width}}  {'outcome':12}  {'seconds':>7}  says"] if shown else []
    for name, device in zip(names, shown):
        # A work without phases does not say how long it took.
        seconds = f"{device['seconds']:.1f}" if device.get("seconds") is not None else ""
        lines.append(f"{name:{width}}  {device['outcome']:12}  {seconds:>7}  {visible(_says(device))}".rstrip())
    if len(shown) < len(devices):
        lines.append(f"({len(devices) - len(shown)} devices that need no attention are in the report only)")
    return lines


def _needs_attention(device: dict) -> bool:
    return bool(
        (device["outcome"] in (*NEEDS_ATTENTION, *OF_PEOPLE) and not _is_for_all(device))
        or _not_removed(device)
        or any(map(device.get, NOTABLE_FIELDS))
        or any(device.get(name) and not is_met(device[name]) for name in _AFTER)
    )


def _is_for_all(device: dict) -> bool:
    """Whether all that is not known of it is what the tenant has refused for every device, which is said once."""
    unknown = [one for one in device.get("findings") or () if one["result"] == "unknown"]
    return device["outcome"] == "undecided" and bool(unknown) and all(one.get("for_all") is True for one in unknown)


def _not_removed(device: dict) -> str | None:
    """Why its objects in the tenant stay."""
    return (device.get("removal") or {}).get("problem")


def summary(totals: dict) -> str:
    """One line: ``14 devices: 9 joined, 3 refused, ...``."""
    parts = [f"{count} {name.replace('_', ' ')}" for name, count in totals.items() if name != "devices"]
    return f"{totals['devices']} devices: {', '.join(parts) or 'nothing done'}"


def _says(device: dict) -> str:
    if device["outcome"] in (*NEEDS_ATTENTION, *OF_PEOPLE):
        code = f"{device['code']}: " if device.get("code") else ""
        said = device.get("cause") or device.get("msg") or ""
        if str(device.get("name")).startswith("verify_"):  # The message begins with the finding.
            said = device.get("msg") or said
        cause = visible(said, MAX_CAUSE)
        more = _of_the_tenant(device) + _tenants_word(device)
        return f"{code}{cause} -> {device.get('fix') or 'see msg in the report'}{more}"
    parts = [f"device id {device['device_id']}"] if device.get("device_id") else []
    if "directory" in device:
        same = device["directory"].get("same_id")
        parts += [
            _in_directory(device["directory"]["found"]) if not same else f"NOT proved, {', '.join(same)} has its id"
        ]
        parts += ["in Intune"] if device["directory"]["intune_id"] else []
    parts += [f"NOT removed from the tenant: {_not_removed(device)}"] if _not_removed(device) else []
    parts += [f"the same device as {', '.join(device['same_device'])}"] if device.get("same_device") else []
    parts += (
        [f"ids of {len(device['left_behind'])} earlier joins are kept, see left_behind"]
        if device.get("left_behind")
        else []
    )
    parts += ["restarted"] if device.get("restarted") else []
    parts += ["restart needed"] if device.get("reboot_required") else []
    parts += [f"not understood: {'; '.join(device['unreadable'])}"] if device.get("unreadable") else []
    parts += _after(device)
    parts += _not_asked_tenant(device)
    parts += _autopilot(device)
    parts += _key_users(device)
    # A diagnosis has a sentence for its findings.
    parts += [device["conclusion"]] if device.get("conclusion") else _findings(device.get("findings") or [])
    return ", ".join(parts)


def _tenants_word(device: dict) -> str:
    """What the tenant says of a device that could not be asked itself."""
    tenant = device.get("tenant") or {}
    said = tenant.get("conclusion") if device["outcome"] in ("failed", "unreachable") else None
    return f" (the tenant says: {visible(said, MAX_CAUSE)})" if said else ""


def _not_asked_tenant(device: dict) -> list[str]:
    """Why the tenant's half of a diagnosis is not there."""
    problem = (device.get("tenant") or {}).get("problem")
    return [f"the tenant did not say its half: {problem}"] if problem else []


def _of_the_tenant(device: dict) -> str:
    """What the tenant has said of a device that could not be asked."""
    asked = device.get("asked") or {}
    if asked.get("device") is not False or not asked.get("tenant"):
        return ""
    return f"; the tenant says: {', '.join(_findings(device.get('findings') or [])) or 'nothing is wrong'}"


def _after(device: dict) -> list[str]:
    """What a join has come to in the tenant, as far as anybody waited for it; a no with its sentence."""
    parts = []
    for name, (yes, no, unknown) in _AFTER.items():
        told = device.get(name)
        if told:
            why = visible(told["said"], MAX_CAUSE) if isinstance(told.get("said"), str) else ""
            said = yes if is_met(told) else no if told.get("met") is False else unknown
            said = said if is_met(told) or not why else f"{said} ({why})"
            parts.append(said + _as_of(told, device))
    return parts


def _as_of(told: dict, device: dict) -> str:
    """When that was, if it was before the newest attempt: an earlier run was told it."""
    at, attempt = told.get("at"), device.get("at")
    is_old = isinstance(at, str) and isinstance(attempt, str) and at < attempt
    return f", as of {visible(str(at))}" if is_old else ""


def _autopilot(device: dict) -> list[str]:
    """By what the device is found in Windows Autopilot, and what its deployment waits for."""
    if "reset_at" not in device:
        return []
    parts = [f"serial number {device['serial_number']}"] if device.get("serial_number") else []
    parts += [f"for {device['assigned_user']}"] if device.get("assigned_user") else []
    waits = (device.get("deployment") or {}).get("waits_for")
    return parts + ([f"waits for {'; '.join(map(str, waits))}"] if waits else [])


def _key_users(device: dict) -> list[str]:
    """Who can sign in with a security key."""
    return [f"{one['user']}: {one['says']}" for one in device.get("users") or ()]


def _in_directory(found: bool) -> str:
    return "in the directory" if found else "NOT in the directory"


def _findings(findings: list[dict]) -> list[str]:
    """The ids of what has not passed, by result."""
    said = []
    for result, word in (("fail", "failed"), ("warn", "warned"), ("unknown", "unknown")):
        ids = [finding["id"] for finding in findings if finding["result"] == result]
        said += [f"{word}: {' '.join(ids)}"] if ids else []
    return said
