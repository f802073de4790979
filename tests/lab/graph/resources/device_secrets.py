# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What devices leave in the directory: passwords of local administrators (Windows LAPS) and BitLocker recovery keys."""

from __future__ import annotations

from ..answers import Answer, Call, GraphError, not_found
from ..query import Kind, collection, entity
from ..routing import route

LAPS = Kind("deviceLocalCredentialInfo", on_select=("credentials",))
KEYS = Kind("bitlockerRecoveryKey", on_select=("key",), refused=("$top", "$count", "$orderby", "$skip"))
LIST = "DeviceLocalCredential.ReadBasic.All DeviceLocalCredential.Read.All"


@route("GET", "/directory/deviceLocalCredentials", LIST)
@route("GET", "/deviceLocalCredentials", LIST)
def credentials(call: Call) -> Answer:
    return collection(call, LAPS, call.side.tenant.local_credentials.values())


@route("GET", "/directory/deviceLocalCredentials/{id}", "DeviceLocalCredential.Read.All")
@route("GET", "/deviceLocalCredentials/{id}", "DeviceLocalCredential.Read.All")
def credential(call: Call) -> Answer:
    """By deviceId; the passwords only when ``$select`` names ``credentials``."""
    found = call.side.tenant.local_credentials.get(call.params["id"].lower())
    if found is None:
        raise not_found(call.params["id"])
    return entity(call, LAPS, found)


@route("GET", "/informationProtection/bitlocker/recoveryKeys", "BitlockerKey.ReadBasic.All BitlockerKey.Read.All")
def keys(call: Call) -> Answer:
    """Never the keys themselves."""
    if "key" in call.query.get("$select", "").split(","):
        raise GraphError(400, "badRequest", "The key cannot be selected in a list.")
    return collection(call, KEYS, call.side.tenant.recovery_keys.values())
