# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""winops.entra.join on every kind of device: checked, done, done again; states are read over the control API."""

from __future__ import annotations

import typing as t

import pytest
import yaml

from tests.foretold.compare import foretold
from tests.foretold.story import Case
from tests.integration import inspection, joins
from tests.integration.conftest import StartFleet
from tests.integration.play import ROOT, Play, Player, wait_until
from tests.lab import ppkg, scenario
from tests.lab.process import RunningLab

KINDS = yaml.safe_load((ROOT / "tests/lab/scenarios/kinds.yml").read_text(encoding="utf-8"))["kinds"]
OUTCOMES = {kind: options["expect"]["outcome"] for kind, options in KINDS.items()}
USERS_PATH = r"C:\Users\Public\join.ppkg"

# Devices of the kind unjoined_pro that are joined in another way, or whose join is to fail in one.
JOINED_OTHERWISE = ("psrp-over-http", "psrp-over-https", "by-path", "by-url", "copies-kept")
PSRP = {
    "ansible_connection": "psrp",
    "ansible_psrp_auth": "{{ ansible_winrm_transport }}",
    "ansible_psrp_protocol": "{{ ansible_winrm_scheme }}",
    "ansible_psrp_ca_cert": "{{ ansible_winrm_ca_trust_path }}",
}
APPLIED: dict[str, t.Any] = {"installed": ["fleet"], "installed_before": {"file": False}}
BROKER_BUSY = {"failures": [{"hresult": 0xCAA50021, "times": 4}]}
# The engine of the device that keeps its package tries again later than that of the device whose package is removed.
EXTRAS: list[dict[str, t.Any]] = [
    {"kind": "unjoined_pro", "name": "psrp-over-http", "variables": PSRP},
    {"kind": "unjoined_pro", "name": "psrp-over-https", "variables": PSRP},
    {"kind": "unjoined_pro", "name": "by-path"},
    {"kind": "unjoined_pro", "name": "by-url"},
    {"kind": "unjoined_pro", "name": "by-url-of-another-file"},
    {"kind": "unjoined_pro", "name": "by-url-that-is-gone"},
    {"kind": "unjoined_pro", "name": "by-path-that-is-empty"},
    {"kind": "unjoined_pro", "name": "copies-kept"},
    {"kind": "unjoined_pro", "name": "late-removed", "device": {"engine": {**BROKER_BUSY, "retry_delays": [840]}}},
    {"kind": "unjoined_pro", "name": "late-kept", "device": {"engine": {**BROKER_BUSY, "retry_delays": [960]}}},
    {"kind": "no_mdm", "name": "mdm-out-of-scope", "expect_mdm": True},
    {"kind": "enrollment_leftovers", "name": "mdm-leftovers", "expect_mdm": True},
    {"kind": "unjoined_pro", "name": "mdm-late", "device": {"mdm_delay": 240}},
    {"kind": "reboot_required", "name": "restart-first", "reboot": True},
    {"kind": "unjoined_pro", "name": "filtered-token", "device": {"token_filter": True}},
    {"kind": "unjoined_pro", "name": "removed-after"},
    {"kind": "unjoined_pro", "name": "astray"},
    # The engine knows the package, whose file is gone, as after a join and a leave.
    {"kind": "unjoined_pro", "name": "again", "device": APPLIED},
    {"kind": "unjoined_pro", "name": "again-registered", "device": {**APPLIED, "engine": {"listing": "registered"}}},
    {"kind": "unjoined_pro", "name": "again-by-path", "device": APPLIED},
    {"kind": "unjoined_pro", "name": "again-refused", "device": APPLIED},
    {
        "kind": "unjoined_pro",
        "name": "again-used-up",
        "device": {**APPLIED, "installed_before": {"file": False, "failures": 5}},
    },
]
AGAIN = {"again": "the engine alone", "again-registered": "the engine alone", "again-used-up": "the engine alone"}
AGAIN["again-by-path"] = "its checksums are cleared"


