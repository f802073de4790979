# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request is for, who asks, and the Failure of one that was refused.

What a refusal means is told by refused_requests.py, which only a failure needs.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

from ...untrusted import in_one_line
from .failures import RequestFailure

LONGEST_EVIDENCE = 500
_LONGEST_PURPOSE = 300
#: Names of the errors of Multi Admin Approval: nothing was done, and the same request again does nothing either.
APPROVALS = ("approval_needed", "approval_pending", "approval_denied", "approval_over", "approval_not_taken")
#: The header with the code of a request for approval, in both directions.
APPROVAL_CODE = "x-msft-approval-code"


@dataclasses.dataclass(frozen=True)
class Permissions:
    """The least permissions of a call, by kind of credential. An empty ``application``: the call is delegated-only."""

    application: tuple[str, ...] = ()
    delegated: tuple[str, ...] = ()

    @classmethod
    def same(cls, *names: str) -> Permissions:
        """For a call that needs the same names either way, which is the rule."""
        return cls(names, names)


@dataclasses.dataclass(frozen=True)
class Purpose:
    """What a request is for: ``what`` completes "could not ..."; the permissions are what a 403 then lacks.

    ``what`` may name what people or Graph call something: it is cut and kept in one line.
    """

    what: str
    permissions: Permissions = Permissions()

    def __post_init__(self) -> None:
        if len(self.what) > _LONGEST_PURPOSE or not self.what.isprintable():
            object.__setattr__(self, "what", in_one_line(self.what, _LONGEST_PURPOSE))


@dataclasses.dataclass(frozen=True)
class Caller:
    """Who asks, as far as the token tells: ``delegated`` and ``granted`` are None where it tells nothing."""

    delegated: bool | None = None
    granted: frozenset[str] | None = None
    client_id: str | None = None


class GraphFailure(RequestFailure):
    """An answer that is a refusal. ``approval`` is the code of the request for Multi Admin Approval that it names."""

    def __init__(
        self, msg: str, side: str, status: int, code: str, message: str, approval: str | None = None, **error
    ) -> None:
        super().__init__(msg, side, code=code or str(status), **error)
        self.approval = approval
        self.status = status
        self.code = code
        self.message = message


def unreadable(purpose: Purpose, why: str, status: int = 200) -> GraphFailure:
    """The failure of an answer that nobody can read: the one name for whatever is wrong with one.

    ``why`` is part of a sentence. ``status`` is the answer's: it may have been executed all the same.
    """
    cause = f"what answered is not Microsoft Graph ({in_one_line(why, LONGEST_EVIDENCE)})"
    fix = "check graph_url, and whether a proxy or a login page answers in its place"
    return GraphFailure(
        f"could not {purpose.what}: {cause}; {fix}",
        "network",
        status,
        "",
        "",
        name="unreadable_answer",
        cause=cause,
        fix=fix,
    )
