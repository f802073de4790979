# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two verdicts on a device, each with its age: its object in Entra and its record in Intune, by its device id.

Sources: Microsoft Graph, "device resource type", "managedDevice resource type" (``managedDeviceOwnerType``,
``complianceGracePeriodExpirationDateTime``, ``userPrincipalName`` is the account that enrolled the device);
Microsoft Entra, "How to manage stale devices" (the stamp of the last sign-in is renewed about every 14 days).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from ...findings import FAIL, PASS, UNKNOWN, WARN
from ...result import Failure
from ...untrusted import in_one_line
from ..devices import look_up
from ..devices.directory_device import JOIN_TYPES, inactive_days, instant, newest
from ..devices.intune import managed_devices
from ..devices.unread import of_all
from ..devices.views import PACKAGE_ACCOUNT
from ..graph.batch import LARGEST
from ..graph.failures import RequestFailure
from ..graph.fields import LONGEST_NAME
from ..resources.mdm_scope import INTUNE_APP_ID
from .findings import said
from .run import Looked, Run

_MORE = ("managedDeviceOwnerType", "complianceGracePeriodExpirationDateTime")
#: From how many days without contact on a record counts as old, where the task does not say.
STALE_DAYS = 7
#: The states of ``complianceState`` with which Entra takes a device for compliant.
LET_IN = ("compliant", "inGracePeriod")
#: ``complianceState``, whose spelling differs from that of ``complianceStatus`` in case.
_STATES = {name.lower(): name for name in (*LET_IN, "noncompliant", "conflict", "error", "unknown", "configManager")}
_OWNERS = {"company": "company", "personal": "personal"}
_SEVERAL = "Entra answered with several objects that have its device id"


def _text(value: t.Any) -> str | None:
    """A text of Intune in one line, None where there is none."""
    return in_one_line(value, LONGEST_NAME) or None if isinstance(value, str) else None


def _time(value: t.Any) -> str | None:
    """A time of Graph as it was written, None for one that says never or is none."""
    return _text(value) if isinstance(value, str) and instant(value) is not None else None


def read(run: Run, few: int = LARGEST) -> None:
    """Fill ``entra`` and ``record`` of every device; ``few`` as in ``managed_devices``. RequestFailure where neither
    can be read of any."""
    ids = [device.device_id for device in run.devices]
    refused = _entra(run, ids)
    try:
        found = managed_devices(run.client, ids, _MORE, few)
        failures = found.unread
        general: RequestFailure | None = of_all(failures.values(), len(ids))
    except RequestFailure as failed:
        found, failures, general = None, dict.fromkeys(ids, failed), failed
    if general is not None:
        if refused is not None:
            raise refused
        run.refuse("in_intune", "the records in Intune", general)
    for device in run.devices:
        rows = found.rows.get(device.device_id, []) if found is not None else []
        _intune(run, device, rows, failures.get(device.device_id))
        _differ(run, device)


def _entra(run: Run, ids: list[str]) -> RequestFailure | None:
    """The failure for which no object could be read at all."""
    try:
        # Rules of Conditional Access may look at the extension attributes, which v1.0 does not show.
        more, version = (("extensionAttributes",), "beta") if run.task.args.get("applications") else ((), "v1.0")
        found = look_up.look_up(run.client, {"device_ids": ids}, (*look_up.SELECT, *more), version)
        unread = found.unread.get("device_ids", {})
        rows = found.by_key["device_ids"]
    except RequestFailure as failed:
        unread, rows = dict.fromkeys(ids, failed), {}
    general = of_all(unread.values(), len(ids)) or (
        next(iter(unread.values())) if len(unread) >= len(ids) > 0 else None
    )
    if general is not None:
        run.refuse("entra_object", "the objects in Entra", general)
    for device in run.devices:
        failure = unread.get(device.device_id)
        matches = list({row["id"]: row for row in rows.get(device.device_id, [])}.values())
        if failure is None and len(matches) > 1:
            failure, matches = (
                RequestFailure(
                    f"{_SEVERAL}; look at them in the Microsoft Entra admin center",
                    "tenant",
                    name="several_objects",
                    cause=_SEVERAL,
                    fix="look at them in the Microsoft Entra admin center",
                    evidence=[row["id"] for row in matches],
                ),
                [],
            )
        device.entra = matches[0] if matches else None
        device.shown.update(
            device_id=device.device_id,
            name=device.entra["displayName"] if device.entra else None,
            in_entra=None if failure else bool(matches),
            in_intune=None,
            entra=None if device.entra is None else _of_entra(device.entra, run),
        )
        if failure is not None:
            run.not_known(device, "entra_object", "its object in Entra", failure)
    return general


def _of_entra(row: dict[str, t.Any], run: Run) -> dict[str, t.Any]:
    return {
        "object_id": row["id"],
        "enabled": row.get("accountEnabled"),
        "join_type": JOIN_TYPES.get(row.get("trustType") or ""),
        "compliant": row.get("isCompliant"),
        "managed": row.get("isManaged"),
        "last_sign_in": _time(row.get("approximateLastSignInDateTime")),
        "age_days": inactive_days(row, run.now),
    }


