# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why one device of many is not registered, changed or removed, each with its cause and the next step.

Sources: oofhours.com (2019) and public tools for the names of import errors; "Windows Autopilot registration"; "Windows
Autopilot known issues" (a user is checked for the domain only).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...result import Failure

DOC = "https://learn.microsoft.com/autopilot/registration-overview"
ALREADY, DUPLICATED, LATER = "ZtdDeviceAlreadyAssigned", "ZtdDeviceDuplicated", "StorageError"
ELSEWHERE = ("ZtdDeviceAssignedToOtherTenant", "ZtdDeviceAssignedToAnotherTenant")
BAD_HASH = ("InvalidZtdHardwareHash", "InvalidZtdRequestBody", "MissingZtdSerialNumberAndProductKey")


def _trouble(name: str, cause: str, fix: str, code: str | None = None, side: str = "tenant") -> Failure:
    return Failure(f"{cause}; {fix}", side=side, name=name, code=code, cause=cause, fix=fix, doc=DOC)


# --- what is given ---


def placeholder(serial: str) -> Failure:
    return _trouble(
        "placeholder_serial",
        f"{serial!r} is a placeholder that many devices have as their serial number",
        "give autopilot_id for a registered device; the maker of the device can set a serial number",
        side="controller",
    )


def rounded(serial: str) -> Failure:
    return _trouble(
        "rounded_serial",
        f"a spreadsheet has rounded the serial number to {serial}",
        "give the serial number as the firmware has it",
        side="controller",
    )


def bad_hash(why: str) -> Failure:
    return _trouble(
        "bad_hardware_hash",
        f"the hardware hash is not whole: {why}",
        "harvest it again with autopilot_hash",
        side="controller",
    )


def other_hash(serial: str) -> Failure:
    return _trouble(
        "hash_of_another_device",
        f"the hardware hash is of a device with the serial number {serial}",
        "give the hash of this device",
        side="controller",
    )


def contradiction(why: str) -> Failure:
    return _trouble(
        "contradicting_entries",
        f"entries for one device contradict each other: {why}",
        "leave the wrong one out",
        side="controller",
    )


def bad_row(why: str) -> Failure:
    return _trouble("bad_csv_row", f"the row of the CSV file cannot be used: {why}", "correct it", side="controller")


def no_hash() -> Failure:
    return _trouble(
        "hardware_hash_missing",
        "it is not registered, and no hardware hash is given",
        "give hardware_hash, which autopilot_hash reads from the device, or check the serial number",
    )


# --- registrations ---


def not_found(identity: str) -> Failure:
    return _trouble(
        "registration_not_found", f"the tenant has no registration {identity}", "correct autopilot_id, or leave it out"
    )


def several(count: int, serial: str) -> Failure:
    return _trouble(
        "several_registrations",
        f"the tenant has {count} registrations with the serial number {serial}",
        "name the right one by autopilot_id",
    )


def lost_zeros(serial: str, whole: str) -> Failure:
    return _trouble(
        "serial_number_without_zeros",
        f"the tenant has no registration of {serial}, but one of {whole}, which a spreadsheet may have shortened",
        "give the serial number with its leading zeros, or leave the device out",
        side="controller",
    )


def other_serial(identity: str, serial: str) -> Failure:
    return _trouble(
        "serial_number_differs",
        f"the registration {identity} has another serial number, {serial}",
        "correct autopilot_id or serial_number",
    )


# --- users ---


def no_user(upn: str) -> Failure:
    return _trouble(
        "user_not_found",
        f"the tenant has no user {upn}; Windows Autopilot would accept the name and lock the device out",
        "correct assigned_user",
    )


def disabled_user(upn: str) -> Failure:
    return _trouble(
        "user_disabled", f"the user {upn} is disabled and cannot sign in", "enable the user, or assign another"
    )


def guest(upn: str) -> Failure:
    return _trouble(
        "user_is_guest", f"the user {upn} is a guest and cannot join devices", "assign a member of the tenant"
    )


def no_licence(upn: str) -> Failure:
    return _trouble(
        "user_without_licence",
        f"the user {upn} has no service plan of Intune, so that the enrollment of the device would fail",
        "assign a licence with Microsoft Intune, or set require_licence to false",
    )


def hidden_user(upn: str) -> Failure:
    return _trouble(
        "user_not_shown",
        f"the tenant does not show whether the user {upn} is enabled and licensed",
        "grant the application permission User.Read.All, and give admin consent",
    )


# --- imports ---


def of_import(name: str, code: int | None) -> Failure:
    """Of a receipt that has ended in this error of the service."""
    said = f"{code} {name}".strip() if code else name
    if name in ELSEWHERE:
        return _trouble(
            "registered_elsewhere",
            f"the device is registered in another tenant ({said})",
            "have that tenant remove it; its owner, or the seller of the device, can prove to Microsoft whose it is",
            said,
        )
    if name in BAD_HASH:
        return _trouble(
            "bad_hardware_hash",
            f"Windows Autopilot does not accept the hardware hash ({said})",
            "harvest it again with autopilot_hash",
            said,
        )
    if name == LATER:
        return _trouble(
            "import_storage_error",
            f"the service could not store the import, also when it was tried again ({said})",
            "run the task again later",
            said,
        )
    return _trouble(
        "import_refused",
        f"Windows Autopilot refused the import ({said or 'without a reason'})",
        "search for this name in Microsoft's documentation of Windows Autopilot",
        said or None,
    )


def not_listed(name: str | None) -> Failure:
    """Of a device that is registered by what the import says (None), or by this error."""
    if name is None:
        return _trouble(
            "registration_not_listed",
            "the import is complete, but the registration is not listed yet",
            "run the task again after a few minutes; a longer listing_timeout waits longer",
        )
    return _trouble(
        "registered_not_listed",
        f"Windows Autopilot says that the device is registered already ({name}), but the tenant does not list it",
        "run the task again in half an hour; if that stays, ask Microsoft's support about this serial number",
        name,
    )


def pending(status: str) -> Failure:
    return _trouble(
        "import_pending",
        f"the import was accepted and had not ended (the last status was {status})",
        "run the task again, which continues; a longer import_timeout waits longer",
    )


def not_tried() -> Failure:
    return _trouble(
        "import_not_tried",
        "it was not imported, because the imports before it have not ended",
        "run the task again, which continues; a longer timeout waits longer",
    )


def receipt_gone() -> Failure:
    return _trouble(
        "import_receipt_gone",
        "somebody deleted the receipt of the import before it had ended, and the registration is not listed",
        "run the task again",
    )
