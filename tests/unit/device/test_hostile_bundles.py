# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bundles come by mail: whatever is in one, it is a diagnosis or damaged_bundle, and soon."""

from __future__ import annotations

import copy
import json
import os
import sys

import pytest

from ansible_collections.winops.entra.plugins.modules.diagnose import ARGUMENT_SPEC
from ansible_collections.winops.entra.plugins.plugin_utils.device.diagnosis import (
    bundles,
    clues,
    device_diagnosis,
    diagnose,
    event_clues,
    logs,
    ranking,
)
from ansible_collections.winops.entra.plugins.plugin_utils.device.hotpatch import _newest_baseline
from ansible_collections.winops.entra.plugins.plugin_utils.device.side import DEVICE_SIDE
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task, perform

from .scripted import key
from .test_diagnosis import Troubled, expired_token
from .test_diagnosis_bundle import BUNDLE, changed

ARGS = {name: option.get("default") for name, option in ARGUMENT_SPEC.items()} | {"fail_on": []}
FIRST_DAY, LAST_DAY = "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"
EVENTS = ["results", "provisioning_events", "value", "events"]
RESULTS = ["results", "package_results", "value"]


def played(tmp_path, bundle, **options) -> dict:
    """What a task diagnose returns of a bundle: an object, or the bytes of a file."""
    file = tmp_path / "bundle.json"
    data = bundle if isinstance(bundle, bytes) else json.dumps(bundle, ensure_ascii=False).encode()
    file.write_bytes(data)
    task = Task({**ARGS, "src": str(file), **options}, False, find_file=str)
    result = perform(task, (DEVICE_SIDE,), diagnose.diagnose, {})
    json.dumps(result, allow_nan=False).encode()
    return result


def event(number: int, *data: str, utc: str = "2026-11-21T08:00:00.000Z") -> dict:
    return {"id": 12, "level": 2, "record": number, "utc": utc, "provider": "x", "data": list(data), "message": None}


def results(count: int, **values) -> dict:
    keys = {f"k{number}": key({"LastResult": number - 2145648611, **values}) for number in range(count)}
    return {"exists": True, "key": key({}, **keys)}


@pytest.mark.parametrize("utc", ["1601-01-01T00:00:00.000Z", LAST_DAY, "9999-12-01T00:00:00.000Z"])
@pytest.mark.parametrize("options", [{}, {"hours": 1}, {"hours": 10**9}, {"since": "2026-11-21T08:00:00Z"}], ids=str)
def test_a_date_at_the_ends_of_time_is_a_diagnosis(tmp_path, utc, options):
    text = json.dumps(BUNDLE).replace(BUNDLE["device"]["utc"], utc)
    assert utc in text
    for bundle in (changed(["device", "utc"], utc), changed([*EVENTS, 0, "utc"], utc), json.loads(text)):
        assert played(tmp_path, bundle, **options)["source"] == "bundle"


@pytest.mark.parametrize(
    "utc",
    [
        *("0001-01-01T00:00:00.000+14:00", "9999-12-31T23:59:59.999-14:00", "0000-01-01T00:00:00.000Z"),
        # Windows' own calendar begins in 1601.
        *(FIRST_DAY, "0001-01-02T03:04:05.000Z", "1600-12-31T23:59:59.000Z", "10000-01-01T00:00:00.000Z"),
        *("2026-02-30T00:00:00.000Z", "", 5, None),
    ],
    ids=ascii,
)
def test_a_date_that_is_none_of_the_wire_is_damage_with_its_place(tmp_path, utc):
    for way in (["device", "utc"], [*EVENTS, 0, "utc"]):
        result = played(tmp_path, changed(way, utc))
        assert result["error"]["name"] == "damaged_bundle" and "utc" in result["msg"]


@pytest.mark.parametrize(("last_boot", "month"), [(FIRST_DAY, None), (LAST_DAY, None), ("2026-01-01", "2025-10")])
def test_a_start_at_the_ends_of_time_has_no_baseline(last_boot, month):
    assert _newest_baseline(last_boot) == month


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_is_none_in_utc_is_a_bad_option(tmp_path, since):
    assert "bad option since" in played(tmp_path, BUNDLE, since=since)["msg"]


@pytest.mark.parametrize("count", [51, 8000])
def test_more_events_than_were_asked_for_are_damage(tmp_path, count):
    many = [event(number, f"0x8018{number:04x}") for number in range(count)]
    result = played(tmp_path, changed(EVENTS, many))
    assert result["error"]["name"] == "damaged_bundle"
    assert f"results.provisioning_events.value.events has {count} items, but at most 50" in result["msg"]


def test_a_key_with_a_name_that_windows_cannot_have_is_damage(tmp_path):
    assert "findings" in played(tmp_path, changed(RESULTS, {"exists": True, "key": key({}, **{"n" * 255: key()})}))
    result = played(tmp_path, changed(RESULTS, {"exists": True, "key": key({}, **{"n" * 256: key()})}))
    assert "more than 255 characters" in result["msg"] and len(result["msg"]) < 500


def test_a_file_that_is_too_large_or_no_file_is_refused(tmp_path):
    large = changed(EVENTS, [event(1, "1" * 8_000_000)])
    assert "more than 4194304 bytes" in played(tmp_path, large)["msg"]
    os.mkfifo(tmp_path / "pipe")
    for other in (str(tmp_path / "pipe"), "/dev/zero"):
        task = Task({**ARGS, "src": other}, False, find_file=str)
        assert "not a regular file" in perform(task, (DEVICE_SIDE,), diagnose.diagnose, {})["msg"]


