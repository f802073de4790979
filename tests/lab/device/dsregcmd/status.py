# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``dsregcmd /status``: the text, by build, join state and calling account.

Layout and keys follow published outputs (see docs/lab.md). Over a network logon the user sections say nothing about the
device: WamDefaultSet and NgcPreReq are errors, the checks UNKNOWN, and SessionIsNotRemote still YES.
"""

from __future__ import annotations

import uuid

from .. import joinstate
from ..accounts import Caller
from ..network import LOGIN
from ..registry import parts
from .layout import FOOTER, Layout
from .tenant_rows import tenant_rows

KEY_PROVIDERS = {True: "Microsoft Platform Crypto Provider", False: "Microsoft Software Key Storage Provider"}


def render(device, caller: Caller) -> str:
    """The whole text, CRLF line ends."""
    layout = Layout(device.image.build)
    join = joinstate.read(device)
    sections = _modern(device, caller, layout, join) if layout.split else _old(device, caller, layout, join)
    text = "\n" + "\n".join(sections)
    if layout.footer:
        text += "\n" + FOOTER
    return text.replace("\n", "\r\n") + "\r\n"


# --- since 1809 ---------------------------------------------------------------------------------------------------


def _modern(device, caller: Caller, layout: Layout, join: joinstate.Join | None) -> list[str]:
    sections = [layout.section("Device State", _device_state(device, layout, join))]
    if join:
        sections.append(layout.section("Device Details", _device_details(device, layout, join)))
        sections.append(layout.section("Tenant Details", tenant_rows(layout, join)))
    sections.append(layout.section("User State", _user_state(layout, caller)))
    sections.append(layout.section("SSO State", _sso_state(join)))
    diagnostics = _diagnostics(device, caller, layout, join)
    if diagnostics:
        sections.append(layout.section("Diagnostic Data", diagnostics))
    if layout.proxies:
        sections.append(
            layout.section(
                "IE Proxy Config for Current User",
                [
                    ("Auto Detect Settings", "YES"),
                    ("Auto-Configuration URL", ""),
                    ("Proxy Server List", ""),
                    ("Proxy Bypass List", ""),
                ],
            )
        )
        sections.append(layout.section("WinHttp Default Proxy Config", _winhttp(device)))
    sections.append(layout.section("Ngc Prerequisite Check", _ngc(layout, caller, join)))
    return sections


def _winhttp(device) -> list:
    """How a proxy is printed is a guess after the section above it."""
    proxy = device.network.proxy
    if proxy is None:
        return [("Access Type", "DIRECT")]
    return [
        ("Access Type", "NAMED_PROXY"),
        ("Proxy Server List", proxy.server),
        ("Proxy Bypass List", ";".join(proxy.bypass)),
    ]


def _device_state(device, layout: Layout, join: joinstate.Join | None) -> list:
    rows = [("AzureAdJoined", _yes(join)), ("EnterpriseJoined", "NO"), ("DomainJoined", _yes(device.domain))]
    if device.domain:
        rows.append(("DomainName", device.domain.split(".")[0].upper()))
    if layout.virtual_desktop:
        rows.append(("Virtual Desktop", "NOT SET"))
    if layout.device_name:
        rows.append(("Device Name", f"{device.hostname}.{device.domain}" if device.domain else device.hostname))
    return rows


def _device_details(device, layout: Layout, join: joinstate.Join) -> list:
    valid = f"[ {_stamp(join.certificate.not_before)} -- {_stamp(join.certificate.not_after)} ]"
    rows = [
        ("DeviceId", join.device_id),
        ("Thumbprint", join.certificate.thumbprint),
        ("DeviceCertificateValidity", valid),
        ("KeyContainerId", key_container(join)),
        ("KeyProvider", KEY_PROVIDERS[join.tpm]),
        ("TpmProtected", _yes(join.tpm)),
    ]
    if layout.device_auth_status:
        rows.append(("DeviceAuthStatus", auth_status(device, join)))
    return rows


def auth_status(device, join: joinstate.Join) -> str:
    """What the service says of the device object, or that it could not be asked."""
    if device.network.problem(LOGIN) or device.network.token_problem(LOGIN):
        return "FAILED. Error: 0xd000023c"
    return device.directory.device_auth_status(join.tenant_id, join.device_id)


def key_container(join: joinstate.Join) -> str:
    return str(uuid.uuid5(uuid.UUID(join.device_id), "key container"))


def _user_state(layout: Layout, caller: Caller) -> list:
    error = "ERROR (0x80070520)" if layout.error_in_brackets else "ERROR"
    return [("NgcSet", "NO"), ("WorkplaceJoined", "NO"), ("WamDefaultSet", error if not _at_console(caller) else "NO")]


def _sso_state(join: joinstate.Join | None) -> list:
    authority = "" if join else "NO"
    return [
        ("AzureAdPrt", "NO"),
        ("AzureAdPrtAuthority", authority),
        ("EnterprisePrt", "NO"),
        ("EnterprisePrtAuthority", authority),
    ]


def _diagnostics(device, caller: Caller, layout: Layout, join: joinstate.Join | None) -> list:
    account = _executing_account(device, caller)
    if join:
        rows: list = [("AadRecoveryEnabled", "NO"), ("Executing Account Name", account)]
        rows.append(("KeySignTest", "PASSED" if caller.elevated else "MUST Run elevated to test."))
        if layout.updates:
            rows += [
                None,
                ("DisplayNameUpdated", "YES"),
                ("OsVersionUpdated", "YES"),
                ("HostNameUpdated", "YES"),
                None,
                ("Last HostName Update", "NONE"),
            ]
        return rows
    if not device.domain:
        return []
    rows = [
        ("Diagnostics Reference", "www.microsoft.com/aadjerrors"),
        ("User Context", "SYSTEM" if caller.elevated else "UN-ELEVATED User"),
        ("Client Time", _stamp(device.utc())),
    ]
    tests = {
        "AD Connectivity Test": "PASS",
        "AD Configuration Test": "FAIL [0x80070002]",
        "DRS Discovery Test": "SKIPPED",
        "DRS Connectivity Test": "SKIPPED",
        "Token acquisition Test": "SKIPPED",
        "Fallback to Sync-Join": "ENABLED",
    }
    rows += list({**tests, **device.domain_tests}.items())
    if layout.fallback_to_fed_join:
        rows.append(("Fallback to Fed-Join", "ENABLED"))
    rows += [
        None,
        ("Previous Registration", _stamp(device.booted)),
        ("Error Phase", "discover"),
        ("Client ErrorCode", "0x801c001d"),
        None,
        ("Executing Account Name", account),
    ]
    return rows


def _ngc(layout: Layout, caller: Caller, join: joinstate.Join | None) -> list:
    if _at_console(caller) or caller.system:
        checks = [
            ("IsDeviceJoined", _yes(join)),
            ("IsUserAzureAD", "NO"),
            ("PolicyEnabled", "NO"),
            ("PostLogonEnabled", "YES"),
            ("DeviceEligible", "YES"),
        ]
    else:
        error = "ERROR (0xd0020017)" if layout.error_in_brackets else "ERROR 0xd0020017"
        checks = [("NgcPreReq", error)]
        checks += [
            (key, "UNKNOWN")
            for key in ("IsDeviceJoined", "IsUserAzureAD", "PolicyEnabled", "PostLogonEnabled", "DeviceEligible")
        ]
    return checks + [("SessionIsNotRemote", "YES"), ("CertEnrollment", "none"), ("PreReqResult", "WillNotProvision")]


# --- 1709/1803 and before -----------------------------------------------------------------------------------------


def _old(device, caller: Caller, layout: Layout, join: joinstate.Join | None) -> list[str]:
    state: list = [("AzureAdJoined", _yes(join)), ("EnterpriseJoined", "NO")]
    if join:
        state += [
            ("DeviceId", join.device_id),
            ("Thumbprint", join.certificate.thumbprint),
            ("KeyContainerId", key_container(join)),
            ("KeyProvider", KEY_PROVIDERS[join.tpm]),
            ("TpmProtected", _yes(join.tpm)),
            ("KeySignTest:", "PASSED" if caller.elevated else "MUST Run elevated to test."),
        ]
        state += tenant_rows(layout, join)
    state.append(("DomainJoined", _yes(device.domain)))
    if device.domain:
        state.append(("DomainName", device.domain.split(".")[0].upper()))
    user: list = [("NgcSet", "NO"), ("WorkplaceJoined", "NO"), ("WamDefaultSet", "ERROR"), ("AzureAdPrt", "NO")]
    ngc: list = [("IsUserAzureAD", "NO"), ("PolicyEnabled", "NO")]
    if layout.oldest:
        ngc += [("DeviceEligible", "YES"), ("SessionIsNotRemote", "YES"), ("X509CertRequired", "NO")]
    else:
        user += [("AzureAdPrtAuthority", "NO"), ("EnterprisePrt", "NO"), ("EnterprisePrtAuthority", "NO")]
        ngc += [
            ("PostLogonEnabled", "YES"),
            ("DeviceEligible", "YES"),
            ("SessionIsNotRemote", "YES"),
            ("CertEnrollment", "none"),
            ("AadRecoveryNeeded", "NO"),
        ]
    return [
        layout.section("Device State", state),
        layout.section("User State", user),
        layout.section("Ngc Prerequisite Check", ngc + [("PreReqResult", "WillNotProvision")]),
    ]


# --- small ones ---------------------------------------------------------------------------------------------------


def _yes(value) -> str:
    return "YES" if value else "NO"


def _stamp(moment) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.000 UTC")


def _at_console(caller: Caller) -> bool:
    return not caller.network_logon and not caller.system


def _executing_account(device, caller: Caller) -> str:
    if caller.system:
        return f"{(device.domain or 'WORKGROUP').split('.')[0].upper()}\\{device.hostname.upper()}$"
    return f"{device.hostname.upper()}\\{parts(caller.account)[-1]}"
