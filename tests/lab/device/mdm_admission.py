# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom the tenant lets enroll: the sign-in to Intune's enrollment, then Intune itself. Both leave their entry in the
tenant's logs.

The sign-in is the joining user's, by the token of the join. Microsoft, "Conditional Access: Require compliant device":
that control does not keep a device from enrolling. What a device makes of a sign-in that is refused is ours.
"""

from __future__ import annotations

from ..tenant import access, authentication, enrollment, sign_ins
from ..tenant.defaults import INTUNE_ENROLLMENT

INTERACTION_NEEDED = 0xCAA2000C


def refusal(device, join, kind: str | None = None) -> int | None:
    """The HRESULT in which the tenant refuses a device that is joined (``joinstate.Join``), None where it does not.

    ``kind``: deviceEnrollmentType in the record of a refusal, else by who has joined it.
    """
    directory = device.directory
    tenant = directory.tenants.get(join.tenant_id)
    found = tenant.device(join.device_id) if tenant else None
    user = tenant.user(join.user_email) if tenant and join.user_email else None
    if tenant is None or found is None:
        return None
    correlation = directory.request_id()
    package = join.user_email.startswith("package_")
    if user is not None and not _signs_in(device, tenant, user, found, package, correlation):
        return INTERACTION_NEEDED
    refused = enrollment.refusal(tenant, user, device, not package and not _is_corporate(device, tenant))
    if refused is None:
        return None
    enrollment.record(
        directory,
        tenant,
        refused,
        user_id=user["id"] if user else None,
        device_id=join.device_id,
        kind=kind or ("windowsBulkAzureDomainJoin" if package else "windowsAzureADJoin"),
        version=f"10.0.{device.image.build}.{device.image.revision}",
        correlation=correlation,
    )
    return refused.hresult


def _signs_in(device, tenant, user: dict, found: dict, package: bool, correlation: str) -> bool:
    passed = not package and authentication.can_pass(tenant, user)
    met = frozenset({"compliantDevice", *(["mfa"] if passed else [])})
    verdict = access.judge(tenant, access.Attempt(user["id"], frozenset({INTUNE_ENROLLMENT}), met=met, device=found))
    sign_ins.write(
        device.directory,
        tenant,
        user,
        verdict,
        app=sign_ins.BROKER,
        resource=INTUNE_ENROLLMENT,
        request=device.directory.request_id(),
        correlation=correlation,
        client=sign_ins.client_of(device, found),
    )
    return not verdict.error


def _is_corporate(device, tenant) -> bool:
    """Whether Intune knows a device as the company's before it enrolls."""
    serial = device.hardware.serial
    registered = any(row["serialNumber"] == serial for row in tenant.autopilot_devices.values())
    listed = any(
        row.get("importedDeviceIdentifier", "").endswith(f",{serial}") for row in tenant.corporate_identifiers.values()
    )
    return registered or listed
