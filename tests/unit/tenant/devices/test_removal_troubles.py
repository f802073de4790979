# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""device_removal where something goes wrong at any of its questions, looks and deletions: what the tenant has then.

Whatever happens to PC-A, no place is emptied of it before an earlier one, and PC-B is gone completely. The same run
again, when the trouble is over, does the rest.
"""

from __future__ import annotations

import json
import re

import httpx
import pytest

from ..fake_graph import ROOT, error, guid
from ..tenant_graph import TenantGraph, outcomes, run
from ..troubled_graph import (
    AUTOPILOT,
    EMPTY,
    EXPIRED,
    INTUNE,
    KEYS,
    LAPS,
    SINGLE,
    TROUBLES,
    TroubledGraph,
    make_trouble,
    ok,
)


@pytest.fixture
def graph(bench) -> TroubledGraph:
    bench.graph = TroubledGraph()
    return bench.graph


@pytest.fixture
def records(graph) -> tuple[dict, dict]:
    return graph.full("PC-A"), graph.full("PC-B")


def judge(graph: TroubledGraph, records: tuple[dict, dict], held: list[bool]) -> None:
    ours, other = records
    assert graph.held(ours) == held and held == sorted(held)
    assert graph.held(other) == [False] * 3


def again(bench, graph: TroubledGraph, records: tuple[dict, dict]) -> None:
    """The trouble is over."""
    graph.where = None
    result = run(bench, list(records))
    assert "failed" not in result, result
    judge(graph, records, [False] * 3)


# --- questions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "trouble"),
    # What the directory refuses because of who asks, it refuses for all that are asked for together: see below.
    [(path, name) for path in ("devices", INTUNE) for name in TROUBLES if path == INTUNE or "refused" not in name],
)
def test_of_a_device_that_cannot_be_looked_up_nothing_goes_and_the_others_go(bench, graph, records, path, trouble):
    make_trouble(graph, path, trouble, records[0]["device_id"])
    checked = run(bench, list(records), check_mode=True)
    assert graph.writes == [] and len(checked["changes"]) == 3
    result = run(bench, list(records))
    judge(graph, records, [True] * 3)
    ours, other = result["devices"]
    assert outcomes(ours) == [None] * 3 and outcomes(other) == ["changed"] * 3
    assert "could not be read" in ours["problem"] and other["problem"] is None
    assert "1 of 2 devices were left out" in result["msg"] and result["error"]["name"] != "ownership_uncertain"
    assert [records[0]["device_id"] in text for text in result["error"]["evidence"]] == [True]
    assert all(url.startswith(ROOT) for url in graph.urls)
    again(bench, graph, records)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_where_the_list_of_one_registrations_cannot_be_read_nothing_of_any_goes(bench, graph, records, trouble):
    make_trouble(graph, AUTOPILOT, trouble)
    result = run(bench, list(records))
    assert result["failed"] and graph.writes == [] and "devices" not in result
    assert [graph.held(record) for record in records] == [[True] * 3] * 2
    again(bench, graph, records)


@pytest.mark.parametrize("trouble", ["refused", "page behind refused"])
@pytest.mark.parametrize("path", ["devices", INTUNE])
def test_what_is_refused_for_each_device_names_the_permission(bench, graph, records, path, trouble):
    make_trouble(graph, path, trouble)
    result = run(bench, list(records))
    assert result["error"]["name"] == "permission_missing" and result["error"]["permissions"]
    assert graph.writes == [] and all(device["problem"] for device in result["devices"])
    again(bench, graph, records)


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("path", [KEYS, LAPS])
def test_what_goes_along_and_cannot_be_read_is_unknown_and_keeps_nobody(bench, graph, records, path, trouble):
    of = records[0]["device_id"] if path == KEYS else "PC-A"
    make_trouble(graph, path, trouble, of)
    result = run(bench, list(records))
    judge(graph, records, [False] * 3)
    field = "bitlocker_key_ids" if path == KEYS else "laps_password"
    assert [device[field] is None for device in result["devices"]] == [True, False]
    assert any("could not be looked up" in text and "PC-A" in text for text in result["warnings"])


@pytest.mark.parametrize("path", ["devices", INTUNE, AUTOPILOT, KEYS, LAPS])
@pytest.mark.parametrize("page", [None, EXPIRED], ids=["empty first page", "expired once"])
def test_what_is_on_a_later_page_counts(bench, graph, records, path, page):
    """The case of a filtered list whose first page is empty; and a page token that is good at the second reading."""
    graph.where = lambda label, query: label == f"GET {path}"
    graph.trouble = EMPTY
    if page is not None:
        graph.later_once = [page]
    result = run(bench, list(records))
    assert "failed" not in result, result
    judge(graph, records, [False] * 3)


def test_two_records_on_two_pages_are_two(bench, graph, records):
    graph.page = 1
    graph.enroll(next(row for row in graph.devices.values() if row["deviceId"] == records[0]["device_id"]))
    run(bench, list(records), autopilot=False, directory=False)
    assert graph.held(records[0])[0] and not graph.held(records[1])[0]


def test_an_answer_that_is_missing_in_a_batch_keeps_that_device_only(bench, graph, records):
    def lacking(request):
        if b"managedDevices?" not in request.content:
            return None
        script, graph.script = graph.script, []
        answer = TenantGraph.__call__(graph, request).json()
        graph.script = script
        asked = {one["id"]: one["url"] for one in json.loads(request.content)["requests"]}
        kept = [row for row in answer["responses"] if records[0]["device_id"] not in asked[row["id"]]]
        return httpx.Response(200, json={"responses": kept})

    graph.on(r"POST v1.0/\$batch", *[lacking] * 9)
    result = run(bench, list(records))
    judge(graph, records, [True] * 3)
    assert result["error"]["name"] == "incomplete_batch"


# --- a record that was recorded, and is not listed --------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [*SINGLE, "a text", "nothing"])
def test_a_recorded_record_of_which_nobody_knows_whether_it_is_there_keeps_the_device(bench, graph, records, trouble):
    ours = records[0]
    row = next(row for row in graph.managed if row["id"] == ours["intune_device_id"])
    row["azureADDeviceId"] = guid("nobody")
    graph.where = lambda label, query: label == f"GET {INTUNE}/{ours['intune_device_id']}"
    graph.trouble = {**SINGLE, "a text": ok("none"), "nothing": httpx.Response(204)}[trouble]
    result = run(bench, list(records))
    judge(graph, records, [True] * 3)
    assert "its record in Intune could not be read" in result["devices"][0]["problem"]


def test_a_recorded_record_that_carries_the_id_and_is_not_listed_keeps_the_device(bench, graph, records):
    """Intune answers with an empty list, and has the record."""
    ours = records[0]
    graph.where = lambda label, query: label == f"GET {INTUNE}" and ours["device_id"] in query["$filter"]
    graph.trouble = ok({"value": []})
    result = run(bench, list(records))
    judge(graph, records, [True] * 3)
    assert result["error"]["name"] == "ownership_uncertain" and "not complete" in result["devices"][0]["problem"]
    assert not any("any more" in warning for warning in result.get("warnings", []))


# --- deletions, and looks after them ----------------------------------------------------------------------------------


def ids(graph: TroubledGraph, record: dict) -> dict[str, str]:
    """Where the objects of a device are."""
    row = next(row for row in graph.devices.values() if row["deviceId"] == record["device_id"])
    return {
        "intune": f"{INTUNE}/{record['intune_device_id']}",
        "autopilot": f"{AUTOPILOT}/{record['autopilot_id']}",
        "directory": f"devices/{row['id']}",
    }


PLACES = ("intune", "autopilot", "directory")


@pytest.mark.parametrize("trouble", SINGLE)
@pytest.mark.parametrize("place", PLACES)
def test_a_deletion_that_fails_keeps_what_follows(bench, graph, records, place, trouble):
    path, at = ids(graph, records[0])[place], PLACES.index(place)
    graph.where = lambda label, query: label == f"DELETE {path}"
    graph.trouble = SINGLE[trouble]
    result = run(bench, list(records))
    judge(graph, records, [number >= at for number in range(3)])
    told = "unknown" if trouble == "broken" else "failed"
    assert outcomes(result["devices"][0]) == ["changed"] * at + [told] + ["skipped"] * (2 - at)
    assert outcomes(result["devices"][1]) == ["changed"] * 3 and result["error"]["name"] == "partly_done"
    again(bench, graph, records)


@pytest.mark.parametrize("trouble", [*SINGLE, "a text", "nothing"])
@pytest.mark.parametrize("place", PLACES)
def test_a_look_after_a_deletion_that_fails_keeps_what_follows_and_only_that(bench, graph, records, place, trouble):
    path, at = ids(graph, records[0])[place], PLACES.index(place)
    graph.where = lambda label, query: label == f"GET {path}"
    graph.trouble = {**SINGLE, "a text": ok("none"), "nothing": httpx.Response(204)}[trouble]
    result = run(bench, list(records))
    judge(graph, records, [number > at for number in range(3)])
    shown = result["devices"][0]
    assert outcomes(shown) == ["changed"] * (at + 1) + ["skipped"] * (2 - at)
    assert shown[place]["error"] is not None and outcomes(result["devices"][1]) == ["changed"] * 3
    assert result["error"]["name"] == "partly_done" or place == "directory"
    again(bench, graph, records)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("arrived", [False, True])
def test_a_break_of_the_deletions_stops_there_and_is_looked_at(bench, graph, records, place, arrived):
    """Both devices are in one batch, which is cut; the look after it says what arrived."""
    at = PLACES.index(place)
    collection = {"intune": "managedDevices", "autopilot": "windowsAutopilot", "directory": "/devices"}[place]
    real = TenantGraph.__call__

    def cut(request):
        if b'"DELETE"' not in request.content or collection.encode() not in request.content:
            return None
        if arrived:
            script, graph.script = graph.script, []
            real(graph, request)
            graph.script = script
        raise httpx.ReadError("cut")

    graph.on(r"POST v1.0/\$batch", *[cut] * 99)
    result = run(bench, list(records), limit=0)
    left = [number >= at for number in range(3)]
    if arrived:
        assert "failed" not in result
        left = [False] * 3
    assert [graph.held(record) for record in records] == [left] * 2
    graph.script.clear()
    again(bench, graph, records)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("place", PLACES)
def test_what_a_proxy_does_not_find_is_not_gone(bench, graph, place, method):
    """One device alone, so that nothing is in a batch: a page of a proxy says 404."""
    record = graph.full("PC-A")
    path, at = ids(graph, record)[place], PLACES.index(place)
    graph.where = lambda label, query: label == f"{method} {path}"
    graph.trouble = httpx.Response(404, html="<html>nginx</html>")
    run(bench, [record])
    assert graph.held(record) == [number >= at + (method == "GET") for number in range(3)]


# --- many -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("of_one", [False, True])
def test_a_record_of_another_device_that_cannot_be_read_keeps_none_of_many(bench, graph, of_one):
    """Of many devices the whole list of Intune is read; where one of its records is odd, each device is asked for."""
    records = [graph.full(f"PC-{number:02}") for number in range(25)]
    graph.managed.append({"id": guid("odd"), "azureADDeviceId": guid("x"), "deviceName": ["x"]})
    if of_one:
        make_trouble(graph, INTUNE, "broken", records[7]["device_id"])
    result = run(bench, records, max_deletions=25)
    kept = [number for number, record in enumerate(records) if any(graph.held(record))]
    assert kept == ([7] if of_one else []) and (result.get("failed", False) is of_one)
    assert [graph.held(records[number]) for number in kept] == [[True] * 3] * len(kept)


def test_a_second_record_behind_the_pages_that_were_read_is_seen(bench, graph):
    """The list of a large Intune is not read to its end: then it does not tell how many records a device has."""
    records = [graph.full(f"PC-{number:02}") for number in range(21)]
    first = next(row for row in graph.devices.values() if row["displayName"] == "PC-00")
    graph.managed += [{"id": guid(f"x{n}"), "azureADDeviceId": guid(f"y{n}"), "deviceName": "x"} for n in range(2500)]
    graph.enroll(first, id=guid("second"))
    result = run(bench, records, max_deletions=21)
    assert result["error"]["name"] == "ownership_uncertain" and graph.held(records[0]) == [True] * 3
    assert not any(any(graph.held(record)) for record in records[1:])


def test_texts_of_failures_are_one_line(bench, graph, records):
    make_trouble(graph, INTUNE, "refused", records[0]["device_id"])
    graph.trouble = error(500, "x\ny", "a\nb\x1b[2J")
    result = run(bench, list(records))
    assert result["devices"][0]["problem"].isprintable() and re.search(r"PC-A", result["msg"])
