# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows Autopilot as a service: what it does by itself between two requests, in the time of the lab.

An import is pending for a while and then complete or an error; its registration is listed later still, or after a
synchronization; a profile is assigned after the groups have it. Error names: oofhours.com (2019) and public tools;
"Windows Autopilot registration" (the throttled synchronization, what is listed when). How long each takes differs
from tenant to tenant: the seconds here are a guess that leaves each state to be seen.
"""

from __future__ import annotations

import collections
import datetime
import typing as t

from .. import hardware_hash
from . import objects
from .model import Directory, Tenant

Row = dict[str, t.Any]
#: Settings of a tenant's service, in lab seconds; ``errors``: names of import errors by serial number, each used once;
#: ``kept_receipts``: serial numbers whose receipts outlive so many deletions.
DEFAULTS: dict[str, t.Any] = {
    "import_seconds": 30.0,
    "listing_seconds": 20.0,
    "sync_seconds": 30.0,
    "profile_seconds": 60.0,
    "removal_seconds": 0.0,
    "errors": {},
    "kept_receipts": {},
}
SYNC_MINUTES = 10
#: Names of import errors and their codes.
CODES = {
    "InvalidZtdHardwareHash": 802,
    "MissingZtdSerialNumberAndProductKey": 803,
    "ZtdDeviceAlreadyAssigned": 806,
    "ZtdDeviceDuplicated": 807,
    "ZtdDeviceAssignedToOtherTenant": 808,
    "ZtdDeviceAssignedToAnotherTenant": 808,
    "StorageError": 500,
}
NEVER, AFTER_SYNC = "never", "after_sync"
_OPEN = ("unknown", "pending")


def settings(tenant: Tenant) -> Row:
    """The tenant's settings, those that are not said as in DEFAULTS."""
    return {**DEFAULTS, **tenant.autopilot_service}


def same(left: str, right: str) -> bool:
    """Whether two serial numbers are one."""
    return _folded(left) == _folded(right)


def _folded(serial: str) -> str:
    return serial.strip().casefold()


def proceed(directory: Directory, tenant: Tenant) -> None:
    """Let the service do what is due by now."""
    now = directory.clock.elapsed()
    waiting = [tenant.autopilot_imports.get(identity) for identity in tenant.autopilot_service.get("open", ())]
    due = [row for row in waiting if row is not None and row["due"] <= now]
    owners = _owners(directory) if due else {}
    for row in due:
        _finish(directory, tenant, row, owners)
    if due:
        left = [row["id"] for row in waiting if row is not None and row["state"]["deviceImportStatus"] in _OPEN]
        tenant.autopilot_service["open"] = left
    ended = tenant.autopilot_service.get("sync_ends")
    if ended is not None and ended <= now:
        del tenant.autopilot_service["sync_ends"]
        tenant.autopilot_service["last_sync"] = objects.utc_seconds(directory.clock.utc())
        for row in tenant.autopilot_devices.values():
            if row.get("listed") == AFTER_SYNC or isinstance(row.get("listed"), float):
                row["listed"] = now
    for identity, moment in list(tenant.autopilot_service.get("going", {}).items()):
        if moment <= now:
            del tenant.autopilot_service["going"][identity]
            tenant.autopilot_devices.pop(identity, None)


def is_listed(row: Row, now: float) -> bool:
    """Whether the list of registrations shows it by now."""
    listed = row.get("listed", 0.0)
    return isinstance(listed, (int, float)) and listed <= now


