# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that a tenant has without any simulated device behind them: old devices, Autopilot devices."""

from __future__ import annotations

import datetime
import typing as t

from . import device_objects
from .model import Tenant
from .times import utc_seconds


def add_device(
    tenant: Tenant,
    name: str,
    now: datetime.datetime,
    *,
    trust: str | None = "AzureAd",
    days: float = 0,
    signed_in: bool = True,
    enabled: bool = True,
    owner: dict | None = None,
    **properties: t.Any,
) -> dict:
    """A device object that was registered and last seen so many days ago."""
    seen = utc_seconds(now - datetime.timedelta(days=days))
    return device_objects.add(
        tenant,
        f"device object/{name}",
        tenant.object_id(f"device id/{name}"),
        name,
        seen,
        owner,
        **{
            "accountEnabled": enabled,
            "trustType": trust,
            "approximateLastSignInDateTime": seen if signed_in else None,
            **properties,
        },
    )


def add_autopilot(
    tenant: Tenant,
    serial: str,
    now: datetime.datetime,
    *,
    group_tag: str = "",
    model: str = "Virtual",
    manufacturer: str = "Lab",
    user: str = "",
    listed: str | float = 0.0,
) -> dict:
    """An Autopilot device and the object in the directory that it is anchored to: disabled, never signed in.

    ``listed``: from which second of the lab it is in the list, or a word of ``autopilot.is_listed``."""
    identity = tenant.object_id(f"autopilot/{serial}")
    tags = [f"[ZTDID]:{identity}"] + ([f"[OrderId]:{group_tag}"] if group_tag else [])
    anchor = add_device(tenant, serial, now, signed_in=False, enabled=False, physicalIds=tags)
    found = {
        "id": identity,
        "serialNumber": serial,
        "groupTag": group_tag,
        "model": model,
        "manufacturer": manufacturer,
        "azureActiveDirectoryDeviceId": anchor["deviceId"],
        "azureAdDeviceId": anchor["deviceId"],
        "userPrincipalName": user,
        "enrollmentState": "notContacted",
        "displayName": "",
        "productKey": "",
        "addressableUserName": "",
        "purchaseOrderIdentifier": "",
        "resourceName": "",
        "skuNumber": "",
        "systemFamily": "",
        "managedDeviceId": "00000000-0000-0000-0000-000000000000",
        "listed": listed,
    }
    tenant.autopilot_devices[identity] = found
    return found
