# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""customizations.xml to a package, as the tool does it: by what its stores know, without relative files."""

from __future__ import annotations

import base64
import hashlib
import ntpath
import re
import typing as t
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from .. import ppkg, wim
from . import stores

ALTITUDES = {"SiliconVendor": 1000, "OEM": 2000, "SystemIntegrator": 3000, "MobileOperator": 4000, "ITAdmin": 5000}
BOM = b"\xef\xbb\xbf"
VERSION = "10.0.26100.1"
_KEY = re.compile(r"~(\w+)~|@\w+@")


class Refused(Exception):
    """The tool builds nothing: the lines that it prints after ``ICD.exe : ERROR: ``."""

    def __init__(self, *lines: str) -> None:
        super().__init__(lines[0])
        self.lines = lines


class Package:
    """One package in the making. ``read`` gives the content of a file of the host, or raises FileNotFoundError."""

    def __init__(self, document: bytes, known: dict[str, stores.Known], read: t.Callable[[str], bytes]) -> None:
        self._known, self._read = known, read
        self._document = document
        self._sets: list[tuple[str, list[str], str, str]] = []
        self._assets: dict[str, bytes] = {}
        try:
            self._root = ElementTree.fromstring(document)
        except ElementTree.ParseError as exc:
            raise Refused("The customization XML is invalid.", f"There is an error in XML document {exc}") from exc
        if self._tag(self._root) != "WindowsCustomizations":
            raise Refused("The customization XML is invalid.", "The root element is not WindowsCustomizations")
        for common in self._found("Settings/Customizations/Common"):
            for area in common:
                self._add(area, [], {})
        for conditional in self._found("Settings/Customizations/Variant/Settings"):
            for area in conditional:
                self._check(area, [])

    def data(self, leave_out: bool = False) -> bytes:
        """The package; with ``leave_out`` without its files."""
        config = {self._tag(one): (one.text or "").strip() for top in self._found("PackageConfig") for one in top}
        owner, rank = config.get("OwnerType", "ITAdmin"), int(config.get("Rank") or 0)
        if "ID" not in config or "Name" not in config:
            raise Refused("The customization XML is invalid.", "PackageConfig has no ID or no Name")
        frame = ppkg.build(config["Name"], config["ID"], config.get("Version", "1.0"), owner=owner, rank=rank)
        files, properties = wim.read(frame)
        files["Multivariant/0/customizations.xml"] = self._document
        files["CommonSettings/1/AnswerFile.xml"] = self._answer_file()
        index = []
        for number, (name, path, last, value) in enumerate(self._sets):
            place = "User_RunTime" if path[:1] == ["User"] else "RunTime"
            file = f"{number}__{re.sub(r'[^A-Za-z0-9._-]', '_', name)}.provxml"
            files[f"Multivariant/0/Prov/{place}/{file}"] = _provxml(path, last, value)
            data = quoteattr(rf"$(_prov)\{place}\{file}")
            group = quoteattr(f"{{{hashlib.sha256(name.encode()).hexdigest()[:8]}-0000-4000-8000-000000000000}}")
            index.append(f'<ConfigurationSet Type="provxml" SettingsGroup={group} Data={data} />')
        source = f'<ConfigurationSource Version="5">{"".join(index)}</ConfigurationSource>'
        files["Multivariant/0/Prov/RunTime.xml"] = _xml(source)
        files |= {} if leave_out else self._assets
        notes = f"VERSION={VERSION};Source=CLI;TargetSkus=Desktop;EncryptPackage=False;SignPackage=False;"
        properties |= {"ALTITUDE": str(ALTITUDES.get(owner, 0) + rank)}
        properties |= {"NOTES": f"{notes}PackageID={properties['PACKAGEID']};"}
        name = properties.pop("NAME", config["Name"])
        return wim.write(files, name, properties)

    # --- the document -------------------------------------------------------------------------------------------------

    @staticmethod
    def _tag(element: ElementTree.Element) -> str:
        return element.tag.rpartition("}")[2]

    def _found(self, path: str) -> list[ElementTree.Element]:
        found = [self._root]
        for tag in path.split("/"):
            found = [child for one in found for child in one if self._tag(child) == tag]
        return found

    def _check(self, element: ElementTree.Element, above: list[str]) -> list[str]:
        path = [*above, self._tag(element)]
        if "/".join(path).lower() not in self._known:
            raise Refused(
                "The following errors were detected in customizations:",
                "Settings were not found in the store file.",
                f"Parse error (0x80070490): '{path[-1]}' is not a valid child node for /{'/'.join(above)}",
            )
        for child in element:
            self._check(child, path)
        return path

    def _add(self, element: ElementTree.Element, above: list[str], keys: dict[str, str]) -> None:
        path = self._check(element, above)
        keys = dict(keys)
        own = element.get("Name") or next(iter(element.attrib.values()), None)
        if own is not None:
            keys |= {name.lower(): value for name, value in element.attrib.items()}
            keys[(above[-1] if above else "").lower()] = own
        if path[-1] == "WLANConfig":
            self._sets.append(("_".join(path), ["WiFi", "Profile", own or ""], "WlanXml", _profile(own or "", element)))
        for number, child in enumerate(element):
            counted = {} if self._tag(child) != "CommandConfig" else {self._tag(element).lower(): str(number)}
            self._add(child, path, {**keys, **counted})
        if len(element) == 0:
            self._value("/".join(path), (element.text or "").strip(), keys)

    def _value(self, path: str, text: str, keys: dict[str, str]) -> None:
        known = self._known[path.lower()]
        content = None
        if known.type == "file":
            # Whoever gives a relative path is told of a success all the same.
            if not ntpath.isabs(text):
                return
            try:
                content = self._read(text)
            except FileNotFoundError as exc:
                lines = f"Could not find file '{text}'.", f"Error (0x80070002) at /{path}"
                raise Refused("The following errors were detected in customizations:", *lines) from exc
            self._embed(path, ntpath.basename(text), content)
        if known.csp is None:
            return
        value = known.values.get(text.lower(), text) if content is None else base64.b64encode(content).decode()
        keys = {**keys, "@": hashlib.sha1(content or b"", usedforsecurity=False).hexdigest().upper()}
        where = _KEY.sub(lambda match: keys.get((match[1] or "@").lower(), "0"), known.csp)
        steps = re.sub(r"!scope=\w+", "", where.removeprefix("./")).split("/")
        steps = steps[2:] if [step.lower() for step in steps[:2]] == ["vendor", "msft"] else steps
        self._sets.append((path.replace("/", "_"), steps[:-1], steps[-1], value))

    def _embed(self, path: str, name: str, content: bytes) -> None:
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode().replace("/", ".")
        self._assets[f"DataAsset/2/{len(self._assets)}_{digest}/{name}"] = content

    def _answer_file(self) -> bytes:
        """The settings without what the package is called."""
        text = self._document.removeprefix(BOM).decode("utf-8")
        return BOM + re.sub(r"<PackageConfig.*?</PackageConfig>", "", text, count=1, flags=re.DOTALL).encode()


