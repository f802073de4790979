# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preflight check of client certificates: whether the controller answers where Windows asks for one.

Under TLS 1.3 Windows asks for the client's certificate after the handshake. A client that has not said before that it
answers such a request is cut off. Windows offers TLS 1.3 from Windows 11 and Server 2022 on, unless it is switched off
for the listener or for the whole device.

Sources: "Windows Remote Management" in Ansible's documentation (urllib3 2.0.7); ansible issues 77768, 79432 and 81197;
pywinrm issue 376 and urllib3 issue 3325 (2.1.0 answers only where it checks the server's certificate); http.h of the
Windows SDK (flags of a binding).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re

from ...findings import Finding
from .. import operations as op
from .check import Look, Rule
from .winrm import WINRM_DOC, listeners

WSMAN = r"SOFTWARE\Microsoft\Windows\CurrentVersion\WSMAN"
BINDINGS = r"SYSTEM\CurrentControlSet\Services\HTTP\Parameters\SslBindingInfo"
TLS13 = r"SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.3\Server"
OBSERVATIONS = {
    "certificate_mappings": op.registry_read(rf"{WSMAN}\CertMapping", depth=1),
    "ssl_bindings": op.registry_read(BINDINGS, depth=1),
    "tls13": op.registry_read(TLS13),
}
# The first builds that offer TLS 1.3: Windows 11 and Server 2022.
CLIENT_BUILD, SERVER_BUILD = 22000, 20348
NEGOTIATE_CLIENT_CERT, DISABLE_TLS13 = 0x02, 0x40
FIRST_GOOD, BAD = (2, 0, 7), (2, 1, 0)


def winrm_client_certificate(look: Look) -> Finding:
    """Whether this controller could use the client certificates that the device maps to accounts."""
    rule = Rule(
        "winrm_client_certificate", "a controller that can answer when Windows asks for its certificate", WINRM_DOC
    )
    names = (*OBSERVATIONS, "listeners")
    if any(look.read(name) is None for name in names):
        return rule.unknown(look.why_not(*names))
    accounts = [
        user
        for _name, key in look.answer["certificate_mappings"].key().children()
        if (user := key.values.text("UserName"))
    ]
    if not accounts:
        return rule.passed("no client certificate is mapped to an account")
    mapped = f"client certificates are mapped to {', '.join(sorted(set(accounts)))}"
    version = look.plan.urllib3
    if version is None:
        return rule.passed(f"{mapped}; the controller connects in another way")
    observed = f"{mapped}; urllib3 {version} on the controller"
    offered = _offers_tls13(look)
    if offered is None:
        return rule.unknown("the build of Windows could not be read")
    if not offered or _answers(version):
        return rule.passed(observed)
    return rule.warned(
        observed,
        f"with TLS 1.3 Windows asks for the client certificate after the handshake, and urllib3 {version} on the "
        "controller does not answer"
        + (" if it does not check the server's certificate" if _numbers(version) == BAD else "")
        + ": with ansible_winrm_transport certificate the connection is reset",
        "update urllib3 on the controller (2.2.0 or newer); or switch TLS 1.3 off for the listener (netsh http update "
        "sslcert ... disabletls13=enable)",
    )


def _offers_tls13(look: Look) -> bool | None:
    """Whether the HTTPS listener offers TLS 1.3, and asks for certificates after the handshake then."""
    os = look.facts["os"]
    build = re.match(r"\d+", os["build"] or "")
    if build is None or os["server"] is None:
        return None
    if int(build[0]) < (SERVER_BUILD if os["server"] else CLIENT_BUILD):
        return False
    if look.answer["tls13"].key().number("Enabled") == 0:
        return False
    ports = {str(port) for kind, port, _values in listeners(look.answer["listeners"]) if kind == "HTTPS"}
    flags = [
        key.number("DefaultFlags") or 0
        for name, key in look.answer["ssl_bindings"].key().children()
        if name.rpartition(":")[2] in ports
    ]
    # A binding that asks in the handshake, or has no TLS 1.3, needs nothing of the client.
    return bool(ports) and not (flags and all(flag & (DISABLE_TLS13 | NEGOTIATE_CLIENT_CERT) for flag in flags))


def _answers(version: str) -> bool:
    return _numbers(version) >= FIRST_GOOD and _numbers(version) != BAD


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


CLIENT_CERTIFICATE_CHECKS = {"winrm_client_certificate": winrm_client_certificate}
