# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both halves of a verification put together: one verdict where both sides speak of one thing, and who decided it.

Where one side alone has an answer, it decides. Where both have one, the points below say which is believed, and why.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ...findings import PASS, UNKNOWN, WARN
from ..told import object_in, objects_in, text_in
from . import escrow
from .halves import VERIFY_IDS, WEIGHT, Fields, Halves, is_another
from .verdict import BOTH_DECIDE, DEVICE_DECIDES, TENANT_DECIDES, one_word, verdict

_INTUNE, _CONFIGURATION_MANAGER = "intune", "configuration_manager"
_MOMENT = 19  # 2026-11-30T08:00:00: fractions and zones are written in more than one way
#: The settings of compliance policies that encryption meets.
_ENCRYPTION_SETTINGS = ("BitLockerEnabled", "StorageRequireEncryption")


def verdicts(halves: Halves) -> list[Fields]:
    """The verdicts on one device in the order of VERIFY_IDS, those that pass too."""
    found: list[Fields] = []
    for identity in VERIFY_IDS:
        own, theirs = halves.device.get(identity), halves.tenant.get(identity, [])
        joined = OF_BOTH_SIDES.get(identity)
        if joined is None:
            found += [verdict(own, DEVICE_DECIDES, own, None)] if own else []
            found += [verdict(one, TENANT_DECIDES, None, one) for one in theirs]
        elif own or theirs:
            found.append(_one(halves, own, _weightiest(theirs), joined))
    return found


def _weightiest(found: list[Fields]) -> Fields | None:
    return min(found, key=lambda one: WEIGHT.index(one["result"]), default=None)


def _one(halves: Halves, own: Fields | None, theirs: Fields | None, joined: Point) -> Fields:
    if joined in (escrow.judge, _compliance, _entra_object):  # One without an answer does not leave it to the other.
        return joined(halves, own, theirs)
    if own is None or theirs is None or UNKNOWN in (own["result"], theirs["result"]):
        return one_word(own, theirs)
    return joined(halves, own, theirs)


# --- the points of which both sides speak -----------------------------------------------------------------------------


def _entra_object(halves: Halves, own: t.Any, theirs: t.Any) -> Fields:
    """The object is the tenant's; whether there should be one, the device says. That it is joined says nothing about
    the object."""
    if theirs is None or own is None or (own["result"] != PASS and theirs["result"] != PASS):
        return one_word(own, theirs)
    if theirs["result"] == UNKNOWN or own["result"] == UNKNOWN:
        return verdict(theirs, TENANT_DECIDES, own, theirs)
    if own["result"] != PASS:
        return verdict(own, DEVICE_DECIDES, own, theirs)
    if theirs["result"] == PASS:
        return verdict(own, BOTH_DECIDE, own, theirs)
    here = text_in(object_in(halves.posture, "join"), "tenant_id")
    if halves.row.get("in_entra") is False and is_another(here, halves.asked_tenant):
        cause = f"the device is joined to the tenant {here}, and {halves.asked_tenant} was asked"
        fix = "sign in to the tenant of the device (AZURE_TENANT_ID), or let the device leave, and join it to this one"
        return verdict({**theirs, "cause": cause, "fix": fix}, BOTH_DECIDE, own, theirs)
    return verdict({**theirs, "cause": f"{own['observed']}; {theirs['cause']}"}, TENANT_DECIDES, own, theirs)


def _managed(halves: Halves, own: t.Any, theirs: t.Any) -> Fields:
    """The device knows by whom it is managed, and Intune whether the device is still one of its own."""
    told = object_in(halves.posture, "management").get("managed_by")
    by = told if isinstance(told, (list, tuple)) else ()
    if own["result"] == PASS and theirs["result"] == PASS:
        return verdict(own, BOTH_DECIDE, own, theirs)
    if own["result"] == PASS and theirs["result"] == WARN:  # Entra names another one.
        return verdict(
            {**theirs, "cause": f"the device says that Intune manages it; {theirs['cause']}"},
            TENANT_DECIDES,
            own,
            theirs,
        )
    if own["result"] == PASS and _INTUNE in by:
        made = {
            **theirs,
            "cause": "the device is enrolled, and Intune has no record of it: nothing new comes from there",
            "fix": "wait some minutes after an enrollment, and look again; then enroll it again (winops.entra.mdm)",
        }
        return verdict(made, TENANT_DECIDES, own, theirs)
    if theirs["result"] == PASS and _CONFIGURATION_MANAGER not in by:
        made = {**own, "cause": f"{own['cause']}; the record in Intune is left over from an earlier enrollment"}
        return verdict(made, DEVICE_DECIDES, own, theirs)
    return verdict(own, BOTH_DECIDE if own["result"] == theirs["result"] else DEVICE_DECIDES, own, theirs)


