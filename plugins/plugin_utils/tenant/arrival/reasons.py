# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every reason for which an expectation is met, or is not: its name, why that is so, and what to do.

Sources: Microsoft Intune, "Monitor results of your device compliance policies", "Device compliance policies",
"Refresh intervals of policies", "Use compliance policies with co-management"; Microsoft Entra, "Manage device
identities".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

_TENANT, _DEVICE = "tenant", "device"
_LEARN = "https://learn.microsoft.com/"
_ENROLL = _LEARN + "intune/intune-service/enrollment/windows-enroll"
_COMPLIANCE = _LEARN + "intune/intune-service/protect/compliance-policy-monitor"
_ASSIGN = _LEARN + "intune/intune-service/configuration/device-profile-assign"
_PROFILES = _LEARN + "intune/intune-service/configuration/device-profile-monitor"
_BITLOCKER = _LEARN + "intune/intune-service/protect/encryption-monitor"
_OBJECTS = _LEARN + "entra/identity/devices/manage-device-identities"

#: The three things that can be expected of a device, in their order.
INTUNE, COMPLIANT, ALL_POLICIES = ARRIVAL_IDS = ("intune", "compliant", "policies")
WHAT_IS_EXPECTED = {
    INTUNE: "Intune shows a record with the device id",
    COMPLIANT: "Intune judges the device compliant by a policy that is assigned",
    ALL_POLICIES: "every configuration policy that Intune names for the device is applied",
}


@dataclasses.dataclass(frozen=True)
class Reason:
    """``name`` is for programs. ``still`` is what a line of progress says of such devices, ``why`` what is behind it,
    ``fix`` what to do, on which ``side``; ``doc`` is where to read more."""

    name: str
    still: str = ""
    why: str = ""
    fix: str = ""
    side: str = _TENANT
    doc: str | None = None


IN_INTUNE = Reason("in_intune")
IS_COMPLIANT = Reason("compliant")
IS_APPLIED = Reason("applied")

