# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs the controller to check one device's answer to device_facts where it comes in, in processor time."""

from __future__ import annotations

import importlib
import json
import statistics
import tempfile
import time
from pathlib import Path

TIMES, ROUNDS = 100, 7


def seconds() -> float:
    """Of one answer: its texts, its depth and its numbers, and the shape of each result, beside json.loads alone.

    The collection must be importable.
    """
    from tests.unit.device.played import Played

    package = "ansible_collections.winops.entra.plugins.plugin_utils"
    names = ("untrusted", "device.answers", "device.state", "device.wire")
    untrusted, answers, state, wire = (importlib.import_module(f"{package}.{name}") for name in names)
    operations = list(state.observations().values())
    request = wire.encode_payload({"v": 1, "id": "bench", "stop_on_error": False, "ops": operations})
    with tempfile.TemporaryDirectory() as folder, Played(Path(folder), "joined") as played:
        stdout = played._execute("", request)[0]
    text = json.dumps(wire.decode_answer(stdout))

    def checked() -> None:
        told = untrusted.load_json(text)
        problems = [answers.bad_identity(told["device"])]
        problems += [answers.checked(*pair).error for pair in zip(operations, told["results"])]
        assert not any(problems), problems

    return statistics.median(_each(checked) - _each(lambda: json.loads(text)) for _round in range(ROUNDS))


def _each(work) -> float:
    began = time.process_time()
    for _time in range(TIMES):
        work()
    return (time.process_time() - began) / TIMES
