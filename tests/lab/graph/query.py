# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Query options of collections: $filter, $search, $orderby, $count, $select, $expand, $top, and pages.

Rules of advanced queries, defaults and limits: Microsoft, "Advanced query capabilities on Microsoft Entra ID objects",
"Paging Microsoft Graph data in your app", "Use query parameters to customize responses".
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
import typing as t
import urllib.parse

from . import filter as grammar
from .answers import Answer, Call, GraphError, unsupported_query
from .evaluate import Test, compile_test
from .types import empty, properties

OPTIONS = ("$filter", "$select", "$top", "$count", "$orderby", "$search", "$expand", "$skiptoken", "$skip")
_PAGE = "lab page from "
Row = dict[str, t.Any]
Relation = t.Callable[[Call, Row], list[Row] | Row | None]


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of object and how lists of it behave.

    ``default``: properties of an answer without ``$select`` (None: all structural ones); ``directory``: advanced
    queries need their header; ``indexed``: properties that a plain ``$filter`` may name; ``search``: properties that
    ``$search`` looks into; ``pages``: (default, maximum) of objects on a page, None for no paging.
    """

    type: str
    directory: bool = False
    default: tuple[str, ...] | None = None
    on_select: tuple[str, ...] = ()
    indexed: tuple[str, ...] | None = None
    search: tuple[str, ...] = ()
    pages: tuple[int, int] | None = (100, 999)
    relations: t.Mapping[str, Relation] = dataclasses.field(default_factory=dict)
    #: Options that the service refuses.
    refused: tuple[str, ...] = ()
    #: What becomes of a $filter before it is applied (Intune ignores parts of it).
    rewrite: t.Callable[[Call, grammar.Node], grammar.Node] | None = None


def entity(call: Call, kind: Kind, row: Row, status: int = 200) -> Answer:
    """One object, as ``$select`` and ``$expand`` say."""
    options = _options(call, kind)
    context = f"{call.root}/$metadata#{'/'.join(call.path[:1])}/$entity"
    return Answer(status, {"@odata.context": context, **present(call, kind, row, options)})


def collection(
    call: Call, kind: Kind, rows: t.Iterable[Row], *, mixed: t.Callable[[Row], Kind] | None = None
) -> Answer:
    """A page of a list. ``mixed``: the kind of each row where a list holds several; they carry ``@odata.type``."""
    options = _options(call, kind)
    found = list(rows)
    test = _test(call, kind, options)
    if test is not None:
        found = [row for row in found if test(row)]
    if "$search" in options:
        if kind.directory and not call.eventual:
            raise unsupported_query(
                "Request with $search query parameter only works through MSGraph with a special "
                "request header: 'ConsistencyLevel: eventual'"
            )
        found = [row for row in found if _searched(kind, options["$search"], row)]
    if "$orderby" in options:
        _sort(call, kind, found, options["$orderby"])
    body: Row = {"@odata.context": f"{call.root}/$metadata#{'/'.join(call.path)}"}
    start = _start(options)
    if options.get("$count", "").lower() == "true" and start == 0 and (call.eventual or not kind.directory):
        body["@odata.count"] = len(found)
    size = _page_size(call, kind, options, len(found))
    path = "/" + "/".join(call.path)
    if start == 0 and call.side.faults.take(("empty_first_page",), call.method, path, call.query_text):
        return Answer(200, {**body, "@odata.nextLink": call.side.next_link(call, _next_query(call, 0)), "value": []})
    if start + size < len(found):
        body["@odata.nextLink"] = call.side.next_link(call, _next_query(call, start + size))
    page = found[start : start + size]
    body["value"] = [
        {"@odata.type": f"#microsoft.graph.{mixed(row).type}", **present(call, mixed(row), row, options)}
        if mixed
        else present(call, kind, row, options)
        for row in page
    ]
    return Answer(200, body)


def count(call: Call, kind: Kind, rows: t.Iterable[Row]) -> Answer:
    """The answer of a ``/$count`` segment: a number as text, for which the directory wants the header."""
    if kind.directory and not call.eventual:
        raise GraphError(400, "Request_BadRequest", "$count is not currently supported.")
    test = _test(call, kind, _options(call, kind), segment=True)
    return Answer(200, sum(1 for row in rows if test is None or test(row)), {"Content-Type": "text/plain"})


def present(call: Call, kind: Kind, row: Row, options: dict[str, str]) -> Row:
    """The properties of an object that the answer holds."""
    known = empty(call.version, kind.type)
    if "$select" in options:
        names: t.Iterable[str] = [n for n in _names(options["$select"]) if n in known]
    elif kind.default is not None:
        names = [name for name in kind.default if name in known]
    else:
        names = [name for name in known if name not in kind.on_select]
    shown = {name: row.get(name, known[name]) for name in names}
    if "@odata.type" in row:
        shown = {"@odata.type": row["@odata.type"], **shown}
    for name in _expanded(options):
        shown[name] = kind.relations[name](call, row)
    return shown


def typed(call: Call, kind: Kind, row: Row) -> Row:
    """An object inside another one's relation: with its type, as a list of directory objects has it."""
    return {"@odata.type": f"#microsoft.graph.{kind.type}", **present(call, kind, row, {})}


# --- options ------------------------------------------------------------------------------------------------------


