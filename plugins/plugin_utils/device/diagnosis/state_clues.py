# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a device's own state says about being broken, without any event: its join, its keys, its enrollment.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

from .. import state
from ..answers import Answer
from ..enrollment import offers_no_mdm
from ..join_facts import Status, is_joined
from ..requirements import account_refusal
from . import clues
from .clues import HARMLESS, Clue

FAQ_DOC = "https://learn.microsoft.com/entra/identity/devices/faq"
MDM_DOC = "https://learn.microsoft.com/windows/client-management/mdm-diagnose-enrollment"
DSREGCMD_DOC = "https://learn.microsoft.com/entra/identity/devices/troubleshoot-device-dsregcmd"
DETAILS, DIAGNOSTICS = "dsregcmd /status, Device Details", "dsregcmd /status, Diagnostic Data"
DISABLED_OR_DELETED = "disabled or deleted"
# What comes of a key that is gone or cannot be used.
KEY_CODES = ("0x80090016", "0x80290407", "0x80090031")


def state_clues(answer: Answer, facts: dict, status: Status) -> list[Clue]:
    """What the join itself says about being broken, without any event; ``status`` is what dsregcmd says."""
    join, found = facts["join"], []
    joined = is_joined(join)
    refusal = account_refusal(facts["caller"])
    if refusal:
        # A join with this account is refused; a device that is joined is only seen by half.
        found.append(
            _stated(
                "device",
                HARMLESS if joined else 80,
                "connecting account",
                facts["caller"]["account"],
                {"name": refusal.name, "side": "device", "cause": refusal.cause, "fix": refusal.fix},
            )
        )
    if joined or join["type"] is None:
        found += health_clues(status)
    expires = join["certificate_expires"]
    if joined and expires and state.parse_utc(expires).timestamp() < answer.answered_at:
        found.append(
            _stated(
                "sign_in",
                85,
                "MS-Organization-Access certificate",
                f"expired {expires}",
                {
                    "name": "device_certificate_expired",
                    "side": "device",
                    "doc": FAQ_DOC,
                    "cause": "the device's certificate has expired, so it cannot prove its identity",
                    "fix": "disconnect the device and join it again",
                },
            )
        )
    if join["witnesses_agree"] is False:
        found.append(
            _stated(
                "join",
                78,
                "registry, certificate, dsregcmd",
                f"they do not agree ({join['type'] or 'unknown'})",
                {
                    "name": "half_joined",
                    "side": "device",
                    "doc": DSREGCMD_DOC,
                    "cause": "the device is half joined: registry, certificate and dsregcmd do not agree",
                    "fix": "disconnect it completely (dsregcmd /leave as SYSTEM), then join it",
                },
            )
        )
    if (
        joined
        and facts["mdm"]["enrolled"] is False
        and facts["os"]["server"] is False
        and offers_no_mdm(answer["cloud_join"], join["tenant_id"])
    ):
        found.append(
            _stated(
                "mdm",
                55,
                "CloudDomainJoin\\TenantInfo",
                "MdmEnrollmentUrl is empty",
                {
                    "name": "mdm_not_offered",
                    "side": "tenant",
                    "doc": MDM_DOC,
                    "cause": "the tenant offers no MDM to the account that joined the device",
                    "fix": "put the account (for a package its package_ user) into the tenant's MDM user scope, "
                    "give it a licence, and join "
                    "the device again",
                },
            )
        )
    return found


def health_clues(status: Status) -> list[Clue]:
    """What dsregcmd found when it tried the device's keys and asked the tenant with them.

    DeviceAuthStatus: "SUCCESS", "FAILED. Device is either disabled or deleted" or "FAILED. Error: 0x80072ee7".
    KeySignTest: "PASSED", "FAILED" or "MUST Run elevated to test.". AadRecoveryEnabled and AadRecoveryNeeded: YES where
    the keys cannot be used, so that the next sign-in registers the device again.
    """
    return [*_authentication(status), *_keys(status)]


def _authentication(status: Status) -> list[Clue]:
    failed = [said for said in status.texts("DeviceAuthStatus") if said.upper().startswith(("FAIL", "ERROR"))]
    if not failed:
        return []
    made = clues.clue("sign_in", {"log": DETAILS, "data": [f"DeviceAuthStatus: {said}" for said in failed]})
    if any(DISABLED_OR_DELETED in said.lower() for said in failed):
        explanation = {
            "name": "device_disabled_or_deleted",
            "side": "tenant",
            "doc": FAQ_DOC,
            "cause": "the device's object in the tenant was disabled or deleted, and the device does not know this",
            "fix": "enable the object again; if it was deleted, disconnect the device and join it again",
        }
        return [dataclasses.replace(made, explanation=explanation, weight=90, codes=())]
    if made.codes:
        return [made]
    explanation = {
        "name": "device_authentication_failed",
        "side": "device",
        "doc": DSREGCMD_DOC,
        "cause": f"the device could not authenticate to the tenant; dsregcmd says: {failed[0]}",
        "fix": "look at the log AAD/Operational of that time and at the device's object in the tenant",
    }
    return [dataclasses.replace(made, explanation=explanation, weight=70)]


def _keys(status: Status) -> list[Clue]:
    rows = [f"KeySignTest: {said}" for said in status.texts("KeySignTest") if said.upper().startswith("FAIL")]
    recovery = [
        f"{name}: {said}"
        for name in ("AadRecoveryEnabled", "AadRecoveryNeeded")
        for said in status.texts(name)
        if said.upper().startswith("YES")
    ]
    if not rows + recovery:
        return []
    made = clues.clue("sign_in", {"log": DIAGNOSTICS, "data": rows + recovery})
    cause = "the device cannot use the keys of its join (in the TPM or the key store), so it cannot prove its identity"
    if recovery:
        cause += "; Windows has marked it for recovery"
    explanation = {
        "code": made.code,
        "name": "device_keys_unusable",
        "side": "device",
        "doc": DSREGCMD_DOC,
        "cause": cause,
        "fix": "let the user sign in again, which registers a device that is marked for recovery again; if that "
        "does not help, check the TPM (Get-Tpm), disconnect the device and join it again",
    }
    return [dataclasses.replace(made, explanation=explanation, weight=85, explains=KEY_CODES)]


def _stated(what: str, its_weight: int, where: str, said: str, explanation: dict) -> Clue:
    return clues.clue(what, {"log": where, "data": [said]}, explanation=explanation, weight=its_weight)
