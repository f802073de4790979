# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents of a template with the values of a description.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..blocks import ROOT
from ..description.customizations import document_of
from ..description.description import Description
from ..description.document import Document
from ..package_secrets import SIGN, PackageSecrets
from ..plain_files import base_name
from ..secret_settings import secret_values
from .blobs import Blobs, blobs_of
from .compiled_values import CompiledValues
from .errors import NotLikeTemplate, UnclearPlace, UnfitTemplate
from .files import Assets, Given, assets_of
from .identity import Words, config_changes, id_of
from .located import Slot, XmlText
from .matching import Mask, Pair, pairs_of, problems_of
from .package_id import derived_ids
from .template import Template, is_answer_file, is_compiled, is_customizations

_FIELDS = ("name", "version", "owner", "rank")
OTHER_CONTENT, THIS_CONTENT = "another content", "the content of the file"


@dataclass
class Personal:
    """What a package has in place of what the template has. ``documents``: their new bytes, all of them."""

    package_id: str
    wim_id: bytes
    words: Words
    assets: Assets
    told: Document = field(repr=False)
    pairs: list[Pair] = field(repr=False)
    mask: Mask = field(repr=False)
    documents: dict[str, bytes] = field(default_factory=dict, repr=False)
    changes: list[dict] = field(default_factory=list, repr=False)
    notes: list[str] = field(default_factory=list)


def personal(template: Template, description: Description, given: Mapping[str, Given]) -> Personal:
    """Raises UnfitTemplate, NotLikeTemplate and UnclearPlace."""
    wanted = description.document
    main = next((path for path in sorted(template.documents) if is_customizations(path)), None)
    if main is None or template.documents[main].root.tag != ROOT:
        raise UnfitTemplate(f"the template has no customizations.xml that begins with <{ROOT}>")
    compiled = [document for path, document in template.documents.items() if is_compiled(path)]
    if not compiled:
        raise UnfitTemplate("the template has no compiled settings, which are what Windows applies")
    told = document_of(template.documents[main].root)
    mask = _mask(template, description)
    problems = problems_of(told, wanted, mask)
    if problems:
        raise NotLikeTemplate(problems)
    before = pairs_of(told, wanted)[0]
    assets = assets_of([pair for pair in before if pair.is_file], template.assets, given, mask)
    blobs = blobs_of(assets.compiled, compiled, given, mask)
    old_id = id_of(template, told.identity)
    new_id, wim_id = derived_ids(description, template.sha256, {value: each.sha256 for value, each in given.items()})
    words = Words({old_id: str(new_id), **assets.folders, **blobs.thumbprints})
    made = Personal(str(new_id), wim_id, words, assets, told, before, mask)
    _write(made, template, main, wanted, blobs)
    _tell(made, template, wanted, old_id, blobs)
    return made


def _write(made: Personal, template: Template, main: str, wanted: Document, blobs: Blobs) -> None:
    documents = {path: made.words.document(document) for path, document in template.documents.items()}
    made.pairs = pairs_of(document_of(documents[main].root), wanted)[0]
    values = CompiledValues(made.pairs, blobs.new, made.mask)
    for path, document in documents.items():
        if is_compiled(path):
            changes = values.changes(document)
        elif is_customizations(path) or is_answer_file(path):
            changes = [*_settings(document, wanted, made, path), *config_changes(document, wanted.identity)]
        else:
            changes = _names(document, made.told.identity.name, wanted.identity.name)
        made.documents[path] = document.encoded(document.changed(changes))
    if unreached := values.unreached():
        paths = ", ".join(made.mask(pair.old.path) for pair in unreached[:5])
        raise UnclearPlace(f"nobody can tell where these settings are compiled in the template: {paths}")
    for path, content in template.others.items():
        if made.words.stand_in(content):
            raise UnclearPlace(f"{path} in the template has the package's id in it, and its format is unknown")


def _settings(document: XmlText, wanted: Document, made: Personal, path: str) -> Iterator[tuple[Slot, str]]:
    pairs, _lacking, beyond = pairs_of(document_of(document.root), wanted)
    if beyond:
        raise NotLikeTemplate([f"{path} in the template has {made.mask(each)}" for each in beyond])
    for pair in pairs:
        value = pair.new.value if pair.is_changed else None
        if pair.is_file:
            old, new = base_name(pair.old.value), base_name(pair.new.value)
            value = pair.old.value[: len(pair.old.value) - len(old)] + new if old.lower() != new.lower() else None
        if value is not None:
            if not isinstance(pair.old.value, Slot):
                raise UnclearPlace(f"{path} in the template has no value for {made.mask(pair.old.path)}")
            yield pair.old.value, value


def _names(document: XmlText, old: str | None, new: str | None) -> list[tuple[Slot, str]]:
    """An index of the package may have its name; what an index calls its own parts stays."""
    found = []
    for element in document.root.iter():
        value = element.attrib.get("PackageName") or (element.text if element.tag == "PackageName" else None)
        if isinstance(value, Slot) and old and new and value.strip() == old != new:
            found.append((value, new))
    return found


def _tell(made: Personal, template: Template, wanted: Document, old_id: str, blobs: Blobs) -> None:
    """Fill in what is said of the package."""

    def add(path: str, before: object, after: object) -> None:
        if before != after:
            made.changes.append({"path": path, "before": before, "after": after})

    add("id", old_id, made.package_id)
    for name in _FIELDS:
        add(name, made.mask(getattr(made.told.identity, name) or ""), made.mask(getattr(wanted.identity, name) or ""))
    for tag, text in wanted.identity.other.items():
        add(f"PackageConfig/{made.mask(tag)}", made.mask(made.told.identity.other.get(tag, "")), made.mask(text))
    for pair in made.pairs:
        if pair.is_changed:
            shown = [
                SIGN if pair.secret and each.value else made.mask(str(each.value)) for each in (pair.old, pair.new)
            ]
            made.changes.append({"path": made.mask(pair.new.path), "before": shown[0], "after": shown[1]})
    for path, given in sorted(made.assets.by_path.items()):
        if template.assets[path].digest != given.digest:
            add(made.mask(base_name(path)), OTHER_CONTENT, THIS_CONTENT)
    if blobs.new:
        paths = [made.mask(pair.new.path) for pair in made.assets.compiled]
        add(" or ".join(paths), OTHER_CONTENT, THIS_CONTENT)
    comments = sum(document.comments for document in template.documents.values())
    if comments:
        made.notes.append(f"{comments} comment{'s' if comments > 1 else ''} of the template left out")


def _mask(template: Template, description: Description) -> Mask:
    secrets = PackageSecrets()
    secrets.add(description.secrets())
    for document in template.documents.values():
        secrets.add(secret_values(document.root))
    return secrets.within_commands()
