# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why something is not known: the reason of a refusal in words that tell a licence from a permission, and its finding.

A 403 of the reports and of Conditional Access has three meanings: the tenant has no P1, the service could not check
whether it has, or a permission is missing.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ..findings import UNKNOWN, Finding
from ..result import Failure

NO_LICENCE = "the tenant has no license of Microsoft Entra ID P1"
NOT_CHECKABLE = (
    "whether the tenant has the license could not be checked, as the application may not read the directory "
    "(Directory.Read.All)"
)


def reason(failure: Failure) -> str:
    """A part of a sentence: no P1, licence not checkable, permission missing, or the cause as it is known."""
    if failure.error["name"] == "licence_not_checkable":
        return NOT_CHECKABLE
    if failure.error["name"] == "premium_licence_missing":
        return NO_LICENCE
    missing = failure.error["permissions"]
    if missing:
        return f"the permission {' or '.join(missing)} is missing"
    return str(failure.error["cause"])


def unread_finding(identity: str, what: str, failure: Failure, doc: str) -> Finding:
    """The finding about something that could not be read: ``what`` is a noun phrase."""
    error = failure.error
    return Finding(
        identity,
        UNKNOWN,
        f"{what}: unknown, because {reason(failure)}",
        str(error["side"]),
        cause=error["cause"],
        fix=error["fix"],
        doc=doc,
        permissions=tuple(error["permissions"]),
    )


def unknown_because(what: str, why: str) -> str:
    """The sentence of a device's ``unread``: ``what`` is a noun phrase."""
    return f"unknown, because {why}: {what}"
