# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bundles for diagnose that come by mail: an honest one with something else in a few of its places."""

from __future__ import annotations

import copy
import functools
import json
import random
import tempfile
import typing as t

from ansible_collections.winops.entra.plugins.modules.diagnose import ARGUMENT_SPEC
from ansible_collections.winops.entra.plugins.plugin_utils.device.diagnosis import bundles, device_diagnosis, diagnose
from ansible_collections.winops.entra.plugins.plugin_utils.device.side import DEVICE_SIDE
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task, perform
from tests.unit.device import scripted
from tests.unit.device.fit import FitDevice
from tests.unit.device.scripted import key

SAMPLE = 300
ARGS = {name: option.get("default") for name, option in ARGUMENT_SPEC.items()} | {"fail_on": []}
RESULTS = r"SOFTWARE\Microsoft\Provisioning\Results"
EVENT = {"level": 2, "utc": "2026-11-21T07:59:00.000Z", "provider": "x", "message": "Meldung", "record": 1}
ODD = (
    *(None, True, False, 0, -1, 1.5, 2**31, 2**63, 10**30, 1e300, "", "x", [], {}, [[]], {"": ""}, [None], ["x"]),
    *("0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "2026-02-30T00:00:00Z", "0000-00-00T00:00:00Z"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "\ud800", "\0", "\u202e", "eyJ\u00e9-" * 2000),
    *("1" * 5000, "0x801c03f2 " * 500, "AADSTS50126", "-2147024891", {"base64": "AAAA"}, {"base64": 5}),
    *({"values": {}, "keys": {}}, {"refused": {"type": "x", "message": "y", "hresult": None}}, {"refused": 5}),
)


def one(source: random.Random) -> None:
    """Diagnose one bundle."""
    bundle = json.loads(_honest())
    for _change in range(source.randint(1, 3)):
        _change_one(source, bundle)
    text = json.dumps(bundle).encode()
    if source.random() < 0.05:
        at = source.randrange(len(text))
        text = (
            text[:at] + source.choice((b"", b"\xff", b"[" * 2000, b"NaN", b"1e999")) + text[at + source.randint(0, 9) :]
        )
    args = ARGS | {"hours": source.choice((None, None, 1, 10**9))}
    with tempfile.NamedTemporaryFile() as file:
        file.write(text)
        file.flush()
        task = Task(args | {"src": file.name}, False, find_file=str)
        result = perform(task, (DEVICE_SIDE,), diagnose.diagnose, {})
    json.dumps(result, allow_nan=False).encode()
    if result.get("failed"):
        assert result["error"]["name"] == "damaged_bundle" and result["msg"].isprintable() and len(result["msg"]) < 5000
    else:
        assert isinstance(result["healthy"], bool) and result["source"] == "bundle"


@functools.cache
def _honest() -> str:
    """The bundle of a joined device with something in each log."""
    device = FitDevice()
    device.registry |= scripted.joined_registry(scripted.TENANT)
    device.machine_certificates.append(scripted.join_certificate())
    device.handlers["dsregcmd_status"] = scripted.dsregcmd(True)
    data = [f"AADSTS700082: expired. Trace ID: {'4f0e9d0b-7a55-4f0e-9d0b-0a52f3a7c111'}", "-2147024891", "a b c d"]
    device.handlers["events"] = lambda params: {
        "log_exists": True,
        "events": [
            EVENT | {"id": params["ids"][number % len(params["ids"])], "data": data[number:]} for number in (0, 1, 2)
        ],
    }
    device.registry[RESULTS] = key({}, X=key({}, Y=key({"LastResult": -2147024891, "Message": "0x801c03f2"})))
    scope = device_diagnosis.DiagnosisScope()
    answer = device.session(True).run(device_diagnosis.observations(scope))
    return json.dumps(bundles.pack(answer, scope, "PC-1", "2026-11-21T09:00:00Z"))


def _change_one(source: random.Random, bundle: dict) -> None:
    place: t.Any = bundle
    while True:
        steps = list(place) if isinstance(place, dict) else list(range(len(place)))
        step = source.choice(steps)
        inner = place[step]
        if isinstance(inner, (dict, list)) and inner and source.random() < 0.85:
            place = inner
            continue
        kind = source.random()
        if kind < 0.1:
            del place[step]
        elif kind < 0.15 and isinstance(place, list):
            place.extend([copy.deepcopy(inner)] * source.choice((10, 100)))
        elif kind < 0.2 and isinstance(place, dict):
            place[source.choice(("X" * 300, "", "\u202e", "other"))] = copy.deepcopy(inner)
        else:
            place[step] = copy.deepcopy(source.choice(ODD))
        return
