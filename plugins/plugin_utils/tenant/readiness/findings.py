# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a readiness check says: one finding a check and, where it is about somebody, a subject.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...findings import UNKNOWN, Finding
from ...result import Failure

READINESS_IDS = (
    "registration_policy",
    "join_scope",
    "device_quota",
    "mfa_at_join",
    "user",
    "licence",
    "domain",
    "conditional_access",
    "what_if",
    "security_defaults",
    "service_principal",
    "mdm_scope",
    "enrollment_limit",
    "enrollment_restriction",
    "corporate_identifier",
    "device_preparation",
    "preparation_group",
    "preparation_account",
    "preparation_conflict",
    "token_role",
    "token_sign_in",
    "token_scope",
)
_LEARN = "https://learn.microsoft.com/"
DOCS = {
    "policy": _LEARN + "entra/identity/devices/manage-device-identities#configure-device-settings",
    "bulk": _LEARN + "mem/intune/enrollment/windows-bulk-enroll",
    "mdm": _LEARN + "mem/intune/enrollment/windows-enroll#enable-windows-automatic-enrollment",
    "licence": _LEARN + "mem/intune/fundamentals/licenses",
    "access": _LEARN + "entra/identity/conditional-access/concept-conditional-access-cloud-apps",
    "domain": _LEARN + "entra/identity/devices/device-join-plan#review-your-identity-infrastructure",
    "what_if": _LEARN + "entra/identity/conditional-access/what-if-tool",
    "defaults": _LEARN + "entra/fundamentals/security-defaults",
    "limit": _LEARN + "mem/intune/enrollment/device-limit-intune-azure",
    "restriction": _LEARN + "mem/intune/enrollment/enrollment-restrictions-set",
    "corporate": _LEARN + "intune/intune-service/enrollment/corporate-identifiers-add",
    "preparation": _LEARN + "autopilot/device-preparation/overview",
    "preparation_group": _LEARN + "autopilot/device-preparation/tutorial/user-driven/entra-join-device-group",
    "preparation_issues": _LEARN + "autopilot/device-preparation/known-issues",
    "principal": _LEARN + "entra/identity/devices/troubleshoot-device-dsregcmd",
}


def finding(
    identity: str,
    result: str,
    observed: str,
    cause: str | None = None,
    fix: str | None = None,
    subject: str | None = None,
    doc: str | None = None,
    permissions: tuple[str, ...] = (),
) -> Finding:
    """What the tenant says. ``subject`` is the user, application or policy it is about, if any."""
    return Finding(identity, result, observed, "tenant", subject, None, cause, fix, doc, permissions)


def unknown(identity: str, failure: Failure, subject: str | None = None, doc: str | None = None) -> Finding:
    """What could not be read, with the reason and, on a 403, the permission that is missing."""
    error = failure.error
    return Finding(
        identity,
        UNKNOWN,
        "could not be read: " + ", ".join(error["evidence"]) if error["evidence"] else "could not be read",
        error["side"],
        subject,
        cause=error["cause"],
        fix=error["fix"],
        doc=doc or error["doc"],
        permissions=tuple(error["permissions"]),
    )
