# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight checks of Microsoft's endpoints: what is asked, by whom, and what the answers mean.

The method is that of Microsoft's DSRegTool: the requests of a registration, made as SYSTEM, since firewalls and proxies
treat SYSTEM and users differently. Hosts by cloud: "Plan your Microsoft Entra join", "Network endpoints for Microsoft
Intune", and for China "Intune operated by 21Vianet".

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
from .check import Look, PreflightPlan, Rule

JOIN_DOC = "https://learn.microsoft.com/entra/identity/devices/device-join-plan"
REGISTRATION_DOC = "https://learn.microsoft.com/entra/identity/devices/troubleshoot-hybrid-join-windows-current"
VM_DOC = "https://learn.microsoft.com/entra/identity/devices/howto-vm-sign-in-azure-ad-windows"
INTUNE_ENDPOINTS_DOC = "https://learn.microsoft.com/mem/intune/fundamentals/intune-endpoints"

PREFIX = "endpoint_"
ENDPOINT_CHECKS = ("endpoint_login", "endpoint_device_login", "endpoint_registration", "endpoint_mdm")
HOSTS = {
    "public": (
        "login.microsoftonline.com",
        "device.login.microsoftonline.com",
        "enterpriseregistration.windows.net",
        "enrollment.manage.microsoft.com",
    ),
    "us_government": (
        "login.microsoftonline.us",
        "device.login.microsoftonline.us",
        "enterpriseregistration.microsoftonline.us",
        "enrollment.manage.microsoft.us",
    ),
    "china": (
        "login.partner.microsoftonline.cn",
        "device.login.partner.microsoftonline.cn",
        "enterpriseregistration.partner.microsoftonline.cn",
        "enrollment.manage.microsoftonline.cn",
    ),
}
HOSTS["us_government_dod"] = HOSTS["us_government"]
SIGN_IN_PATH, MDM_PATH = "/common/oauth2", "/enrollmentserver/discovery.svc"
DISCOVER = "/{tenant}/discover?api-version=1.7"
# What dsregcmd itself sends with the discover call (DSRegTool).
DISCOVER_HEADERS = {"Accept": "application/json", "ocp-adrs-client-name": "dsreg", "ocp-adrs-client-version": "10"}
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
NOT_THE_SERVICE = (403, 451, 511)


@dataclasses.dataclass(frozen=True)
class EndpointTarget:
    """One address to ask, the check it belongs to and what stands on it."""

    id: str
    url: str
    headers: dict
    purpose: str
    doc: str
    needed: bool

    @property
    def host(self) -> str:
        return self.url.split("/")[2]

    @property
    def request(self) -> dict:
        """As the operation endpoints takes it."""
        return {"name": self.id, "url": self.url, "headers": self.headers}


# Where an Azure VM learns the tenant of its managed identity, by which it joins.
AZURE_IDENTITY = EndpointTarget(
    "azure_identity",
    "http://169.254.169.254/metadata/identity/info?api-version=2018-02-01",
    {"Metadata": "true"},
    "managed identity",
    VM_DOC,
    True,
)
# It answers inside the VM's own host: at once, or not at all.
AZURE_IDENTITY_SECONDS = 5


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


def targets(plan: PreflightPlan) -> list[EndpointTarget]:
    """The addresses to ask, those that are skipped left out."""
    azure = plan.method == "azure_vm" and not {AZURE_IDENTITY.id, "endpoints"} & plan.skip
    return services(plan) + ([AZURE_IDENTITY] if azure else [])


def services(plan: PreflightPlan) -> list[EndpointTarget]:
    """Those of them that lie in the internet."""
    login, device_login, registration, mdm = HOSTS[plan.cloud]
    discover = DISCOVER.format(tenant=plan.tenant_id) if plan.tenant_id else "/"
    headers = DISCOVER_HEADERS if plan.tenant_id else {}
    known = [
        EndpointTarget(ENDPOINT_CHECKS[0], f"https://{login}{SIGN_IN_PATH}", {}, "sign-in", JOIN_DOC, True),
        EndpointTarget(
            ENDPOINT_CHECKS[1], f"https://{device_login}{SIGN_IN_PATH}", {}, "device sign-in", JOIN_DOC, True
        ),
        EndpointTarget(
            ENDPOINT_CHECKS[2],
            f"https://{registration}{discover}",
            headers,
            "device registration",
            REGISTRATION_DOC,
            True,
        ),
        EndpointTarget(
            ENDPOINT_CHECKS[3], f"https://{mdm}{MDM_PATH}", {}, "MDM enrollment", INTUNE_ENDPOINTS_DOC, plan.expect_mdm
        ),
    ]
    extra = [
        EndpointTarget(PREFIX + name, url, {}, "what you have named", JOIN_DOC, True)
        for name, url in plan.extra_endpoints
    ]
    return [target for target in known + extra if not {target.id, "endpoints"} & plan.skip]


def observations(plan: PreflightPlan) -> dict[str, dict]:
    """The requests, as SYSTEM, or in check mode, which starts no task, as the caller; nothing where all are skipped."""
    asked = [target.request for target in targets(plan)]
    if not asked:
        return {}
    requests = op.endpoints(asked, plan.timeout)
    probe = requests if plan.check_mode else op.system_probe([requests], plan.timeout + PROBE_SPARE_SECONDS)
    return {"probe": probe}


def ask_azure_identity() -> dict:
    """The operation that asks for the tenant of an Azure VM's managed identity alone, as the calling account."""
    return op.endpoints([AZURE_IDENTITY.request], AZURE_IDENTITY_SECONDS)


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


def endpoint(target: EndpointTarget, look: Look) -> Finding:
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
        return bad(observed, cause, FIXES[reply.problem].format(host=target.host))
    observed = f"HTTP {reply.status} {whom}"
    if reply.status in PROXY_REFUSES:
        return bad(
            observed,
            f"the proxy on the way to {target.host} wants a password, which SYSTEM does not have",
            f"let devices through to {target.host} without authentication",
        )
    if reply.status in NOT_THE_SERVICE or (
        target.headers and reply.status == 200 and not reply.body.lstrip("\ufeff ").startswith("{")
    ):
        return bad(
            observed,
            f"something answers in the place of {target.host}: a filter or a captive portal",
            f"exempt {target.host} in proxy and firewall",
        )
    if reply.status in GATEWAY:
        return bad(
            observed,
            f"the proxy answers, and cannot reach {target.host} itself",
            f"let the proxy through to {target.host}",
        )
    if reply.status is not None and reply.status >= 500:
        return rule.warned(observed, f"{target.host} is reached, and says that it is faulty", "try again later")
    if target.headers and reply.status != 200:
        return rule.warned(
            observed,
            f"{target.host} is reached, and does not know the tenant {look.plan.tenant_id}",
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
    return {target.id: functools.partial(endpoint, target) for target in services(plan)}


def troubled(look: Look, *problems: str) -> list[str]:
    found = replies(look)
    if isinstance(found, str):
        return []
    hosts = {target.id: target.host for target in services(look.plan)}
    return [hosts[name] for name, reply in found.items() if name in hosts and reply.problem in problems]
