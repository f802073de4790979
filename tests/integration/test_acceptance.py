# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The acceptance playbook over devices of the lab: it runs, leaves nothing, tells no names, and stops where it must."""

from __future__ import annotations

import json
import stat
import typing as t
from pathlib import Path

import pytest

from tests.integration import inspection
from tests.integration.conftest import StartFleet
from tests.integration.play import ROOT, Play, Player
from tests.integration.test_join import PSRP
from tests.lab.process import RunningLab

VOCABULARY = json.loads((ROOT / "plugins/plugin_utils/device/vocabulary.json").read_text(encoding="utf-8"))
OPERATIONS = VOCABULARY["operations"]
#: A device with everything that a report must not tell, a German one, and one whose answers are cut in the middle.
SOUND = {"joined": "joined", "german": "unjoined_windows10", "server": "server", "runspace": "unjoined_enterprise"}
VARIABLES = {"runspace": PSRP}
CUTS = {f"cut-{skip:02d}": {"kind": "drop_half_answer", "skip": skip} for skip in (24, 31, 32, 33, 34)}
NAMES = {"hostname": "GERTRUDS-LAPTOP", "account": {"name": "gertrud.mueller"}}
MINUTE = {"accept_poll_interval": 1}


class Accepted(t.NamedTuple):
    """A fleet: looked at in check mode, accepted, and accepted again, with the states in between."""

    lab: RunningLab
    before: dict[str, inspection.State]
    checked: Play
    untouched: dict[str, inspection.State]
    first: Play
    after: dict[str, inspection.State]
    again: Play
    at_the_end: dict[str, inspection.State]

    def report(self, host: str, play: Play | None = None) -> dict[str, t.Any]:
        return (play or self.first).result(host, "Try every operation")["report"]


@pytest.fixture(scope="module")
def accepted(start_fleet: StartFleet, player: Player) -> Accepted:
    """The runs."""
    devices = [
        {"kind": kind, "name": name, "device": NAMES, "variables": VARIABLES.get(name, {})}
        for name, kind in SOUND.items()
    ]
    devices += [{"kind": "unjoined_pro", "name": name, "device": {"faults": [fault]}} for name, fault in CUTS.items()]
    devices.append({"kind": "unjoined_pro", "name": "filtered", "device": {"token_filter": True}})
    lab = start_fleet({"devices": devices})
    before = inspection.states(lab)
    checked = accept(player, lab, "--check", "--diff", "--limit", ",".join(SOUND))
    untouched = inspection.states(lab)
    first = accept(player, lab)
    after = inspection.states(lab)
    again = accept(player, lab, "--limit", ",".join([*SOUND, *CUTS]))
    return Accepted(lab, before, checked, untouched, first, after, again, inspection.states(lab))


def accept(player: Player, lab: RunningLab, *options: str, **variables: t.Any) -> Play:
    report = {"accept_report": "{{ run_directory }}/report.json"}
    return player.run(lab, ROOT / "playbooks/accept.yml", *options, variables={**MINUTE, **report, **variables})


def without_ours(state: inspection.State) -> dict[str, t.Any]:
    """What a device is, our empty directories left out."""
    state = {name: value for name, value in state.items() if name not in ("digest", "utc", "faults", "processes")}
    kept = inspection.KEPT_DIRECTORIES
    return {
        **state,
        "files": [entry for entry in state["files"] if entry["path"].lower() not in kept],
        "powershell_processes": None,
    }


@pytest.mark.parametrize("host", SOUND)
def test_everything_that_can_be_tried_runs(accepted: Accepted, host: str) -> None:
    report = accepted.report(host)
    assert (report["verdict"], report["left_on_the_device"]) == ("passed", False), report
    assert set(report["operations"]) == set(OPERATIONS)
    ran = {name for name, entry in report["operations"].items() if entry["status"] == "ran"}
    not_tried = set(OPERATIONS) - ran
    assert all(OPERATIONS[name]["changing"] for name in not_tried)
    assert not_tried == {
        "remote_wipe",
        "restart",
        "dsregcmd_leave",
        "dsregcmd_azure_vm_join",
        "hybrid_autojoin_stop",
        "fido_logon_policy",
        "icd_build",
        "mdm_auto_enroll",
        "package_install",
        *(["package_remove"] if host == "server" else []),
    }
    assert all(report["operations"][name]["why"] for name in not_tried)


