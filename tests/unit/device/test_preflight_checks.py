# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each check of a preflight: when it passes, warns, fails, and when the device does not let it be seen."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device.preflight import (
    checklist,
    client_certificate,
    winrm,
)

from . import fit, scripted
from .fit import FitDevice, administrator, skewed, winhttp
from .scripted import key

AZURE = {"method": "azure_vm"}
OLD = "1.26.18"
OTHER_TENANT = "11111111-2222-3333-4444-555555555555"
VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
CLOUD_JOIN = r"SYSTEM\CurrentControlSet\Control\CloudDomainJoin"
ENROLLMENTS = r"SOFTWARE\Microsoft\Enrollments"
OTHER_MDM = "0E7A9C3B-5D1F-4B58-9C3E-2F9B3C1E7A6D"
ENROLLMENT = "8F0F2F0E-2D39-4F55-9F3B-B2A2B4B7B8AA"
REBOOT = r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"


def version(**values):
    return lambda d: d.registry[VERSION]["values"].update(values)


def joined(tenant):
    def change(device):
        device.registry[CLOUD_JOIN] = scripted.joined_registry(tenant)[CLOUD_JOIN]
        device.machine_certificates.append(scripted.join_certificate())
        device.handlers["dsregcmd_status"] = scripted.dsregcmd(True)

    return change


def cim(**changes):
    basic = scripted.cim(**changes)
    return lambda d: d.cim.update(
        {
            name: basic({"class": name})["instances"]
            for name in ("Win32_OperatingSystem", "Win32_ComputerSystem", "Win32_SystemEnclosure")
        }
    )


def mapped():
    """A client certificate is mapped to an account."""
    values = {"Subject": "ansible@localhost", "URI": "*", "UserName": "ansible"}
    return lambda d: d.registry.update(
        {rf"{client_certificate.WSMAN}\CertMapping": key({}, **{"ABAB+*+ansible@localhost": key(values)})}
    )


def bindings(*flags):
    """HTTP.sys's bindings of the listener, and one of something else."""
    names = ("0.0.0.0:5986", "[::]:5986")
    found = {name: key({"DefaultFlags": flag}) for name, flag in zip(names, flags, strict=False)}
    return lambda d: d.registry.update(
        {client_certificate.BINDINGS: key({}, **found, **{"0.0.0.0:443": key({"DefaultFlags": 0})})}
    )


def tls13(**values):
    return lambda d: d.registry.update({client_certificate.TLS13: key(values)})


def server(build):
    return both(version(CurrentBuild=build), cim(product_type=3))


def http_only(device):
    device.registry[winrm.LISTENERS] = key({}, **{"*+HTTP": key({"Port": 5985})})


def instances(name, *found):
    return lambda d: d.cim.update({name: list(found)})


def security(**values):
    return lambda d: d.registry.update({fit.SECURITY: key(values)})


def uac(**values):
    return lambda d: d.registry.update({fit.UAC: key(values)})


def refuse(operation, matching=""):
    return lambda d: d.refuse(operation, matching)


def replies(**found):
    return lambda d: d.replies.update(found)


def enrolled(state=1, provider="MS DM Server", complete=False):
    def change(device):
        device.registry[ENROLLMENTS] = key(
            {},
            Context=key(),
            **{
                ENROLLMENT: key(
                    {
                        "ProviderID": provider,
                        "EnrollmentState": state,
                        "DMPCertThumbPrint": fit.LISTENER if complete else "00",
                    }
                )
            },
        )
        if complete:
            device.handlers["scheduled_tasks"] = lambda _p: {"exists": True, "folders": [ENROLLMENT], "tasks": []}

    return change


