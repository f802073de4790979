# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of the scenario verify: what is wrong with each and what decides it, and those that only look odd.

Findings are those of the report of playbooks/verify.yml. A read of the device and a request to the tenant are named as
the lab knows them, and not as the product calls them.
"""

from __future__ import annotations

import typing as t

FAIL, WARN, UNKNOWN = "fail", "warn", "unknown"
DEVICE, TENANT = "device", "tenant"


class Read(t.NamedTuple):
    """What a device looks at: an operation of the vocabulary, and which key, log or class of it (empty: any)."""

    op: str
    of: str = ""


class Request(t.NamedTuple):
    """What the tenant is asked: regular expressions as the lab's faults have them, with ``{device}``, ``{record}`` and
    ``{user}`` for the ids of the device, its record in Intune and its user."""

    path: str
    query: str = ""
    content: str = ""


_MANAGED = "^/deviceManagement/managedDevices"
_SYNC = "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider"
_POLICIES = r"SOFTWARE\Microsoft\PolicyManager\current\device"
ENROLLMENTS = Read("registry_read", r"SOFTWARE\Microsoft\Enrollments")
CLIENT = Read("registry_read", r"SYSTEM\CurrentControlSet\Services\CcmExec")
SESSIONS = Read("events", f"{_SYNC}/Admin")
VOLUMES = Read("volume_encryption")
BITLOCKER_LOG = Read("events", "Microsoft-Windows-BitLocker-API/Management")
MDM_POLICIES = Read("registry_read", _POLICIES)
LAPS_LOG = Read("events", "Microsoft-Windows-LAPS/Operational")
LAPS_POLICY = Read("registry_read", r"SOFTWARE\Microsoft\Policies\LAPS")
OBJECT = Request("^/devices$", "{device}")
RECORD = Request(f"{_MANAGED}$", "{device}")
PERSON = Request(f"{_MANAGED}/{{record}}/users$")
JUDGEMENTS = Request(f"{_MANAGED}/{{record}}/deviceCompliancePolicyStates$")
CONFIGURATIONS = Request(f"{_MANAGED}/{{record}}/deviceConfigurationStates$")
REPORT = Request("/getConfigurationPoliciesReportForDevice$", content="{record}")
KEYS = Request("^/informationProtection/bitlocker/recoveryKeys$", "{device}")
ACCESS = Request("^/identity/conditionalAccess/evaluate$", content="{user}")
METHODS = Request("^/reports/authenticationMethods/userRegistrationDetails/{user}$")


Decider = Read | Request


class Fault(t.NamedTuple):
    """A finding, and what decides it: what stands together in one group is refused together, as either half has the
    answer; of several groups each decides it alone."""

    id: str
    result: str
    groups: tuple[tuple[Decider, ...], ...]

    @property
    def side(self) -> str:
        """Which half shows it."""
        sides = {DEVICE if isinstance(one, Read) else TENANT for one in self.groups[0]}
        return " and ".join(sorted(sides))


#: The finding that says "unknown" where an object or a record as a whole was not told.
OF_THE_WHOLE: dict[Decider, str] = {OBJECT: "entra_object", RECORD: "in_intune"}


def fault(identity: str, result: str, *deciders: Decider | tuple[Decider, ...]) -> Fault:
    return Fault(identity, result, tuple((one,) if isinstance(one, (Read, Request)) else one for one in deciders))


def _key(path: str) -> Read:
    return Read("registry_read", path)


#: By device: what is wrong with it. Where a device has several rows, they are one fault.
PLANTED: dict[str, tuple[Fault, ...]] = {
    "no_first_sync": (fault("first_sync", FAIL, ENROLLMENTS),),
    "sync_fails": (fault("last_sync", FAIL, SESSIONS),),
    "not_encrypted": (fault("encryption", FAIL, (VOLUMES, RECORD)), fault("compliance", FAIL, RECORD)),
    "attested_later": (
        fault("encryption", WARN, Read("events", "System"), Read("cim_query", "Win32_OperatingSystem")),
        fault("compliance", FAIL, RECORD),
    ),
    "encrypting": (fault("encryption", WARN, (VOLUMES, RECORD)),),
    "no_tpm_protector": (fault("encryption", FAIL, VOLUMES),),
    "key_not_stored": (fault("escrow", FAIL, (BITLOCKER_LOG, KEYS), (VOLUMES, KEYS)),),
    "key_gone": (fault("escrow", FAIL, KEYS),),
    "data_key_only": (fault("escrow", FAIL, KEYS),),
    "hello_off": (fault("hello", WARN, _key(r"SOFTWARE\Policies\Microsoft\PassportForWork")),),
    "reset_blocked": (
        fault("password_reset", WARN, _key(r"SOFTWARE\Policies\Microsoft\Windows\Personalization"), MDM_POLICIES),
    ),
    "pin_reset_blocked": (
        fault(
            "pin_reset",
            WARN,
            _key(r"SOFTWARE\Policies\Microsoft\Windows\System"),
            _key(r"SOFTWARE\Microsoft\Policies\PassportForWork"),
        ),
    ),
    "cm_manages_it": (fault("managed", WARN, (CLIENT, RECORD), (ENROLLMENTS, RECORD)),),
    "nobody_yet": (fault("user", WARN, _key(r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList")),),
    "wsus_beats_ring": (
        fault("update_source", WARN, _key(r"SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate"), MDM_POLICIES),
    ),
    "old_updates": (fault("quality_update", WARN, Read("events", "Setup")),),
    "waits_for_restart": (fault("pending_restart", WARN, _key(r"SOFTWARE\Microsoft\WindowsUpdate\UX\StateVariables")),),
    "laps_refused": (fault("laps", FAIL, LAPS_LOG, LAPS_POLICY),),
    "object_deleted": (fault("laps", FAIL, LAPS_LOG), fault("entra_object", FAIL, OBJECT)),
    "app_fails": (fault("apps", WARN, _key(r"SOFTWARE\Microsoft\IntuneManagementExtension\Win32Apps")),),
    "kiosk_screen": (fault("other_user", WARN, _key(r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon")),),
    "short_passwords": (fault("password_rules", WARN, Read("account_policy"), MDM_POLICIES),),
    "personal": (fault("ownership", WARN, RECORD),),
    "no_primary_user": (fault("primary_user", WARN, PERSON),),
    "blocked": (fault("access", FAIL, ACCESS, PERSON),),
    "shut_out": (fault("compliance", FAIL, RECORD), fault("access", FAIL, ACCESS)),
    "object_disabled": (fault("entra_object", FAIL, OBJECT),),
    "no_record": (fault("managed", FAIL, RECORD),),
    "other_mdm": (fault("managed", WARN, RECORD),),
    "silent": (fault("last_sync", WARN, RECORD),),
    "policy_fails": (fault("configuration", FAIL, CONFIGURATIONS),),
    "policies_differ": (fault("configuration", FAIL, CONFIGURATIONS),),
    "catalog_fails": (fault("settings_catalog", FAIL, REPORT),),
    "may_not_hold": (fault("configuration", WARN, CONFIGURATIONS),),
    "nothing_assigned": (fault("compliance", WARN, JUDGEMENTS),),
    "user_gone": (fault("compliance", FAIL, RECORD),),
    "system_judges": (fault("compliance", FAIL, RECORD),),
    "policy_error": (fault("compliance", FAIL, RECORD),),
    "in_grace": (fault("compliance", WARN, RECORD),),
    "cm_judges_it_bad": (fault("compliance", FAIL, RECORD),),
    "verdicts_differ": (fault("verdicts_differ", WARN, RECORD, OBJECT),),
    "no_mfa": (fault("registration", WARN, METHODS),),
}
#: What nobody can know of these, and says so: there is nobody to be asked about, or the service does not know it yet.
NOT_KNOWN: dict[str, frozenset[str]] = {
    "cm_manages_it": frozenset({"access"}),
    "no_record": frozenset({"access"}),
    "other_mdm": frozenset({"access"}),
    "no_primary_user": frozenset({"access"}),
    "object_deleted": frozenset({"access"}),
    "new_user": frozenset({"registration"}),
    "reported_nulls": frozenset({"registration"}),
}
#: Those that only look odd: nothing is found, but what is in NOT_KNOWN.
ODD = (
    "well",
    "reset_late",
    "remediated",
    "report_only",
    "twin",
    "co_managed",
    "all_moved",
    "cm_judges_it_good",
    "reported_nulls",
    "new_user",
    "nulls_in_lists",
    "grace_over",
    "key_without_event",
    "late_key",
    "by_package",
    "wsus_for_features",
    "failed_before",
    "unwanted_app",
    "laps_automatic",
    "federated",
    "mfa_asked",
    "admin_report",
)
#: Of both, what the integration tests play.
SAMPLE = (
    "no_first_sync",
    "not_encrypted",
    "no_tpm_protector",
    "key_not_stored",
    "cm_manages_it",
    "reset_blocked",
    "blocked",
    "no_record",
    "policy_fails",
    "no_mfa",
    "remediated",
    "twin",
    "key_without_event",
    "mfa_asked",
)
