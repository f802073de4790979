# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of a provisioning package, from the two forms in which it carries them.

``customizations.xml`` (and its copy ``AnswerFile.xml``) is what Windows Configuration Designer was told. The
``.provxml`` files below ``Prov/RunTime`` were compiled from it and are what the engine of the device applies; some
generators write only these. Where both speak, the compiled ones are believed.

Sources: "Windows Configuration Designer provisioning settings" and "Configuration service provider reference" on
Microsoft Learn for the names; packages listed by the project wmetcalf/ppkg_happiness and the generator PackageStack
for the shapes.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from .blocks import Condition, blocks_of
from .errors import UnsupportedPackage
from .secret import Secret

CERTIFICATES = {
    "RootCertificates": "root",
    "CACertificates": "ca",
    "TrustedPeopleCertificates": "trusted_people",
    "ClientCertificates": "client",
    "TrustedProvisioners": "trusted_provisioner",
}
CERTIFICATE_FILES = ("CertificatePath", "TrustedCertificate", "TrustedProvisioner")
CERTIFICATE_STORES = {"Root": "root", "CA": "ca", "TrustedPeople": "trusted_people"}
USER_GROUPS = {"1": "Standard Users", "2": "Administrators"}  # of the Accounts CSP, and of UserGroup in WCD
MAX_LISTED = 10_000
MAX_CONDITIONS = 100
MAX_LETTERS = 1 << 18
YES = frozenset({"1", "true", "enabled", "yes"})


@dataclass
class PackageSettings:
    """What one form of the settings says; None and empty where it says nothing."""

    id: str | None = None
    name: str | None = None
    version: str | None = None
    owner: str | None = None
    rank: int | None = None
    token: Secret | None = None
    authority: str | None = None
    computer_name: str | None = None
    security_key_signin: bool | None = None
    mdm: dict | None = None  # {upn, discovery_url}
    commands: list[str] = field(default_factory=list)
    certificates: list[dict] = field(default_factory=list)  # {kind, name, file}
    accounts: list[dict] = field(default_factory=list)  # {name, group}
    areas: list[str] = field(default_factory=list)
    _known: dict[tuple, t.Any] = field(default_factory=dict, repr=False)
    _letters: int = 0

    def add(self, kind: str, value: str | dict) -> None:
        """Append a value to one of the lists, once."""
        key = (kind, *value.values()) if isinstance(value, dict) else (kind, value)
        if key not in self._known:
            self._know(key, value)
            getattr(self, kind).append(value)

    def add_account(self, name: str, group: str | None) -> None:
        """Append a local account, or complete the one of this name."""
        key = ("accounts", name)
        if key not in self._known:
            self._know(key, {"name": name, "group": None})
            self.accounts.append(self._known[key])
        self._known[key]["group"] = self._known[key]["group"] or group

    def _know(self, key: tuple, value: t.Any) -> None:
        """Raises UnsupportedPackage where there is more than any package has."""
        self._known[key] = value
        self._letters += sum(len(part) for part in key if isinstance(part, str))
        if len(self._known) > MAX_LISTED or self._letters > MAX_LETTERS:
            raise UnsupportedPackage(
                f"the package has more than {MAX_LISTED} commands, accounts, certificates and areas of settings, "
                f"or more than {MAX_LETTERS} characters in them"
            )


# ---- customizations.xml and AnswerFile.xml ------------------------------------------------------------------------


def add_customizations(
    settings: PackageSettings, root: Element, conditional: list[tuple[Condition, PackageSettings]]
) -> None:
    """Add what a ``WindowsCustomizations`` document says. Unknown elements only add the name of their area.

    ``conditional`` takes what is only for devices that meet a condition, each condition by itself.
    """
    config = root.find("PackageConfig")
    if config is not None:
        settings.id = settings.id or _text(config, "ID")
        settings.name = settings.name or _text(config, "Name")
        settings.version = settings.version or _text(config, "Version")
        settings.owner = settings.owner or _text(config, "OwnerType")
        rank = _text(config, "Rank") or ""
        if settings.rank is None and re.fullmatch("[0-9]{1,3}", rank):
            settings.rank = int(rank)
    for condition, _element, areas in blocks_of(root):
        into = settings if condition is None else PackageSettings()
        if condition is not None:
            if len(conditional) == MAX_CONDITIONS:
                raise UnsupportedPackage(f"the package has settings for more than {MAX_CONDITIONS} conditions")
            conditional.append((condition, into))
        for area in areas:
            into.add("areas", area.tag)
            reader = AREAS.get(area.tag)
            if reader:
                reader(into, area)


