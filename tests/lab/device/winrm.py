# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lets WinRM in: listeners, their certificate, firewall rules and the network's category.

Key and value names as Windows exports them (``WSMAN\\Listener``, ``FirewallPolicy\\FirewallRules``); the grammar of a
rule is Microsoft's MS-FASP.
"""

from __future__ import annotations

import datetime

from .certificates import Certificate

LISTENERS = r"SOFTWARE\Microsoft\Windows\CurrentVersion\WSMAN\Listener"
MAPPINGS = r"SOFTWARE\Microsoft\Windows\CurrentVersion\WSMAN\CertMapping"
#: HTTP.sys: what it does with TLS on an address; 0x40 in DefaultFlags is "no TLS 1.3" (http.h of the Windows SDK).
BINDINGS = r"SYSTEM\CurrentControlSet\Services\HTTP\Parameters\SslBindingInfo"
DISABLE_TLS13 = 0x40
SERVICE = r"SOFTWARE\Microsoft\Windows\CurrentVersion\WSMAN\Service"
FIREWALL = r"SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
POLICY = r"SOFTWARE\Policies\Microsoft\WindowsFirewall"
#: Network category of MSFT_NetConnectionProfile -> (name in a rule, key of the profile below FIREWALL and POLICY).
PROFILES = {0: ("Public", "PublicProfile"), 1: ("Private", "StandardProfile"), 2: ("Domain", "DomainProfile")}
CATEGORIES = {"public": 0, "private": 1, "domain": 2}
_NAME = "Name=@FirewallAPI.dll,-30253|Desc=@FirewallAPI.dll,-30256|EmbedCtxt=@FirewallAPI.dll,-30267|"
RULES = {
    "WINRM-HTTP-In-TCP": "Profile=Domain|Profile=Private|LPort=5985|App=System|" + _NAME,
    "WINRM-HTTP-In-TCP-PUBLIC": "Profile=Public|LPort=5985|App=System|" + _NAME,
    "{5E2F3B0C-8D4E-4C53-9E0F-6B4C1E0B5986}": "LPort=5986|Name=Windows Remote Management (HTTPS-In)|",
}
#: What a scenario's ``rules`` mean: which of the rules above are active.
ACTIVE = {"all": set(RULES), "subnet": set(RULES), "domain": {"WINRM-HTTP-In-TCP"}, "none": set()}
#: What a rule for the local subnet has before its port: what Enable-PSRemoting makes for public networks.
SUBNET = "RA4=LocalSubnet|RA6=LocalSubnet|"


def rule(name: str, active: bool, scope: str = "all") -> str:
    """The text of one inbound rule; scope ``domain`` or ``subnet`` narrows it."""
    rest = RULES[name].replace("Profile=Private|", "") if scope == "domain" else RULES[name]
    if scope == "subnet":
        rest = rest.replace("LPort=", f"{SUBNET}LPort=")
    return f"v2.31|Action=Allow|Active={'TRUE' if active else 'FALSE'}|Dir=In|Protocol=6|{rest}"


def image_values() -> dict[str, dict]:
    """The keys that every device has: remoting enabled, both ports let in everywhere."""
    return {
        rf"{LISTENERS}\*+HTTP": {"Port": 5985, "uriprefix": "wsman"},
        SERVICE: {"allow_remote_requests": 1},
        MAPPINGS: {},
        rf"{FIREWALL}\FirewallRules": {name: rule(name, True) for name in RULES},
        **{rf"{FIREWALL}\{key}": {"EnableFirewall": 1} for _name, key in PROFILES.values()},
    }


def listen(device, certificate: str = "valid", tls13: bool = True) -> None:
    """The HTTPS listener. certificate: valid, expired, missing (of the store), or enterprise (issued by an AD CA)."""
    for address in ("0.0.0.0:5986", "[::]:5986"):
        device.registry.set(rf"{BINDINGS}\{address}", {"DefaultFlags": 0 if tls13 else DISABLE_TLS13})
    today = device.utc().replace(hour=0, minute=0, second=0, microsecond=0) - device.skew
    issuer = (
        "CN=Corp Issuing CA 1, DC=corp, DC=contoso, DC=example"
        if certificate == "enterprise"
        else f"CN={device.hostname}"
    )
    end = today + datetime.timedelta(days=-2 if certificate == "expired" else 800)
    made = Certificate(f"CN={device.hostname}", issuer, today - datetime.timedelta(days=300), end)
    if certificate != "missing":
        device.certificates.append(made)
    device.registry.set(
        rf"{LISTENERS}\*+HTTPS",
        {"Port": 5986, "uriprefix": "wsman", "hostname": device.hostname, "certThumbprint": made.thumbprint},
    )


def map_certificate(device, account: str) -> None:
    """What New-Item WSMan:\\localhost\\ClientCertificate leaves: a key named after issuer, URI and subject."""
    issuer, subject = "AB" * 20, f"{account}@localhost"
    device.registry.set(
        rf"{MAPPINGS}\{issuer}+*+{subject}",
        {"Enabled": 1, "Subject": subject, "URI": "*", "Issuer": issuer, "UserName": account},
    )


def restrict(device, rules: str, firewall_off: list[str]) -> None:
    """Deactivate rules; ``firewall_off`` names profiles (public, private, domain) whose firewall is off."""
    values = {name: rule(name, name in ACTIVE[rules], rules) for name in RULES}
    device.registry.set(rf"{FIREWALL}\FirewallRules", values)
    for name in firewall_off:
        device.registry.set(rf"{FIREWALL}\{PROFILES[CATEGORIES[name]][1]}", {"EnableFirewall": 0})


def reachable(device) -> bool:
    """Whether the firewall lets a WinRM client of another subnet in, on the network the device is in."""
    name, key = PROFILES[device.network.category]
    local = device.registry.get(rf"{FIREWALL}\{key}", "EnableFirewall", 1)
    if device.registry.get(rf"{POLICY}\{key}", "EnableFirewall", local) == 0:
        return True
    rules = device.registry.find(rf"{FIREWALL}\FirewallRules")
    return any(_lets_in(str(value), name) for _name, value in (rules.values.values() if rules else ()))


def _lets_in(text: str, profile: str) -> bool:
    fields = [field.partition("=")[::2] for field in text.split("|")]
    given = dict(fields)
    profiles = [value for key, value in fields if key == "Profile"]
    return (
        given.get("Active") == "TRUE"
        and given.get("Dir") == "In"
        and given.get("Action") == "Allow"
        and given.get("LPort") in ("5985", "5986")
        and "RA4" not in given
        and (not profiles or profile in profiles)
    )