def accept(directory: Directory, tenant: Tenant, body: Row) -> Row:
    """The receipt of one device of an import; nothing is decided yet."""
    now = directory.clock.elapsed()
    number = tenant.autopilot_service["imports"] = tenant.autopilot_service.get("imports", 0) + 1
    counted = tenant.autopilot_service.setdefault("imported", {})
    serial = body.get("serialNumber") or ""
    counted[serial] = counted.get(serial, 0) + 1
    receipt = {
        "id": tenant.object_id(f"import/{number}"),
        "serialNumber": serial,
        "productKey": body.get("productKey") or "",
        "groupTag": body.get("groupTag") or "",
        "assignedUserPrincipalName": body.get("assignedUserPrincipalName") or "",
        "importId": tenant.object_id(f"import of/{number}"),
        # The service takes the hash and does not show it again.
        "hardwareIdentifier": None,
        "state": {
            "deviceImportStatus": "unknown",
            "deviceRegistrationId": "",
            "deviceErrorCode": 0,
            "deviceErrorName": "",
        },
        "hash": body.get("hardwareIdentifier") or "",
        "number": number,
        "due": now + settings(tenant)["import_seconds"],
        "deletions": int(settings(tenant)["kept_receipts"].get(serial, 0)),
    }
    tenant.autopilot_imports[receipt["id"]] = receipt
    tenant.autopilot_service.setdefault("open", []).append(receipt["id"])
    return receipt


def _owners(directory: Directory) -> dict[str, Tenant]:
    """Whose each registered serial number is."""
    return {
        _folded(row["serialNumber"]): tenant
        for tenant in directory.tenants.values()
        for row in tenant.autopilot_devices.values()
    }


def _finish(directory: Directory, tenant: Tenant, row: Row, owners: dict[str, Tenant]) -> None:
    error, hardware = _judged(tenant, row, owners)
    state = row["state"]
    # A hash is long, and nobody asks for it again.
    row["hash"] = ""
    if error is not None:
        state.update(deviceImportStatus="error", deviceErrorCode=CODES.get(error, 1), deviceErrorName=error)
        return
    found = objects.add_autopilot(
        tenant,
        row["serialNumber"],
        directory.clock.utc(),
        group_tag=row["groupTag"],
        user=row["assignedUserPrincipalName"],
        manufacturer=hardware.get("manufacturer") or "Lab",
        model=hardware.get("model") or "Virtual",
    )
    found.update(
        productKey=row["productKey"],
        listed=row["due"] + settings(tenant)["listing_seconds"],
        tpm=bool(hardware.get("tpm_version") or hardware.get("tpm")),
    )
    state.update(deviceImportStatus="complete", deviceRegistrationId=found["id"])
    owners[_folded(row["serialNumber"])] = tenant


def _judged(tenant: Tenant, row: Row, owners: dict[str, Tenant]) -> tuple[str | None, Row]:
    """The name of the error, and what the hash says of the hardware."""
    serial = row["serialNumber"]
    asked = tenant.autopilot_service.get("errors", {}).get(serial)
    if asked:
        return asked.pop(0), {}
    if not serial.strip() and not row["productKey"]:
        return "MissingZtdSerialNumberAndProductKey", {}
    try:
        hardware = hardware_hash.read(row["hash"])
    except ValueError:
        return "InvalidZtdHardwareHash", {}
    owner = owners.get(_folded(serial))
    if owner is not None:
        return "ZtdDeviceAlreadyAssigned" if owner is tenant else "ZtdDeviceAssignedToOtherTenant", hardware
    for identity in tenant.autopilot_service.get("open", ()):
        twin = tenant.autopilot_imports.get(identity)
        if twin is not None and twin["number"] < row["number"] and same(twin["serialNumber"], serial):
            if twin["state"]["deviceImportStatus"] in _OPEN:
                return "ZtdDeviceDuplicated", hardware
    return None, hardware


def forget_receipt(tenant: Tenant, identity: str) -> None:
    """A deletion of a receipt, which the service may answer and not do."""
    row = tenant.autopilot_imports[identity]
    if row["deletions"] > 0:
        row["deletions"] -= 1
        return
    del tenant.autopilot_imports[identity]


