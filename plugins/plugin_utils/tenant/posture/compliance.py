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
from ..devices.unread import OF_THE_CALLER
from ..graph.failures import RequestFailure
from . import policy_states
from .findings import said
from .policy_states import PolicyState, Wanted, failed_settings
from .run import Looked, Run
from .state_rows import KNOWN_STATES, setting_of, some_of, spaced, state_of

_COLLECTION = "deviceCompliancePolicyStates"
_WHAT = "the states of compliance policies"
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
#: Those of the built-in policy that are mended on the device.
_ON_DEVICE = ("RequireRemainContact",)
#: So many devices are asked for the settings of a policy, until one says whether it is the built-in one.
_SAMPLES = 3
_UNREAD = "the reasons could not be read"
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
        failed = reasons.failed
        device.shown["compliance"] = {
            "nothing_assigned": reasons.nothing_assigned,
            "policies": [_shown(one) for one in failed],
        }
        for one in failed:
            if one.failure is not None:
                run.not_known(device, "compliance", f"the settings of {one.name!r}", one.failure)
        why = in_words(failed) or "no policy says why"
        device.say(_judged(device, reasons.nothing_assigned, why, *_fix(failed)))


@dataclasses.dataclass(frozen=True)
class Reasons:
    """Why Intune judges a device so. ``failed`` are the policies that are not met; ``nothing_assigned`` says whether
    nothing but the built-in policy judges, None where that is not known, with why in ``unread`` if it was refused.
    ``waiting`` are the policies without a verdict, where no more than one has given its own: the built-in policy may be
    the one."""

    failed: list[PolicyState]
    nothing_assigned: bool | None
    unread: RequestFailure | None = None
    waiting: tuple[str, ...] = ()


def read(run: Run) -> list[tuple[Looked, Reasons | RequestFailure]]:
    """The reasons of each device that Intune has."""
    found = policy_states.ask(run, "compliance", _COLLECTION, _WHAT)
    samples, unread = _samples(run, found)
    told: list[tuple[Looked, Reasons | RequestFailure]] = []
    for device in run.managed:
        states = found[device.device_id]
        if isinstance(states, RequestFailure):
            told.append((device, states))
            continue
        nothing = _nothing_assigned(states, samples)
        keys = [one.key for one in _judging(states)] if nothing is None else []
        why = next((unread[key] for key in keys if key in unread), None)
        told.append((device, Reasons([one for one in states if one.failed], nothing, why, _waiting(states))))
    return told


def _waiting(states: list[PolicyState]) -> tuple[str, ...]:
    """The names of policies that have not judged yet, where at most one has."""
    judged = {one.key for one in states if one.judges and one.state in KNOWN_STATES}
    rest = {one.key: one.name for one in states if one.judges and one.key not in judged}
    return tuple(rest.values()) if len(judged) < 2 else ()


def _judging(states: list[PolicyState]) -> list[PolicyState]:
    """The states of the one policy that judges a device; none where there are several."""
    judging = [one for one in states if one.judges]
    return judging if len({one.key for one in judging}) == 1 else []


def _samples(
    run: Run, found: t.Mapping[str, list[PolicyState] | RequestFailure]
) -> tuple[dict[str, list[dict]], dict[str, RequestFailure]]:
    """Settings of each policy that is the only one on some device: it may be the built-in one; and why there are none.
    One device is asked for all that have it, and another one where the first does not say."""
    known: dict[str, list[dict]] = {}
    unread: dict[str, RequestFailure] = {}
    open_states: dict[str, Wanted] = {}
    for device in run.managed:
        states = found[device.device_id]
        for one in [] if isinstance(states, RequestFailure) else _judging(states):
            if one.settings:
                known[one.key] = one.settings
            elif not one.failed:
                open_states.setdefault(one.key, []).append((device, one))
    for number in range(_SAMPLES):
        wanted = [many[number] for key, many in open_states.items() if key not in known and many[number:]]
        policy_states.ask_settings(run, "compliance", _COLLECTION, _WHAT, wanted)
        for _device, one in wanted:
            if one.settings:
                known[one.key] = one.settings
            if one.failure is not None:
                unread[one.key] = one.failure
        if any(one.failure is not None and one.failure.status in OF_THE_CALLER for _device, one in wanted):
            break
    return known, unread


def _nothing_assigned(states: list[PolicyState], samples: dict[str, list[dict]]) -> bool | None:
    """Whether nothing but the built-in policy judges; None where that is not known."""
    if not any(one.judges for one in states):
        return True
    judging = _judging(states)
    if not judging:
        return False
    for settings in (*(one.settings for one in judging), samples.get(judging[0].key)):
        if settings:
            return all(setting_of(row).startswith(_BUILT_IN) for row in settings)
    return None


def _shown(state: PolicyState) -> dict[str, t.Any]:
    settings = None
    if state.settings is not None:
        settings = [
            {
                "setting": setting_of(row),
                "says": says(setting_of(row)),
                "state": state_of(row),
                "current_value": row.get("currentValue"),
                "code": row.get("errorCode"),
            }
            for row in failed_settings(state)
        ]
    return {
        "policy": state.name,
        "state": state.state,
        "judged_for": state.judged_for,
        "user": state.user,
        "settings": settings,
    }


def says(setting: str) -> str:
    """A setting of a compliance policy in words."""
    return _WORDS.get(setting.rpartition(".")[2]) or spaced(setting)


def in_words(failed: list[PolicyState]) -> str:
    """The policies that are not met, each with its failing settings."""
    told = []
    for state in failed:
        settings = [says(setting_of(row)) for row in failed_settings(state)]
        if state.settings is None:
            settings = ["settings that could not be read"]
        elif not settings:
            settings = ["no setting that Intune names"]
        told.append(f"{some_of(settings, ', ')} (policy {state.name}{state.for_whom})")
    return some_of(told)


def _fix(failed: list[PolicyState]) -> tuple[str, str]:
    """(what to do, where) for the first setting that has words of its own."""
    for state in failed:
        for row in failed_settings(state):
            built_in, _dot, setting = setting_of(row).rpartition(".")
            fix = _FIXES.get(setting)
            if fix is not None:
                of_tenant = f"{built_in}." == _BUILT_IN and setting not in _ON_DEVICE
                return fix, "tenant" if of_tenant else "device"
    return _CORRECT, "device"


def _judged(device: Looked, nothing: bool | None, reasons: str, fix: str, side: str) -> Finding:
    intune = device.shown["intune"]
    state = intune["compliance"]
    if state == "compliant":
        return _compliant(nothing)
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


def _compliant(nothing: bool | None) -> Finding:
    assign = "assign a compliance policy to the device or to its user"
    if nothing:
        return said(
            "compliance",
            WARN,
            "compliant, because nothing is assigned: no compliance policy judges the device",
            "it says nothing about the device, and may end when the tenant changes how such devices are taken",
            assign,
        )
    if nothing is None:
        return said(
            "compliance",
            UNKNOWN,
            "compliant; whether a compliance policy judges the device is not known",
            "a device that no policy judges can be compliant, too, which says nothing about it",
            f"look at its compliance policies in the Intune admin center; {assign} if there is none",
        )
    return said("compliance", PASS, "compliant")


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
        "Intune has not judged the device yet" if state in (None, "unknown") else f"Intune's verdict is {state!r}",
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
    return [_judged(device, None, _UNREAD, _CORRECT, "device")]
