# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Windows and the makers of PCs have put on every PC, as ``windows_own.json`` lists it with its sources.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import json
import pathlib

WINDOWS, MAKER, IMAGE, OTHER = "windows", "maker", "image", "other"
# What is in there came with Windows, or an administrator has put it there.
IMAGE_FOLDER = "\\windows\\provisioning\\"


# Read here and not where it is first needed: the facts of every device need it, and what is loaded before the workers
# are forked is loaded once a play.
_DATA = json.loads(pathlib.Path(__file__).with_name("windows_own.json").read_text(encoding="utf-8"))
ENROLLMENT_IDS = frozenset(entry["id"] for entry in _DATA["enrollment_ids"])
"""Ids of enrollment keys that Windows makes itself, the same on every PC; in lower case without braces."""


def enrollment_channel(provider: str) -> str | None:
    """What a ProviderID says that is not an MDM's: ``local`` (Windows itself) or ``configuration_manager``; None for
    any other."""
    return _longest("enrollments", provider, "channel", words=True)


def package_origin(name: str, path: str = "") -> str:
    """Whose a provisioning package is, by its name or file name: ``windows``, ``maker``; ``image`` where only its place
    says that it may have come with Windows; or ``other``."""
    known = _longest("packages", name, "origin") or _longest("packages", path.rsplit("\\", 1)[-1], "origin")
    return known or (IMAGE if IMAGE_FOLDER in path.lower() else OTHER)


def _longest(part: str, name: str, field: str, words: bool = False) -> str | None:
    """A field of the longest entry that the name starts with; where ``words``, with whole words of it."""
    wanted = name.strip().lower()
    found = [entry for entry in _DATA[part] if wanted.startswith(entry["starts"])]
    if words:
        found = [entry for entry in found if not wanted[len(entry["starts"]) :][:1].isalnum()]
    return max(found, key=lambda entry: len(entry["starts"]))[field] if found else None