class Rollout(t.NamedTuple):
    """A fleet joined: in check mode, for real, and again, with every device's state at each time."""

    lab: RunningLab
    options: dict[str, joins.Options]
    before: dict[str, inspection.State]
    checked: Play
    check_commands: list[dict]
    after_check: dict[str, str]
    real: Play
    real_commands: list[dict]
    after: dict[str, inspection.State]
    again: Play
    again_commands: list[dict]
    after_again: dict[str, inspection.State]

    def of_kind(self, kind: str) -> str:
        """The name of the device of a kind that is joined as its scenario says."""
        extras = {extra["name"] for extra in EXTRAS}
        return next(name for name, dump in self.before.items() if dump["kind"] == kind and name not in extras)

    def result(self, name: str) -> dict[str, t.Any]:
        """What the real run returned."""
        return self.real.result(name, "join")

    def packages(self, name: str) -> list:
        """The package file that a device was to be joined with, as a list."""
        given = self.options[name]
        if "src" in given:
            return [inspection.package_file(self.lab, given["src"].rpartition("/")[2].removesuffix(".ppkg"))]
        return [] if given.get("method") == "azure_vm" else [inspection.package_file(self.lab, "fleet")]


@pytest.fixture(scope="module")
def rollout(start_fleet: StartFleet, player: Player) -> Rollout:
    """The three runs."""
    lab = start_fleet({"devices": [*(joins.device_of(kind, KINDS) for kind in KINDS), *EXTRAS]})
    options = joins.options_of_scenario(lab)
    _choose_extras(lab, options)
    fleet = inspection.package_file(lab, "fleet")
    put = {"name": "put", "device_file": {"src": str(fleet), "dest": USERS_PATH}}
    assert player.tasks(lab, [put], hosts="by-path,again-by-path").exit_code == 0
    hosts = joins.wanted(options)
    before = inspection.states(lab)

    commands = [len(lab.commands())]
    checked = player.tasks(lab, [joins.join_task()], "--check", "--diff", host_variables=hosts)
    commands.append(len(lab.commands()))
    after_check = inspection.digests(lab)
    real = player.tasks(lab, [joins.join_task()], host_variables=hosts)
    wait_until(lambda: inspection.state(lab, "late-kept")["join"]["type"] == "entra", "late-kept joins by itself")
    after = joins.settled(lab)
    commands.append(len(lab.commands()))
    # What failed because there was not enough time has enough now, on a busy machine, too.
    options_again = {**options, "late-removed": {**options["late-removed"], "timeout": joins.LONG}}
    # What is in the way is told once, by the event of the attempt that failed.
    options_again["mdm-leftovers"] = {**options["mdm-leftovers"], "timeout": joins.SHORT}
    again = player.tasks(lab, [joins.join_task()], host_variables=joins.wanted(options_again))
    after_again = joins.settled(lab)
    recorded = lab.commands()
    parts = [recorded[start:end] for start, end in zip(commands, [*commands[1:], None])]
    return Rollout(
        lab, options, before, checked, parts[0], after_check, real, parts[1], after, again, parts[2], after_again
    )


def _choose_extras(lab: RunningLab, options: dict[str, joins.Options]) -> None:
    package = inspection.package_file(lab, "fleet")
    package_id = ppkg.inspect(package.read_bytes())["package_id"]
    web = {"url": f"{scenario.WEB}fleet.ppkg", "checksum": inspection.sha256(package), "package_id": package_id}
    brief = {"timeout": joins.SHORT}
    for name, change in {
        "by-path": {"path": USERS_PATH, "package_id": package_id},
        "again-by-path": {"path": USERS_PATH, "package_id": package_id},
        "by-path-that-is-empty": {"path": r"C:\Users\Public\nothing.ppkg", "package_id": package_id, **brief},
        "by-url": web,
        "by-url-of-another-file": {**web, "url": f"{scenario.WEB}rename.ppkg", **brief},
        "by-url-that-is-gone": {**web, "url": f"{scenario.WEB}gone.ppkg", **brief},
    }.items():
        del options[name]["src"]
        options[name].update(change)
    options["copies-kept"]["keep_copy"] = True
    options["again-refused"]["apply_again"] = False
    options["removed-after"]["remove_package"] = True
    options["astray"]["src"] = str(inspection.package_file(lab, "other_tenant"))
    options["late-removed"].update(on_failure="remove", timeout=5)
    options["late-kept"].update(on_failure="keep", timeout=5)


