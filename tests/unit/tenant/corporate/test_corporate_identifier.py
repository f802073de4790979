# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""corporate_identifier: in parts, a bad row found among many, and nothing repeated blindly."""

from __future__ import annotations

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.modules.corporate_identifier import ARGUMENT_SPEC
from ansible_collections.winops.entra.plugins.plugin_utils.option_door import ansible_spec
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.corporate import corporate_identifier, identifiers

from ..device_graph import DeviceBench
from ..fake_graph import error, guid
from ..identifier_graph import LIST, IdentifierGraph


@pytest.fixture
def bench() -> DeviceBench:
    made = DeviceBench()
    made.graph = IdentifierGraph()
    return made


@pytest.fixture
def graph(bench) -> IdentifierGraph:
    return bench.graph


def devices(count, bad=()):
    return [
        {"manufacturer": "HP", "model": f"bad{n}" if n in bad else "EliteBook", "serial_number": f"5CG{n:05}"}
        for n in range(count)
    ]


def run(bench, given, check_mode=False, limit=300, **options):
    checked = ArgumentSpecValidator(ansible_spec(ARGUMENT_SPEC)).validate({"devices": given, **options})
    assert not checked.error_messages
    return bench.run(corporate_identifier.ensure, checked.validated_parameters, check_mode, limit)


def counts(result):
    outcomes = [one["outcome"] for one in result["identifiers"]]
    return {one: outcomes.count(one) for one in set(outcomes)}


def test_five_thousand_go_in_parts_and_a_second_run_sends_nothing(bench, graph):
    result = run(bench, devices(5000))
    assert counts(result) == {"changed": 5000} and result["total"] == 5000
    assert graph.parts == [identifiers.PART] * 10 and len(graph.requests) == 12
    graph.parts.clear()
    again = run(bench, devices(5000))
    assert again["changed"] is False and graph.parts == []


@pytest.mark.parametrize("bad", [(0,), (499,), (7, 8, 300)])
def test_bad_rows_are_found_among_many_and_the_others_are_there(bench, graph, bad):
    graph.bad = {f"bad{n}" for n in bad}
    result = run(bench, devices(500, bad))
    assert [one["line"] - 1 for one in result["identifiers"] if one["outcome"] == "failed"] == list(bad)
    assert counts(result)["changed"] == 500 - len(bad) and len(graph.held) == 500 - len(bad)
    assert result["error"]["name"] == "partly_done" and len(graph.parts) <= 1 + 2 * 9 * len(bad)


def test_where_every_row_is_refused_the_search_ends(bench, graph):
    graph.bad = {"EliteBook"}
    result = run(bench, devices(2000))
    assert len(graph.parts) <= identifiers.MOST_SPLITS + 2 and graph.held == {} and result["error"]


@pytest.mark.parametrize("arrived", [True, False])
def test_an_upload_without_an_answer_is_looked_up_and_not_repeated(bench, graph, arrived):
    def lost(_request):
        if arrived:
            graph.held |= {f"HP,EliteBook,5CG{n:05}": guid(str(n)) for n in range(3)}
        return error(503, "ServiceUnavailable")

    graph.on(LIST, lost)
    result = run(bench, devices(3), limit=20)
    assert graph.parts == [] and sum(LIST in path for _method, path, _body in graph.requests) == 1
    assert counts(result) == ({"changed": 3} if arrived else {"unknown": 3})


def test_a_refusal_of_the_caller_is_not_split(bench, graph):
    graph.on(LIST, *[error(403, "Forbidden")] * 3)
    result = run(bench, devices(600))
    assert sum(LIST in path for _method, path, _body in graph.requests) == 1
    assert counts(result) == {"failed": 500, "skipped": 100}


def test_the_first_one_is_a_warning_and_so_is_the_end_of_the_last(bench, graph):
    for check_mode in (True, False):
        assert any("first corporate identifiers" in text for text in run(bench, devices(1), check_mode)["warnings"])
    assert not any("first" in text for text in run(bench, devices(2))["warnings"])
    result = run(bench, devices(2), state="absent")
    assert any("no corporate identifier" in text for text in result["warnings"]) and result["total"] == 0


def test_more_removals_than_allowed_are_refused(bench, graph):
    run(bench, devices(6))
    result = run(bench, devices(6), state="absent")
    assert result["error"]["name"] == "too_many_deletions" and len(graph.held) == 6
    assert counts(run(bench, devices(6), state="absent", max_deletions=6)) == {"changed": 6} and graph.held == {}


def test_check_mode_foretells_and_sends_nothing(bench, graph):
    checked = run(bench, devices(3), check_mode=True)
    assert graph.parts == [] and checked["total"] == 3
    assert run(bench, devices(3))["changes"] == checked["changes"]
