# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about what joins sign in to: security defaults, and Microsoft's own service principals.

Sources: Microsoft Entra, "Configure security defaults"; ImmyBot, "Azure troubleshooting" (SyncFabric); DSRegTool
(service principal of device registration).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...findings import Finding
from ...result import Failure
from ..resources.mdm_scope import INTUNE_APP_ID
from .findings import DOCS, finding, unknown
from .questions import (
    APPLICATIONS,
    INTUNE_ENROLLMENT,
    JOIN_CLIENT,
    REGISTRATION_SERVICE,
    SYNC_FABRIC,
    Answered,
    Person,
)


def security_defaults(defaults: Answered, people: list[Person]) -> list[Finding]:
    identity, doc = "security_defaults", DOCS["defaults"]
    if isinstance(defaults, Failure):
        return [unknown(identity, defaults, doc=doc)]
    if defaults.get("isEnabled") is None:
        return [
            finding(
                identity,
                "unknown",
                "the tenant does not show whether security defaults are on",
                "they may require MFA from users who join devices",
                "look at the properties of the tenant in the Microsoft Entra admin center",
                doc=doc,
            )
        ]
    if not defaults["isEnabled"]:
        return [finding(identity, "pass", "security defaults are off", doc=doc)]
    package = any(person.package for person in people)
    return [
        finding(
            identity,
            "fail" if package else "warn",
            "security defaults are on",
            "they may require MFA from "
            + ("package users, which cannot confirm it" if package else "users who join devices"),
            "replace them by Conditional Access that leaves package users out",
            doc=doc,
        )
    ]


def principals(rows: Answered, expect_mdm: bool, makes_tokens: bool) -> list[Finding]:
    """Microsoft's own applications that joins and enrollments speak to. ``makes_tokens``: somebody will make bulk
    tokens."""
    identity, doc = "service_principal", DOCS["principal"]
    if isinstance(rows, Failure):
        return [unknown(identity, rows, doc=doc)]
    enabled = {str(row.get("appId")).lower(): row.get("accountEnabled") for row in rows}
    needed = {
        REGISTRATION_SERVICE: "devices cannot join or register",
        SYNC_FABRIC: "no bulk token can be made (AADSTS90092, AADSTS90202)",
        JOIN_CLIENT: "bulk tokens cannot be redeemed",
    }
    if expect_mdm:
        needed |= {INTUNE_APP_ID: "devices cannot enroll", INTUNE_ENROLLMENT: "devices cannot enroll"}
    findings = []
    for application, without in needed.items():
        name = APPLICATIONS[application]
        if application not in enabled and application == JOIN_CLIENT:
            findings.append(finding(identity, "pass", "is not in the tenant, and need not be", subject=name, doc=doc))
        elif application not in enabled:
            # Packages that exist already do without the principal that makes new ones.
            minor = application == SYNC_FABRIC and not makes_tokens
            findings.append(
                finding(
                    identity,
                    "warn" if minor else "fail",
                    "is not in the tenant",
                    without,
                    f"create the service principal of application {application}",
                    name,
                    doc,
                )
            )
        elif enabled[application] is False:
            findings.append(
                finding(
                    identity,
                    "fail",
                    "is disabled for sign-in",
                    without,
                    f"enable sign-in of the enterprise application {application}",
                    name,
                    doc,
                )
            )
        elif enabled[application] is None:
            findings.append(
                finding(
                    identity,
                    "unknown",
                    "is there, and the tenant does not show whether it is enabled for sign-in",
                    f"if it is not, {without}",
                    f"look at the enterprise application {application}",
                    name,
                    doc,
                )
            )
        else:
            findings.append(finding(identity, "pass", "is there and enabled", subject=name, doc=doc))
    return findings
