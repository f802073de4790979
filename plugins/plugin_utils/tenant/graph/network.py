# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why nothing answered: exceptions of the HTTP libraries as a Failure.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re

from ...result import Failure
from .libraries import azure_errors, httpx

_TLS = re.compile(r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|SSL:|SSLError", re.I)
_PROXY = re.compile(r"proxy", re.I)
_TIMEOUT = re.compile(r"timed? ?out", re.I)
_NAME = re.compile(r"name resolution|name or service not known|getaddrinfo|nodename nor servname|NameResolution", re.I)


def network_failure(exc: BaseException, what: str, kind: type[Failure] = Failure) -> Failure | None:
    """The Failure, of this kind, of an exception that means "no answer"; None for any other exception."""
    if not isinstance(
        exc, (httpx.RequestError, azure_errors.ServiceRequestError, azure_errors.ServiceResponseError)
    ) and not _of_requests(exc):
        return None
    name, cause, fix = _explain(exc)
    return kind(
        f"could not {what}: {cause}; {fix}",
        side="network",
        name=name,
        cause=cause,
        fix=fix,
        evidence=[type(exc).__name__],
    )


def _of_requests(exc: BaseException) -> bool:
    return type(exc).__module__.startswith(("requests.", "urllib3."))


def _explain(exc: BaseException) -> tuple[str, str, str]:
    text = str(exc)
    if isinstance(exc, httpx.ProxyError) or _PROXY.search(text):
        return (
            "proxy_failed",
            "the proxy does not let the request through",
            "check HTTPS_PROXY and NO_PROXY on the controller, and what the proxy allows",
        )
    if _TLS.search(text):
        return (
            "tls_untrusted",
            "the server's certificate is not trusted",
            "name the CA with ca_file (a proxy that opens TLS has its own), and check the controller's clock",
        )
    if isinstance(exc, httpx.TimeoutException) or _TIMEOUT.search(text):
        return ("network_timeout", "no answer came in time", "check the way from the controller to the service")
    if _NAME.search(text):
        return (
            "name_unresolved",
            "the service's name cannot be resolved",
            "check DNS on the controller, cloud, authority and graph_url",
        )
    if isinstance(exc, (httpx.RemoteProtocolError, httpx.ReadError, httpx.DecodingError)):
        return ("connection_broken", "the connection broke before the answer was complete", "run the task again")
    return (
        "network_unreachable",
        "the service cannot be reached",
        "check the way from the controller to it: firewall, proxy, cloud, authority and graph_url",
    )
