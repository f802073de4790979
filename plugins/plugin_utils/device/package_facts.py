# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Provisioning packages on a device: what Windows lists of them, and what the engine has recorded.

Below Results the engine keeps a key a package, and three levels below it one for each of its settings, with
LastResult, NumFailures and others (public decompilations of the engine, tools that read them).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from .answers import Result
from .reading import ABSENT, Key, known, plain_id
from .windows_own import package_origin

ENGINE_RESULTS = r"SOFTWARE\Microsoft\Provisioning\Results"
# LastResult of a setting that waits for something, such as a restart: no failure.
PENDING = 0x02AB0003
# State of a setting that is being applied, or was when the engine ended.
BEGUN = 1


@dataclasses.dataclass(frozen=True)
class SettingResult:
    """What the engine has recorded of one setting. ``result`` is the unsigned HRESULT, None for one that was begun and
    not ended; ``failures`` how often in a row it has failed; ``names`` tell which setting it is."""

    result: int | None
    failures: int
    names: str

    @property
    def pending(self) -> bool:
        return self.result == PENDING


def package_facts(packages: Result, results: Result) -> list[dict] | None:
    """``packages``: what Windows lists, ``installed`` false where it has failed so far, with its ``origin``.

    Each with the worst result the engine recorded as hexadecimal HRESULT, null if none, and whether a setting is
    pending; both null where they could not be read. Null where the list is refused.
    """
    listed = known(lambda: packages["packages"])
    if listed is None:
        return None
    recorded = known(lambda: {plain_id(name): key for name, key in results.key().children()})
    return [
        {
            "id": plain_id(package["id"]),
            "name": package["name"],
            "version": package["version"],
            "installed": package["installed"],
            "origin": package_origin(package["name"], package["path"]),
        }
        | _outcome(None if recorded is None else recorded.get(plain_id(package["id"]), ABSENT))
        for package in listed
    ]


def setting_results(key: Key, names: str = "") -> Iterator[SettingResult]:
    """What is recorded in a package's key and below it. Raises Unreadable."""
    result = key.number("LastResult")
    if result is not None or key.number("State") == BEGUN:
        told = [*(key.texts("Categories") or []), key.text("FailingNodePath") or ""]
        failures = key.number("NumFailures") or 0
        yield SettingResult(None if result is None else result & 0xFFFFFFFF, failures, " ".join([names, *told]))
    for name, child in key.children():
        yield from setting_results(child, f"{names} {name}")


def _outcome(key: Key | None) -> dict:
    found = None if key is None else known(lambda: list(setting_results(key)))
    if found is None:
        return {"pending": None, "last_result": None}
    codes = [item.result for item in found if item.result is not None]
    return {
        "pending": any(item.pending for item in found),
        "last_result": f"0x{max(codes):08x}" if codes else None,
    }