def _last_sync(halves: Halves, own: t.Any, theirs: t.Any) -> Fields:
    """The device knows how a session ended, Intune whether one has arrived. The newer word counts."""
    management = object_in(halves.posture, "management")
    arrived, ended = _moment(halves.intune, "last_sync"), _moment(object_in(management, "last_sync"), "at")
    if own["result"] == theirs["result"]:
        return verdict(own, BOTH_DECIDE, own, theirs)
    if theirs["result"] == PASS:
        # What was silent for long by the device's record has arrived since; a failure counts until a contact after it.
        is_over = own["result"] == WARN or (arrived and ended and arrived > ended)
        return verdict(theirs, TENANT_DECIDES, own, theirs) if is_over else verdict(own, DEVICE_DECIDES, own, theirs)
    if own["result"] != PASS:
        return verdict(own, BOTH_DECIDE, own, theirs)
    by = management.get("managed_by")
    if isinstance(by, (list, tuple)) and _INTUNE not in by:
        return verdict(own, DEVICE_DECIDES, own, theirs)
    cause = (
        f"{theirs['cause']}; the device says that it has synchronized ({own['observed']}), which Intune has not seen"
    )
    return verdict({**theirs, "cause": cause}, TENANT_DECIDES, own, theirs)


def _encryption(halves: Halves, own: t.Any, theirs: t.Any) -> Fields:
    """The device knows its drive. Intune hears of it later, and knows nothing of the protection."""
    agree = (own["result"] == PASS) == (theirs["result"] == PASS)
    return verdict(own, BOTH_DECIDE if agree else DEVICE_DECIDES, own, theirs)


def _compliance(halves: Halves, own: t.Any, theirs: t.Any) -> Fields:
    """Intune judges; where encryption is what it misses, the device says what the drive waits for."""
    drive = halves.device.get("encryption")
    if theirs["result"] in (PASS, UNKNOWN) or drive is None or drive["result"] == UNKNOWN:
        return verdict(theirs, TENANT_DECIDES, None, theirs)
    if not _is_about_encryption(halves):
        return verdict(theirs, TENANT_DECIDES, None, theirs)
    cause = f"{theirs['observed'] or theirs['cause']}; the device says: {drive['observed']}"
    more = "" if _is_about_encryption_alone(halves) else "; then mend the other settings that Intune names"
    if drive["result"] == PASS:
        fix = f"restart the device and sync it: Intune goes by what Windows attests at its start{more}"
        return verdict({**theirs, "cause": cause, "fix": fix, "side": "device"}, TENANT_DECIDES, drive, theirs)
    why = f"{cause}: {drive['cause']}" if drive["cause"] else cause
    return verdict(
        {**theirs, "cause": why, "fix": f"{drive['fix'] or theirs['fix']}{more}", "side": "device"},
        BOTH_DECIDE,
        drive,
        theirs,
    )


def _is_about_encryption(halves: Halves) -> bool:
    return any(setting.endswith(_ENCRYPTION_SETTINGS) for setting in _failing(halves))


def _is_about_encryption_alone(halves: Halves) -> bool:
    return all(setting.endswith(_ENCRYPTION_SETTINGS) for setting in _failing(halves))


def _failing(halves: Halves) -> list[str]:
    """The settings that Intune says are not met."""
    policies = objects_in(object_in(halves.row, "compliance"), "policies")
    return [text_in(one, "setting") or "" for policy in policies for one in objects_in(policy, "settings")]


def _moment(told: t.Any, name: str) -> str:
    return (text_in(told, name) or "")[:_MOMENT]


#: Both findings of one thing, each with an answer, and the verdict.
Point = Callable[[Halves, t.Any, t.Any], Fields]
#: The findings of which both sides may have one.
OF_BOTH_SIDES: dict[str, Point] = {
    "entra_object": _entra_object,
    "managed": _managed,
    "last_sync": _last_sync,
    "compliance": _compliance,
    "encryption": _encryption,
    "escrow": escrow.judge,
}
