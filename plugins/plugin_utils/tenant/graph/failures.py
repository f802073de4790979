# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The failure of one request, as apart from that of a whole task.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...result import Failure


class RequestFailure(Failure):
    """One request, or one list, that got no answer which can be used: refused, unreadable, cut off, without an end.

    It says nothing of other requests, which may go on. A sign-in that fails is none: nothing can go on without it.
    ``status`` is the HTTP status, 0 where there was no whole answer; ``code`` is Graph's own, ``message`` its text.
    """

    status = 0
    code = ""
    message = ""

    @property
    def says_absent(self) -> bool:
        """Whether Graph says that there is no such object: what a proxy does not find says nothing of it."""
        return self.status == 404 and self.error["side"] == "tenant"
