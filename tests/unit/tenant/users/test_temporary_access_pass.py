# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""temporary_access_pass: who gets a pass, where its value goes, and what is never replaced."""

from __future__ import annotations

import json
import os
import stat

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils import private_file
from ansible_collections.winops.entra.plugins.plugin_utils.report import writer
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure

from ..fake_graph import error, guid
from ..method_graph import ADA, BOB, EVERYBODY
from .bench import MethodBench

MODULE = "temporary_access_pass"
PASSES = "temporaryAccessPassMethods"


@pytest.fixture
def bench() -> MethodBench:
    return MethodBench()


@pytest.fixture
def dest(tmp_path):
    return tmp_path / "new" / "passes.json"


def give(bench, dest, *users, check_mode=False, **options):
    return bench.play(MODULE, check_mode, users=list(users), dest=str(dest), **options)


def posts(graph):
    return [body for method, path, body in graph.writes if method == "POST" and path.endswith(PASSES)]


def outcomes(result):
    return [row["outcome"] for row in result["passes"]]


def test_the_values_go_into_a_new_file_of_the_owner_and_nowhere_else(bench, dest):
    result = give(bench, dest, ADA, BOB, lifetime=90, usable_once=True)
    entries = json.loads(dest.read_text(encoding="utf-8"))
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600 and result["dest"] == str(dest)
    assert [one["user"] for one in entries] == [ADA, BOB] and entries[0]["lifetime"] == 90
    assert all(one["temporary_access_pass"].startswith("PASS-") for one in entries)
    assert "PASS-" not in json.dumps(result) and result["passes"][0]["usable_once"] is True
    assert posts(bench.graph) == [{"lifetimeInMinutes": 90, "isUsableOnce": True}] * 2


def test_a_second_run_makes_nothing_although_the_file_is_there(bench, dest):
    give(bench, dest, ADA)
    before = dest.read_bytes()
    again = give(bench, dest, ADA)
    assert again["changed"] is False and outcomes(again) == ["unchanged"] and dest.read_bytes() == before


def test_a_file_that_is_there_is_not_written_over(bench, tmp_path):
    dest = tmp_path / "passes.json"
    dest.write_text("kept", encoding="utf-8")
    for check_mode in (True, False):
        result = give(bench, dest, ADA, check_mode=check_mode)
        assert result["error"]["name"] == "bad_option" and "dest" in result["msg"]
    assert dest.read_text(encoding="utf-8") == "kept" and posts(bench.graph) == []


def test_a_file_that_cannot_be_written_is_refused_before_the_first_request(bench, tmp_path):
    result = give(bench, tmp_path, ADA, policy={"state": "disabled"})
    assert "dest" in result["msg"] and bench.graph.requests == []


@pytest.mark.parametrize("reason", ["Expired", "OneTimeUsed", "oneTimeUsed"])
def test_a_pass_that_is_over_is_replaced(bench, dest, reason):
    bench.graph.add_pass(ADA, reason)
    assert outcomes(give(bench, dest, ADA)) == ["changed"]


@pytest.mark.parametrize(
    "more",
    [{}, {"reason": "NotYetValid"}, {"reason": "DisabledByPolicy"}, {"isUsable": None, "methodUsabilityReason": None}],
)
def test_a_pass_that_is_not_known_to_be_over_is_left_alone_without_force(bench, dest, more):
    bench.graph.add_pass(ADA, **more)
    result = give(bench, dest, ADA)
    assert outcomes(result) == ["unchanged"] and posts(bench.graph) == [] and not dest.exists()
    forced = give(bench, dest, ADA, force=True)
    assert outcomes(forced) == ["changed"] and forced["changes"][0]["before"]["start"]