def remove(directory: Directory, tenant: Tenant, identity: str) -> None:
    """A registration goes, at once or later."""
    later = settings(tenant)["removal_seconds"]
    if later:
        tenant.autopilot_service.setdefault("going", {}).setdefault(identity, directory.clock.elapsed() + later)
    else:
        del tenant.autopilot_devices[identity]


# --- synchronization ---


def may_sync(directory: Directory, tenant: Tenant) -> bool:
    """Whether the last one was asked for long enough ago."""
    last = tenant.autopilot_service.get("last_manual_sync")
    if last is None:
        return True
    then = datetime.datetime.fromisoformat(last.replace("Z", "+00:00"))
    return directory.clock.utc() - then >= datetime.timedelta(minutes=SYNC_MINUTES)


def sync(directory: Directory, tenant: Tenant) -> None:
    """Begin a synchronization."""
    tenant.autopilot_service["last_manual_sync"] = objects.utc_seconds(directory.clock.utc())
    tenant.autopilot_service["sync_ends"] = directory.clock.elapsed() + settings(tenant)["sync_seconds"]


# --- profiles ---


def assign_profiles(directory: Directory, tenant: Tenant) -> None:
    """Give each registration the profile whose assignments reach its object in the directory.

    A registration that a profile reaches waits for a while first. Of several profiles the oldest wins ("Windows
    Autopilot profiles").
    """
    now = directory.clock.elapsed()
    groups = _groups_of_anchors(tenant)
    anchors = {device["deviceId"]: device["id"] for device in tenant.devices.values()}
    for row in tenant.autopilot_devices.values():
        member = groups.get(anchors.get(row.get("azureActiveDirectoryDeviceId", ""), ""), set())
        chosen = next((one for one in tenant.autopilot_profiles.values() if _reaches(one, member)), None)
        if chosen is None:
            for name in ("profile", "profile_due", "deploymentProfileAssignedDateTime"):
                row.pop(name, None)
            row["deploymentProfileAssignmentStatus"] = "notAssigned"
        elif row.get("profile") != chosen["id"]:
            row.update(profile=chosen["id"], profile_due=now + settings(tenant)["profile_seconds"])
            row["deploymentProfileAssignmentStatus"] = "pending"
        if chosen is not None and row["profile_due"] <= now and row["deploymentProfileAssignmentStatus"] == "pending":
            _assigned(directory, row, chosen)


def _assigned(directory: Directory, row: Row, profile: Row) -> None:
    experience = profile.get("outOfBoxExperienceSetting") or {}
    needs_tpm = experience.get("deviceUsageType") == "shared" or bool(profile.get("preprovisioningAllowed"))
    if needs_tpm and row.get("tpm") is False and experience.get("deviceUsageType") == "shared":
        row.update(
            deploymentProfileAssignmentStatus="failed",
            deploymentProfileAssignmentDetailedStatus="hardwareRequirementsNotMet",
        )
        return
    # A device that has not met the service since cannot have confirmed it.
    row.update(
        deploymentProfileAssignmentStatus="assignedUnkownSyncState",
        deploymentProfileAssignmentDetailedStatus="none",
        deploymentProfileAssignedDateTime=objects.utc_seconds(directory.clock.utc()),
    )


def _groups_of_anchors(tenant: Tenant) -> dict[str, set[str]]:
    found: dict[str, set[str]] = collections.defaultdict(set)
    for group in tenant.groups.values():
        for member in group["members"]:
            if member in tenant.devices:
                found[member].add(group["id"])
    return found


def _reaches(profile: Row, groups: set[str]) -> bool:
    reached = False
    for assignment in profile.get("assignments", ()):
        target = assignment["target"]
        kind = target.get("@odata.type", "").rpartition(".")[2]
        if kind == "exclusionGroupAssignmentTarget" and target.get("groupId") in groups:
            return False
        reached |= kind == "allDevicesAssignmentTarget"
        reached |= kind == "groupAssignmentTarget" and target.get("groupId") in groups
    return reached
