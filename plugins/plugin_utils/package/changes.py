# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a new package changes where another one was: the package itself, setting by setting, and its files.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping

from . import contents
from .description.description import Description
from .package_secrets import SIGN
from .reader import Package

Change = tuple[str, t.Any, t.Any]
"""(what, before, after)."""
OTHER_SECRET = f"{SIGN} (another value)"
_OWN = "PackageConfig/"


def settings_changed(new: Package, old: Package | None) -> Iterator[Change]:
    """Each setting and file of a package that is not as in the old one; all of them where there was none."""
    if old is None:
        for row in contents.settings_of(new):
            yield _named(row), None, row["value"]
    else:
        yield from _differences(contents.compared(new, old))
    yield from _files(new, old)


def settings_foretold(wanted: Description, old: Package | None) -> Iterator[Change]:
    """Each setting that is not as the description says in the old package; nothing of one that nobody could read."""
    if old is not None:
        for what, before, after in _differences(contents.compared_with_description(old, wanted)):
            yield what, after, before


def _differences(rows: list[dict]) -> Iterator[Change]:
    told: set[str] = set()
    for row in rows:
        what = _named(row)
        # A setting stands in up to three forms: it is told once, as the first of them has it.
        if what in told or row["path"].startswith(_OWN):
            continue
        told.add(what)
        before, after = row["there"], row["here"]
        yield what, before, OTHER_SECRET if before == after else after


def _named(row: Mapping[str, t.Any]) -> str:
    condition = row["condition"]
    where = ", ".join(target["id"] for target in condition["targets"]) if condition else None
    return f"setting {row['path']}" + (f" for {where or 'some devices'}" if condition else "")


def _files(new: Package, old: Package | None) -> Iterator[Change]:
    ours, theirs = _digests(new), _digests(old) if old else {}
    for name in dict.fromkeys([*ours, *theirs]):
        if ours.get(name) != theirs.get(name):
            yield f"file {name}", theirs.get(name), ours.get(name)


def _digests(package: Package) -> dict[str, t.Any]:
    found: dict[str, list[str]] = {}
    for name, digest in sorted(package.digests):
        found.setdefault(name, []).append(f"SHA-1 {digest.hex()}")
    return {name: each if len(each) > 1 else each[0] for name, each in found.items()}