def test_who_may_not_have_one_is_named_and_the_others_get_theirs(bench, dest):
    graph = bench.graph
    staff = graph.group("Staff")["id"]
    graph.pass_policy["includeTargets"] = [{**EVERYBODY, "id": staff}]
    off, hidden = graph.add_user("off@contoso.com", accountEnabled=False), graph.add_user("hidden@contoso.com")
    graph.users[hidden]["accountEnabled"] = None
    graph.members[staff] = [guid(ADA), off, hidden]
    users = (ADA, BOB, "off@contoso.com", "hidden@contoso.com", "nobody@contoso.com")
    checked, done = give(bench, dest, *users, check_mode=True), give(bench, dest, *users)
    for result in (checked, done):
        assert outcomes(result) == ["changed"] + ["skipped"] * 4
        names = [row["error"]["name"] for row in result["passes"][1:]]
        assert names == ["user_out_of_scope", "user_disabled", "user_hidden", "user_unknown"]
        assert result["failed"] and result["error"]["name"] == "partly_done"
    assert checked["changes"] == done["changes"] and len(posts(graph)) == 1


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"lifetime": 59}, "60 to 480"),
        ({"lifetime": 481}, "60 to 480"),
        ({"lifetime": 100, "policy": {"maximum_lifetime": 90}}, "60 to 90"),
        ({"policy": {"minimum_lifetime": 100}}, "minimum_lifetime would be 100"),
        ({"policy": {"default_lifetime": 481}}, "default_lifetime would be 481"),
        ({"policy": {"usable_once": True}, "usable_once": False}, "only once"),
        ({"policy": {"state": "disabled"}}, "does not offer"),
        ({"policy": {"include": {"scope": "selected"}}}, "policy.include"),
        ({"users": [ADA, guid(ADA)]}, "same user"),
        ({"dest": None}, "dest"),
        ({"state": "absent"}, "dest"),
    ],
)
def test_what_the_tenant_would_refuse_is_refused_before_anything_is_written(bench, dest, options, text):
    given = {"users": [ADA], "dest": str(dest), **options}
    result = bench.play(MODULE, **{name: value for name, value in given.items() if value is not None})
    assert result["failed"] and text in result["msg"] and bench.graph.writes == [] and not dest.exists()


def test_the_policy_is_judged_as_it_is_going_to_be(bench, dest):
    bench.graph.pass_policy["state"] = "disabled"
    policy = {"state": "enabled", "maximum_lifetime": 600, "include": {"scope": "selected", "groups": ["Staff"]}}
    bench.graph.members[bench.graph.group("Staff")["id"]] = [guid(ADA)]
    checked = give(bench, dest, ADA, check_mode=True, lifetime=600, policy=policy)
    done = give(bench, dest, ADA, lifetime=600, policy=policy)
    assert checked["changes"] == done["changes"] and len(done["changes"]) == 4
    assert done["policy"]["maximum_lifetime"] == 600 and dest.exists()


def test_twenty_passes_go_in_one_request_and_the_file_has_all(bench, dest):
    users = [f"user{number}@contoso.com" for number in range(45)]
    for user in users:
        bench.graph.add_user(user)
    result = give(bench, dest, *users)
    assert outcomes(result) == ["changed"] * 45
    assert len(json.loads(dest.read_text(encoding="utf-8"))) == 45
    batches = [body for _method, path, body in bench.graph.requests if path == "/$batch"]
    assert sum(any(one["method"] == "POST" for one in body["requests"]) for body in batches) == 3


def test_a_pass_that_is_refused_keeps_nobody_from_theirs(bench, dest):
    bench.graph.on(f"POST .*{guid(ADA)}/authentication/{PASSES}", error(400, "badRequest", "no"))
    result = give(bench, dest, ADA, BOB)
    assert outcomes(result) == ["failed", "changed"] and len(json.loads(dest.read_text(encoding="utf-8"))) == 1
    assert result["error"]["name"] == "partly_done"


@pytest.mark.parametrize("arrived", [True, False])
def test_a_request_without_an_answer_is_looked_up_and_not_repeated(bench, dest, arrived):
    def lost(_request):
        if arrived:
            bench.graph.add_pass(ADA)
        return error(503, "ServiceUnavailable")

    bench.graph.on(f"POST .*{PASSES}", lost)
    result = give(bench, dest, ADA)
    assert len(posts(bench.graph)) == 1 and not dest.exists() and result["failed"]
    if arrived:
        assert outcomes(result) == ["changed"] and result["error"]["name"] == "pass_lost" and result["changed"]
    else:
        assert outcomes(result)[0] in ("failed", "unknown") and result["changed"] is False


