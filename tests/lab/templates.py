# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates of the lab: packages with any settings, in which each value stands wherever it stands in a real one.

Written as Windows Configuration Designer does: customizations.xml with ``Name=`` and PackageConfig, AnswerFile.xml with
neither, one ``.provxml`` a setting in ``RunTime`` or ``User_RunTime`` with the package's id in some file names, indexes
that name groups of settings by GUID, the id in paths of assets, and the identity again in the WIM's XML.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from . import wim
from .ppkg import OWNERS

PACKAGE_ID = "6c1f2d4b-8e53-4d2a-8f68-2f7b3c4d5e6f"
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Row:
    """One setting. ``elements``: (tag, attribute of its key, key) from the area on; "" where it has no such attribute.

    ``csp``: the steps of its compiled path with its name last, empty where it is not compiled; ``compiled``: its value
    there. ``attribute``: the value stands in this attribute of the last element. ``target``: it is only for this one.
    """

    elements: tuple[tuple[str, str, str | None], ...]
    value: str
    csp: tuple[str, ...] = ()
    compiled: str | None = None
    attribute: str | None = None
    user: bool = False
    target: str | None = None


@dataclass
class _Node:
    tag: str
    attributes: dict[str, str]
    text: str = ""
    below: list[_Node] = field(default_factory=list)
    key: tuple[str, str | None] = ("", None)


def build(
    rows: Sequence[Row],
    name: str = "Template",
    *,
    package_id: str = PACKAGE_ID,
    version: str = "1.0",
    owner: str = "ITAdmin",
    rank: int = 0,
    notes: str = "",
    assets: Mapping[str, bytes] | None = None,
    signed: bool = False,
    encrypted: bool = False,
    comment: str = "",
    more: Mapping[str, bytes] | None = None,
    properties: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of a ``.ppkg``. ``assets``: embedded files by name; ``comment``: within customizations.xml; ``more``:
    other files by path, in place of those that are there; ``properties``: in place of those of the WIM's XML."""
    braced = "{" + str(uuid.UUID(package_id)) + "}"
    files: dict[str, bytes] = {}
    config = (
        '<PackageConfig xmlns="urn:schemas-Microsoft-com:Windows-ICD-Package-Config.v1.0">'
        f"<ID>{braced}</ID><Name>{escape(name)}</Name><Version>{version}</Version>"
        f"<OwnerType>{owner}</OwnerType><Rank>{rank}</Rank><Notes>{escape(notes)}</Notes></PackageConfig>"
    )
    space = ' xmlns="urn:schemas-microsoft-com:windows-provisioning"'
    told, answered = (_customizations(rows, named) for named in (True, False))
    root = f"<WindowsCustomizations>{config}<Settings{space}>{comment}{told}</Settings></WindowsCustomizations>"
    files["Multivariant/0/customizations.xml"] = _document(root)
    answer = f"<WindowsCustomizations><Settings{space}>{answered}</Settings></WindowsCustomizations>"
    files["CommonSettings/1/AnswerFile.xml"] = answer_text = _document(answer, "utf-16")
    assert answer_text.startswith(b"\xff\xfe")
    files |= _compiled(rows, braced)
    files |= _assets(assets or {}, braced)
    files["Multivariant/Multivariant.xml"] = _document('<Elements Type="Multivariant"><Element Index="0" /></Elements>')
    said = {
        "DESCRIPTION": name,
        "VERSION": version,
        "PACKAGEID": braced,
        "ALTITUDE": str(OWNERS.index(owner) * 1000 + rank),
        "NOTES": f"VERSION=10.0.26100.1;Source=CLI;EncryptPackage={encrypted};SignPackage={signed};"
        f"PackageID={braced};TargetSkus=",
    }
    return wim.write({**files, **(more or {})}, name, {**said, **(properties or {})})


def _document(root: str, encoding: str = "utf-8") -> bytes:
    text = f'<?xml version="1.0" encoding="{encoding}"?>\r\n{root}'
    return BOM + text.encode() if encoding == "utf-8" else text.encode(encoding)


def _customizations(rows: Sequence[Row], named: bool) -> str:
    targets = sorted({row.target for row in rows if row.target})
    out = ["<Customizations>"]
    if targets:
        states = "".join(
            f"<Target Id={quoteattr(each)}><TargetState><Condition Name={quoteattr(each)} Value={quoteattr(each)} />"
            "</TargetState></Target>"
            for each in targets
        )
        out.append(f"<Targets>{states}</Targets>")
    out.append(f"<Common>{_elements([row for row in rows if not row.target], named)}</Common>")
    for each in targets:
        inner = _elements([row for row in rows if row.target == each], named)
        ref = f"<TargetRefs><TargetRef Id={quoteattr(each)} /></TargetRefs>"
        out.append(f"<Variant Name={quoteattr(each)}>{ref}<Settings>{inner}</Settings></Variant>")
    return "".join([*out, "</Customizations>"])


def _elements(rows: Sequence[Row], named: bool) -> str:
    top = _Node("", {})
    for row in rows:
        node = top
        for tag, attribute, key in row.elements:
            found = next((each for each in node.below if each.key == (tag, key)), None)
            if found is None:
                attributes = {attribute: key} if attribute and key is not None else {}
                if named and key is not None:
                    attributes["Name"] = key
                found = _Node(tag, attributes, key=(tag, key))
                node.below.append(found)
            node = found
        if row.attribute:
            node.attributes[row.attribute] = row.value
        else:
            node.text = row.value
    return "".join(map(_written, top.below))


def _written(node: _Node) -> str:
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in node.attributes.items())
    # A carriage return is folded by whoever reads XML, if it is not escaped.
    inner = "".join(map(_written, node.below)) or escape(node.text, {"\r": "&#13;"})
    return f"<{node.tag}{attributes}>{inner}</{node.tag}>" if inner else f"<{node.tag}{attributes} />"