def test_the_report_says_what_the_device_is(accepted: Accepted) -> None:
    system = accepted.report("german")["system"]
    assert (system["edition"], system["build"], system["revision"]) == ("Professional", "19045", 5011)
    assert (system["language"], system["culture"], system["code_page"]) == ("de-DE", "de-DE", "850")
    assert (system["powershell_edition"], accepted.report("german")["connection"]) == ("Desktop", "winrm")
    assert accepted.report("runspace")["connection"] == "psrp"
    assert accepted.report("server")["system"]["installation_type"] == "Server"


def test_what_was_sent_is_what_the_report_tells(accepted: Accepted) -> None:
    sent = {
        operation for line in accepted.lab.commands() if line["device"] == "joined" for operation in line["operations"]
    }
    assert sent >= {name for name, entry in accepted.report("joined")["operations"].items() if entry["status"] == "ran"}
    assert not sent & {"restart", "remote_wipe", "dsregcmd_leave", "dsregcmd_azure_vm_join", "mdm_auto_enroll"}


def test_check_mode_only_looks(accepted: Accepted) -> None:
    assert accepted.checked.exit_code == 0, accepted.checked.output
    for host in SOUND:
        assert accepted.untouched[host]["digest"] == accepted.before[host]["digest"]
        entries = accepted.report(host, accepted.checked)["operations"]
        assert {name for name, entry in entries.items() if entry["status"] == "ran"} == {
            name for name, operation in OPERATIONS.items() if not operation["changing"]
        }
        foretold = accepted.checked.result(host, "Try every operation")["changes"]
        assert foretold == accepted.first.result(host, "Try every operation")["changes"] == []


@pytest.mark.parametrize("host", [*SOUND, *CUTS, "filtered"])
def test_nothing_is_left_on_a_device(accepted: Accepted, host: str) -> None:
    for state in (accepted.after[host], accepted.at_the_end[host]):
        assert inspection.ours(state) == []
        assert without_ours(state) == without_ours(accepted.before[host])


@pytest.mark.parametrize("host", SOUND)
def test_a_second_run_changes_nothing_and_tells_the_same(accepted: Accepted, host: str) -> None:
    assert accepted.again.result(host, "Try every operation")["changed"] is False
    assert accepted.at_the_end[host]["digest"] == accepted.after[host]["digest"]
    first, second = accepted.report(host), accepted.report(host, accepted.again)
    for report in (first, second):
        for entry in report["operations"].values():
            entry.pop("seconds")
    assert second["operations"] == first["operations"]


def personal(state: inspection.State, directory: dict) -> set[str]:
    """What names a device, its people and its tenant, in every spelling that the device itself uses."""
    words = {state["hostname"], "gertrud", "lab.user", directory["id"], *directory["domains"]}
    words |= {str(state["join"][name]) for name in ("device_id", "tenant_id", "tenant_name", "user", "thumbprint")}
    words |= {part[name] for part in state["certificates"] for name in ("thumbprint", "subject")}
    words |= {member[name] for member in state["administrators"] for name in ("sid", "name") if member[name]}
    words |= {account["sid"] for account in state["accounts"]}
    words |= {str(package[name]) for package in state["packages"] for name in ("id", "name")}
    words |= {"127.0.0.1", "C:\\", "Contoso", "S-1-5-21", "S-1-12-1"}
    return {word for word in words if len(word) > 2}


def test_a_report_holds_nothing_that_is_secret_or_personal(accepted: Accepted) -> None:
    words = personal(accepted.before["joined"], accepted.lab.get("/tenant"))
    assert len(words) > 15
    file = accepted.first.directory / "report.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    reports = json.loads(file.read_text(encoding="utf-8"))["reports"]
    tables = [result["table"] for result in accepted.first.results("Try every operation").values() if "table" in result]
    assert len(reports) == len(tables) == len(accepted.before)
    for text in (file.read_text(encoding="utf-8"), json.dumps(tables)):
        found = {word for word in words | {"runspace", *CUTS}
                 if word.lower() in text.lower()}  # fmt: skip
        assert found == set()


