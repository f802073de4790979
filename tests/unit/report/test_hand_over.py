# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hand-over sheet: a page for each device that somebody can unpack, with nothing that is secret, or not a text."""

from __future__ import annotations

import html.parser
import json
import os
import re
import stat
import typing as t

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.report import hand_over, rollout, sheet_words
from ansible_collections.winops.entra.plugins.plugin_utils.report.door import REPORT_OUTCOMES
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task, perform
from tests.unit.report.making import made

READY = {
    "outcome": "ready",
    "serial_number": "PF3K9A01",
    "manufacturer": "LENOVO",
    "model": "21HM",
    "assigned_user": "ada@contoso.example",
    "mode": "user_driven",
    "reset_at": None,
}
ABOUT = sheet_words.About("Grace, extension 4711")


def page(about: sheet_words.About = ABOUT, **records: dict) -> str:
    return hand_over.page_file(made(dict(records), "autopilot").report, about)


def words(text: str) -> str:
    """What a browser shows."""
    shown: list[str] = []
    parser = html.parser.HTMLParser()
    parser.handle_data = shown.append  # type: ignore[method-assign]
    parser.feed(text)
    return " ".join(" ".join(shown).split())


def test_a_page_says_which_device_whose_account_what_to_press_and_whom_to_call():
    shown = words(page(pc=READY))
    for said in (
        "Name in the inventory: pc",
        "Device: LENOVO 21HM",
        "Serial number: PF3K9A01",
        "ada@contoso.example",
        "Switch the device on.",
        "Sign in with the account above",
        "the device is prepared, the device is set up, your account is set up",
        "Call: Grace, extension 4711",
        "Do not choose to continue anyway",
    ):
        assert said in shown, said


def test_nobody_signs_in_to_a_device_that_deploys_itself():
    shown = words(page(pc=READY | {"mode": "self_deploying"}))
    assert "Nobody signs in" in shown and "Sign in with" not in shown and "ada@" not in shown


def test_a_technician_presses_the_windows_key_five_times_before_the_user_gets_the_device():
    first = words(page(pc=READY | {"mode": "pre_provisioned"}))
    assert "press the Windows key five times" in first and "choose Reseal" in first
    assert "five times" not in words(page(pc=READY | {"mode": "pre_provisioned", "outcome": "deploying"}))


def test_a_device_that_is_set_up_needs_nothing_any_more():
    shown = words(page(pc=READY | {"outcome": "deployed"}))
    assert "this device has been set up" in shown and "What you will see" not in shown


def test_without_a_contact_it_is_the_service_desk():
    assert "Call your service desk." in words(page(sheet_words.About(), pc=READY))


@pytest.mark.parametrize("outcome", [*REPORT_OUTCOMES])
def test_only_a_device_that_can_be_unpacked_has_a_page(outcome):
    text = page(pc=READY | {"outcome": outcome}, good=READY)
    has = outcome in ("ready", "reset", "deploying", "deployed", "incomplete")
    assert ("<h1>pc</h1>" in text) is has and "<h1>good</h1>" in text
    assert ("1 more devices of the report have no page" in text) is not has


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "&lt;b&gt;",
    "\u202egpj.exe\u2066",
    "a\x00b\x1b[2J",
    "line\nline\rline\u2028line",
    "{{ 7 * 7 }}",
    "word " * 9000,
    "\ud800",
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("field", ["serial_number", "manufacturer", "model", "assigned_user", "profile"])
def test_a_text_of_others_is_a_text_on_the_page(field, text):
    made_of = page(pc=READY | {field: text})
    plain = page(pc=READY | {field: "x"})
    assert re.findall(r"<[^>]*>", made_of) == re.findall(r"<[^>]*>", plain)
    assert made_of.replace("\n", "").isprintable() and len(made_of) < len(plain) + 7 * sheet_words.MAX_FIELD


@pytest.mark.parametrize("value", [None, 7, True, [], {"a": 1}], ids=str)
def test_a_field_that_is_not_a_text_is_left_out(value):
    assert "<h1>pc</h1>" in page(pc=READY | {"profile": value, "mode": value, "model": value, "assigned_user": value})