def _accounts(settings: PackageSettings, area: Element) -> None:
    for azure in area.findall("Azure"):
        token = _text(azure, "BPRT")
        settings.token = settings.token or (Secret(token) if token else None)
        settings.authority = settings.authority or _text(azure, "Authority")
    settings.computer_name = settings.computer_name or _text(area, "ComputerAccount/ComputerName")
    for user in area.findall("Users/User"):
        name = user.get("UserName") or user.get("Name")
        group = _text(user, "UserGroup")
        if name:
            settings.add_account(name, USER_GROUPS.get(group or "", group))


def _device_details(settings: PackageSettings, area: Element) -> None:
    settings.computer_name = _text(area, "DNSComputerName") or settings.computer_name


def _hello(settings: PackageSettings, area: Element) -> None:
    # The store spells it with a small i, documentation with a capital one.
    value = _text(area, "SecurityKeys/UseSecurityKeyForSignIn") or _text(area, "SecurityKeys/UseSecurityKeyForSignin")
    if value is not None and settings.security_key_signin is None:
        settings.security_key_signin = value.lower() in YES


def _commands(settings: PackageSettings, area: Element) -> None:
    for line in area.iter("CommandLine"):
        command = (line.text or "").strip()
        if command:
            settings.add("commands", command)


def _certificates(settings: PackageSettings, area: Element) -> None:
    for group in area:
        for certificate in group:
            kind = CERTIFICATES.get(group.tag, group.tag)
            name = certificate.get("CertificateName") or certificate.get("Name") or certificate.get("CertificateHash")
            file = next((found for name in CERTIFICATE_FILES if (found := _text(certificate, name))), None)
            settings.add("certificates", {"kind": kind, "name": name, "file": file})


def _workplace(settings: PackageSettings, area: Element) -> None:
    for enrollment in area.findall("Enrollments/UPN"):
        upn = enrollment.get("UPN") or enrollment.get("Name")
        settings.mdm = settings.mdm or {"upn": upn, "discovery_url": _text(enrollment, "DiscoveryServiceFullUrl")}


AREAS = {
    "Accounts": _accounts,
    "DevDetail": _device_details,
    "WindowsHelloForBusiness": _hello,
    "ProvisioningCommands": _commands,
    "Certificates": _certificates,
    "Workplace": _workplace,
}


# ---- .provxml -----------------------------------------------------------------------------------------------------


def add_provxml(settings: PackageSettings, root: Element) -> None:
    """Add what a ``wap-provisioningdoc`` says: characteristics are the path in a CSP, parms its values."""
    for path, name, value in parms(root):
        settings.add("areas", path[0] if path else name)
        where = tuple(step.lower() for step in path)
        last = name.lower()
        if where[:1] == ("aadj",):
            if last == "bprt" and value:
                settings.token = settings.token or Secret(value)
            elif last == "authority":
                settings.authority = settings.authority or value or None
        elif last == "dnscomputername" and "devdetail" in where:
            settings.computer_name = value or settings.computer_name
        elif last == "computername" and where[:2] == ("accounts", "domain"):
            settings.computer_name = settings.computer_name or value or None
        elif where[:2] == ("accounts", "users") and len(path) == 3:
            settings.add_account(path[2], USER_GROUPS.get(value, value) if last == "localusergroup" else None)
        elif where[:1] == ("passportforwork",) and last == "usesecuritykeyforsignin":
            settings.security_key_signin = value.lower() in YES
        elif where[:1] == ("provisioningcommands",) and last == "commandline" and value:
            settings.add("commands", value)
        elif where[:1] == ("rootcatrustedcertificates",) and len(path) == 3:
            kind = CERTIFICATE_STORES.get(path[1], path[1])
            settings.add("certificates", {"kind": kind, "name": path[2], "file": None})
        elif where[:2] == ("clientcertificateinstall", "pfxcertinstall") and len(path) == 3:
            settings.add("certificates", {"kind": "client", "name": path[2], "file": None})
        elif last == "discoveryservicefullurl":
            settings.mdm = settings.mdm or {"upn": path[-1] if path else None, "discovery_url": value or None}


def parms(node: Element, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """(characteristics, name, value) of each value in a ``.provxml`` document."""
    for child in node:
        if child.tag == "characteristic":
            yield from parms(child, (*path, child.get("type", "")))
        elif child.tag == "parm":
            yield path, child.get("name", ""), child.get("value", "").strip()


def _text(node: Element, path: str) -> str | None:
    return (node.findtext(path) or "").strip() or None