def test_what_windows_remembers_of_a_package_is_asked_with_one_that_the_user_names(
    start_fleet: StartFleet, player: Player
) -> None:
    """Two readings of Windows, each recognised by its answers, read on the controller from the written report."""
    harmless = {"title": "Harmless", "token": "none", "policies": {"Experience/AllowCortana": 1}}
    # What the removal of a package leaves where its end fails.
    kinds = {"forgets": {}, "remembers": {"uicc": False}}
    devices = [{"kind": "unjoined_pro", "name": name, "device": device} for name, device in kinds.items()]
    lab = start_fleet({"devices": devices, "packages": {"harmless": harmless}})
    play = accept(player, lab, accept_package=str(inspection.package_file(lab, "harmless")), accept_skip=["endpoints"])
    assert play.exit_code == 0, play.output
    reports = json.loads((play.directory / "report.json").read_text(encoding="utf-8"))["reports"]
    told = {name: play.result(name, "Try every operation")["report"]["package_questions"] for name in kinds}
    assert all(answers in [report["package_questions"] for report in reports] for answers in told.values())
    for name, answers in told.items():
        assert [step["step"] for step in answers["steps"]] == ["before", "added", "added again", "removed"], answers
        assert [step["would_be_skipped"] for step in answers["steps"]][1:3] == [True, True]
        assert answers["left"] is (name == "remembers")
        assert answers["steps"][-1]["code"] == ("0x80070002" if name == "remembers" else None)
    for name, state in inspection.states(lab).items():
        assert state["packages"] == [] and inspection.ours(state) == [], name


def test_an_account_without_its_full_token_stops_it_before_anything_is_tried(accepted: Accepted) -> None:
    result = accepted.first.result("filtered", "Try every operation")
    assert result["error"]["name"] == "account_not_elevated" and "LocalAccountTokenFilterPolicy" in result["msg"]
    assert result["report"]["verdict"] == "stopped"
    assert {entry["status"] for entry in result["report"]["operations"].values()} == {"not_possible"}
    assert accepted.first.recap["filtered"]["failures"] == 1
    assert accepted.after["filtered"]["digest"] == accepted.before["filtered"]["digest"]


@pytest.mark.parametrize("host", CUTS)
def test_where_the_connection_is_cut_it_stops_and_takes_back(accepted: Accepted, host: str) -> None:
    assert accepted.after[host]["faults"] == {}
    report = accepted.report(host)
    assert report["left_on_the_device"] is False
    if report["verdict"] != "passed":
        assert (report["verdict"], report["stopped"]) == ("stopped", "the connection to the device was lost")
        assert "failed" in {entry["status"] for entry in report["operations"].values()}
    assert accepted.report(host, accepted.again)["verdict"] == "passed"


def test_at_least_one_of_the_cuts_was_noticed(accepted: Accepted) -> None:
    assert "stopped" in {accepted.report(host)["verdict"] for host in CUTS}


def test_the_screen_has_a_line_for_each_operation(accepted: Accepted) -> None:
    table = accepted.first.result("joined", "Try every operation")["table"]
    assert {line.split(" ")[0] for line in table} >= set(OPERATIONS)
    assert "nothing is left on the device" in table[-1]


def test_bad_options_are_refused_before_anything_is_sent(accepted: Accepted, player: Player) -> None:
    count = len(accepted.lab.commands())
    for options, sentence in (
        ({"skip": ["reboot"]}, "bad option skip: 'reboot' is not an operation; give some of registry_read"),
        ({"timeout": 0}, "bad option timeout: 0 is not a positive number"),
        ({"skip": [""]}, "bad option skip: entry 1: it is empty"),
        ({"dest": "x"}, "dest"),
    ):
        task = {"name": "accept", "winops.entra.acceptance": options, "ignore_errors": True}
        result = player.tasks(accepted.lab, [task], hosts="joined").result("joined", "accept")
        assert sentence in result["msg"] and result["error"]["name"] == "bad_option"
    assert len(accepted.lab.commands()) == count


def test_the_documentation_tells_of_every_report_of_a_run(accepted: Accepted) -> None:
    text = Path(ROOT / "docs/acceptance.md").read_text(encoding="utf-8")
    assert [key for key in accepted.report("joined") if f"`{key}`" not in text] == []
