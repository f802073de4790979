# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates with settings of the table, made by the lab, and the descriptions that give them other values."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io

from ansible_collections.winops.entra.plugins.plugin_utils.package import Package, read_package
from ansible_collections.winops.entra.plugins.plugin_utils.package.composing import Built
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.description import Description, checked
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.document import Setting, Step
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.table import (
    ITEMS,
    KEYED_LIST,
    Known,
    table,
)
from tests.lab import templates

OLD_FILE, NEW_FILE = b"what the template has", b"what the description has"


@dataclasses.dataclass(frozen=True)
class Case:
    """A setting with the value of the template and that of the description, both as texts of a document."""

    steps: tuple[Step, ...]
    known: Known
    old: str
    new: str

    @property
    def path(self) -> str:
        return Setting(self.steps, "").path

    @property
    def is_compiled_file(self) -> bool:
        return self.known.type == "file" and "@" in (self.known.csp or "")


def rows(cases: list[Case], target: str | None = None) -> list[templates.Row]:
    """The settings with the template's values."""
    return [row(case, target) for case in cases]


def row(case: Case, target: str | None = None) -> templates.Row:
    elements, names, keys = [], [], {}
    for step in case.steps:
        names.append(step.name)
        listing = table().list_of(table().find("/".join(names)))
        own = listing.key if listing is not None and listing.type == KEYED_LIST else ""
        elements.append((step.name, own or "", step.key))
        if listing is not None and listing.type in (KEYED_LIST, ITEMS) and step.key is not None:
            keys[(listing.key or listing.path.rpartition("/")[2]).lower()] = step.key
    csp = case.known.csp or ""
    compiled = compiled_value(case.known, case.old)
    if case.is_compiled_file:
        thumbprint = hashlib.sha1(OLD_FILE).hexdigest().upper()
        csp, compiled = csp.replace("@CertificateHash@", thumbprint), base64.b64encode(OLD_FILE).decode()
    if not csp or "#" in csp:
        steps = [case.known.path.partition("/")[0], *(step.key or step.name for step in case.steps[1:])]
    else:
        bare = csp.removeprefix("./").removeprefix("Vendor/MSFT/").removeprefix("User/Vendor/MSFT/")
        steps = [filled(step, keys) for step in bare.split("/")]
    asset = case.known.type == "file" and not case.is_compiled_file
    return templates.Row(
        tuple(elements),
        case.old,
        () if asset else tuple(steps),
        compiled,
        user=case.known.scope == "user",
        target=target,
    )


def filled(step: str, keys: dict[str, str]) -> str:
    for key, value in keys.items():
        if step.lower() == f"~{key}~":
            return value
    return step


def compiled_value(known: Known, text: str) -> str:
    """As Windows Configuration Designer compiles a value: the code of a label, the number, the text."""
    if known.type == "boolean":
        return "true" if text.lower() in ("true", "yes", "on", "1", "enabled") else "false"
    for value, label in known.values:
        if text.lower() in (value.lower(), label.lower()):
            return value
    if known.type == "integer" and {value for value, _label in known.values} == {"0", "1"}:
        return "1" if text.lower() in ("true", "yes", "on", "1", "enabled") else "0"
    return text.strip()


def template(cases: list[Case], **arguments) -> bytes:
    """A package with the old values."""
    assets = {
        case.old.replace("\\", "/").rpartition("/")[2]: OLD_FILE
        for case in cases
        if case.known.type == "file" and not case.is_compiled_file
    }
    return templates.build(rows(cases), assets=assets, **arguments)


def description(cases: list[Case], **more) -> Description:
    """One that has the new values."""
    settings = [{"path": case.path, "value": case.new} for case in cases]
    return checked({"name": "Neu 新 <&>", "version": "2.0", "settings": settings, **more})


def files(cases: list[Case]) -> dict[str, bytes]:
    return {case.new: NEW_FILE for case in cases if case.known.type == "file"}


def written(built: Built) -> bytes:
    stream = io.BytesIO()
    built.write(stream)
    return stream.getvalue()


def read(built: Built, save) -> Package:
    """What the reader finds in it; ``save`` writes bytes to a file."""
    return read_package(save(written(built), "built.ppkg"))
