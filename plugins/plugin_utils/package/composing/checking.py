# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what was put together again, before anybody gets it: it says what the description says, and nothing of before.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..description.compare import not_as_compiled
from ..description.compiled import Compiled
from ..description.customizations import document_of
from ..description.description import secrets_of
from ..description.document import Document
from ..secret_settings import secret_values
from .compiled_values import parms
from .errors import UnclearPlace
from .leftovers import Leftovers
from .located import XmlText
from .matching import pairs_of
from .personal import Personal
from .template import Template, is_answer_file, is_compiled, is_customizations

_A_SECRET = "a secret setting"


def check(template: Template, made: Personal, wanted: Document, tree: bytes, xml: bytes) -> None:
    """Raises UnclearPlace where the package does not say what it is to say, or where an old value is left."""
    documents = {path: XmlText.read(data) for path, data in made.documents.items()}
    for path, document in documents.items():
        if is_customizations(path) or is_answer_file(path):
            _check_settings(document, wanted, made, path, is_customizations(path))
    before = {each.path for each in not_as_compiled(made.told, _compiled(template.documents))}
    for each in not_as_compiled(wanted, _compiled(documents)):
        if each.path not in before:
            raise UnclearPlace(f"nobody can tell where {made.mask(each.path)} is compiled in the template")
    _check_leftovers(template, made, wanted, documents, tree, xml)


def _check_settings(document: XmlText, wanted: Document, made: Personal, path: str, whole: bool) -> None:
    said = document_of(document.root)
    pairs, lacking, beyond = pairs_of(said, wanted)
    wrong = [pair.new.path for pair in pairs if pair.is_changed] + beyond + (lacking if whole else [])
    if whole:
        identity = wanted.identity
        wrong += [
            name
            for name in ("name", "version", "owner", "rank")
            if getattr(said.identity, name) != getattr(identity, name)
        ]
    if wrong:
        raise UnclearPlace(f"{path} in the template cannot be given {made.mask(wrong[0])}")


def _compiled(documents: dict[str, XmlText]) -> list[Compiled]:
    return [
        Compiled(steps, str(value).strip())
        for path, document in documents.items()
        if is_compiled(path)
        for steps, value in parms(document.root)
    ]


def _check_leftovers(
    template: Template, made: Personal, wanted: Document, documents: dict[str, XmlText], tree: bytes, xml: bytes
) -> None:
    new = [setting.value for block in wanted.blocks for setting in block.settings]
    kept = {*new, *(value.strip() for value in new), wanted.identity.name or "", *wanted.identity.other.values()}
    secrets = {value: _A_SECRET for document in template.documents.values() for value in secret_values(document.root)}
    others: dict[str, str] = {}
    for pair in made.pairs:
        if pair.is_changed and (
            pair.secret or pair.known is None or pair.known.type == "string" and not pair.known.values
        ):
            (secrets if pair.secret else others)[pair.old.value.strip()] = made.mask(pair.old.path)
    left = Leftovers(_without(secrets, kept), _without(others, kept), secrets_of(wanted), kept)
    for path, data in made.documents.items():
        left.look(data, path, document=True)
        left.look("\n".join(_texts(documents[path])).encode(), path, document=True)
    left.look(xml, "the XML data of the package", document=True)
    left.look(tree, "the names of files")
    for path, data in template.others.items():
        left.look(data, path)
    for path, given in made.assets.by_path.items():
        left.look_into(given, made.mask(path.rpartition("/")[2]))


def _without(olds: dict[str, str], kept: set[str]) -> dict[str, str]:
    return {old: whose for old, whose in olds.items() if old and old not in kept}


def _texts(document: XmlText) -> Iterable[str]:
    for element in document.root.iter():
        yield from (element.tag, *element.attrib.values(), element.text or "")
