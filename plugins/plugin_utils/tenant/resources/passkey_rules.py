# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which passkeys a policy, or one of its profiles, takes.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

#: What Graph calls the two types of passkeys, and what this collection does.
TYPES = {"deviceBound": "device_bound", "synced": "synced"}


@dataclasses.dataclass(frozen=True)
class Rules:
    """Which keys are taken: ``enforcement`` none, allow or block, by ``aaguids``, and of ``types`` (Graph's names;
    None: of each)."""

    enforcement: str
    aaguids: frozenset[str]
    types: frozenset[str] | None = None

    @property
    def takes_all(self) -> bool:
        """Whether every key is taken."""
        return self.enforcement == "none" and (self.types is None or set(TYPES) <= self.types)

    def takes(self, aaguid: str | None, passkey_type: str | None) -> bool | None:
        """Whether a key is taken; None where that depends on something that is not known of it."""
        if self.types is not None and not set(TYPES) <= self.types:
            if passkey_type not in TYPES:
                return None
            if passkey_type not in self.types:
                return False
        if self.enforcement == "none":
            return True
        if aaguid is None:
            return None
        return (aaguid in self.aaguids) is (self.enforcement == "allow")
