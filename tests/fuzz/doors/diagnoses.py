# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a device says of its failures, as the tenant's half of a diagnosis takes it: bent, long, of another form."""

from __future__ import annotations

import copy
import datetime
import json
import random
import typing as t

from ansible_collections.winops.entra.plugins.plugin_utils.tenant.diagnosis import device_side, merging
from tests.unit.tenant.diagnosis_graph import finding, said

from ..values import value

SAMPLE = 1500
_NOW = datetime.datetime(2026, 11, 30, 8, tzinfo=datetime.timezone.utc)
_ID = "6e4cbe68-588b-499c-8c04-dcfff140a1ca"


def one(chance: random.Random) -> None:
    told = _bent(chance)
    understood = device_side.device_said(told, _NOW)
    assert len(understood.findings) <= device_side.MOST_FAILURES and len(understood.ids) <= device_side.MOST_IDS
    for found in understood.findings:
        assert len(found.evidence) <= device_side.MOST_TRACES and 0 <= found.weight <= 100
        assert found.cause.isprintable() and len(found.cause) <= device_side.LONGEST_LINE
        understood.moments(found)
    merged = merging.merge(understood, [])
    json.dumps([merged.cause, merged.conclusion, understood.odd], allow_nan=False).encode()
    assert merged.conclusion.isprintable()
    device_side.asked_devices([{"name": "PC-1", "diagnosis": told, "device_id": _ID}], _NOW)


def _bent(chance: random.Random) -> t.Any:
    """A diagnosis of which some values are others."""
    text = f"AADSTS50076: refused. Trace ID: {_ID} Correlation ID: {_ID}"
    told = copy.deepcopy(said(finding("0xcaa2000c", request_id=_ID), finding("AADSTS50076", data=[text]), user=None))
    for _bend in range(chance.choice((1, 1, 2, 5))):
        place: t.Any = told
        while True:
            steps = list(place) if isinstance(place, dict) else range(len(place))
            if not steps:
                break
            step = chance.choice(list(steps))
            inner = place[step]
            if not isinstance(inner, (dict, list)) or chance.random() < 0.3:
                place[step] = [value(chance)] * 300 if chance.random() < 0.1 else value(chance)
                break
            place = inner
    return value(chance) if chance.random() < 0.05 else told
