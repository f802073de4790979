# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is secret of a package is known by its setting, and masked wherever its value stands."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from xml.sax.saxutils import escape, quoteattr

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.package import PackageError, describe, package_secrets

SECRET = "fK7-quartz&Ladder% 9"
SETTINGS, RUNTIME = "Multivariant/0/customizations.xml", "Multivariant/0/Prov/RunTime/0.provxml"
#: Settings as Windows Configuration Designer names them; the last step holds the secret.
DESIGNED = (
    "Accounts/Azure/BPRT",
    "Accounts/ComputerAccount/Password",
    "Accounts/Users/User/Password",
    "Certificates/ClientCertificates/ClientCertificate/CertificatePassword",
    "Connections/Cellular/Connection/Password",
    "Connections/EnterpriseAPN/EnterpriseConnection/Password",
    "Connections/Proxies/Proxy/Password",
    "ConnectivityProfiles/Email/Accounts/Account/Password",
    "ConnectivityProfiles/Email/Accounts/Account/SMTPPassword",
    "ConnectivityProfiles/Exchange/Accounts/ActiveSyncAccount/Password",
    "ConnectivityProfiles/WLAN/WLANSetting/WLANConfig/WLANXmlSettings/SecurityKey",
    "DeviceManagement/Accounts/Account/Authentication/Credentials/CredentialsForLevel/Secret",
    "DeviceManagement/Accounts/Account/Authentication/Credentials/CredentialsForLevel/Data",
    "EditionUpgrade/ChangeProductKey",
    "EditionUpgrade/UpgradeEditionWithProductKey",
    "SMISettings/AutoLogon/Password",
    "Workplace/Enrollments/UPN/Secret",
    # What the next version may bring.
    "NewArea/AdminPassword",
    "NewArea/EnrollmentToken",
)
#: The same in the configuration service providers that settings are compiled for.
COMPILED = (
    "AADJ/BPRT",
    "Accounts/Domain/Password",
    "Accounts/Users/rescue/Password",
    "CM_CellularEntries/one/Password",
    "CM_ProxyEntries/one/Password",
    "EnterpriseAPN/one/Password",
    "ClientCertificateInstall!scope=Device/PFXCertInstall/one/PFXCertPassword",
    "ClientCertificateInstall/SCEP/one/Install/Challenge",
    "EMAIL2/one/AUTHSECRET",
    "EMAIL2/one/SMTPALTPASSWORD",
    "ActiveSync/Accounts/one/Password",
    "DMAcc/one/AppAuth/1/AAuthSecret",
    "DMAcc/one/AppAuth/1/AAuthData",
    "WindowsLicensing/ChangeProductKey",
    "WindowsLicensing/UpgradeEditionWithProductKey",
    "Provisioning/Enrollments/enroll@contoso.example/Secret",
    "VPNv2/one/NativeProfile/L2tpPsk",
)
PROFILE = (
    "<WLANProfile><MSM><security><sharedKey><keyType>passPhrase</keyType><protected>false</protected>"
    f"<keyMaterial>{escape(SECRET)}</keyMaterial></sharedKey></security></MSM></WLANProfile>"
)
COMMAND = "cmd /c setup.cmd -x {} -y"


def customizations(inner: str, command: str) -> str:
    return (
        "<WindowsCustomizations><Settings xmlns='urn:schemas-microsoft-com:windows-provisioning'><Customizations>"
        "<Common>"
        f"{inner}<ProvisioningCommands><CommandLine>{escape(command)}</CommandLine></ProvisioningCommands>"
        "</Common></Customizations></Settings></WindowsCustomizations>"
    )


def nested(path: str, text: str) -> str:
    made = escape(text)
    for step in reversed(path.split("/")):
        made = f"<{step}>{made}</{step}>"
    return made


def as_attribute(path: str) -> str:
    *steps, last = path.split("/")
    inner = f"<{steps[-1]} {last}={quoteattr(SECRET)} Name='x'/>"
    for step in reversed(steps[:-1]):
        inner = f"<{step}>{inner}</{step}>"
    return inner


def compiled(path: str, value: str, command: str) -> str:
    *steps, last = path.split("/")
    inner = f"<parm name={quoteattr(last)} value={quoteattr(value)} datatype='string'/>"
    for step in reversed(steps):
        inner = f"<characteristic type={quoteattr(step)}>{inner}</characteristic>"
    line = f"<parm name='CommandLine' value={quoteattr(command)}/>"
    line = f"<characteristic type='ProvisioningCommands'>{line}</characteristic>"
    return f"<wap-provisioningdoc>{inner}{line}</wap-provisioningdoc>"


def masked(package) -> str:
    text = json.dumps(describe(package))
    assert SECRET not in html.unescape(urllib.parse.unquote(text)) and SECRET not in repr(package)
    assert package.commands == ["cmd /c setup.cmd -x ******** -y"], package.commands
    return text