def _intune(run: Run, device: Looked, rows: list[dict[str, t.Any]], failure: Failure | None) -> None:
    device.record = newest(rows) if rows else None
    device.shown.update(in_intune=None if failure else bool(rows), intune=None)
    if device.record is not None:
        device.shown["intune"] = _of_intune(device.record, len(rows), run)
        device.shown["name"] = device.shown["name"] or device.record.get("deviceName")
    _say_entra(device)
    if failure is not None:
        run.not_known(device, "in_intune", "its record in Intune", failure)
        return
    other = (_text((device.entra or {}).get("mdmAppId")) or "").lower()
    if device.record is None and other not in ("", INTUNE_APP_ID):
        device.say(
            said(
                "in_intune",
                WARN,
                f"Intune has no record, and Entra says that another MDM manages the device (application {other})",
                "policies, apps and compliance come from that one, and are not seen here",
                "look there; if the device was to be in Intune, look at the MDM scope",
            )
        )
        return
    if device.record is None:
        device.say(
            said(
                "in_intune",
                FAIL,
                "Intune has no record with this device id",
                "policies, apps and compliance come with the MDM enrollment; it may not be done yet",
                "look at the MDM enrollment on the device (diagnose), at the MDM scope and at the user's license",
            )
        )
        return
    device.say(said("in_intune", PASS, "Intune has a record"))
    _say_ownership(device)
    _say_sync(device, run.task.args.get("stale_days", STALE_DAYS))


def _of_intune(row: dict[str, t.Any], records: int, run: Run) -> dict[str, t.Any]:
    account = _text(row.get("userPrincipalName"))
    synced = instant(row.get("lastSyncDateTime"))
    state = _text(row.get("complianceState"))
    return {
        "id": row["id"],
        "compliance": None if state is None else _STATES.get(state.lower(), state),
        "grace_until": _time(row.get("complianceGracePeriodExpirationDateTime")),
        "ownership": _OWNERS.get(str(row.get("managedDeviceOwnerType") or "").lower()),
        # The spelling varies in case.
        "management_agent": (_text(row.get("managementAgent")) or "").lower() or None,
        "enrollment_type": _text(row.get("deviceEnrollmentType")),
        "enrolled": _time(row.get("enrolledDateTime")),
        "last_sync": _time(row.get("lastSyncDateTime")),
        "sync_age_hours": None if synced is None else max(0, int((run.now - synced).total_seconds() // 3600)),
        "encrypted": row.get("isEncrypted"),
        "enrolling_account": account,
        "enrolled_by_package": None if account is None else PACKAGE_ACCOUNT.match(account) is not None,
        "records": records,
    }


def _say_entra(device: Looked) -> None:
    if device.shown["in_entra"] is None:
        return
    if device.entra is None:
        device.say(
            said(
                "entra_object",
                FAIL,
                "Entra has no object with this device id",
                "nobody can sign in to the tenant from this device, and Conditional Access does not know it",
                "compare the device id with the device's own; if it is right, let the device leave and join again",
            )
        )
    elif device.entra.get("accountEnabled") is False:
        device.say(
            said(
                "entra_object",
                FAIL,
                "the object in Entra is disabled",
                "users of this device get no primary refresh token and no access",
                "enable it (directory_device), if it was not disabled on purpose",
            )
        )
    else:
        device.say(said("entra_object", PASS, "Entra has the object"))


def _say_ownership(device: Looked) -> None:
    owner = device.shown["intune"]["ownership"]
    if owner == "company":
        device.say(said("ownership", PASS, "Intune takes it for a company device"))
    elif owner == "personal":
        device.say(
            said(
                "ownership",
                WARN,
                "Intune takes it for a personal device",
                "policies and inventory for company devices do not apply, and restrictions may keep it out",
                "set the ownership in Intune, or register it (Autopilot, corporate identifiers) before it enrolls",
            )
        )
    else:
        device.say(
            said(
                "ownership",
                UNKNOWN,
                "Intune does not say whose device it is",
                "it decides which policies apply",
                "look at the device in the Intune admin center",
            )
        )


def _say_sync(device: Looked, stale_days: int) -> None:
    age = device.shown["intune"]["sync_age_hours"]
    if age is None:
        device.say(
            said(
                "sync",
                UNKNOWN,
                "Intune does not say when the device was last in contact",
                "what else Intune says may be old",
                "sync the device, and look again",
                "device",
            )
        )
    elif age >= stale_days * 24:
        device.say(
            said(
                "sync",
                WARN,
                f"the last contact with Intune was {age // 24} days ago",
                "what Intune says is as old; policies since then have not come",
                "sync the device; if that fails, look at its enrollment (diagnose)",
                "device",
            )
        )
    else:
        device.say(said("sync", PASS, f"the last contact with Intune was {age} hours ago"))


def _differ(run: Run, device: Looked) -> None:
    """Entra gets the verdict from Intune, and some time later."""
    entra, intune = device.shown["entra"], device.shown["intune"]
    if entra is None or intune is None or intune["compliance"] not in (*LET_IN, "noncompliant"):
        return
    theirs = intune["compliance"] in LET_IN
    if bool(entra["compliant"]) is theirs:
        device.say(said("verdicts_differ", PASS, "Entra and Intune let the same devices in"))
        return
    age = "at an unknown time" if intune["sync_age_hours"] is None else f"{intune['sync_age_hours']} hours ago"
    if entra["age_days"] is None:
        seen = "last sign-in unknown"
    else:
        what = "registered" if entra["last_sign_in"] is None else "last sign-in"
        seen = f"{what} {entra['age_days']} days ago"
    verdict = {True: "compliant", False: "not compliant", None: "nothing about compliance"}[entra["compliant"]]
    device.say(
        said(
            "verdicts_differ",
            WARN,
            f"Entra says {verdict} ({seen}), Intune says {intune['compliance']} (last contact {age})",
            "Conditional Access goes by Entra, which hears of Intune's verdict some minutes later",
            "wait a few minutes and look again; if it stays, sync the device",
        )
    )
