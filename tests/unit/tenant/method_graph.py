# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant with authentication methods: policies of passkeys and passes, what users have, and the report of it."""

from __future__ import annotations

import typing as t

import httpx

from .fake_graph import FakeGraph, _gone, _page, _patch, error, guid

CONFIGURATIONS = "policies/authenticationMethodsPolicy/authenticationMethodConfigurations"
REPORT = "reports/authenticationMethods/userRegistrationDetails"
DEFAULT, OTHER = "00000000-0000-0000-0000-000000000001", "c0000000-0000-4000-8000-000000000001"
YUBIKEY, FEITIAN = "2fc0579f-8113-47ea-b116-bb5a8db9202a", "12ded745-4bed-47d4-abaa-e713f51d6393"
EVERYBODY = {"id": "all_users", "targetType": "group", "isRegistrationRequired": False}
ADA, BOB = "ada@contoso.com", "bob@contoso.com"


class MethodGraph(FakeGraph):
    """``users`` are enabled. ``passes_made`` counts the passes; a value is ``PASS-<number>-secret``."""

    def __init__(self) -> None:
        super().__init__()
        self.passkey_policy: dict[str, t.Any] = {
            "id": "Fido2",
            "state": "enabled",
            "isSelfServiceRegistrationAllowed": True,
            "isAttestationEnforced": False,
            "keyRestrictions": {"isEnforced": False, "enforcementType": "block", "aaGuids": []},
            "includeTargets": [dict(EVERYBODY)],
            "excludeTargets": [],
            "settingOfTomorrow": {"a": 1},
        }
        self.pass_policy: dict[str, t.Any] = {
            "id": "TemporaryAccessPass",
            "state": "enabled",
            "defaultLifetimeInMinutes": 60,
            "defaultLength": 8,
            "minimumLifetimeInMinutes": 60,
            "maximumLifetimeInMinutes": 480,
            "isUsableOnce": False,
            "includeTargets": [dict(EVERYBODY)],
            "excludeTargets": [],
        }
        self.passkeys: dict[str, list[dict]] = {}
        self.passes: dict[str, dict] = {}
        self.report: dict[str, dict] = {}
        self.passes_made = 0
        for row in self.users.values():
            row["accountEnabled"] = True

    def add_user(self, upn: str, **properties: t.Any) -> str:
        self.users[guid(upn)] = {"id": guid(upn), "userPrincipalName": upn, "accountEnabled": True, **properties}
        return guid(upn)

    def add_profiles(self) -> None:
        """Passkey profiles rule, and the flat properties say something else."""
        self.passkey_policy |= {
            "isAttestationEnforced": True,
            "defaultPasskeyProfile": DEFAULT,
            "passkeyProfiles": [self.profile(DEFAULT), self.profile(OTHER, attestationEnforcement="registrationOnly")],
            "includeTargets": [{**EVERYBODY, "allowedPasskeyProfiles": [DEFAULT]}],
        }

    def profile(self, identity: str, **more: t.Any) -> dict[str, t.Any]:
        restrictions = {"isEnforced": False, "enforcementType": "allow", "aaGuids": []}
        return {
            "id": identity,
            "name": identity[:1],
            "passkeyTypes": "deviceBound,synced",
            "attestationEnforcement": "disabled",
            "keyRestrictions": restrictions,
            **more,
        }

    def add_passkey(self, upn: str, aaguid: str | None = YUBIKEY, **more: t.Any) -> dict[str, t.Any]:
        """A key, and the user in the report."""
        rows = self.passkeys.setdefault(guid(upn), [])
        rows.append({"id": f"-{len(rows)}", "aaGuid": aaguid, "passkeyType": "deviceBound", "model": "m", **more})
        self.add_report(upn, "passKeyDeviceBound")
        return rows[-1]

    def add_report(self, upn: str, *methods: str) -> None:
        self.report[guid(upn)] = {
            "id": guid(upn),
            "userPrincipalName": upn,
            "isMfaCapable": True,
            "isSsprCapable": False,
            "isPasswordlessCapable": True,
            "methodsRegistered": list(methods),
            "lastUpdatedDateTime": "2026-11-29T00:00:00Z",
        }

    def add_pass(self, upn: str, reason: str = "EnabledByPolicy", **more: t.Any) -> dict[str, t.Any]:
        self.passes_made += 1
        row = {
            "id": guid(f"pass {self.passes_made}"),
            "startDateTime": "2026-11-30T08:00:00Z",
            "lifetimeInMinutes": 60,
            "isUsableOnce": False,
            "isUsable": reason == "EnabledByPolicy",
            "methodUsabilityReason": reason,
            "temporaryAccessPass": None,
            **more,
        }
        self.passes[guid(upn)] = row
        return row

    def know_by(self, upn: str, identities: t.Iterable[str]) -> None:
        """Give these ids what the user has: other graphs have ids of their own."""
        for given in (self.passkeys, self.passes, self.report):
            given.update(dict.fromkeys(identities, given[guid(upn)]))

    def _routes(self):
        user, ways = r"users/([^/]+)", "authentication"
        passes = f"{user}/{ways}/temporaryAccessPassMethods"
        return [
            *super()._routes(),
            (f"GET {CONFIGURATIONS}/fido2", lambda q, b: httpx.Response(200, json=self.passkey_policy)),
            (f"PATCH {CONFIGURATIONS}/fido2", lambda q, b: _patch(self.passkey_policy, b)),
            (f"GET {CONFIGURATIONS}/temporaryAccessPass", lambda q, b: httpx.Response(200, json=self.pass_policy)),
            (f"PATCH {CONFIGURATIONS}/temporaryAccessPass", lambda q, b: _patch(self.pass_policy, b)),
            (f"GET {user}", lambda q, b, name: self._person(name)),
            (f"POST {user}/checkMemberGroups", lambda q, b, i: _page(self._groups(i, b["groupIds"]))),
            (f"GET {user}/{ways}/fido2Methods", lambda q, b, i: _page(self.passkeys.get(i, []))),
            (f"GET {passes}", lambda q, b, i: _page([self.passes[i]] if i in self.passes else [])),
            (f"POST {passes}", lambda q, b, i: self._new_pass(i, b)),
            (rf"DELETE {passes}/([0-9a-f-]{{36}})", lambda q, b, i, one: _gone(self.passes.pop(i, None))),
            (f"GET {REPORT}", lambda q, b: _page(list(self.report.values()))),
            (f"GET {REPORT}/([^/]+)", lambda q, b, i: self._reported(i)),
        ]

    def _person(self, name: str) -> httpx.Response:
        row = self.users.get(name) or self.users.get(guid(name.lower()))
        return httpx.Response(200, json=row) if row else error(404, "Request_ResourceNotFound")

    def _groups(self, identity: str, wanted: list[str]) -> list[str]:
        return [one for one in wanted if identity in self.members.get(one, ())]

    def _new_pass(self, identity: str, body: dict) -> httpx.Response:
        self.passes[identity] = row = self.add_pass(identity, **body)
        self.passes.pop(guid(identity), None)
        return httpx.Response(201, json={**row, "temporaryAccessPass": f"PASS-{self.passes_made}-secret-of-a-user"})

    def _reported(self, identity: str) -> httpx.Response:
        row = self.report.get(identity)
        return httpx.Response(200, json=row) if row else error(404, "Request_ResourceNotFound")
