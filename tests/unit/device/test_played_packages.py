# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that the lab's engine knows: applied again, removed, waited for, in each reading of what Windows does."""

from __future__ import annotations

import hashlib
import typing as t
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device.joining import join, package_state, removal
from ansible_collections.winops.entra.plugins.plugin_utils.device.leaving import leave as product_leave
from ansible_collections.winops.entra.plugins.plugin_utils.package_tasks import work as package_work
from ansible_collections.winops.entra.plugins.plugin_utils.package_tasks.source import chosen_package
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task
from tests.lab.device import joinstate
from tests.lab.device.dump import dump
from tests.lab.device.provisioning import memory, own_packages, results

from .plans import join_plan, leave_plan
from .played import Played

ENGINE = r"C:\ProgramData\Microsoft\Provisioning"
#: What may be so on a device that joined with the package and has left.
READINGS: dict[str, dict[str, t.Any]] = {
    "listed by files": {},
    "listed as registered": {"engine": {"listing": "registered"}},
    "results are believed": {"engine": {"memory": "results"}},
    "no UICC key": {"uicc": False},
    "no UICC key, registered": {"uicc": False, "engine": {"listing": "registered"}},
    "a slow removal": {"engine": {"removal": {"seconds": 180}}},
}


def source(played: Played, label: str = "fleet", by: str = "src", checksum: str | None = None):
    """A package of the world: from the controller, or one that lies on the device."""
    known = played.lab.world.packages[label]
    args = dict.fromkeys(("src", "path", "url", "checksum", "package_id")) | {"checksum": checksum}
    if by == "src":
        path = next(Path(played.directory).glob(f"**/{label}.ppkg"))
        return chosen_package(Task(args | {"src": str(path)}, False, find_file=str), must_join=False)[0]
    played.device.files.write(r"C:\Users\Public\join.ppkg", known.data)
    given = args | {"path": r"C:\Users\Public\join.ppkg", "package_id": known.id}
    return chosen_package(Task(given, False), must_join=False)[0]


def plan(played: Played, package, **changes) -> join.JoinPlan:
    return join_plan(**({"tenant_id": played.lab.world.tenant.id, "package": package} | changes))


def run(played: Played, monkeypatch, package, check_mode: bool = False, **changes):
    return played.run(join.Join, plan(played, package, **changes), monkeypatch, check_mode)


def test_a_checksum_beside_a_file_is_compared_with_it_or_refused(tmp_path, monkeypatch):
    with Played(tmp_path, "unjoined_pro") as played:
        (played.directory / "fleet.ppkg").write_bytes(played.lab.world.packages["fleet"].data)
        right = hashlib.sha256(played.lab.world.packages["fleet"].data).hexdigest()
        with pytest.raises(Failure, match=f"bad option checksum: .* has the SHA-256 {right}, not {'0' * 64}"):
            source(played, checksum="0" * 64)
        with pytest.raises(Failure, match=r"bad option checksum: .*\(path\) .* not compared; leave checksum out"):
            source(played, by="path", checksum=right)
        made, result = run(played, monkeypatch, source(played, checksum=right))
        assert made.learned["outcome"] == "joined", result


def leave(played: Played, monkeypatch) -> None:
    """The device leaves its tenant."""
    left, result = played.run(product_leave.Leave, leave_plan(tenant_id=None, remove_mdm=True), monkeypatch)
    assert left.learned["outcome"] in ("disconnected", "unchanged"), result


def change(made, what: str = "package") -> dict:
    """The one change of this name."""
    [found] = [item for item in made.changes.as_result(False)["changes"] if item["what"] == what]
    return found


def joined_and_left(played: Played, monkeypatch, package, **changes) -> None:
    made, _result = run(played, monkeypatch, package, **changes)
    assert made.learned["outcome"] == "joined"
    leave(played, monkeypatch)
    assert joinstate.read(played.device) is None
    played.let_pass(120)


# --- applied again ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["src", "path"])
@pytest.mark.parametrize("reading", READINGS)
def test_a_device_that_has_left_joins_again_with_the_same_package(tmp_path, monkeypatch, reading, by):
    with Played(tmp_path, "unjoined_pro", READINGS[reading]) as played:
        package = source(played, by=by)
        joined_and_left(played, monkeypatch, package)
        before, begun = dump(played.device)["digest"], played.now
        checked, _result = run(played, monkeypatch, package, check_mode=True)
        assert dump(played.device)["digest"] == before and checked.learned["outcome"] == "would_join"
        made, result = run(played, monkeypatch, package)
        assert made.learned["outcome"] == "joined", result
        assert joinstate.read(played.device) is not None and played.now - begun < 900
        assert dump(played.device)["jobs"] == {} and played.device.files.children(ENGINE) == []
        by_engine = by == "src" and "UICC" not in reading
        assert ("the engine alone" in change(made)["after"]["by"]) is by_engine
        if by_engine or "believed" not in reading:
            cleared = change(made)["after"].get("cleared", [])
            assert cleared == [] if by_engine else cleared == [rf"HKLM\{memory.CHECKSUMS}\{{{package.id}}}"]
        # Check mode names the first way that would be taken.
        foreseen = change(checked)["after"]["by"]
        assert ("the engine alone" in foreseen) is (by == "src")
        again, _result = run(played, monkeypatch, package)
        assert again.learned["outcome"] == "unchanged" and not again.changes.changed


