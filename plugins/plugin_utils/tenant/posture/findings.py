# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said about a device: the ids of the findings, and where to read more.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...findings import Finding
from ...result import Failure
from ..because import unread_finding

DIRECTORY_POSTURE_IDS = (
    "entra_object",
    "in_intune",
    "ownership",
    "primary_user",
    "compliance",
    "verdicts_differ",
    "configuration",
    "settings_catalog",
    "sync",
    "escrow",
    "access",
    "registration",
    "domain",
)
_LEARN = "https://learn.microsoft.com/"
_DOCS = {
    "entra_object": _LEARN + "entra/identity/devices/manage-device-identities",
    "in_intune": _LEARN + "intune/intune-service/enrollment/windows-enroll",
    "ownership": _LEARN + "intune/intune-service/enrollment/corporate-identifiers-add",
    "primary_user": _LEARN + "intune/intune-service/remote-actions/find-primary-user",
    "compliance": _LEARN + "intune/intune-service/protect/compliance-policy-monitor",
    "verdicts_differ": _LEARN + "intune/intune-service/protect/device-compliance-get-started",
    "configuration": _LEARN + "intune/intune-service/configuration/device-profile-monitor",
    "settings_catalog": _LEARN + "intune/intune-service/configuration/settings-catalog",
    "sync": _LEARN + "intune/intune-service/remote-actions/device-sync",
    "escrow": _LEARN + "entra/identity/devices/manage-device-identities#view-or-copy-bitlocker-keys",
    "access": _LEARN + "entra/identity/conditional-access/what-if-tool",
    "registration": _LEARN + "entra/identity/authentication/howto-authentication-methods-activity",
    "domain": _LEARN + "entra/identity/hybrid/connect/whatis-fed",
}


def said(
    identity: str,
    result: str,
    observed: str,
    cause: str | None = None,
    fix: str | None = None,
    side: str = "tenant",
) -> Finding:
    """A finding without its subject, which whoever knows the device adds."""
    return Finding(identity, result, observed, side, None, None, cause, fix, _DOCS[identity])


def not_read(identity: str, what: str, failure: Failure) -> Finding:
    """What could not be read: ``what`` is a noun phrase."""
    return unread_finding(identity, what, failure, _DOCS[identity])
