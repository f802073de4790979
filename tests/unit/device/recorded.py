# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one device of each kind of the lab answers to all that the device modules read, and what they make of it."""

from __future__ import annotations

import asyncio
import functools
import json
import tempfile
import types
import typing as t
from pathlib import Path

from ansible_collections.winops.entra.plugins.plugin_utils.device import dsregcmd, state
from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device.answers import Answer, Result, checked
from ansible_collections.winops.entra.plugins.plugin_utils.device.autopilot import association
from ansible_collections.winops.entra.plugins.plugin_utils.device.diagnosis import device_diagnosis
from ansible_collections.winops.entra.plugins.plugin_utils.device.joining import join, provisioning
from ansible_collections.winops.entra.plugins.plugin_utils.device.leaving import device_record, leave
from ansible_collections.winops.entra.plugins.plugin_utils.device.mdm import mdm_state
from ansible_collections.winops.entra.plugins.plugin_utils.device.preflight import check, checklist
from ansible_collections.winops.entra.plugins.plugin_utils.progress import Progress
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from tests.unit.lab.world_lab import Lab

from .plans import join_plan, leave_plan
from .scripted import PACKAGE, TENANT

PREFLIGHT = check.PreflightPlan(expect_mdm=True, tenant_id=TENANT, check_mode=True)
SCOPE = device_diagnosis.DiagnosisScope()
SOURCE = provisioning.PackageSource(id=PACKAGE, path=r"C:\package.ppkg")
READS = (
    state.observations()
    | checklist.observations(PREFLIGHT)
    | device_diagnosis.observations(SCOPE)
    | leave.Leave.watch
    | device_record.OBSERVATIONS
    | association.OBSERVATIONS
    | mdm_state.Mdm.watch
    | provisioning.observations(SOURCE)
)
#: dsregcmd.parse for tests that ask thousands of times for the few texts of the recordings.
parse_once = functools.cache(dsregcmd.parse)
ABSENT_JOB = Result(True, {"state": "absent", "started": None, "last_task_result": None, "answer": None})
NO_EVENTS = Result(True, {"log_exists": True, "events": []})


class Recording(t.NamedTuple):
    """The lab's answer to READS: results as they came, by name, and what the device said of itself."""

    told: dict[str, dict]
    device: dict

    def results(self) -> dict[str, Result]:
        return {name: checked(operation, self.told[name]) for name, operation in READS.items()}


@functools.cache
def recordings() -> dict[str, Recording]:
    """A recording of one device of each kind, by kind."""
    return asyncio.run(_record())


async def _record() -> dict[str, Recording]:
    found = {}
    request = {"v": 1, "id": "recorded", "ops": list(READS.values()), "stop_on_error": False}
    for scenario in ("every_kind", "disconnect", "preflight"):
        with tempfile.TemporaryDirectory() as folder:
            lab = Lab(Path(folder), scenario)
            for device in lab.world.hosts:
                if device.kind not in found and hasattr(device, "run_operations"):
                    asked = device.run_operations(request, account=device.login, system=False)
                    said = await lab.clock.run(asked)
                    found[device.kind] = Recording(dict(zip(READS, said["results"])), said["device"])
            await lab.world.stop()
    return found


def facts(results: dict[str, Result], device: dict) -> dict:
    return state.build(_answer(results, device))


def preflight(results: dict[str, Result], device: dict) -> list[dict]:
    return [one.as_dict() for one in checklist.evaluate(_answer(results, device), PREFLIGHT)]


def diagnosis(results: dict[str, Result], device: dict) -> list[dict]:
    return [finding.as_dict() for finding in device_diagnosis.diagnose(_answer(results, device), SCOPE)[0]]


def reads_of(module: str) -> frozenset[str]:
    """The names of READS that a module of MODULES asks for."""
    if module not in WORKS:
        return frozenset(READS)
    _Replay.asked.clear()
    MODULES[module](recordings()["joined"].results(), recordings()["joined"].device)
    return frozenset(_Replay.asked)


def leaving(results: dict[str, Result], device: dict) -> dict:
    """What a leave in check mode comes to."""
    plan = leave_plan(stop_hybrid_autojoin=True, remove_mdm=True, reboot=True)
    return _work(leave.Leave, plan, results, device)


def mdm(wanted: str, results: dict[str, Result], device: dict) -> dict:
    """What the module mdm with this state in check mode comes to."""
    plan = mdm_state.MdmPlan(
        state=wanted,
        provider="MS DM Server",
        enrollment_id=None,
        credential="device",
        allow_account_loss=False,
        timeout=600,
        poll_interval=5,
    )
    return _work(mdm_state.Mdm, plan, results, device)


def joining(results: dict[str, Result], device: dict) -> dict:
    """What a join by a package in check mode comes to."""
    plan = join_plan(TENANT, SOURCE, reboot=True, timeout=600, poll_interval=5, on_failure="keep")
    return _work(join.Join, plan, results, device)


MODULES: dict[str, t.Callable[[dict[str, Result], dict], t.Any]] = {
    "facts": facts,
    "preflight": preflight,
    "diagnosis": diagnosis,
    "leaving": leaving,
    "mdm enrolled": functools.partial(mdm, "enrolled"),
    "mdm absent": functools.partial(mdm, "absent"),
    "joining": joining,
}


WORKS = ("leaving", "mdm enrolled", "mdm absent", "joining")


class _Replay:
    """A session that answers from a recording; jobs are absent, and logs empty where a task begins."""

    exchanges, lost, device, known_facts = 1, False, "pc-0042", types.MappingProxyType({})
    asked: t.ClassVar[set[str]] = set()

    def __init__(self, results: dict[str, Result], device: dict) -> None:
        self._results, self._device = results, device

    def run(self, operations: dict[str, dict], stop_on_error: bool = False) -> Answer:
        self.asked.update(name for name in operations if name in READS)
        assert not {operation["op"] for operation in operations.values()} & op.CHANGING
        return _answer({name: self._result(name, asked["op"]) for name, asked in operations.items()}, self._device)

    def _result(self, name: str, operation: str) -> Result:
        return self._results.get(name, NO_EVENTS if operation == "events" else ABSENT_JOB)


def _work(kind, plan, results: dict[str, Result], device: dict) -> dict:
    run = kind(_Replay(results, device), plan, Progress(lambda _line: None), True)
    try:
        run.run()
        error = None
    except Failure as failure:
        error = failure.error
    changes = run.changes.as_result(with_diff=False)["changes"]
    return json.loads(json.dumps({"error": error, "learned": run.learned, "changes": changes}))


def _answer(results: dict[str, Result], device: dict) -> Answer:
    return Answer(results, device, 0.0, 1.0)
