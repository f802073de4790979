# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task for each ending of the table: on which device, with which options, and what was done to the device before."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable

from ansible_collections.winops.entra.plugins.plugin_utils.device.diagnosis import device_diagnosis
from ansible_collections.winops.entra.plugins.plugin_utils.device.joining import join, package_state
from ansible_collections.winops.entra.plugins.plugin_utils.device.joining.provisioning import PackageSource
from ansible_collections.winops.entra.plugins.plugin_utils.device.leaving import leave
from ansible_collections.winops.entra.plugins.plugin_utils.device.mdm import mdm_state
from ansible_collections.winops.entra.plugins.plugin_utils.device.preflight import checklist
from ansible_collections.winops.entra.plugins.plugin_utils.device.preflight.check import PreflightPlan
from ansible_collections.winops.entra.plugins.plugin_utils.device.reset import reset
from ansible_collections.winops.entra.plugins.plugin_utils.package import REVERTED
from ansible_collections.winops.entra.plugins.plugin_utils.progress import Progress
from ansible_collections.winops.entra.plugins.plugin_utils.result import ChangeSet
from tests.lab import scenario
from tests.lab.device import azure_mdm
from tests.unit.device.plans import join_plan, leave_plan, reset_plan

from .devices import USERS_PATH, Disturbed

Make = Callable[[Disturbed], t.Any]


@dataclasses.dataclass(frozen=True)
class Case:
    """One task. ``earlier`` are tasks that were run to their end before; ``disturbed`` says that each exchange of it is
    the last one in turn, ``repeats`` that it does once more what was done, which it reports as a change."""

    module: str
    ending: str
    kind: str
    make: Make
    options: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    earlier: tuple[Make, ...] = ()
    disturbed: bool = False
    repeats: bool = False


# --- packages ---------------------------------------------------------------------------------------------------------


def package(played: Disturbed, label: str, by: str) -> PackageSource:
    """A package of the world, as a file of the controller or of the device, or on the web."""
    source = played.package(label)
    source = dataclasses.replace(source, id=source.id.strip("{}"))
    reverts = ("certificates",) if label == "site" else ()
    if by == "path":
        played.device.files.write(USERS_PATH, played.lab.world.packages[label].data)
        return PackageSource(source.id, path=USERS_PATH, reverted_areas=tuple(REVERTED))
    if by == "id":
        return package_state.by_id(source.id)
    if by == "another id":
        played.device.files.write(USERS_PATH, played.lab.world.packages[label].data)
        return PackageSource("4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111", path=USERS_PATH, reverted_areas=tuple(REVERTED))
    if by in ("url", "gone"):
        url = f"{scenario.WEB}{label if by == 'url' else 'gone'}.ppkg"
        return PackageSource(source.id, source.sha256, url=url, reverted_areas=tuple(REVERTED))
    return dataclasses.replace(source, reverts=reverts, reverted_areas=tuple(REVERTED))


def _progress(played: Disturbed) -> Progress:
    return Progress(lambda _line: None, lambda: played.now)


def joins(label: str | None = "fleet", by: str = "src", check_mode: bool = False, **changes: t.Any) -> Make:
    def make(played: Disturbed) -> join.Join:
        source = package(played, label, by) if label else None
        method = "provisioning_package" if label else "azure_vm"
        plan = join_plan(played.lab.world.tenant.id, source, method=method, **changes)
        return join.Join(played.session(check_mode), plan, _progress(played), check_mode)

    return make


class _Present(package_state.PackageState):
    run = package_state.PackageState.present


class _Absent(package_state.PackageState):
    run = package_state.PackageState.absent


def ppkg(
    state: str = "present", label: str = "fleet", by: str = "src", check_mode: bool = False, **changes: t.Any
) -> Make:
    settings = {"force": False, "keep_copy": False, "apply_again": True, "timeout": 900, "poll_interval": 5}

    def make(played: Disturbed) -> package_state.PackageState:
        plan = package_state.PackagePlan(package(played, label, by), **(settings | changes))
        kind = _Present if state == "present" else _Absent
        return kind(played.session(check_mode), plan, _progress(played), check_mode)

    return make


# --- leaves, MDM, looks -----------------------------------------------------------------------------------------------


