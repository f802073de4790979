# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Intune's restrictions of platforms: whether it takes Windows, personal devices, and which versions.

One list of Graph holds them beside limits, pages and other configurations. The older form has every platform in one
object; what the portal makes since 2022 is one object a platform, and only beta shows what is in it. A kind of
configuration that is not listed here is not taken for one of the others.

Sources: Microsoft Graph (beta), "deviceEnrollmentPlatformRestrictionsConfiguration",
"deviceEnrollmentPlatformRestrictionConfiguration" and "deviceEnrollmentPlatformRestriction resource type";
Microsoft365DSC issues 2431 and 2432 (v1.0 shows the default one only); Intune, "Create device platform restrictions"
(which enrollments are corporate), "Bulk enrollment for Windows devices" (only the default restriction applies).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Iterable

from ...findings import Finding
from .findings import DOCS, finding
from .questions import Person

LIMIT_TYPE = "#microsoft.graph.deviceEnrollmentLimitConfiguration"
_GRAPH = "#microsoft.graph."
_ALL_PLATFORMS = _GRAPH + "deviceEnrollmentPlatformRestrictionsConfiguration"
_ONE_PLATFORM = _GRAPH + "deviceEnrollmentPlatformRestrictionConfiguration"
#: About something else than platforms.
_OTHER_TYPES = {
    LIMIT_TYPE,
    _GRAPH + "deviceEnrollmentWindowsHelloForBusinessConfiguration",
    _GRAPH + "windows10EnrollmentCompletionPageConfiguration",
    _GRAPH + "deviceComanagementAuthorityConfiguration",
    _GRAPH + "deviceEnrollmentNotificationConfiguration",
    _GRAPH + "windowsRestoreDeviceEnrollmentConfiguration",
}
#: The same in deviceEnrollmentConfigurationType, for an object without a type of its own.
_OTHER_KINDS = {
    "limit",
    "defaultLimit",
    "windowsHelloForBusiness",
    "defaultWindowsHelloForBusiness",
    "windows10EnrollmentCompletionPageConfiguration",
    "defaultWindows10EnrollmentCompletionPageConfiguration",
    "deviceComanagementAuthorityConfiguration",
    "enrollmentNotificationsConfiguration",
    "windowsRestore",
}
_OTHER_PLATFORMS = {"ios", "windowsPhone", "android", "androidForWork", "mac", "linux"}
_LISTS = {"blockedManufacturers": "manufacturers", "blockedSkus": "editions"}
_VERSIONS = {"osMinimumVersion": "from", "osMaximumVersion": "to"}
_FIELDS = {"platformBlocked", "personalDeviceEnrollmentBlocked", *_LISTS, *_VERSIONS}
_REFUSED = "MDM enrollments{} fail (0x80180014){}"


def platform_restrictions(configurations: list[dict], people: list[Person]) -> list[Finding]:
    """What of them stands in the way of Windows devices of these people, or a pass."""
    found = [one for row in configurations for one in _restriction(row, people)]
    return found or [_says("pass", "no enrollment restriction blocks Windows")]


def without_type(row: dict, kinds: Collection[str]) -> bool:
    """Whether a configuration has no type of its own, and is one of these kinds (deviceEnrollmentConfigurationType)."""
    bare = row.get("@odata.type") in (None, _GRAPH + "deviceEnrollmentConfiguration")
    return bare and str(row.get("deviceEnrollmentConfigurationType")) in kinds


def _restriction(row: dict, people: list[Person]) -> Iterable[Finding]:
    rule = _of_windows(row)
    if rule is None:
        return
    if isinstance(rule, str):
        yield _unknown(row, rule)
        return
    # What applies to everybody has the priority 0, and cannot be assigned.
    default = row.get("priority") == 0
    whom = "" if default else " for those it is assigned to, which bulk enrollments are not"
    name = _named(row)
    if rule["platformBlocked"]:
        yield _says(
            "fail" if default else "warn",
            f"{name} blocks Windows",
            _REFUSED.format("", whom),
            "allow Windows (MDM) in the enrollment restriction",
        )
        return
    # Bulk enrollments are corporate.
    if rule.get("personalDeviceEnrollmentBlocked") and not (people and all(person.package for person in people)):
        yield _says(
            "warn",
            f"{name} blocks personal Windows devices",
            _REFUSED.format(" of devices that users join", whom) + ", unless the device is corporate: in Windows "
            "Autopilot, by a corporate identifier, a provisioning package or a device enrollment manager",
            "allow personally owned devices in the enrollment restriction, or make the devices known to Intune first",
        )
    versions = [f"{word} {rule[field]!s:.40}" for field, word in _VERSIONS.items() if rule.get(field)]
    if versions:
        yield _says(
            "warn",
            f"{name} takes Windows {' '.join(versions)} only",
            _REFUSED.format(" of devices with another version", whom),
            "compare the devices' versions (winops.entra.device_facts), or change the enrollment restriction",
        )
    for field, word in _LISTS.items():
        if rule.get(field):
            yield _says(
                "warn",
                f"{name} blocks {word}: {', '.join(f'{one!s:.40}' for one in rule[field][:5])}",
                _REFUSED.format(" of such devices", whom),
                "compare the devices with the list, or change the enrollment restriction",
            )
    strange = [field for field, value in rule.items() if value and field not in _FIELDS and "@" not in field]
    if strange:
        yield _unknown(row, f"requires what this collection does not know: {', '.join(map(_quoted, strange))}")


def _of_windows(row: dict) -> dict | str | None:
    """What a configuration demands of Windows; None where it is about something else; a text where nobody can tell."""
    kind = row.get("@odata.type")
    if kind in _OTHER_TYPES or without_type(row, _OTHER_KINDS):
        return None
    if kind == _ALL_PLATFORMS:
        rule = row.get("windowsRestriction")
    elif kind == _ONE_PLATFORM:
        if row.get("platformType") in _OTHER_PLATFORMS:
            return None
        if row.get("platformType") not in ("windows", "allPlatforms"):
            return f"is for a platform that this collection does not know ({_quoted(row.get('platformType'))})"
        rule = row.get("platformRestriction")
    else:
        told = row.get("deviceEnrollmentConfigurationType") or str(kind).removeprefix(_GRAPH)
        return f"is a configuration of a kind that this collection does not know ({_quoted(told)})"
    if not isinstance(rule, dict) or not isinstance(rule.get("platformBlocked"), bool):
        return "does not say whether it blocks Windows"
    return rule


def _named(row: dict) -> str:
    return _quoted(row.get("displayName"), 200)


def _quoted(value: t.Any, most: int = 60) -> str:
    return repr(str(value)[:most])


def _unknown(row: dict, what: str) -> Finding:
    return _says(
        "unknown",
        f"{_named(row)} {what}",
        "it may stop MDM enrollments (0x80180014)",
        "look at the enrollment restrictions in the Intune admin center",
    )


def _says(result: str, observed: str, cause: str | None = None, fix: str | None = None) -> Finding:
    return finding("enrollment_restriction", result, observed, cause, fix, doc=DOCS["restriction"])
