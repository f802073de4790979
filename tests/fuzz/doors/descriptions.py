# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A description of a package in YAML, and customizations.xml, as anybody may write them."""

from __future__ import annotations

import random

from ansible_collections.winops.entra.plugins.plugin_utils.package.description import customizations, problems, writer
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.description import checked, described
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.text import read_text
from tests.fuzz import values

from . import packages

SAMPLE = 600
_TEXT = f"""
name: Contoso
version: "1.0"
bulk_token: {{value: {packages.SECRET}, expires: 2026-12-31}}
local_users:
  - {{name: rescue, password: {packages.SECRET}, group: administrators}}
wifi: [{{ssid: a, security: wep, key: {packages.SECRET}}}]
commands: [{{line: a, more_files: [b]}}]
settings:
  - {{path: "Accounts/Users/User[a]/HomeDir", value: x}}
targets: [{{id: a, states: [{{b: c}}]}}]
conditional: [{{targets: [a], computer_name: x, kind: profile}}]
unknown_settings: [Foo]
"""
_PIECES = (
    "{",
    "}",
    "[",
    "]",
    ": ",
    "\n  - ",
    "&a ",
    "*a",
    "!!binary ",
    "!x ",
    "null",
    "1.5",
    "'",
    '"',
    "%",
    "|",
    "\t",
    "(2)",
    "]]",
)


def one(chance: random.Random) -> None:
    said = ""
    try:
        said = chance.choice((_text, _text, _data, _document))(chance)
    except (problems.BadDescription, customizations.NotCustomizations) as refusal:
        said = f"{refusal.msg} {refusal.error}"
        assert refusal.msg.strip()
    assert packages.SECRET not in said


def _text(chance: random.Random) -> str:
    text = _TEXT
    for _change in range(chance.choice((0, 1, 1, 2, 5))):
        at = chance.randrange(len(text))
        text = text[:at] + chance.choice(_PIECES) + text[at + chance.choice((0, 0, 1, 5)) :]
    return repr(checked(*read_text(text)))


def _data(chance: random.Random) -> str:
    """A value of another kind at one place."""
    data = read_text(_TEXT)[0]
    place = data
    while True:
        key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if not isinstance(place[key], (dict, list)) or not place[key] or chance.random() < 0.3:
            place[key] = values.value(chance)
            break
        place = place[key]
    return repr(checked(data))


def _document(chance: random.Random) -> str:
    """What is read is written, and read again as the same."""
    document = customizations.read_customizations(packages.document(chance))
    description = checked({"name": "n"} | described(document))
    again = customizations.read_customizations(writer.write_customizations(description.document))
    assert [block.settings for block in again.blocks] == [block.settings for block in description.document.blocks]
    return repr(description)
