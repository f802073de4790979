# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a package in its conditions, and what the tool that built it noted.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re

from .blocks import Condition, Target
from .settings import PackageSettings

MAX_NOTES = 4096
_YES = frozenset({"true", "yes", "1"})


def told_conditions(conditional: list[tuple[Condition, PackageSettings]], targets: list[Target]) -> list[dict]:
    """Each block of settings that is only for some devices, with its condition, JSON-safe."""
    return [
        {
            "condition": condition_of(condition, targets),
            "bulk_token": settings.token is not None,
            "computer_name": settings.computer_name,
            "security_key_signin": settings.security_key_signin,
            "commands": settings.commands,
            "certificates": settings.certificates,
            "accounts": settings.accounts,
            "mdm": settings.mdm,
            "settings": sorted(settings.areas),
        }
        for condition, settings in conditional
    ]


def condition_of(condition: Condition, targets: list[Target]) -> dict:
    """A condition with the states of its targets. A target that is not in the document has none."""
    known = {target.id: target for target in targets}
    return {
        "kind": condition.kind,
        "name": condition.name,
        "targets": [
            {
                "id": name,
                "states": [
                    [{"name": each, "value": value} for each, value in state]
                    for state in (known[name].states if name in known else ())
                ],
            }
            for name in condition.targets
        ],
    }


def without_conditional(compiled: PackageSettings, told: PackageSettings, conditional: list[PackageSettings]) -> None:
    """Take out of the compiled settings, which do not tell the two apart, what is only for some devices."""
    for name in ("computer_name", "security_key_signin", "mdm"):
        values = [getattr(each, name) for each in conditional if getattr(each, name) is not None]
        if getattr(told, name) is None and getattr(compiled, name) in values:
            setattr(compiled, name, None)
    commands = {line for each in conditional for line in each.commands} - set(told.commands)
    compiled.commands = [line for line in compiled.commands if line not in commands]
    accounts = {row["name"].lower() for each in conditional for row in each.accounts}
    accounts -= {row["name"].lower() for row in told.accounts}
    compiled.accounts = [row for row in compiled.accounts if row["name"].lower() not in accounts]


def built_with(properties: dict[str, str]) -> dict | None:
    """What the notes of the image say: {version, source, target_skus, signed, encrypted}, None without notes.

    Source: packages of Windows Configuration Designer, whose notes are ``VERSION=...;Source=...;EncryptPackage=...``.
    """
    notes = properties.get("NOTES", "")[:MAX_NOTES]
    said = {
        name.strip().lower(): value.strip()
        for name, sign, value in (part.partition("=") for part in re.split("[;\r\n]", notes))
        if sign
    }
    if not said:
        return None
    return {
        "version": said.get("version") or None,
        "source": said.get("source") or None,
        "target_skus": said.get("targetskus") or None,
        "signed": said["signpackage"].lower() in _YES if "signpackage" in said else None,
        "encrypted": said["encryptpackage"].lower() in _YES if "encryptpackage" in said else None,
    }
