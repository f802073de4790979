# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The description of a package: checked, made a document, and read back from one.

    description = checked(data)             # raises BadDescription, which names each wrong place
    write_customizations(description.document)
    mask(description.secrets())
    described(read_customizations(data))    # the other way: the dictionary that says the same

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from ..blocks import VARIANT, Condition
from ..secret_settings import is_secret, profile_secrets
from .document import BadPath, Document, Identity, Setting, SettingsBlock, in_order, parse_path
from .lifting import lifted
from .lowering import Lowering
from .problems import Place, Problems
from .sections import OWNERS, SECTION_NAMES
from .table import table
from .targets import condition_in, list_in, targets_in
from .values import fits_xml

IDENTITY_KEYS = ("id", "name", "version", "owner", "rank", "revision", "notes", "package_config")
DESCRIPTION_KEYS = (*IDENTITY_KEYS, *SECTION_NAMES, "settings", "targets", "conditional", "unknown_settings")
BLOCK_KEYS = (*SECTION_NAMES, "settings")
CONDITION_KEYS = ("kind", "name", "targets")
DEFAULT_VERSION, DEFAULT_OWNER, MOST_RANK = "1.0", "ITAdmin", 99
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_VERSION = re.compile(r"[0-9]{1,5}(\.[0-9]{1,5}){0,3}")
_XML_NAME = re.compile(r"[^\W\d][\w.\-]*")
_PLACEHOLDER = re.compile(
    r"\$\(?\{?\$?[\w:]+\}?\)?|%\w+%|\{\{.*\}\}|<[^<>]*>|\[[^\[\]]*\]|@\w+@|_{2,}\w+_{2,}|x{3,}|\*{3,}|\.{3}",
    re.IGNORECASE,
)
_MACRO = re.compile(r"%(?:SERIAL|RAND:[1-9][0-9]?)%", re.IGNORECASE)


@dataclass(frozen=True)
class Description:
    """A description that is right. It holds secrets, and does not print.

    ``document`` is what customizations.xml says; ``revision`` is in no document; ``token_expires`` is the day on which
    the bulk token ends, as the description records it.
    """

    document: Document = field(repr=False)
    revision: int = 0
    token_expires: date | None = None
    unknown_settings: tuple[str, ...] = ()

    def secrets(self) -> set[str]:
        """The values that must not be seen, also those within a profile that is a value."""
        return secrets_of(self.document)


def secrets_of(document: Document) -> set[str]:
    """The values of a document that must not be seen."""
    found: set[str] = set()
    for block in document.blocks:
        for setting in block.settings:
            if setting.secret:
                found.add(setting.value.strip())
            found |= {value.strip() for value in profile_secrets(setting.value)}
    return found - {""}


def secret_texts(data: t.Any) -> set[str]:
    """The texts of a description that are secret by the names of their fields, also where the description is wrong."""
    found: set[str] = set()
    todo: list[tuple[str, t.Any]] = [("", data)]
    while todo:
        name, value = todo.pop()
        if isinstance(value, Mapping):
            path = str(value.get("path", ""))
            todo += [(path if key == "value" and path else str(key), inner) for key, inner in value.items()]
            if name == "bulk_token":
                todo.append(("BPRT", value.get("value")))
            if "ssid" in value:
                todo.append(("SecurityKey", value.get("key")))
        elif isinstance(value, (list, tuple)):
            todo += [(name, inner) for inner in value]
        elif isinstance(value, str) and value.strip():
            steps = [step for step in re.split(r"[/@]", name) if step] or [""]
            if name == "bulk_token" or is_secret(steps, value):
                found.add(value.strip())
    return found


def is_placeholder(token: str) -> bool:
    """Whether a bulk token is what a template has in its place, such as ``$bprt``."""
    return _PLACEHOLDER.fullmatch(token.strip()) is not None