# --- check mode -------------------------------------------------------------------------------------------------------


def test_check_mode_sends_nothing_that_changes(rollout: Rollout) -> None:
    assert [line for line in rollout.check_commands if line["changing"] or line["kind"] != "operations"] == []
    assert rollout.after_check == {name: dump["digest"] for name, dump in rollout.before.items()}


def test_check_mode_looks_at_each_device_once(rollout: Rollout) -> None:
    looked = [line["device"] for line in rollout.check_commands]
    # Where the connection of a device is cut in mid-answer, the question is asked again.
    assert sorted(set(looked)) == sorted(rollout.before)
    assert len(looked) == len(rollout.before)


def test_check_mode_predicts_the_real_run(rollout: Rollout) -> None:
    for name, predicted in rollout.checked.results("join").items():
        case = Case("join", "as its scenario says", rollout.before[name]["kind"])
        assert foretold(case, predicted, rollout.result(name)).problem is None, name


def test_check_mode_shows_the_difference(rollout: Rollout) -> None:
    name = rollout.of_kind("registered")
    diff = rollout.checked.result(name, "join")["diff"]
    assert diff["before"]["join"]["type"] == "registered"
    assert diff["after"]["join"] == {"type": "entra", "tenant_id": inspection.tenant_id(rollout.lab)}
    assert "diff" not in rollout.result(name)


# --- the real run -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_device_ends_as_its_scenario_says(rollout: Rollout, kind: str) -> None:
    name = rollout.of_kind(kind)
    expect, dump, result = KINDS[kind]["expect"], rollout.after[name], rollout.result(name)
    assert result["outcome"] == expect["outcome"], result
    if "mdm" in expect:
        assert dump["join"]["mdm"] is expect["mdm"]
    for field in ("code", "name"):
        if field in expect:
            assert result["error"][field] == expect[field]
    if expect["outcome"] in ("joined", "unchanged"):
        assert (dump["join"]["type"], dump["join"]["tenant_id"]) == ("entra", inspection.tenant_id(rollout.lab))
    else:
        assert dump["join"] == rollout.before[name]["join"]


@pytest.mark.parametrize("name", JOINED_OTHERWISE)
def test_packages_come_by_every_way_and_connection(rollout: Rollout, name: str) -> None:
    assert rollout.result(name)["outcome"] == "joined", rollout.result(name)
    dump = rollout.after[name]
    assert (dump["join"]["type"], dump["join"]["mdm"]) == ("entra", True)
    assert inspection.ours(dump) == [] or name == "copies-kept"


def test_what_a_join_returns_is_the_devices_state(rollout: Rollout) -> None:
    for name, result in rollout.real.results("join").items():
        if result["outcome"] == "joined":
            join = rollout.after[name]["join"]
            facts = result["ansible_facts"]["entra"]
            assert {field: facts["join"][field] for field in ("type", "device_id", "tenant_id", "thumbprint")} == {
                field: join[field] for field in ("type", "device_id", "tenant_id", "thumbprint")
            }, name
            assert facts["mdm"]["enrolled"] or not rollout.options[name].get("expect_mdm")


def test_a_joined_device_is_an_object_of_the_tenant(rollout: Rollout) -> None:
    objects = {device["deviceId"] for device in rollout.lab.get("/tenant")["devices"].values()}
    joined = [name for name, result in rollout.real.results("join").items() if result["outcome"] == "joined"]
    assert {rollout.after[name]["join"]["device_id"] for name in joined} <= objects
    assert len(joined) > 15


@pytest.mark.parametrize("kind", [kind for kind, outcome in OUTCOMES.items() if outcome in ("refused", "unchanged")])
def test_a_device_that_is_not_to_be_joined_is_looked_at_and_left_alone(rollout: Rollout, kind: str) -> None:
    name = rollout.of_kind(kind)
    assert rollout.after[name]["digest"] == rollout.before[name]["digest"]
    sent = [line for line in rollout.real_commands if line["device"] == name]
    assert [line["changing"] for line in sent] == [[]]
    assert rollout.result(name)["changed"] is False