@pytest.mark.parametrize("levels", [150, 100_000])
def test_what_is_nested_too_deeply_is_damage(tmp_path, levels):
    text = json.dumps(changed(["results", "system", "value", "instances"], ["deep"]))
    deep = text.replace('"deep"', "[" * levels + "]" * levels).encode()
    result = played(tmp_path, deep)
    assert result["error"]["name"] == "damaged_bundle" and "nested" in result["msg"]


# --- the work that a bundle makes -------------------------------------------------------------------------------------

LONG = {
    "digits": changed(EVENTS, [event(1, "1" * 3_900_000)]),
    "codes": changed(EVENTS, [event(number, "-2145648611 0x801c03f2 " * 3000) for number in range(50)]),
    "different codes": changed(EVENTS, [event(1, " ".join(f"0x80{number:06x}" for number in range(200_000)))]),
    "fields": changed(EVENTS, [event(1, *(["x"] * 500_000))]),
    "no tokens": changed(RESULTS, results(1, Message="eyJ\u00e9-" * 50_000)),
    "results": changed(RESULTS, results(30_000, Message="0x801c03f2 0x801c03f3")),
}


@pytest.mark.parametrize("name", LONG)
def test_what_is_searched_for_codes_is_bounded_whatever_a_bundle_holds(tmp_path, monkeypatch, name):
    searched = []

    def counted(text: str, search=clues.codes_in) -> list[str]:
        searched.append(len(text))
        return search(text)

    spelled = device_diagnosis.spell_hresults
    monkeypatch.setattr(clues, "codes_in", counted)
    for module in (device_diagnosis, event_clues):
        monkeypatch.setattr(module, "spell_hresults", lambda text: counted(text) and spelled(text) or spelled(text))
    result = played(tmp_path, LONG[name], limit=1000)
    assert "failed" not in result and searched
    assert max(searched) < 3 * logs.MAX_SAID and sum(searched) < 2_000_000
    assert len(json.dumps(result)) < 2_000_000


def test_an_honest_event_is_not_cut():
    data = ["AADJ", "-2145648611", '{"error_description": "AADSTS700082: ' + "words " * 400 + '"}', *([""] * 20)]
    assert logs.cut(data) == data


@pytest.mark.parametrize(
    ("texts", "cut"),
    [
        (["x" * 5000], ["x" * 4096 + "\u2026"]),
        (["x" * 4000, "y" * 200, "z"], ["x" * 4000, "y" * 96 + "\u2026", "\u2026"]),
        (["x"] * 101, ["x"] * 100),
        ([], []),
    ],
    ids=["long", "together", "many", "none"],
)
def test_a_cut_text_says_that_it_is_cut(texts, cut):
    assert logs.cut(texts) == cut


KINDS = {
    "a code each": lambda number: [f"0x8018{number:04x}"],
    "one code": lambda number: ["0x801c03f2"],
    "a code and a wrapper each": lambda number: [f"0x8018{number:04x}", "0x80004005"],
    "chains": lambda number: [f"0x8018{number:04x}", f"0x8018{number + 1:04x}"],
    "no code": lambda number: [f"text {number} of four words"],
    "no code, the same": lambda number: ["text of four words"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_ten_times_the_clues_make_ten_times_the_work(kind):
    few, many = (steps_of_ranking(kind, count) for count in (200, 2000))
    assert 0 < many < 15 * few


def steps_of_ranking(kind: str, count: int) -> int:
    """How many lines of ranking.py are passed, each round of a loop anew, to rank so many clues, a minute apart."""
    made = [
        clues.clue("join", {"log": "A", "event": 1, "data": KINDS[kind](number), "device_utc": utc(number)})
        for number in range(count)
    ]
    steps = 0

    def step(frame, what, _argument):
        nonlocal steps
        steps += what == "line"
        return step if frame.f_code.co_filename == ranking.__file__ else None

    before = sys.gettrace()
    sys.settrace(step)
    try:
        ranking.rank(made)
    finally:
        sys.settrace(before)
    return steps


def utc(number: int) -> str:
    return f"2026-11-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:00.000Z"


# --- where a bundle is saved ------------------------------------------------------------------------------------------


def saved(dest, check: bool = False) -> tuple[dict, int]:
    """What the task returns that asks a device whose token has expired, and how often it has asked it."""
    device = Troubled()
    expired_token(device)
    session = device.session(check)
    task = Task({**ARGS, "dest": str(dest)}, check, session=session)
    return perform(task, (DEVICE_SIDE,), diagnose.diagnose, {}), session.exchanges


@pytest.mark.parametrize("check", [False, True])
def test_a_place_that_cannot_be_written_is_refused_before_the_device_is_asked(tmp_path, check):
    dest = tmp_path / "link"
    dest.symlink_to("/dev/null")
    result, exchanges = saved(dest, check)
    assert "bad option dest" in result["msg"] and exchanges == 0 and dest.is_symlink()


def test_where_the_disk_is_full_the_findings_are_told_all_the_same(tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result, _exchanges = saved(tmp_path / "new" / "bundle.json")
    assert result["failed"] and "No space left" in result["msg"]
    assert result["findings"][0]["code"] == "AADSTS700082" and "dest" not in result
    assert os.listdir(tmp_path) == []


def test_check_mode_saves_nothing(tmp_path):
    result, exchanges = saved(tmp_path / "bundle.json", check=True)
    assert "failed" not in result and result["changed"] and exchanges == 1 and os.listdir(tmp_path) == []


def test_a_saved_bundle_is_read_again(tmp_path):
    assert "failed" not in saved(tmp_path / "bundle.json")[0]
    bundle = bundles.read_bundle(str(tmp_path / "bundle.json"))
    assert played(tmp_path, copy.deepcopy(bundle))["findings"][0]["code"] == "AADSTS700082"