def test_only_named_fields_come_onto_a_page():
    """A secret that some module puts into a record by mistake is not printed."""
    secret = "hunter2-is-long-and-unlike-words"
    known = {"outcome", "mode", "serial_number", "manufacturer", "model", "assigned_user", "profile"}
    more = dict.fromkeys(("msg", "cause", "fix", "group_tag", "autopilot_id", "hostname", "password"), secret)
    text = page(pc=READY | more | {"deployment": {"failure": secret}, "findings": [{"id": secret, "result": "warn"}]})
    assert secret not in text and known & set(more) == set()


class Played(t.NamedTuple):
    result: dict
    lines: list[str]


@pytest.fixture
def play(tmp_path):
    """Plays the task over these records; the sheet is to lie at ``sheet.html``, or where it is said."""

    def played(found: dict, check: bool = False, **options) -> Played:
        args = {"work": "autopilot", "dest": str(tmp_path / "report.json"), "hosts": None, "directory": None}
        args |= {"only_try": False, "not_started": [], "table_limit": 50, "write_in_check_mode": True}
        args |= {"hand_over": str(tmp_path / "sheet.html"), "hand_over_contact": None}
        args |= {"hand_over_domain": None, "gate": [], **options}
        hostvars = {name: {"autopilot_outcome": record} for name, record in found.items()}
        known = {"hostvars": hostvars, "ansible_play_hosts_all": list(found), "ansible_play_batch": list(found)}
        lines: list[str] = []
        result = perform(Task(args, check, variables=known, show_line=lines.append), (), rollout.write_and_show, {})
        return Played(result, lines)

    return played


def test_the_sheet_is_for_its_owner_and_lies_where_the_result_says(play, tmp_path):
    played = play({"pc": READY})
    path = tmp_path / "sheet.html"
    assert played.result["hand_over"] == str(path) and f"hand-over sheet: {path}" in played.lines
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and "<h1>pc</h1>" in path.read_text(encoding="utf-8")


def test_the_sheet_has_devices_of_earlier_runs_too(play, tmp_path):
    play({"pc": READY})
    play({"other": READY})
    assert re.findall("<h1>(.*)</h1>", (tmp_path / "sheet.html").read_text(encoding="utf-8")) == ["pc", "other"]


def test_in_check_mode_it_lies_beside_the_real_one(play, tmp_path):
    played = play({"pc": READY}, check=True)
    assert played.result["hand_over"] == str(tmp_path / "sheet.check.html") and not (tmp_path / "sheet.html").exists()


def test_without_the_option_there_is_none(play, tmp_path):
    assert play({"pc": READY}, hand_over=None).result["hand_over"] is None
    assert os.listdir(tmp_path) == ["report.json"]


@pytest.mark.parametrize("only_try", [True, False])
def test_a_place_where_it_cannot_lie_is_refused_before_anything_is_written(play, tmp_path, only_try):
    os.mkfifo(tmp_path / "pipe")
    played = play({"pc": READY}, hand_over=str(tmp_path / "pipe"), only_try=only_try)
    assert played.result["failed"] and "bad option hand_over" in played.result["msg"]
    assert os.listdir(tmp_path) == ["pipe"]


def test_another_work_has_no_sheet(play, tmp_path):
    played = play({"pc": READY}, work="disconnect")
    assert "bad option hand_over" in played.result["msg"] and os.listdir(tmp_path) == []


def test_a_try_tells_when_the_rollout_began_and_what_is_known(play, tmp_path):
    first = play({}, only_try=True).result
    assert first["known"] == {} and first["began"]
    play({"pc": READY})
    told = play({"pc": READY}, only_try=True).result
    assert told["known"]["pc"]["serial_number"] == "PF3K9A01"
    report = tmp_path / "report.json"
    made = json.loads(report.read_text(encoding="utf-8"))
    assert told["began"] == first["began"] == made["runs"][0]["started"]
    # The oldest run counts, whichever run asks.
    made["runs"].insert(0, {**made["runs"][0], "id": "older", "started": "2026-01-01T00:00:00.000Z"})
    report.write_text(json.dumps(made), encoding="utf-8")
    assert play({"pc": READY}, only_try=True).result["began"] == "2026-01-01T00:00:00.000Z"