def _profile(ssid: str, element: ElementTree.Element) -> str:
    """The profile of a network, as Windows takes it (Microsoft, "WLAN_profile Schema")."""
    said = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in element.iter()}
    how, cipher = {"WPA2-Personal": ("WPA2PSK", "AES"), "WEP": ("open", "WEP")}.get(
        said.get("SecurityType", ""), ("open", "none")
    )
    key = f"<keyType>passPhrase</keyType><protected>false</protected><keyMaterial>{escape(said.get('SecurityKey', ''))}"
    shared = f"<sharedKey>{key}</keyMaterial></sharedKey>" if said.get("SecurityKey") else ""
    mode = "auto" if said.get("AutoConnect", "").lower() == "true" else "manual"
    name = escape(ssid)
    return (
        '<WLANProfile xmlns="http://www.microsoft.com/networking/WLAN/profile/v1">'
        f"<name>{name}</name><SSIDConfig><SSID><name>{name}</name></SSID></SSIDConfig>"
        f"<connectionType>ESS</connectionType><connectionMode>{mode}</connectionMode><MSM><security>"
        f"<authEncryption><authentication>{how}</authentication><encryption>{cipher}</encryption></authEncryption>"
        f"{shared}</security></MSM></WLANProfile>"
    )


def _xml(root: str) -> bytes:
    return BOM + f'<?xml version="1.0" encoding="utf-8"?>{root}'.encode()


def _provxml(path: list[str], name: str, value: str) -> bytes:
    node = f'<parm name={quoteattr(name)} value={quoteattr(value)} datatype="string" />'
    for step in reversed(path):
        node = f"<characteristic type={quoteattr(step)}>{node}</characteristic>"
    return _xml(f"<wap-provisioningdoc>{node}</wap-provisioningdoc>")
