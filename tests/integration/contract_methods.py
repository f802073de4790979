# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a careful client does with authentication methods of the lab's Graph: each of their routes is asked."""

from __future__ import annotations

import re

from tests.integration.graph_client import BareGraph

POLICY = "/policies/authenticationMethodsPolicy"
FIDO2 = POLICY + "/authenticationMethodConfigurations/fido2"
PASS = POLICY + "/authenticationMethodConfigurations/temporaryAccessPass"
REPORT = "/reports/authenticationMethods/userRegistrationDetails"
#: What the description calls read-only, as of every entity, and the reference sends: the id of a target is that of its
#: group, the id of a profile says which one it is.
SENT_IDS = re.compile(r"request\.(includeTargets|passkeyProfiles)\[\d+\]\.id: is read-only$")


def violations(told: str) -> list[str]:
    """The lines of the checker's output that say what is wrong."""
    return [line for line in told.splitlines() if line.startswith("line ") and not SENT_IDS.search(line)]


def ask(app: BareGraph, user: str, group: str) -> None:
    """``user`` is the name of one with a passkey and in the report, ``group`` the id of a security group."""
    assert app.get(POLICY, "beta")["optOutSettings"] == {"passkeyDynamicMigration": True}
    assert "optOutSettings" not in app.get(POLICY)
    for version in ("v1.0", "beta"):
        policy = app.get(FIDO2, version)
        assert policy["includeTargets"] and policy["passkeyProfiles"] == []
        body = {"@odata.type": policy["@odata.type"], "isSelfServiceRegistrationAllowed": False}
        assert app.call("PATCH", FIDO2, body, version=version).status == 204
        assert app.get(FIDO2, version)["isSelfServiceRegistrationAllowed"] is False
    identity = app.get(f"/users/{user}")["id"]
    for version in ("v1.0", "beta"):
        [key] = app.get(f"/users/{identity}/authentication/fido2Methods", version)["value"]
        assert key["id"].startswith("-") and key["passkeyType"] == "deviceBound"
        [row] = app.get(f"{REPORT}?$filter=methodsRegistered/any(m:m eq 'passKeyDeviceBound')", version)["value"]
        assert app.get(f"{REPORT}/{identity}", version)["userPrincipalName"] == row["userPrincipalName"]
        _passes(app, identity, group, version)
    assert app.call("GET", f"{REPORT}/{group}").status == 404


def _passes(app: BareGraph, identity: str, group: str, version: str) -> None:
    path = f"/users/{identity}/authentication/temporaryAccessPassMethods"
    kind = {"@odata.type": app.get(PASS, version)["@odata.type"]}
    assert app.call("PATCH", PASS, {**kind, "state": "disabled"}, version=version).status == 204
    assert app.call("POST", path, {}, version=version).status == 400
    targets = [{"id": group, "targetType": "group", "isRegistrationRequired": False}]
    on = {**kind, "state": "enabled", "includeTargets": targets, "minimumLifetimeInMinutes": 30}
    assert app.call("PATCH", PASS, on, version=version).status == 204
    assert app.call("PATCH", PASS, {**kind, "minimumLifetimeInMinutes": 5}, version=version).status == 400
    assert app.call("POST", path, {"lifetimeInMinutes": 9}, version=version).status == 400
    made = app.call("POST", path, {"lifetimeInMinutes": 45, "isUsableOnce": True}, version=version)
    assert made.status == 201 and made.body["temporaryAccessPass"]
    [row] = app.get(path, version)["value"]
    assert row["temporaryAccessPass"] is None and row["lifetimeInMinutes"] == 45
    assert app.get(f"{path}/{row['id']}", version)["isUsableOnce"] is True
    assert app.call("DELETE", f"{path}/{row['id']}", version=version).status == 204
    assert app.call("GET", f"{path}/{row['id']}", version=version).status == 404