def checked(data: t.Any, lines: Mapping[Place, int] | None = None) -> Description:
    """The description. ``lines`` are those of its text, by place (``text.py``). Raises BadDescription."""
    problems = Problems(lines)
    if not isinstance(data, Mapping):
        problems.add((), "is not a dictionary")
        problems.raise_any()
    problems.unknown_keys((), data, DESCRIPTION_KEYS)
    document = Document(identity=_identity(data, problems))
    unknown = _unknown(data.get("unknown_settings"), problems)
    document.targets = targets_in(data.get("targets"), problems)
    document.blocks.append(SettingsBlock(None, _settings(data, (), problems, unknown)))
    for number, entry in enumerate(list_in(data.get("conditional"), ("conditional",), problems)):
        place: Place = ("conditional", number)
        if not isinstance(entry, Mapping):
            problems.add(place, "is not a dictionary")
            continue
        problems.unknown_keys(place, entry, (*CONDITION_KEYS, *BLOCK_KEYS))
        condition = condition_in(entry, place, document.targets, problems)
        document.blocks.append(SettingsBlock(condition, _settings(entry, place, problems, unknown)))
    revision = data.get("revision", 0)
    if isinstance(revision, bool) or not isinstance(revision, int) or revision < 0:
        problems.add(("revision",), "is not a whole number")
    expires = _expires(data, problems)
    problems.raise_any()
    return Description(document, revision, expires, tuple(sorted(unknown)))


def described(document: Document) -> dict[str, t.Any]:
    """The dictionary that says what the document says; it holds its secrets. ``checked`` takes it."""
    data: dict[str, t.Any] = {}
    identity = document.identity
    for name in ("id", "name", "version", "owner"):
        if getattr(identity, name) is not None:
            data[name] = getattr(identity, name)
    if identity.id is not None:
        data["id"] = identity.id.strip("{}").lower()
    if identity.rank is not None:
        data["rank"] = int(identity.rank) if re.fullmatch("[0-9]{1,3}", identity.rank) else identity.rank
    other = dict(identity.other)
    if notes := other.pop("Notes", ""):
        data["notes"] = notes
    if other := {name: text for name, text in other.items() if text}:
        data["package_config"] = other
    data |= lifted(_numbered(document.always()))
    if document.targets:
        data["targets"] = [
            {"id": target.id, "states": [[{"name": n, "value": v} for n, v in state] for state in target.states]}
            for target in document.targets
        ]
    if conditional := [_entry(block) for block in document.blocks if block.condition is not None]:
        data["conditional"] = conditional
    if unknown := _not_in_table(document):
        data["unknown_settings"] = unknown
    return data


# ---- from a dictionary ----------------------------------------------------------------------------------------------


def _identity(data: Mapping, problems: Problems) -> Identity:
    texts = {name: data.get(name) for name in ("id", "name", "version", "owner", "notes")}
    for name, value in texts.items():
        if value is not None and not isinstance(value, str):
            problems.add((name,), "is not a text: put it in quotes")
            texts[name] = None
        elif value is not None and not (value.strip() and fits_xml(value)):
            problems.add((name,), "is empty, or has a character that XML cannot hold")
    if data.get("name") is None:
        problems.add(("name",), "is missing")
    guid = (texts["id"] or "").strip().removeprefix("{").removesuffix("}").lower()
    if texts["id"] and (not _GUID.fullmatch(guid) or not guid.strip("0-")):
        problems.add(("id",), "is not a GUID")
    version = texts["version"] or DEFAULT_VERSION
    if not _VERSION.fullmatch(version):
        problems.add(("version",), "is not a version: one to four numbers with dots between them")
    owner = next((each for each in OWNERS if each.lower() == (texts["owner"] or DEFAULT_OWNER).lower()), None)
    if owner is None:
        problems.add(("owner",), f"is not one of: {', '.join(OWNERS)}")
    rank = data.get("rank", 0)
    if isinstance(rank, bool) or not isinstance(rank, int) or not 0 <= rank <= MOST_RANK:
        problems.add(("rank",), f"is not a whole number from 0 to {MOST_RANK}")
    other = data.get("package_config") or {}
    if not isinstance(other, Mapping) or not all(
        isinstance(tag, str) and _XML_NAME.fullmatch(tag) and isinstance(text, str) and fits_xml(text)
        for tag, text in other.items()
    ):
        problems.add(("package_config",), "is not a dictionary of texts by the names of elements")
        other = {}
    return Identity(
        id=f"{{{guid}}}" if guid else None,
        name=(texts["name"] or "").strip(),
        version=version,
        owner=owner,
        rank=str(rank),
        other={**({"Notes": texts["notes"].strip()} if texts["notes"] else {}), **other},
    )


