# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about registrations, the assignment of their profiles, and their deployments.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from ...findings import FAIL, PASS, UNKNOWN, WARN, Finding
from ..graph.failures import RequestFailure
from . import deployments
from .assignment import Registration

VIEW_IDS = ("registration", "serial_number", "profile_assignment", "deployment")
FOR_PROFILES, FOR_DEPLOYMENTS = "profiles", "deployments"
_DOC = "https://learn.microsoft.com/autopilot/troubleshooting-faq"
_HARDWARE = "hardwareRequirementsNotMet"


def missing(labels: Sequence[str]) -> list[Finding]:
    """Named devices that are not registered."""
    cause = "the device is not registered with Windows Autopilot in this tenant"
    fix = "register it (winops.entra.autopilot_device), or correct the serial number"
    return [_finding("registration", FAIL, label, "not registered", cause, fix) for label in labels]


def judge(one: Registration, waited_for: str | None, events: RequestFailure | dict | None) -> list[Finding]:
    """All findings about a registration, also those that pass. ``waited_for`` is what a wait that is over was for,
    ``events`` are None where nobody asked for deployments."""
    found = [_registration(one), _serial(one), _assignment(one, waited_for == FOR_PROFILES)]
    if isinstance(events, RequestFailure):
        error = events.error
        permissions = tuple(error["permissions"])
        found.append(
            _finding(
                "deployment", UNKNOWN, one.label, "unknown", error["cause"], error["fix"], error["side"], permissions
            )
        )
    elif events is not None:
        found.append(_deployment(one, waited_for == FOR_DEPLOYMENTS))
    return found


def _finding(
    name: str,
    result: str,
    subject: str,
    observed: str,
    cause: str | None = None,
    fix: str | None = None,
    side: str = "tenant",
    permissions: tuple[str, ...] = (),
) -> Finding:
    doc = None if result == PASS else _DOC
    return Finding(name, result, observed, side, subject, cause=cause, fix=fix, doc=doc, permissions=permissions)


def _registration(one: Registration) -> Finding:
    return _finding("registration", PASS, one.label, "registered")


def _serial(one: Registration) -> Finding:
    serial = str(one.shown["serial_number"] or "none")
    if one.shown["serial_usable"]:
        return _finding("serial_number", PASS, one.label, serial)
    cause = "the serial number does not name this device alone, so its records are found by ids only"
    fix = "name it by its id; have the firmware's serial number set, if the manufacturer has a tool for it"
    return _finding("serial_number", WARN, one.label, serial, cause, fix, "device")


def _assignment(one: Registration, waited: bool) -> Finding:
    told = one.shown["assignment"]
    observed = ", ".join(str(part) for part in (told["status"], told["detail"]) if part and part != "none") or "unknown"

    def made(result: str, cause: str | None = None, fix: str | None = None) -> Finding:
        return _finding("profile_assignment", result, one.label, observed, cause, fix)

    if one.shown["assigned"]:
        return made(PASS)
    if told["detail"] == _HARDWARE:
        cause = "the device does not meet the hardware requirements of the profile, so it is never assigned"
        fix = "assign a profile that the hardware meets; self-deploying and pre-provisioned ones need a TPM 2.0"
        return made(FAIL, cause, fix)
    if one.final:
        cause = "the assignment of the profile failed, and does not come right by waiting"
        fix = "check what kind of device the profile is for, take the device out of its group and put it in again"
        return made(FAIL, cause, fix)
    if one.shown["assigned"] is None:
        cause = "Windows Autopilot does not say whether a profile is assigned"
        return made(UNKNOWN, cause, "run the task again; a synchronization may help")
    cause = "no deployment profile is assigned, so the device would start without Windows Autopilot"
    fix = "check that its group has the device and a profile, and wait: groups and assignments take their time"
    return made(FAIL if waited else WARN, cause, fix)


def _deployment(one: Registration, waited: bool) -> Finding:
    told = one.shown["deployment"]
    if told is None:
        cause = "no deployment has begun"
        fix = "start the device and sign in; an event shows some minutes later"
        return _finding("deployment", FAIL if waited else PASS, one.label, "none", *((cause, fix) if waited else ()))
    where = f" in {told['phase']}" if told["phase"] else ""
    observed = f"{told['outcome']}{where} ({told['state']})"

    def made(result: str, cause: str | None = None, fix: str | None = None, side: str = "device") -> Finding:
        return _finding("deployment", result, one.label, observed, cause, fix, side)

    look = "run winops.entra.deployment_status on the device, which knows the app or policy"
    kinds: dict[str, t.Callable[[], Finding]] = {
        deployments.DEPLOYED: lambda: (
            made(PASS)
            if told["confirmed"] is not False
            else made(
                WARN, "it was deployed, but Intune or the directory has no working device of it", "look up the device"
            )
        ),
        deployments.INCOMPLETE: lambda: made(
            WARN, "somebody went on although not everything was installed: the device is in use and incomplete", look
        ),
        deployments.IN_USE: lambda: made(
            WARN, "Windows Autopilot never recorded a good end, but Intune has managed the device for hours since", look
        ),
        deployments.FAILED: lambda: made(FAIL, f"the deployment failed: {_why(told)}", look),
        deployments.GOING_ON: lambda: made(FAIL if waited else WARN, "the deployment has not ended", look),
    }
    unknown = "Windows Autopilot does not say how the deployment went"
    return kinds.get(told["outcome"], lambda: made(UNKNOWN, unknown, look, "tenant"))()


def _why(told: dict[str, t.Any]) -> str:
    if told["code"] == "0x80180014":
        return (
            "a device that deploys itself is let in once (0x80180014); remove its record from Intune, or allow its "
            "next enrollment, then reset it"
        )
    return told["failure"] or "Windows Autopilot gives no reason"
