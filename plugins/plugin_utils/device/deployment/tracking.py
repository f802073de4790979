# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an Enrollment Status Page waits for: providers, apps, policies, each with its state.

Sources: EnrollmentStatusTracking CSP (states of providers and apps, ``TrackingPoliciesCreated``); Microsoft,
"Understand and troubleshoot the Enrollment Status Page" (the registry of it, ``ESPTrackingInfo``);
EnterpriseDesktopAppManagement CSP (states of MSI packages).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator

from ...untrusted import in_one_line
from ..first_sync import Told
from ..reading import Key

TRACKING = r"SOFTWARE\Microsoft\Windows\Autopilot\EnrollmentStatusTracking"
DEVICE_SCOPE = "device"
STAGE_PREPARATION, STAGE_APPS = "preparation", "apps"
NOT_INSTALLED, NOT_REQUIRED, INSTALLING, COMPLETED, ERROR = (
    "not_installed",
    "not_required",
    "in_progress",
    "completed",
    "error",
)
_OF_PROVIDER = {1: NOT_INSTALLED, 2: NOT_REQUIRED, 3: COMPLETED, 4: ERROR}
_OF_APP = {1: NOT_INSTALLED, 2: INSTALLING, 3: COMPLETED, 4: ERROR}
MSI = "ExpectedMSIAppPackages"
_MSI_DONE, _MSI_FAILED = 70, (30, 60)
_WIN32 = re.compile(r"Win32App_(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:_(?P<revision>[0-9]{1,6}))?", re.I)
_SID = re.compile(r"S-1-[0-9-]{1,180}", re.IGNORECASE)
#: More of each than a page ever has.
_MOST, _LONGEST = 2000, 300
Item = dict[str, t.Any]


def tracked(key: Key, told: Told) -> dict[str, list[Item] | None]:
    """``{providers, apps, policies}`` of the key TRACKING, as the module returns them.

    A list that could not be read to its end is None, and so is a state of another type; a sentence of ``told`` says
    why.
    """
    return {
        "providers": told.of(lambda: list(_bounded(_providers(key, told)))),
        "apps": told.of(lambda: list(_bounded(_apps(key, told)))),
        "policies": told.of(lambda: list(_bounded(_policies(key)))),
    }


def is_failed(policy: Item) -> bool:
    """Whether a policy is a package that could not be downloaded or installed."""
    return policy["kind"].lower() == MSI.lower() and policy["value"] in _MSI_FAILED


def _bounded(items: Iterator[Item]) -> Iterator[Item]:
    for number, item in enumerate(items):
        if number == _MOST:
            return
        yield item


def _scopes(key: Key) -> Iterator[tuple[str, Key]]:
    """(device or SID, key) of each for which something is tracked."""
    for name, scope in key.children():
        if name.lower() == DEVICE_SCOPE:
            yield DEVICE_SCOPE, scope
        elif _SID.fullmatch(name):
            yield name, scope


def _providers(key: Key, told: Told) -> Iterator[Item]:
    for scope, below in _scopes(key):
        for name, provider in below.child("DevicePreparation", "PolicyProviders").children():
            number = told.of(provider.number, "InstallationState")
            yield _provider(name, scope, STAGE_PREPARATION, _OF_PROVIDER.get(number or 0), None)
        for name, provider in below.child("Setup", "Apps", "PolicyProviders").children():
            refused = len(told.refused)
            created = told.of(provider.number, "TrackingPoliciesCreated")
            # A missing value is its default, false.
            yield _provider(name, scope, STAGE_APPS, None, bool(created) if len(told.refused) == refused else None)


def _provider(name: str, scope: str, stage: str, state: str | None, created: bool | None) -> Item:
    return {
        "name": in_one_line(name, _LONGEST),
        "scope": scope,
        "stage": stage,
        "state": state,
        "policies_created": created,
    }


def _apps(key: Key, told: Told) -> Iterator[Item]:
    for scope, below in _scopes(key):
        for provider, found in below.child("Setup", "Apps", "Tracking").children():
            for name, app in found.children():
                match = _WIN32.fullmatch(name)
                number = told.of(app.number, "InstallationState")
                restart = told.of(app.number, "RebootRequired")
                yield {
                    "id": match["id"].lower() if match else in_one_line(name, _LONGEST),
                    "revision": int(match["revision"]) if match and match["revision"] else None,
                    "provider": in_one_line(provider, _LONGEST),
                    "scope": scope,
                    "state": _OF_APP.get(number or 0),
                    "restart_required": None if restart is None else restart != 0,
                }


def _policies(key: Key) -> Iterator[Item]:
    """What was recorded last of each: keys are named by the time, in a form that sorts."""
    diagnostics = key.child("ESPTrackingInfo", "Diagnostics")
    places = [(DEVICE_SCOPE, diagnostics)]
    places += [(name, below) for name, below in diagnostics.children() if _SID.fullmatch(name)]
    for scope, place in places:
        for kind, records in place.children():
            if kind.lower().startswith("expected"):
                yield from _recorded(in_one_line(kind, _LONGEST), scope, records)


def _recorded(kind: str, scope: str, records: Key) -> Iterator[Item]:
    newest: dict[str, t.Any] = {}
    for _time, record in sorted(records.children(), key=lambda item: item[0]):
        newest.update(record.values)
    for uri, value in newest.items():
        number = value if isinstance(value, int) and not isinstance(value, bool) else None
        shown = {"kind": kind, "uri": in_one_line(uri, _LONGEST), "scope": scope, "value": number}
        yield {**shown, "done": _is_done(kind, number)}


def _is_done(kind: str, number: int | None) -> bool | None:
    if number is None:
        return None
    if kind.lower() == MSI.lower():
        return number == _MSI_DONE if number <= _MSI_DONE else None
    return {0: False, 1: True}.get(number)
