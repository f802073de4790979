# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A provisioning package that somebody else made: bent, cut, put together of pieces, or with odd settings."""

from __future__ import annotations

import functools
import json
import os
import random
import tempfile
from xml.sax.saxutils import escape, quoteattr

from ansible_collections.winops.entra.plugins.plugin_utils.package import PackageError, describe, read_package
from tests.lab import ppkg, wim

SAMPLE = 1500
PACKAGE_ID = "5b0e1c3a-7d42-4c19-9e57-1f6a2b3c4d5e"
SECRET = "fK7-quartz-ladder-9"
_PLACES = (
    *("Multivariant/0/customizations.xml", "CommonSettings/1/AnswerFile.xml", "Multivariant/0/Prov/RunTime/0.provxml"),
    *("DataAsset/2/0_x/profile.xml", "Multivariant/0/Prov/RunTime/99999999999.provxml", "a/b"),
)
_STEPS = (
    *("Accounts", "Users", "User", "Azure", "BPRT", "Password", "SMISettings", "AutoLogon", "Workplace", "Secret"),
    *(
        "Certificates",
        "Name",
        "ProvisioningCommands",
        "CommandLine",
        "characteristic",
        "parm",
        "Common",
        "PackageConfig",
    ),
    *("ID", "Rank", "keyMaterial", "Value", "WindowsCustomizations", "Settings", "Customizations", "Authority", "AADJ"),
)
NUMBERS = (0, 1, 7, 8, 208, 2**16, 2**31, 2**32 - 1, 2**56 - 1, 2**63 - 8, 2**63 - 1, 2**63, 2**64 - 8, 2**64 - 1)
_TEXTS = ("", " ", "x", "&lt;keyMaterial&gt;y&lt;", "{", "-1", "999", "\u2028", "a.b.c", "0" * 300, "%41", "&amp;#65;")


def one(chance: random.Random) -> None:
    data = chance.choice((_bent, _bent, _numbers, _cut, _spliced, _settings, _settings))(chance)
    with tempfile.NamedTemporaryFile(suffix=".ppkg", dir=directory()) as file:
        file.write(data)
        file.flush()
        try:
            said = json.dumps(describe(read_package(file.name)))
        except PackageError as refusal:
            assert refusal.msg.isprintable()
            said = f"{refusal.msg} {refusal.error}"
    assert SECRET not in said


@functools.cache
def directory() -> str | None:
    """Memory in place of a disk, where there is such a place."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@functools.cache
def _good() -> tuple[bytes, ...]:
    account = {"name": "rescue", "password": SECRET}
    whole = ppkg.build(
        "Contoso", PACKAGE_ID, token=SECRET, commands=[f"a {SECRET}"], accounts=[account], files={"f": b"f"}
    )
    compiled = ppkg.build("Contoso", PACKAGE_ID, token=SECRET, variant="provxml_only")
    return whole, compiled, wim.write({_PLACES[2]: b"<a><parm name='Password' value='x'/></a>"})


def _bent(chance: random.Random) -> bytes:
    data = bytearray(chance.choice(_good()))
    for _bend in range(chance.choice((1, 1, 2, 4, 16))):
        data[chance.randrange(len(data))] ^= chance.randint(1, 255)
    return bytes(data)


def _numbers(chance: random.Random) -> bytes:
    """A number in the header or in one of the tables is another one."""
    data = bytearray(chance.choice(_good()))
    at = chance.randrange(208) if chance.random() < 0.5 else chance.randrange(len(data) - 8)
    data[at : at + 8] = chance.choice(NUMBERS).to_bytes(8, "little")[: chance.choice((1, 2, 4, 7, 8))].ljust(8, b"\0")
    return bytes(data)


def _cut(chance: random.Random) -> bytes:
    data = chance.choice(_good())
    at = chance.randrange(len(data))
    return data[:at] + data[at + chance.choice((1, 8, 100, len(data))) :]


def _spliced(chance: random.Random) -> bytes:
    one_of, other = chance.choice(_good()), chance.choice(_good())
    at, size = chance.randrange(len(one_of)), chance.choice((8, 24, 50, 200))
    begin = chance.randrange(len(other))
    return one_of[:at] + other[begin : begin + size] + one_of[at + size :]


def _settings(chance: random.Random) -> bytes:
    """Sound files with odd documents; a command line repeats what is secret."""
    files = {chance.choice(_PLACES): document(chance) for _each in range(chance.randint(1, 3))}
    return wim.write(files, "Contoso", {"PACKAGEID": chance.choice((PACKAGE_ID, "", "x" * 1000))})


def document(chance: random.Random) -> bytes:
    inner = "".join(_element(chance, 0) for _each in range(chance.randint(0, 4)))
    secret = f"<Accounts><Users><User><Password>{SECRET}</Password></User></Users></Accounts>"
    line = f"<ProvisioningCommands><CommandLine>{SECRET} {SECRET}</CommandLine></ProvisioningCommands>"
    for step in ("Common", "Customizations", "Settings", "WindowsCustomizations"):
        inner = f"<{step}>{secret if step == 'Common' else ''}{inner}{line if step == 'Common' else ''}</{step}>"
    if chance.random() < 0.2:
        at = chance.randrange(len(inner))
        inner = inner[:at] + chance.choice(("<!DOCTYPE a>", "&x;", "]]>", "<", "\x01", "<!--", "<?x?>")) + inner[at:]
    return inner.encode(chance.choice(("utf-8", "utf-8", "utf-16", "utf-8-sig", "utf-32")), "replace")


def _element(chance: random.Random, depth: int) -> str:
    name = chance.choice(_STEPS)
    attributes = "".join(
        f" {key}={quoteattr(chance.choice((*_TEXTS, *_STEPS)))}"
        for key in chance.sample(("type", "name", "value", "Name", "UserName", "Password", "UPN"), chance.randint(0, 3))
    )
    inner = escape(chance.choice(_TEXTS)) if chance.random() < 0.7 else ""
    for _each in range(chance.choice((0, 1, 2, 3)) if depth < 6 else 0):
        inner += _element(chance, depth + 1)
    return f"<{name}{attributes}>{inner}</{name}>"
