# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What RETURN says that each module returns, as a tree of fields."""

from __future__ import annotations

import ast
import dataclasses
import functools
import re
import typing as t
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "plugins" / "modules"
PREFIX = "winops.entra."
#: Fields that are described with "as M(...) returns it": their keys are those of another field.
SAME_AS = {
    "device_reset.ansible_facts": "device_facts.ansible_facts",
    "first_contact.ansible_facts": "device_facts.ansible_facts",
    "disconnect.ansible_facts": "device_facts.ansible_facts",
    "join.ansible_facts": "device_facts.ansible_facts",
    "mdm.ansible_facts": "device_facts.ansible_facts",
    "ppkg.ansible_facts": "device_facts.ansible_facts",
    "join.join": "device_facts.ansible_facts.entra.join",
    "join.mdm": "device_facts.ansible_facts.entra.mdm",
    "join.package": "ppkg_info.package",
    "ppkg.package": "ppkg_info.package",
    "ppkg_build.package": "ppkg_info.package",
    "ppkg_build.settings": "ppkg_info.settings",
    "ppkg_info.settings.condition": "ppkg_info.package.conditional.condition",
    "ppkg_info.differences.condition": "ppkg_info.package.conditional.condition",
    "device_posture.posture.updates.hotpatch": "device_facts.ansible_facts.entra.os.hotpatch",
    "diagnose.state.join": "device_facts.ansible_facts.entra.join",
    "diagnose.state.mdm": "device_facts.ansible_facts.entra.mdm",
    "autopilot_device_info.devices.intune": "directory_device_info.devices.intune",
    "directory_device.devices": "directory_device_info.devices",
    "directory_device.devices.error": "directory_device.error",
    "corporate_identifier.identifiers.error": "corporate_identifier.error",
    "temporary_access_pass.passes.error": "temporary_access_pass.error",
    "device_association.devices.error": "device_association.error",
    "autopilot_device.devices.error": "autopilot_device.error",
    "device_removal.devices.intune.error": "device_removal.error",
    "device_removal.devices.association.error": "device_removal.error",
    "device_removal.devices.autopilot.error": "device_removal.error",
    "device_removal.devices.directory.error": "device_removal.error",
}
#: What of it the description takes out.
WITHOUT = {
    "directory_device.devices": {"intune", "intune_records", "autopilot", "refused"},
    "ppkg.ansible_facts.entra": {"join", "mdm", "packages", "os"},
}
#: Dicts with one key for each of something, each with the same kind of value.
ONE_KEY_EACH = {
    "acceptance.report.operations": "operation",
    "device_facts.ansible_facts.entra.read": "subset",
    "rollout_report.totals": "outcome",
}
#: Dicts, or lists of them, whose keys nobody documents, each with a word why.
OPEN = {
    "ppkg_info.description": "its keys are those of a description (docs/packages.md), as many as the package needs",
    "ppkg_info.package.conditional.certificates": "as the package's own",
    "ppkg_info.package.conditional.accounts": "as the package's own",
    "ppkg_info.package.conditional.mdm": "as the package's own",
    "acceptance.report.operations.*.seen": "each operation counts something else",
    "acceptance.report.package_questions.steps.events": "ids of events, with how often each has come",
    "device_facts.ansible_facts.entra.caller.sections": "the sections and rows are those of dsregcmd",
    "device_facts.ansible_facts.entra.join.unknown_rows": "rows of dsregcmd that nobody knows",
    "device_posture.posture.management.winners": "a key for each policy",
    "device_posture.posture.password_rules.policy": "a key for each rule that is asked for",
    "rollout_report.known": "names of the inventory",
    "rollout_report.findings": "ids of findings",
    "directory_device_info.devices.extension_attributes": "extensionAttribute1 to 15, as Microsoft Graph names them",
}
#: Fields of one shape that one class makes for every module: one that has come with a value for one module has come.
OF_EVERY_MODULE = ("error", "changes", "phases", "tenant")
#: The key is the user's, by the option fact_name.
NAMED_BY_THE_USER = "ansible_facts.entra"

_MARKED = re.compile(r"\bC\((\w+)\)")
_NULL = re.compile(r"\bnull\b", re.IGNORECASE)
_TYPES = {bool: "bool", int: "int", float: "float", str: "str", list: "list", dict: "dict"}