@pytest.mark.parametrize("name", AGAIN)
def test_a_package_that_the_engine_has_applied_before_is_applied_again(rollout: Rollout, name: str) -> None:
    result, dump = rollout.result(name), rollout.after[name]
    assert (result["outcome"], dump["join"]["type"], dump["join"]["mdm"]) == ("joined", "entra", True), result
    [change] = [item for item in result["changes"] if item["what"] == "package"]
    assert AGAIN[name] in change["after"]["by"] and change["after"]["applied"] == "again"
    assert change["after"].get("runs_again") == (None if name == "again-by-path" else [])


def test_a_package_that_may_not_be_applied_again_is_refused_before_anything_changes(rollout: Rollout) -> None:
    result = rollout.result("again-refused")
    assert (result["outcome"], result["error"]["name"]) == ("refused", "package_applied_before"), result
    assert "new id" in result["error"]["fix"]
    assert rollout.after["again-refused"]["digest"] == rollout.before["again-refused"]["digest"]


def test_a_package_that_is_removed_after_the_join_leaves_a_device_that_takes_it_again(rollout: Rollout) -> None:
    dump = rollout.after["removed-after"]
    assert (rollout.result("removed-after")["outcome"], dump["join"]["type"], dump["packages"]) == (
        "joined",
        "entra",
        [],
    )
    assert [key for key in dump["registry"]["HKLM"] if r"CachedCRCs\RunTime\{" in key] == []


def test_an_account_without_its_full_token_is_refused_before_anything_changes(rollout: Rollout) -> None:
    result = rollout.result("filtered-token")
    assert (result["outcome"], result["error"]["side"]) == ("refused", "device"), result
    assert "LocalAccountTokenFilterPolicy" in result["error"]["fix"]
    assert rollout.after["filtered-token"]["digest"] == rollout.before["filtered-token"]["digest"]


def test_a_device_that_joins_another_tenant_is_told_at_once_and_stays_there(rollout: Rollout) -> None:
    result, dump = rollout.result("astray"), rollout.after["astray"]
    other = rollout.lab.get("/tenants/other")["id"]
    assert (result["outcome"], result["error"]["name"], result["changed"]) == ("failed", "joined_wrong_tenant", True)
    [change] = [item for item in result["changes"] if item["what"] == "join"]
    assert change["after"] == {"type": "entra", "tenant_id": other} and other in result["msg"]
    assert result["join"]["tenant_id"] == dump["join"]["tenant_id"] == other
    assert sum(phase["seconds"] for phase in result["phases"]) < joins.LONG
    # Once more it is refused, like any other device of that tenant.
    assert rollout.again.result("astray", "join")["error"]["name"] == "joined_to_another_tenant"
    assert rollout.after_again["astray"]["join"] == dump["join"]


def test_a_failure_that_may_pass_is_waited_for_until_windows_next_attempt_comes_too_late(rollout: Rollout) -> None:
    """Hours of the lab are minutes, and its times of day are real: the retry is seen coming."""
    error = rollout.result(rollout.of_kind("endpoint_blocked"))["error"]
    [told] = [item for item in error["evidence"] if "next_run" in item]
    assert told["task"].endswith(r"\Management\Provisioning")
    assert "would try again only at" in rollout.result(rollout.of_kind("endpoint_blocked"))["msg"]


@pytest.mark.parametrize("kind", [kind for kind, outcome in OUTCOMES.items() if outcome == "failed"])
def test_a_failed_join_is_explained(rollout: Rollout, kind: str) -> None:
    result = rollout.result(rollout.of_kind(kind))
    error = result["error"]
    assert set(error) == {"code", "name", "side", "cause", "fix", "evidence", "request_id", "permissions", "doc"}
    assert error["side"] in ("device", "tenant", "network")
    assert error["cause"] and error["fix"] and error["evidence"]
    assert error["cause"] in result["msg"]
    assert result["changed"] is False


