# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The metadata service that every Azure VM finds at 169.254.169.254 (Microsoft, "Azure Instance Metadata Service").

What it says of a VM without a managed identity is documented for /metadata/identity/oauth2/token only; the lab takes
the same answer for /metadata/identity/info. A join asks for /metadata/instance/compute first, of which the lab has what
the join needs.
"""

from __future__ import annotations

import json
import urllib.parse

from . import network


def problem(device, system: bool) -> network.Unreachable | None:
    """What stands between the device and the service. Outside Azure nothing answers there."""
    if not device.hardware.azure:
        return network.Unreachable(network.METADATA, network.TIMEOUT)
    return device.network.problem(network.METADATA, system)


def tenant_id(device) -> str | None:
    """The tenant of the VM's managed identity."""
    tenant = device.directory.tenants.get(device.hardware.identity or "")
    return tenant and tenant.id


def answer(device, url: urllib.parse.SplitResult, headers: dict[str, str]) -> tuple[int, str]:
    """Status and body."""
    if {name.lower(): value for name, value in headers.items()}.get("metadata", "").lower() != "true":
        return 400, _error("Required metadata header not specified")
    if not urllib.parse.parse_qs(url.query).get("api-version"):
        return 400, _error("Bad request. api-version was not specified in the request.")
    if url.path == "/metadata/instance/compute":
        return 200, json.dumps({"name": device.hardware.resource or device.hostname, "osType": "Windows"})
    if url.path != "/metadata/identity/info":
        return 404, _error("Not found")
    found = tenant_id(device)
    return (200, json.dumps({"tenantId": found})) if found else (400, _error("Identity not found"))


def _error(description: str) -> str:
    return json.dumps({"error": "invalid_request", "error_description": description})