def test_the_results_are_cleared_only_where_the_checksums_were_not_enough(tmp_path, monkeypatch):
    with Played(tmp_path, "unjoined_pro", READINGS["results are believed"]) as played:
        package = source(played, by="path")
        joined_and_left(played, monkeypatch, package)
        made, _result = run(played, monkeypatch, package)
    assert made.learned["outcome"] == "joined"
    assert "checksums and results" in change(made)["after"]["by"]
    assert change(made)["after"]["cleared"][-1] == rf"HKLM\{results.ROOT}\Results\{{{package.id}}}"


def test_a_package_that_a_removal_would_revert_is_not_removed(tmp_path, monkeypatch):
    with Played(tmp_path, "unjoined_pro", {"engine": {"removal": {"seconds": 3600}}}, HELLO) as played:
        package = source(played, "hello")
        assert package.reverts == ("Wi-Fi", "Wi-Fi, VPN and e-mail", "Windows Hello for Business", "certificates")
        joined_and_left(played, monkeypatch, package)
        made, _result = run(played, monkeypatch, package)
        assert made.learned["outcome"] == "joined" and "checksums are cleared" in change(made)["after"]["by"]
        assert change(made)["after"]["runs_again"] == ("the computer name",)
        assert [c.store for c in played.device.certificates if c.store == "Root"] == ["Root"]


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_package_that_may_not_be_applied_again_is_refused(tmp_path, monkeypatch, check_mode):
    with Played(tmp_path, "unjoined_pro") as played:
        package = source(played)
        joined_and_left(played, monkeypatch, package)
        before = dump(played.device)["digest"]
        made, failure = run(played, monkeypatch, package, check_mode, apply_again=False)
        assert made.learned["outcome"] == "refused" and failure.error["name"] == "package_applied_before"
        assert "new id" in failure.error["fix"] and "version is not enough" in failure.msg
        assert dump(played.device)["digest"] == before and not made.changes.changed


def test_an_engine_that_forgets_nothing_ends_in_a_failure_and_not_in_a_wait(tmp_path, monkeypatch):
    with Played(tmp_path, "unjoined_pro") as played:
        package = source(played)
        joined_and_left(played, monkeypatch, package)
        begun = played.now
        monkeypatch.setattr(memory, "due", lambda *_a: [])
        made, failure = run(played, monkeypatch, package, timeout=7200)
        assert isinstance(failure, Failure) and failure.error["name"] == "package_applied_before", failure
        # Once removed it has no checksums that could be cleared.
        assert failure.error["evidence"] == [{"tried": ["engine", "results"]}]
        assert made.learned["outcome"] == "failed" and played.now - begun < 600


@pytest.mark.parametrize(("failures", "by"), [(0, "the engine alone"), (5, "the engine alone"), (2, None)])
def test_failures_are_counted(tmp_path, monkeypatch, failures, by):
    options = {"installed": ["fleet"], "installed_before": {"file": False, "failures": failures}}
    with Played(tmp_path, "unjoined_pro", options) as played:
        made, _result = run(played, monkeypatch, source(played))
        assert made.learned["outcome"] == "joined"
        changed = [item["what"] for item in made.changes.as_result(False)["changes"]]
        assert changed == ["join", "package"]
        assert by is None or by in change(made)["after"]["by"]


def test_what_is_pending_is_left_to_the_engine(tmp_path, monkeypatch):
    options = {"installed": ["fleet"], "installed_before": {"file": False, "waits": True}}
    with Played(tmp_path, "unjoined_pro", options) as played:
        [package] = [p for p in played.diagnose() if p["id"] == "package_pending"]
        assert package["result"] == "warn"
        made, _result = run(played, monkeypatch, source(played))
        assert made.learned["outcome"] == "joined"
        assert [item["what"] for item in made.changes.as_result(False)["changes"]] == ["join", "package"]


