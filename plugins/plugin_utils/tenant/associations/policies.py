# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Device preparation policies by id or name: which one a device is to be bound to.

Sources: Microsoft Graph (beta), "deviceManagementConfigurationPolicy"; public tools. There are three templates by now,
so that they are recognized by the family, among all policies.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ..graph.batch import Item
from ..graph.client import GraphClient
from ..graph.errors import Permissions, Purpose
from ..graph.fields import IDENTITY, LINE, TEXT, needed, object_of

VERSION = "beta"
POLICIES_PATH = "/deviceManagement/configurationPolicies"
POLICIES_READ = Permissions.same("DeviceManagementConfiguration.Read.All")
FAMILY = "enrollmentconfiguration"
_KIND = object_of(
    {
        "id": needed(IDENTITY),
        "name": LINE,
        "templateReference": object_of({"templateFamily": TEXT}),
    }
)


LIST = Item(
    "GET",
    POLICIES_PATH,
    Purpose("list the device preparation policies", POLICIES_READ),
    {"$select": "id,name,platforms,technologies,templateReference"},
    row_kind=_KIND,
)


def listed(client: GraphClient) -> list[dict]:
    """The device preparation policies: rows with ``id`` and ``name``. RequestFailure where they cannot be read."""
    rows = client.list(POLICIES_PATH, LIST.purpose, LIST.query, VERSION, kind=_KIND)
    return [row for row in rows if is_preparation(row)]


def is_preparation(row: dict) -> bool:
    """Whether a configuration policy is one of device preparation."""
    family = (row.get("templateReference") or {}).get("templateFamily")
    return str(family).lower() == FAMILY


def resolve(rows: list[dict], wanted: str) -> list[dict]:
    """The policies with this id or exact name."""
    by_id = [row for row in rows if row["id"].lower() == wanted.lower()]
    return by_id or [row for row in rows if row.get("name") == wanted]
