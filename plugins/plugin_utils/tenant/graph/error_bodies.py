# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error answer says, read to its end: codes, one sentence, ids. What it means is in refusals.py.

Sources: Microsoft Graph, "Error responses and resource types". Intune puts a JSON text into ``message``, and another
one into that (microsoft-authentication-library-for-js issues 7007 and 7011, msgraph-sdk-powershell issue 1257), with
other capitals in places (microsoft-graph-docs-contrib issue 5717), or a web page (DeviceOffboardingManager issue 70).
A sentence of Intune ends with ids and an address of its own.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from ...untrusted import in_one_line, load_json
from .errors import APPROVAL_CODE, LONGEST_EVIDENCE

LONGEST_ID = 64
#: JSON texts within each other; three were seen.
DEEPEST = 8
#: What a body is: an error of Graph that says why, one that does not, a web page, something else.
REASONED, SILENT, WEB_PAGE, OTHER = BODY_FORMS = ("reasoned", "silent", "page", "other")
_LONGEST_CODE, _LONGEST_TITLE, _LONGEST_SENTENCE, _LONGEST_JSON = 100, 100, 10_000, 200_000
_MOST_CODES, _MOST_DETAILS = 8, 20

_TAIL = re.compile(r"\boperation id\b", re.IGNORECASE)
_ACTIVITY = re.compile(r"\bactivity id:?\s*([0-9a-z-]{8,64})", re.IGNORECASE)
_APPROVAL = re.compile(rf"\b{APPROVAL_CODE}:?\s*([0-9a-f-]{{36}})", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://([^\s/\"'<>{}]*)[^\s\"'<>{}]*", re.IGNORECASE)
#: Addresses that are for people.
_PAGES_OF_DOCUMENTATION = ("learn.microsoft.com", "docs.microsoft.com", "aka.ms", "go.microsoft.com")
_JSON_TEXT = re.compile(r"\s*(?:\{|\[\s*[\[{\"\]])")
_JSON_WITHIN = re.compile(r"\{\s*\\*\".*", re.DOTALL)
_MARKUP = re.compile(r"<\s*(?:!doctype|html|head|body)\b", re.IGNORECASE)
_TITLE = re.compile(r"<\s*(title|h1|h2)\b[^<>]*>([^<>]*)<", re.IGNORECASE)
_TAG = re.compile(
    r"</?\s*(?:a|b|i|p|br|hr|h\d|div|span|font|center|pre|code|table|t[rdh]|[uod]l|li|img|script|style|meta|link|form"
    r"|input|title|html|head|body)\b[^<>]*>",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"'[^']+'|\"[^\"]+\"")
# Words that only repeat a status.
_NO_REASON = frozenset(
    {
        "",
        "an error has occurred",
        "an error occurred",
        "an unexpected error occurred",
        "error",
        "unknown error",
        "unknownerror",
        "bad request",
        "badrequest",
        "forbidden",
        "unauthorized",
        "not found",
        "internal server error",
        "service unavailable",
    }
)


@dataclasses.dataclass(frozen=True)
class GraphRefusal:
    """An error answer, read. Each text is one line of printable letters, and short.

    ``codes`` are those of the answer, the outermost first, and ``code`` the one to show. ``message`` is a sentence
    without markup, JSON or an address of a service. ``form`` is one of BODY_FORMS. ``request_id`` is the service's,
    else our client-request-id; ``activity`` Intune's own id; ``approval`` the code of a request for Multi Admin
    Approval; ``title`` that of a web page, ``value_named`` whether it says which value is wrong.
    """

    status: int
    code: str = ""
    message: str = ""
    request_id: str | None = None
    retry_after: str | None = None
    form: str = REASONED
    codes: tuple[str, ...] = ()
    approval: str | None = None
    activity: str | None = None
    title: str = ""
    value_named: bool = False


def read_error(status: int, headers: t.Mapping[str, str], body: t.Any) -> GraphRefusal:
    """An error answer of Graph; ``body`` is the parsed JSON, or text where it was none. ``headers`` in any case."""
    lower = {name.lower(): value for name, value in headers.items()}
    error = body.get("error") if isinstance(body, dict) else None
    inner = error.get("innerError") or error.get("innererror") if isinstance(error, dict) else None
    inner = inner if isinstance(inner, dict) else {}
    ids = (lower.get("request-id"), inner.get("request-id"), lower.get("client-request-id"))
    common: dict[str, t.Any] = {
        "request_id": next((_line(identity, LONGEST_ID) for identity in ids if identity), None),
        "retry_after": lower.get("retry-after"),
    }
    inside, said = _unwrapped(error.get("message")) if isinstance(error, dict) else ([], "")
    in_text = _APPROVAL.search(said)  # The answer to one request of a batch may have no header of its own.
    approval = lower.get(APPROVAL_CODE) or (in_text[1] if in_text else None)
    common["approval"] = _line(approval, LONGEST_ID) if approval else None
    if not isinstance(error, dict):
        return _of_another(status, body, common)
    title = _title(said)
    found = [error.get("code"), *_inner_codes(inner), *inside]
    codes = tuple(code for code in map(_code, found) if code)[:_MOST_CODES]
    message = _short(sentence_of(said))
    silent = message.casefold().rstrip(". !") in _NO_REASON
    activity = _ACTIVITY.search(said)
    return GraphRefusal(
        status,
        _to_show(codes),
        message,
        form=SILENT if silent else REASONED,
        codes=codes,
        activity=activity.group(1) if activity else None,
        title=title,
        value_named=_targets(error) or bool(_QUOTED.search(message)),
        **common,
    )


def sentence_of(text: str) -> str:
    """What a service says without what is for nobody who reads it: markup, JSON, ids, addresses of its own."""
    if _MARKUP.search(text) or _JSON_TEXT.match(text):
        return ""
    tail = _TAIL.search(text)
    text = text[: tail.start()].rstrip(" -\r\n") if tail else text
    return " ".join(_TAG.sub(" ", _ADDRESS.sub(_for_people, _JSON_WITHIN.sub("", text))).split())


def _of_another(status: int, body: t.Any, common: dict[str, t.Any]) -> GraphRefusal:
    """An answer that is not an error of Graph."""
    if not isinstance(body, str):
        return GraphRefusal(status, message=_short(json.dumps(body)), form=OTHER, **common)
    body = body[:_LONGEST_SENTENCE]
    if not body.strip():
        return GraphRefusal(status, form=SILENT, **common)
    if _MARKUP.search(body) or body.lstrip().startswith("<"):
        return GraphRefusal(status, form=WEB_PAGE, title=_title(body), **common)
    return GraphRefusal(status, message=_short(body), form=OTHER, **common)


def _unwrapped(value: t.Any) -> tuple[list[t.Any], str]:
    """(codes, text) of the innermost JSON that is put into a message; of any other message (nothing, itself)."""
    codes: list[t.Any] = []
    for _step in range(2 * DEEPEST):  # a text, and what is in it
        if isinstance(value, str):
            value, text = _parsed(value), value
            if value is None:
                return codes, text[:_LONGEST_SENTENCE]
        elif isinstance(value, dict):
            fields = {name.lower(): field for name, field in value.items()}
            if isinstance(fields.get("error"), dict):
                fields = {name.lower(): field for name, field in fields["error"].items()}
            codes += [fields.get("errorcode") or fields.get("code"), fields.get("customapierrorphrase")]
            value = fields.get("message", "")
        else:
            break
    return codes, ""


def _parsed(text: str) -> t.Any:
    """The object, or the text of one, that a text is; None where it is words."""
    if len(text) > _LONGEST_JSON or not text.lstrip().startswith(("{", '"{')):
        return None
    try:
        return load_json(text)
    except ValueError:
        return None


def _inner_codes(inner: dict) -> list[t.Any]:
    codes: list[t.Any] = []
    for _depth in range(DEEPEST):
        codes.append(inner.get("code"))
        deeper = inner.get("innerError") or inner.get("innererror")
        if not isinstance(deeper, dict):
            break
        inner = deeper
    return codes


def _to_show(codes: tuple[str, ...]) -> str:
    """Graph's own code, unless it says nothing and one further inside does."""
    return next((code for code in codes if code.casefold() != "unknownerror"), codes[0] if codes else "")


def _targets(error: dict) -> bool:
    """Whether an error names what it is about."""
    details = error.get("details")
    rows = details[:_MOST_DETAILS] if isinstance(details, list) else []
    return any(isinstance(row, dict) and bool(row.get("target")) for row in [error, *rows])


def _code(value: t.Any) -> str:
    return in_one_line(sentence_of(_text(value)[:_LONGEST_SENTENCE]), _LONGEST_CODE)


def _title(text: str) -> str:
    found = _TITLE.search(text) if _MARKUP.search(text) or text.lstrip().startswith("<") else None
    return in_one_line(found.group(2), _LONGEST_TITLE) if found else ""


def _for_people(address: re.Match) -> str:
    alone = address[0].count("://") == 1
    return address[0] if alone and address[1].lower() in _PAGES_OF_DOCUMENTATION else "\u2026"


def _text(value: t.Any) -> str:
    """A text as it is, a number as text; anything else is empty."""
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def _line(value: t.Any, longest: int) -> str:
    return in_one_line(_text(value), longest)


def _short(text: str) -> str:
    text = in_one_line(text, LONGEST_EVIDENCE + 1)
    return text if len(text) <= LONGEST_EVIDENCE else text[:LONGEST_EVIDENCE] + " ..."
