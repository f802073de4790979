# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/auditLogs/signIns, /auditLogs/directoryAudits: the newest first, a thousand on a page.

Microsoft Graph reference, "List signIns", "List directoryAudits"; "Microsoft Graph throttling limits" (identity and
access reports). Both lists want Entra ID P1 and a beginning of the time; v1.0 has the sign-ins of persons, beta has the
others where a filter asks for them. What Conditional Access said comes only with a permission for policies.
"""

from __future__ import annotations

import math
import typing as t

from ...tenant import logs
from .. import filter as grammar
from ..answers import Answer, Call, GraphError
from ..query import Kind, Row, collection, entity
from ..refusal_forms import FORMS
from ..routing import route

SIGN_INS = "AuditLog.Read.All"
AUDITS = "AuditLog.Read.All Directory.Read.All"
POLICIES = {"Policy.Read.ConditionalAccess", "Policy.Read.All", "Policy.ReadWrite.ConditionalAccess"}
REQUESTS, SECONDS, GATEWAY_SECONDS = 5, 10.0, 60.0
_SHARED = ("$skip", "$search", "$expand", "$count")
SIGN_IN = Kind("signIn", pages=(1000, 1000), refused=_SHARED)
AUDIT = Kind("directoryAudit", pages=(1000, 1000), refused=_SHARED)
#: What a $filter may name (the reference pages), with the operators besides eq.
_TIME, _TEXT, _SAME = ("ge", "le", "gt", "lt"), ("startswith",), ()
SIGN_IN_FILTERS: dict[str, tuple[str, ...]] = {
    "createdDateTime": _TIME,
    "appDisplayName": _TEXT,
    "ipAddress": _TEXT,
    "userDisplayName": _TEXT,
    "userPrincipalName": _TEXT,
    "location/city": _TEXT,
    "location/countryOrRegion": _TEXT,
    "location/state": _TEXT,
    "deviceDetail/browser": _TEXT,
    "deviceDetail/operatingSystem": _TEXT,
    "status/errorCode": ("ne",),
    **dict.fromkeys(
        (
            "id",
            "appId",
            "clientAppUsed",
            "conditionalAccessStatus",
            "correlationId",
            "resourceDisplayName",
            "resourceId",
            "riskDetail",
            "riskLevelAggregated",
            "riskLevelDuringSignIn",
            "riskState",
            "userId",
        ),
        _SAME,
    ),
}
AUDIT_FILTERS: dict[str, tuple[str, ...]] = {
    "activityDateTime": _TIME,
    "activityDisplayName": _TEXT,
    "initiatedBy/user/userPrincipalName": _TEXT,
    "targetResources/displayName": _TEXT,
    **dict.fromkeys(
        (
            "id",
            "category",
            "correlationId",
            "loggedByService",
            "operationType",
            "result",
            "initiatedBy/user/id",
            "initiatedBy/user/displayName",
            "initiatedBy/app/appId",
            "initiatedBy/app/displayName",
            "targetResources/id",
            "targetResources/type",
        ),
        _SAME,
    ),
}
#: Filters that v1.0 does not understand: refused, never met, or not looked at (``Logs.odd_filters``).
ODD = ("signInEventTypes", "isInteractive", "deviceDetail/deviceId")


@route("GET", "/auditLogs/signIns", SIGN_INS)
def list_sign_ins(call: Call) -> Answer:
    _open(call)
    node = _filter(call)
    rows = [_as_allowed(call, row) for row in _shown(call, logs.SIGN_INS)]
    named = {path for path, _operator in _clauses(node)} if node else set()
    if call.version == "v1.0" and named & {*ODD}:
        return _odd(call, rows)
    if "signInEventTypes" not in named:
        rows = [row for row in rows if row["isInteractive"]]
    _check(node, {**SIGN_IN_FILTERS, **({"signInEventTypes": ("ne",)} if call.version == "beta" else {})})
    _need_window(call, node, "createdDateTime")
    return collection(call, SIGN_IN, rows)


@route("GET", "/auditLogs/signIns/{id}", SIGN_INS)
def read_sign_in(call: Call) -> Answer:
    _open(call)
    persons = call.version == "v1.0"
    rows = [row for row in _shown(call, logs.SIGN_INS) if row["isInteractive"] or not persons]
    return entity(call, SIGN_IN, _as_allowed(call, _one(call, rows)))


@route("GET", "/auditLogs/directoryAudits", AUDITS)
def list_audits(call: Call) -> Answer:
    _open(call)
    node = _filter(call)
    if node and any(path == "createdDateTime" for path, _operator in _clauses(node)):
        raise _bad("createdDateTime", "directoryAudit")
    _check(node, AUDIT_FILTERS)
    _need_window(call, node, "activityDateTime")
    return collection(call, AUDIT, _shown(call, logs.AUDITS))


@route("GET", "/auditLogs/directoryAudits/{id}", AUDITS)
def read_audit(call: Call) -> Answer:
    _open(call)
    return entity(call, AUDIT, _one(call, _shown(call, logs.AUDITS)))


# --- who may ask, and how often -----------------------------------------------------------------------------------


def _open(call: Call) -> None:
    """The limit of the tenant, counted item by item; then the licence."""
    tenant, now = call.side.tenant, call.side.clock.elapsed()
    book = tenant.logs
    book.asked = [moment for moment in book.asked if now - moment < SECONDS]
    if len(book.asked) >= REQUESTS:
        book.refused += 1
        left = math.ceil((SECONDS - (now - book.asked[0])) / call.side.clock.speed)
        after = {"Retry-After": str(max(left, 1))} if book.refused % 2 else {}
        raise GraphError(429, "TooManyRequests", "This request is throttled. Please try again later.", after)
    book.asked.append(now)
    if book.licence_check == "directory_read" and "Directory.Read.All" not in call.caller.permissions:
        raise _refusal("no_directory_read")
    if not any(
        plan["servicePlanName"].startswith("AAD_PREMIUM") and sku["capabilityStatus"] == "Enabled"
        for sku in tenant.subscribed_skus.values()
        for plan in sku["servicePlans"]
    ):
        raise _refusal("no_premium")


def _refusal(form: str) -> GraphError:
    found = FORMS[form].answer("")
    assert isinstance(found, GraphError)
    return found


def _as_allowed(call: Call, row: Row) -> Row:
    """Without a permission for policies their list is empty in v1.0, and null in beta. v1.0 knows less of each."""
    older = call.version == "v1.0"
    if not call.caller.permissions & POLICIES:
        return {**row, "appliedConditionalAccessPolicies": [] if older else None}
    rows = row["appliedConditionalAccessPolicies"]
    if older:
        rows = [{name: value for name, value in one.items() if not name.startswith("conditions")} for one in rows]
    return {**row, "appliedConditionalAccessPolicies": rows}


def _shown(call: Call, name: str) -> list[Row]:
    return call.side.tenant.logs.shown(name, call.side.clock.elapsed())


def _one(call: Call, rows: list[Row]) -> Row:
    found = next((row for row in rows if row["id"] == call.params["id"]), None)
    if found is None:
        raise GraphError(404, "UnknownError", f"No record was found for id {call.params['id']}.")
    return found


# --- filters ------------------------------------------------------------------------------------------------------


def _filter(call: Call) -> grammar.Node | None:
    text = call.query.get("$filter") or call.query.get("filter")
    return grammar.parse(text) if text else None


def _clauses(node: grammar.Node) -> list[tuple[str, str]]:
    """(path, operator) of each comparison; a lambda's variable stands for what it walks over."""
    bound = {part[2]: part[1] for part in grammar.walk(node) if part[0] in ("any", "all")}
    found = []
    for part in grammar.walk(node):
        if part[0] == "compare":
            operands, word = part[2:], part[1]
        elif part[0] == "call" and part[1] in grammar.BOOLEAN_CALLS:
            operands, word = part[2], part[1]
        elif part[0] == "in":
            operands, word = part[1:2], "in"
        else:
            continue
        for operand in operands:
            if operand[0] in ("path", "count"):
                head, _slash, tail = operand[1].partition("/")
                path = f"{bound[head]}/{tail}".rstrip("/") if head in bound else operand[1]
                found.append((path, word))
    return found