@pytest.mark.parametrize("path", DESIGNED)
def test_a_secret_setting_is_masked_in_a_command_line(read_files, path):
    command = COMMAND.format(SECRET)
    masked(read_files({SETTINGS: customizations(nested(path, SECRET), command)}))
    masked(read_files({SETTINGS: customizations(nested(path, f"\n  {SECRET}\n"), command)}))
    if not path.endswith("/Data"):
        masked(read_files({SETTINGS: customizations(as_attribute(path), command)}))


@pytest.mark.parametrize("path", COMPILED)
def test_a_compiled_secret_is_masked_in_a_command_line(read_files, path):
    command = COMMAND.format(SECRET)
    masked(read_files({RUNTIME: compiled(path, SECRET, command)}))
    whole = f"<parm name={quoteattr('./Vendor/MSFT/' + path)} value={quoteattr(SECRET)}/>"
    masked(read_files({RUNTIME: compiled("Other/Name", "x", command).replace("<parm", f"{whole}<parm", 1)}))


def test_the_key_of_a_wifi_profile_is_found_in_each_place_that_a_profile_has(read_files):
    command = COMMAND.format(SECRET)
    masked(read_files({RUNTIME: compiled("WiFi/Profile/one/WlanXml", PROFILE, command)}))
    masked(read_files({RUNTIME: compiled("WiFi/Profile/one/WlanXml", escape(PROFILE), command)}))
    masked(read_files({SETTINGS: customizations(nested("ConnectivityProfiles/WLAN/WLANXmlProfile", PROFILE), command)}))
    masked(read_files({SETTINGS: customizations(f"<WLAN>{PROFILE}</WLAN>", command)}))
    for encoding in ("utf-8", "utf-16"):
        asset = {"DataAsset/2/0_hash/profile.xml": PROFILE.encode(encoding)}
        masked(read_files({SETTINGS: customizations("", command), **asset}))


def test_an_answer_file_keeps_a_password_in_a_value(read_files):
    inner = f"<SMISettings><AutoLogon><Password><Value>{escape(SECRET)}</Value><PlainText>true</PlainText></Password>"
    package = read_files({SETTINGS: customizations(f"{inner}</AutoLogon></SMISettings>", COMMAND.format(SECRET))})
    masked(package)
    assert "true" not in package.secrets.texts()


def test_the_copy_of_the_settings_may_have_another_secret(read_files):
    copy = customizations(nested("Accounts/Users/User/Password", SECRET), "a.cmd")
    masked(read_files({SETTINGS: customizations("", COMMAND.format(SECRET)), "CommonSettings/1/AnswerFile.xml": copy}))


def utf16(text: str) -> str:
    return base64.b64encode(text.encode("utf-16-le")).decode()


SPELLINGS = {
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64 of a line": base64.b64encode(f"login {SECRET} now".encode()).decode(),
    "base64 of a line, shifted": base64.b64encode(f"login: {SECRET} now".encode()).decode(),
    "base64 of a line, shifted by two": base64.b64encode(f"login:: {SECRET} now".encode()).decode(),
    "base64 for a URL": base64.urlsafe_b64encode(f"\xff\xfe?>{SECRET}".encode()).decode().rstrip("="),
    "an encoded command": utf16(f"net user rescue '{SECRET}'"),
    "percent": urllib.parse.quote(SECRET, safe=""),
    "percent in small letters": "".join(f"%{byte:02x}" for byte in SECRET.encode()),
    "each letter as percent": "".join(f"%{byte:02X}" for byte in SECRET.encode()),
    "percent of percent": urllib.parse.quote(urllib.parse.quote(SECRET, safe=""), safe=""),
    "a form": urllib.parse.quote_plus(SECRET),
    "XML": escape(SECRET),
    "XML in numbers": "".join(f"&#{ord(letter)};" for letter in SECRET),
    "XML in hexadecimal numbers": "".join(f"&#x{ord(letter):X};" for letter in SECRET),
    "cmd": SECRET.replace("&", "^&").replace("%", "%%"),
    "PowerShell": SECRET.replace("&", "`&"),
    "JSON": SECRET.replace("&", "\\u0026"),
}  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=list(SPELLINGS))
def test_a_secret_is_masked_in_each_spelling(read_files, spelling):
    secret = nested("Accounts/Users/User/Password", SECRET)
    package = read_files({SETTINGS: customizations(secret, f"run.cmd {spelling} end")})
    assert package.commands == ["run.cmd ******** end"]


