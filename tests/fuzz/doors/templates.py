# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A template that somebody else made, bent or with odd settings, and a description that is put into it.

What comes of it is an error of the product, or a package that says what the description says: the reader finds it in
each form, and no secret of the template is left in it.
"""

from __future__ import annotations

import io
import random
import tempfile

from ansible_collections.winops.entra.plugins.plugin_utils.package import read_package
from ansible_collections.winops.entra.plugins.plugin_utils.package.composing import compose
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.compare import compare_with_document
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.description import checked
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from tests.lab import templates, wim

from . import packages

SAMPLE = 100
OLD_SECRETS = ("fK7-quartz-ladder-9", "pW3<&>\"violin'5", "tÖ8-中文-Ключ")
NEW_SECRET = "nZ5-maple-<&>-river-2"
_LETTERS = "abcXYZ019 -_.%$(){}[]<>&\"'\t\nßäЖ中\U0001f511"
_LARGEST = 30_000_000
_CONTEXT = ("ProvisioningCommands", "DeviceContext", "$(__PackageID)", "Default", "CommandLine")
_PLACES = (
    *("Multivariant/0/MasterDatastore.xml", "Multivariant/0/Prov/RunTime/9.provxml", "Multivariant/0/x.txt"),
    *("DataAsset/3/odd/some.bin", "CommonSettings/2/AnswerFile.xml", "Multivariant/1/customizations.xml"),
)


def one(chance: random.Random) -> None:
    name, user, network = (_word(chance) for _each in range(3))
    old = chance.sample(OLD_SECRETS, 3)
    size = chance.choice((0, 1, 300, 32768, 70_000, 500_000))
    if chance.random() < 0.005:
        size = chance.randrange(_LARGEST)
    content = chance.randbytes(size)
    template = _template(chance, name, user, network, old)
    if chance.random() < 0.5:
        template = _bent(chance, template)
    data = {
        "name": _word(chance),
        "version": chance.choice(("1.0", "7.7.7.7")),
        "rank": chance.choice((0, 0, 42)),
        "bulk_token": {"value": NEW_SECRET},
        "local_users": [{"name": user, "password": NEW_SECRET, "group": "standard_users"}],
        "wifi": [{"ssid": network, "security": "wpa2_personal", "key": NEW_SECRET}],
        "device_command": {"files": ["files/setup.cmd"], "line": f"{_word(chance)} {NEW_SECRET}"},
    }
    try:
        description = checked(data)
        built = compose(template, description, {"files/setup.cmd": content})
    except Failure as refusal:
        shown = f"{refusal.msg} {refusal.error}"
    else:
        shown = f"{built} {built.changes} {built.notes}"
        with tempfile.NamedTemporaryFile(suffix=".ppkg", dir=packages.directory()) as file:
            built.write(file)
            file.flush()
            package = read_package(file.name)
            assert package.sha256 == built.sha256 and package.id == built.package_id
            assert compare_with_document(package.forms, description.document) == []
            _no_rest(file, old)
    assert not [secret for secret in (*OLD_SECRETS, NEW_SECRET) if secret in shown]


def _no_rest(file: io.BufferedIOBase, old: list[str]) -> None:
    file.seek(0)
    data = file.read()
    files, properties = wim.read(data)
    texts = [data, " ".join([*files, *properties.values()]).encode(), *files.values()]
    for secret in old:
        for encoding in ("utf-8", "utf-16-le"):
            assert not any(secret.encode(encoding) in text for text in texts)


def _template(chance: random.Random, name: str, user: str, network: str, old: list[str]) -> bytes:
    profile = f"<WLANProfile><keyMaterial>{_escaped(old[1])}</keyMaterial></WLANProfile>"
    line = f"setup.cmd {chance.choice((old[0], ''))} {chance.choice(_LETTERS)}x"
    wlan = (("ConnectivityProfiles", "", None), ("WLAN", "", None), ("WLANSetting", "", None))
    rows = [
        (("Accounts/Azure/Authority", None, ""), "https://login.microsoftonline.com/common", ("AADJ", "Authority")),
        (("Accounts/Azure/BPRT", None, ""), old[0], ("AADJ", "BPRT")),
        (("Accounts/Users/User", user, "UserName", "Password"), old[2], ("Accounts", "Users", user, "Password")),
        (
            ("Accounts/Users/User", user, "UserName", "UserGroup"),
            "Administrators",
            ("Accounts", "Users", user, "LocalUserGroup"),
        ),
        (("ProvisioningCommands/DeviceContext/CommandFiles/CommandFile", "setup.cmd", ""), "C:\\x\\setup.cmd", ()),
        (("ProvisioningCommands/DeviceContext/CommandLine", None, ""), line, _CONTEXT),
    ]
    made = [
        templates.Row(_elements(*where), value, csp, "2" if value == "Administrators" else None)
        for where, value, csp in rows
    ]
    config = (*wlan, ("WLANConfig", "SSID", network), ("WLANXmlSettings", "", None))
    made.append(templates.Row((*config, ("SecurityType", "", None)), "WPA2-Personal"))
    made.append(
        templates.Row((*config, ("SecurityKey", "", None)), old[1], ("WiFi", "Profile", network, "WlanXml"), profile)
    )
    more = {}
    if chance.random() < 0.3:
        value, inner = chance.choice((templates.PACKAGE_ID, "x", _escaped(old[0]))), chance.choice(("", "y", "<b/>"))
        odd = f"<a b='{value}'>{inner}</a>"
        more[chance.choice(_PLACES)] = odd.encode(chance.choice(("utf-8", "utf-16", "utf-8-sig")))
    comment = chance.choice(("", f"<!-- <BPRT>{_escaped(old[0])}</BPRT> -->"))
    assets = {"setup.cmd": chance.choice((b"", b"old", b"x" * 40_000))}
    return templates.build(made, name, assets=assets, more=more, comment=comment)


def _elements(path: str, key: str | None, attribute: str, below: str = "") -> tuple:
    *above, last = path.split("/")
    inner = ((below, "", None),) if below else ()
    return (*((name, "", None) for name in above), (last, attribute, key), *inner)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&apos;")


def _bent(chance: random.Random, template: bytes) -> bytes:
    data = bytearray(template)
    kind = chance.randrange(3)
    if kind == 0:
        for _bend in range(chance.choice((1, 2, 8))):
            data[chance.randrange(len(data))] ^= chance.randint(1, 255)
    elif kind == 1:
        at = chance.choice((chance.randrange(208), chance.randrange(len(data) - 8)))
        data[at : at + 8] = chance.choice(packages.NUMBERS).to_bytes(8, "little")
    else:
        at = chance.randrange(len(data))
        del data[at : at + chance.choice((1, 8, 100, len(data)))]
    return bytes(data)


def _word(chance: random.Random) -> str:
    return "w" + "".join(chance.choice(_LETTERS) for _each in range(chance.randint(0, 12))).strip() + "w"