def other_mdm(offered=False):
    """A working enrollment of AirWatch, beside what is there; ``offered``: it is the MDM of the device's tenant."""

    def change(device):
        found = device.registry.setdefault(ENROLLMENTS, key())["keys"]
        found[OTHER_MDM] = key(
            {
                "ProviderID": "AirWatchMDM",
                "EnrollmentState": 1,
                "DMPCertThumbPrint": fit.LISTENER,
                "DiscoveryServiceFullURL": "https://mdm.example.com/discovery",
            }
        )
        device.handlers["scheduled_tasks"] = lambda _p: {"exists": True, "folders": list(found), "tasks": []}
        if offered:
            tenant = device.registry[CLOUD_JOIN]["keys"]["TenantInfo"]["keys"][scripted.TENANT]
            tenant["values"]["MdmEnrollmentUrl"] = "https://mdm.example.com/enroll"

    return change


def both(*changes):
    return lambda d: [change(d) for change in changes]


def identity(**values):
    return lambda d: d.identity.update(values)


def members(*found):
    return lambda d: setattr(d, "members", list(found))


def proxied(text):
    return lambda d: d.registry.update(
        {
            r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections": key(
                {"WinHttpSettings": winhttp(text)}
            )
        }
    )


def user_proxy(text):
    return lambda d: d.handlers.update(
        registry_users_read=lambda p: {
            "users": {"S-1-5-21-1-2-3-1002": key({"ProxyEnable": 1, "ProxyServer": text})}
            if "Internet Settings" in p["path"]
            else {}
        }
    )


def tls(**values):
    return lambda d: d.registry.update({fit.TLS: key(values)})


def certificate(**values):
    return lambda d: d.machine_certificates[0].update(values)


def rules(*found):
    return lambda d: d.registry[winrm.FIREWALL]["keys"].update(FirewallRules=key(dict(enumerate_names(found))))


def enumerate_names(found):
    return ((f"rule {number}", text) for number, text in enumerate(found))


def network(category):
    return instances("MSFT_NetConnectionProfile", {"InterfaceAlias": "Ethernet", "NetworkCategory": category})


def rule(*profiles, port=5985, **more):
    text = fit.RULE.format(profiles="".join(f"Profile={name}|" for name in profiles), port=port)
    return text + "".join(f"{name}={value}|" for name, value in more.items())


def group_policy(**profile):
    return lambda d: d.registry.update({winrm.FIREWALL_POLICY: key({}, StandardProfile=key(profile))})


SIGN_IN = {"user_sign_in": True}
DNS, TIMEOUT, CERTIFICATE = ("dns", 0x80072EE7), ("timeout", 0x80072EE2), ("certificate", 0x80072F8F)
UNTYPED_TLS = (None, 0x80072F0D)