def test_phases_tell_what_took_the_time(rollout: Rollout) -> None:
    phases = rollout.result("mdm-late")["phases"]
    assert [phase["name"] for phase in phases] == ["look", "apply", "join", "verify", "clean up", "mdm"]
    assert phases[-1]["seconds"] > 0
    failed = rollout.result(rollout.of_kind("expired_token"))["phases"]
    assert [phase["name"] for phase in failed] == ["look", "apply", "join", "back out", "look again"]


# --- what stays on the device -----------------------------------------------------------------------------------------


def test_a_join_leaves_nothing_of_ours_behind(rollout: Rollout) -> None:
    left = {name: inspection.ours(dump) for name, dump in rollout.after.items()}
    assert {name: found for name, found in left.items() if found and name not in ("copies-kept", "late-kept")} == {}


def test_no_copy_of_the_package_stays_on_the_device(rollout: Rollout) -> None:
    for name, dump in rollout.after.items():
        new = set(inspection.copies(dump, *rollout.packages(name))) - set(
            inspection.copies(rollout.before[name], *rollout.packages(name))
        )
        assert not new or name in ("copies-kept", "late-kept"), (name, new)


def test_a_file_that_the_user_named_stays_where_it_is(rollout: Rollout) -> None:
    for name in ("by-path", "again-by-path"):
        assert inspection.copies(rollout.after[name], *rollout.packages(name)) == [USERS_PATH]


def test_copies_stay_where_they_are_wanted(rollout: Rollout) -> None:
    kept = inspection.copies(rollout.after["copies-kept"], *rollout.packages("copies-kept"))
    assert sorted(path.rpartition("\\")[0] for path in kept) == [
        r"C:\ProgramData\Microsoft\Provisioning",
        r"C:\ProgramData\winops.entra\packages",
    ]


@pytest.mark.parametrize(
    "kind",
    [kind for kind, outcome in OUTCOMES.items() if outcome == "failed" and KINDS[kind].get("method") != "azure_vm"],
)
def test_the_package_of_a_failed_join_is_uninstalled(rollout: Rollout, kind: str) -> None:
    assert rollout.after[rollout.of_kind(kind)]["packages"] == []


def test_a_device_whose_package_was_removed_does_not_join_by_itself_later(rollout: Rollout) -> None:
    removed, kept = rollout.after["late-removed"], rollout.after["late-kept"]
    assert rollout.result("late-removed")["outcome"] == rollout.result("late-kept")["outcome"] == "failed"
    # The engine of late-kept, whose retry comes later, has tried again and joined by now.
    assert (kept["join"]["type"], removed["join"]["type"]) == ("entra", "none")
    assert removed["packages"] == []
    assert rollout.result("late-removed")["changed"] is False
    change = rollout.result("late-kept")["changes"]
    assert [c["what"] for c in change] == ["package"]


# --- restarts, names, MDM ---------------------------------------------------------------------------------------------


def test_a_device_that_waits_for_a_restart_is_restarted_when_asked(rollout: Rollout) -> None:
    name = rollout.of_kind("pending_reboot")
    result = rollout.result(name)
    assert (result["restarted"], result["reboot_required"]) == (True, False)
    assert {"what": "restart", "before": None, "after": "done"} in result["changes"]
    assert rollout.after[name]["booted"] > rollout.before[name]["booted"]
    assert result["ansible_facts"]["entra"]["os"]["last_boot"] == rollout.after[name]["booted"]


def test_a_device_that_registers_only_after_a_restart_gets_it_when_asked(rollout: Rollout) -> None:
    result = rollout.result("restart-first")
    assert (result["outcome"], result["restarted"]) == ("joined", True)
    assert rollout.after["restart-first"]["booted"] > rollout.before["restart-first"]["booted"]


@pytest.mark.parametrize("kind", ["unjoined_pro", "no_mdm", "already_installed", "reboot_required"])
def test_a_device_is_not_restarted_unasked(rollout: Rollout, kind: str) -> None:
    name = rollout.of_kind(kind)
    assert rollout.result(name).get("restarted", False) is False
    assert rollout.after[name]["booted"] == rollout.before[name]["booted"]


