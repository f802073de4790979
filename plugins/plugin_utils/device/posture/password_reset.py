# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Self-service password reset at the sign-in screen: whether a policy turns it on, and what is known to keep it away.

What blocks it can be seen, that it works cannot: the verdict is "no blocker was found". Sources: Microsoft, "Enable
self-service password reset at the Windows sign-in screen", and those of ``blockers``.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...findings import Finding
from .. import operations as op
from ..first_sync import Told
from .blockers import OF_PASSWORD_RESET, found, places, said
from .points import GROUP_POLICY, MDM, Section, Seen, passed, told_of, unknown, warned

OBSERVATIONS = {
    "password_reset": op.registry_read(r"SOFTWARE\Policies\Microsoft\AzureADAccount", names=("AllowPasswordReset",)),
}
ASKED_POLICIES = {"Authentication": ("AllowAadPasswordReset",)}
_NOT_LOOKED_AT = (
    "Allow log on locally in the local security policy",
    "the network at the sign-in screen",
    "whether the person is registered for the reset in the tenant",
)
DOC = "https://learn.microsoft.com/entra/identity/authentication/howto-sspr-windows"


def password_reset(seen: Seen) -> Section:
    """``{enabled, source, blockers, looked_at, not_looked_at, refused}``. Either home turns it on."""
    told = Told()
    reads = (
        (MDM, told.of(lambda: seen.policy("Authentication").number("AllowAadPasswordReset") or 0)),
        (GROUP_POLICY, told.of(lambda: seen.key("password_reset").number("AllowPasswordReset") or 0)),
    )
    source = next((source for source, value in reads if value), None)
    blockers, looked_at, _count = found(OF_PASSWORD_RESET, seen, told)
    return {
        "enabled": True if source else None if None in [value for _source, value in reads] else False,
        "source": source,
        "blockers": blockers,
        "looked_at": looked_at,
        "not_looked_at": list(_NOT_LOOKED_AT),
        "refused": told_of(told),
    }


def judge(section: Section, seen: Seen) -> Iterator[Finding]:
    if section["enabled"] is False:
        yield passed("password_reset", "no policy turns it on")
    elif section["enabled"] is None:
        yield unknown("password_reset", section)
    elif section["blockers"]:
        yield warned(
            "password_reset",
            f"on ({section['source']}), and blocked by {said(section['blockers'])}",
            f"the link to the reset does not come at the sign-in screen, or does not work: {said(section['blockers'])}",
            "take that setting away, or tell people to reset their passwords on another device",
            doc=DOC,
            evidence=section["blockers"],
        )
    elif section["refused"]:
        yield unknown("password_reset", section)
    else:
        yield passed("password_reset", f"on ({section['source']}), no blocker was found; {places(section)}")
