# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The primary user of each device, as apart from the account that enrolled it.

A join by a package is enrolled by its ``package_...`` account, which nobody is. A device without a primary user has
none; whether people share it is not said by that.

Source: Microsoft Graph, "List users" of managedDevice; Microsoft Intune, "Find the primary user of an Intune device".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...findings import PASS, UNKNOWN, WARN
from ..devices.intune import INTUNE_READ
from ..devices.views import PACKAGE_ACCOUNT
from ..graph import odata
from ..graph.batch import Item
from ..graph.errors import Purpose
from ..graph.failures import RequestFailure
from ..graph.fields import FLAG, IDENTITY, LINE, needed, object_of
from .findings import said
from .run import Run

_KIND = object_of({"id": needed(IDENTITY), "userPrincipalName": LINE, "accountEnabled": FLAG})
_SELECT = "id,userPrincipalName,accountEnabled"


def ask(run: Run) -> None:
    """Fill ``user`` of every device that Intune has."""
    for device in run.devices:
        device.shown.update(primary_user=None, has_primary_user=None)
    asked = run.managed
    items = [
        Item(
            "GET",
            odata.path("deviceManagement", "managedDevices", device.record_id, "users"),
            Purpose(f"read the primary user of {device.subject}", INTUNE_READ),
            {"$select": _SELECT},
            row_kind=_KIND,
        )
        for device in asked
    ]
    for device, rows in zip(asked, run.rows("primary_user", "the primary users", items)):
        if isinstance(rows, RequestFailure):
            run.not_known(device, "primary_user", "its primary user", rows)
            continue
        people = [row for row in rows if not PACKAGE_ACCOUNT.match(row.get("userPrincipalName") or "")]
        device.shown["has_primary_user"] = bool(people)
        if not people:
            device.say(
                said(
                    "primary_user",
                    WARN,
                    "the device has no primary user",
                    "apps and policies that are assigned to users, and the company portal, go by the primary user",
                    "set one in Intune, if the device is one person's",
                )
            )
            continue
        if len(people) > 1:
            device.shown["unread"].append(f"which of {len(people)} users is its primary user: Intune names them all")
            device.say(
                said(
                    "primary_user",
                    UNKNOWN,
                    f"Intune names {len(people)} primary users",
                    "what is asked about the primary user is not known then",
                    "look at the device in the Intune admin center",
                )
            )
            continue
        device.user = people[0]
        device.shown["primary_user"] = {
            "object_id": people[0]["id"],
            "user_principal_name": people[0].get("userPrincipalName"),
            "enabled": people[0].get("accountEnabled"),
        }
        if people[0].get("accountEnabled") is False:
            device.say(
                said(
                    "primary_user",
                    WARN,
                    "the primary user is disabled in Entra, and cannot sign in",
                    "the device is of no use to this user, and apps and policies for users go by the primary user",
                    "set another primary user in Intune, or enable the user, if that was not done on purpose",
                )
            )
            continue
        device.say(said("primary_user", PASS, "the device has a primary user"))
