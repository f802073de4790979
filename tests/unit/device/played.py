# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The product and the lab in one process, without a network: one device of the lab at the far end of a session.

Time is the lab's, and passes when the product waits or the device works; a story of hours takes no time.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import types
import typing as t
from pathlib import Path

import yaml

from ansible_collections.winops.entra.plugins.plugin_utils.device import session, work
from ansible_collections.winops.entra.plugins.plugin_utils.device.diagnosis import device_diagnosis
from ansible_collections.winops.entra.plugins.plugin_utils.device.joining.provisioning import PackageSource
from ansible_collections.winops.entra.plugins.plugin_utils.progress import Deadline, Progress
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from tests.lab import ppkg, scenario
from tests.unit.lab.world_lab import Lab

from .scripted import answer_line, request_of

SCENARIOS = Path(scenario.__file__).parent / "scenarios"
LIBRARY: dict[str, dict] = {
    kind: options
    for name in scenario.LIBRARY
    for kind, options in yaml.safe_load((SCENARIOS / name).read_text(encoding="utf-8"))["kinds"].items()
}


class Played:
    """One device of a scenario. ``device`` is the lab's; ``exchanges`` counts what it was asked."""

    def __init__(
        self, directory: Path, kind: str, options: dict[str, t.Any] | None = None, world: dict[str, t.Any] | None = None
    ) -> None:
        """``options`` of the device beside its kind's, ``world`` of the scenario beside the device."""
        self.directory = directory
        self.loop = asyncio.new_event_loop()
        self.lab = self._in_loop(self._lab(directory, kind, options or {}, world or {}))
        self.device = self.lab.world.hosts[0]
        self.exchanges = 0

    async def _lab(self, directory: Path, kind: str, options: dict, world: dict) -> Lab:
        entry = {"kind": kind, **({"device": options} if options else {})}
        return Lab(directory, {"description": "One device.", **world, "devices": [entry]})

    def _in_loop(self, awaitable: t.Awaitable) -> t.Any:
        return self.loop.run_until_complete(awaitable)

    def __enter__(self) -> Played:
        return self

    def __exit__(self, *_details: object) -> None:
        self._in_loop(self.lab.world.stop())
        # What was cut off has its last moment.
        for _each in range(3):
            self._in_loop(asyncio.sleep(0))
        self.loop.close()

    # --- the far end of the wire --------------------------------------------------------------------------------------

    def session(self, check_mode: bool = False) -> session.DeviceSession:
        """What the product asks the device by."""
        connection = types.SimpleNamespace(transport="winrm", reset=lambda: None, put_file=self._put_file)
        return session.DeviceSession(connection, self._execute, check_mode)

    def _execute(self, _script: str, data: bytes) -> tuple[str, str, int]:
        self.exchanges += 1
        asked = request_of(data)
        answer = self._in_loop(self.lab.clock.run(self.device.run_operations(asked, account=self.device.login)))
        return answer_line(asked["id"], answer["results"], **answer["device"]), "", 0

    def _put_file(self, source: str, destination: str) -> None:
        self.device.files.write(destination, Path(source).read_bytes())

    def package(self, label: str = "fleet") -> PackageSource:
        """A package of the world as the product knows it, as a file on the controller."""
        data = self.lab.world.packages[label].data
        file = self.directory / f"{label}.ppkg"
        file.write_bytes(data)
        return PackageSource(ppkg.inspect(data)["package_id"], hashlib.sha256(data).hexdigest(), src=str(file))

    def do_as_system(self, operations: list[dict]) -> list[dict]:
        """The results of operations as a job has them."""
        return self._in_loop(self.lab.ask(self.device, *operations, system=True))

    def do(self, work: t.Awaitable) -> t.Any:
        """What somebody does to the device in the meantime."""
        return self._in_loop(work)

    # --- time ---------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Device seconds since the world began."""
        return self.lab.clock.elapsed()

    def let_pass(self, seconds: float) -> None:
        """So many device seconds pass."""
        self._in_loop(self.lab.clock.advance(seconds))

    def deadline(self, seconds: float) -> Deadline:
        return Deadline(seconds, clock=lambda: self.now, sleep=self.let_pass)

    # --- what the product does ----------------------------------------------------------------------------------------

    def run(self, kind: type, plan: t.Any, monkeypatch, check_mode: bool = False) -> tuple[t.Any, t.Any]:
        """The work, and what it returned or the Failure that it raised."""
        monkeypatch.setattr(work, "Deadline", self.deadline)
        progress = Progress(lambda _line: None, lambda: self.now)
        made = kind(self.session(check_mode), plan, progress, check_mode)
        try:
            return made, made.run()
        except Failure as failure:
            return made, failure

    def diagnose(self, **scope: t.Any) -> list[dict]:
        """The findings of a diagnosis, the weightiest first."""
        asked = device_diagnosis.DiagnosisScope(**scope)
        answer = self.session(check_mode=True).run(device_diagnosis.observations(asked))
        # These times are the controller's; the world began on a day of its own.
        now = self.lab.clock.utc().timestamp()
        answer = dataclasses.replace(answer, asked_at=now, answered_at=now)
        return [finding.as_dict() for finding in device_diagnosis.diagnose(answer, asked)[0]]
