# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why Intune judges the compliance of a device as it does, with the failing setting by its name.

Sources: Microsoft Intune, "Monitor results of your device compliance policies", "Device compliance policies" (the
built-in policy, its three settings, and devices without a policy), "managedDevice resource type" (``complianceState``);
Microsoft Intune, "Use compliance policies with co-management" (``configManager``).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...findings import FAIL, PASS, UNKNOWN, WARN, Finding
from ..graph.failures import RequestFailure
from . import policy_states
from .findings import said
from .policy_states import EMPTY_STATES, PolicyState, failed_settings, setting_of, spaced
from .run import Looked, Run

_COLLECTION = "deviceCompliancePolicyStates"
_BUILT_IN = "DefaultDeviceCompliancePolicy."
#: The three built-in reasons and some of the others, in words.
_WORDS = {
    "RequireUserExistence": "the user who enrolled the device must exist and have a license of Intune",
    "RequireRemainContact": "the device must be in contact with Intune within the validity period",
    "RequireDeviceCompliancePolicyAssigned": "a compliance policy must be assigned",
    "BitLockerEnabled": "BitLocker must be on, as attested at the last start of the device",
    "StorageRequireEncryption": "the storage must be encrypted",
    "SecureBootEnabled": "Secure Boot must be on, as attested at the last start of the device",
    "CodeIntegrityEnabled": "code integrity must be on, as attested at the last start of the device",
    "OsMinimumVersion": "Windows must have at least the given version",
    "OsMaximumVersion": "Windows must have at most the given version",
    "PasswordRequired": "a password must be required",
    "ActiveFirewallRequired": "the firewall must be on",
    "AntivirusRequired": "an antivirus must be on and registered",
    "AntiSpywareRequired": "an antispyware must be on and registered",
    "DefenderEnabled": "Microsoft Defender must be on",
    "RtpEnabled": "the real-time protection of Microsoft Defender must be on",
    "SignatureOutOfDate": "the signatures of Microsoft Defender must be up to date",
    "TpmRequired": "the device must have a TPM",
}
_FIXES = {
    "RequireUserExistence": "let a user with a license of Intune sign in to the device, or set another primary user",
    "RequireRemainContact": "switch the device on, and sync it",
    "RequireDeviceCompliancePolicyAssigned": "assign a compliance policy to the device or to its user",
    "BitLockerEnabled": "restart the device after the encryption has ended; until then it is not attested",
}
_STOPS = "Conditional Access does not let the device in where a policy demands a compliant device"
_CORRECT = "correct the setting on the device, or the policy, and sync the device"


def ask(run: Run) -> None:
    """Fill ``compliance`` of every device that Intune has."""
    for device in run.devices:
        device.shown["compliance"] = None
    for device, reasons in read(run):
        if isinstance(reasons, RequestFailure):
            run.not_known(device, "compliance", "why Intune judges its compliance so", reasons)
            device.say(*_without_reasons(device))
            continue
        device.shown["compliance"] = {
            "nothing_assigned": reasons.nothing_assigned,
            "policies": [_shown(one) for one in reasons.failed],
        }
        for one in reasons.failed:
            if one.failure is not None:
                run.not_known(device, "compliance", f"the settings of {one.name!r}", one.failure)
        device.say(_judged(device, reasons.failed, reasons.nothing_assigned))


@dataclasses.dataclass(frozen=True)
class Reasons:
    """Why Intune judges a device so. ``failed`` are the policies that are not met; ``nothing_assigned`` says whether
    nothing but the built-in policy judges, None where that is not known, with why in ``unread`` if it was refused."""

    failed: list[PolicyState]
    nothing_assigned: bool | None
    unread: RequestFailure | None = None


def read(run: Run) -> list[tuple[Looked, Reasons | RequestFailure]]:
    """The reasons of each device that Intune has."""
    built_in: dict[str, PolicyState] = {}

    def lonely(states: list[PolicyState]) -> list[PolicyState]:
        """The one policy that judges a device, once a name: it may be the built-in one."""
        names = {one.name for one in states if one.row["state"] not in EMPTY_STATES}
        if len(names) != 1 or names & set(built_in):
            return []
        first = next(one for one in states if one.name in names)
        if first.row["state"] in policy_states.FAILED_STATES:
            return []
        built_in[first.name] = first
        return [first]

    found = policy_states.ask(run, "compliance", _COLLECTION, "the states of compliance policies", lonely)
    return [(device, _reasons_of(found[device.device_id], built_in)) for device in run.managed]


def _reasons_of(
    states: list[PolicyState] | RequestFailure, built_in: dict[str, PolicyState]
) -> Reasons | RequestFailure:
    if isinstance(states, RequestFailure):
        return states
    failed = [one for one in states if one.row["state"] in policy_states.FAILED_STATES]
    nothing = _nothing_assigned(states, built_in)
    alone = {one.name for one in states if one.row["state"] not in EMPTY_STATES} if nothing is None else set()
    unread = next((built_in[name].failure for name in alone if name in built_in), None)
    return Reasons(failed, nothing, unread)


