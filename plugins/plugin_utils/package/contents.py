# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contents of a package as a module returns them: each setting, the description that it is made of, differences.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timezone

from .conditions import condition_of
from .description.compare import (
    IN_ANSWER_FILE,
    IN_COMPILED,
    IN_CUSTOMIZATIONS,
    Difference,
    Forms,
    compare,
    compare_with_document,
)
from .description.compiled import Compiled
from .description.description import Description, described
from .description.document import Document, Setting, SettingsBlock, Step
from .description.table import FOLDERS, Known, table
from .issues import of_expiry
from .package_secrets import SIGN, PackageSecrets
from .reader import Package
from .secret_settings import is_secret

LONGEST = 4096
"""Letters of a value that are shown."""
MOST_SHOWN = 10_000
"""Settings, and differences, that are shown."""
_PLAIN_TYPES = frozenset({"boolean", "integer"})

Mask = Callable[[str], str]


def settings_of(package: Package) -> list[dict]:
    """Each setting: {path, value, secret, known, scope, condition, form}, without any secret.

    From customizations.xml, or its copy, or the compiled settings where neither is there.
    """
    mask = package.secrets.within_commands()
    document = package.forms.told()
    if document is None:
        rows: Iterator[dict] = (_compiled_row(each, mask) for each in package.forms.compiled)
    else:
        form = IN_CUSTOMIZATIONS if package.forms.customizations else IN_ANSWER_FILE
        rows = _rows(document, form, mask)
    return [row for row, _number in zip(rows, range(MOST_SHOWN), strict=False)]


def description_of(package: Package) -> dict | None:
    """The description that says what customizations.xml says, with a sign for each secret; None without the two."""
    document = package.forms.told()
    if document is None:
        return None
    mask = package.secrets.within_commands()
    hidden = [dataclasses.replace(block, settings=_hidden(block, mask)) for block in document.blocks]
    identity = dataclasses.replace(
        document.identity,
        name=document.identity.name and mask(document.identity.name),
        other={tag: mask(text) for tag, text in document.identity.other.items()},
    )
    said = described(Document(identity, document.targets, hidden))
    return {**said, "dropped": [mask(sentence) for sentence in document.dropped]}


def compared(package: Package, other: Package) -> list[dict]:
    """What differs between two packages, in each form that both have."""
    return _shown(compare(package.forms, other.forms), package, [package.secrets, other.secrets])


def compared_with_description(package: Package, wanted: Description) -> list[dict]:
    """What of a package is not as the description says."""
    secrets = PackageSecrets()
    secrets.add(wanted.secrets())
    document = wanted.document
    return _shown(
        compare_with_document(package.forms, document),
        dataclasses.replace(package, forms=Forms(customizations=document)),
        [package.secrets, secrets],
    )


def with_expiry(package: Package, expires: date | None) -> Package:
    """The package with what is to be said of the day on which a description says that its token ends."""
    issue = of_expiry(expires, datetime.now(timezone.utc)) if expires and package.bulk_token.present else None
    known = {each.name for each in package.issues}
    if issue is None or issue.name in known:
        return package
    return dataclasses.replace(package, issues=[*package.issues, issue])


def _rows(document: Document, form: str, mask: Mask) -> Iterator[dict]:
    for block in document.blocks:
        condition = condition_of(block.condition, document.targets) if block.condition else None
        for setting in block.settings:
            known = _known(setting)
            yield {
                "path": _masked_path(setting, mask),
                "value": _value(setting, known, mask),
                "secret": setting.secret,
                "known": known is not None,
                "scope": known.scope if known else None,
                "condition": condition,
                "form": form,
            }


def _compiled_row(each: Compiled, mask: Mask) -> dict:
    secret = bool(each.value) and is_secret(each.steps, each.value)
    return {
        "path": mask(each.path),
        "value": SIGN if secret else _cut(mask(each.value)),
        "secret": secret,
        "known": None,
        "scope": each.scope,
        "condition": None,
        "form": IN_COMPILED,
    }


def _shown(differences: Iterable[Difference], package: Package, secrets: list[PackageSecrets]) -> list[dict]:
    masks = [each.within_commands() for each in secrets]

    def mask(text: str) -> str:
        for each in masks:
            text = each(text)
        return text

    document = package.forms.told()
    targets = document.targets if document else []

    def shown(value: str | None, secret: bool) -> str | None:
        return SIGN if secret and value else _cut(mask(value)) if value is not None else None

    return [
        {
            "form": each.form,
            "path": mask(each.path),
            "condition": condition_of(each.condition, targets) if each.condition else None,
            "here": shown(each.here, each.secret),
            "there": shown(each.there, each.secret),
            "secret": each.secret,
        }
        for each, _number in zip(differences, range(MOST_SHOWN), strict=False)
    ]


def _hidden(block: SettingsBlock, mask: Mask) -> list[Setting]:
    return [
        dataclasses.replace(
            setting, value=_value(setting, _known(setting), mask, None), steps=_masked_steps(setting, mask)
        )
        for setting in block.settings
    ]


def _value(setting: Setting, known: Known | None, mask: Mask, longest: int | None = LONGEST) -> str:
    if setting.secret:
        return SIGN
    if known is not None and (known.type in _PLAIN_TYPES or known.values or known.type in FOLDERS):
        return setting.value if len(setting.value) <= LONGEST else _cut(mask(setting.value))
    text = mask(setting.value)
    return text if longest is None else _cut(text)


def _masked_path(setting: Setting, mask: Mask) -> str:
    return dataclasses.replace(setting, steps=_masked_steps(setting, mask)).path


def _masked_steps(setting: Setting, mask: Mask) -> tuple[Step, ...]:
    """Keys may hold a secret, names are Windows' own."""
    return tuple(step if step.key is None else dataclasses.replace(step, key=mask(step.key)) for step in setting.steps)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters)"


def _known(setting: Setting) -> Known | None:
    return None if setting.steps[-1].is_attribute else table().find(setting.bare)
