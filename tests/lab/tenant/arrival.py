# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Intune over time: what happens to a device after its enrollment, in the seconds of the lab.

Its record shows after a while, it syncs, policies arrive with a sync and are applied, compliance is judged after it,
and Entra hears of the verdict later still. Policies are the tenant's, assigned to devices, to users or to nobody; those
of users come with the first sync after somebody has signed in. "Require BitLocker" is attested at the device's start.

How long each takes differs from tenant to tenant: "Refresh intervals of policies" (every three minutes at first) and
"Device compliance policies"; the seconds here leave each state to be seen. A tenant without the option ``intune`` knows
nothing of this: its records show at once and are not judged.
"""

from __future__ import annotations

import dataclasses
import datetime
import heapq
import typing as t

from . import posture
from .enrolled import CATALOG, COMPLIANCE, CONFIGURATION, DEVICES, NOBODY, USERS, Course, Intune, Row
from .objects import utc_seconds

if t.TYPE_CHECKING:
    from .model import Directory, Tenant

ENCRYPTED = "Windows10CompliancePolicy.BitLockerEnabled"
_BUILT_IN = "DefaultDeviceCompliancePolicy."
_ASSIGNED = _BUILT_IN + "RequireDeviceCompliancePolicyAssigned"
_NUMBERS = {
    "unknown": 0,
    "notApplicable": 1,
    "compliant": 2,
    "remediated": 3,
    "nonCompliant": 4,
    "error": 5,
    "conflict": 6,
}
COLLECTIONS = {COMPLIANCE: "deviceCompliancePolicyStates", CONFIGURATION: "deviceConfigurationStates"}
_SYSTEM = {"id": posture.NOBODY, "userPrincipalName": posture.SYSTEM}


def enroll(tenant: Tenant, course: Course) -> None:
    """A device has enrolled: everything else follows by itself."""
    intune = tenant.intune
    assert intune is not None
    intune.courses[course.record["id"]] = course
    shown = course.enrolled + intune.seconds["record_seconds"]
    intune.at(shown, _Step(tenant, course, "show"))
    intune.at(shown + intune.seconds["sync_seconds"], _Step(tenant, course, "sync"))


def proceed(directory: Directory, tenant: Tenant) -> None:
    """Let happen what is due by now, in its order."""
    intune = tenant.intune
    if intune is None or intune.busy:
        return
    intune.busy = True
    try:
        _proceed(directory, intune)
    finally:
        intune.busy = False


def _proceed(directory: Directory, intune: Intune) -> None:
    now = directory.clock.elapsed()
    while intune.due and intune.due[0][0] <= now:
        moment, _number, do = heapq.heappop(intune.due)
        intune.utc = directory.clock.utc() - datetime.timedelta(seconds=(now - moment) / directory.clock.speed)
        do(moment)


@dataclasses.dataclass
class _Step:
    """One step on a device's way. ``about`` is what was seen at the sync that it follows from."""

    tenant: Tenant
    course: Course
    what: str
    about: t.Any = None

    def __call__(self, now: float) -> None:
        shown = self.course.record["id"] in self.tenant.managed_devices
        if self.what != "show" and not shown:  # Somebody has deleted the record.
            self.course.gone = True
            return
        getattr(self, f"_{self.what}")(now)

    @property
    def stamp(self) -> str:
        return utc_seconds(self.intune.utc)

    @property
    def intune(self) -> Intune:
        assert self.tenant.intune is not None
        return self.tenant.intune

    def _after(self, now: float, name: str, what: str, about: t.Any = None) -> None:
        self.intune.at(now + self.intune.seconds[name], _Step(self.tenant, self.course, what, about))

    def _show(self, now: float) -> None:
        record = self.course.record
        earlier = self.intune.seconds["enrolled_before"]
        enrolled = utc_seconds(self.intune.utc - datetime.timedelta(seconds=earlier))
        record |= {
            "complianceState": "unknown",
            "complianceGracePeriodExpirationDateTime": "9999-12-31T23:59:59Z",
            "enrolledDateTime": enrolled if earlier else record.get("enrolledDateTime", self.stamp),
            "lastSyncDateTime": record.get("lastSyncDateTime", self.stamp),
            "isEncrypted": False,
        }
        identity = record["id"]
        self.tenant.managed_devices[identity] = record
        self.tenant.policy_states[identity] = {name: [] for name in COLLECTIONS.values()}
        self.tenant.policy_reports[identity] = []
        self.course.device["isManaged"] = True

    def _sync(self, now: float) -> None:
        """The device is in contact: it says how it is, and gets what is assigned to it."""
        course = self.course
        course.syncs += 1
        course.record["lastSyncDateTime"] = self.stamp
        course.record["isEncrypted"] = course.machine.percentage(now) == 100
        if self.intune.encrypt_seconds is not None and course.syncs == 1:
            course.machine.encrypt(now, self.intune.encrypt_seconds)
        self._assign(now)
        self._after(now, "policy_seconds", "apply")
        self._after(now, "judge_seconds", "judge", course.machine.attested(now))
        if self.what == "sync" and self.about is None:
            self._after(now, "sync_every", "sync")

    def _assign(self, now: float) -> None:
        identity = self.course.record["id"]
        users = [user for moment, user in self.course.users if moment <= now]
        for policy in self.intune.policies.values():
            targets: dict[str, list[Row | None]] = {DEVICES: [None], USERS: [*users], NOBODY: []}
            whom = targets[policy["assigned"]]
            if policy["kind"] == CATALOG:
                self._report(identity, policy, whom)
                continue
            states = self.tenant.policy_states[identity][COLLECTIONS[policy["kind"]]]
            ours = [row for row in states if row["displayName"] == policy["name"]]
            wanted = [user["id"] if user else posture.NOBODY for user in whom]
            for row in [row for row in ours if row["userId"] not in wanted]:
                states.remove(row)
            there = {row["userId"] for row in ours}
            states += [_state(self.tenant, policy, user) for user in whom if (user or _SYSTEM)["id"] not in there]
        if not any(row["displayName"] == posture.BUILT_IN["name"] for row in self._compliance()):
            self._compliance().insert(0, _state(self.tenant, posture.BUILT_IN, None))

    def _report(self, identity: str, policy: Row, whom: list[Row | None]) -> None:
        rows = self.tenant.policy_reports[identity]
        rows[:] = [row for row in rows if row["name"] != policy["name"] or whom]
        there = {row["user"] for row in rows if row["name"] == policy["name"]}
        for user in whom:
            upn = user["userPrincipalName"] if user else ""
            if upn not in there:
                made = {"id": self.tenant.object_id(f"policy/{policy['name']}"), "name": policy["name"]}
                rows.append({**made, "status": 0, "user": upn})

    def _compliance(self) -> list[Row]:
        return self.tenant.policy_states[self.course.record["id"]][COLLECTIONS[COMPLIANCE]]

    def _apply(self, now: float) -> None:
        """What came with the sync is in force, or has failed."""
        identity = self.course.record["id"]
        for row in self.tenant.policy_states[identity][COLLECTIONS[CONFIGURATION]]:
            policy = self.intune.policies.get(row["displayName"], {})
            row["state"] = policy.get("state", "compliant")
            row["rows"] = [posture.setting(one) for one in policy.get("settings", [])]
        for row in self.tenant.policy_reports[identity]:
            row["status"] = _NUMBERS[self.intune.policies.get(row["name"], {}).get("state", "compliant")]

    def _judge(self, now: float) -> None:
        """Intune judges by what it was told at the sync."""
        course, record = self.course, self.course.record
        if course.config_manager is not None:
            record["complianceState"] = "configManager"
            self._after(now, "entra_seconds", "hear", course.config_manager)
            return
        lacks = course.lacks | (set() if self.about else {ENCRYPTED})
        ours = [row for row in self._compliance() if row["displayName"] != posture.BUILT_IN["name"]]
        for row in ours:
            policy = self.intune.policies.get(row["displayName"], {})
            row["rows"] = [
                posture.setting({"setting": name, "state": "nonCompliant" if name in lacks else "compliant"})
                for name in policy.get("demands", [])
            ]
            row["settingCount"] = len(row["rows"])
            row["state"] = "nonCompliant" if any(one["state"] != "compliant" for one in row["rows"]) else "compliant"
        self._judge_built_in(bool(ours))
        failed = [row for row in self._compliance() if row["state"] == "nonCompliant"]
        record["complianceState"] = self._verdict(failed)
        self._after(now, "entra_seconds", "hear", record["complianceState"] in ("compliant", "inGracePeriod"))

    def _judge_built_in(self, assigned: bool) -> None:
        [row] = [row for row in self._compliance() if row["displayName"] == posture.BUILT_IN["name"]]
        wrong = set(self.course.lacks) | (set() if assigned or not self.intune.secure_by_default else {_ASSIGNED})
        for one in row["rows"]:
            one["state"] = "nonCompliant" if one["setting"] in wrong else "compliant"
        row["state"] = "nonCompliant" if any(one["state"] != "compliant" for one in row["rows"]) else "compliant"

    def _verdict(self, failed: list[Row]) -> str:
        if not failed:
            return "compliant"
        grace = [self.intune.policies.get(row["displayName"], {}).get("grace_days") for row in failed]
        if any(days is None for days in grace):
            return "noncompliant"
        until = self.intune.utc + datetime.timedelta(days=min(float(days or 0) for days in grace))
        self.course.record["complianceGracePeriodExpirationDateTime"] = utc_seconds(until)
        return "inGracePeriod"

    def _hear(self, now: float) -> None:
        self.course.device["isCompliant"] = self.about


def _state(tenant: Tenant, policy: Row, user: Row | None) -> Row:
    whom = user or _SYSTEM
    return {
        "id": tenant.object_id(f"policy/{policy['name']}"),
        "displayName": policy["name"],
        "platformType": "windows10AndLater",
        "settingCount": 0,
        "state": "unknown",
        "version": 1,
        "userId": whom["id"],
        "userPrincipalName": whom["userPrincipalName"],
        "rows": [posture.setting(one) for one in policy.get("settings", [])] if policy is posture.BUILT_IN else [],
    }


def sync(tenant: Tenant, course: Course, now: float) -> None:
    """Somebody syncs the device now, beside its own schedule."""
    assert tenant.intune is not None
    tenant.intune.at(now, _Step(tenant, course, "sync", "once"))
