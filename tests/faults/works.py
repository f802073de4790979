# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything of the collection that changes a device, as a task on one of the lab's devices, in one process with it."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import work
from ansible_collections.winops.entra.plugins.plugin_utils.device.acceptance import run as acceptance
from ansible_collections.winops.entra.plugins.plugin_utils.device.acceptance import trial
from ansible_collections.winops.entra.plugins.plugin_utils.device.joining import join, package_state
from ansible_collections.winops.entra.plugins.plugin_utils.device.leaving import leave
from ansible_collections.winops.entra.plugins.plugin_utils.device.mdm import mdm_state
from ansible_collections.winops.entra.plugins.plugin_utils.device.reading import Unreadable
from ansible_collections.winops.entra.plugins.plugin_utils.device.reset import reset
from ansible_collections.winops.entra.plugins.plugin_utils.device.session import ConnectionLost
from ansible_collections.winops.entra.plugins.plugin_utils.device.wire import WireError
from ansible_collections.winops.entra.plugins.plugin_utils.progress import Progress
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from tests.hard_to_leave import HARD
from tests.lab.device import out_of_box
from tests.lab.device.wire import utc_text
from tests.unit.device.plans import join_plan, leave_plan, reset_plan
from tests.unit.device.played import Played

TIMEOUT = 1800


@dataclasses.dataclass(frozen=True)
class Work:
    """A task: on a device of the lab's ``kind`` with these ``options``, begun by ``make(played)``; ``finished(made)``
    says whether a run has come to the end that the task is for."""

    kind: str
    make: t.Callable[[Played], t.Any]
    options: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    finished: t.Callable[[t.Any], bool] = lambda made: made.learned["outcome"] != "failed"


@dataclasses.dataclass
class Ended:
    """What a run came to: ``how`` is None where it ended well, else the name of its failure."""

    made: t.Any
    how: str | None

    @property
    def changed(self) -> bool:
        return self.made.changes.changed


def run(work_of: Work, played: Played) -> Ended:
    """Run the task to its end, on the device's own time. Raises what is no failure of the product."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (work, acceptance, trial):
            patch.setattr(module, "Deadline", played.deadline)
        made = work_of.make(played)
        try:
            made.run()
        except Failure as failure:
            return Ended(made, str(failure.error["name"] or failure.msg))
        except (ConnectionLost, WireError, Unreadable) as exc:
            return Ended(made, type(exc).__name__)
    return Ended(made, None)


def _progress(played: Played) -> Progress:
    return Progress(lambda _line: None, lambda: played.now)


def _package(played: Played) -> t.Any:
    # The file of the world's first run: an id of a package is made once.
    return played.package(Path(played.device.variables["join_src"]).stem)


def _join(played: Played) -> join.Join:
    plan = join_plan(played.lab.world.tenant.id, _package(played), reboot=True, expect_mdm=True, timeout=TIMEOUT)
    return join.Join(played.session(), plan, _progress(played), False)


def _azure_join(played: Played) -> join.Join:
    plan = join_plan(played.lab.world.tenant.id, None, method="azure_vm", timeout=TIMEOUT)
    return join.Join(played.session(), plan, _progress(played), False)


def _leave(**options: t.Any) -> t.Callable[[Played], leave.Leave]:
    plan = leave_plan(timeout=TIMEOUT, **options)
    return lambda played: leave.Leave(played.session(), plan, _progress(played), False)


def _mdm(state: str) -> t.Callable[[Played], mdm_state.Mdm]:
    plan = mdm_state.MdmPlan(state, "MS DM Server", None, "user", False, TIMEOUT, 5)
    return lambda played: mdm_state.Mdm(played.session(), plan, _progress(played), False)


def _reset(played: Played) -> reset.Reset:
    """A device that has gone is deployed by somebody before the next run, which finds it installed since."""
    device = played.device
    began = device.installed + datetime.timedelta(seconds=1)
    if device.out_of_box:
        device.out_of_box = False
        played.do(out_of_box.answer_again(device))
    if device.installations > 1:
        began = device.installed - datetime.timedelta(seconds=1)
    plan = reset_plan(device.hardware.serial, unless_installed_after=utc_text(began), timeout=TIMEOUT)
    return reset.Reset(played.session(), plan, _progress(played), False)


class _Present(package_state.PackageState):
    run = package_state.PackageState.present


class _Absent(package_state.PackageState):
    run = package_state.PackageState.absent


def _package_state(kind: type[package_state.PackageState]) -> t.Callable[[Played], package_state.PackageState]:
    def make(played: Played) -> package_state.PackageState:
        plan = package_state.PackagePlan(_package(played), False, False, True, TIMEOUT, 5)
        return kind(played.session(), plan, _progress(played), False)

    return make


def _accept(played: Played) -> acceptance.AcceptanceRun:
    plan = acceptance.AcceptancePlan(TIMEOUT, 5, frozenset(), "winrm")
    return acceptance.AcceptanceRun(played.session(), plan, _progress(played), False)


def _always(_made: t.Any) -> bool:
    return True


WORKS = {
    "join": Work("unjoined_pro", _join, {"pending_reboot": ["servicing"], "mdm_delay": 120}),
    "join as an Azure VM": Work("azure_vm", _azure_join),
    "disconnect": Work("joined", _leave(remove_mdm=True, reboot=True)),
    "disconnect, hybrid": Work("hybrid", _leave(stop_hybrid_autojoin=True, remove_mdm=True, reboot=True), HARD),
    "mdm absent": Work("joined", _mdm("absent")),
    "mdm enrolled": Work("joined_user_signed_in", _mdm("enrolled")),
    "device_reset": Work("joined", _reset),
    "ppkg present": Work("unjoined_pro", _package_state(_Present), finished=_always),
    "ppkg absent": Work("already_installed", _package_state(_Absent), finished=_always),
    "acceptance": Work("unjoined_pro", _accept, finished=_always),
}
