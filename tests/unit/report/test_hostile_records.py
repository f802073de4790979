# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records, directories and earlier reports that are anything: the report holds the others, and names the bad one."""

from __future__ import annotations

import json
import os
import typing as t

import pytest

from ansible_collections.winops.entra.plugins.filter.rollout_outcome import rollout_outcome
from ansible_collections.winops.entra.plugins.plugin_utils.report import journal, rollout, stored, table, writer
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task, perform
from tests.unit.report.making import made

GOOD = {"outcome": "joined", "device_id": "6e4cbe68-588b-499c-8c04-dcfff140a1ca", "seconds": 12.0}


def nested(levels: int) -> t.Any:
    value: t.Any = 1
    for _level in range(levels):
        value = {"a": [value]}
    return value


class Played(t.NamedTuple):
    """A task rollout_report: its result, what it printed, and the file as it is afterwards (None: there is none)."""

    result: dict
    lines: list[str]
    report: t.Any


@pytest.fixture
def play(tmp_path):
    """Plays the task over these records, by device; ``earlier`` is the text at dest."""

    def played(found: dict, work: str = "join", earlier: str | None = None, check: bool = False, **options) -> Played:
        dest = tmp_path / "report.json"
        if earlier is not None:
            dest.write_bytes(earlier.encode())
        args = {"work": work, "dest": str(dest), "hosts": None, "directory": None}
        args |= {"only_try": False, "not_started": [], "table_limit": 50, "write_in_check_mode": True, "gate": []}
        args |= {"hand_over_domain": None, **options}
        hostvars = {name: {} if record is None else {f"{work}_outcome": record} for name, record in found.items()}
        wave = [name for name, record in found.items() if record is not None]
        known = {"hostvars": hostvars, "ansible_play_hosts_all": list(found), "ansible_play_batch": wave}
        lines: list[str] = []
        result = perform(Task(args, check, variables=known, show_line=lines.append), (), rollout.write_and_show, {})
        written = tmp_path / ("report.check.json" if check else "report.json")
        assert set(os.listdir(tmp_path)) <= {dest.name, written.name}
        return Played(result, lines, written.read_text(encoding="utf-8") if written.exists() else None)

    return played


def device(played: Played, name: str) -> dict:
    return next(item for item in json.loads(played.report)["devices"] if item["device"] == name)


def without_run(record: dict) -> dict:
    """A record without what the report says of it whatever it is."""
    return {name: value for name, value in record.items() if name not in ("run", "at")}


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ("joined", "it is a text, not an object"),
        (["joined"], "it is a list, not an object"),
        (7, "it is a number, not an object"),
        (True, "it is true or false, not an object"),
        ({"changed": True}, "it has no outcome"),
        ({"outcome": None}, "it has no outcome"),
        ({"outcome": "won"}, "it has no outcome"),
        ({"outcome": ["joined"]}, "outcome is a list, not a text"),
        ({"outcome": nested(60)}, "outcome is nested too deeply"),
        ({"outcome": 10**400}, "outcome is a number that no report can hold"),
        ({}, "it has no outcome"),
    ],
    ids=ascii,
)
def test_a_record_without_an_outcome_is_a_failed_device_that_is_named(play, record, says):
    played = play({"bad": record, "good": GOOD, "later": None})
    assert "failed" not in played.result
    assert played.result["totals"] == {"devices": 3, "joined": 1, "failed": 1, "not_started": 1}
    bad = device(played, "bad")
    assert (bad["outcome"], bad["name"], bad["side"]) == ("failed", "damaged_record", "controller")
    assert says in bad["cause"] and any(line.startswith("bad ") and says in line for line in played.lines)
    assert any("bad" in warning for warning in played.result["warnings"])
    assert without_run(device(played, "good")) == {"device": "good", **GOOD}


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("seconds", "x", "seconds is a text, not a number"),
        ("seconds", float("nan"), "seconds is a number that no report can hold"),
        ("seconds", float("inf"), "seconds is a number that no report can hold"),
        ("seconds", 10**400, "seconds is a number that no report can hold"),
        ("seconds", True, "seconds is true or false, not a number"),
        ("device_id", ["a"], "device_id is a list, not a text"),
        ("device_id", {"a": 1}, "device_id is an object, not a text"),
        ("code", 5, "code is a number, not a text"),
        ("restarted", "no", "restarted is a text, not true or false"),
        ("removal", "gone", "removal is a text, not an object"),
        ("removal", {"problem": 5}, "problem of removal is not a text"),
        ("findings", {"a": 1}, "findings is an object, not a list of objects"),
        ("findings", [5], "findings is a list, not a list of objects"),
        ("findings", [{"id": 5, "result": "fail"}], "id of findings is not a text"),
        ("findings", [{"id": "x"}], "result of findings is not a text"),
        ("state", nested(60), "state is nested too deeply"),
        ("state", {"a": {1, 2}}, "state is of the type set, which no report can hold"),
        ("other", b"x", "other is of the type bytes, which no report can hold"),
    ],
    ids=ascii,
)
def test_a_field_of_another_type_is_null_and_named_and_the_outcome_stays(play, field, value, says):
    played = play({"bad": GOOD | {field: value}, "good": GOOD})
    assert played.result["totals"] == {"devices": 2, "joined": 2}
    bad = device(played, "bad")
    assert bad["unreadable"] == [says] and bad[field] is None
    assert any(line.startswith("bad ") and says in line for line in played.lines)