def leaves(check_mode: bool = False, **changes: t.Any) -> Make:
    plan = leave_plan(**({"timeout": 1800} | changes))
    return lambda played: leave.Leave(played.session(check_mode), plan, _progress(played), check_mode)


def mdm(state: str, check_mode: bool = False, timeout: int = 1800) -> Make:
    plan = mdm_state.MdmPlan(state, "MS DM Server", None, "user", False, timeout, 5)
    return lambda played: mdm_state.Mdm(played.session(check_mode), plan, _progress(played), check_mode)


def resets(check_mode: bool = False, **changes: t.Any) -> Make:
    def make(played: Disturbed) -> reset.Reset:
        plan = reset_plan(played.device.hardware.serial, **({"timeout": 1800} | changes))
        return reset.Reset(played.session(check_mode), plan, _progress(played), check_mode)

    return make


class Looks:
    """A task that looks and changes nothing."""

    def __init__(self, looks: Callable[[], t.Any]) -> None:
        self.run = looks
        self.changes, self.learned = ChangeSet(), {"left_behind": []}


def preflight(played: Disturbed) -> Looks:
    def run() -> None:
        _answer, checks = checklist.run(played.session(), PreflightPlan(scheme="https"))
        if failure := checklist.unfit(checks, ["fail"]):
            raise failure

    return Looks(run)


def diagnose(played: Disturbed) -> Looks:
    observations = device_diagnosis.observations(device_diagnosis.DiagnosisScope())
    return Looks(lambda: played.session().run(observations))


# --- the cases --------------------------------------------------------------------------------------------------------

_FORBIDDEN = {"policies": {"AllowRemoveProvisioningPackage": 0}}
_SLOW_REMOVAL = {"engine": {"removal": {"seconds": 9000}}}
_NEVER_BACK = {"boot_seconds": 20000.0}
_BUSY = {"engine": {"seconds": 1200}}
_JOINED = "unchanged, refused or check mode"
_KEPT = "failed, on_failure=keep"
_STUCK = "failed, and Windows does not remove the package"
_AT_WORK = "still at work at its timeout"
_LEFT = "disconnected, unchanged, refused or check mode"
_RESET, _NOT_RESET = "reset", "unchanged, refused or check mode"
_MANAGED = "enrolled, removed, unchanged, refused or check mode"

