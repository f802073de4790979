# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What directory_posture costs over 1,000 joined devices with their users: requests, and seconds over a bare httpx loop
that sends the same requests one after the other, in interleaved rounds."""

from __future__ import annotations

import collections
import json
import statistics
import sys
from pathlib import Path

import yaml

from tests.lab import process

from .measure import run

HERE = Path(__file__).parent
DEVICES, ROUNDS = 1_000, 3
GOAL = 1.5
_USER = {"registered": ["mobilePhone", "email"]}
_BAD = {
    "compliance": "noncompliant",
    "policies": [
        {
            "name": "Windows",
            "state": "nonCompliant",
            "settings": [{"setting": "Windows10CompliancePolicy.BitLockerEnabled"}],
        }
    ],
}
SCENARIO = {
    "tenants": {
        "main": {
            "name": "Contoso",
            "domain": "contoso.example",
            "users": {f"user{number}": _USER for number in range(DEVICES)},
            "devices": [{"name": f"PC-{number}"} for number in range(DEVICES)],
            "managed": {
                f"PC-{number}": {"user": f"user{number}", **(_BAD if number % 10 == 0 else {})}
                for number in range(DEVICES)
            },
        }
    },
    "devices": [{"kind": "unjoined_pro"}],
}
Request = tuple[str, str, object]


def measure(root: Path) -> dict:
    """Figures by name."""
    out = root / "build" / "bench"
    out.mkdir(parents=True, exist_ok=True)
    scenario = out / "directory_posture_scenario.yml"
    scenario.write_text(yaml.safe_dump(SCENARIO, sort_keys=False), encoding="utf-8")
    with process.running(out / "directory_posture_lab", "--scenario", str(scenario)) as lab:
        facts, recording = str(lab.out / "tenant.json"), lab.out / "graph.jsonl"
        ids, same = out / "directory_posture_ids.json", out / "directory_posture_requests.json"
        ids.write_text(json.dumps([row["deviceId"] for row in lab.get("/tenant")["devices"].values()]), "utf-8")
        program = str(HERE / "directory_posture_once.py")
        run([sys.executable, program, "ours", facts, str(ids)], root)  # Warms the disk cache, and says what is sent.
        sent = _sent(recording)
        same.write_text(json.dumps(sent), encoding="utf-8")
        ratios = []
        for _round in range(ROUNDS):
            runs = (
                run([sys.executable, program, *what], root)
                for what in (("ours", facts, str(ids)), ("httpx", facts, str(same)))
            )
            (ours, ours_busy), (bare, bare_busy) = ((one.output.split()[-2:], one.processor_seconds) for one in runs)
            if int(ours[0]) != DEVICES or int(bare[0]) != len(sent):
                raise RuntimeError(f"{ours[0]} devices and {bare[0]} requests")
            ratios.append(float(ours[1]) / float(bare[1]))
            print(
                f"directory_posture of {DEVICES} devices: {len(sent)} requests, {float(ours[1]):5.2f} s "
                f"({ours_busy:.1f} s of the processor), bare httpx {float(bare[1]):5.2f} s ({bare_busy:.1f} s)"
            )
    most = max(collections.Counter(map(_kind, sent)).values())
    return {
        f"directory_posture of {DEVICES} devices: time against bare httpx": {
            "value": statistics.median(ratios),
            "goal": GOAL,
            "better": "lower",
        },
        f"directory_posture of {DEVICES} devices: most requests of one kind of question": {
            "value": most,
            "goal": DEVICES / 20,
            "better": "lower",
        },
        f"directory_posture of {DEVICES} devices: requests": {"value": len(sent), "goal": None, "better": "lower"},
    }


def _sent(recording: Path) -> list[Request]:
    """What was asked so far, in its order: method, path and query behind Graph's address, and body."""
    lines = [json.loads(line) for line in recording.read_text(encoding="utf-8").splitlines()]
    return [(line["method"], line["url"], line["request_body"]) for line in lines]


def _kind(request: Request) -> str:
    """The kind of question, by what its first part asks for."""
    _method, path, body = request
    url = body["requests"][0]["url"] if isinstance(body, dict) and "requests" in body else path
    return "/".join(part for part in url.partition("?")[0].split("/") if not any(letter.isdigit() for letter in part))
