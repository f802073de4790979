# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts that several tasks have read stand beside each other, each with its time, and none stays that is not so."""

from __future__ import annotations

import dataclasses
import types

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import facts, side, state
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task

from .scripted import OperationError, ScriptedDevice, dsregcmd, join_certificate, joined_registry, registry

NAME = "pc-0042"
SUBSETS = set(state.SUBSETS)


def asking(device: ScriptedDevice, *subsets: str, known: object = None, name: str = NAME, **args) -> Task:
    """A task device_facts; ``known`` is what Ansible keeps under ``entra``."""
    a_task = Task({"gather_subset": list(subsets), **args}, False, session=device.session())
    a_task.session.device = name
    a_task.session.known_facts = {args.get("fact_name", "entra"): known}
    return a_task


def gathered(device: ScriptedDevice, *subsets: str, **more) -> dict:
    found = facts.gather(asking(device, *subsets, **more))["ansible_facts"]
    [(name, entra)] = found.items()
    assert name == more.get("fact_name", "entra")
    return entra


def subsets_of(entra: dict) -> set[str]:
    return set(entra) - {"refused", "read", "device"}


def joining(device: ScriptedDevice) -> None:
    device.handlers |= {
        "registry_read": registry(joined_registry()),
        "certificates": lambda _p: {"certificates": [join_certificate()]},
        "dsregcmd_status": dsregcmd(True),
    }


def test_two_reads_of_different_subsets_stand_beside_each_other():
    device = ScriptedDevice()
    first = gathered(device, "join", "os")
    second = gathered(device, "clock", known=first)
    assert (subsets_of(first), subsets_of(second)) == ({"join", "os"}, {"join", "os", "clock"})
    assert {name: second[name] for name in ("join", "os")} == {name: first[name] for name in ("join", "os")}
    assert second["read"] | first["read"] == second["read"] and set(second["read"]) == {"join", "os", "clock"}
    assert second["device"] == NAME


def test_the_newer_read_of_a_subset_is_taken_whole():
    device = ScriptedDevice()
    first = gathered(device, "all")
    first["join"]["of_an_older_version"] = True
    first["read"]["join"] = {"at": "2020-01-01T00:00:00Z", "refused": []}
    joining(device)
    second = gathered(device, "join", known=first)
    assert (first["join"]["type"], second["join"]["type"]) == ("none", "entra")
    assert "of_an_older_version" not in second["join"]
    assert second["read"]["join"]["at"] > "2026" and second["read"]["os"] == first["read"]["os"]
    assert subsets_of(second) == SUBSETS


def test_what_was_refused_is_told_of_the_subsets_that_are_there():
    device = ScriptedDevice()
    whole = device.handlers["provisioning_packages"]
    device.handlers["provisioning_packages"] = lambda _p: _raise(OperationError("System.Exception", "no"))
    first = gathered(device, "packages")
    assert [sentence.split()[0] for sentence in first["refused"]] == ["packages"]
    beside = gathered(device, "clock", known=first)
    assert beside["refused"] == first["refused"] and beside["read"]["clock"]["refused"] == []
    device.handlers["provisioning_packages"] = whole
    assert gathered(device, "packages", known=first)["refused"] == []


def test_a_read_for_two_subsets_is_told_once():
    device = ScriptedDevice()
    device.handlers["certificates"] = lambda _p: _raise(OperationError("System.Exception", "no"))
    entra = gathered(device, "join", "mdm")
    assert len(entra["refused"]) == 1 and entra["read"]["join"]["refused"] == entra["read"]["mdm"]["refused"]


def test_facts_of_another_device_are_not_mixed_in():
    """A delegated task keeps its facts with the host that has delegated it."""
    device = ScriptedDevice()
    first = gathered(device, "join", name="pc-0001")
    assert subsets_of(gathered(device, "clock", known=first, name="pc-0002")) == {"clock"}