STORIES = [
    ("edition", "pass", version(EditionID="Enterprise"), {}),
    ("edition", "fail", version(EditionID="CoreSingleLanguage"), {}),
    ("edition", "unknown", refuse("registry_read", "Windows NT"), {}),
    ("build", "pass", version(CurrentBuild="15063"), {}),
    ("build", "fail", version(CurrentBuild="14393"), {}),
    ("build", "fail", version(CurrentBuild="17134"), {"method": "azure_vm"}),
    ("build", "unknown", refuse("registry_read", "Windows NT"), {}),
    ("server", "pass", both(), {}),
    ("server", "pass", cim(product_type=3, asset_tag="7783-7084-3265-9085-8269-3286-77"), {"method": "azure_vm"}),
    ("server", "fail", cim(product_type=3), {}),
    ("server", "fail", cim(product_type=3, asset_tag="7783-7084-3265-9085-8269-3286-77"), {}),
    ("server", "fail", both(), {"method": "azure_vm"}),
    ("server", "unknown", refuse("cim_query", "Win32_SystemEnclosure"), {}),
    ("join_state", "pass", both(), {}),
    ("join_state", "pass", joined(scripted.TENANT), {}),
    ("join_state", "warn", joined(scripted.TENANT), {"tenant_id": None}),
    ("join_state", "warn", lambda d: d.machine_certificates.append(scripted.join_certificate()), {}),
    ("join_state", "fail", joined(OTHER_TENANT), {}),
    ("join_state", "fail", cim(in_domain=True), {}),
    ("join_state", "unknown", refuse("certificates"), {}),
    ("pending_reboot", "pass", both(), {}),
    ("pending_reboot", "warn", lambda d: d.registry.update({REBOOT: key()}), {}),
    ("pending_reboot", "unknown", refuse("registry_read", "RebootRequired"), {}),
    ("clock", "pass", lambda d: skewed(d, 90), {}),
    ("clock", "warn", lambda d: skewed(d, -200), {}),
    ("clock", "fail", lambda d: skewed(d, 400), {}),
    ("clock", "fail", lambda d: skewed(d, -17280000), {}),
    ("tpm", "pass", both(), {}),
    ("tpm", "warn", instances("Win32_Tpm"), {}),
    (
        "tpm",
        "warn",
        instances(
            "Win32_Tpm", {"SpecVersion": "1.2, 2, 3", "IsEnabled_InitialValue": True, "IsActivated_InitialValue": True}
        ),
        {},
    ),
    (
        "tpm",
        "warn",
        instances(
            "Win32_Tpm", {"SpecVersion": "2.0", "IsEnabled_InitialValue": False, "IsActivated_InitialValue": True}
        ),
        {},
    ),
    ("tpm", "unknown", refuse("cim_query", "Win32_Tpm"), {}),
    ("disk", "pass", both(), {}),
    ("disk", "warn", instances("Win32_LogicalDisk", {"DeviceID": "C:", "FreeSpace": 2**30}), {}),
    ("disk", "fail", instances("Win32_LogicalDisk", {"DeviceID": "C:", "FreeSpace": 2**20}), {}),
    (
        "disk",
        "pass",
        both(
            version(SystemRoot=r"D:\Windows"),
            instances("Win32_LogicalDisk", {"DeviceID": "C:", "FreeSpace": 0}, {"DeviceID": "D:", "FreeSpace": 2**40}),
        ),
        {},
    ),
    ("disk", "unknown", instances("Win32_LogicalDisk"), {}),
    ("disk", "unknown", refuse("cim_query", "Win32_LogicalDisk"), {}),
    ("package_policy", "pass", both(), {}),
    ("package_policy", "pass", security(AllowAddProvisioningPackage=0), {"method": "azure_vm"}),
    ("package_policy", "warn", security(RequireProvisioningPackageSignature=1), {}),
    ("package_policy", "warn", security(AllowRemoveProvisioningPackage=0), {}),
    ("package_policy", "fail", security(AllowAddProvisioningPackage=0), {}),
    ("package_policy", "unknown", refuse("registry_read", "PolicyManager"), {}),
    ("enrollment_leftovers", "pass", both(), {}),
    ("enrollment_leftovers", "pass", enrolled(state=2), {}),
    ("enrollment_leftovers", "pass", enrolled(provider="WMI_Bridge_Server"), {"expect_mdm": True}),
    ("enrollment_leftovers", "pass", both(joined(scripted.TENANT), enrolled(complete=True)), {}),
    # Another MDM beside Intune, on a device of the tenant.
    (
        "enrollment_leftovers",
        "warn",
        both(joined(scripted.TENANT), enrolled(complete=True), other_mdm()),
        {"expect_mdm": True},
    ),
    # The tenant's own MDM is another than Intune.
    ("enrollment_leftovers", "pass", both(joined(scripted.TENANT), other_mdm(offered=True)), {"expect_mdm": True}),
    ("enrollment_leftovers", "warn", both(joined(scripted.TENANT), other_mdm()), {"expect_mdm": True}),
    ("enrollment_leftovers", "warn", enrolled(), {}),
    ("enrollment_leftovers", "warn", enrolled(complete=True), {}),
    ("enrollment_leftovers", "fail", enrolled(), {"expect_mdm": True}),
    ("enrollment_leftovers", "unknown", refuse("registry_read", "Enrollments"), {}),
    ("endpoint_login", "pass", replies(endpoint_login=404), {}),
    ("endpoint_login", "warn", replies(endpoint_login=503), {}),
    ("endpoint_login", "fail", replies(endpoint_login=TIMEOUT), {}),
    ("endpoint_login", "fail", replies(endpoint_login=407), {}),
    ("endpoint_login", "fail", replies(endpoint_login=403), {}),
    ("endpoint_login", "fail", replies(endpoint_login=502), {}),
    ("endpoint_login", "unknown", refuse("system_probe"), {}),
    ("endpoint_login", "unknown", lambda d: d.handlers.update(system_probe=lambda _p: {"answer": None}), {}),
    ("endpoint_login", "unknown", refuse("endpoints"), {"check_mode": True}),
    ("endpoint_device_login", "fail", replies(endpoint_device_login=DNS), {}),
    ("endpoint_registration", "pass", both(), {}),
    ("endpoint_registration", "pass", replies(endpoint_registration=404), {"tenant_id": None}),
    ("endpoint_registration", "warn", replies(endpoint_registration=400), {}),
    ("endpoint_registration", "warn", replies(endpoint_registration=404), {}),
    ("endpoint_registration", "fail", replies(endpoint_registration="<html>Please sign in to the guest network"), {}),
    ("endpoint_registration", "fail", replies(endpoint_registration=CERTIFICATE), {}),
    ("endpoint_mdm", "pass", both(), {}),
    ("endpoint_mdm", "warn", replies(endpoint_mdm=TIMEOUT), {}),
    ("endpoint_mdm", "fail", replies(endpoint_mdm=TIMEOUT), {"expect_mdm": True}),
    ("endpoint_msauth", "pass", both(), SIGN_IN),
    ("endpoint_msauth", "pass", replies(endpoint_msauth=404), SIGN_IN),
    ("endpoint_msauth", "warn", replies(endpoint_msauth=TIMEOUT), SIGN_IN),
    ("endpoint_msauth", "warn", replies(endpoint_msauth=407), SIGN_IN),
    ("endpoint_msauth", "warn", replies(endpoint_msauth=CERTIFICATE), SIGN_IN),
    ("endpoint_msauth", "unknown", refuse("system_probe"), SIGN_IN),
    ("endpoint_msftauth", "pass", replies(endpoint_msauth=DNS), SIGN_IN),
    ("endpoint_msftauth", "warn", replies(endpoint_msftauth=DNS), SIGN_IN),
    ("endpoint_sts", "pass", both(), {"extra_endpoints": (("sts", "https://sts.example.com/"),)}),
    ("endpoint_sts", "warn", replies(endpoint_sts=403), {"extra_endpoints": (("sts", "https://sts.example.com/"),)}),
    ("endpoint_sts", "fail", replies(endpoint_sts=511), {"extra_endpoints": (("sts", "https://sts.example.com/"),)}),
    ("endpoint_sts", "fail", replies(endpoint_sts=DNS), {"extra_endpoints": (("sts", "https://sts.example.com/"),)}),
    ("proxy", "pass", both(), {}),
    ("proxy", "pass", proxied("proxy.example.com:8080"), {}),
    ("proxy", "pass", user_proxy("proxy.example.com:8080"), {}),
    ("proxy", "fail", both(proxied("proxy.example.com:8080"), replies(endpoint_login=TIMEOUT)), {}),
    ("proxy", "fail", both(user_proxy("proxy.example.com:8080"), replies(endpoint_login=TIMEOUT)), {}),
    ("proxy", "fail", replies(endpoint_login=407), {}),
    ("proxy", "pass", both(proxied("proxy.example.com:8080"), replies(endpoint_msauth=TIMEOUT)), SIGN_IN),
    ("proxy", "pass", replies(endpoint_msauth=407), SIGN_IN),
    ("proxy", "unknown", refuse("registry_read", "Internet Settings"), {}),
    (
        "proxy",
        "unknown",
        lambda d: d.registry.update(
            {
                r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections": key(
                    {"WinHttpSettings": {"base64": "AAAA"}}
                )
            }
        ),
        {},
    ),
    ("tls", "pass", both(), {}),
    ("tls", "pass", tls(Enabled=1), {}),
    ("tls", "warn", tls(DisabledByDefault=1), {}),
    ("tls", "fail", tls(Enabled=0), {}),
    ("tls", "pass", replies(endpoint_msauth=CERTIFICATE), SIGN_IN),
    ("tls", "fail", replies(endpoint_login=CERTIFICATE), {}),
    ("tls", "fail", replies(endpoint_login=UNTYPED_TLS), {}),
    ("tls", "unknown", refuse("registry_read", "SCHANNEL"), {}),
    ("name_resolution", "pass", both(), {}),
    ("name_resolution", "pass", replies(endpoint_login=TIMEOUT), {}),
    ("name_resolution", "fail", replies(endpoint_mdm=DNS), {}),
    ("name_resolution", "pass", replies(endpoint_msauth=DNS), SIGN_IN),
    ("name_resolution", "unknown", refuse("system_probe"), {}),
    ("name_resolution", "unknown", both(), {"skip": frozenset({"endpoints"})}),
    ("winrm_account", "pass", both(), {}),
    ("winrm_account", "pass", identity(elevated=False), {}),
    ("winrm_account", "fail", both(identity(elevated=False), members(administrator(500))), {}),
    ("winrm_account", "fail", both(identity(elevated=False), refuse("local_administrators")), {}),
    ("winrm_account", "fail", identity(sid="S-1-5-21-9-9-9-1105", account="CORP\\ops"), {}),
    ("winrm_account", "unknown", refuse("local_administrators"), {}),
    ("token_filter", "pass", both(), {}),
    ("token_filter", "pass", both(uac(EnableLUA=1), identity(sid=f"{fit.MACHINE}-500")), {}),
    ("token_filter", "pass", uac(EnableLUA=0), {}),
    ("token_filter", "warn", uac(EnableLUA=1), {}),
    ("token_filter", "warn", both(uac(FilterAdministratorToken=1), identity(sid=f"{fit.MACHINE}-500")), {}),
    ("token_filter", "fail", both(uac(LocalAccountTokenFilterPolicy=0), identity(elevated=False)), {}),
    ("token_filter", "warn", both(uac(), identity(elevated=False), members(administrator(500))), {}),
    ("token_filter", "unknown", refuse("registry_read", "Policies\\\\System"), {}),
    ("winrm_firewall", "pass", both(), {}),
    ("winrm_firewall", "pass", rules(rule("Private", "Domain")), {}),
    ("winrm_firewall", "pass", group_policy(EnableFirewall=0), {}),
    ("winrm_firewall", "warn", both(rules(), group_policy(EnableFirewall=0)), {}),
    ("winrm_firewall", "fail", both(rules(), group_policy(EnableFirewall=0)), {"expect_mdm": True}),
    ("winrm_firewall", "warn", both(rules(rule("Public", RA4="LocalSubnet")), network(0)), {}),
    ("winrm_firewall", "fail", both(rules(rule("Domain")), network(2)), {}),
    ("winrm_firewall", "fail", both(rules(rule("Domain", "Private")), network(2)), {}),
    ("winrm_firewall", "fail", rules(rule("Private").replace("TRUE", "FALSE")), {}),
    ("winrm_firewall", "fail", rules(rule("Private", port=5986)), {"scheme": "http"}),
    ("winrm_firewall", "pass", rules(rule("Private", port=5986)), {"scheme": "https"}),
    ("winrm_firewall", "fail", group_policy(AllowLocalPolicyMerge=0), {}),
    ("winrm_firewall", "unknown", refuse("cim_query", "MSFT_NetConnectionProfile"), {}),
    ("winrm_firewall", "unknown", lambda d: d.registry.pop(winrm.FIREWALL), {}),
    ("winrm_listener", "pass", both(), {}),
    ("winrm_listener", "pass", lambda d: d.registry[winrm.LISTENERS]["keys"].pop("*+HTTPS"), {}),
    ("winrm_listener", "warn", certificate(issuer="CN=Corp CA, DC=corp, DC=example"), {"scheme": "https"}),
    ("winrm_listener", "fail", lambda d: d.machine_certificates.clear(), {}),
    ("winrm_listener", "warn", certificate(not_after="2020-01-01T00:00:00.000Z"), {}),
    ("winrm_listener", "fail", certificate(has_private_key=False), {}),
    ("winrm_listener", "unknown", lambda d: d.registry.pop(winrm.LISTENERS), {}),
    ("winrm_listener", "unknown", refuse("registry_read", "WSMAN"), {}),
    ("local_administrator", "pass", both(), {}),
    ("local_administrator", "fail", members(administrator(500, enabled=False)), {}),
    ("local_administrator", "fail", members(administrator(locked=True)), {}),
    ("local_administrator", "fail", members(administrator(password_expired=True)), {}),
    (
        "local_administrator",
        "fail",
        members(
            {
                "sid": "S-1-12-1-1-2-3-4",
                "name": None,
                "kind": "entra",
                "enabled": None,
                "locked": None,
                "password_expired": None,
            }
        ),
        {},
    ),
    ("local_administrator", "unknown", refuse("local_administrators"), {}),
    ("winrm_client_certificate", "pass", both(), {"urllib3": OLD}),
    ("winrm_client_certificate", "pass", mapped(), {"urllib3": "2.8.0"}),
    ("winrm_client_certificate", "pass", mapped(), {"urllib3": "2.0.7"}),
    ("winrm_client_certificate", "pass", mapped(), {}),
    ("winrm_client_certificate", "warn", mapped(), {"urllib3": OLD}),
    ("winrm_client_certificate", "warn", mapped(), {"urllib3": "2.0.6"}),
    ("winrm_client_certificate", "warn", mapped(), {"urllib3": "2.1.0"}),
    ("winrm_client_certificate", "warn", both(mapped(), bindings(0, 0x40)), {"urllib3": OLD}),
    ("winrm_client_certificate", "pass", both(mapped(), bindings(0x40, 0x50)), {"urllib3": OLD}),
    ("winrm_client_certificate", "pass", both(mapped(), bindings(0x02)), {"urllib3": OLD}),
    ("winrm_client_certificate", "pass", both(mapped(), tls13(Enabled=0)), {"urllib3": OLD}),
    ("winrm_client_certificate", "warn", both(mapped(), tls13(Enabled=1)), {"urllib3": OLD}),
    ("winrm_client_certificate", "pass", both(mapped(), version(CurrentBuild="19045")), {"urllib3": OLD}),
    ("winrm_client_certificate", "pass", both(mapped(), server("17763")), {"urllib3": OLD}),
    ("winrm_client_certificate", "warn", both(mapped(), server("20348")), {"urllib3": OLD}),
    ("winrm_client_certificate", "pass", both(mapped(), http_only), {"urllib3": OLD}),
    ("winrm_client_certificate", "unknown", refuse("registry_read", "CertMapping"), {"urllib3": OLD}),
    ("winrm_client_certificate", "unknown", both(mapped(), refuse("registry_read", "NT")), {"urllib3": OLD}),
    ("azure_identity", "pass", both(), {}),
    ("azure_identity", "pass", both(), AZURE),
    ("azure_identity", "pass", both(), AZURE | {"tenant_id": None}),
    ("azure_identity", "unknown", both(), AZURE | {"skip": frozenset({"endpoints"})}),
    ("azure_identity", "fail", replies(azure_identity=400), AZURE),
    ("azure_identity", "fail", replies(azure_identity='{"tenantId": ""}'), AZURE),
    ("azure_identity", "fail", replies(azure_identity="<html>"), AZURE),
    ("azure_identity", "fail", replies(azure_identity="[]"), AZURE),
    ("azure_identity", "fail", replies(azure_identity=f'{{"tenantId": "{OTHER_TENANT}"}}'), AZURE),
    ("azure_identity", "fail", replies(azure_identity=TIMEOUT), AZURE),
    ("azure_identity", "warn", replies(azure_identity=429), AZURE),
    ("azure_identity", "warn", replies(azure_identity=503), AZURE),
    ("azure_identity", "unknown", refuse("system_probe"), AZURE),
]


