# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tenant's half of a diagnosis says: the ids of its findings, and where to read more.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...findings import Finding
from ...result import Failure
from ..because import unread_finding

ABOUT_SIGN_IN, ABOUT_ACCESS = "sign_in", "conditional_access"
ABOUT_REGISTRATION, ABOUT_ENROLLMENT = "registration", "enrollment"
ABOUT_OBJECT = "device_object"
NO_TRACE, CONTRADICTION = "no_trace", "contradiction"
SIGN_INS_UNREAD, AUDITS_UNREAD, ENROLLMENTS_UNREAD = "sign_in_log", "audit_log", "enrollment_log"
#: Of a readiness check, what can be why a join or an enrollment failed.
SETTING_IDS = (
    "registration_policy",
    "join_scope",
    "device_quota",
    "mfa_at_join",
    "user",
    "security_defaults",
    "service_principal",
    "conditional_access",
    "licence",
    "mdm_scope",
    "enrollment_limit",
    "enrollment_restriction",
)
DIRECTORY_DIAGNOSIS_IDS = tuple(
    dict.fromkeys(
        (
            *(ABOUT_SIGN_IN, ABOUT_ACCESS, ABOUT_REGISTRATION, ABOUT_ENROLLMENT, ABOUT_OBJECT),
            *(NO_TRACE, CONTRADICTION),
            *(SIGN_INS_UNREAD, AUDITS_UNREAD, ENROLLMENTS_UNREAD),
            *SETTING_IDS,
        )
    )
)
_LEARN = "https://learn.microsoft.com/"
DIAGNOSIS_DOCS = {
    ABOUT_SIGN_IN: _LEARN + "entra/identity-platform/reference-error-codes",
    ABOUT_ACCESS: _LEARN + "entra/identity/conditional-access/troubleshoot-conditional-access",
    ABOUT_REGISTRATION: _LEARN + "entra/identity/devices/troubleshoot-device-dsregcmd",
    ABOUT_ENROLLMENT: _LEARN + "troubleshoot/mem/intune/device-enrollment/troubleshoot-windows-enrollment-errors",
    ABOUT_OBJECT: _LEARN + "entra/identity/devices/manage-device-identities",
    NO_TRACE: _LEARN + "entra/identity/monitoring-health/reference-log-latency",
    CONTRADICTION: _LEARN + "entra/identity/devices/troubleshoot-device-dsregcmd",
    SIGN_INS_UNREAD: _LEARN + "entra/identity/monitoring-health/concept-sign-ins",
    AUDITS_UNREAD: _LEARN + "entra/identity/monitoring-health/concept-audit-logs",
    ENROLLMENTS_UNREAD: _LEARN + "intune/intune-service/enrollment/enrollment-report-company-portal-abandon",
}


def log_not_read(identity: str, what: str, failure: Failure) -> Finding:
    """A log that nobody could read: ``what`` is a noun phrase."""
    return unread_finding(identity, what, failure, DIAGNOSIS_DOCS[identity])