CASES: dict[str, Case] = {
    # join
    "join": Case("join", "joined", "unjoined_pro", joins(), disturbed=True),
    "join by path": Case("join", "joined", "unjoined_pro", joins(by="path")),
    "join by url": Case("join", "joined", "unjoined_pro", joins(by="url"), disturbed=True),
    "join and restart": Case("join", "joined", "renamed", joins("rename", reboot=True)),
    "join again": Case("join", "joined", "applied_before", joins()),
    "join, keep_copy": Case("join", "joined, keep_copy", "unjoined_pro", joins(keep_copy=True)),
    "join by url, keep_copy": Case("join", "joined, keep_copy", "unjoined_pro", joins(by="url", keep_copy=True)),
    "join, remove_package": Case("join", "joined, remove_package", "unjoined_pro", joins(remove_package=True)),
    "join in check mode": Case("join", _JOINED, "unjoined_pro", joins(check_mode=True)),
    "joined": Case("join", _JOINED, "joined", joins()),
    "joined before": Case("join", _JOINED, "unjoined_pro", joins(), earlier=(joins(),)),
    "joined, copies kept": Case("join", _JOINED, "unjoined_pro", joins(), earlier=(joins(keep_copy=True),)),
    "joined elsewhere": Case("join", _JOINED, "joined_elsewhere", joins()),
    "home": Case("join", _JOINED, "home", joins()),
    "expired": Case("join", "failed", "expired_token", joins("expired"), disturbed=True),
    "expired, by path": Case("join", "failed", "expired_token", joins("expired", "path")),
    "expired, keep_copy": Case("join", "failed", "expired_token", joins("expired", keep_copy=True)),
    "expired, again": Case(
        "join", "failed", "expired_token", joins("expired"), earlier=(joins("expired", on_failure="keep"),)
    ),
    "user gone, named": Case("join", "failed", "unjoined_pro", joins("named_gone")),
    "url gone": Case("join", "failed", "unjoined_pro", joins(by="gone")),
    "late": Case("join", "failed", "unjoined_pro", joins(timeout=60), _BUSY),
    "packages forbidden": Case("join", "failed", "packages_forbidden", joins()),
    "not taken": Case("join", "failed", "package_not_applicable", joins()),
    "removal takes the join": Case(
        "join",
        "failed",
        "unjoined_pro",
        joins(remove_package=True),
        {"engine": {"removal": {"takes_join": True}}},
    ),
    "removal forbidden": Case("join", _STUCK, "expired_token", joins("expired"), _FORBIDDEN),
    "removal without end": Case("join", _STUCK, "expired_token", joins("expired"), _SLOW_REMOVAL),
    "kept": Case("join", _KEPT, "expired_token", joins("expired", on_failure="keep"), disturbed=True),
    "kept, by path": Case("join", _KEPT, "expired_token", joins("expired", "path", on_failure="keep")),
    "kept, by url": Case("join", _KEPT, "expired_token", joins("expired", "url", on_failure="keep")),
    "kept, url gone": Case("join", _KEPT, "unjoined_pro", joins(by="gone", on_failure="keep")),
    "kept, not taken": Case("join", _KEPT, "package_not_applicable", joins(on_failure="keep")),
    "kept, late": Case(
        "join", f"{_KEPT}, and our job still runs", "unjoined_pro", joins(on_failure="keep", timeout=60), _BUSY
    ),
    "kept, keep_copy": Case(
        "join", f"{_KEPT}, keep_copy", "expired_token", joins("expired", on_failure="keep", keep_copy=True)
    ),
    "astray": Case("join", "joined another tenant, or not enrolled in MDM", "unjoined_pro", joins("other_tenant")),
    "not back": Case(
        "join",
        "joined, and not back after its restart",
        "unjoined_pro",
        joins(reboot=True),
        {"pending_reboot": ["servicing"], **_NEVER_BACK},
    ),
    "no MDM": Case("join", "joined another tenant, or not enrolled in MDM", "no_mdm", joins("no_mdm", expect_mdm=True)),
    "Azure VM": Case("join", "joined as an Azure VM", "azure_vm", joins(None), disturbed=True),
    "Azure VM, name taken": Case("join", "failed as an Azure VM", "azure_vm_name_taken", joins(None)),
    "Azure VM, goes on": Case(
        "join",
        "an Azure VM whose join still goes on",
        "azure_vm_mdm",
        joins(None, mdm_id="0000000a-0000-0000-c000-000000000000", timeout=60),
        {"azure": {"identity": "main", "broker_failures": [azure_mdm.BROKER_FAILED] * 8}},
    ),
    # ppkg
    "present": Case("ppkg", "present", "unjoined_pro", ppkg(label="site"), disturbed=True),
    "present by path": Case("ppkg", "present", "unjoined_pro", ppkg(label="site", by="path")),
    "forced": Case(
        "ppkg", "present", "unjoined_pro", ppkg(label="site", force=True), earlier=(ppkg(label="site"),), repeats=True
    ),
    "present, keep_copy": Case("ppkg", "present, keep_copy", "unjoined_pro", ppkg(label="site", keep_copy=True)),
    "present in check mode": Case("ppkg", _JOINED, "unjoined_pro", ppkg(label="site", check_mode=True)),
    "present before": Case("ppkg", _JOINED, "unjoined_pro", ppkg(label="site"), earlier=(ppkg(label="site"),)),
    "server": Case("ppkg", _JOINED, "server", ppkg(label="site")),
    "present, expired": Case("ppkg", "failed", "expired_token", ppkg(label="expired"), disturbed=True),
    "present, expired again": Case(
        "ppkg", "failed", "expired_token", ppkg(label="expired"), earlier=(ppkg(label="expired"),)
    ),
    "present, forbidden": Case("ppkg", "failed", "packages_forbidden", ppkg(label="site")),
    "present, another id": Case("ppkg", "failed", "unjoined_pro", ppkg(label="site", by="another id")),
    "present, late": Case(
        "ppkg", "failed, and our job still runs", "unjoined_pro", ppkg(label="site", timeout=60), _BUSY
    ),
    "absent": Case(
        "ppkg", "absent", "unjoined_pro", ppkg("absent", "site"), earlier=(ppkg(label="site", keep_copy=True),)
    ),
    "absent by id": Case(
        "ppkg",
        "absent",
        "unjoined_pro",
        ppkg("absent", "site", "id"),
        earlier=(ppkg(label="site", keep_copy=True),),
        disturbed=True,
    ),
    "absent, never there": Case("ppkg", _JOINED, "unjoined_pro", ppkg("absent", "site", "id")),
    "absent, its file gone": Case(
        "ppkg", _JOINED, "unjoined_pro", ppkg("absent", "site", "id"), earlier=(ppkg(label="site"),)
    ),
    "absent, forbidden": Case(
        "ppkg",
        "absent, and Windows does not remove it",
        "unjoined_pro",
        ppkg("absent", "site"),
        _FORBIDDEN,
        earlier=(ppkg(label="site", keep_copy=True),),
    ),
    "absent, without end": Case(
        "ppkg",
        "absent, and Windows does not remove it",
        "unjoined_pro",
        ppkg("absent", "site"),
        _SLOW_REMOVAL,
        earlier=(ppkg(label="site", keep_copy=True),),
    ),
    # disconnect
    "disconnect": Case("disconnect", _LEFT, "joined", leaves(remove_mdm=True, reboot=True), disturbed=True),
    "disconnect in check mode": Case("disconnect", _LEFT, "joined", leaves(check_mode=True)),
    "disconnect, nothing to do": Case("disconnect", _LEFT, "unjoined_pro", leaves()),
    "disconnect, refused": Case("disconnect", _LEFT, "joined_without_administrator", leaves()),
    "disconnect, fails": Case("disconnect", "failed, and still joined", "joined_leave_fails_once", leaves()),
    "disconnect, half left": Case(
        "disconnect", "half left, or not back after its restart", "joined_leave_unflushed", leaves()
    ),
    "disconnect, not back": Case(
        "disconnect", "half left, or not back after its restart", "joined", leaves(reboot=True), _NEVER_BACK
    ),
    "disconnect, slow": Case("disconnect", _AT_WORK, "joined_slow_leave", leaves(timeout=60)),
    # mdm
    "enroll": Case("mdm", _MANAGED, "joined_user_signed_in", mdm("enrolled"), disturbed=True),
    "enroll in check mode": Case("mdm", _MANAGED, "joined_user_signed_in", mdm("enrolled", check_mode=True)),
    "enrolled": Case("mdm", _MANAGED, "joined", mdm("enrolled")),
    "enroll, refused": Case("mdm", _MANAGED, "joined_no_mdm_address", mdm("enrolled")),
    "unenroll": Case("mdm", _MANAGED, "joined", mdm("absent"), disturbed=True),
    "enroll, nobody signed in": Case("mdm", "failed", "joined_mdm_offered", mdm("enrolled", timeout=120)),
    "unenroll, slow": Case("mdm", _AT_WORK, "joined", mdm("absent", timeout=20), {"unregistration": "hangs"}),
    # device_reset
    "reset": Case("device_reset", _RESET, "joined", resets(), disturbed=True),
    "reset without waiting": Case(
        "device_reset", _RESET, "joined", resets(wait=False), {"wipe": {"ready": 300.0}}, repeats=True
    ),
    "reset in check mode": Case("device_reset", _NOT_RESET, "joined", resets(check_mode=True)),
    "installed since": Case(
        "device_reset", _NOT_RESET, "joined", resets(unless_installed_after="2000-01-01T00:00:00.000Z")
    ),
    "reset, refused": Case("device_reset", _NOT_RESET, "joined", resets(), {"recovery": "disabled"}),
    "reset, Windows says no": Case(
        "device_reset", "failed, and as it was", "joined", resets(), {"wipe": {"returns": [5]}}
    ),
    "reset, undone": Case("device_reset", "failed, and as it was", "joined", resets(), {"wipe": {"undone": True}}),
    "reset, stays": Case(
        "device_reset",
        "accepted, and not gone at its timeout",
        "joined",
        resets(timeout=60),
        {"wipe": {"ignored": True}},
        repeats=True,
    ),
    # looks
    "fit": Case("preflight", "fit, unfit or check mode", "unjoined_pro", preflight, disturbed=True),
    "unfit": Case("preflight", "fit, unfit or check mode", "home", preflight),
    "diagnosis": Case("diagnose", "every ending", "expired_token", diagnose, disturbed=True),
}