@pytest.mark.parametrize(
    ("name", "result", "change", "plan"),
    STORIES,
    ids=[f"{story[0]}-{story[1]}-{number}" for number, story in enumerate(STORIES)],
)
def test_a_check_judges_what_the_device_shows(name, result, change, plan):
    device = FitDevice()
    change(device)
    check = device.check(name, **plan)
    assert check.result == result, check
    assert check.observed and check.expected
    assert bool(check.cause) == bool(check.fix) == (result != "pass"), check


def test_a_fit_device_passes_every_check():
    checks = FitDevice().checks(scheme="https", expect_mdm=True)
    assert {name: check for name, check in checks.items() if check.result != "pass"} == {}
    assert tuple(checks) == checklist.CHECK_IDS


def test_every_check_has_a_story_of_each_outcome_that_it_can_have():
    told = {(name, result) for name, result, _change, _plan in STORIES}
    never = {("clock", "unknown")}
    for name in checklist.CHECK_IDS:
        assert (name, "pass") in told or name == "endpoint_device_login"
        assert {("warn"), ("fail")} & {result for told_name, result in told if told_name == name}, name
        assert (name, "unknown") in told or name.startswith("endpoint_") or (name, "unknown") in never, name


def test_one_broken_thing_raises_no_alarm_elsewhere():
    """The checks that one cause breaks, all of them and no other."""
    for change, expected in (
        (version(EditionID="Core"), {"edition"}),
        (lambda d: skewed(d, 86400), {"clock"}),
        (replies(endpoint_login=TIMEOUT), {"endpoint_login"}),
        (replies(endpoint_login=DNS), {"endpoint_login", "name_resolution"}),
        (replies(endpoint_registration=CERTIFICATE), {"endpoint_registration", "tls"}),
        (both(uac(LocalAccountTokenFilterPolicy=0), identity(elevated=False)), {"token_filter"}),
    ):
        device = FitDevice()
        change(device)
        assert {name for name, check in device.checks().items() if check.result != "pass"} == expected


def test_a_device_that_refuses_everything_is_unknown_and_not_fit():
    device = FitDevice()
    for operation in device.handlers:
        device.refuse(operation)
    known = ("clock", "winrm_account", "azure_identity")
    results = {check.result for name, check in device.checks().items() if name not in known}
    assert results == {"unknown"}


def test_a_metadata_service_that_does_not_answer_is_no_fault_of_proxy_or_names():
    device = FitDevice()
    user_proxy("proxy.example.com:8080")(device)
    replies(azure_identity=TIMEOUT)(device)
    assert device.check("proxy", **AZURE).result == "pass"
    replies(azure_identity=DNS)(device)
    assert device.check("name_resolution", **AZURE).result == "pass"


def test_passwords_in_proxy_settings_are_not_shown():
    device = FitDevice()
    user_proxy("http://ops:hunter2@proxy.example.com:8080")(device)
    assert "hunter2" not in str(device.check("proxy")) and "proxy.example.com:8080" in device.check("proxy").observed
