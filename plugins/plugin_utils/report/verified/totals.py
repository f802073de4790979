# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was found on all devices together: how many have each finding, so that 2,000 lines are not needed to see it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from collections.abc import Iterable, Mapping

from ...findings import RESULTS
from ...untrusted import visible
from ..told import object_in, objects_in, text_in
from .halves import VERIFY_IDS, WEIGHT

_WORDS = {"fail": "failed", "warn": "warned", "unknown": "unknown"}
#: Letters of a reason in a line.
_MOST_REASON = 300


def count_findings(records: Iterable[Mapping[str, t.Any]]) -> dict[str, dict[str, int]]:
    """How many devices have each finding, by its id and result: ``{escrow: {fail: 37, warn: 0, unknown: 2}}``. A device
    with several findings of an id counts once, with the weightiest."""
    counted: dict[str, Counter[str]] = {}
    for record in records:
        of_device: dict[str, str] = {}
        for finding in objects_in(record, "findings"):
            identity, result = text_in(finding, "id"), finding.get("result")
            if identity in VERIFY_IDS and result in _WORDS:
                of_device[identity] = min(of_device.get(identity, result), result, key=WEIGHT.index)
        for identity, result in of_device.items():
            counted.setdefault(identity, Counter())[result] += 1
    return {
        name: {result: counted[name][result] for result in RESULTS if result in _WORDS}
        for name in VERIFY_IDS
        if name in counted
    }


def lines(records: Iterable[Mapping[str, t.Any]]) -> list[str]:
    """The same for people, the most frequent failures first; and what the tenant has refused for all devices, once."""
    told = list(records)
    counted = sorted(count_findings(told).items(), key=lambda one: [-one[1][result] for result in _WORDS])
    width = max((len(name) for name, _counts in counted), default=0)
    made = [
        f"{name:{width}}  " + ", ".join(f"{counts[result]} {word}" for result, word in _WORDS.items() if counts[result])
        for name, counts in counted
    ]
    made += [f"for all devices, {reason}" for reason in dict.fromkeys(_refusals(told))]
    asked = [object_in(record, "asked") for record in told]
    if any(one.get("device") for one in asked) and not any(one.get("tenant") for one in asked):
        made.append("the tenant's half is missing: nobody has asked the tenant (verify_tenant)")
    return made


def _refusals(records: list[Mapping[str, t.Any]]) -> Iterable[str]:
    for record in records:
        for finding in objects_in(record, "findings"):
            if finding.get("for_all") is True:
                said = text_in(finding, "observed") or text_in(finding, "cause") or "unknown"
                yield f"{text_in(finding, 'id')}: {visible(said, _MOST_REASON)}"
