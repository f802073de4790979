# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight checks of Microsoft's endpoints: what is asked, by whom, and what the answers mean.

The requests are made as SYSTEM, since firewalls and proxies treat SYSTEM and users differently.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import functools

from ...findings import Finding
from .. import answers
from .. import operations as op
from ..answers import Result
from ..codes.hresult import error_code
from ..reading import Refused
from . import targets
from .check import Look, PreflightPlan, Rule

# For the SYSTEM task to start and to end, beside the requests themselves, which run at the same time.
PROBE_SPARE_SECONDS = 20

# WinHTTP, Winsock, Schannel and certificate errors (winhttp.h, winerror.h).
NAME_CODES = frozenset({0x80072EE7, 0x80072AF9, 0x80072AFA, 0x80072AFC})
TLS_CODES = frozenset(
    {
        0x80072F05,
        0x80072F06,
        0x80072F0D,
        0x80072F17,
        0x80072F19,
        0x80072F78,
        0x80072F7D,
        0x80072F8A,
        0x80072F8F,
        0x80072F94,
        0x80090308,
        0x80090325,
        0x80090326,
        0x80090328,
        0x80090331,
        0x800B0101,
        0x800B0109,
        0x800B010A,
        0x800B010F,
    }
)
PROXY_REFUSES, GATEWAY = (407,), (502, 504)
HTTP_FORBIDDEN, NOT_THE_SERVICE = (403,), (451, 511)


@dataclasses.dataclass(frozen=True)
class Reply:
    """What came of one request: an HTTP status, or ``problem``: names, tls, timeout, connection, proxy."""

    status: int | None
    kind: str
    code: str | None
    message: str
    body: str

    @property
    def problem(self) -> str | None:
        if self.status is not None:
            return None
        if self.kind in PROBLEMS:
            return PROBLEMS[self.kind]
        value = int(self.code, 16) if self.code else 0
        if value in NAME_CODES:
            return "names"
        if value in TLS_CODES:
            return "tls"
        return "timeout" if value == 0x80072EE2 else "connection"


# The types of error that the vocabulary has for a request without an answer; the code tells where it is another.
PROBLEMS = {
    "dns": "names",
    "tls": "tls",
    "certificate": "tls",
    "timeout": "timeout",
    "connect": "connection",
    "proxy": "proxy",
}


def observations(plan: PreflightPlan) -> dict[str, dict]:
    """The requests, as SYSTEM, or in check mode, which starts no task, as the caller; nothing where all are skipped."""
    asked = [target.request for target in targets.targets(plan)]
    if not asked:
        return {}
    requests = op.endpoints(asked, plan.timeout)
    probe = requests if plan.check_mode else op.system_probe([requests], plan.timeout + PROBE_SPARE_SECONDS)
    return {"probe": probe}


def ask_azure_identity() -> dict:
    """The operation that asks for the tenant of an Azure VM's managed identity alone, as the calling account."""
    return op.endpoints([targets.AZURE_IDENTITY.request], targets.AZURE_IDENTITY_SECONDS)


def replies(look: Look) -> dict[str, Reply] | str:
    """The outcome of each request by the check's id, or the sentence why there is none."""
    result = look.answer.results.get("probe")
    if result is None:
        return "the endpoints were skipped"
    if result.ok and not look.plan.check_mode:
        inner = answers.within(result, [op.endpoints([], look.plan.timeout)])
        if not inner:
            return f"the requests made as SYSTEM did not end within {look.plan.timeout + PROBE_SPARE_SECONDS} s"
        result = inner[0]
    try:
        return replies_of(result)
    except Refused as exc:
        return f"the device could not make the requests as {as_whom(look)}: {exc.error['message']}"


def were_asked(look: Look) -> bool:
    """Whether the endpoints were asked at all, so that silence about them means that nobody knows."""
    return "probe" in look.answer.results


def replies_of(result: Result) -> dict[str, Reply]:
    """The replies in what the operation endpoints returned, by the targets' ids. Raises Refused."""
    return {item["name"]: _reply(item) for item in result["results"]}