def _check(node: grammar.Node | None, known: t.Mapping[str, tuple[str, ...]]) -> None:
    """400 for a property or an operator that the log does not filter by."""
    for path, word in _clauses(node) if node else []:
        if path not in known or word not in ("eq", *known[path]):
            raise GraphError(
                400, "BadRequest", f"Invalid filter clause: The operator '{word}' is not supported for '{path}'."
            )
    if node and any(part[0] == "not" for part in grammar.walk(node)):
        raise GraphError(400, "BadRequest", "Invalid filter clause: The operator 'not' is not supported.")


def _bad(name: str, kind: str) -> GraphError:
    return GraphError(
        400,
        "BadRequest",
        f"Invalid filter clause: Could not find a property named '{name}' on type 'microsoft.graph.{kind}'.",
    )


def _odd(call: Call, rows: list[Row]) -> Answer:
    """What v1.0 makes of a filter that beta knows."""
    mode = call.side.tenant.logs.odd_filters
    if mode == "refused":
        raise _bad("signInEventTypes", "signIn")
    found = [] if mode == "empty" else [row for row in rows if row["isInteractive"]]
    shown = {name: value for name, value in call.query.items() if name.lstrip("$") != "filter"}
    before, call.query = call.query, shown
    try:
        return collection(call, SIGN_IN, found)
    finally:
        call.query = before


def _need_window(call: Call, node: grammar.Node | None, name: str) -> None:
    """A list over all the time that is kept takes longer than the gateway waits."""
    begins = node is not None and {(name, "ge"), (name, "gt"), (name, "eq")} & set(_clauses(node))
    if not begins and "$skiptoken" not in call.query and call.side.tenant.logs.without_window == "slow":
        raise GraphError(504, "UnknownError", "", seconds=GATEWAY_SECONDS)
