# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages of Windows and of makers, which are on every PC: what becomes of them does not tell why a join failed.

The engine tries one that fails again at each start and whenever it runs, so that its events lie among those of a join.
What is about the join stays a clue, whatever the package is called.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib

from ..answers import Answer
from ..reading import ABSENT, Key, known, plain_id
from ..windows_own import IMAGE, MAKER, WINDOWS, package_origin

# Of a number of 32 bits, with some room.
MAX_DIGITS = 40
SETTING_FAILED, PACKAGE_FAILED = 12, 22
# Of a whole run of the engine, over all packages.
RUN_FAILED = (32, 72)
JOIN = "aadj"


def events_of_others(events: list[dict]) -> list[dict]:
    """Of events of the provisioning log those that tell of nothing else.

    A setting that failed belongs to the package whose failure is told next.
    """
    gone: list[dict] = []
    settings: list[dict] = []
    for event in sorted(events, key=lambda event: event["record"]):
        if event["id"] == SETTING_FAILED:
            settings.append(event)
        elif event["id"] == PACKAGE_FAILED:
            name = next(iter(event["data"]), "")
            if package_origin(name) in (WINDOWS, MAKER) and not any(map(_is_about_join, settings)):
                gone += [*settings, event]
            settings = []
    gone_ids = set(map(id, gone))
    kept = [event for event in events if id(event) not in gone_ids]
    theirs = {code for event in gone for code in _codes(event)} - {code for event in kept for code in _failed(event)}
    return gone + [event for event in kept if event["id"] in RUN_FAILED and _codes(event) and _codes(event) <= theirs]


def results_of_others(answer: Answer) -> set[str]:
    """The names of those keys of Provisioning\\Results that tell of nothing else."""
    listed = known(lambda: {plain_id(item["id"]): item for item in answer["packages"]["packages"]}) or {}
    keys = answer["package_results"].key(refused=ABSENT).children()
    return {name for name, key in keys if _is_anothers(name, key, listed)}


def _is_anothers(name: str, key: Key, listed: dict[str, dict]) -> bool:
    own = _origin(name, key, listed) not in (WINDOWS, MAKER, IMAGE)
    return not own and known(lambda: _tells_of_join(key)) is False


def _origin(name: str, key: Key, listed: dict[str, dict]) -> str:
    item = listed.get(plain_id(name)) or {}
    file_name = known(lambda: key.text("PackageFileName")) or ""
    return package_origin(item.get("name", file_name), item.get("path", file_name))


def _tells_of_join(key: Key) -> bool:
    said = [str(value) for value in key.values.values()]
    return any(JOIN in text.lower() for text in said) or any(
        JOIN in name.lower() or _tells_of_join(child) for name, child in key.children()
    )


def _is_about_join(event: dict) -> bool:
    return any(JOIN in text.lower() for text in event["data"])


def _codes(event: dict) -> set[int]:
    """The numbers of 32 bits that are a whole field of the event."""
    found = set()
    for text in event["data"]:
        if len(text) <= MAX_DIGITS:
            with contextlib.suppress(ValueError):
                found.add(int(text, 0) & 0xFFFFFFFF)
    return found - {0}


def _failed(event: dict) -> set[int]:
    return _codes(event) if event["id"] in (SETTING_FAILED, PACKAGE_FAILED) else set()