def _settings(data: Mapping, place: Place, problems: Problems, unknown: frozenset[str]) -> list[Setting]:
    lowering = Lowering(problems, unknown)
    for name in SECTION_NAMES:
        if data.get(name) is not None:
            lowering.section(name, data[name], (*place, name))
    for number, each in enumerate(list_in(data.get("settings"), (*place, "settings"), problems)):
        lowering.setting(each, (*place, "settings", number))
    lowering.check_order((*place, "settings"))
    for number, setting in enumerate(lowering.settings):
        low = setting.bare.lower()
        if low == "accounts/azure/bprt":
            # A block of YAML ends with a line break.
            token = setting.value.strip()
            lowering.settings[number] = Setting(setting.steps, token)
            if is_placeholder(token):
                problems.add((*place, "bulk_token"), "is a placeholder that nobody has filled in")
            elif any(letter.isspace() for letter in token):
                problems.add((*place, "bulk_token"), "has a space or a line break within it, which no token has")
        elif low == "devdetail/dnscomputername" and ("%" in _MACRO.sub("", setting.value)):
            problems.add((*place, "computer_name"), "has a % that is neither %SERIAL% nor %RAND:n%")
    return in_order(lowering.settings)


def _unknown(given: t.Any, problems: Problems) -> frozenset[str]:
    paths = []
    for number, path in enumerate(list_in(given, ("unknown_settings",), problems)):
        try:
            steps = parse_path(path.strip().removeprefix("/")) if isinstance(path, str) else ()
        except BadPath:
            steps = ()
        if not steps or any(step.key is not None for step in steps):
            problems.add(("unknown_settings", number), "is not the path of a setting without its keys")
        paths.append("/".join(step.name for step in steps).lower())
    return frozenset(paths) - {""}


def _expires(data: Mapping, problems: Problems) -> date | None:
    token = data.get("bulk_token")
    given = token.get("expires") if isinstance(token, Mapping) else None
    if isinstance(given, datetime):
        return given.date()
    if given is None or isinstance(given, date):
        return given
    try:
        return date.fromisoformat(str(given)[:10])
    except ValueError:
        problems.add(("bulk_token", "expires"), "is not a day such as 2026-12-31")
        return None


# ---- from a document ------------------------------------------------------------------------------------------------


def _entry(block: SettingsBlock) -> dict[str, t.Any]:
    condition = block.condition or Condition()
    named = {} if condition.name is None else {"name": condition.name}
    kind = {} if condition.kind == VARIANT else {"kind": condition.kind.lower()}
    return {**kind, **named, "targets": list(condition.targets), **lifted(block.settings)}


def _numbered(settings: list[Setting]) -> list[Setting]:
    """The settings of several blocks for every device, in which a second one of a path is counted as such."""
    taken: set[str] = set()
    numbered = []
    for setting in settings:
        while setting.path.lower() in taken:
            *above, last = setting.steps
            setting = Setting((*above, type(last)(last.name, last.key, last.key_name, last.nth + 1)), setting.value)
        taken.add(setting.path.lower())
        numbered.append(setting)
    return numbered


def _not_in_table(document: Document) -> list[str]:
    paths = {
        "/".join(step.name for step in setting.steps)
        for block in document.blocks
        for setting in block.settings
        if setting.steps[-1].is_attribute or table().find(setting.bare) is None
    }
    return sorted(paths)
