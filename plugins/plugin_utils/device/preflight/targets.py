# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft's endpoints by cloud: which addresses a preflight asks, and what stands on each.

The method is that of Microsoft's DSRegTool: the requests of a registration. Hosts by cloud: "Plan your Microsoft Entra
join", "Network endpoints for Microsoft Intune", and for China "Intune operated by 21Vianet".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

from .check import PreflightPlan

JOIN_DOC = "https://learn.microsoft.com/entra/identity/devices/device-join-plan"
REGISTRATION_DOC = "https://learn.microsoft.com/entra/identity/devices/troubleshoot-hybrid-join-windows-current"
VM_DOC = "https://learn.microsoft.com/entra/identity/devices/howto-vm-sign-in-azure-ad-windows"
M365_DOC = "https://learn.microsoft.com/microsoft-365/enterprise/urls-and-ip-address-ranges"
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
# Where the page on which people sign in has its scripts and pictures, at either of two names: without them it stays
# blank. Of the rows *.msauth.net and *.msftauth.net (China: .cn) of Microsoft's lists "URLs and IP address ranges".
SIGN_IN_CHECKS = ("endpoint_msauth", "endpoint_msftauth")
SIGN_IN_HOSTS = dict.fromkeys(HOSTS, ("aadcdn.msauth.net", "aadcdn.msftauth.net"))
SIGN_IN_HOSTS["china"] = ("aadcdn.msauth.cn", "aadcdn.msftauth.cn")
# The picture in the page's tab.
SIGN_IN_CONTENT = "/shared/1.0/content/images/favicon_a_eupayfgghqiai7k9sol6lg2.ico"
# Microsoft, "Modernizing Microsoft Entra ID auth flows with WebView2 in Windows 11": from these builds on by choice,
# later by default; rules of proxies and firewalls may have to follow.
WEBVIEW2_ADVICE = (
    "for the people who sign in, and for msedgewebview2.exe as well: from build 26100.7462 on, Windows may show "
    "the page with WebView2, a browser with its own network settings"
)
SIGN_IN_PATH, MDM_PATH = "/common/oauth2", "/enrollmentserver/discovery.svc"
DISCOVER = "/{tenant}/discover?api-version=1.7"
# What dsregcmd itself sends with the discover call (DSRegTool).
DISCOVER_HEADERS = {"Accept": "application/json", "ocp-adrs-client-name": "dsreg", "ocp-adrs-client-version": "10"}


@dataclasses.dataclass(frozen=True)
class EndpointTarget:
    """One address to ask, the check it belongs to, what stands on it, and what else to do where it does not answer.

    ``known`` says that nobody refuses the request there but a filter: of other addresses it is not known.
    """

    id: str
    url: str
    headers: dict
    purpose: str
    doc: str
    needed: bool
    advice: str | None = None
    known: bool = True

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


def targets(plan: PreflightPlan) -> list[EndpointTarget]:
    """The addresses to ask, those that are skipped left out."""
    azure = plan.method == "azure_vm" and not {AZURE_IDENTITY.id, "endpoints"} & plan.skip
    return services(plan) + sign_in_page(plan) + ([AZURE_IDENTITY] if azure else [])


def services(plan: PreflightPlan) -> list[EndpointTarget]:
    """Those of them that lie in the internet, and on which the join stands."""
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
        EndpointTarget(PREFIX + name, url, {}, "from extra_endpoints", JOIN_DOC, True, known=False)
        for name, url in plan.extra_endpoints
    ]
    return [target for target in known + extra if not {target.id, "endpoints"} & plan.skip]


def sign_in_page(plan: PreflightPlan) -> list[EndpointTarget]:
    """Those on which nothing stands but the page where people sign in; none where nobody is to."""
    if not plan.user_sign_in:
        return []
    found = [
        EndpointTarget(
            name,
            f"https://{host}{SIGN_IN_CONTENT}",
            {},
            "content of the sign-in page",
            M365_DOC,
            False,
            WEBVIEW2_ADVICE,
        )
        for name, host in zip(SIGN_IN_CHECKS, SIGN_IN_HOSTS[plan.cloud])
    ]
    return [target for target in found if not {target.id, "endpoints"} & plan.skip]