def test_no_record_takes_the_name_or_the_proof_of_another(play):
    stolen = GOOD | {"device": "good", "directory": {"found": True}, "unreadable": 5}
    played = play({"bad": stolen, "good": GOOD})
    assert [item["device"] for item in json.loads(played.report)["devices"]] == ["bad", "good"]
    assert without_run(device(played, "bad")) == {"device": "bad", **GOOD, "same_device": ["good"]}


def test_no_device_writes_a_line_of_its_own(play):
    row = "pc-0009    joined          12.0  device id 6e4cbe68-588b-499c-8c04-dcfff140a1ca"
    said = [f"x{end}{row}" for end in ("\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029")]
    found = {f"bad{number}": {"outcome": "refused", "cause": text} for number, text in enumerate(said)}
    found |= {"esc": {"outcome": "joined", "device_id": "\x1b[1A\x1b[2K\u202e" + row}, "name\n" + row: GOOD}
    found["half"] = {"outcome": "refused", "msg": "another tenant: Fabri\ud800kam"}
    found["tall"] = {"outcome": "refused", "cause": "x" * 100_000, "fix": "do it"}
    played = play(found)
    assert len(played.lines) == 3 + len(found)  # A title, totals, and where the report lies.
    assert all(line.isprintable() for line in played.lines)
    assert not any(line.startswith("pc-0009") for line in played.lines)
    assert any("-> do it" in line and len(line) < 2000 for line in played.lines)
    assert all(line.isprintable() for line in played.report.split("\n"))
    assert device(played, "half")["msg"] == "another tenant: Fabri\ufffdkam"


@pytest.mark.parametrize(
    "entry",
    [
        {"object_id": "1", "device_id": ["a"]},
        {"object_id": {"a": 1}, "device_id": GOOD["device_id"]},
        {"object_id": "1", "device_id": GOOD["device_id"], "intune": "i"},
        {"object_id": "1", "device_id": GOOD["device_id"], "intune": {"id": ["i"]}},
        {"object_id": "1", "device_id": GOOD["device_id"], "enabled": "yes"},
        "a text",
    ],
    ids=ascii,
)
def test_an_entry_of_a_directory_that_is_not_understood_proves_nothing_and_is_named(play, entry):
    other = {"device_id": "d2", "object_id": "o2", "enabled": True, "join_type": "entra", "intune": {"id": "i2"}}
    played = play({"pc": GOOD, "good": GOOD | {"device_id": "D2"}}, directory=[entry, other])
    assert played.result["totals"] == {"devices": 2, "joined": 2, "in_directory": 1, "not_in_directory": 1}
    assert device(played, "good")["directory"]["intune_id"] == "i2"
    [warning] = played.result["warnings"]
    assert warning.startswith("entry 0 of directory is left out")
    assert json.loads(played.report)["runs"][0]["problems"] == [warning]


@pytest.mark.parametrize(
    "earlier",
    [
        *("", "{", "5", "[]", "{}", "null", '"x"', '{"devices": {"a": 1}}', '{"devices": 5}', '{"devices": ["x"]}'),
        *('{"devices": [{"device": ["x"], "device_id": "1"}]}', '{"devices": [{"device_id": "1"}]}'),
        *('{"devices": [{"device": "a"}, {"device": "a"}]}', '{"devices": [{"device": "a", "device_id": ["1"]}]}'),
        *('{"devices": [{"device": "a", "seconds": NaN}]}', '{"devices": [{"device": "a", "proof": {}}]}'),
        *('{"devices": ' + "[" * 100_000, '{"devices": [{"device": "a", "bitlocker": "gone"}]}'),
    ],
    ids=lambda text: ascii(text)[:40],
)
@pytest.mark.parametrize("only_try", [False, True])
def test_an_earlier_report_that_cannot_be_read_is_refused_and_not_written_over(play, earlier, only_try):
    played = play({"pc": {"outcome": "disconnected"}}, "disconnect", earlier, only_try=only_try)
    assert played.result["failed"] and played.result["error"]["name"] == "bad_option"
    assert "bad option dest" in played.result["msg"] and "not written over" in played.result["msg"]
    assert played.report == earlier and played.lines == []


