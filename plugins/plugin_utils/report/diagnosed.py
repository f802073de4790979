# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a diagnosis: what the device says of itself and, where the tenant was asked, the one cause of both.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Mapping

from . import ansibles_own
from .told import Told, object_in, objects_in, text_in

HALF = "directory"
"""Where the playbook puts the tenant's half into a result: an entry of winops.entra.directory_diagnosis, or its
``problem``."""
_OF_A_CAUSE = ("code", "side", "cause", "fix", "doc")
_KEPT = (
    "user",
    "conclusion",
    "cause",
    "contradiction",
    "findings",
    "sign_ins",
    "enrollment_failures",
    "audits",
    "unread",
    "problem",
)


def diagnosed(result: Told) -> dict[str, t.Any]:
    """Of a device that is not well, code, name, cause and fix are those of the cause. ``tenant`` is the tenant's half,
    null where it was not asked."""
    findings = objects_in(result, "findings")
    made: dict[str, t.Any] = {name: result.get(name) for name in ("conclusion", "summary")}
    made |= {"findings": findings, "state": object_in(result, "state"), "tenant": None}
    if "healthy" not in result:
        made["outcome"] = "refused" if _refused(result) else "failed"
    elif result["healthy"]:
        made["outcome"] = "healthy"
    else:
        first = {**findings[0], "name": findings[0].get("id")} if findings else {}
        made |= {"outcome": "unhealthy"} | {field: first.get(field) for field in ("name", *_OF_A_CAUSE) if first}
    return made | _with_half(result, made)


def _with_half(result: Told, made: Told) -> dict[str, t.Any]:
    """What the tenant's half makes of it. A half that says nothing takes nothing away."""
    half = object_in(result, HALF)
    if not half:
        return {}
    said: dict[str, t.Any] = {"tenant": {name: half.get(name) for name in _KEPT}}
    conclusion, cause = text_in(half, "conclusion"), object_in(half, "cause")
    if conclusion is None or half.get("problem"):
        return said
    said["conclusion"] = conclusion
    # A device that was not asked stays one: the tenant's word stands beside the reason.
    if made["outcome"] in ("healthy", "unhealthy") and cause.get("result") == "fail":
        said |= {"outcome": "unhealthy", "name": cause.get("id")} | {field: cause.get(field) for field in _OF_A_CAUSE}
        if text_in(half, "contradiction"):
            said["cause"] = f"{cause.get('cause')}; {half['contradiction']}"
    return said


def _refused(result: Told) -> bool:
    return object_in(result, "error").get("name") in ansibles_own.REFUSED_AT_THE_DOOR


def known_devices(devices: Mapping[str, Told], names: Collection[str]) -> dict[str, dict[str, t.Any]]:
    """By what the tenant knows the devices that an earlier run has asked, by name: for one that does not answer."""
    found = {}
    for name in names:
        before = devices.get(name)
        if before is None:
            continue
        join, half = object_in(object_in(before, "state"), "join"), object_in(before, "tenant")
        found[name] = {
            "device_id": text_in(join, "device_id"),
            "user": text_in(join, "joined_by") or text_in(half, "user"),
        }
    return found
