# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a description says in words of its own, and the settings that it stands for: tables, no more.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

Kind = t.Literal["text", "bool", "int", "file", "choice", "files"]
OWNERS = ("Microsoft", "SiliconVendor", "OEM", "SystemIntegrator", "MobileOperator", "ITAdmin")
DEFAULT_AUTHORITY = "https://login.microsoftonline.com/common"


@dataclass(frozen=True)
class Field:
    """A field of a description: its name, its place below the section's path, and what it takes.

    ``choices``: its words and the document's; ``unless``: (another field, its word) with which it is not required;
    ``files``: the path is that of a list of files, each {name, file}.
    """

    name: str
    path: str
    kind: Kind = "text"
    required: bool = False
    choices: Mapping[str, str] | None = None
    unless: tuple[str, str] | None = None

    def is_missing(self, said: Mapping) -> bool:
        """Whether what a description says of an element lacks this field."""
        if said.get(self.name) is not None:
            return False
        return self.required and (self.unless is None or said.get(self.unless[0]) != self.unless[1])


@dataclass(frozen=True)
class Section:
    """A key of a description. ``path``: what its fields are below.

    With ``key`` its value is a list, and ``path`` that of an element of a list, which ``key`` is the key of.
    ``kind``: a section of several lists says in this field which one is meant. ``single``: it is one value of it.
    """

    name: str
    path: str
    fields: tuple[Field, ...] = ()
    key: str | None = None
    kind: str | None = None
    single: Kind | None = None


_KEY_LOCATIONS = {"tpm": "1", "tpm_with_software_fallback": "2", "software": "3"}
_CERTIFICATES = "Certificates"


def _certificate(kind: str, path: str, file: str, *more: Field) -> Section:
    fields = (Field("file", file, "file", required=True), *more)
    return Section("certificates", f"{_CERTIFICATES}/{path}", fields, "name", kind)


#: In the order in which a document has them. What several sections of one name have is one list.
SECTIONS: tuple[Section, ...] = (
    Section(
        "bulk_token",
        "Accounts/Azure",
        (Field("authority", "Authority", required=True), Field("value", "BPRT", required=True)),
    ),
    Section(
        "local_users",
        "Accounts/Users/User",
        (
            Field("password", "Password", required=True),
            Field(
                "group",
                "UserGroup",
                "choice",
                choices={"administrators": "Administrators", "standard_users": "Standard Users"},
            ),
            Field("home", "HomeDir"),
        ),
        "name",
    ),
    Section("computer_name", "DevDetail/DNSComputerName", single="text"),
    Section("security_keys", "WindowsHelloForBusiness/SecurityKeys/UseSecurityKeyForSignin", single="bool"),
    Section(
        "windows_hello",
        "WindowsHelloForBusiness",
        (
            Field("enabled", "PoliciesForAllTenants/UsePassportForWork", "bool"),
            Field("biometrics", "Biometrics/UseBiometrics", "bool"),
            Field("enhanced_anti_spoofing", "Biometrics/FacialFeaturesUseEnhancedAntiSpoofing", "bool"),
        ),
    ),
    _certificate("root", "RootCertificates/RootCertificate", "CertificatePath"),
    _certificate("ca", "CACertificates/CACerificate", "CertificatePath"),
    _certificate("trusted_people", "TrustedPeopleCertificates/Certificate", "TrustedCertificate"),
    _certificate(
        "client",
        "ClientCertificates/ClientCertificate",
        "CertificatePath",
        Field("password", "CertificatePassword", required=True),
        Field("exportable", "ExportCertificate", "bool"),
        Field("key_location", "KeyLocation", "choice", required=True, choices=_KEY_LOCATIONS),
    ),
    _certificate("trusted_provisioner", "TrustedProvisioners/Certificate", "TrustedProvisioner"),
    Section(
        "wifi",
        "ConnectivityProfiles/WLAN/WLANSetting/WLANConfig",
        (
            Field(
                "security",
                "WLANXmlSettings/SecurityType",
                "choice",
                required=True,
                choices={"open": "Open", "wep": "WEP", "wpa2_personal": "WPA2-Personal"},
            ),
            Field("key", "WLANXmlSettings/SecurityKey", required=True, unless=("security", "open")),
            Field("auto_connect", "WLANXmlSettings/AutoConnect", "bool"),
            Field("hidden", "WLANXmlSettings/HiddenNetwork", "bool"),
            Field("proxy", "ProxyServerPort"),
        ),
        "ssid",
    ),
    Section(
        "device_command",
        "ProvisioningCommands/DeviceContext",
        (Field("files", "CommandFiles/CommandFile", "files"), Field("line", "CommandLine", required=True)),
    ),
    Section(
        "commands",
        "ProvisioningCommands/PrimaryContext/Command/CommandConfig",
        (
            Field("file", "CommandFile", "file"),
            Field("line", "CommandLine", required=True),
            Field("continue_on_failure", "ContinueInstall", "bool"),
            Field("more_files", "DependencyPackages/Dependency", "files"),
            Field("restart", "RestartRequired", "bool"),
            Field("restart_code", "ReturnCodeRestart", "int"),
            Field("success_code", "ReturnCodeSuccess", "int"),
        ),
        "name",
    ),
    Section(
        "oobe",
        "OOBE/Desktop",
        (Field("hide", "HideOobe", "bool"), Field("cortana_voice", "EnableCortanaVoice", "bool")),
    ),
)
SECTION_NAMES = tuple(dict.fromkeys(section.name for section in SECTIONS))
