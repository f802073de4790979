# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every refusal of Microsoft Graph and Intune that is known, in one table; docs/refusals.md shows it to people.

The table is read from top to bottom and the first row that fits says what a refusal means: what Graph's code or
sentence says comes before what its status alone would say, and a missing permission after everything that no permission
changes. The last row fits whatever is left.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from .error_bodies import GraphRefusal
from .known_refusals import KnownRefusal
from .refusal_reasons import BY_REASON, FROM_ELSEWHERE
from .refusal_statuses import BY_PERMISSION, BY_STATUS

GRAPH_REFUSALS: tuple[KnownRefusal, ...] = (*FROM_ELSEWHERE, *BY_REASON, *BY_PERMISSION, *BY_STATUS)


def meaning_of_refusal(refusal: GraphRefusal, caller: str, token: str, intune: bool) -> KnownRefusal:
    """The first row that fits. ``caller`` is APPLICATION or SIGNED_IN; ``token`` one of TOKEN_STATES, empty where the
    call asks for no permission; ``intune`` says that Intune answers."""
    return next(row for row in GRAPH_REFUSALS if row.fits(refusal, caller, token, intune))