def test_an_earlier_report_that_may_not_be_read_is_refused(play, monkeypatch):
    def closed(*_arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("ansible_collections.winops.entra.plugins.plugin_utils.report.stored.read_json", closed)
    played = play({"pc": None}, "disconnect", "{}")
    assert "bad option dest" in played.result["msg"] and "Permission denied" in played.result["msg"]
    assert played.report == "{}"


def test_trying_a_report_writes_and_shows_nothing(play):
    played = play({"pc": GOOD}, "preflight", only_try=True)
    assert played.result.pop("totals") == {"devices": 0}
    assert set(played.result) == {"dest", "changed", "changes"} and (played.lines, played.report) == ([], None)


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("write_in_check_mode", [False, True])
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_shown(play, tmp_path, check, write_in_check_mode):
    (tmp_path / "report.json").symlink_to("/dev/null")
    played = play({"pc": GOOD}, check=check, write_in_check_mode=write_in_check_mode)
    assert "bad option dest" in played.result["msg"] and "it is a link" in played.result["msg"]
    assert played.lines == [] and os.path.islink(tmp_path / "report.json")


def test_a_report_of_very_many_devices_is_made(tmp_path):
    good = [GOOD | {"device_id": str(number)} for number in range(20_000)]
    own = {f"pc{number}": record if number % 1000 else "joined" for number, record in enumerate(good)}
    report = made(own).report
    assert report["totals"] == {"devices": 20_000, "joined": 19_980, "failed": 20}
    assert len(table.table(report["devices"], 50)) == 22
    writer.write(str(tmp_path / "report.json"), report)
    assert len(stored.read(str(tmp_path / "report.json"), "join").devices) == 20_000


@pytest.mark.parametrize(
    "result",
    [
        {"error": "x", "phases": 5, "join": ["a"], "mdm": "x", "record": "y", "findings": "z", "healthy": False},
        {"phases": [{"seconds": "x"}, {"seconds": float("nan")}, {"seconds": 10**400}, {}, 5], "failed": True},
        {"findings": [5, None, {"id": 1}], "healthy": False, "changes": {"a": 1}, "state": 5, "administrators": [None]},
    ],
    ids=["types", "phases", "members"],
)
@pytest.mark.parametrize("work", ["join", "disconnect", "preflight", "diagnose", "autopilot", "security_keys"])
def test_any_result_of_a_task_has_a_record_that_a_report_holds(play, result, work):
    record = rollout_outcome(result, work)
    assert record["seconds"] == 0.0
    assert "failed" not in play({"pc": record}, work).result


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"work": "join"}, "its work is join, and that of this task is disconnect"),
        ({"version": 3}, "its form is winops.entra.rollout 3, and this release reads winops.entra.rollout 2"),
        ({"format": "x"}, "its form is x 2"),
    ],
    ids=str,
)
def test_a_report_of_another_work_or_form_is_refused_and_not_written_over(play, changes, says):
    head = {"format": "winops.entra.rollout", "version": 2, "work": "disconnect", "runs": [], "runs_dropped": 0}
    assert "failed" not in play({"pc": None}, "disconnect", json.dumps(head | {"devices": []})).result
    earlier = json.dumps(head | {"devices": []} | changes)
    played = play({"pc": None}, "disconnect", earlier)
    assert "bad option dest" in played.result["msg"] and says in played.result["msg"]
    assert played.report == earlier


def test_a_report_is_no_change(play):
    first = play({"pc": GOOD})
    again = play({"pc": GOOD | {"outcome": "unchanged"}}, earlier=first.report)
    assert first.report != again.report
    assert [(played.result["changed"], played.result["changes"]) for played in (first, again)] == [(False, [])] * 2


def test_without_hosts_it_only_takes_the_journal_in(play, tmp_path):
    first = play({"pc": GOOD})
    dest, at = str(tmp_path / "report.json"), "2026-11-29T07:59:12.456Z"
    run = {"id": "killed", "started": at, "playbook": "join.yml", "play": "x", "limit": None, "check": False}
    journal.append(
        dest, {"run": run, "device": "pc-2", "at": at, "record": GOOD | {"device_id": "other"}}, "dest", True
    )
    after = json.loads(play({"pc": {"outcome": "failed"}}, earlier=first.report, hosts=[]).report)
    devices = {item["device"]: item for item in after["devices"]}
    assert devices["pc"] == device(first, "pc") and devices["pc-2"]["device_id"] == "other"
