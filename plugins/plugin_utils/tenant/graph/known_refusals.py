# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one row of the table of refusals is, and whether it fits an answer.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import fnmatch

from .error_bodies import GraphRefusal

#: Who asks, and what the token tells of the permission: it lacks it, holds it, or does not show what it holds; or the
#: call has a permission for the other kind of caller only.
APPLICATION, SIGNED_IN = "application", "user"
LACKS, HOLDS, HIDDEN, NO_PERMISSION = TOKEN_STATES = ("lacks", "holds", "hidden", "none")


@dataclasses.dataclass(frozen=True)
class KnownRefusal:
    """One row. What is not given does not matter for whether it fits.

    ``statuses``: HTTP statuses, or ``5xx``, with blanks between. ``codes``: patterns (``*`` for any letters) of any
    code of the answer, Graph's own or one within. ``says``: texts of which one is in the sentence, in any case; a row
    with both needs one of either. ``forms``: error_bodies.BODY_FORMS. ``caller`` and ``token``: see above. ``intune``:
    whether Intune answers.

    ``cause`` and ``fix`` complete "could not ...: "; what stands in braces is filled in by errors.py. ``permissions``
    are those that errors list: "missing" (of the asked ones), "delegated" (those of a user), none. ``new_token``: of a
    401, whether a new token may help. ``seen``: the public source, a page of Microsoft's documentation by its title, or
    an issue.
    """

    name: str
    cause: str
    fix: str
    seen: str
    statuses: str = ""
    codes: str = ""
    says: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    caller: str = ""
    token: str = ""
    intune: bool | None = None
    value_named: bool | None = None
    approval: bool = False
    side: str = "tenant"
    permissions: str = ""
    new_token: bool = False

    def fits(self, refusal: GraphRefusal, caller: str, token: str, intune: bool) -> bool:
        """Whether this row says what a refusal means."""
        return (
            (not self.statuses or self._has_status(refusal.status))
            and (not self.forms or refusal.form in self.forms)
            and self.caller in ("", caller)
            and self.token in ("", token)
            and self.intune in (None, intune)
            and self.value_named in (None, refusal.value_named)
            and (not (self.codes or self.says or self.approval) or self._is_said(refusal))
        )

    def _has_status(self, status: int) -> bool:
        return any(known in (str(status), f"{status // 100}xx") for known in self.statuses.split())

    def _is_said(self, refusal: GraphRefusal) -> bool:
        said = refusal.message.lower()
        return (
            (self.approval and refusal.approval is not None)
            or any(text in said for text in self.says)
            or any(
                fnmatch.fnmatchcase(code.lower(), pattern.lower())
                for code in refusal.codes
                for pattern in self.codes.split()
            )
        )