def _compiled(rows: Sequence[Row], braced: str) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    entries: dict[str, list[str]] = {"RunTime": [], "User_RunTime": []}
    for place, row in enumerate(row for row in rows if row.csp):
        folder = "User_RunTime" if row.user else "RunTime"
        *above, last = row.csp
        value = row.value if row.compiled is None else row.compiled
        node = f'<parm name={quoteattr(last)} value={quoteattr(value)} datatype="string" />'
        for step in reversed(above):
            node = f"<characteristic type={quoteattr(step)}>{node}</characteristic>"
        label = "".join(c if c.isascii() and c.isalnum() else "_" for c in above[0] if above) if above else "Setting"
        file = f"{place}__{label}_{braced if place % 3 == 0 else 'Default'}.provxml"
        files[f"Multivariant/0/Prov/{folder}/{file}"] = _document(
            f"<wap-provisioningdoc>{node}</wap-provisioningdoc>", "utf-8" if place % 2 else "utf-16"
        )
        group = "{" + str(uuid.uuid5(uuid.NAMESPACE_OID, f"{folder} {place}")) + "}"
        entries[folder].append(
            f'<ConfigurationSet Type="provxml" SettingsGroup="{group}" Data="$(_prov)\\{folder}\\{file}" />'
        )
    for folder, listed in entries.items():
        if listed:
            index = f'<ConfigurationSource Version="5" PackageID="{braced}">{"".join(listed)}</ConfigurationSource>'
            files[f"Multivariant/0/Prov/{folder}.xml"] = _document(index)
    return files


def _assets(assets: Mapping[str, bytes], braced: str) -> dict[str, bytes]:
    files, places = {}, []
    for number, (name, data) in enumerate(assets.items()):
        folder = f"{number}_{base64.b64encode(hashlib.sha256(data).digest()).decode().replace('/', '.')}"
        files[f"DataAsset/2/{folder}/{name}"] = data
        path = f"%ProgramData%\\Microsoft\\Provisioning\\Assets\\{braced}\\{folder}\\{name}"
        places.append(f"<Metadata Key={quoteattr(folder + chr(92) + name)} Value={quoteattr(path)} />")
    if assets:
        index = f'<Elements Type="DataAsset"><Element Index="2">{"".join(places)}</Element></Elements>'
        files["DataAsset/DataAsset.xml"] = _document(index)
    return files