def _reply(item: dict) -> Reply:
    error = item["error"]
    return Reply(
        item["status"],
        error["type"] or "",
        error_code(error),
        error["message"] or "",
        item["body_start"] or "",
    )


def as_whom(look: Look) -> str:
    return "the connecting account" if look.plan.check_mode else "SYSTEM"


# --- endpoints --------------------------------------------------------------------------------------------------------


def endpoint(target: targets.EndpointTarget, look: Look) -> Finding:
    """Whether one endpoint answers, and as itself."""
    rule = Rule(target.id, f"{target.host} answers {as_whom(look)}", target.doc)
    found = replies(look)
    if isinstance(found, str) or target.id not in found:
        return rule.unknown(found if isinstance(found, str) else "the device did not say how the request ended")
    reply = found[target.id]
    whom = f"as {as_whom(look)}"
    bad = rule.failed if target.needed else rule.warned
    if reply.problem:
        observed = f"{reply.code or 'no answer'} {whom}"
        cause = f"{target.host} ({target.purpose}) cannot be reached {whom}: {_cause(reply)}"
        fix = FIXES[reply.problem].format(host=target.host)
        return bad(observed, cause, f"{fix}; {target.advice}" if target.advice else fix)
    observed = f"HTTP {reply.status} {whom}"
    if reply.status in PROXY_REFUSES:
        return bad(
            observed,
            f"the proxy on the way to {target.host} asks for a password, which SYSTEM does not have",
            f"let devices through to {target.host} without authentication",
        )
    if reply.status in HTTP_FORBIDDEN and not target.known:
        return rule.warned(
            observed,
            f"{target.host} is reached, or a filter on the way: one of them refuses the address ({reply.status})",
            f"open the address on the server, or exempt {target.host} in proxy and firewall, whichever refuses it",
        )
    if reply.status in (*HTTP_FORBIDDEN, *NOT_THE_SERVICE) or (
        target.headers and reply.status == 200 and not reply.body.lstrip("\ufeff ").startswith("{")
    ):
        return bad(
            observed,
            f"something else answers instead of {target.host}: a filter or a captive portal",
            f"exempt {target.host} in proxy and firewall",
        )
    if reply.status in GATEWAY:
        return bad(
            observed,
            f"the proxy answers, but cannot reach {target.host}",
            f"let the proxy through to {target.host}",
        )
    if reply.status is not None and reply.status >= 500:
        return rule.warned(observed, f"{target.host} is reached, but reports an error", "try again later")
    if target.headers and reply.status != 200:
        return rule.warned(
            observed,
            f"{target.host} is reached, but does not know the tenant {look.plan.tenant_id}",
            "check tenant_id and cloud",
        )
    return rule.passed(observed)


def _cause(reply: Reply) -> str:
    if not reply.code:
        return reply.message or "There was no answer."
    # Imported where there is something to explain: most endpoints of most devices answer.
    from ..codes.explain import explain

    return explain(reply.code)["cause"]


FIXES = {
    "names": "make the name {host} resolvable for the device: its DNS servers, the proxy's name resolution",
    "tls": "correct the clock, trust the proxy's root certificate for the machine, or exempt {host} from TLS "
    "inspection",
    "timeout": "open HTTPS to {host} in firewall and proxy, for the machine and not only for users",
    "connection": "open HTTPS to {host} in firewall and proxy, for the machine and not only for users",
    "proxy": "correct the machine's proxy (netsh winhttp show proxy), or its rules for {host}",
}


def endpoint_checks(plan: PreflightPlan) -> dict:
    """The checks of the plan's endpoints by id."""
    asked = targets.services(plan) + targets.sign_in_page(plan)
    return {target.id: functools.partial(endpoint, target) for target in asked}


def of_the_join(look: Look) -> dict[str, Reply]:
    """The outcome of the requests on which the join stands, by host; none where there is none."""
    found = replies(look)
    if isinstance(found, str):
        return {}
    hosts = {target.id: target.host for target in targets.services(look.plan)}
    return {hosts[name]: reply for name, reply in found.items() if name in hosts}


def troubled(look: Look, *problems: str) -> list[str]:
    """The hosts of of_the_join() whose request ended so."""
    return [host for host, reply in of_the_join(look).items() if reply.problem in problems]