def test_a_join_whose_tries_are_used_up_ends_with_that(tmp_path, monkeypatch):
    options = {
        "engine": {"failures": [{"hresult": 0xCAA50021, "times": 99}], "retry_delays": []},
        "installed": ["fleet"],
        "installed_before": {"failures": 1},
    }
    with Played(tmp_path, "unjoined_pro", options) as played:
        made, failure = run(played, monkeypatch, source(played), timeout=7200)
        played.let_pass(10)
    assert failure.error["code"] == "0xcaa50021"
    assert made.learned["outcome"] == "failed"


# --- cut off ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["src", "path"])
@pytest.mark.parametrize("steps", [0, 1, 2])
def test_cut_at_each_step_the_next_run_joins(tmp_path, monkeypatch, steps, by):
    with Played(tmp_path, "unjoined_pro") as played:
        package = source(played, by=by)
        joined_and_left(played, monkeypatch, package)
        way = run(played, monkeypatch, package, check_mode=True)[0].applying.way
        session = played.session()
        session.run({"directory": op.directory_create(op.PACKAGE_DIRECTORY)})
        if package.src:
            session.put_file(package.src, package.device_path)
        played.do_as_system(way.steps[:steps])
        assert joinstate.read(played.device) is None or steps == len(way.steps)
        leave(played, monkeypatch)
        if steps == len(way.steps):
            return
        made, _result = run(played, monkeypatch, package)
        assert made.learned["outcome"] == "joined"


# --- removed after a join, and taken back -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, None),
        ({"engine": {"removal": {"seconds": 180}}}, None),
        ({"uicc": False}, None),
        ({"engine": {"removal": {"takes_join": True}}}, "join_taken_by_removal"),
        ({"policies": {"AllowRemoveProvisioningPackage": 0}}, "package_removal_forbidden"),
    ],
)
def test_a_package_may_be_removed_after_a_good_join(tmp_path, monkeypatch, options, name):
    with Played(tmp_path, "unjoined_pro", options) as played:
        package = source(played)
        made, result = run(played, monkeypatch, package, remove_package=True)
        assert (result.error["name"] if isinstance(result, Failure) else None) == name
        assert (joinstate.read(played.device) is None) is (name == "join_taken_by_removal")
        assert played.device.files.children(ENGINE) == [] and dump(played.device)["jobs"] == {}
        known = played.device.registry.exists(rf"{memory.CHECKSUMS}\{{{package.id}}}")
        assert known is (options.get("uicc") is False or name == "package_removal_forbidden")
        if name is None:
            assert "remove package" in [phase["name"] for phase in made.phases.done]


def test_the_back_out_waits_for_a_slow_removal_and_says_what_it_reverts(tmp_path, monkeypatch):
    with Played(tmp_path, "unjoined_pro", {"engine": {"removal": {"seconds": 400}}}, HELLO) as played:
        package = source(played, "hello")
        played.lab.world.tenant.users.pop(played.lab.world.packages["hello"].token.user_id)
        begun = played.now
        made, failure = run(played, monkeypatch, package)
        assert isinstance(failure, Failure) and played.now - begun > 400
        # The name that the package has given stays.
        [setting] = change(made, "package settings")["after"]["applied"]
        assert len(made.changes.as_result(False)["changes"]) == 1 and "DevDetail" in setting
        assert dump(played.device)["pending_hostname"]
        assert any("reverts" in text and "certificates" in text for text in made.learned["warnings"])
        assert played.device.applied == {} and played.device.files.children(ENGINE) == []


def test_a_removal_that_does_not_end_leaves_no_copy_of_ours(tmp_path, monkeypatch):
    with Played(tmp_path, "expired_token", {"engine": {"removal": {"seconds": 9000}}}) as played:
        package = source(played, "expired")
        made, failure = run(played, monkeypatch, package)
        assert failure.error["code"] == "0xcaa20003"
        assert change(made, "leftovers")["after"]["job"] and not played.device.files.exists(package.device_path)
        assert removal.REMOVAL_SECONDS < played.now < 2 * removal.REMOVAL_SECONDS


# --- ppkg -------------------------------------------------------------------------------------------------------------


def ppkg(played: Played, monkeypatch, package, state: str = "present", check_mode: bool = False, **changes):
    settings = {"force": False, "keep_copy": False, "apply_again": True, "timeout": 900, "poll_interval": 5}
    kind = {"present": Present, "absent": Absent}[state]
    return played.run(kind, package_state.PackagePlan(package, **(settings | changes)), monkeypatch, check_mode)


class Present(package_state.PackageState):
    def run(self) -> dict:
        return self.present()


class Absent(package_state.PackageState):
    def run(self) -> dict:
        return self.absent()


def begun(played: Played) -> int:
    """How many settings of packages have begun to be applied."""
    log = "Microsoft-Windows-Provisioning-Diagnostics-Provider/Admin"
    found = played.device.events.read(log)
    return sum(event.id == 10 and not own_packages.tells_of_own(event) for event in found)


