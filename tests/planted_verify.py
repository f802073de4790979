# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of the scenario verify: what is wrong with each and what decides it, and those that only look odd.

A fault is found on the device or in the tenant. Where both halves show it, it has a row for each. A read of the device
and a request to the tenant are named here as the lab knows them, and not as the product calls them.
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
SESSIONS = (Read("events", f"{_SYNC}/Admin"), Read("events", f"{_SYNC}/Sync"))
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


class Fault(t.NamedTuple):
    """A finding, and the reads or requests of which each decides it."""

    id: str
    result: str
    decides: tuple[Read | Request, ...]

    @property
    def side(self) -> str:
        """Where it is found."""
        return DEVICE if isinstance(self.decides[0], Read) else TENANT


#: The finding that says "unknown" where an object or a record as a whole was not told.
OF_THE_WHOLE = {OBJECT: "entra_object", RECORD: "in_intune"}


def _key(path: str) -> Read:
    return Read("registry_read", path)


def _of_record(identity: str, result: str) -> Fault:
    """A fault that Intune's record of the device shows."""
    return Fault(identity, result, (RECORD,))


#: By device: what is wrong with it. Where a device has several rows, they are one fault.
PLANTED: dict[str, tuple[Fault, ...]] = {
    "no_first_sync": (Fault("first_sync", FAIL, (ENROLLMENTS,)),),
    "sync_fails": (Fault("last_sync", FAIL, SESSIONS[1:]),),
    "not_encrypted": (Fault("encryption", FAIL, (VOLUMES,)), _of_record("compliance", FAIL)),
    "attested_later": (
        Fault("encryption", WARN, (Read("events", "System"), Read("cim_query", "Win32_OperatingSystem"))),
        _of_record("compliance", FAIL),
    ),
    "encrypting": (Fault("encryption", WARN, (VOLUMES,)),),
    "no_tpm_protector": (Fault("encryption", FAIL, (VOLUMES,)),),
    "key_not_stored": (Fault("escrow", FAIL, (BITLOCKER_LOG, VOLUMES)), Fault("escrow", FAIL, (KEYS,))),
    "hello_off": (Fault("hello", WARN, (_key(r"SOFTWARE\Policies\Microsoft\PassportForWork"),)),),
    "reset_blocked": (
        Fault("password_reset", WARN, (_key(r"SOFTWARE\Policies\Microsoft\Windows\Personalization"), MDM_POLICIES)),
    ),
    "pin_reset_blocked": (
        Fault(
            "pin_reset",
            WARN,
            (_key(r"SOFTWARE\Policies\Microsoft\Windows\System"), _key(r"SOFTWARE\Microsoft\Policies\PassportForWork")),
        ),
    ),
    "cm_manages_it": (Fault("managed", WARN, (CLIENT, ENROLLMENTS)), Fault("in_intune", FAIL, (RECORD,))),
    "nobody_yet": (Fault("user", WARN, (_key(r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"),)),),
    "wsus_beats_ring": (
        Fault("update_source", WARN, (_key(r"SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate"), MDM_POLICIES)),
    ),
    "old_updates": (Fault("quality_update", WARN, (Read("events", "Setup"),)),),
    "waits_for_restart": (
        Fault("pending_restart", WARN, (_key(r"SOFTWARE\Microsoft\WindowsUpdate\UX\StateVariables"),)),
    ),
    "laps_refused": (Fault("laps", FAIL, (LAPS_LOG, LAPS_POLICY)),),
    "object_deleted": (Fault("laps", FAIL, (LAPS_LOG, LAPS_POLICY)), Fault("entra_object", FAIL, (OBJECT,))),
    "app_fails": (Fault("apps", WARN, (_key(r"SOFTWARE\Microsoft\IntuneManagementExtension\Win32Apps"),)),),
    "kiosk_screen": (Fault("other_user", WARN, (_key(r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon"),)),),
    "short_passwords": (Fault("password_rules", WARN, (Read("account_policy"), MDM_POLICIES)),),
    "personal": (_of_record("ownership", WARN),),
    "no_primary_user": (Fault("primary_user", WARN, (PERSON,)),),
    "blocked": (Fault("access", FAIL, (ACCESS, PERSON)),),
    "shut_out": (_of_record("compliance", FAIL), Fault("access", FAIL, (ACCESS,))),
    "object_disabled": (Fault("entra_object", FAIL, (OBJECT,)),),
    "no_record": (Fault("in_intune", FAIL, (RECORD,)),),
    "other_mdm": (Fault("in_intune", WARN, (RECORD,)),),
    "silent": (_of_record("sync", WARN),),
    "policy_fails": (Fault("configuration", FAIL, (CONFIGURATIONS,)),),
    "policies_differ": (Fault("configuration", FAIL, (CONFIGURATIONS,)),),
    "catalog_fails": (Fault("settings_catalog", FAIL, (REPORT,)),),
    "may_not_hold": (Fault("configuration", WARN, (CONFIGURATIONS,)),),
    "nothing_assigned": (Fault("compliance", WARN, (JUDGEMENTS,)),),
    "user_gone": (_of_record("compliance", FAIL),),
    "system_judges": (_of_record("compliance", FAIL),),
    "policy_error": (_of_record("compliance", FAIL),),
    "in_grace": (_of_record("compliance", WARN),),
    "cm_judges_it_bad": (_of_record("compliance", FAIL),),
    "verdicts_differ": (Fault("verdicts_differ", WARN, (RECORD, OBJECT)),),
    "data_key_only": (Fault("escrow", WARN, (KEYS,)),),
    "no_mfa": (Fault("registration", WARN, (METHODS,)),),
}
#: What beside it nobody can know then, and says so: nobody can be asked about, or a log has no event.
NOT_KNOWN_BESIDE: dict[str, frozenset[str]] = {
    "cm_manages_it": frozenset({"access"}),
    "no_record": frozenset({"access"}),
    "other_mdm": frozenset({"access"}),
    "no_primary_user": frozenset({"access"}),
    "object_deleted": frozenset({"access"}),
    "data_key_only": frozenset({"escrow"}),
}
#: What nobody knows of these, and nobody takes for a "no".
OPEN: dict[str, frozenset[str]] = {
    "new_user": frozenset({"registration"}),
    "reported_nulls": frozenset({"registration"}),
}
#: Those that only look odd: nothing is found, but what is in OPEN.
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
