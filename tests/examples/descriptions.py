# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The description of the guide on packages, the files that it names, and the templates from which examples build."""

from __future__ import annotations

import ntpath
import re
import uuid
from pathlib import Path

import yaml

from tests.collection import make_importable
from tests.lab import ppkg
from tests.lab.icd import compiler, stores

from .texts import ROOT

#: What a description names beside itself, as a person would have it.
FILES = {"contoso-root.cer": b"a certificate of the examples", "agent.cmd": b"echo hello\r\n"}
SECRETS = {
    "vault_bulk_token": "0.FAKE-bulk-token-of-the-examples",
    "vault_rescue_password": "FAKE-rescue-password-of-the-examples",
    "vault_wifi_key": "FAKE-wifi-key-of-the-examples",
}


def of_the_guide() -> str:
    """The file ``packages/berlin.yml`` of docs/packages.md."""
    guide = (ROOT / "docs" / "packages.md").read_text(encoding="utf-8")
    return guide.partition("```yaml\n")[2].partition("```")[0]


def of_security_keys() -> str:
    """The file ``packages/keys.yml`` of docs/passwordless.md."""
    guide = (ROOT / "docs" / "passwordless.md").read_text(encoding="utf-8")
    return guide.partition("```yaml\n")[2].partition("```")[0]


def write(folder: Path) -> None:
    """Write the description, its files and the templates into a folder ``packages``."""
    (folder / "berlin.yml").write_text(of_the_guide(), encoding="utf-8")
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    (folder / "template.ppkg").write_bytes(_built_by_the_tool())
    other = ppkg.build(
        "Template",
        str(uuid.uuid4()),
        token="0.FAKE-token-of-a-template",
        computer_name="TP-%SERIAL%",
        security_key=True,
    )
    (folder / "join-template.ppkg").write_bytes(other)
    (folder / "keys.yml").write_text(of_security_keys(), encoding="utf-8")
    keys = ppkg.build("Template", str(uuid.uuid4()), security_key=True)
    (folder / "keys-template.ppkg").write_bytes(keys)


def _built_by_the_tool() -> bytes:
    """A package with the settings of the description and other values, as the lab's Windows Configuration Designer
    builds it."""
    make_importable()
    from ansible_collections.winops.entra.plugins.plugin_utils.package.description import description, writer

    text = re.sub(r"\{\{ (\w+) \}\}", r"TEMPLATE-\1", of_the_guide()).replace("CT-%", "TP-%")
    data = yaml.safe_load(text) | {"id": str(uuid.uuid4()), "name": "Template"}
    document = writer.write_customizations(description.checked(data).document)
    for name in FILES:
        document = document.replace(f">{name}<".encode(), rf">C:\template\{name}<".encode())
    known = stores.known(stores.store(stores.COMMON), stores.store(stores.DESKTOP))
    return compiler.Package(document, known, lambda path: f"template {ntpath.basename(path)}".encode()).data()
