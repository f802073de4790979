# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/deviceAppManagement/mobileApps (beta; v1.0 has no type for some): apps of all platforms in one list, in pages."""

from __future__ import annotations

from ..answers import Answer, Call, intune_error
from ..query import Kind, collection, entity
from ..routing import route

READ = "DeviceManagementApps.Read.All DeviceManagementApps.ReadWrite.All"
APP = Kind("mobileApp", pages=(50, 999))
_ROOT = "/deviceAppManagement/mobileApps"


@route("GET", _ROOT, READ, versions=("beta",))
def list_apps(call: Call) -> Answer:
    return collection(call, APP, call.side.view.rows("mobile_apps"))


@route("GET", _ROOT + "/{id}", READ, versions=("beta",))
def read(call: Call) -> Answer:
    found = call.side.view.get("mobile_apps", call.params["id"].lower())
    if found is None:
        raise intune_error(404, "ResourceNotFound", "App not found", "/".join(call.path))
    return entity(call, APP, found)