@pytest.mark.parametrize(
    "known",
    [
        None,
        "text",
        [],
        {},
        {"join": {"type": "entra"}},
        {"device": NAME, "join": {"type": "entra"}},
        {"device": NAME, "join": {"type": "entra"}, "read": "yesterday"},
        {"device": NAME, "join": {"type": "entra"}, "read": {"join": "yesterday"}},
        {"device": NAME, "join": {"type": "entra"}, "read": {"join": {"at": 5, "refused": []}}},
        {"device": NAME, "join": {"type": "entra"}, "read": {"join": {"at": "now", "refused": [5]}}},
        {"device": NAME, "read": {"join": {"at": "now", "refused": []}}},
    ],
    ids=str,
)
def test_what_this_collection_has_not_kept_is_left_out(known):
    """Also what an inventory has under this name, and what an older version has left in a cache."""
    assert subsets_of(gathered(ScriptedDevice(), "clock", known=known)) == {"clock"}


def test_another_name_keeps_facts_of_its_own():
    device = ScriptedDevice()
    first = gathered(device, "join", fact_name="joined_device")
    assert subsets_of(gathered(device, "clock", known=first, fact_name="joined_device")) == {"join", "clock"}
    a_task = asking(device, "clock", known=first, fact_name="joined_device")
    a_task.session.known_facts = {"entra": first}
    assert subsets_of(facts.gather(a_task)["ansible_facts"]["joined_device"]) == {"clock"}


def test_the_time_of_a_read_is_the_controllers():
    device = ScriptedDevice()
    answer = device.session().run(state.observations(("clock",)))
    late = dataclasses.replace(answer, answered_at=1_795_000_000.9)
    assert facts.stamps(late, ("clock",))["read"]["clock"]["at"] == "2026-11-18T11:06:40Z"


# --- after a package --------------------------------------------------------------------------------------------------


def package_task(known: object, check_mode: bool = False, changed: bool = True) -> Task:
    a_task = Task({}, check_mode, session=ScriptedDevice().session())
    a_task.session.device = NAME
    a_task.session.known_facts = {"entra": known}
    if changed:
        a_task.changes.add("package", None, {"id": "x"})
    return a_task


def test_after_a_package_no_fact_stays_that_it_may_have_made_untrue():
    known = gathered(ScriptedDevice(), "all")
    entra = facts.after_a_package(package_task(known))["ansible_facts"]["entra"]
    assert subsets_of(entra) == set(entra["read"]) == {"clock", "caller"}
    assert entra["clock"] == known["clock"]


@pytest.mark.parametrize("how", [{"check_mode": True}, {"changed": False}], ids=str)
def test_without_a_change_the_facts_stay(how):
    assert facts.after_a_package(package_task(gathered(ScriptedDevice(), "all"), **how)) == {}


@pytest.mark.parametrize("known", [None, {"of": "others"}], ids=str)
def test_where_there_are_no_facts_none_are_returned(known):
    assert facts.after_a_package(package_task(known)) == {}


# --- whose facts they are ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delegate_to", "delegate_facts", "device", "kept_by"),
    [(None, None, "one", "one"), ("two", None, "two", "one"), ("two", True, "two", "two"), (None, True, "one", "one")],
)
def test_the_facts_are_compared_with_those_of_the_host_that_keeps_them(delegate_to, delegate_facts, device, kept_by):
    hosts = {name: {"ansible_facts": {"entra": {"of": name}}} for name in ("one", "two")}
    a_task = Task({}, False, host="one", variables={**hosts["one"], "hostvars": hosts})
    given = types.SimpleNamespace(check_mode=False, delegate_to=delegate_to, delegate_facts=delegate_facts)
    action = types.SimpleNamespace(
        _task=given, _connection=types.SimpleNamespace(get_options=dict, connected=False), note=None
    )
    side.DEVICE_SIDE.open(a_task, action, {})
    assert (a_task.session.device, a_task.session.known_facts["entra"]["of"]) == (device, kept_by)


@pytest.mark.parametrize("kept", [{}, {"ansible_facts": None}, {"ansible_facts": "text"}], ids=str)
def test_a_host_without_facts_has_none(kept):
    a_task = Task({}, False, host="one", variables=kept)
    given = types.SimpleNamespace(check_mode=False, delegate_to=None, delegate_facts=None)
    side.DEVICE_SIDE.open(
        a_task,
        types.SimpleNamespace(
            _task=given, _connection=types.SimpleNamespace(get_options=dict, connected=False), note=None
        ),
        {},
    )
    assert a_task.session.known_facts == {}


def _raise(error):
    raise error