def _nothing_assigned(states: list[PolicyState], built_in: dict[str, PolicyState]) -> bool | None:
    """Whether nothing but the built-in policy judges; None where that is not known."""
    judging = [one for one in states if one.row["state"] not in EMPTY_STATES]
    if not judging:
        return True
    if len({one.name for one in judging}) > 1:
        return False
    known = [judging[0], built_in.get(judging[0].name)]
    for one in known:
        if one is not None and one.settings:
            return all(setting_of(row).startswith(_BUILT_IN) for row in one.settings)
    return None


def _shown(state: PolicyState) -> dict[str, t.Any]:
    settings = None
    if state.settings is not None:
        settings = [
            {
                "setting": setting_of(row),
                "says": says(setting_of(row)),
                "state": row["state"],
                "current_value": row.get("currentValue"),
                "code": row.get("errorCode"),
            }
            for row in failed_settings(state)
        ]
    return {
        "policy": state.name,
        "state": state.row["state"],
        "judged_for": state.judged_for,
        "user": state.user,
        "settings": settings,
    }


def says(setting: str) -> str:
    """A setting of a compliance policy in words."""
    return _WORDS.get(setting.rpartition(".")[2]) or spaced(setting)


def in_words(failed: list[PolicyState]) -> list[str]:
    """The policies that are not met, each with its failing settings."""
    told = []
    for state in failed:
        settings = [says(setting_of(row)) for row in failed_settings(state)]
        if state.settings is None:
            settings = ["settings that could not be read"]
        elif not settings:
            settings = ["no setting that Intune names"]
        told.append(f"{', '.join(settings)} (policy {state.name}{state.for_whom})")
    return told


def _fix(failed: list[PolicyState]) -> tuple[str, str]:
    """(what to do, where) for the first setting that has words of its own."""
    for state in failed:
        for row in failed_settings(state):
            setting = setting_of(row)
            fix = _FIXES.get(setting.rpartition(".")[2])
            if fix is not None:
                return fix, "tenant" if setting.startswith(_BUILT_IN) else "device"
    return _CORRECT, "device"


def _judged(device: Looked, failed: list[PolicyState], nothing: bool | None) -> Finding:
    intune = device.shown["intune"]
    state = intune["compliance"]
    reasons = "; ".join(in_words(failed)) or "no policy says why"
    fix, side = _fix(failed)
    if state == "compliant":
        if nothing:
            return said(
                "compliance",
                WARN,
                "compliant, because nothing is assigned: no compliance policy judges the device",
                "it says nothing about the device, and may end when the tenant changes how such devices are taken",
                "assign a compliance policy to the device or to its user",
            )
        return said("compliance", PASS, "compliant")
    if state == "noncompliant":
        return said("compliance", FAIL, f"not compliant: {reasons}", _STOPS, fix, side)
    if state == "inGracePeriod":
        until = intune["grace_until"] or "a time that Intune does not say"
        return said(
            "compliance",
            WARN,
            f"not compliant, and counted as compliant until {until}: {reasons}",
            f"after it, {_STOPS}",
            fix,
            side,
        )
    return _other_state(device, state, reasons, fix, side)


def _other_state(device: Looked, state: str | None, reasons: str, fix: str, side: str) -> Finding:
    if state == "error":
        return said(
            "compliance",
            FAIL,
            f"a compliance policy ended in an error: {reasons}",
            _STOPS,
            "sync the device; if it stays, look at the code of the setting",
            "device",
        )
    if state == "conflict":
        return said(
            "compliance",
            FAIL,
            f"compliance policies ask for different values of one setting: {reasons}",
            _STOPS,
            "let one policy alone decide the setting",
        )
    if state == "configManager":
        return _config_manager(device)
    return said(
        "compliance",
        UNKNOWN,
        "Intune has not judged the device yet" if state == "unknown" else f"Intune's verdict is {state!r}",
        "until it has, " + _STOPS,
        "sync the device and wait; the first verdict comes some minutes after the first sync",
        "device",
    )


def _config_manager(device: Looked) -> Finding:
    """Whether such a device is let in is what Entra says, as Intune does not judge it."""
    entra = device.shown["entra"]
    compliant = None if entra is None else entra["compliant"]
    observed = "Configuration Manager judges the compliance, and Intune does not"
    look = "look at the compliance of the device in Configuration Manager (Software Center), not in Intune"
    if compliant:
        return said("compliance", PASS, f"{observed}; Entra takes the device for compliant")
    if compliant is None:
        return said(
            "compliance", UNKNOWN, f"{observed}; Entra has no verdict", "nobody knows whether it is let in", look
        )
    return said("compliance", FAIL, f"{observed}; Entra takes the device for not compliant", _STOPS, look, "device")


def _without_reasons(device: Looked) -> list[Finding]:
    """Intune's verdict is known although its reasons are not."""
    state = device.shown["intune"]["compliance"]
    if state == "compliant":
        return []  # Whether it is so because nothing is assigned is not known.
    return [_judged(device, [], None)]