@dataclasses.dataclass(frozen=True)
class Field:
    """A documented value. ``returned`` is empty for one that is there wherever its parent is. ``fields`` are its keys,
    or those of each element of a list, and no others may come, but those in ``also``. ``origin`` is where it is
    described, if that is elsewhere. ``each``: there is a key for each of something, with a value like the one field."""

    path: str
    origin: str
    kind: str
    elements: str | None
    returned: str
    null: bool
    fields: dict[str, Field] = dataclasses.field(default_factory=dict)
    also: frozenset[str] = frozenset()
    each: bool = False

    def everywhere(self) -> t.Iterator[Field]:
        """It and all below it."""
        yield self
        for field in self.fields.values():
            yield from field.everywhere()


def names() -> list[str]:
    """All modules."""
    return sorted(path.stem for path in MODULES.glob("*.py"))


@functools.cache
def documented(module: str) -> dict[str, Field]:
    """The fields of a module's results, by name."""
    return {name: _field(f"{module}.{name}", text) for name, text in returned(module).items()}


@functools.cache
def returned(module: str) -> dict[str, t.Any]:
    """The RETURN of a module."""
    return yaml.safe_load(constants(MODULES / f"{module}.py")["RETURN"])


def constants(path: Path) -> dict[str, str]:
    """The texts that a file of documentation sets."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            found[t.cast(ast.Name, node.targets[0]).id] = node.value.value
    return found


def every_field() -> t.Iterator[Field]:
    """Of all modules, at every depth."""
    for module in names():
        for field in documented(module).values():
            yield from field.everywhere()


def _field(path: str, entry: dict[str, t.Any], above: str = "") -> Field:
    description = entry["description"]
    text = description if isinstance(description, str) else "\n".join(description)
    name = path.split(".", 1)[1]
    field = Field(
        path,
        name if name.split(".")[0] in OF_EVERY_MODULE else path,
        {"complex": "dict"}.get(entry["type"], entry["type"]),
        entry.get("elements"),
        entry.get("returned") or "",
        _says_null(text) or _says_null(above),
        each=path in ONE_KEY_EACH,
    )
    own = {name: _field(f"{path}.{name}", one, text) for name, one in entry.get("contains", {}).items()}
    if path in SAME_AS:
        module, *inner = SAME_AS[path].split(".")
        target = _at(module, inner)
        taken = {name: _moved(one, path) for name, one in target.fields.items()}
        left_out = WITHOUT.get(path, set())
        fields = {name: one for name, one in taken.items() if name not in left_out} | own
        return dataclasses.replace(field, null=field.null or target.null, fields=fields, also=target.also)
    if own:
        return dataclasses.replace(field, fields=own)
    marked = frozenset(_MARKED.findall(text))
    return dataclasses.replace(field, fields=_of_sample(path, entry.get("sample"), text), also=marked)


def _at(module: str, names: list[str]) -> Field:
    # Not of ``documented``: a field of the same module may be meant.
    field = _field(f"{module}.{names[0]}", returned(module)[names[0]])
    for name in names[1:]:
        field = field.fields[name]
    return field


def _moved(field: Field, to: str) -> Field:
    path = f"{to}.{field.path.rsplit('.', 1)[1]}"
    left_out = WITHOUT.get(path, set())
    fields = {name: _moved(one, path) for name, one in field.fields.items() if name not in left_out}
    return dataclasses.replace(field, path=path, fields=fields)


def _of_sample(path: str, sample: t.Any, above: str) -> dict[str, Field]:
    """The keys that a sample shows, of a dict or of the entries of a list."""
    if path in OPEN:
        return {}
    if path in ONE_KEY_EACH:
        sample = {"*": next(iter(sample.values()))}
    shown: dict[str, t.Any] = {}
    for entry in sample if isinstance(sample, list) else [sample]:
        if isinstance(entry, dict):
            shown.update(entry)
    return {
        name: Field(
            f"{path}.{name}",
            f"{path}.{name}",
            _TYPES.get(type(value), "raw"),
            None,
            "",
            value is None or _says_null(above),
            _of_sample(f"{path}.{name}", value, above),
            each=f"{path}.{name}" in ONE_KEY_EACH,
        )
        for name, value in shown.items()
    }


def _says_null(text: str) -> bool:
    return bool(_NULL.search(text))
