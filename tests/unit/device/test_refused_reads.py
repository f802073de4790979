# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A read that is refused is not a no: no fact turns into another one, and no verdict becomes friendlier."""

from __future__ import annotations

import functools
import itertools

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import dsregcmd, state
from ansible_collections.winops.entra.plugins.plugin_utils.device.answers import Result
from ansible_collections.winops.entra.plugins.plugin_utils.device.preflight import checklist

from . import recorded

REFUSED = Result(False, {}, {"type": "UnauthorizedAccessException", "message": "denied", "hresult": -2147024891})
FACT_READS = tuple(state.OBSERVATIONS)
# Two at a time, where the witnesses of something are at odds or several.
PAIRED = (
    "joined",
    "joined_half_left",
    "hybrid",
    "registered",
    "azure_vm",
    "already_installed",
    "pending_reboot",
    "server",
)


@pytest.fixture(autouse=True)
def each_text_of_dsregcmd_is_parsed_once(monkeypatch):
    monkeypatch.setattr(dsregcmd, "parse", recorded.parse_once)


@functools.cache
def results_of(kind: str) -> dict[str, Result]:
    return recorded.recordings()[kind].results()


def readable(kind: str, names=recorded.READS) -> dict[str, Result]:
    return {name: result for name, result in results_of(kind).items() if name in names and result.ok}


def without(kind: str, *names: str) -> tuple[dict[str, Result], dict]:
    """The device's answers with these reads refused, and what it says of itself."""
    return results_of(kind) | dict.fromkeys(names, REFUSED), recorded.recordings()[kind].device


def leaves(value, path: str = ""):
    """(path, value) of everything that is no object; a package is an object, too."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, f"{path}.{name}")
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for number, item in enumerate(value):
            yield from leaves(item, f"{path}[{number}]")
    else:
        yield path, value


@functools.cache
def true_facts(kind: str) -> dict:
    return dict(leaves(recorded.facts(*without(kind))))


def false_facts(kind: str, *refused: str) -> list[str]:
    true = true_facts(kind)
    found = dict(leaves(recorded.facts(*without(kind, *refused))))
    return [
        f"{path}: {true.get(path)!r} became {value!r}"
        for path, value in found.items()
        # Why nobody knows whether it may be joined is no fact about the device.
        if value is not None and value != true.get(path) and path != ".os.why_not_joinable"
    ]


def test_a_fact_is_true_or_null_whatever_is_refused():
    for kind in recorded.recordings():
        names = [name for name in FACT_READS if name in readable(kind)]
        for refused in itertools.chain(itertools.combinations(names, 1), [names]):
            assert false_facts(kind, *refused) == [], (kind, refused)


@pytest.mark.parametrize("kind", PAIRED)
def test_a_fact_is_true_or_null_whichever_two_are_refused(kind):
    for refused in itertools.combinations([name for name in FACT_READS if name in readable(kind)], 2):
        assert false_facts(kind, *refused) == [], refused


def test_with_everything_refused_nothing_is_said_of_the_device():
    """Only the connection itself tells of the clock and the caller."""
    facts = recorded.facts(*without("joined", *FACT_READS))
    said = dict(leaves({name: facts[name] for name in ("join", "mdm", "packages", "os")}))
    del said[".os.why_not_joinable"]
    assert set(said.values()) == {None}
    assert facts["clock"]["skew_seconds"] is not None and facts["caller"]["account"]


# What is read of the account and not of the device may make it fail; a test of the checks says why.
EXPECTED_ALARMS = {("winrm_account", "administrators")}


def test_a_check_says_the_same_or_unknown_whatever_is_refused():
    reads = tuple(checklist.observations(recorded.PREFLIGHT))
    for kind in recorded.recordings():
        true = {check["id"]: check["result"] for check in recorded.preflight(*without(kind))}
        for name in readable(kind, reads):
            for check in recorded.preflight(*without(kind, name)):
                if (check["id"], name) not in EXPECTED_ALARMS:
                    assert check["result"] in ("unknown", true[check["id"]]), (kind, check, name)


# What may be on is stopped again, to be sure.
DONE_AGAIN = {("leaving", "autojoin_tasks"), ("leaving", "autojoin_policy")}


@pytest.mark.parametrize("module", recorded.WORKS)
def test_no_work_goes_ahead_because_something_was_refused(module):
    work, names = recorded.MODULES[module], recorded.reads_of(module)
    for kind in list(recorded.recordings())[recorded.WORKS.index(module) :: 2]:
        true = work(*without(kind))
        for name in readable(kind, names):
            found = work(*without(kind, name))
            assert found["error"] or _essence(found) == _essence(true) or (module, name) in DONE_AGAIN, (kind, name)


def _essence(result: dict) -> tuple:
    """The outcome and what would be changed; the join type before may be null."""
    changes = [change for change in result["changes"] if change["what"] != "join"]
    return result["learned"]["outcome"], changes, len(result["changes"])