NOT_IN_INTUNE = Reason(
    "not_in_intune",
    "not in Intune yet",
    "the MDM enrollment has not ended, or has failed",
    "look at the MDM enrollment on the device (diagnose), at the MDM scope and at the user's license",
    _DEVICE,
    _ENROLL,
)
NOT_IN_ENTRA = Reason(
    "not_in_entra",
    "not in Entra",
    "the object was deleted, or the device has joined another tenant",
    "compare the device id with the device's own; if it is right, let the device leave and join again",
    doc=_OBJECTS,
)
DISABLED_IN_ENTRA = Reason(
    "disabled_in_entra",
    "disabled in Entra",
    "a device whose object is disabled does not sign in, and does not enroll",
    "enable it (directory_device), if it was not disabled on purpose",
    doc=_OBJECTS,
)
ANOTHER_MDM = Reason(
    "another_mdm",
    "managed by another MDM",
    "a device has one MDM, and what that one does is not seen in Intune",
    "look there; if the device was to be in Intune, look at the MDM scope",
    doc=_ENROLL,
)
NOT_READABLE = Reason(
    "not_readable",
    "not readable",
    "what could not be read is neither a yes nor a no",
    "grant what is missing, or run the task again if the service was at fault",
)
NOTHING_ASSIGNED = Reason(
    "nothing_assigned",
    "without an assigned policy",
    "no policy that somebody has assigned reaches the device; such a verdict says nothing about it, and may end when "
    "the tenant changes how such devices are taken",
    "assign a policy to the device or to its user",
    doc=_ASSIGN,
)
NOBODY_SIGNED_IN = Reason(
    "nobody_signed_in",
    "waiting for a sign-in",
    "no policy has come for the device itself, and policies that are assigned to users come when one has signed in",
    "let a user with a license of Intune sign in to the device, or assign the policies to devices",
    _DEVICE,
    _ASSIGN,
)
NO_PRIMARY_USER = Reason(
    "no_primary_user",
    "without a primary user",
    "no policy has come for the device itself, and policies that are assigned to users need one",
    "set the primary user in Intune and let the user sign in, or assign the policies to devices",
    doc=_ASSIGN,
)
GRACE_PERIOD = Reason(
    "grace_period",
    "in the grace period",
    "until it ends Conditional Access takes the device for compliant, which it is not",
    "correct the settings on the device before the grace period ends, and sync it",
    _DEVICE,
    _COMPLIANCE,
)
NOT_COMPLIANT = Reason(
    "not_compliant",
    "not compliant",
    "Conditional Access does not let the device in where a policy demands a compliant device",
    "correct the settings on the device, or the policy, and sync the device",
    _DEVICE,
    _COMPLIANCE,
)
CANNOT_BE_MET = Reason(
    "cannot_be_met",
    "that waiting cannot mend",
    "what the policy demands does not come by itself, however long the task waits",
    "take another policy for such devices, or mend what it names",
    doc=_COMPLIANCE,
)
IS_ENCRYPTING = Reason(
    "encrypting",
    "being encrypted",
    "the device is compliant when the drive is encrypted, and Windows has attested that at its next start",
    "keep the device on and on mains power, restart it when the encryption has ended, and run the task again",
    _DEVICE,
    _BITLOCKER,
)
RESTART_NEEDED = Reason(
    "restart_needed",
    "waiting for a restart",
    "Intune goes by what Windows attests at its start, and the encryption has ended after the last one",
    "restart the device, and sync it",
    _DEVICE,
    _BITLOCKER,
)
NOT_ENCRYPTED = Reason(
    "not_encrypted",
    "not encrypted",
    "the compliance policy demands it",
    "see the finding encryption of device_posture, which says what is in the way",
    _DEVICE,
    _BITLOCKER,
)
CONFIG_MANAGER = Reason(
    "config_manager",
    "judged by Configuration Manager",
    "the workload has not moved to Intune, so that Intune does not say more",
    "look at the device in Configuration Manager (Software Center), or move the workload to Intune",
    _DEVICE,
    _LEARN + "intune/configmgr/comanage/workloads",
)
NOT_JUDGED = Reason(
    "not_judged",
    "not judged yet",
    "the first verdict comes some minutes after the first sync",
    "sync the device, and run the task again",
    _DEVICE,
    _COMPLIANCE,
)
POLICY_ERROR = Reason(
    "policy_error",
    "with a policy in error",
    "a setting could not be read or set on the device",
    "look at the setting and its code, and whether edition and version of Windows take it",
    _DEVICE,
    _PROFILES,
)
POLICY_CONFLICT = Reason(
    "policy_conflict",
    "with policies in conflict",
    "policies ask for different values of one setting, so that none is sure to be in force",
    "let one policy alone decide each setting",
    doc=_PROFILES,
)
ON_THEIR_WAY = Reason(
    "pending",
    "with policies on their way",
    "policies come with a sync: every few minutes at first, every eight hours later",
    "sync the device, and run the task again",
    _DEVICE,
    _PROFILES,
)
NO_POLICIES = Reason(
    "no_policies",
    "without policies yet",
    "Intune names no configuration policy for the device; they come after the first sync",
    "sync the device, and look whom the policies are assigned to",
    _DEVICE,
    _PROFILES,
)
NOT_APPLIED = Reason(
    "not_applied",
    "with policies that are not applied",
    "the device reports that it does not have the settings",
    "sync the device; if it stays, look at the settings on the device",
    _DEVICE,
    _PROFILES,
)


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What one round says of one expectation. ``seen`` is a clause about this device. ``looks``: after so many rounds
    in a row with this reason there is no use in waiting, None where there is. ``more`` are further fields of the
    result, ``permissions`` those that were missing."""

    met: bool | None
    reason: Reason
    seen: str
    looks: int | None = None
    more: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    permissions: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The sentence, with what to do."""
        why = f" ({self.reason.why})" if self.reason.why else ""
        return f"{self.seen}{why}; {self.reason.fix}" if self.reason.fix else self.seen
