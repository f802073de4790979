# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Provisioning packages of the lab: write real ``.ppkg`` files and read them back, in pure Python.

`build` makes a package as Windows Configuration Designer lays it out (``variant="wcd"``) or as generators do that
write only what the device's engine reads (``variant="provxml_only"``), `encrypt` wraps a package as Windows does with a
password, and `inspect` says what a simulated device finds in a file. The same arguments give the same bytes. The file
format below is in ``wim``.

Source: the layout of a package follows public packages (wmetcalf/ppkg_happiness lists some, the PackageStack generator
writes some).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
import zlib
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from . import wim

AUTHORITY = "https://login.microsoftonline.com/common"
OWNERS = ("Microsoft", "SiliconVendor", "OEM", "SystemIntegrator", "MobileOperator", "ITAdmin")
CERTIFICATE_KINDS = {
    "root": ("RootCertificates", "RootCertificate", "Root"),
    "ca": ("CACertificates", "CACertificate", "CA"),
    "trusted_people": ("TrustedPeopleCertificates", "TrustedCertificate", "TrustedPeople"),
    "client": ("ClientCertificates", "ClientCertificate", None),
}


class BadPackage(Exception):
    """A device cannot use this file; `reason` is ``not_wim``, ``damaged`` or ``encrypted``."""

    def __init__(self, reason: str, message: str):
        super().__init__(message)
        self.reason = reason


# ---- a package ----------------------------------------------------------------------------------------------------


def _element(tag: str, content: str | list | None, **attributes: str) -> str:
    inner = "".join(content) if isinstance(content, list) else escape(content or "")
    return f"<{tag}{''.join(f' {key}={quoteattr(value)}' for key, value in attributes.items())}>{inner}</{tag}>"


def _document(root: str) -> bytes:
    # The engine refuses XML without its byte order mark (0xC00CEE2D).
    return b"\xef\xbb\xbf" + f'<?xml version="1.0" encoding="utf-8"?>{root}'.encode()


def _provxml(path: Sequence[str], values: Mapping[str, str | int]) -> bytes:
    node: str | list = [
        f"<parm name={quoteattr(key)} value={quoteattr(str(value))} "
        f'datatype="{"integer" if isinstance(value, int) else "string"}" />'
        for key, value in values.items()
    ]
    for step in reversed(path):
        node = [_element("characteristic", node, type=step)]
    return _document(_element("wap-provisioningdoc", node))