def test_an_answer_without_the_value_is_a_lost_pass(bench, dest):
    import httpx

    def without(_request):
        return httpx.Response(201, json=bench.graph.add_pass(ADA))

    bench.graph.on(f"POST .*{PASSES}", without)
    result = give(bench, dest, ADA)
    assert result["error"]["name"] == "pass_lost" and not dest.exists()


def test_a_task_that_is_killed_leaves_the_values_under_no_other_name(bench, dest, monkeypatch):
    """Until they are on the disk, the file has no name; one that replaces another has one for a moment, which is known.

    What a killed task leaves is what the directory has at that call.
    """
    users = [f"user{number}@contoso.com" for number in range(25)]
    for user in users:
        bench.graph.add_user(user)
    seen = []

    def watched(name):
        real = getattr(os, name)

        def call(*args, **options):
            seen.append((name, sorted(os.listdir(dest.parent))))
            return real(*args, **options)

        monkeypatch.setattr(private_file.os, name, call)

    for name in ("fsync", "link", "replace"):
        watched(name)
    assert outcomes(give(bench, dest, *users)) == ["changed"] * 25
    there, hidden = dest.name, os.path.basename(private_file.hidden_name(str(dest)))
    assert seen == [
        ("fsync", []),
        ("link", []),
        ("fsync", [there]),
        ("link", [there]),
        ("replace", sorted([there, hidden])),
    ]
    assert os.listdir(dest.parent) == [there]


def test_where_the_file_fails_after_all_no_more_passes_are_made(bench, dest, monkeypatch):
    users = [f"user{number}@contoso.com" for number in range(45)]
    for user in users:
        bench.graph.add_user(user)
    real, calls = writer.write, []

    def full(path, content, new, secret):
        calls.append(new)
        if len(calls) == 2:
            raise writer.unwritable(path, OSError(28, "No space left on device"))
        real(path, content, new, secret)

    monkeypatch.setattr(writer, "write", full)
    result = give(bench, dest, *users)
    assert outcomes(result) == ["changed"] * 40 + ["skipped"] * 5 and calls == [True, False]
    assert [row["error"] and row["error"]["name"] for row in result["passes"]] == (
        [None] * 20 + ["pass_lost"] * 20 + ["bad_option"] * 5
    )
    assert len(json.loads(dest.read_text(encoding="utf-8"))) == 20 and len(posts(bench.graph)) == 40


def test_passes_are_removed_whatever_they_are(bench):
    bench.graph.add_pass(ADA, "Expired")
    result = bench.play(MODULE, users=[ADA, BOB], state="absent")
    assert outcomes(result) == ["changed", "unchanged"] and bench.graph.passes == {}
    assert [row["valid"] for row in result["passes"]] == [False, False]


def test_a_removal_without_an_answer_is_looked_up(bench):
    bench.graph.add_pass(ADA)

    def lost(_request):
        bench.graph.passes.clear()
        return error(503, "ServiceUnavailable")

    bench.graph.on(f"DELETE .*{PASSES}", lost)
    assert outcomes(bench.play(MODULE, users=[ADA], state="absent")) == ["changed"]


def test_passes_that_the_caller_may_not_read_fail_the_task_with_the_permission(bench, dest):
    bench.graph.on(f"GET .*{PASSES}", error(403, "Forbidden"))
    result = give(bench, dest, ADA)
    assert result["error"]["permissions"] == ["UserAuthMethod-TAP.Read.All"] and bench.graph.writes == []


def test_the_failure_of_a_pass_names_the_permission(bench, dest):
    bench.graph.on(f"POST .*{PASSES}", error(403, "Forbidden"))
    assert give(bench, dest, ADA)["error"]["permissions"] == ["UserAuthMethod-TAP.ReadWrite.All"]


def test_the_writer_refuses_by_the_name_of_the_option(tmp_path):
    with pytest.raises(Failure, match="dest"):
        writer.require_writable(str(tmp_path))