def test_a_secret_is_masked_in_every_field(read_files):
    inner = (
        f"<Accounts><Azure><Authority>https://{SECRET[:12]}.example/</Authority></Azure><Users>"
        f"<User UserName='x{SECRET[:12]}'><Password>{SECRET[:12]}</Password><UserGroup>2</UserGroup></User>"
        "</Users></Accounts>"
        f"<DevDetail><DNSComputerName>{SECRET[:12]}</DNSComputerName></DevDetail>"
        f"<Workplace><Enrollments><UPN UPN='{SECRET[:12]}@a.example'/></Enrollments></Workplace>"
        f"<Certificates><RootCertificates><a CertificateName='{SECRET[:12]}'/></RootCertificates></Certificates>"
    ).replace(SECRET[:12], "fK7-quartz-9")
    package = read_files(
        {SETTINGS: customizations(inner, "a.cmd"), "DataAsset/2/0_hash/fK7-quartz-9.cmd": "x"}, VERSION="fK7-quartz-9"
    )
    assert "quartz" not in json.dumps(describe(package)) and "quartz" not in repr(package)
    assert package.accounts == [{"name": "x********", "group": "Administrators"}]
    assert package.computer_name == package.version == "********" and package.files[0]["path"] == "********.cmd"


def with_password(password: str, command: str) -> str:
    return customizations(
        f"<Accounts><Users><User UserName='u'><Password>{password}</Password></User></Users></Accounts>", command
    )


@pytest.mark.parametrize(
    ("password", "command", "shown"),
    [
        ("abc", "net user u abc /add", "net user u ******** /add"),
        ("abc", "run /p:abc abcdef", "run /p:******** abcdef"),
        ("a", "cmd /c a b.cmd", "cmd /c ******** b.cmd"),
        ("Pass", "run -pPass", "run -p********"),
        ("Administrator", "net localgroup Administrators u /add", "net localgroup ********s u /add"),
    ],
)
def test_short_and_common_ones_are_masked_in_command_lines(read_files, password, command, shown):
    package = read_files({SETTINGS: with_password(password, command)}, VERSION="abc")
    assert package.commands == [shown]
    assert (package.version, package.accounts[0]["name"]) == ("abc", "u")


def test_short_and_common_ones_are_not_masked_in_the_rest_of_a_result(read_files):
    for password, everywhere in {"joined": False, "12345678": False, "abc": True, "pw-joined": True}.items():
        package = read_files({SETTINGS: with_password(password, "a.cmd")})
        assert (password in package.secrets.texts()) is (everywhere and len(password) > 3), password


@pytest.mark.parametrize("word", ["path", "name", "discovery_url", "image", "commands"])
def test_the_names_of_fields_stay(read_files, word):
    files = {SETTINGS: with_password(word, "a.cmd"), "DataAsset/2/0_hash/a.cmd": "x"}
    assert describe(read_files(files))["files"] == [{"path": "a.cmd", "size": 1, "image": 1}]


def test_windows_own_words_stay(read_files):
    package = read_files({SETTINGS: with_password("Administrators", "net localgroup Administrators u /add")})
    assert package.commands == ["net localgroup ******** u /add"] and package.settings[0] == "Accounts"


@pytest.mark.parametrize(
    "inner",
    [
        "<Policies><DeviceLock><AllowSimpleDevicePassword>calc.exe</AllowSimpleDevicePassword></DeviceLock></Policies>",
        "<Hello><SecurityKeys><UseSecurityKeyForSignIn>calc.exe</UseSecurityKeyForSignIn></SecurityKeys></Hello>",
        "<New><RequirePassword>true</RequirePassword></New>",
        "<New><parm name='./Vendor/MSFT/Policy/Config/DeviceLock/AllowSimpleDevicePassword' value='calc.exe'/></New>",
        "<characteristic type='Policy'><parm name='DevicePassword' value='calc.exe'/></characteristic>",
        "<New><assembly publicKeyToken='calc.exe'/></New>",
    ],
)
def test_what_is_about_secrets_is_none(read_files, inner):
    package = read_files({SETTINGS: customizations(inner, "calc.exe true")})
    assert package.commands == ["calc.exe true"] and list(package.secrets.texts()) == []


def test_more_secrets_than_any_package_has_are_refused(read_files):
    users = "".join(
        f"<User UserName='u{n}'><Password>pw-{n:04}</Password></User>" for n in range(package_secrets.MAX_SECRETS + 1)
    )
    with pytest.raises(PackageError, match="more than 100 secrets"):
        read_files({SETTINGS: customizations(f"<Accounts><Users>{users}</Users></Accounts>", "a")})


def test_secrets_do_not_print():
    secrets = package_secrets.PackageSecrets()
    secrets.add([SECRET])
    assert repr(secrets) == str(secrets) == "PackageSecrets()"


def test_a_password_that_only_a_command_line_has_is_not_known(read_files):
    package = read_files({SETTINGS: customizations("", "net user u hunter2-lamp /add")})
    assert package.commands == ["net user u hunter2-lamp /add"] and list(package.secrets.texts()) == []
