# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Microsoft Graph says when it refuses, as a Failure that names the missing permission and the next step.

Sources: Microsoft Graph, "Error responses and resource types" and "Throttling guidance". Intune puts a JSON text inside
``message`` (seen in many public issue threads), one or two deep, which is unwrapped.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import json
import typing as t

from ...untrusted import in_one_line, load_json
from . import special_refusals
from .failures import RequestFailure
from .retry import seconds_of

LONGEST_EVIDENCE = 500
_LONGEST_PURPOSE, _LONGEST_CODE, _LONGEST_ID = 300, 100, 64
DEEPEST = 3
DOC = "https://learn.microsoft.com/graph/errors"


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
    """An answer that is a refusal."""

    def __init__(self, msg: str, side: str, status: int, code: str, message: str, **error) -> None:
        super().__init__(msg, side, code=code or str(status), **error)
        self.status = status
        self.code = code
        self.message = message


@dataclasses.dataclass(frozen=True)
class GraphRefusal:
    """An error answer, read. ``request_id`` is the service's, else our client-request-id; ``approval`` the code of a
    request for Multi Admin Approval."""

    status: int
    code: str = ""
    message: str = ""
    request_id: str | None = None
    retry_after: str | None = None
    readable: bool = True
    approval: str | None = None


def read_error(status: int, headers: t.Mapping[str, str], body: t.Any) -> GraphRefusal:
    """An error answer of Graph; ``body`` is the parsed JSON, or text where it was none. ``headers`` in any case.

    Every text of it is one line of printable letters, and short.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    error = body.get("error") if isinstance(body, dict) else None
    inner = error.get("innerError") or error.get("innererror") if isinstance(error, dict) else None
    inner = inner if isinstance(inner, dict) else {}
    ids = (lower.get("request-id"), inner.get("request-id"), lower.get("client-request-id"))
    request_id = next((_line(identity, _LONGEST_ID) for identity in ids if identity), None)
    retry_after = lower.get("retry-after")
    if not isinstance(error, dict):
        return GraphRefusal(
            status, "", _short(body if isinstance(body, str) else json.dumps(body)), request_id, retry_after, False
        )
    code, message = _unwrap(_text(error.get("code")), _text(error.get("message")))
    approval = lower.get(special_refusals.APPROVAL_CODE)
    return GraphRefusal(
        status,
        in_one_line(code, _LONGEST_CODE),
        _short(message),
        request_id,
        retry_after,
        approval=_line(approval, _LONGEST_ID) if approval else None,
    )


def _unwrap(code: str, message: str) -> tuple[str, str]:
    """Code and text of the innermost JSON that Intune puts into a message; of any other message as they are."""
    for _depth in range(DEEPEST):
        try:
            inside = load_json(message) if message.lstrip().startswith("{") else None
        except ValueError:
            break
        if not isinstance(inside, dict) or "Message" not in inside:
            break
        inner = _text(inside.get("ErrorCode")) or _text(inside.get("CustomApiErrorPhrase"))
        # UnknownError says less than what is inside.
        if inner and code in ("", "UnknownError"):
            code = inner
        message = _text(inside["Message"])
    return code, message


def _text(value: t.Any) -> str:
    """A text as it is, a number as text; anything else is empty."""
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def _line(value: t.Any, longest: int) -> str:
    return in_one_line(_text(value), longest)


def _short(text: str) -> str:
    text = in_one_line(text, LONGEST_EVIDENCE + 1)
    return text if len(text) <= LONGEST_EVIDENCE else text[:LONGEST_EVIDENCE] + " ..."


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


def failure(refusal: GraphRefusal, purpose: Purpose, caller: Caller) -> GraphFailure:
    """The Failure of a refused request."""
    who = f"the application {_line(caller.client_id, _LONGEST_ID)}" if caller.client_id else "the caller"
    special = special_refusals.explain(refusal.status, refusal.code, refusal.message, refusal.approval, who)
    if special:
        name, side, cause, fix = special.name, "tenant", special.cause, special.fix
    else:
        name, side, cause, fix = _explain(refusal, purpose, caller)
    may_lack = special.by_permission if special else refusal.status == 403
    wanted = _wanted(purpose, caller) if may_lack else ()
    evidence = [f"HTTP {refusal.status} {refusal.code}".strip()] + ([refusal.message] if refusal.message else [])
    return GraphFailure(
        f"could not {purpose.what}: {cause}; {fix}",
        side,
        refusal.status,
        refusal.code,
        refusal.message,
        name=name,
        cause=cause,
        fix=fix,
        evidence=evidence,
        request_id=refusal.request_id,
        permissions=list(wanted),
        doc=DOC,
    )


def _explain(refusal: GraphRefusal, purpose: Purpose, caller: Caller) -> tuple[str, str, str, str]:
    """(name, side, cause, fix)."""
    if refusal.status == 403:
        return _forbidden(purpose, caller)
    if refusal.status == 429:
        seconds = seconds_of(refusal.retry_after)
        when = f"in {seconds:.0f} s" if seconds is not None else "in a few minutes"
        return (
            "throttled",
            "tenant",
            "Microsoft Graph is throttling this application or this tenant",
            f"run the task again {when}, or give it a longer timeout",
        )
    if refusal.status in _KNOWN and refusal.readable:
        name, cause, fix = _KNOWN[refusal.status]
        said = f" ({refusal.message})" if refusal.message and refusal.status in (400, 409, 412, 422, 423) else ""
        return name, "tenant", cause + said, fix
    if refusal.status >= 500 or refusal.status == 408:
        return (
            "service_unavailable",
            "tenant",
            f"Microsoft Graph answered {refusal.status}",
            "run the task again; look at the service health of the tenant if it stays",
        )
    if not refusal.readable:
        return (
            "unreadable_answer",
            "network",
            f"what answered with status {refusal.status} is not Microsoft Graph",
            "look at the evidence: a proxy, a login page or a wrong graph_url answers in its place",
        )
    return (
        "refused",
        "tenant",
        f"Microsoft Graph answered {refusal.status} {refusal.code}: {refusal.message}",
        "look at the evidence, and quote request_id when asking Microsoft",
    )


_KNOWN = {
    400: ("bad_request", "Microsoft Graph does not accept the request", "correct the named value"),
    401: (
        "token_refused",
        "Microsoft Graph refuses the access token, and a new one as well",
        "check the controller's clock, whether the application is enabled, and that cloud and tenant_id match",
    ),
    404: (
        "not_found",
        "the tenant has no such object",
        "check the name or id; an object made seconds ago may need a minute",
    ),
    405: ("unsupported", "this Graph does not know the operation", "check cloud and graph_url"),
    409: ("conflict", "it conflicts with another object or with a change under way", "run the task again"),
    410: ("gone", "the object is gone", "run the task again"),
    412: ("changed_meanwhile", "somebody else has changed the object meanwhile", "run the task again"),
    422: ("bad_request", "Microsoft Graph does not accept the values", "correct the named value"),
    423: ("locked", "the object is locked", "wait until what holds it is done, then run the task again"),
}


def _wanted(purpose: Purpose, caller: Caller) -> tuple[str, ...]:
    return purpose.permissions.delegated if caller.delegated else purpose.permissions.application


def _forbidden(purpose: Purpose, caller: Caller) -> tuple[str, str, str, str]:
    wanted = _wanted(purpose, caller)
    kind = "delegated" if caller.delegated else "application"
    names = " and ".join(wanted)
    if not wanted:
        return (
            "forbidden",
            "tenant",
            "the credential may not do this",
            "the call has no application permission: sign in as a user"
            if purpose.permissions.delegated and not caller.delegated
            else "give it the needed role or permission",
        )
    if caller.granted is not None and set(wanted) <= caller.granted:
        return (
            "forbidden",
            "tenant",
            f"Microsoft Graph refuses although the token holds {names}",
            "give the signed-in user a directory role that allows it"
            if caller.delegated
            else "see the evidence: a role-assignable group, an Autopilot device or a restricted unit is protected",
        )
    who = f"the application {_line(caller.client_id, _LONGEST_ID)}" if caller.client_id else "the application"
    fix = f"grant it to {who} ({kind} permission of Microsoft Graph), give admin consent, and wait a few minutes"
    if caller.delegated:
        fix += "; the user needs a directory role that allows it, too"
    return "permission_missing", "tenant", f"the {kind} permission {names} is missing", fix
