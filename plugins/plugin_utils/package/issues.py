# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user of a package should know about it before a device does.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .secret import BulkToken, utc_stamp
from .settings import PackageSettings


@dataclass(frozen=True)
class Issue:
    """Something about a package that its user should know; ``blocks_join`` where no join can come of it."""

    name: str
    message: str
    fix: str
    blocks_join: bool


def issues_of(
    ids: list, told: PackageSettings, compiled: PackageSettings, images: int, token: BulkToken, now: datetime
) -> list[Issue]:
    """What is to be said about a package; ``ids`` are those of the image and of the settings, ``now`` is in UTC."""
    issues = []

    def add(name: str, message: str, fix: str, blocks_join: bool = False) -> None:
        issues.append(Issue(name, message, fix, blocks_join))

    rebuild = "build the package again with Windows Configuration Designer"
    if not token.present:
        add(
            "no_bulk_token",
            "the package carries no bulk token, so it cannot join a device to a tenant",
            "add a bulk token (Accounts > Azure, or 'Set up device management') and build the package again",
            True,
        )
    elif not (compiled.authority or told.authority):
        add("no_authority", "the package has a bulk token but does not say which authority it is for", rebuild)
    if token.expires and token.expires <= utc_stamp(now):
        add(
            "token_expired",
            f"the bulk token expired at {token.expires}",
            "get a new bulk token and build the package again",
            True,
        )
    if not any(ids):
        add("no_package_id", "the package has no id, so nobody can tell whether a device has it already", rebuild, True)
    elif all(ids) and ids[0] != ids[1]:
        add("two_package_ids", f"the package calls itself {ids[0]} and {ids[1]}; Windows goes by the first", rebuild)
    if not compiled.areas:
        add(
            "no_compiled_settings",
            "the package has no compiled settings (.provxml), which are what a device applies",
            rebuild,
        )
    elif told.token and told.token != compiled.token:
        add(
            "settings_differ",
            "the bulk token of customizations.xml is not the one in the compiled settings, "
            "which are what a device applies",
            rebuild,
        )
    if images > 1:
        add("several_images", f"the package holds {images} images; the settings of all are listed", rebuild)
    return issues
