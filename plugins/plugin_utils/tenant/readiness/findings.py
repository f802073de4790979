# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a readiness check says: one finding a check and, where it is about somebody, a subject.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...result import Failure

RESULTS = ("pass", "warn", "fail", "unknown")
_LEARN = "https://learn.microsoft.com/"
DOCS = {
    "policy": _LEARN + "entra/identity/devices/manage-device-identities#configure-device-settings",
    "bulk": _LEARN + "mem/intune/enrollment/windows-bulk-enroll",
    "mdm": _LEARN + "mem/intune/enrollment/windows-enroll#enable-windows-automatic-enrollment",
    "licence": _LEARN + "mem/intune/fundamentals/licenses",
    "access": _LEARN + "entra/identity/conditional-access/concept-conditional-access-cloud-apps",
    "defaults": _LEARN + "entra/fundamentals/security-defaults",
    "limit": _LEARN + "mem/intune/enrollment/device-limit-intune-azure",
    "restriction": _LEARN + "mem/intune/enrollment/enrollment-restrictions-set",
    "principal": _LEARN + "entra/identity/devices/troubleshoot-device-dsregcmd",
}


@dataclasses.dataclass(frozen=True)
class Finding:
    """``id`` is stable and meant for programs; ``subject`` is the user, application or policy it is about, if any.

    ``observed`` is what the tenant says, ``cause`` why that matters, ``fix`` what to do (both None on a pass).
    """

    id: str
    result: str
    observed: str
    cause: str | None = None
    fix: str | None = None
    subject: str | None = None
    doc: str | None = None
    side: str = "tenant"
    permissions: tuple[str, ...] = ()

    def as_result(self) -> dict[str, t.Any]:
        return {**dataclasses.asdict(self), "permissions": list(self.permissions)}


def unknown(identity: str, failure: Failure, subject: str | None = None, doc: str | None = None) -> Finding:
    """What could not be read, with the reason and, on a 403, the permission that is missing."""
    error = failure.error
    return Finding(
        identity,
        "unknown",
        "could not be read: " + ", ".join(error["evidence"]) if error["evidence"] else "could not be read",
        error["cause"],
        error["fix"],
        subject,
        doc or error["doc"],
        error["side"],
        tuple(error["permissions"]),
    )