def build(
    name: str,
    package_id: str,
    version: str = "1.0",
    token: str | None = None,
    authority: str = AUTHORITY,
    *,
    computer_name: str | None = None,
    computer_name_in: str = "DevDetail",
    security_key: bool | None = None,
    wifi: str | None = None,
    commands: Sequence[str] = (),
    files: Mapping[str, bytes] | None = None,
    certificates: Sequence[Mapping] = (),
    accounts: Sequence[Mapping] = (),
    mdm: Mapping[str, str] | None = None,
    policies: Mapping[str, int] | None = None,
    owner: str = "ITAdmin",
    rank: int = 0,
    variant: str = "wcd",
    identity: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of a ``.ppkg``.

    `package_id` is a GUID with or without braces. `computer_name_in` is ``DevDetail`` or ``ComputerAccount`` (the
    place before Windows 10 2004). `files` go with the commands. `certificates`: {kind: root, ca, trusted_people or
    client, name, data, password?}; `accounts`: {name, password, group}; `mdm`: {upn, discovery_url, secret};
    `policies`: {"Area/Name": integer}. `identity` replaces WIM image properties, for packages that contradict
    themselves.
    """
    if variant not in ("wcd", "provxml_only"):
        raise ValueError(f"unknown variant {variant!r}")
    braced = "{" + str(uuid.UUID(package_id)) + "}"
    tree: dict[str, list] = {}  # area of customizations.xml: its elements
    sets: list[tuple[str, Sequence[str], Mapping]] = []  # provxml: its name, path of characteristics, parms
    assets: dict[str, bytes] = {}
    asset_names: dict[str, list] = {}

    def area(key: str, *elements: str) -> None:
        tree.setdefault(key, []).extend(elements)

    def asset(index: int, kind: str, file_name: str, data: bytes) -> None:
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode().replace("/", ".")
        place = f"{len(assets)}_{digest}"
        assets[f"DataAsset/{index}/{place}/{file_name}"] = data
        asset_names.setdefault(f"{index} {kind}", []).append(f"{place}\\{file_name}")

    if token is not None:
        azure = [_element("Authority", authority), _element("BPRT", token)]
        area("Accounts", _element("Azure", azure))
        sets.append(("Accounts_Azure", ["AADJ"], {"Authority": authority, "BPRT": token}))
    if computer_name and computer_name_in == "ComputerAccount":
        area("Accounts", _element("ComputerAccount", [_element("ComputerName", computer_name)]))
        sets.append(("Accounts_ComputerAccount", ["Accounts", "Domain"], {"ComputerName": computer_name}))
    elif computer_name:
        area("DevDetail", _element("DNSComputerName", computer_name))
        sets.append(("DevDetail", ["DevDetail", "Ext", "Microsoft"], {"DNSComputerName": computer_name}))
    users = []
    for account in accounts:
        group = account.get("group", "Administrators")
        fields = [_element("Password", account["password"]), _element("UserGroup", group)]
        users.append(_element("User", fields, UserName=account["name"], Name=account["name"]))
        code = 2 if group == "Administrators" else 1
        path = ["Accounts", "Users", account["name"]]
        values = {"Password": account["password"], "LocalUserGroup": code}
        sets.append((f"Accounts_Users_{account['name']}", path, values))
    if users:
        area("Accounts", _element("Users", users))
    if security_key is not None:
        value = str(int(security_key))
        area("WindowsHelloForBusiness", _element("SecurityKeys", [_element("UseSecurityKeyForSignIn", value)]))
        sets.append(
            (
                "WindowsHelloForBusiness",
                ["PassportForWork", "SecurityKey"],
                {"UseSecurityKeyForSignin": int(security_key)},
            )
        )
    if wifi:
        profile = f"<WLANProfile><name>{escape(wifi)}</name></WLANProfile>"
        setting = _element("WLANSetting", _element("WLANXmlProfile", profile), SSID=wifi, Name=wifi)
        area("ConnectivityProfiles", _element("WLAN", [setting]))
        sets.append(("ConnectivityProfiles_WLAN", ["WiFi", "Profile", wifi], {"WlanXml": profile}))
    for certificate_kind in CERTIFICATE_KINDS:
        group, item, store = CERTIFICATE_KINDS[certificate_kind]
        elements = []
        for certificate in (c for c in certificates if c["kind"] == certificate_kind):
            extension = "cer" if store else "pfx"
            fields = [_element("CertificatePath", f"{certificate['name']}.{extension}")]
            encoded = base64.b64encode(certificate["data"]).decode()
            if store:
                path = ["RootCATrustedCertificates", store, hashlib.sha1(certificate["data"]).hexdigest().upper()]
                sets.append((f"Certificates_{group}", path, {"EncodedCertificate": encoded}))
            else:
                password = certificate.get("password", "")
                fields.append(_element("CertificatePassword", password))
                path = ["ClientCertificateInstall", "PFXCertInstall", certificate["name"]]
                sets.append((f"Certificates_{group}", path, {"PFXCertBlob": encoded, "PFXCertPassword": password}))
            elements.append(_element(item, fields, CertificateName=certificate["name"], Name=certificate["name"]))
        if elements:
            area("Certificates", _element(group, elements))
    if mdm:
        fields = [_element("AuthPolicy", "OnPremise"), _element("DiscoveryServiceFullUrl", mdm["discovery_url"])]
        fields.append(_element("Secret", mdm["secret"]))
        area("Workplace", _element("Enrollments", [_element("UPN", fields, UPN=mdm["upn"], Name=mdm["upn"])]))
        values = {"DiscoveryServiceFullUrl": mdm["discovery_url"], "Secret": mdm["secret"], "AuthPolicy": "OnPremise"}
        sets.append(("Workplace", ["Workplace", "Enrollments", mdm["upn"]], values))
    for policy, number in (policies or {}).items():
        policy_area, policy_name = policy.split("/")
        area("Policies", _element(policy_area, [_element(policy_name, str(number))]))
        sets.append((f"Policies_{policy_area}", ["Policy", "Config", policy_area], {policy_name: number}))
    for file_name, data in (files or {}).items():
        asset(2, "CommandFile", file_name, data)
    if len(commands) == 1:
        sources = [_element("CommandFile", file_name, Name=file_name) for file_name in files or {}]
        listing = [_element("CommandFiles", sources)] if sources else []
        area("ProvisioningCommands", _element("DeviceContext", [*listing, _element("CommandLine", commands[0])]))
        path = ["ProvisioningCommands", "DeviceContext", "$(__PackageID)", "Default"]
        sets.append(("ProvisioningCommands_DeviceContext_CommandLine", path, {"CommandLine": commands[0]}))
    elif commands:
        configs = []
        for place, line in enumerate(commands):
            fields = [_element("CommandLine", line), _element("ContinueInstall", "False")]
            configs.append(_element("CommandConfig", fields, Name=str(place)))
            where = ["ProvisioningCommands", "PrimaryContext", "$(__PackageID)", str(place)]
            label = f"ProvisioningCommands_PrimaryContext_Command_{place}_CommandLine"
            sets.append((label, where, {"CommandLine": line}))
        area("ProvisioningCommands", _element("PrimaryContext", [_element("Command", configs)]))

    out: dict[str, bytes] = {}
    entries = []
    for place, (name_of_set, steps, parms) in enumerate(sets):
        safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in name_of_set)
        out[f"Multivariant/0/Prov/RunTime/{place}__{safe}.provxml"] = _provxml(steps, parms)
        file = f"$(_prov)\\RunTime\\{place}__{safe}.provxml"
        entries.append(_element("ConfigurationSet", "", Type="provxml", SettingsGroup=name_of_set, Data=file))
    out["Multivariant/0/Prov/RunTime.xml"] = _document(_element("ConfigurationSource", entries, Version="1.0"))
    events = _element("EventList", [_element("Event", "", Name="RunTime")])
    source = _element("ConfigurationSource", [events], Name="RunTime", Path="$(_prov)\\RunTime.xml")
    out["Multivariant/0/MasterDatastore.xml"] = _document(_element("ConfigurationSourceList", [source], Version="1.0"))
    index = [_element("Element", "", Index="0")]
    out["Multivariant/Multivariant.xml"] = _document(_element("Elements", index, Type="Multivariant"))
    if variant == "wcd":
        config = [_element("ID", braced), _element("Name", name), _element("Version", version)]
        config += [_element("OwnerType", owner), _element("Rank", str(rank)), _element("Notes", "")]
        common = _element("Customizations", [_element("Common", [_element(k, v) for k, v in tree.items()])])
        parts = [_element("PackageConfig", config, xmlns="urn:schemas-Microsoft-com:Windows-ICD-Package-Config.v1.0")]
        parts.append(_element("Settings", [common], xmlns="urn:schemas-microsoft-com:windows-provisioning"))
        answer = _document(_element("WindowsCustomizations", parts))
        out["Multivariant/0/customizations.xml"] = out["CommonSettings/1/AnswerFile.xml"] = answer
        pointer = _element("Element", [_element("Metadata", "", Key="Name", Value="AnswerFile")], Index="1")
        out["CommonSettings/CommonSettings.xml"] = _document(_element("Elements", [pointer], Type="CommonSettings"))
    if assets:
        listing = []
        for key, places in asset_names.items():
            file_index, kind = key.split()
            metadata = [_element("Metadata", "", Key="Name", Value=kind)]
            metadata += [_element("Metadata", "", Key=place, Value=f"/ProvisioningCommands/{kind}") for place in places]
            listing.append(_element("Element", metadata, Index=file_index))
        out["DataAsset/DataAsset.xml"] = _document(_element("Elements", listing, Type="DataAsset"))
    altitude = str(OWNERS.index(owner) * 1000 + rank) if owner in OWNERS else "0"
    properties = {"PACKAGEID": braced, "VERSION": version, "ALTITUDE": altitude, "RESETCLEAR": "0"}
    properties["NOTES"] = f"VERSION=10.0.26100.1;EncryptPackage=False;SignPackage=False;PackageID={braced};"
    return wim.write({**out, **assets}, name, {**properties, **(identity or {})})


def encrypt(package: bytes, password: str, vector: bytes = bytes(range(16))) -> bytes:
    """A package protected with a password (1 to 16 ASCII characters), as Windows' provisioning library writes it.

    A 16-byte vector, the package in zero-padded pieces of 160 bytes under AES-128-CBC with the zero-padded
    password as the key, and an HMAC-SHA256 of the ciphertext with the same key (public decompilation of
    provpackageapidll.dll, ``PackageSecurity::CryptWrapper``).
    """
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    key = password.encode("ascii").ljust(16, b"\0")
    padded = package + bytes(-len(package) % 160)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    sealed = encryptor.update(padded) + encryptor.finalize()
    return vector + sealed + hmac.new(key, sealed, hashlib.sha256).digest()


# ---- what a device finds ------------------------------------------------------------------------------------------


def inspect(data: bytes) -> dict:
    """What the engine of a simulated device takes from a package; it reads the ``.provxml`` files, as Windows does.

    {package_id (lower case, in braces), name, version, token, authority, computer_name, security_key, commands,
    accounts: [{name, password, group}], mdm: {upn, discovery_url} or None, sets: {provxml name: [(path, value)]}}.
    What the package does not set is None. ``checksums`` are those by which the engine knows a file again, ``groups``
    the settings groups of the files. Raises BadPackage.
    """
    files, properties = _contents(data)
    sets: dict[str, list[tuple[str, str]]] = {}
    checksums: dict[str, int] = {}
    try:
        for path, content in sorted(files.items(), key=lambda item: _order(item[0])):
            if path.startswith("Multivariant/") and path.endswith(".provxml"):
                sets[path.rsplit("/", 1)[1]] = list(_parms(ElementTree.fromstring(content)))
                checksums[path.rsplit("/", 1)[1]] = zlib.crc32(
                    content.decode("utf-8-sig", "replace").encode("utf-16-le")
                )
    except ElementTree.ParseError as exc:
        raise BadPackage("damaged", f"a .provxml file is no XML: {exc}") from exc
    values = dict(pair for pairs in sets.values() for pair in pairs)
    accounts: dict[str, dict] = {}
    mdm = None
    for path, value in values.items():
        steps = path.split("/")
        if steps[:2] == ["Accounts", "Users"] and len(steps) == 4:
            account = accounts.setdefault(steps[2], {"name": steps[2], "password": None, "group": "Users"})
            if steps[3] == "Password":
                account["password"] = value
            elif steps[3] == "LocalUserGroup":
                account["group"] = "Administrators" if value == "2" else "Users"
        elif steps[:2] == ["Workplace", "Enrollments"] and steps[-1] == "DiscoveryServiceFullUrl":
            mdm = {"upn": "/".join(steps[2:-1]), "discovery_url": value}
    key = values.get("PassportForWork/SecurityKey/UseSecurityKeyForSignin")
    return {
        "package_id": properties.get("PACKAGEID", "").lower(),
        "name": properties.get("NAME", ""),
        "version": properties.get("VERSION", ""),
        "token": values.get("AADJ/BPRT"),
        "authority": values.get("AADJ/Authority"),
        "computer_name": values.get(
            "DevDetail/Ext/Microsoft/DNSComputerName", values.get("Accounts/Domain/ComputerName")
        ),
        "security_key": None if key is None else key == "1",
        "commands": [
            value
            for path, value in values.items()
            if path.startswith("ProvisioningCommands/") and path.endswith("/CommandLine")
        ],
        "accounts": list(accounts.values()),
        "mdm": mdm,
        "sets": sets,
        "checksums": checksums,
        "groups": _groups(files),
    }


def _groups(files: dict[str, bytes]) -> dict[str, str]:
    """The settings group of each file, as the index of the package has them."""
    index = files.get("Multivariant/0/Prov/RunTime.xml")
    found = ElementTree.fromstring(index).iter("ConfigurationSet") if index else ()
    return {item.get("Data", "").rsplit("\\", 1)[-1]: item.get("SettingsGroup", "") for item in found}


def _contents(data: bytes) -> tuple[dict[str, bytes], dict[str, str]]:
    try:
        return wim.read(data)
    except wim.NotWim as exc:
        if len(data) >= 368 and (len(data) - 48) % 160 == 0:  # the shape that `encrypt` gives
            raise BadPackage("encrypted", "the package is encrypted") from exc
        raise BadPackage("not_wim", str(exc)) from exc
    except wim.Damaged as exc:
        raise BadPackage("damaged", f"the package cannot be read: {exc}") from exc


def _order(path: str) -> tuple[int, str]:
    number = path.rsplit("/", 1)[-1].split("__")[0]
    return (int(number), path) if number.isdigit() else (1 << 30, path)


def _parms(node: ElementTree.Element, path: str = ""):
    for child in node:
        if child.tag == "characteristic":
            yield from _parms(child, f"{path}{child.get('type', '')}/")
        elif child.tag == "parm":
            yield f"{path}{child.get('name', '')}", child.get("value", "")
