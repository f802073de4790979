# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/domains: which of the tenant's domains are managed, and which federated."""

from __future__ import annotations

from ..answers import Answer, Call, not_found
from ..query import Kind, Row, collection, entity
from ..routing import route

READ = "Domain.Read.All Domain.ReadWrite.All Directory.Read.All"
DOMAIN = Kind("domain", pages=None, refused=("$top",))


@route("GET", "/domains", READ)
def domains(call: Call) -> Answer:
    return collection(call, DOMAIN, _rows(call))


@route("GET", "/domains/{name}", READ)
def domain(call: Call) -> Answer:
    for row in _rows(call):
        if row["id"] == call.params["name"].lower():
            return entity(call, DOMAIN, row)
    raise not_found(call.params["name"])


def _rows(call: Call) -> list[Row]:
    tenant = call.side.tenant
    names = list(dict.fromkeys([*tenant.domains, *tenant.domain_types]))
    return [
        {
            "id": name,
            "authenticationType": tenant.domain_types.get(name, "Managed"),
            "isAdminManaged": True,
            "isDefault": number == 0,
            "isInitial": number == len(tenant.domains) - 1,
            "isRoot": True,
            "isVerified": True,
            "supportedServices": ["Email", "OfficeCommunicationsOnline"],
        }
        for number, name in enumerate(names)
    ]
