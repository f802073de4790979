# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted device that passes every preflight check; a test breaks one thing of it."""

from __future__ import annotations

import base64
import datetime
import struct
import typing as t

from ansible_collections.winops.entra.plugins.plugin_utils.device.preflight import checklist, targets, winrm
from ansible_collections.winops.entra.plugins.plugin_utils.device.preflight.check import PreflightPlan
from ansible_collections.winops.entra.plugins.plugin_utils.findings import Finding

from . import scripted
from .scripted import OperationError, ScriptedDevice, key

MACHINE = "S-1-5-21-1-2-3"
LISTENER = "AB" * 20
SECURITY = r"SOFTWARE\Microsoft\PolicyManager\current\device\Security"
UAC = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System"
TLS = r"SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client"
RULE = "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|{profiles}LPort={port}|App=System|Name=WinRM|"


def administrator(rid: int = 1001, **changes: t.Any) -> dict:
    """A member of Administrators."""
    return {
        "sid": f"{MACHINE}-{rid}",
        "name": f"PC-1\\user{rid}",
        "kind": "local",
        "enabled": True,
        "locked": False,
        "password_expired": False,
    } | changes


def winhttp(proxy: str = "", bypass: str = "") -> dict:
    """WinHttpSettings as netsh writes them, in the wire's form of REG_BINARY."""
    data = (
        struct.pack("<IIII", 0x28, 0, 3 if proxy else 1, len(proxy)) + proxy.encode() + struct.pack("<I", len(bypass))
    )
    return {"base64": base64.b64encode(data + bypass.encode()).decode()}


class FitDevice(ScriptedDevice):
    """``registry``, ``cim``, ``replies`` (status, (error type, HRESULT) or ... by check id) may be changed before it
    is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.identity |= {"utc": _now(), "sid": f"{MACHINE}-1001"}
        self.registry = scripted.fresh_registry() | {
            SECURITY: key({"AllowAddProvisioningPackage": 1}),
            UAC: key({"EnableLUA": 1, "LocalAccountTokenFilterPolicy": 1}),
            winrm.LISTENERS: key(
                {}, **{"*+HTTP": key({"Port": 5985}), "*+HTTPS": key({"Port": 5986, "certThumbprint": LISTENER})}
            ),
            winrm.FIREWALL: key(
                {},
                PublicProfile=key({"EnableFirewall": 1}),
                StandardProfile=key({"EnableFirewall": 1}),
                DomainProfile=key({"EnableFirewall": 1}),
                FirewallRules=key(
                    {"http": RULE.format(profiles="", port=5985), "https": RULE.format(profiles="", port=5986)}
                ),
            ),
        }
        self.cim = {
            "Win32_Tpm": [
                {"SpecVersion": "2.0, 0, 1.59", "IsEnabled_InitialValue": True, "IsActivated_InitialValue": True}
            ],
            "Win32_LogicalDisk": [{"DeviceID": "C:", "FreeSpace": 50 * 2**30}],
            "MSFT_NetConnectionProfile": [{"InterfaceAlias": "Ethernet", "NetworkCategory": 1}],
        }
        self.members = [administrator(500, enabled=False), administrator()]
        self.machine_certificates = [
            {
                "thumbprint": LISTENER,
                "subject": "CN=PC-1",
                "issuer": "CN=PC-1",
                "not_before": scripted.UTC,
                "not_after": "2099-01-01T00:00:00.000Z",
                "has_private_key": True,
            }
        ]
        self.replies: dict[str, t.Any] = {}
        basic = self.handlers["cim_query"]
        self.handlers |= {
            "registry_read": lambda p: {"exists": p["path"] in self.registry, "key": self.registry.get(p["path"])},
            "cim_query": lambda p: {"instances": self.cim[p["class"]]} if p["class"] in self.cim else basic(p),
            "local_administrators": lambda _p: {"machine_sid": MACHINE, "members": self.members},
            "certificates": lambda _p: {"certificates": self.machine_certificates},
            "endpoints": self._endpoints,
            "system_probe": lambda p: {"answer": {"results": [{"ok": True, "value": self._endpoints(p["ops"][0])}]}},
        }

    def refuse(self, operation: str, matching: str = "") -> None:
        """The device refuses an operation, where its path, class or name holds a text."""
        known = self.handlers[operation]

        def answer(params: dict) -> dict:
            if matching in str(params):
                raise OperationError("System.UnauthorizedAccessException", "Access is denied", -2147024891)
            return known(params)

        self.handlers[operation] = answer

    def checks(self, **plan: t.Any) -> dict[str, Finding]:
        """Every check by its id."""
        made = PreflightPlan(**({"tenant_id": scripted.TENANT} | plan))
        _answer, found = checklist.run(self.session(made.check_mode), made)
        return {check.id: check for check in found}

    def check(self, name: str, **plan: t.Any) -> Finding:
        return self.checks(**plan)[name]

    def _endpoints(self, params: dict) -> dict:
        return {"results": [self._reply(target) for target in params["targets"]]}

    def _reply(self, target: dict) -> dict:
        reply = self.replies.get(target["name"], 200)
        body = '{"DiscoveryService": {}}' if "discover" in target["url"] else "<html>"
        if target["name"] == "azure_identity" and target["headers"] == {"Metadata": "true"}:
            body = f'{{"tenantId": "{scripted.TENANT}"}}'
        error = {"type": None, "message": None, "hresult": None}
        if isinstance(reply, tuple):
            kind, hresult = reply
            error = {"type": kind, "message": "no answer", "hresult": hresult - 2**32 if hresult else None}
            reply = body = None
        elif isinstance(reply, str):
            reply, body = 200, reply
        return {"name": target["name"], "status": reply, "seconds": 0.1, "error": error, "body_start": body}


def _now(skew: float = 0.0) -> str:
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=skew)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def skewed(device: FitDevice, seconds: float) -> None:
    """The device's clock is that far ahead."""
    device.identity["utc"] = _now(seconds)


ENDPOINTS = targets.ENDPOINT_CHECKS