@pytest.mark.parametrize("listing", ["files", "registered"])
@pytest.mark.parametrize("by", ["src", "path"])
def test_present_applies_once_and_by_force_again(tmp_path, monkeypatch, listing, by):
    with Played(tmp_path, "unjoined_pro", {"engine": {"listing": listing}}, HELLO) as played:
        package = source(played, "site", by)
        first, result = ppkg(played, monkeypatch, package)
        assert result == {"installed": True} and first.changes.changed
        count = begun(played)
        second, result = ppkg(played, monkeypatch, package)
        assert result == {"installed": True} and not second.changes.changed and begun(played) == count
        forced, result = ppkg(played, monkeypatch, package, force=True)
        assert result == {"installed": True} and begun(played) == 2 * count
        # It holds a certificate, which a removal would take back.
        assert "checksums are cleared" in change(forced)["after"]["by"]
        assert [c.store for c in played.device.certificates if c.store == "Root"] == ["Root"]


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("listing", ["files", "registered"])
def test_absent_without_the_file_says_that_windows_cannot_undo_it(tmp_path, monkeypatch, listing, check_mode):
    with Played(tmp_path, "unjoined_pro", {"engine": {"listing": listing}}, HELLO) as played:
        package = source(played, "site")
        ppkg(played, monkeypatch, package)
        made, failure = ppkg(played, monkeypatch, package, "absent", check_mode)
        assert failure.error["name"] == "package_file_gone" and "cannot remove" in failure.msg
        assert "installed" not in made.learned and not made.changes.changed


def test_absent_with_the_file_removes_it_and_says_what_goes_with_it(tmp_path, monkeypatch):
    with Played(tmp_path, "unjoined_pro", {"engine": {"removal": {"seconds": 400}}}, HELLO) as played:
        package = source(played, "site")
        ppkg(played, monkeypatch, package, keep_copy=True)
        made, result = ppkg(played, monkeypatch, package, "absent", timeout=60)
        assert result == {"installed": False} and "certificates" in made.learned["warnings"][0]
        again, result = ppkg(played, monkeypatch, package, "absent")
        assert result == {"installed": False} and not again.changes.changed


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_package_whose_tries_are_used_up_is_applied_by_a_way_or_refused(tmp_path, monkeypatch, check_mode):
    options = {"installed": ["fleet"], "installed_before": {"file": False, "failures": 5}}
    with Played(tmp_path, "unjoined_pro", options) as played:
        package = source(played)
        _made, failure = ppkg(played, monkeypatch, package, check_mode=check_mode, apply_again=False)
        assert failure.error["name"] == "package_applied_before" and "failed 5 times" in failure.msg
        made, result = ppkg(played, monkeypatch, package, check_mode=check_mode)
        assert result == {"installed": True} and "the engine alone" in change(made)["after"]["by"]


HELLO: dict[str, t.Any] = {
    "tenants": {
        "main": {"name": "Contoso", "domain": "contoso.example", "join": ["fleet", "hello"], "mdm": ["fleet"]},
    },
    "packages": {
        "hello": {"title": "Hello", "security_key": True, "wifi": "Contoso", "certificate": "Contoso"}
        | {"computer_name": "CT-%SERIAL%"},
        "site": {"title": "Site", "token": "none", "certificate": "Contoso"},
    },
}


@pytest.mark.parametrize(
    ("label", "by", "keep_copy", "says"),
    [
        ("hello", "src", False, "Windows would revert with the package its settings for: Wi-Fi"),
        ("fleet", "path", False, "give the package as src"),
        ("fleet", "src", True, "keep_copy"),
        (None, "src", False, "an Azure VM joins without a package"),
    ],
)
def test_a_package_that_removes_more_than_itself_is_not_to_be_removed(tmp_path, label, by, keep_copy, says):
    with Played(tmp_path, "unjoined_pro", {}, HELLO) as played:
        with pytest.raises(Failure, match=f"bad option remove_package: .*{says}"):
            package_work._require_removable(source(played, label, by) if label else None, keep_copy)
        package_work._require_removable(source(played), False)


@pytest.mark.parametrize("apply_again", [True, False])
def test_a_package_that_was_not_applied_stays_registered(tmp_path, monkeypatch, apply_again):
    """There is no back out as of a join: the engine may still finish it."""
    with Played(tmp_path, "expired_token") as played:
        _made, failure = ppkg(played, monkeypatch, source(played, "expired"), apply_again=apply_again)
        assert isinstance(failure, Failure)
        assert [package["id"] for package in dump(played.device)["packages"]] == [
            played.lab.world.packages["expired"].id
        ]
