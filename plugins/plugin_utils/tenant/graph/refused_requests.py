# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a refusal of Microsoft Graph means, as a Failure that names the cause and the next step.

What an answer says is read in error_bodies.py, what it means stands in the table of refusals.py, and whether the token
holds what the call needs is asked of held_permissions.py. All of it is imported where a request is refused: it takes
as long as everything else that a task needs of Graph.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ...untrusted import in_one_line
from . import held_permissions
from .error_bodies import LONGEST_ID, SILENT, GraphRefusal, read_error
from .errors import Caller, GraphFailure, Purpose
from .known_refusals import APPLICATION, HIDDEN, HOLDS, LACKS, NO_PERMISSION, SIGNED_IN
from .refusals import meaning_of_refusal
from .retry import seconds_of

DOC = "https://learn.microsoft.com/graph/errors"
_LONGEST_CALL = 300
_SCOPES = re.compile(
    r"(?:one of the following scopes|missing permission scopes?|required scopes)\s*:?\s*([\w.-]+(?:\s*,\s*[\w.-]+)*)",
    re.IGNORECASE,
)
_MOST_SCOPES = 20


def refuses_the_token(status: int, headers: t.Mapping[str, str], body: t.Any) -> bool:
    """Whether an answer refuses the access token itself, so that a new one may help.

    Intune says forbidden with 401, too, and Graph that it takes no application: then the token is good. ``body`` is the
    parsed JSON, or text where it was none.
    """
    if status != 401:
        return False
    return meaning_of_refusal(read_error(status, headers, body), APPLICATION, HIDDEN, False).new_token


def refused_request(refusal: GraphRefusal, purpose: Purpose, caller: Caller, call: str = "") -> GraphFailure:
    """The Failure of a refused request; ``call`` is what was asked, as held_permissions.call_of() gives it."""
    asking = _Asking.of(refusal, purpose, caller, call)
    row = meaning_of_refusal(refusal, asking.kind, asking.token, asking.intune)
    values = _values(refusal, purpose, caller, asking)
    cause, fix = row.cause.format_map(values), row.fix.format_map(values)
    permissions = {"missing": asking.permissions, "delegated": purpose.permissions.delegated}.get(row.permissions, ())
    return GraphFailure(
        f"could not {purpose.what}: {cause}; {fix}",
        row.side,
        refusal.status,
        refusal.code,
        refusal.message,
        approval=refusal.approval,
        name=row.name,
        cause=cause,
        fix=fix,
        evidence=_evidence(refusal, call),
        request_id=refusal.request_id,
        permissions=list(permissions),
        doc=DOC,
    )


class _Asking(t.NamedTuple):
    """Who asks for what: ``permissions`` are those that are missing or held, by ``token`` (known_refusals.py)."""

    kind: str
    token: str
    permissions: tuple[str, ...]
    intune: bool

    @classmethod
    def of(cls, refusal: GraphRefusal, purpose: Purpose, caller: Caller, call: str) -> _Asking:
        user = bool(caller.delegated)
        kind = SIGNED_IN if user else APPLICATION
        intune = " /deviceManagement/" in call or refusal.activity is not None
        wanted = purpose.permissions.delegated if user else purpose.permissions.application
        named = _named_scopes(refusal.message)
        if named:
            held = tuple(name for name in named if name in (caller.granted or ()))
            return (
                cls(kind, HOLDS, held, intune) if held else cls(kind, LACKS, _best(named, wanted, call, user), intune)
            )
        if not wanted:
            other = purpose.permissions.delegated and not user
            return cls(kind, NO_PERMISSION if other else "", (), intune)
        if caller.granted is None:
            return cls(kind, HIDDEN, wanted, intune)
        lacking = held_permissions.missing(wanted, caller.granted, call, user)
        if lacking:
            return cls(kind, LACKS, lacking, intune)
        return cls(kind, HOLDS, held_permissions.held(wanted, caller.granted, call, user), intune)


def _named_scopes(message: str) -> tuple[str, ...]:
    """The permissions of which Graph or Intune says that one is needed, in its order; empty where it names none."""
    found = _SCOPES.search(message)
    names = [name.strip(" .") for name in found.group(1).split(",")] if found else []
    return tuple(name for name in names if "." in name)[:_MOST_SCOPES]


def _best(named: tuple[str, ...], wanted: tuple[str, ...], call: str, user: bool) -> tuple[str, ...]:
    """The one to grant of several that would do: the asked one, else one that Microsoft publishes for the call.

    Intune names some that cannot be granted (RFL.Microsoft.Intune issue 1).
    """
    published = held_permissions.enough(call, user)
    for likely in (wanted, published):
        found = next((name for name in named if name in likely), None)
        if found is not None:
            return (found,)
    return named[:1]


def _values(refusal: GraphRefusal, purpose: Purpose, caller: Caller, asking: _Asking) -> dict[str, t.Any]:
    """What stands in the braces of a row."""
    client = in_one_line(caller.client_id, LONGEST_ID) if caller.client_id else ""
    application = f"the application {client}" if client else "the application"
    unnamed = application if client else "the caller"
    said = refusal.message.rstrip(".")
    seconds = seconds_of(refusal.retry_after)
    return {
        "application": application,
        "who": "the signed-in user" if asking.kind == SIGNED_IN else unnamed,
        "kind": "delegated" if asking.kind == SIGNED_IN else "application",
        "permissions": " and ".join(asking.permissions),
        "delegated": " and ".join(purpose.permissions.delegated),
        "service": "Intune" if asking.intune else "Microsoft Graph",
        "status": refusal.status,
        "code": refusal.code,
        "said": f" ({said})" if said and refusal.form != SILENT else "",
        "reason": f" ({said})" if said and refusal.form != SILENT else ", and gives no reason",
        "activity": f" (activity id {refusal.activity})" if refusal.activity else "",
        "approval": f" (approval code {refusal.approval})" if refusal.approval else "",
        "when": f"in {seconds:.0f} s" if seconds is not None else "in a few minutes",
    }


def _evidence(refusal: GraphRefusal, call: str) -> list[str]:
    return [
        f"HTTP {refusal.status} {refusal.code}".strip(),
        *([refusal.message] if refusal.message else []),
        *([f"a web page with the title {refusal.title!r}"] if refusal.title else []),
        *([f"activity id {refusal.activity}"] if refusal.activity else []),
        *([f"asked: {in_one_line(call, _LONGEST_CALL)}"] if call else []),
    ]