@pytest.mark.parametrize("kind", ["self_restart", "renamed"])
def test_a_device_that_renames_and_restarts_itself_is_waited_for(rollout: Rollout, kind: str) -> None:
    name = rollout.of_kind(kind)
    assert rollout.result(name)["outcome"] == "joined"
    assert rollout.after[name]["hostname"].startswith("CT-PF")
    assert rollout.after[name]["booted"] > rollout.before[name]["booted"]


@pytest.mark.parametrize(("name", "expected"), [("mdm-out-of-scope", "no_mdm_address"), ("mdm-leftovers", None)])
def test_a_device_that_does_not_enroll_is_joined_and_fails_where_enrollment_was_expected(
    rollout: Rollout, name: str, expected: str | None
) -> None:
    result, dump = rollout.result(name), rollout.after[name]
    assert (dump["join"]["type"], dump["join"]["mdm"]) == ("entra", False)
    assert (rollout.real.status(name, "join"), result["changed"]) == ("ignored", True)
    assert "not enrolled in MDM" in result["msg"]
    assert result["error"]["name"] == expected or result["error"]["code"] == "0x8018000a"


# --- packages that do not come ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("by-url-of-another-file", "download_hash"),
        ("by-url-that-is-gone", "download_not_found"),
    ],
)
def test_a_package_that_does_not_come_is_no_join(rollout: Rollout, name: str, says: str) -> None:
    result, dump = rollout.result(name), rollout.after[name]
    assert (result["outcome"], result["changed"]) == ("failed", False)
    assert says in result["msg"] + str(result["error"]), result
    assert (dump["join"]["type"], dump["packages"]) == ("none", [])


def test_a_path_without_a_file_is_refused_and_check_mode_says_so(rollout: Rollout) -> None:
    name = "by-path-that-is-empty"
    result = rollout.result(name)
    assert (result["outcome"], result["error"]["name"]) == ("refused", "package_not_found"), result
    assert r"C:\Users\Public\nothing.ppkg" in result["msg"]
    assert rollout.checked.result(name, "join")["msg"] == result["msg"]
    assert rollout.after[name]["digest"] == rollout.before[name]["digest"]


# --- again ------------------------------------------------------------------------------------------------------------


def test_a_second_run_changes_nothing_on_a_joined_device(rollout: Rollout) -> None:
    for name, first in rollout.real.results("join").items():
        if first["outcome"] in ("joined", "unchanged"):
            result = rollout.again.result(name, "join")
            assert (result["outcome"], result["changed"], result["changes"]) == ("unchanged", False, []), (name, result)
            assert rollout.after_again[name]["digest"] == rollout.after[name]["digest"], name
            sent = [line["changing"] for line in rollout.again_commands if line["device"] == name]
            # The device that drops connections may still drop one.
            assert sent == [[]] or (rollout.before[name]["faults"] and not any(sent)), (name, sent)


def test_a_second_run_reports_no_change_on_devices_that_cannot_be_joined(rollout: Rollout) -> None:
    for kind, outcome in OUTCOMES.items():
        if outcome in ("refused", "failed"):
            again = rollout.again.result(rollout.of_kind(kind), "join")
            assert (again["outcome"], again["changed"]) == (outcome, False), kind


def test_a_device_whose_package_was_removed_can_be_joined_by_the_next_run(rollout: Rollout) -> None:
    result, dump = rollout.again.result("late-removed", "join"), rollout.after_again["late-removed"]
    assert (result["outcome"], result["changed"]) == ("joined", True), result
    assert (dump["join"]["type"], inspection.ours(dump)) == ("entra", [])


def test_the_next_run_cleans_up_after_a_join_that_came_late(rollout: Rollout) -> None:
    result, dump = rollout.again.result("late-kept", "join"), rollout.after_again["late-kept"]
    assert (result["outcome"], result["changed"]) == ("unchanged", True)
    assert [change["what"] for change in result["changes"]] == ["leftovers"]
    assert inspection.ours(dump) == []
    assert inspection.copies(dump, *rollout.packages("late-kept")) == []
