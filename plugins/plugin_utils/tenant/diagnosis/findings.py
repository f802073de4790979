# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tenant's half of a diagnosis says: the ids of its findings, and where to read more.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...findings import UNKNOWN, Finding
from ...result import Failure
from ..because import reason
from ..readiness.findings import READINESS_IDS

SIGN_IN, ACCESS, REGISTRATION, ENROLLMENT = "sign_in", "conditional_access", "registration", "enrollment"
NO_TRACE, CONTRADICTION = "no_trace", "contradiction"
SIGN_IN_LOG, AUDIT_LOG, ENROLLMENT_LOG = "sign_in_log", "audit_log", "enrollment_log"
#: Of the tenant's settings, as readiness_info has them.
OF_SETTINGS = (
    "registration_policy",
    "join_scope",
    "device_quota",
    "mfa_at_join",
    "user",
    "licence",
    "conditional_access",
    "security_defaults",
    "service_principal",
    "mdm_scope",
    "enrollment_limit",
    "enrollment_restriction",
)
DIRECTORY_DIAGNOSIS_IDS = tuple(
    dict.fromkeys(
        (
            *(SIGN_IN, ACCESS, REGISTRATION, ENROLLMENT, NO_TRACE, CONTRADICTION),
            *(SIGN_IN_LOG, AUDIT_LOG, ENROLLMENT_LOG),
            *READINESS_IDS,
        )
    )
)
_LEARN = "https://learn.microsoft.com/"
DIAGNOSIS_DOCS = {
    SIGN_IN: _LEARN + "entra/identity-platform/reference-error-codes",
    ACCESS: _LEARN + "entra/identity/conditional-access/troubleshoot-conditional-access",
    REGISTRATION: _LEARN + "entra/identity/devices/troubleshoot-device-dsregcmd",
    ENROLLMENT: _LEARN + "troubleshoot/mem/intune/device-enrollment/troubleshoot-windows-enrollment-errors",
    NO_TRACE: _LEARN + "entra/identity/monitoring-health/reference-log-latency",
    CONTRADICTION: _LEARN + "entra/identity/devices/troubleshoot-device-dsregcmd",
    SIGN_IN_LOG: _LEARN + "entra/identity/monitoring-health/concept-sign-ins",
    AUDIT_LOG: _LEARN + "entra/identity/monitoring-health/concept-audit-logs",
    ENROLLMENT_LOG: _LEARN + "intune/intune-service/enrollment/enrollment-report-company-portal-abandon",
}


def log_not_read(identity: str, what: str, failure: Failure) -> Finding:
    """A log that nobody could read: ``what`` is a noun phrase."""
    error = failure.error
    return Finding(
        identity,
        UNKNOWN,
        f"{what}: unknown, because {reason(failure)}",
        str(error["side"]),
        cause=error["cause"],
        fix=error["fix"],
        doc=DIAGNOSIS_DOCS[identity],
        permissions=tuple(error["permissions"]),
    )
