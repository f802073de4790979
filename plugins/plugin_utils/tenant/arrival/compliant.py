# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether Intune judges a device compliant by a policy that somebody has assigned, and whether that still can come.

Sources: Microsoft Intune, "Monitor results of your device compliance policies" (``complianceState``), "Device
compliance policies" (devices without a policy), "BitLocker" of the compliance settings (attested at the start).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from ..graph.failures import RequestFailure
from ..posture import compliance
from ..posture.policy_states import PolicyState, failed_settings
from ..posture.state_rows import setting_of, some_of
from . import intune
from .facts import DRIVE, GOES_ON, IS_SAFE, Facts, not_readable
from .reasons import (
    CANNOT_BE_MET,
    CONFIG_MANAGER,
    GRACE_PERIOD,
    IS_COMPLIANT,
    IS_ENCRYPTING,
    NOT_COMPLIANT,
    NOT_ENCRYPTED,
    NOT_JUDGED,
    NOT_READABLE,
    POLICY_CONFLICT,
    POLICY_ERROR,
    RESTART_NEEDED,
    Verdict,
)

#: What Intune has judged by policies, whose states say why.
BY_POLICIES = ("compliant", "noncompliant", "inGracePeriod", "error", "conflict")
_ENCRYPTION = {"BitLockerEnabled", "StorageRequireEncryption"}
_NOT_ASSIGNED = "RequireDeviceCompliancePolicyAssigned"
#: A device does not get these by itself. Whether it has them is judged at once.
_NOT_BY_WAITING = {"RequireUserExistence", "TpmRequired", "OsMaximumVersion"}
_SURE_AFTER = 2


def judge(facts: Facts) -> Verdict:
    """The expectation ``compliant``."""
    verdict = intune.away(facts) or _judged(facts)
    return verdict if "entra" in verdict.more else _with(verdict, entra=facts.entra_compliant)


def _with(verdict: Verdict, **more: t.Any) -> Verdict:
    verdict.more.update(more)
    return verdict


def _judged(facts: Facts) -> Verdict:
    state = (facts.record or {})["compliance"]
    if state == "configManager":
        return _config_manager(facts)
    if state not in BY_POLICIES:
        seen = (
            "Intune has not judged the device yet" if state in (None, "unknown") else f"Intune's verdict is {state!r}"
        )
        return Verdict(False, NOT_JUDGED, seen)
    if state == "compliant":
        return _compliant(facts)
    failed = facts.reasons.failed if isinstance(facts.reasons, compliance.Reasons) else []
    names = [setting_of(row) for one in failed for row in failed_settings(one)]
    return _with(_not_met(facts, str(state), failed, names), failing=list(dict.fromkeys(names)))


def _compliant(facts: Facts) -> Verdict:
    what = "whether a policy that is assigned judges it"
    before = "Intune says compliant; "
    if isinstance(facts.reasons, RequestFailure):
        return not_readable(what, facts.reasons, before)
    if facts.reasons is None:
        return Verdict(False, NOT_JUDGED, "Intune has not judged the device yet")
    if facts.reasons.waiting:
        names = some_of(list(facts.reasons.waiting), ", ")
        return Verdict(False, NOT_JUDGED, f"{before}it has not judged the device yet by {names}")
    if facts.reasons.nothing_assigned:
        return facts.nothing_came("it is compliant, because nothing is assigned: no compliance policy judges it")
    if facts.reasons.nothing_assigned is None:
        if facts.reasons.unread is not None:
            return not_readable(what, facts.reasons.unread, before)
        return Verdict(None, NOT_READABLE, f"{before}unknown, because its one policy names no setting: {what}")
    said = "Intune judges it compliant"
    if facts.device.shown.get("in_entra") is None:
        said += "; what Entra says could not be read"
    elif facts.entra_compliant is not True:
        theirs = "says not compliant" if facts.entra_compliant is False else "has no verdict"
        said += (
            f"; Entra still {theirs}, hears of it some minutes later, and Conditional Access goes by what Entra says"
        )
    return Verdict(True, IS_COMPLIANT, said)


def _config_manager(facts: Facts) -> Verdict:
    seen = "Configuration Manager judges the compliance, and Intune does not"
    theirs = facts.entra_compliant
    if theirs is None:
        return Verdict(None, CONFIG_MANAGER, f"{seen}; Entra has no verdict yet, or it could not be read")
    says = "compliant" if theirs else "not compliant"
    return Verdict(theirs, CONFIG_MANAGER, f"{seen}; Entra takes the device for {says}", 1)


def _not_met(facts: Facts, state: str, failed: list[PolicyState], names: list[str]) -> Verdict:
    if isinstance(facts.reasons, RequestFailure):
        why = not_readable("the policy that is not met", facts.reasons).seen
    else:
        why = compliance.in_words(failed) or "no policy says why"
    if state == "inGracePeriod":
        until = (facts.record or {})["grace_until"]
        seen = f"not compliant yet, and in its grace period until {until or 'a time that Intune does not say'}: {why}"
        return Verdict(False, GRACE_PERIOD, seen, more={"grace_until": until})
    if state == "error":
        return Verdict(False, POLICY_ERROR, f"a compliance policy ended in an error: {why}")
    if state == "conflict":
        return Verdict(False, POLICY_CONFLICT, f"compliance policies ask for different values: {why}", 1)
    short = {name.rpartition(".")[2] for name in names}
    seen = f"not compliant: {why}"
    if short & _NOT_BY_WAITING:
        return Verdict(False, CANNOT_BE_MET, seen, _SURE_AFTER if facts.has_synced else None)
    if short == {_NOT_ASSIGNED}:
        return facts.nothing_came("it is not compliant, because nothing is assigned: no compliance policy judges it")
    if short and short <= _ENCRYPTION:
        return _encryption(facts, seen)
    if short & _ENCRYPTION and facts.known.drive:
        seen += f"; {facts.known.drive}"
    return Verdict(False, NOT_COMPLIANT, seen)


def _encryption(facts: Facts, seen: str) -> Verdict:
    """Nothing but the encryption is missing: how it stands on the device, as the playbook knows it."""
    known = facts.known
    more = {"encryption_percentage": known.percentage}
    if known.encryption == GOES_ON:
        return Verdict(False, IS_ENCRYPTING, f"{seen}; {known.drive}", more=more)
    if known.restart_needed or known.encryption == IS_SAFE:
        told = f"{seen}; {known.drive}" if known.drive else f"{seen}; the encryption has ended after the last start"
        return Verdict(False, RESTART_NEEDED, told, more=more)
    if known.encryption in DRIVE:
        return Verdict(False, NOT_ENCRYPTED, f"{seen}; {known.drive}", more=more)
    return Verdict(False, NOT_COMPLIANT, f"{seen}; how far the device is encrypted was not told", more=more)