def _options(call: Call, kind: Kind) -> dict[str, str]:
    options = {}
    for name, value in call.query.items():
        full = name.lower() if name.startswith("$") else "$" + name.lower()
        if full in OPTIONS:
            options[full] = value
        elif name.startswith("$"):
            raise GraphError(400, "BadRequest", f"The query parameter '{name}' is not supported.")
        if full in kind.refused:
            raise GraphError(400, "BadRequest", f"Query option '{full[1:].title()}' is not allowed.")
    known = properties(call.version, kind.type)
    mixed = kind.type == "directoryObject"  # a list of several kinds: each row shows what it has of the selection
    for name in _names(options.get("$select", "")):
        if name not in known and name != "*" and not mixed:
            raise GraphError(
                400,
                "BadRequest",
                "Parsing OData Select and Expand failed: Could not find a property "
                f"named '{name}' on type 'microsoft.graph.{kind.type}'.",
            )
    for name in _expanded(options):
        if name not in kind.relations:
            raise GraphError(
                400,
                "BadRequest",
                "Parsing OData Select and Expand failed: Could not find a property "
                f"named '{name}' on type 'microsoft.graph.{kind.type}'.",
            )
    return options


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _expanded(options: dict[str, str]) -> list[str]:
    return [re.sub(r"\(.*\)$", "", name) for name in re.findall(r"\w+(?:\([^)]*\))?", options.get("$expand", ""))]


def _test(call: Call, kind: Kind, options: dict[str, str], segment: bool = False) -> Test | None:
    text = options.get("$filter")
    if text is None:
        return None
    node = grammar.parse(text)
    known = properties(call.version, kind.type)
    for name in grammar.paths(node):
        if name not in known and kind.type != "directoryObject":
            raise GraphError(
                400,
                "BadRequest",
                f"Invalid filter clause: Could not find a property named '{name}' on "
                f"type 'microsoft.graph.{kind.type}'.",
            )
    if kind.directory:
        _require_advanced(call, kind, node, options, segment)
    if kind.rewrite is not None:
        node = kind.rewrite(call, node)
    return compile_test(node)


def _require_advanced(call: Call, kind: Kind, node: grammar.Node, options: dict[str, str], segment: bool) -> None:
    why = None
    for part in grammar.walk(node):
        if part[0] == "not" or (part[0] == "compare" and part[1] == "ne"):
            why = f"Operator '{'Not' if part[0] == 'not' else 'NotEqual'}' is not supported"
        elif part[0] == "call" and part[1] in ("endswith", "contains"):
            if part[1] == "contains":
                raise unsupported_query(
                    "The specified filter to the reference property query is currently not supported: contains."
                )
            why = "Operator 'endsWith' is not supported"
        elif part[0] == "count":
            why = "'/$count' in a filter is not supported"
    outside = grammar.paths(node) - set(kind.indexed or grammar.paths(node))
    if outside:
        why = f"Property '{sorted(outside)[0]}' does not support filtering"
    if "$orderby" in options:
        why = "Sorting not supported for current query: '$filter' together with '$orderby' is not supported"
    counted = options.get("$count", "").lower() == "true" or segment or "$search" in options
    if why and not (call.eventual and counted):
        missing = "the 'ConsistencyLevel:eventual' header" if not call.eventual else "the '$count=true' parameter"
        raise unsupported_query(
            f"{why} because {missing} is missing. Refer to "
            "https://aka.ms/graph-docs/advanced-queries for more information."
        )


def _searched(kind: Kind, text: str, row: Row) -> bool:
    """``"displayName:word"``, joined by AND or OR."""

    def one(clause: str) -> bool:
        name, _colon, word = clause.strip().strip('"').partition(":")
        return word.replace('\\"', '"').casefold() in str(row.get(name) or "").casefold()

    clauses = re.findall(r'"(?:[^"\\]|\\.)*"|AND|OR', text)
    words = [clause for clause in clauses if clause not in ("AND", "OR")]
    if not words or any(clause.strip('"').partition(":")[0] not in kind.search for clause in words):
        raise GraphError(
            400,
            "Request_BadRequest",
            "Syntax error: character ':' is not valid at position 0 in "
            f"'{text}'; search clauses have the form \"property:value\".",
        )
    found = [one(clause) for clause in words]
    return any(found) if "OR" in clauses else all(found)


def _sort(call: Call, kind: Kind, rows: list[Row], text: str) -> None:
    for clause in reversed(_names(text)):
        name, _blank, direction = clause.partition(" ")
        if name not in properties(call.version, kind.type):
            raise GraphError(
                400, "BadRequest", f"Could not find a property named '{name}' on type 'microsoft.graph.{kind.type}'."
            )
        rows.sort(key=lambda row: str(row.get(name) or "").casefold(), reverse=direction.strip().lower() == "desc")


# --- pages --------------------------------------------------------------------------------------------------------


def _page_size(call: Call, kind: Kind, options: dict[str, str], total: int) -> int:
    if kind.pages is None:
        return max(total, 1)
    default, most = kind.pages
    text = options.get("$top")
    if text is None:
        return call.side.page_size or default
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise GraphError(
            400,
            "Request_UnsupportedQuery" if kind.directory else "BadRequest",
            f"Invalid page size specified: '{text}'. Must be between 1 and {most} inclusive.",
        )
    return min(int(text), call.side.page_size or most)


def _start(options: dict[str, str]) -> int:
    if "$skiptoken" not in options:
        return int(options.get("$skip", "0") or 0)
    try:
        return int(base64.urlsafe_b64decode(options["$skiptoken"]).decode().removeprefix(_PAGE))
    except (binascii.Error, ValueError) as error:
        raise GraphError(
            400,
            "Directory_ExpiredPageToken",
            "The specified page token value has expired and can no longer be included in your request.",
        ) from error


def _next_query(call: Call, start: int) -> str:
    token = base64.urlsafe_b64encode(f"{_PAGE}{start}".encode()).decode()
    query = {name: value for name, value in call.query.items() if name not in ("$skiptoken", "$skip")}
    return urllib.parse.urlencode({**query, "$skiptoken": token}, quote_via=urllib.parse.quote, safe="$,'()")
